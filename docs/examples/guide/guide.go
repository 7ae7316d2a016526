// The guide's examples in Go, in the order of its pages; the tests run them.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func install(ctx context.Context, inputs []byte) (string, error) {
	return fmt.Sprint("ins_", len(inputs)), ctx.Err()
}

// ---- workers.md

func workOnce(ctx context.Context, tasks *taskstate.Engine) error {
	lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{Worker: "w1", Lease: 30 * time.Second})
	if errors.Is(err, taskstate.ErrNone) {
		return nil // nothing to do
	}
	if err != nil {
		return err
	}
	defer lease.Close() // no outcome: released
	id, err := install(lease.Context(), lease.Payload())
	if err != nil {
		return err
	}
	_, err = lease.Complete(ctx, taskstate.Update{InstallID: id})
	return err
}

func work(ctx context.Context, tasks *taskstate.Engine) error {
	worker := taskstate.Worker{Engine: tasks, Options: taskstate.ClaimOptions{Worker: "w1"}, Concurrency: 4}
	return worker.Run(ctx, func(ctx context.Context, lease *taskstate.Lease) error {
		id, err := install(ctx, lease.Payload()) // ctx ends when the lease is lost or cancelling was asked for
		if err != nil {
			return taskstate.Public("The package could not be installed.", err) // err itself stays private
		}
		_, err = lease.Complete(ctx, taskstate.Update{InstallID: id})
		return err
	})
}

func showProgress(ctx context.Context, lease *taskstate.Lease) error {
	_, err := lease.Heartbeat(ctx, &taskstate.Link{
		Href: "#progress", Rel: "progress", Properties: []byte(`{"percent":40}`),
	})
	return err
}

func retryLater(ctx context.Context, tasks *taskstate.Engine) {
	must(tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: "flaky", Operation: taskstate.OpCreate, MaxAttempts: 3}))
	lease := must(tasks.Claim(ctx, taskstate.ClaimOptions{}))
	must(lease.Release(ctx, time.Minute)) // requeued in a minute, under a new epoch
}

func batches(ctx context.Context, tasks *taskstate.Engine) {
	options := taskstate.ClaimOptions{Worker: "w1", Zones: []string{"z1", "z2"}, Operations: []string{taskstate.OpCreate}}
	for _, lease := range must(tasks.ClaimMany(ctx, 16, options)) {
		must(lease.Complete(ctx, taskstate.Update{InstallID: "ins_1"}))
	}
}

func namedTasksAndTokens(ctx context.Context, tasks *taskstate.Engine) {
	lease := must(tasks.StartLeased(ctx, "z1", "named", taskstate.ClaimOptions{Worker: "w1", Lease: 5 * time.Minute}))
	token := lease.Token()                   // hand it to another process ...
	adopted := must(tasks.Lease(ctx, token)) // ... which goes on under the same lease
	must(adopted.Complete(ctx, taskstate.Update{InstallID: "ins_1"}))
}

// ---- batches.md

func createMany(ctx context.Context, tasks *taskstate.Engine, specs []taskstate.NewTask) []string {
	var ids []string
	for i, result := range must(tasks.CreateMany(ctx, specs)) {
		if result.Err != nil {
			log.Print(specs[i].ID, " was refused: ", result.Err) // the others stand
			continue
		}
		ids = append(ids, result.Task.ID)
	}
	return ids
}

func runMany(ctx context.Context, tasks *taskstate.Engine) {
	batch := new(taskstate.Batch).
		Start("z1", "m1").
		Complete("z1", "m1", taskstate.Update{InstallID: "ins_1"}).
		Start("z1", "m2").
		Fail("z1", "m2", taskstate.Update{ErrorMessage: "The package is gone."})
	results := must(tasks.Run(ctx, batch)) // in order; each that succeeded is durable
	check(results[1].Task.Status == taskstate.Completed && results[3].Err == nil, "each has its own result")
}

// ---- results.md

func storeResult(ctx context.Context, tasks *taskstate.Engine) {
	csv := taskstate.Update{Result: []byte("id,name\n"), MediaType: "text/csv; charset=utf-8"}
	must(tasks.Complete(ctx, "z1", "report", csv))
	report := must(tasks.Result(ctx, "z1", "report")) // .Data .MediaType
	check(string(report.Data) == "id,name\n", "what was stored is handed out")
}

// ---- cancellation.md

func cancel(ctx context.Context, tasks *taskstate.Engine) {
	must(tasks.Cancel(ctx, "z1", "waiting", taskstate.CancelOptions{}))                               // nobody had begun: it fails at once
	must(tasks.Cancel(ctx, "z1", "working", taskstate.CancelOptions{Reason: "Not wanted any more."})) // its worker hears of it
	must(tasks.Cancel(ctx, "z1", "working", taskstate.CancelOptions{Force: true}))                    // does not ask
}

// ---- deadlines.md

func giveUpWaiting(ctx context.Context, tasks *taskstate.Engine) {
	ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	_, err := tasks.Start(ctx, "z1", "urgent")
	if errors.Is(err, context.DeadlineExceeded) {
		return // guaranteed not applied: try again later
	}
	must(0, err)
}

func endAWait(ctx context.Context, tasks *taskstate.Engine) {
	ctx, cancel := context.WithCancel(ctx)
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err := tasks.Claim(ctx, taskstate.ClaimOptions{Wait: time.Hour})
	if !errors.Is(err, context.Canceled) { // certainly nothing claimed
		must(0, fmt.Errorf("ended by %v", err))
	}
}

func plan(ctx context.Context, tasks *taskstate.Engine) {
	must(tasks.Create(ctx, taskstate.NewTask{
		ZoneID: "z1", ID: "planned", Operation: taskstate.OpCreate,
		NotBefore:   time.Now().Add(time.Hour), // no worker gets it earlier
		StartWithin: 15 * time.Minute,          // and if none has begun a quarter of an hour later, it fails
	}))
}

// ---- idempotency.md

func createOnce(ctx context.Context, tasks *taskstate.Engine) {
	spec := taskstate.NewTask{ZoneID: "z1", Operation: taskstate.OpCreate, PackageID: "pkg_1", IdempotencyKey: "order-7"}
	first := must(tasks.Create(ctx, spec))
	again := must(tasks.Create(ctx, spec))
	check(again.Replayed && again.ID == first.ID, "one task for one key")
}

// ---- your-tables.md

func withStatements(ctx context.Context, tasks *taskstate.Engine) error {
	also := taskstate.WithAlso(ctx,
		taskstate.SQL("INSERT INTO installs (id, task, at) VALUES (?, :taskstate_id, :taskstate_now)", "ins_1"))
	_, err := tasks.Complete(also, "z1", "t1", taskstate.Update{InstallID: "ins_1"})
	return err
}

// ---- waiting.md

func waitForNews(ctx context.Context, tasks *taskstate.Engine, seen *taskstate.Task) {
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	task := must(tasks.Wait(limited, "z1", "t1", seen.Revision))
	check(task.Revision > seen.Revision, "the task has moved")
}

func longPoll(ctx context.Context, tasks *taskstate.Engine, r *http.Request) int {
	answer := tasks.Decide(ctx, "z1", "t1", taskstate.RequestFrom(r)) // reads Prefer, too
	return answer.Status
}

// ---- changes.md

func tell(zoneID, id, kind string) { fmt.Println(zoneID, id, kind) }

func follow(ctx context.Context, tasks *taskstate.Engine, keptPosition string) string {
	batch := must(tasks.ReadChanges(ctx, taskstate.ChangesOptions{After: keptPosition, Wait: 20 * time.Second}))
	for _, event := range batch.Events {
		tell(event.ZoneID, event.ID, event.Kind)
	}
	keptPosition = batch.Position // keep it after you have told them
	return keptPosition
}

// ---- retention.md

func cleanUp(ctx context.Context, tasks *taskstate.Engine) {
	removed := must(tasks.Purge(ctx, taskstate.PurgeOptions{OlderThan: 30 * 24 * time.Hour, ZoneID: "z1"}))
	wasThere := must(tasks.Erase(ctx, "z1", "t1"))
	check(removed == 0 && wasThere, "nothing is that old")
}

// ---- backup.md

func backUp(ctx context.Context, tasks *taskstate.Engine) error {
	err := tasks.Backup(ctx, "nightly.db")
	return err
}

// ---- upgrading.md

func upgrade(ctx context.Context) {
	done, err := taskstate.Migrate(ctx, "catalog.db")
	must(0, err)
	check(done.FromSchema == done.ToSchema, "it is of this release")
}

// ---- monitoring.md

func scraped(mux *http.ServeMux, tasks *taskstate.Engine) {
	mux.Handle("/metrics", tasks.MetricsHandler())
}

func lookForTasks(ctx context.Context, tasks *taskstate.Engine) (int, error) {
	lost, err := tasks.List(ctx, taskstate.ListQuery{AllZones: true, FailureKind: "lost"})
	if err != nil {
		return 0, err
	}
	return len(lost.Tasks), nil
}

func check(condition bool, what string) {
	if !condition {
		must(0, errors.New("not so: "+what))
	}
}

func runAService(ctx context.Context) {
	tasks := must(taskstate.Open("service.db", taskstate.WithLongestWait(30*time.Second), taskstate.WithTombstones(24*time.Hour)))
	defer tasks.Close()
	createOnce(ctx, tasks)
	seen := must(tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: "t1", Operation: taskstate.OpCreate}))
	time.AfterFunc(20*time.Millisecond, func() { must(tasks.Start(ctx, "z1", "t1")) })
	waitForNews(ctx, tasks, seen)
	must(exec.Command("sqlite3", "service.db", "CREATE TABLE installs (id, task, at)").Output())
	must(0, withStatements(ctx, tasks))
	request := must(http.NewRequest("GET", "/zones/z1/catalog_tasks/t1", nil))
	request.Header.Set("Prefer", "wait=20")
	check(longPoll(ctx, tasks, request) == http.StatusSeeOther, "it is completed")
	follow(ctx, tasks, "")
	scraped(http.NewServeMux(), tasks)
	must(0, backUp(ctx, tasks))
	cleanUp(ctx, tasks)
	check(longPoll(ctx, tasks, request) == http.StatusGone, "a tombstone says that there was one")
}

func main() {
	ctx := context.Background()
	tasks := must(taskstate.Open("guide.db"))
	defer tasks.Close()
	create := func(id string) {
		must(tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: id, Operation: taskstate.OpCreate}))
	}
	create("t1")
	must(0, workOnce(ctx, tasks))
	create("t2")
	working, stop := context.WithCancel(ctx)
	done := make(chan error)
	go func() { done <- work(working, tasks) }()
	for must(tasks.Get(ctx, "z1", "t2")).Status != taskstate.Completed {
		time.Sleep(time.Millisecond)
	}
	stop()
	must(0, <-done)
	create("t3")
	lease := must(tasks.Claim(ctx, taskstate.ClaimOptions{}))
	must(0, showProgress(ctx, lease))
	must(0, lease.Close())
	retryLater(ctx, tasks)
	create("t4")
	batches(ctx, tasks)
	create("named")
	namedTasksAndTokens(ctx, tasks)
	create("m1")
	ids := createMany(ctx, tasks, []taskstate.NewTask{
		{ZoneID: "z1", ID: "m1", Operation: taskstate.OpCreate}, {ZoneID: "z1", ID: "m2", Operation: taskstate.OpCreate},
	})
	check(len(ids) == 1 && ids[0] == "m2", "one was there already")
	runMany(ctx, tasks)
	create("working")
	must(tasks.Claim(ctx, taskstate.ClaimOptions{}))
	create("waiting")
	cancel(ctx, tasks)
	create("report")
	must(tasks.Start(ctx, "z1", "report"))
	storeResult(ctx, tasks)
	create("urgent")
	giveUpWaiting(ctx, tasks)
	endAWait(ctx, tasks)
	plan(ctx, tasks)
	check(must(lookForTasks(ctx, tasks)) == 1, "t3 was given back with no attempt left")
	runAService(ctx)
	must(0, must(taskstate.Open("catalog.db")).Close())
	upgrade(ctx)
	if report := must(tasks.Verify(ctx)); !report.OK {
		must(0, errors.New(report.Text))
	}
	fmt.Println("Go: every example ran;", tasks.Decide(ctx, "z1", "t1", taskstate.Request{}).Status)
}

// The guide's examples in Go, in the order of its pages; the tests run them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
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
	must(lease.Release(ctx, time.Minute)) // offered again in a minute, under a new epoch
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
		return // certainly not done: try again later
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
	create("working")
	must(tasks.Claim(ctx, taskstate.ClaimOptions{}))
	create("waiting")
	cancel(ctx, tasks)
	create("urgent")
	giveUpWaiting(ctx, tasks)
	endAWait(ctx, tasks)
	plan(ctx, tasks)
	if report := must(tasks.Verify(ctx)); !report.OK {
		must(0, errors.New(report.Text))
	}
	fmt.Println("Go: every example ran;", tasks.Decide(ctx, "z1", "t1", taskstate.Request{}).Status)
}

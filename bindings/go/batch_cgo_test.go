//go:build cgo

package taskstate_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

func spec(id string) taskstate.NewTask {
	return taskstate.NewTask{ZoneID: "z1", ID: id, Operation: taskstate.OpCreate}
}

// ran runs a batch and checks what belongs to every result.
func ran(t *testing.T, tasks *taskstate.Engine, batch *taskstate.Batch) []taskstate.Result {
	t.Helper()
	results, err := tasks.Run(ctx, batch)
	if err != nil || len(results) != batch.Len() {
		t.Fatal(len(results), batch.Len(), err)
	}
	for i, result := range results {
		if (result.Task == nil) == (result.Err == nil) {
			t.Fatal(i, result)
		}
	}
	return results
}

func wantCodes(t *testing.T, results []taskstate.Result, codes ...error) {
	t.Helper()
	if len(results) != len(codes) {
		t.Fatal(len(results), "results")
	}
	for i, code := range codes {
		if !errors.Is(results[i].Err, code) {
			t.Errorf("result %d: got %v, want %v", i, results[i].Err, code)
		}
	}
}

func TestABatchTakesEveryKindOfChange(t *testing.T) {
	tasks := open(t, newPath(t))
	create(t, tasks, "old")
	batch := new(taskstate.Batch).
		Create(spec("a")).
		Create(spec("old")).
		Create(taskstate.NewTask{ZoneID: "z1", ID: "b", Operation: taskstate.OpCreate, Payload: []byte("inputs"),
			PackageVersion: taskstate.Int64(7), Links: []taskstate.Link{{Href: "/x", Rel: "related"}}}).
		Start("z1", "a").
		Start("z1", "none").
		Annotate("z1", "a", taskstate.Update{PackageSlug: "slug"}).
		Complete("z1", "a", taskstate.Update{InstallID: "ins_1"}).
		Start("z1", "b").
		Fail("z1", "b", taskstate.Update{ErrorMessage: "No.", ErrorDetail: "private"}).
		Complete("z1", "b", taskstate.Update{InstallID: "ins_1"}).
		Complete("z1", "a", taskstate.Update{InstallID: "ins_1"})
	results := ran(t, tasks, batch)
	wantCodes(t, results, nil, taskstate.ErrAlreadyExists, nil, nil, taskstate.ErrNotFound, nil, nil, nil, nil,
		taskstate.ErrIllegalTransition, nil)
	if batch.Len() != 11 {
		t.Error(batch.Len())
	}
	for i, want := range map[int]taskstate.Status{0: taskstate.Pending, 3: taskstate.Running, 5: taskstate.Running,
		6: taskstate.Completed, 8: taskstate.Failed, 10: taskstate.Completed} {
		if got := results[i].Task.Status; got != want {
			t.Errorf("result %d is %v, not %v", i, got, want)
		}
	}
	if b := results[2].Task; *b.PackageVersion != 7 || b.Links[0].Href != "/x" || b.ZoneID != "z1" {
		t.Error(b)
	}
	if b := results[8].Task; b.ErrorMessage != "No." || b.ErrorDetail != "private" {
		t.Error(b)
	}
	if results[6].Task.Revision != results[10].Task.Revision {
		t.Error("a repetition changed something")
	}
	if b, err := tasks.Get(ctx, "z1", "b", taskstate.WithPayload()); err != nil || string(b.Payload) != "inputs" {
		t.Error(b, err)
	}
	if answer := tasks.Accept(nil, results[1].Err, taskstate.Request{}); answer.Status != 409 {
		t.Error(answer)
	}
	if answer := tasks.Accept(results[0].Task, nil, taskstate.Request{}); answer.Status != 202 {
		t.Error(answer)
	}
	// What is there already is refused one by one, again.
	wantCodes(t, ran(t, tasks, batch)[:3], taskstate.ErrAlreadyExists, taskstate.ErrAlreadyExists, taskstate.ErrAlreadyExists)
}

func TestWhatCannotBeReadIsItsOwnResult(t *testing.T) {
	tasks := open(t, ":memory:")
	batch := new(taskstate.Batch).
		Create(spec("a")).
		Create(taskstate.NewTask{ZoneID: "z1", Operation: taskstate.OpCreate,
			Links: []taskstate.Link{{Href: "/x", Rel: "y", Properties: []byte("{")}}}).
		Create(taskstate.NewTask{ZoneID: "not a zone", Operation: taskstate.OpCreate}).
		Create(taskstate.NewTask{ZoneID: "z1", Operation: "\xff"}).
		Annotate("z1", "a", taskstate.Update{ErrorMessage: "only for Fail"}).
		Fail("z1", "a", taskstate.Update{}).
		CompleteLeased("", taskstate.Update{}).
		Start("z1", "a")
	results := ran(t, tasks, batch)
	invalid := taskstate.ErrInvalidArgument
	for i, code := range []error{nil, invalid, invalid, invalid, invalid, nil, nil, nil} {
		if code != nil && !errors.Is(results[i].Err, code) {
			t.Error(i, results[i])
		}
	}
	if results[5].Err == nil || results[6].Err == nil {
		t.Error(results[5], results[6])
	}
	if results[0].Task.ID != "a" || results[7].Task.Status != taskstate.Running {
		t.Error(results[0], results[7])
	}
	// The field at fault is told as if the change were alone.
	wantError(t, results[2].Err, invalid, "zone_id")
	_, alone := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: "\xff"})
	if alone.Error() != results[3].Err.Error() {
		t.Error(alone, results[3].Err)
	}
}

func TestAThousandTasksOfAHundredZones(t *testing.T) {
	tasks := open(t, newPath(t))
	specs := make([]taskstate.NewTask, 1000)
	for i := range specs {
		specs[i] = taskstate.NewTask{ZoneID: "z" + strconv.Itoa(i%100), Operation: taskstate.OpCreate,
			PackageID: "pkg_" + strconv.Itoa(i)}
	}
	created, err := tasks.CreateMany(ctx, specs)
	if err != nil || len(created) != len(specs) {
		t.Fatal(len(created), err)
	}
	var starts taskstate.Batch
	completions := make([]taskstate.Completion, len(created))
	for i, result := range created {
		if result.Err != nil || result.Task.ZoneID != specs[i].ZoneID || result.Task.PackageID != specs[i].PackageID {
			t.Fatal(i, result)
		}
		starts.Start(result.Task.ZoneID, result.Task.ID)
		completions[i] = taskstate.Completion{ZoneID: result.Task.ZoneID, ID: result.Task.ID,
			Update: taskstate.Update{InstallID: "ins_" + strconv.Itoa(i)}}
	}
	ran(t, tasks, &starts)
	completions[500].ID = "none"
	completed, err := tasks.CompleteMany(ctx, completions)
	if err != nil || len(completed) != len(completions) {
		t.Fatal(len(completed), err)
	}
	for i, result := range completed {
		if i == 500 {
			wantError(t, result.Err, taskstate.ErrNotFound, "")
		} else if result.Err != nil || result.Task.ID != completions[i].ID ||
			result.Task.InstallID != completions[i].Update.InstallID || result.Task.Status != taskstate.Completed {
			t.Fatal(i, result)
		}
	}
	stats, err := tasks.Stats(ctx)
	if err != nil || stats.Completed != 999 || stats.Running != 1 {
		t.Fatal(stats, err)
	}
	if stats.Commits > 60 {
		t.Errorf("%d transactions for %d changes", stats.Commits, stats.Changes)
	}
	if report, err := tasks.Verify(ctx); err != nil || !report.OK {
		t.Fatal(report, err)
	}
	// In order: the events of the creations follow each other as the batch did.
	changes, err := tasks.ReadChanges(ctx, taskstate.ChangesOptions{Limit: 1000})
	if err != nil || len(changes.Events) != 1000 {
		t.Fatal(err)
	}
	for i, event := range changes.Events {
		if event.ID != created[i].Task.ID || event.Kind != "created" {
			t.Fatal(i, event)
		}
	}
}

func TestLeasesEndInABatch(t *testing.T) {
	tasks := open(t, newPath(t))
	for _, id := range []string{"a", "b", "c", "d"} {
		create(t, tasks, id)
	}
	leases, err := tasks.ClaimMany(ctx, 3, taskstate.ClaimOptions{Worker: "w1"})
	if err != nil || len(leases) != 3 {
		t.Fatal(leases, err)
	}
	other := lease(t, tasks)
	if _, err := other.Release(ctx, 0); err != nil {
		t.Fatal(err)
	}
	results := ran(t, tasks, new(taskstate.Batch).
		CompleteLeased(leases[0].Token(), taskstate.Update{InstallID: "ins_1"}).
		CompleteLeased(other.Token(), taskstate.Update{InstallID: "ins_1"}).
		FailLeased(leases[1].Token(), taskstate.Update{ErrorMessage: "No."}).
		CompleteLeased(leases[2].Token(), taskstate.Update{}). // it has no result
		CompleteLeased(leases[0].Token(), taskstate.Update{InstallID: "ins_1"}).
		FailLeased(leases[0].Token(), taskstate.Update{ErrorMessage: "No."}))
	wantCodes(t, results, nil, taskstate.ErrLeaseLost, nil, taskstate.ErrInvalidArgument, nil, taskstate.ErrIllegalTransition)
	if results[0].Task.Status != taskstate.Completed || results[2].Task.FailureKind != "failed" {
		t.Error(results[0], results[2])
	}
	for i, over := range []bool{true, true, false} {
		if (leases[i].Context().Err() != nil) != over || leases[i].Lost() {
			t.Error(i, "ended:", leases[i].Context().Err(), "lost:", leases[i].Lost())
		}
	}
	if leases[0].Task().Status != taskstate.Completed {
		t.Error(leases[0].Task())
	}
	for _, each := range leases {
		if err := each.Close(); err != nil {
			t.Error(err)
		}
	}
}

func lease(t *testing.T, tasks *taskstate.Engine) *taskstate.Lease {
	t.Helper()
	held, err := tasks.Claim(ctx, taskstate.ClaimOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return held
}

func TestALeaseThatABatchFindsLostIsLost(t *testing.T) {
	tasks := open(t, newPath(t))
	create(t, tasks, "a")
	held := lease(t, tasks)
	if _, err := tasks.Cancel(ctx, "z1", "a", taskstate.CancelOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	results := ran(t, tasks, new(taskstate.Batch).CompleteLeased(held.Token(), taskstate.Update{InstallID: "ins_1"}))
	wantCodes(t, results, taskstate.ErrLeaseLost)
	if !held.Lost() || held.Context().Err() == nil {
		t.Error("the lease does not know")
	}
}

func TestStatementsRunWithEachChangeOfABatch(t *testing.T) {
	path := newPath(t)
	shell(t, path, "CREATE TABLE installs (id, task)")
	tasks := open(t, path, taskstate.WithAdopt())
	create(t, tasks, "old")
	also := taskstate.WithAlso(ctx, taskstate.SQL("INSERT INTO installs VALUES (?, :taskstate_id)", "x"))
	results, err := tasks.CreateMany(also, []taskstate.NewTask{spec("a"), spec("old"), spec("b")})
	if err != nil {
		t.Fatal(err)
	}
	wantCodes(t, results, nil, taskstate.ErrAlreadyExists, nil)
	if got := shell(t, path, "SELECT group_concat(id || task) FROM installs"); got != "xa,xb" {
		t.Error(got)
	}
	once := taskstate.WithAlso(ctx, taskstate.SQL("INSERT INTO installs SELECT 1, nothing FROM nowhere"))
	results, err = tasks.CreateMany(once, []taskstate.NewTask{spec("c"), spec("d")})
	if err == nil { // either the call or each of its changes is refused
		wantCodes(t, results, taskstate.ErrInvalidArgument, taskstate.ErrInvalidArgument)
		wantError(t, results[0].Err, taskstate.ErrInvalidArgument, "also[0]")
	} else {
		wantError(t, err, taskstate.ErrInvalidArgument, "also[0]")
	}
	if _, err := tasks.Get(ctx, "z1", "c"); !errors.Is(err, taskstate.ErrNotFound) {
		t.Error(err)
	}
}

func TestTheCallIsRecordedWithEachChangeOfABatch(t *testing.T) {
	tasks := open(t, ":memory:")
	call := taskstate.WithCall(ctx, taskstate.Call{RequestID: requestID, Actor: "w1"})
	if _, err := tasks.CreateMany(call, []taskstate.NewTask{spec("a"), spec("b")}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b"} {
		events := historyOf(t, tasks, id)
		if len(events) != 1 || events[0].RequestID != requestID || events[0].Worker != "w1" {
			t.Error(events)
		}
	}
	_, err := tasks.CreateMany(taskstate.WithCall(ctx, taskstate.Call{RequestID: "a b"}), []taskstate.NewTask{spec("c")})
	wantError(t, err, taskstate.ErrInvalidArgument, "request_id")
}

func TestABatchKnowsItsKeysAgain(t *testing.T) {
	tasks := open(t, ":memory:")
	results, err := tasks.CreateMany(ctx, []taskstate.NewTask{keyed("k", "pkg_1"), keyed("k", "pkg_1"), keyed("k", "pkg_2")})
	if err != nil {
		t.Fatal(err)
	}
	wantCodes(t, results, nil, nil, taskstate.ErrIdempotencyMismatch)
	if results[0].Task.Replayed || !results[1].Task.Replayed || results[0].Task.ID != results[1].Task.ID {
		t.Error(results[0].Task, results[1].Task)
	}
}

func TestTooManyChangesAreRefusedBeforeAny(t *testing.T) {
	tasks := open(t, ":memory:")
	specs := make([]taskstate.NewTask, taskstate.BatchMax+1)
	for i := range specs {
		specs[i] = spec(strconv.Itoa(i))
	}
	results, err := tasks.CreateMany(ctx, specs)
	failure := wantError(t, err, taskstate.ErrLimitExceeded, "")
	if results != nil || failure.Outcome != taskstate.NotDone {
		t.Error(len(results), failure.Outcome)
	}
	if stats, err := tasks.Stats(ctx); err != nil || stats.Pending != 0 {
		t.Fatal(stats, err)
	}
	results, err = tasks.CreateMany(ctx, specs[:taskstate.BatchMax])
	if err != nil || len(results) != taskstate.BatchMax || results[taskstate.BatchMax-1].Task.ID != "9999" {
		t.Fatal(len(results), err)
	}
}

func TestABatchOfNothing(t *testing.T) {
	tasks := open(t, ":memory:")
	for _, batch := range []*taskstate.Batch{nil, {}} {
		if results, err := tasks.Run(ctx, batch); err != nil || len(results) != 0 {
			t.Error(results, err)
		}
	}
	batch := new(taskstate.Batch).Start("z1", "a").Start("z1", "b")
	batch.Clear()
	if batch.Len() != 0 || len(ran(t, tasks, batch.Create(spec("a")))) != 1 {
		t.Error(batch.Len())
	}
	_ = tasks.Close()
	for _, batch := range []*taskstate.Batch{nil, {}, batch} {
		_, err := tasks.Run(ctx, batch)
		wantError(t, err, taskstate.ErrClosed, "")
	}
}

func TestTheContextEndsABatch(t *testing.T) {
	gate := newGate()
	tasks := open(t, newPath(t), taskstate.WithClock(gate.now))
	create(t, tasks, "holds")
	over, cancel := context.WithCancel(ctx)
	cancel()
	if results, err := tasks.Run(over, new(taskstate.Batch).Create(spec("a"))); results != nil || err != context.Canceled {
		t.Fatal(results, err)
	}

	held := gate.hold(tasks, "holds")
	late, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	results, err := tasks.CreateMany(late, []taskstate.NewTask{spec("a"), spec("b")})
	if err != nil {
		t.Fatal(err)
	}
	wantCodes(t, results, context.DeadlineExceeded, context.DeadlineExceeded)
	wantCodes(t, results, taskstate.ErrBusy, taskstate.ErrBusy)

	unwanted, cancel := context.WithCancel(ctx)
	time.AfterFunc(50*time.Millisecond, cancel)
	results, err = tasks.CreateMany(unwanted, []taskstate.NewTask{spec("a"), spec("b")})
	if err != nil {
		t.Fatal(err)
	}
	wantCodes(t, results, context.Canceled, context.Canceled)
	wantCodes(t, results, taskstate.ErrCancelled, taskstate.ErrCancelled)
	if failure := wantError(t, results[1].Err, taskstate.ErrCancelled, ""); failure.Outcome != taskstate.NotDone {
		t.Error(failure.Outcome)
	}

	closing := make(chan error, 1)
	var running sync.WaitGroup
	running.Add(1)
	go func() {
		defer running.Done()
		results, err = tasks.CreateMany(ctx, []taskstate.NewTask{spec("a")})
	}()
	time.Sleep(50 * time.Millisecond)
	go func() { closing <- tasks.Close() }()
	running.Wait()
	if err == nil {
		err = results[0].Err
	}
	wantError(t, err, taskstate.ErrClosed, "")
	close(gate.release)
	if err := <-held; err != nil {
		t.Error(err)
	}
	if err := <-closing; err != nil {
		t.Error(err)
	}
}

func TestGoroutinesRunOneBatch(t *testing.T) {
	tasks := open(t, newPath(t))
	var batch taskstate.Batch
	for i := 0; i < 50; i++ {
		batch.Create(spec(strconv.Itoa(i)))
	}
	const runners = 8
	var made [runners]int
	var running sync.WaitGroup
	for r := 0; r < runners; r++ {
		running.Add(1)
		go func(r int) {
			defer running.Done()
			results, err := tasks.Run(ctx, &batch)
			if err != nil {
				t.Error(err)
			}
			for _, result := range results {
				if result.Err == nil {
					made[r]++
				} else if !errors.Is(result.Err, taskstate.ErrAlreadyExists) {
					t.Error(result.Err)
				}
			}
		}(r)
	}
	running.Wait()
	sum := 0
	for _, count := range made {
		sum += count
	}
	if sum != batch.Len() {
		t.Error(made)
	}
}

func TestBatchesDoNotLeak(t *testing.T) {
	tasks := open(t, ":memory:")
	start(t, tasks, "a")
	var batch taskstate.Batch
	long := strings.Repeat("x", 2048)
	for i := 0; i < 100; i++ {
		batch.Create(taskstate.NewTask{ZoneID: "z1", ID: "a", Operation: taskstate.OpCreate, Payload: []byte(long)})
		batch.Annotate("z1", "a", taskstate.Update{Links: []taskstate.Link{{Href: "/" + long, Rel: "related"}}})
		batch.Create(taskstate.NewTask{ZoneID: "\xff"})
	}
	run := func(rounds int) {
		for i := 0; i < rounds; i++ {
			ran(t, tasks, &batch)
		}
		runtime.GC()
	}
	run(30)
	before := residentBytes(t)
	run(100)
	if grown := residentBytes(t) - before; grown > 8<<20 {
		t.Errorf("%d bytes more after 100 rounds", grown)
	}
}

// What one change costs alone and among a thousand: go test -run NONE -bench Create
func BenchmarkCreate(b *testing.B) {
	for _, size := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			directory, err := os.MkdirTemp("", "")
			if err != nil {
				b.Fatal(err)
			}
			defer os.RemoveAll(directory)
			tasks, err := taskstate.Open(directory + "/tasks.db")
			if err != nil {
				b.Fatal(err)
			}
			defer tasks.Close()
			specs := make([]taskstate.NewTask, size)
			for i := range specs {
				specs[i] = taskstate.NewTask{ZoneID: "z" + strconv.Itoa(i%100), Operation: taskstate.OpCreate}
			}
			b.ReportAllocs()
			b.ResetTimer()
			for done := 0; done < b.N; done += size {
				if size == 1 {
					_, err = tasks.Create(ctx, specs[0])
				} else {
					_, err = tasks.CreateMany(ctx, specs)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

//go:build cgo

package taskstate_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
	"github.com/taskstate/taskstate-go/taskstatetest"
)

func createFor(t *testing.T, tasks *taskstate.Engine, zone, id string, attempts int) *taskstate.Task {
	t.Helper()
	task, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: zone, ID: id, Operation: taskstate.OpCreate,
		Payload: []byte("work on " + id), MaxAttempts: attempts})
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func claim(t *testing.T, tasks *taskstate.Engine) *taskstate.Lease {
	t.Helper()
	lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{Worker: "w1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lease.Close() })
	return lease
}

func get(t *testing.T, tasks *taskstate.Engine, id string) *taskstate.Task {
	t.Helper()
	task, err := tasks.Get(ctx, "z1", id)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func kinds(t *testing.T, tasks *taskstate.Engine, id string) string {
	t.Helper()
	text := ""
	for _, event := range historyOf(t, tasks, id) {
		text += event.Kind + " "
	}
	return text
}

func TestALeaseFromClaimToOutcome(t *testing.T) {
	tasks, clock := taskstatetest.New(t)
	if _, err := tasks.Claim(ctx, taskstate.ClaimOptions{}); !errors.Is(err, taskstate.ErrNone) {
		t.Fatal(err)
	}
	createFor(t, tasks, "z1", "t1", 1)
	lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{Worker: "w1", Lease: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	task := lease.Task()
	if string(lease.Payload()) != "work on t1" || task.Status != taskstate.Running || task.Worker != "w1" ||
		lease.Attempt() != 1 || task.MaxAttempts != 1 || lease.Epoch() <= 0 || lease.Token() == "" {
		t.Fatalf("%+v", task)
	}
	if !lease.ExpiresAt().Equal(clock.Now().Add(10 * time.Second)) {
		t.Fatal(lease.ExpiresAt())
	}
	if task, err = lease.Annotate(ctx, taskstate.Update{PackageSlug: "slug"}); err != nil || task.PackageSlug != "slug" {
		t.Fatal(task, err)
	}
	if _, err := tasks.Complete(ctx, "z1", "t1", taskstate.Update{InstallID: "i"}); !errors.Is(err, taskstate.ErrLeaseLost) {
		t.Fatal(err)
	}
	if lease.Context().Err() != nil {
		t.Fatal("the work is over too soon")
	}
	task, err = lease.Complete(ctx, taskstate.Update{InstallID: "ins_1"})
	if err != nil || task.Status != taskstate.Completed || string(lease.Payload()) != "work on t1" {
		t.Fatal(task, err)
	}
	if lease.Context().Err() == nil || lease.Close() != nil {
		t.Fatal("the lease goes on after its outcome")
	}
	if _, err = lease.Complete(ctx, taskstate.Update{InstallID: "ins_1"}); err != nil {
		t.Fatal(err)
	}
}

func TestZonesOperationsAndTheRunningLimit(t *testing.T) {
	tasks, _ := taskstatetest.New(t, taskstate.WithRunningLimit(2))
	for _, zone := range []string{"a", "b", "c"} {
		createFor(t, tasks, zone, "t", 1)
	}
	options := taskstate.ClaimOptions{Zones: []string{"c", "a"}, Operations: []string{taskstate.OpDelete}}
	if _, err := tasks.ClaimMany(ctx, 9, options); !errors.Is(err, taskstate.ErrNone) {
		t.Fatal(err)
	}
	options.Operations = append(options.Operations, taskstate.OpCreate)
	leases, err := tasks.ClaimMany(ctx, 9, options)
	if err != nil || len(leases) != 2 || leases[0].Task().ZoneID != "a" || leases[1].Task().ZoneID != "c" {
		t.Fatal(leases, err)
	}
	for i := 0; i < 3; i++ {
		createFor(t, tasks, "d", fmt.Sprint("t", i), 1)
	}
	many, err := tasks.ClaimMany(ctx, 9, taskstate.ClaimOptions{Zones: []string{"d"}})
	if err != nil || len(many) != 2 {
		t.Fatal(many, err)
	}
	for _, lease := range append(leases, many...) {
		if err := lease.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err = tasks.ClaimMany(ctx, 65, taskstate.ClaimOptions{})
	wantError(t, err, taskstate.ErrInvalidArgument, "limit")
	_, err = tasks.Claim(ctx, taskstate.ClaimOptions{Lease: time.Nanosecond})
	wantError(t, err, taskstate.ErrInvalidArgument, "lease")
}

func TestCloseReleases(t *testing.T) {
	tasks, clock := taskstatetest.New(t)
	createFor(t, tasks, "z1", "t1", 3)
	if err := claim(t, tasks).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := claim(t, tasks).Release(ctx, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := tasks.Claim(ctx, taskstate.ClaimOptions{}); !errors.Is(err, taskstate.ErrNone) {
		t.Fatal(err)
	}
	clock.Advance(10 * time.Second)
	lease := claim(t, tasks)
	if task, err := lease.Release(ctx, 0); err != nil || task.FailureKind != "lost" {
		t.Fatal(task, err)
	}
	if got := kinds(t, tasks, "t1"); got != "created started released started released started released " {
		t.Fatal(got)
	}
}

func TestALostLeaseChangesNothingAndEndsItsContext(t *testing.T) {
	tasks, clock := taskstatetest.New(t)
	createFor(t, tasks, "z1", "t1", 2)
	lease := claim(t, tasks)
	clock.Advance(30 * time.Second)
	if ended, err := tasks.Tick(ctx); ended != 1 || err != nil {
		t.Fatal(ended, err)
	}
	_, err := lease.Complete(ctx, taskstate.Update{InstallID: "i"})
	wantError(t, err, taskstate.ErrLeaseLost, "")
	if !lease.Lost() || lease.Context().Err() == nil {
		t.Fatal("not known to be lost")
	}
	for _, act := range []func() error{
		func() error { _, err := lease.Heartbeat(ctx, nil); return err },
		func() error { _, err := lease.Annotate(ctx, taskstate.Update{PackageSlug: "s"}); return err },
		func() error { _, err := lease.Fail(ctx, taskstate.Update{ErrorMessage: "m"}); return err },
		func() error { _, err := lease.Release(ctx, 0); return err },
	} {
		wantError(t, act(), taskstate.ErrLeaseLost, "")
	}
	if err := lease.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestHeartbeatsTellOfACancel(t *testing.T) {
	tasks, clock := taskstatetest.New(t)
	createFor(t, tasks, "z1", "t1", 1)
	lease := claim(t, tasks)
	clock.Advance(20 * time.Second)
	progress := &taskstate.Link{Href: "#progress", Rel: "progress", Properties: []byte(`{"percent":40}`)}
	beat, err := lease.Heartbeat(ctx, progress)
	if err != nil || beat.CancelRequested || beat.Duration != 30*time.Second ||
		!beat.ExpiresAt.Equal(clock.Now().Add(30*time.Second)) {
		t.Fatal(beat, err)
	}
	if links := get(t, tasks, "t1").Links; len(links) != 1 || string(links[0].Properties) != `{"percent":40}` {
		t.Fatal(links)
	}
	task, err := tasks.Cancel(ctx, "z1", "t1", taskstate.CancelOptions{})
	if err != nil || !task.CancelRequested {
		t.Fatal(task, err)
	}
	if beat, err = lease.Heartbeat(ctx, nil); err != nil || !beat.CancelRequested || !lease.CancelRequested() {
		t.Fatal(beat, err)
	}
	if lease.Context().Err() == nil || lease.Lost() {
		t.Fatal("the work was not asked to stop")
	}
	task, err = lease.Fail(ctx, taskstate.Update{ErrorMessage: "Stopped."})
	if err != nil || task.FailureKind != "cancelled" {
		t.Fatal(task, err)
	}
}

func TestCancelAndPlans(t *testing.T) {
	tasks, clock := taskstatetest.New(t)
	createFor(t, tasks, "z1", "t1", 1)
	task, err := tasks.Cancel(ctx, "z1", "t1", taskstate.CancelOptions{Reason: "Not wanted."})
	if err != nil || task.FailureKind != "cancelled" || task.ErrorMessage != "Not wanted." {
		t.Fatal(task, err)
	}
	createFor(t, tasks, "z1", "t2", 1)
	lease := claim(t, tasks)
	if task, err = tasks.Cancel(ctx, "z1", "t2", taskstate.CancelOptions{Force: true}); err != nil || task.Status != taskstate.Failed {
		t.Fatal(task, err)
	}
	_, err = lease.Heartbeat(ctx, nil)
	wantError(t, err, taskstate.ErrLeaseLost, "")
	_, err = tasks.Cancel(ctx, "z1", "none", taskstate.CancelOptions{})
	wantError(t, err, taskstate.ErrNotFound, "")

	planned, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: "t3", Operation: taskstate.OpCreate,
		NotBefore: clock.Now().Add(time.Minute), StartWithin: 10 * time.Second})
	if err != nil || !planned.NotBefore.Equal(clock.Now().Add(time.Minute)) ||
		!planned.StartBy.Equal(clock.Now().Add(70*time.Second)) {
		t.Fatal(planned, err)
	}
	clock.Advance(70 * time.Second)
	if _, err := tasks.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	if task := get(t, tasks, "t3"); task.FailureKind != "expired" {
		t.Fatal(task)
	}
	_, err = tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: taskstate.OpCreate, MaxAttempts: -1})
	wantError(t, err, taskstate.ErrInvalidArgument, "max_attempts")
	_, err = tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: taskstate.OpCreate, StartWithin: -1})
	wantError(t, err, taskstate.ErrInvalidArgument, "start_within")
}

func TestNamedLeasesAndTokens(t *testing.T) {
	tasks, _ := taskstatetest.New(t)
	createFor(t, tasks, "z1", "t1", 1)
	createFor(t, tasks, "z1", "t2", 2)
	lease, err := tasks.StartLeased(ctx, "z1", "t2", taskstate.ClaimOptions{Worker: "w", Lease: 5 * time.Second})
	if err != nil || lease.Task().ID != "t2" {
		t.Fatal(lease, err)
	}
	defer lease.Close()
	_, err = tasks.StartLeased(ctx, "z1", "none", taskstate.ClaimOptions{})
	wantError(t, err, taskstate.ErrNotFound, "")
	adopted, err := tasks.Lease(ctx, lease.Token())
	if err != nil || adopted.Epoch() != lease.Epoch() || string(adopted.Payload()) != "work on t2" {
		t.Fatal(adopted, err)
	}
	if _, err := adopted.Complete(ctx, taskstate.Update{InstallID: "i"}); err != nil {
		t.Fatal(err)
	}
	_, err = tasks.Lease(ctx, "x")
	wantError(t, err, taskstate.ErrInvalidArgument, "lease")
	_, err = tasks.Lease(ctx, lease.Token())
	wantError(t, err, taskstate.ErrLeaseLost, "")
}

func TestAnotherBootEndsEveryLease(t *testing.T) {
	path := newPath(t)
	before := open(t, path, taskstate.WithHousekeeping(0), taskstate.WithBootID("boot-1"))
	createFor(t, before, "z1", "t1", 1)
	lease := claim(t, before)
	after := open(t, path, taskstate.WithHousekeeping(0), taskstate.WithBootID("boot-2"))
	// A process lives that uses that boot: its id or ours is mounted over.
	if ended, err := after.Tick(ctx); ended != 0 || err != nil {
		t.Fatal(ended, err)
	}
	if stats, err := after.Stats(ctx); err != nil || stats.LeasesIncomparable != 1 || stats.LeaseClocksIncomparable != 1 {
		t.Fatal(stats, err)
	}
	token := lease.Token()
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	if ended, err := after.Tick(ctx); ended != 1 || err != nil {
		t.Fatal(ended, err)
	}
	_, err := after.Lease(ctx, token)
	wantError(t, err, taskstate.ErrLeaseLost, "")
	_, err = taskstate.Open(":memory:", taskstate.WithBootID("a b"))
	wantError(t, err, taskstate.ErrInvalidArgument, "boot_id")
	_, err = taskstate.Open(":memory:", taskstate.WithHousekeeping(time.Millisecond))
	wantError(t, err, taskstate.ErrInvalidArgument, "housekeeping")
	_, err = taskstate.Open(":memory:", taskstate.WithRunningLimit(-1))
	wantError(t, err, taskstate.ErrInvalidArgument, "running_limit")
}

// ---- In the background

func TestLeasesAreKeptInTheBackground(t *testing.T) {
	tasks := open(t, newPath(t), taskstate.WithHousekeeping(10*time.Millisecond))
	before := runtime.NumGoroutine()
	var leases []*taskstate.Lease
	for i := 0; i < 50; i++ {
		createFor(t, tasks, "z1", fmt.Sprint("t", i), 1)
	}
	for i := 0; i < 50; i++ {
		lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{Lease: 4 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		leases = append(leases, lease)
	}
	if now := runtime.NumGoroutine(); now > before+1 {
		t.Errorf("%d goroutines for 50 leases", now-before)
	}
	time.Sleep(5 * time.Second)
	for _, lease := range leases {
		if _, err := lease.Complete(ctx, taskstate.Update{InstallID: "i"}); err != nil {
			t.Fatal(err)
		}
	}
	for runtime.NumGoroutine() > before {
		runtime.Gosched() // the keeper ends with the last lease
	}
}

func TestTheWorkIsToldOfACancelAndOfALoss(t *testing.T) {
	tasks := open(t, newPath(t))
	createFor(t, tasks, "z1", "t1", 1)
	createFor(t, tasks, "z1", "t2", 1)
	var leases []*taskstate.Lease
	for i := 0; i < 2; i++ {
		lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{Lease: 60 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		defer lease.Close()
		leases = append(leases, lease)
	}
	if _, err := tasks.Cancel(ctx, "z1", "t1", taskstate.CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := tasks.Cancel(ctx, "z1", "t2", taskstate.CancelOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	<-leases[0].Context().Done()
	<-leases[1].Context().Done()
	if !leases[0].CancelRequested() || leases[0].Lost() || leases[1].CancelRequested() || !leases[1].Lost() {
		t.Fatal("told the wrong thing")
	}
}

func TestClosingTheEngineEndsTheWork(t *testing.T) {
	tasks, err := taskstate.Open(newPath(t))
	if err != nil {
		t.Fatal(err)
	}
	createFor(t, tasks, "z1", "t1", 1)
	lease := claim(t, tasks)
	if err := tasks.Close(); err != nil {
		t.Fatal(err)
	}
	<-lease.Context().Done()
	if err := lease.Close(); err != nil || !lease.Lost() {
		t.Fatal(err, lease.Lost())
	}
}

func TestALeaseHasTheValuesOfItsClaimAndNotItsEnd(t *testing.T) {
	tasks, _ := taskstatetest.New(t)
	createFor(t, tasks, "z1", "t1", 1)
	type key struct{}
	claiming, cancel := context.WithCancel(context.WithValue(ctx, key{}, "value"))
	lease, err := tasks.Claim(claiming, taskstate.ClaimOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Close()
	cancel()
	if lease.Context().Err() != nil || lease.Context().Value(key{}) != "value" {
		t.Fatal(lease.Context().Err())
	}
}

// ---- Waiting

func TestAWaitingClaimIsWoken(t *testing.T) {
	path := newPath(t)
	tasks := open(t, path)
	elsewhere := open(t, path)
	for i, host := range []*taskstate.Engine{tasks, elsewhere} {
		done := make(chan error)
		go func() {
			lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{Wait: time.Minute})
			if err == nil {
				_, err = lease.Complete(ctx, taskstate.Update{InstallID: "i"})
			}
			done <- err
		}()
		createFor(t, host, "z1", fmt.Sprint("t", i), 1)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

func TestAWaitEnds(t *testing.T) {
	tasks := open(t, newPath(t))
	if _, err := tasks.Claim(ctx, taskstate.ClaimOptions{Wait: time.Millisecond}); !errors.Is(err, taskstate.ErrNone) {
		t.Fatal(err)
	}
	waiting, cancel := context.WithCancel(ctx)
	go cancel()
	if _, err := tasks.Claim(waiting, taskstate.ClaimOptions{Wait: -1}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	late, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := tasks.Claim(late, taskstate.ClaimOptions{Wait: -1}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	other, err := taskstate.Open(newPath(t))
	if err != nil {
		t.Fatal(err)
	}
	go other.Close()
	_, err = other.Claim(ctx, taskstate.ClaimOptions{Wait: -1})
	wantError(t, err, taskstate.ErrClosed, "")
}

func threads(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestManyWaitingClaimsTakeNoThread(t *testing.T) {
	tasks := open(t, newPath(t))
	waiting, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	var ready atomic.Int64
	const count = 400 // descriptors are limited: two each
	before := threads(t)
	for i := 0; i < count; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			ready.Add(1)
			if _, err := tasks.Claim(waiting, taskstate.ClaimOptions{Wait: -1}); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}()
		time.Sleep(time.Millisecond) // a burst of calls would take threads for the calls themselves
	}
	for ready.Load() < count {
		runtime.Gosched()
	}
	time.Sleep(200 * time.Millisecond)
	if more := threads(t) - before; more > 40 {
		t.Errorf("%d threads more for %d waiting claims", more, count)
	}
	cancel()
	all.Wait()
}

func TestACallThatWaitsForItsTurnIsCancelled(t *testing.T) {
	held := newGate()
	tasks := open(t, newPath(t), taskstate.WithClock(held.now))
	create(t, tasks, "t1")
	create(t, tasks, "t2")
	done := held.hold(tasks, "t1")
	waiting, cancel := context.WithCancel(ctx)
	result := make(chan error)
	go func() {
		_, err := tasks.Start(waiting, "z1", "t2")
		result <- err
	}()
	time.Sleep(20 * time.Millisecond) // so that it may wait; cancelled before or after, the outcome is the same
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	close(held.release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if task := get(t, tasks, "t2"); task.Status != taskstate.Pending {
		t.Fatal(task.Status)
	}
}

func TestAClaimNamesSoManyZonesAndOperationsAtMost(t *testing.T) {
	tasks := open(t, ":memory:")
	names := func(prefix string, count int) []string {
		made := make([]string, count)
		for i := range made {
			made[i] = prefix + strconv.Itoa(i)
		}
		return made
	}
	if _, err := tasks.Claim(ctx, taskstate.ClaimOptions{Zones: names("z", 1000), Operations: names("o", 10)}); !errors.Is(err, taskstate.ErrNone) {
		t.Fatal(err)
	}
	for field, options := range map[string]taskstate.ClaimOptions{
		"zones":      {Zones: names("z", 1001)},
		"operations": {Operations: names("o", 101)},
	} {
		_, err := tasks.Claim(ctx, options)
		wantError(t, err, taskstate.ErrInvalidArgument, field)
	}
	_, err := tasks.Claim(ctx, taskstate.ClaimOptions{Zones: names("z", 1000), Operations: names("o", 11)})
	wantError(t, err, taskstate.ErrInvalidArgument, "zones")
}

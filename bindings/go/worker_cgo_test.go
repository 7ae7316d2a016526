//go:build cgo

package taskstate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

// work runs a worker until stop is called, which gives what Run returned.
func work(t *testing.T, tasks *taskstate.Engine, concurrency int, handler taskstate.Handler) (stop func() error) {
	t.Helper()
	running, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	worker := taskstate.Worker{Engine: tasks, Options: taskstate.ClaimOptions{Worker: "secret-worker"}, Concurrency: concurrency}
	go func() { done <- worker.Run(running, handler) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() {
			cancel()
			err = <-done
		})
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

// settled waits until the task has ended.
func settled(t *testing.T, tasks *taskstate.Engine, id string) *taskstate.Task {
	t.Helper()
	for {
		task := get(t, tasks, id)
		if task.Status == taskstate.Completed || task.Status == taskstate.Failed {
			return task
		}
		time.Sleep(time.Millisecond)
	}
}

func TestAWorkerHandlesWhatComes(t *testing.T) {
	tasks := open(t, newPath(t))
	var running, most atomic.Int64
	stop := work(t, tasks, 4, func(ctx context.Context, lease *taskstate.Lease) error {
		now := running.Add(1)
		defer running.Add(-1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		time.Sleep(5 * time.Millisecond)
		_, err := lease.Complete(ctx, taskstate.Update{InstallID: "of-" + string(lease.Payload())})
		return err
	})
	for i := 0; i < 40; i++ {
		createFor(t, tasks, "z1", fmt.Sprint("t", i), 1)
	}
	for i := 0; i < 40; i++ {
		id := fmt.Sprint("t", i)
		if task := settled(t, tasks, id); task.InstallID != "of-work on "+id {
			t.Fatal(task)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if got := most.Load(); got < 2 || got > 4 {
		t.Errorf("%d handlers at once", got)
	}
}

func TestAFailingHandlerKeepsItsTextPrivate(t *testing.T) {
	tasks := open(t, newPath(t))
	secret := "secret-text in /secret/path"
	results := map[string]func(lease *taskstate.Lease) error{
		"error":  func(*taskstate.Lease) error { return errors.New(secret + "\x00\xff") },
		"panic":  func(*taskstate.Lease) error { panic(secret) },
		"public": func(*taskstate.Lease) error { return taskstate.Public("Disk full.", errors.New(secret)) },
		"long":   func(*taskstate.Lease) error { return errors.New(secret + strings.Repeat("é", 20000)) },
		"bad":    func(*taskstate.Lease) error { return taskstate.Public("", errors.New(secret)) },
	}
	work(t, tasks, 2, func(_ context.Context, lease *taskstate.Lease) error { return results[lease.Task().ID](lease) })
	for id := range results {
		createFor(t, tasks, "z1", id, 3)
	}
	for id := range results {
		task := settled(t, tasks, id)
		message := map[string]string{"public": "Disk full."}[id]
		if message == "" {
			message = "The task failed."
		}
		if task.ErrorMessage != message || !strings.Contains(task.ErrorDetail, "secret-text") || task.FailureKind != "failed" {
			t.Errorf("%s: %q, %.80q, %s", id, task.ErrorMessage, task.ErrorDetail, task.FailureKind)
		}
		answer := tasks.Decide(ctx, "z1", id, taskstate.Request{})
		if strings.Contains(string(answer.Body), "secret") {
			t.Errorf("%s: %s", id, answer.Body)
		}
	}
	if detail := get(t, tasks, "panic").ErrorDetail; !strings.Contains(detail, "worker_cgo_test.go") {
		t.Errorf("no stack: %s", detail)
	}
}

func TestAHandlerWithoutAnOutcomeGivesTheTaskBack(t *testing.T) {
	tasks := open(t, newPath(t))
	work(t, tasks, 1, func(ctx context.Context, lease *taskstate.Lease) error {
		if lease.Attempt() == 1 {
			return nil
		}
		_, err := lease.Complete(ctx, taskstate.Update{InstallID: "i"})
		return err
	})
	createFor(t, tasks, "z1", "t1", 2)
	settled(t, tasks, "t1")
	if got := kinds(t, tasks, "t1"); got != "created started released started completed " {
		t.Fatal(got)
	}
}

func TestACancelledHandlerEndsAsCancelled(t *testing.T) {
	tasks := open(t, newPath(t))
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	begun := make(chan struct{})
	worker := taskstate.Worker{Engine: tasks, Options: taskstate.ClaimOptions{Lease: 2 * time.Second}}
	go worker.Run(running, func(ctx context.Context, _ *taskstate.Lease) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	})
	createFor(t, tasks, "z1", "t1", 1)
	<-begun
	if _, err := tasks.Cancel(ctx, "z1", "t1", taskstate.CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	if task := settled(t, tasks, "t1"); task.FailureKind != "cancelled" || task.ErrorMessage != "The task was cancelled." {
		t.Fatal(task.FailureKind, task.ErrorMessage)
	}
}

func TestAWorkerThatStopsFinishesOrGivesBack(t *testing.T) {
	tasks := open(t, newPath(t))
	begun := make(chan string, 2)
	finish := make(chan struct{})
	stop := work(t, tasks, 2, func(ctx context.Context, lease *taskstate.Lease) error {
		begun <- lease.Task().ID
		select {
		case <-ctx.Done(): // given back
			return ctx.Err()
		case <-finish:
		}
		_, err := lease.Complete(context.Background(), taskstate.Update{InstallID: "i"})
		return err
	})
	createFor(t, tasks, "z1", "once", 1)
	createFor(t, tasks, "z1", "twice", 2)
	<-begun
	<-begun
	stopped := make(chan error)
	go func() { stopped <- stop() }()
	for kinds(t, tasks, "twice") != "created started released " {
		time.Sleep(time.Millisecond)
	}
	select {
	case err := <-stopped:
		t.Fatal("it did not wait for its handler", err)
	default:
	}
	close(finish)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if task := get(t, tasks, "once"); task.Status != taskstate.Completed {
		t.Fatal(task.Status)
	}
}

func TestAWorkerWithoutAnEngineEnds(t *testing.T) {
	tasks, err := taskstate.Open(newPath(t))
	if err != nil {
		t.Fatal(err)
	}
	worker := taskstate.Worker{Engine: tasks, Options: taskstate.ClaimOptions{Lease: -1}}
	nothing := func(context.Context, *taskstate.Lease) error { return nil }
	wantError(t, worker.Run(ctx, nothing), taskstate.ErrInvalidArgument, "lease")
	worker.Options = taskstate.ClaimOptions{}
	go tasks.Close()
	wantError(t, worker.Run(ctx, nothing), taskstate.ErrClosed, "")
}

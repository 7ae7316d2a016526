//go:build cgo

package taskstate_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

var ctx = context.Background()

func newPath(t *testing.T) string { return filepath.Join(t.TempDir(), "catalog.db") }

func open(t *testing.T, path string, options ...taskstate.Option) *taskstate.Engine {
	t.Helper()
	tasks, err := taskstate.Open(path, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tasks.Close(); err != nil {
			t.Error(err)
		}
	})
	return tasks
}

func create(t *testing.T, tasks *taskstate.Engine, id string) *taskstate.Task {
	t.Helper()
	task, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: id, Operation: taskstate.OpCreate, PackageID: "pkg_1"})
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func start(t *testing.T, tasks *taskstate.Engine, id string) *taskstate.Task {
	t.Helper()
	create(t, tasks, id)
	task, err := tasks.Start(ctx, "z1", id)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func complete(t *testing.T, tasks *taskstate.Engine, id string) *taskstate.Task {
	t.Helper()
	start(t, tasks, id)
	task, err := tasks.Complete(ctx, "z1", id, taskstate.Update{InstallID: "ins_1"})
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// wantError checks an error's code and, unless field is "", the field at fault.
func wantError(t *testing.T, err error, code taskstate.Code, field string) *taskstate.Error {
	t.Helper()
	var failure *taskstate.Error
	if !errors.Is(err, code) || !errors.As(err, &failure) {
		t.Fatalf("got %v, want %v", err, code)
	}
	if field != "" && (failure.Field != field || len(failure.Details) == 0 || failure.Details[0].Field != field) {
		t.Fatalf("field %q, details %v, want %q: %v", failure.Field, failure.Details, field, err)
	}
	return failure
}

// gate is a clock that, once armed, holds the next change inside its transaction: it has its turn and keeps it.
type gate struct {
	armed   atomic.Bool
	entered chan struct{}
	release chan struct{}
}

func newGate() *gate { return &gate{entered: make(chan struct{}), release: make(chan struct{})} }

func (g *gate) now() time.Time {
	if g.armed.CompareAndSwap(true, false) {
		close(g.entered)
		<-g.release
	}
	return time.Now()
}

// hold starts the task on another goroutine, which keeps the turn until the gate is released. The channel gives what
// came of it.
func (g *gate) hold(tasks *taskstate.Engine, id string) <-chan error {
	done := make(chan error, 1)
	g.armed.Store(true)
	go func() {
		_, err := tasks.Start(ctx, "z1", id)
		done <- err
	}()
	<-g.entered
	return done
}

// historyOf returns all that happened to a task of zone z1, oldest first.
func historyOf(t *testing.T, tasks *taskstate.Engine, id string) []taskstate.Event {
	t.Helper()
	var events []taskstate.Event
	for query := (taskstate.HistoryQuery{}); ; {
		page, err := tasks.History(ctx, "z1", id, query)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range page.Events {
			events = append([]taskstate.Event{event}, events...)
		}
		if query.After = page.AfterCursor; query.After == "" {
			return events
		}
	}
}

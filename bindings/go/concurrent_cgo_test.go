//go:build cgo

package taskstate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

func TestOneOfManyStarts(t *testing.T) {
	path := newPath(t)
	engines := []*taskstate.Engine{open(t, path), open(t, path)}
	for round := 0; round < 20; round++ {
		id := fmt.Sprint("t", round)
		create(t, engines[0], id)
		var wins sync.Map
		var wg sync.WaitGroup
		for worker := 0; worker < 8; worker++ {
			wg.Add(1)
			go func(worker int) {
				defer wg.Done()
				_, err := engines[worker%2].Start(ctx, "z1", id)
				if err == nil {
					wins.Store(worker, true)
				} else if !errors.Is(err, taskstate.ErrIllegalTransition) {
					t.Error(err)
				}
			}(worker)
		}
		wg.Wait()
		count := 0
		wins.Range(func(any, any) bool { count++; return true })
		if count != 1 {
			t.Fatalf("%d workers started %s", count, id)
		}
	}
}

func TestBusyIsTheDeadline(t *testing.T) {
	g := newGate()
	tasks := open(t, newPath(t), taskstate.WithClock(g.now), taskstate.WithTimeout(40*time.Millisecond))
	create(t, tasks, "t1")
	create(t, tasks, "t2")
	held := g.hold(tasks, "t1")
	update := taskstate.Update{PackageSlug: "s"}

	began := time.Now()
	_, err := tasks.Annotate(ctx, "z1", "t2", update)
	failure := wantError(t, err, taskstate.ErrBusy, "")
	if failure.Outcome != taskstate.NotDone || errors.Is(err, context.DeadlineExceeded) || time.Since(began) < 40*time.Millisecond {
		t.Error(err, time.Since(began))
	}

	short, cancel := context.WithTimeout(ctx, 80*time.Millisecond)
	defer cancel()
	began = time.Now()
	_, err = tasks.Annotate(short, "z1", "t2", update)
	wantError(t, err, taskstate.ErrBusy, "")
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) < 60*time.Millisecond {
		t.Error(err, time.Since(began))
	}
	if answer := tasks.Accept(nil, err, taskstate.Request{}); answer.Status != 503 || answer.Header.Get("Retry-After") != "1" {
		t.Error(answer)
	}
	if _, err := tasks.Get(ctx, "z1", "t2"); err != nil {
		t.Error("a read waits for no writer:", err)
	}

	close(g.release)
	if err := <-held; err != nil {
		t.Error(err)
	}
	if task, err := tasks.Get(ctx, "z1", "t2"); err != nil || task.PackageSlug != "" {
		t.Error(task, err)
	}
}

func TestCloseEndsThoseThatWait(t *testing.T) {
	g := newGate()
	path := newPath(t)
	tasks, err := taskstate.Open(path, taskstate.WithClock(g.now), taskstate.WithTimeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	create(t, tasks, "t1")
	create(t, tasks, "t2")
	held := g.hold(tasks, "t1")
	waiting := make(chan error, 1)
	go func() {
		_, err := tasks.Annotate(ctx, "z1", "t2", taskstate.Update{PackageSlug: "s"})
		waiting <- err
	}()
	time.Sleep(20 * time.Millisecond)
	closed := make(chan error, 1)
	go func() { closed <- tasks.Close() }()
	wantError(t, <-waiting, taskstate.ErrClosed, "")
	select {
	case err := <-closed:
		t.Fatal("Close did not wait for the change that was being committed:", err)
	case err := <-held:
		t.Fatal("the change ended while it was held:", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(g.release)
	if err := <-held; err != nil {
		t.Error("a change that was being committed runs to its end:", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if task, err := open(t, path).Get(ctx, "z1", "t1"); err != nil || task.Status != taskstate.Running {
		t.Error(task, err)
	}
}

func TestCloseAmongCalls(t *testing.T) {
	for round := 0; round < 20; round++ {
		tasks, err := taskstate.Open(newPath(t))
		if err != nil {
			t.Fatal(err)
		}
		create(t, tasks, "t1")
		var wg sync.WaitGroup
		for worker := 0; worker < 4; worker++ {
			wg.Add(1)
			go func(worker int) {
				defer wg.Done()
				for {
					if answer := tasks.Decide(ctx, "z1", "t1", taskstate.Request{}); answer.Status != 200 && answer.Status != 503 {
						t.Error(answer)
					}
					var err error
					if worker == 0 {
						_, err = tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: "create"})
					} else {
						_, err = tasks.Get(ctx, "z1", "t1")
					}
					if err != nil {
						if !errors.Is(err, taskstate.ErrClosed) {
							t.Error(err)
						}
						return
					}
				}
			}(worker)
		}
		time.Sleep(time.Duration(round) * time.Millisecond / 4)
		for closer := 0; closer < 2; closer++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				if err := tasks.Close(); err != nil {
					t.Error(err)
				}
			}()
		}
		wg.Wait()
	}
}

func TestClosedAndNilEnginesRefuseEverything(t *testing.T) {
	closed, err := taskstate.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	for range [3]int{} {
		if err := closed.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var none *taskstate.Engine
	for name, tasks := range map[string]*taskstate.Engine{"closed": closed, "nil": none, "zero": {}} {
		calls := map[string]func() error{
			"Create":   func() error { _, err := tasks.Create(ctx, taskstate.NewTask{}); return err },
			"Start":    func() error { _, err := tasks.Start(ctx, "z", "t"); return err },
			"Annotate": func() error { _, err := tasks.Annotate(ctx, "z", "t", taskstate.Update{}); return err },
			"Complete": func() error { _, err := tasks.Complete(ctx, "z", "t", taskstate.Update{}); return err },
			"Fail":     func() error { _, err := tasks.Fail(ctx, "z", "t", taskstate.Update{}); return err },
			"Get":      func() error { _, err := tasks.Get(ctx, "z", "t"); return err },
			"List":     func() error { _, err := tasks.List(ctx, taskstate.ListQuery{}); return err },
			"History":  func() error { _, err := tasks.History(ctx, "z", "t"); return err },
			"Verify":   func() error { _, err := tasks.Verify(ctx); return err },
		}
		for method, call := range calls {
			if err := call(); !errors.Is(err, taskstate.ErrClosed) {
				t.Errorf("%s %s: %v", name, method, err)
			}
		}
		for _, answer := range []taskstate.Answer{
			tasks.Decide(ctx, "z", "t", taskstate.Request{}),
			tasks.Accept(nil, calls["Create"](), taskstate.Request{}),
		} {
			if answer.Status != 503 || answer.Header.Get("Retry-After") != "1" || len(answer.Body) == 0 {
				t.Errorf("%s: %+v", name, answer)
			}
		}
		if err := tasks.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if answer := tasks.Accept(&taskstate.Task{}, nil, taskstate.Request{}); name != "closed" && answer.Status != 503 {
			t.Errorf("%s: %+v", name, answer)
		}
	}
}

// A closed engine answers as it was told to when it was open.
func TestAClosedEngineKeepsItsOptions(t *testing.T) {
	tasks := open(t, ":memory:", taskstate.WithStatusURL("/status/{zone_id}/{task_id}"),
		taskstate.WithClock(func() time.Time { return time.Date(1999, 1, 2, 3, 4, 5, 0, time.UTC) }),
		taskstate.WithIDs(func(taskstate.IDKind) [16]byte { return [16]byte{0xab} }))
	if err := tasks.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: "create"})
	for path, answer := range map[string]taskstate.Answer{
		"/status/z1/t1": tasks.Decide(ctx, "z1", "t1", taskstate.Request{}),
		"/":             tasks.Accept(nil, err, taskstate.Request{}),
	} {
		for _, part := range []string{`"path":"` + path + `"`, `"timestamp":"1999-01-02T03:04:05.000Z"`,
			`"request_id":"ab000000-0000-0000-0000-000000000000"`} {
			if answer.Status != 503 || !strings.Contains(string(answer.Body), part) {
				t.Errorf("%s: %d %s", part, answer.Status, answer.Body)
			}
		}
	}
}

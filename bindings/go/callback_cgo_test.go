//go:build cgo

package taskstate_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

func init() {
	children["goexit"] = func([]string) error { return callbackThatDoesNotReturn(runtime.Goexit) }
}

func TestWithClock(t *testing.T) {
	at := time.Date(1999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	task := create(t, open(t, ":memory:", taskstate.WithClock(func() time.Time { return at })), "t1")
	if want := at.Truncate(time.Microsecond); !task.CreatedAt.Equal(want) || task.CreatedAt.Location() != time.UTC {
		t.Error(task.CreatedAt)
	}
}

func TestWithIDs(t *testing.T) {
	var kinds []taskstate.IDKind
	tasks := open(t, ":memory:", taskstate.WithIDs(func(kind taskstate.IDKind) [16]byte {
		kinds = append(kinds, kind)
		return [16]byte{0xab, byte(len(kinds)), 15: byte(kind)}
	}))
	if task := create(t, tasks, ""); task.ID != "ab010000-0000-0000-0000-000000000000" {
		t.Error(task.ID)
	}
	answer := tasks.Decide(ctx, "z1", "none", taskstate.Request{})
	if !bytes.Contains(answer.Body, []byte(`"request_id":"ab020000-0000-0000-0000-000000000001"`)) {
		t.Errorf("%s", answer.Body)
	}
	if len(kinds) != 2 || kinds[0] != taskstate.IDTask || kinds[1] != taskstate.IDRequest {
		t.Error(kinds)
	}
}

func TestWithLogger(t *testing.T) {
	path := newPath(t)
	var mu sync.Mutex
	var lines []string
	tasks := open(t, path, taskstate.WithLogLevel(taskstate.LogError), taskstate.WithLogger(func(level taskstate.LogLevel, line string) {
		mu.Lock()
		defer mu.Unlock()
		if level == taskstate.LogError {
			lines = append(lines, line)
		}
	}))
	failLookup(t, tasks, path)
	mu.Lock()
	defer mu.Unlock()
	all := strings.Join(lines, "|")
	if !strings.Contains(all, "status lookup failed") || strings.ContainsAny(all, "\r\n") {
		t.Errorf("%q", all)
	}
}

// waitForNoCallbacks collects garbage until the library holds no callback: every engine was found and freed.
func waitForNoCallbacks(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for taskstate.LiveCallbacks() != 0 {
		if time.Now().After(deadline) {
			t.Fatalf("%d callbacks are still held", taskstate.LiveCallbacks())
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}

// Every callback is released exactly once: the registry panics at a second time, and the count shows a missing one.
func TestCallbacksAreReleasedOnce(t *testing.T) {
	waitForNoCallbacks(t)
	callbacks := []taskstate.Option{
		taskstate.WithLogger(func(taskstate.LogLevel, string) {}), taskstate.WithClock(time.Now),
		taskstate.WithIDs(func(taskstate.IDKind) [16]byte { return [16]byte{} }),
	}
	if _, err := taskstate.Open("/nonexistent/catalog.db", callbacks...); err == nil {
		t.Error("opened")
	}
	if live := taskstate.LiveCallbacks(); live != 0 {
		t.Errorf("%d live of an engine that did not open", live)
	}
	var neighbours []*byte
	for _, closes := range []bool{true, false} {
		tasks, err := taskstate.Open(":memory:", callbacks...)
		neighbours = append(neighbours, new(byte)) // what lies beside the engine in memory does not keep it
		if err != nil {
			t.Fatal(err)
		}
		create(t, tasks, "t1")
		if closes {
			if err := tasks.Close(); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		if live := taskstate.LiveCallbacks(); live != 3 {
			t.Errorf("%d live while the engine is", live)
		}
		runtime.KeepAlive(tasks)
		waitForNoCallbacks(t)
	}
	runtime.KeepAlive(neighbours)
}

// A call keeps its engine from being collected, also where nothing refers to the engine after it.
func TestACallKeepsItsEngine(t *testing.T) {
	waitForNoCallbacks(t)
	var freed atomic.Bool
	tasks, err := taskstate.Open(":memory:", taskstate.WithClock(func() time.Time {
		for i := 0; i < 5; i++ {
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
		if live := taskstate.LiveCallbacks(); live != 1 {
			freed.Store(true)
		}
		return time.Now()
	}))
	if err != nil {
		t.Fatal(err)
	}
	create(t, tasks, "t1")
	if freed.Load() {
		t.Error("the engine was freed during a call")
	}
}

func TestCallbacksFromManyGoroutines(t *testing.T) {
	tasks := open(t, newPath(t), taskstate.WithClock(time.Now), taskstate.WithLogLevel(taskstate.LogTrace),
		taskstate.WithLogger(func(taskstate.LogLevel, string) {}))
	create(t, tasks, "t1")
	var wg sync.WaitGroup
	for worker := 0; worker < 8; worker++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < 50; i++ {
				if answer := tasks.Decide(ctx, "z1", "t1", taskstate.Request{}); answer.Status != 200 {
					t.Error(answer)
				}
				runtime.GC()
			}
		}()
	}
	wg.Wait()
}

func callbackThatDoesNotReturn(leave func()) error {
	tasks, err := taskstate.Open(":memory:", taskstate.WithClock(func() time.Time { leave(); return time.Now() }))
	if err != nil {
		return err
	}
	done := make(chan any)
	go func() {
		defer func() { done <- recover() }()
		_, _ = tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: "create"})
	}()
	<-done
	return errors.New("the process survived")
}

func TestACallbackThatDoesNotReturnEndsTheProcess(t *testing.T) {
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), childEnv+"=goexit")
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !bytes.Contains(output, []byte("the clock callback must return")) {
		t.Errorf("%v\n%s", err, output)
	}
}

func TestACallbackThatPanicsStopsNobody(t *testing.T) {
	at := time.Date(2019, 12, 27, 18, 11, 19, 0, time.UTC)
	var panics, asked atomic.Int64
	tasks := open(t, newPath(t), taskstate.WithHousekeeping(10*time.Millisecond),
		taskstate.WithClock(func() time.Time {
			asked.Add(1)
			if panics.Load() != 0 {
				panic("boom")
			}
			return at
		}),
		taskstate.WithIDs(func(taskstate.IDKind) [16]byte { panic("boom") }),
		taskstate.WithLogger(func(taskstate.LogLevel, string) { panic("boom") }))
	create(t, tasks, "t1")
	panics.Store(1)
	for before := asked.Load(); asked.Load() < before+5; { // the engine's own thread goes on
		time.Sleep(time.Millisecond)
	}
	task := create(t, tasks, "")
	if !task.CreatedAt.Equal(at) || len(task.ID) != 36 || task.ID[14] != '4' {
		t.Error(task.CreatedAt, task.ID)
	}
	for id, status := range map[string]int{"t1": 200, "none": 404} {
		if answer := tasks.Decide(ctx, "z1", id, taskstate.Request{}); answer.Status != status {
			t.Error(id, answer)
		}
	}
}

func TestNothingExpiresByAWallClockThatLeaps(t *testing.T) {
	wall, boot := time.Unix(0, 0), time.Unix(3600, 0)
	path := newPath(t)
	clocks := []taskstate.Option{
		taskstate.WithClock(func() time.Time { return wall }),
		taskstate.WithBootClock(func() time.Time { return boot }),
		taskstate.WithRetention(24 * time.Hour),
	}
	tasks := open(t, path, clocks...)
	create(t, tasks, "t1")
	if _, err := tasks.Cancel(ctx, "z1", "t1", taskstate.CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	paused := func(e *taskstate.Engine) bool {
		t.Helper()
		stats, err := e.Stats(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return stats.ExpiryPaused
	}
	if paused(tasks) {
		t.Error("paused without a leap")
	}
	wall = wall.Add(50 * 365 * 24 * time.Hour)
	if ended, err := tasks.Tick(ctx); ended != 0 || err != nil || !paused(tasks) {
		t.Error(ended, err)
	}
	if err := open(t, path, clocks...).ClockOK(ctx); err != nil || paused(tasks) {
		t.Error(err)
	}
	if ended, err := tasks.Tick(ctx); ended != 1 || err != nil {
		t.Error(ended, err)
	}
}

func TestATaskCanBeClaimedWhenItsNotBeforeComes(t *testing.T) {
	tasks := open(t, newPath(t), taskstate.WithHousekeeping(time.Hour))
	time.Sleep(20 * time.Millisecond) // the first round is over
	due := time.Now().Add(200 * time.Millisecond)
	if _, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: "t1", Operation: taskstate.OpCreate, NotBefore: due}); err != nil {
		t.Fatal(err)
	}
	waiting, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	lease, err := tasks.Claim(waiting, taskstate.ClaimOptions{Wait: -1})
	if err != nil || time.Now().Before(due) {
		t.Fatal(lease, err)
	}
	_ = lease.Close()
}

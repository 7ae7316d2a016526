//go:build cgo

package taskstate_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

func init() {
	children["panic"] = func([]string) error { return callbackThatDoesNotReturn(func() { panic("boom") }) }
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
	tasks, err := taskstate.Open(":memory:", taskstate.WithClock(func() time.Time {
		for i := 0; i < 5; i++ {
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
		if live := taskstate.LiveCallbacks(); live != 1 {
			panic("the engine was freed during a call")
		}
		return time.Now()
	}))
	if err != nil {
		t.Fatal(err)
	}
	create(t, tasks, "t1")
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
	for child, said := range map[string]string{"panic": "boom", "goexit": "runtime.Goexit"} {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), childEnv+"="+child)
		output, err := command.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 2 || !bytes.Contains(output, []byte("the clock callback must return")) ||
			!bytes.Contains(output, []byte(said)) {
			t.Errorf("%s: %v\n%s", child, err, output)
		}
	}
}

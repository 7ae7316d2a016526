//go:build cgo

package taskstate_test

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

// residentBytes is the process's memory, the library's included.
func residentBytes(t *testing.T) int {
	t.Helper()
	// Twice: what finalizers give back is freed after the first.
	for range [2]int{} {
		debug.FreeOSMemory()
		time.Sleep(20 * time.Millisecond)
	}
	content, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, resident int
	if _, err := fmt.Sscan(string(content), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize()
}

func TestNothingLeaks(t *testing.T) {
	tasks := open(t, newPath(t))
	spec := fullSpec()
	spec.Links[0].Properties = json.RawMessage(`{"long":"` + string(make4k()) + `"}`)
	task, err := tasks.Create(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	call := taskstate.WithCall(ctx, taskstate.Call{RequestID: requestID, Traceparent: traceparent, Actor: "w"})
	request := taskstate.Request{Method: "GET", Header: header("X-Client-Request-ID", requestID)}
	round := func() {
		_, duplicate := tasks.Create(call, spec)
		_, invalid := tasks.Create(call, taskstate.NewTask{ZoneID: string(make4k())})
		_ = tasks.Accept(task, nil, request)
		_ = tasks.Accept(nil, duplicate, request)
		_ = tasks.Accept(nil, invalid, request)
		_ = tasks.Decide(call, "z1", "t1", request)
		_ = tasks.Decide(call, "z1", "none", request)
		_, _ = tasks.Get(call, "z1", "t1", taskstate.WithPayload())
		_, _ = tasks.Annotate(call, "z1", "t1", taskstate.Update{Links: spec.Links})
		_, _ = tasks.List(call, taskstate.ListQuery{ZoneID: "z1"})
		_, _ = tasks.History(call, "z1", "t1")
		parsed, _ := taskstate.ParseTask(task.JSON)
		_ = parsed.Validate()
		for i := 0; i < 50; i++ { // errors are small
			_ = (&taskstate.Task{JSON: []byte("{")}).Validate()
		}
	}
	reopen := func() {
		other, err := taskstate.Open(":memory:", taskstate.WithClock(time.Now), taskstate.WithOperations("move"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = other.Verify(call)
		_ = other.Close()
		_, _ = taskstate.Open("/nonexistent/catalog.db", taskstate.WithClock(time.Now))
	}
	run := func(rounds int) {
		for i := 0; i < rounds; i++ {
			round()
			if i%10 == 0 {
				reopen()
			}
		}
		runtime.GC()
	}
	run(300)
	before := residentBytes(t)
	run(1000)
	if grown := residentBytes(t) - before; grown > 4<<20 {
		t.Errorf("%d bytes more after 1000 rounds", grown)
	}
}

func make4k() []byte {
	out := make([]byte, 4096)
	for i := range out {
		out[i] = 'x'
	}
	return out
}

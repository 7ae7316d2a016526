//go:build cgo

package taskstate_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

func init() { children["exit"] = exitWhileBusy }

// exitWhileBusy ends the process while twelve goroutines are inside the library: os.Exit, or return from main.
func exitWhileBusy(args []string) error {
	tasks, err := taskstate.Open(args[0])
	if err != nil {
		return err
	}
	calls := []func(){
		func() { _, _ = tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: "create"}) },
		func() { _, _ = tasks.List(ctx, taskstate.ListQuery{ZoneID: "z1"}) },
		func() { _, _ = tasks.History(ctx, "z1", "t") },
		func() { _, _ = tasks.Tick(ctx) },
		func() { _, _ = tasks.Claim(ctx, taskstate.ClaimOptions{Lease: time.Second}) },
		func() { tasks.Decide(ctx, "z1", "t", taskstate.Request{}) },
	}
	for i := 0; i < 12; i++ {
		go func(i int) {
			for ; ; i++ {
				calls[i%len(calls)]()
			}
		}(i)
	}
	pause, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	time.Sleep(time.Duration(pause) * time.Millisecond)
	if pause%2 == 0 {
		os.Exit(0)
	}
	return nil
}

func TestTheProcessEndsWhileGoroutinesAreInside(t *testing.T) {
	exits := 30
	if given := os.Getenv("TSE_EXITS"); given != "" {
		var err error
		if exits, err = strconv.Atoi(given); err != nil {
			t.Fatal(err)
		}
	}
	path := newPath(t)
	for i := 0; i < exits; i++ {
		if out, err := child("exit", path, strconv.Itoa(i%40)).Output(); err != nil {
			t.Fatalf("process %d: %v %s", i, err, out)
		}
	}
	report, err := open(t, path).Verify(ctx)
	if err != nil || !report.OK {
		t.Fatal(report, err)
	}
}

//go:build cgo

package taskstate_test

import (
	"bytes"
	"testing"

	taskstate "github.com/taskstate/taskstate-go"
)

func TestTheHighestPriorityIsClaimedFirst(t *testing.T) {
	tasks := open(t, newPath(t))
	create(t, tasks, "usual")
	spec := taskstate.NewTask{ZoneID: "z1", ID: "urgent", Operation: taskstate.OpCreate, Priority: 50, Ref: "order 7"}
	task, err := tasks.Create(ctx, spec)
	if err != nil || task.Priority != 50 || task.Ref != "order 7" || bytes.Contains(task.JSON, []byte("order 7")) {
		t.Fatalf("%+v, %v", task, err)
	}
	spec.ID, spec.Priority = "low", -50
	if results, err := tasks.Run(ctx, new(taskstate.Batch).Create(spec)); err != nil || results[0].Err != nil {
		t.Fatal(results, err)
	}
	for _, id := range []string{"urgent", "usual", "low"} {
		lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{})
		if err != nil || lease.Task().ID != id {
			t.Fatalf("%v, %v, want %s", lease, err, id)
		}
		defer lease.Close()
	}
	spec.Priority = 101
	_, err = tasks.Create(ctx, spec)
	wantError(t, err, taskstate.ErrInvalidArgument, "priority")
}

func TestAPriorityChangesWhileNobodyHoldsTheTask(t *testing.T) {
	tasks := open(t, newPath(t))
	create(t, tasks, "t1")
	create(t, tasks, "t2")
	task, err := tasks.Reprioritize(ctx, "z1", "t2", 50)
	if err != nil || task.Priority != 50 || task.Revision != 2 {
		t.Fatalf("%+v, %v", task, err)
	}
	history, err := tasks.History(ctx, "z1", "t2")
	if err != nil || history.Events[0].Kind != "reprioritized" || history.Events[0].Detail != "0 → 50" {
		t.Fatalf("%+v, %v", history, err)
	}
	lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{})
	if err != nil || lease.Task().ID != "t2" {
		t.Fatalf("%v, %v", lease, err)
	}
	defer lease.Close()
	_, err = tasks.Reprioritize(ctx, "z1", "t2", 0)
	wantError(t, err, taskstate.ErrIllegalTransition, "")
}

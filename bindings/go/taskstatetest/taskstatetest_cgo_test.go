//go:build cgo

package taskstatetest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
	"github.com/taskstate/taskstate-go/taskstatetest"
)

func TestALeaseRunsOutInNoTime(t *testing.T) {
	ctx := context.Background()
	tasks, clock := taskstatetest.New(t)
	task, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: taskstate.OpCreate})
	if err != nil {
		t.Fatal(err)
	}
	if task.ID != "00000000-0000-4000-8000-000000000001" || !task.CreatedAt.Equal(taskstatetest.Start) {
		t.Fatal(task.ID, task.CreatedAt)
	}
	lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{Lease: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Close()
	clock.Advance(30*time.Second - time.Microsecond)
	if ended, err := tasks.Tick(ctx); ended != 0 || err != nil {
		t.Fatal(ended, err)
	}
	clock.Advance(time.Microsecond)
	if ended, err := tasks.Tick(ctx); ended != 1 || err != nil {
		t.Fatal(ended, err)
	}
	if _, err := lease.Complete(ctx, taskstate.Update{InstallID: "ins_1"}); !errors.Is(err, taskstate.ErrLeaseLost) {
		t.Fatal(err)
	}
}

func TestIDsCount(t *testing.T) {
	var ids taskstatetest.IDs
	for i := byte(1); i < 4; i++ {
		if id := ids.Next(taskstate.IDTask); id != [16]byte{6: 0x40, 8: 0x80, 15: i} {
			t.Fatal(id)
		}
	}
}

func TestOptionsWin(t *testing.T) {
	at := time.Date(2021, 2, 3, 4, 5, 6, 0, time.UTC)
	tasks, _ := taskstatetest.New(t, taskstate.WithClock(func() time.Time { return at }))
	task, err := tasks.Create(context.Background(), taskstate.NewTask{ZoneID: "z", Operation: taskstate.OpCreate})
	if err != nil || !task.CreatedAt.Equal(at) {
		t.Fatal(task, err)
	}
}

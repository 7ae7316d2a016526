//go:build cgo

package taskstate_test

import (
	"strings"
	"testing"

	taskstate "github.com/taskstate/taskstate-go"
)

func TestAFailedTaskIsRetriedOnceUnlessAgain(t *testing.T) {
	tasks := open(t, newPath(t))
	spec := taskstate.NewTask{ZoneID: "z1", ID: "t1", Operation: taskstate.OpCreate, Payload: []byte("{}"), Priority: 50, Ref: "order 7"}
	if _, err := tasks.Create(ctx, spec); err != nil {
		t.Fatal(err)
	}
	_, err := tasks.Retry(ctx, "z1", "t1", taskstate.RetryOptions{})
	wantError(t, err, taskstate.ErrIllegalTransition, "")
	if _, err := tasks.Cancel(ctx, "z1", "t1", taskstate.CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	first, err := tasks.Retry(ctx, "z1", "t1", taskstate.RetryOptions{})
	if err != nil || first.Status != taskstate.Pending || first.Priority != 50 || first.Ref != "order 7" ||
		len(first.Links) != 1 || first.Links[0].Rel != "predecessor" {
		t.Fatalf("%+v, %v", first, err)
	}
	_, err = tasks.Retry(ctx, "z1", "t1", taskstate.RetryOptions{})
	if failure := wantError(t, err, taskstate.ErrAlreadyExists, ""); !strings.Contains(failure.Message, first.ID) {
		t.Error(failure)
	}
	second, err := tasks.Retry(ctx, "z1", "t1", taskstate.RetryOptions{Again: true})
	if err != nil || second.ID == first.ID {
		t.Fatalf("%+v, %v", second, err)
	}
}

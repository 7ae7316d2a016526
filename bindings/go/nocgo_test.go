//go:build !cgo

package taskstate_test

import (
	"context"
	"errors"
	"testing"

	taskstate "github.com/taskstate/taskstate-go"
)

func TestWithoutCgoNothingOpens(t *testing.T) {
	tasks, err := taskstate.Open(":memory:", taskstate.WithTimeout(0))
	if tasks != nil || !errors.Is(err, taskstate.ErrUnsupported) {
		t.Fatal(tasks, err)
	}
	if _, err := tasks.Get(context.Background(), "z", "t"); !errors.Is(err, taskstate.ErrClosed) {
		t.Error(err)
	}
	batch := new(taskstate.Batch).Start("z", "t").Create(taskstate.NewTask{ZoneID: "z"})
	if results, err := tasks.Run(context.Background(), batch); results != nil || !errors.Is(err, taskstate.ErrClosed) {
		t.Error(results, err)
	}
	if batch.Len() != 2 {
		t.Error(batch.Len())
	}
	if err := tasks.Close(); err != nil {
		t.Error(err)
	}
	answer := tasks.Decide(context.Background(), "z", "t", taskstate.Request{})
	if answer.Status != 503 || answer.Header.Get("Retry-After") != "1" {
		t.Error(answer)
	}
	if answer := tasks.Accept(nil, err, taskstate.Request{}); answer.Status != 500 {
		t.Error(answer)
	}
}

func TestWithoutCgoNothingIsParsed(t *testing.T) {
	if _, err := taskstate.ParseTask([]byte(`{}`)); !errors.Is(err, taskstate.ErrUnsupported) {
		t.Error(err)
	}
	if err := (&taskstate.Task{}).Validate(); !errors.Is(err, taskstate.ErrUnsupported) {
		t.Error(err)
	}
	if taskstate.Version() != "" || taskstate.ABI() != -1 {
		t.Error(taskstate.Version(), taskstate.ABI())
	}
}

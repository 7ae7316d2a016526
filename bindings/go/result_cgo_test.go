//go:build cgo

package taskstate_test

import (
	"bytes"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

func TestACompletedTaskStoresWhatItProduced(t *testing.T) {
	tasks := open(t, newPath(t), taskstate.WithResultRetention(time.Hour))
	start(t, tasks, "t1")
	_, err := tasks.Result(ctx, "z1", "t1")
	wantError(t, err, taskstate.ErrNotFound, "")
	update := taskstate.Update{Result: []byte("id\x00name"), MediaType: "text/csv"}
	task, err := tasks.Complete(ctx, "z1", "t1", update)
	if err != nil || task.ResultMediaType != "text/csv" || task.InstallID != "" {
		t.Fatalf("%+v, %v", task, err)
	}
	stored, err := tasks.Result(ctx, "z1", "t1")
	if err != nil || !bytes.Equal(stored.Data, update.Result) || stored.MediaType != "text/csv" {
		t.Fatalf("%+v, %v", stored, err)
	}
	answer := tasks.Decide(ctx, "z1", "t1", taskstate.Request{})
	if location := answer.Header.Get("Location"); location != "/zones/z1/catalog_tasks/t1/result" {
		t.Error(location)
	}

	create(t, tasks, "t2")
	lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lease.Complete(ctx, taskstate.Update{MediaType: "a/b"}); err != nil {
		t.Fatal(err)
	}
	if stored, err := tasks.Result(ctx, "z1", "t2"); err != nil || len(stored.Data) != 0 || stored.MediaType != "a/b" {
		t.Fatalf("%+v, %v", stored, err)
	}

	start(t, tasks, "t3")
	_, err = tasks.Complete(ctx, "z1", "t3", taskstate.Update{Result: []byte("x")})
	wantError(t, err, taskstate.ErrInvalidArgument, "media_type")
	batch := new(taskstate.Batch).Complete("z1", "t3", update)
	if results, err := tasks.Run(ctx, batch); err != nil || results[0].Err != nil {
		t.Fatal(results, err)
	}
	if stored, err := tasks.Result(ctx, "z1", "t3"); err != nil || !bytes.Equal(stored.Data, update.Result) {
		t.Fatalf("%+v, %v", stored, err)
	}
}

//go:build cgo

package taskstate_test

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

// The content of an open file is replaced by the sqlite3 shell: each engine is told once, and nothing from before counts.
func TestContentReplacedUnderEngines(t *testing.T) {
	path := newPath(t)
	shell := func(command string) {
		t.Helper()
		out, err := exec.Command("sqlite3", "-cmd", ".timeout 60000", path, command+" "+filepath.Join(filepath.Dir(path), "copy.db")).CombinedOutput()
		if err != nil {
			t.Fatal(err, string(out))
		}
	}
	tasks, other := open(t, path), open(t, path)
	create(t, tasks, "t")
	shell(".backup")
	old, err := tasks.Claim(ctx, taskstate.ClaimOptions{Worker: "old", Lease: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := tasks.ReadChanges(ctx, taskstate.ChangesOptions{})
	if err != nil {
		t.Fatal(err)
	}
	shell(".restore")

	if answer := tasks.Decide(ctx, "z1", "t", taskstate.Request{}); answer.Status != 200 {
		t.Fatal(answer)
	}
	_, err = other.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: "x", Operation: taskstate.OpCreate})
	if failure := wantError(t, err, taskstate.ErrRestored, ""); failure.Outcome != taskstate.NotDone {
		t.Fatal(failure)
	}
	create(t, other, "x")
	_, err = tasks.ReadChanges(ctx, taskstate.ChangesOptions{After: batch.Position})
	wantError(t, err, taskstate.ErrRestored, "")
	lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{Worker: "new", Lease: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	_, err = old.Complete(ctx, taskstate.Update{InstallID: "old"})
	wantError(t, err, taskstate.ErrLeaseLost, "")
	if _, err = lease.Complete(ctx, taskstate.Update{InstallID: "new"}); err != nil {
		t.Fatal(err)
	}
}

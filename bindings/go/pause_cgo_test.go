//go:build cgo

package taskstate_test

import (
	"errors"
	"testing"

	taskstate "github.com/taskstate/taskstate-go"
)

func TestClaimsPassOverWhatIsPaused(t *testing.T) {
	tasks := open(t, newPath(t))
	create(t, tasks, "t1")
	zone, operation := taskstate.PauseTarget{ZoneID: "z1"}, taskstate.PauseTarget{Operation: taskstate.OpCreate}
	by := taskstate.WithCall(ctx, taskstate.Call{Actor: "operator"})
	if changed, err := tasks.Pause(by, zone); err != nil || !changed {
		t.Fatal(changed, err)
	}
	if changed, err := tasks.Pause(ctx, zone); err != nil || changed {
		t.Fatal(changed, err)
	}
	if changed, err := tasks.Pause(ctx, operation); err != nil || !changed {
		t.Fatal(changed, err)
	}
	if _, err := tasks.Claim(ctx, taskstate.ClaimOptions{}); !errors.Is(err, taskstate.ErrNone) {
		t.Fatal(err)
	}
	stats, err := tasks.Stats(ctx)
	if err != nil || len(stats.Pauses) != 2 || len(stats.Counts) != 1 {
		t.Fatalf("%+v, %v", stats, err)
	}
	if first := stats.Pauses[0]; first.What != zone || first.Actor != "operator" || first.Since.IsZero() {
		t.Errorf("%+v", first)
	}
	if second := stats.Pauses[1]; second.What != operation || second.Actor != "" {
		t.Errorf("%+v", second)
	}
	for _, what := range []taskstate.PauseTarget{zone, operation} {
		if changed, err := tasks.Unpause(ctx, what); err != nil || !changed {
			t.Fatal(changed, err)
		}
	}
	lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Close()
	_, err = tasks.Pause(ctx, taskstate.PauseTarget{})
	wantError(t, err, taskstate.ErrInvalidArgument, "zone_id")
}

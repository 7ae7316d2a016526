package taskstate_test

import (
	"encoding/json"
	"errors"
	"testing"

	taskstate "github.com/taskstate/taskstate-go"
)

func TestCanTransitionHasThreeMoves(t *testing.T) {
	legal := map[[2]taskstate.Status]bool{
		{taskstate.Pending, taskstate.Running}:   true,
		{taskstate.Running, taskstate.Completed}: true,
		{taskstate.Running, taskstate.Failed}:    true,
	}
	for from := taskstate.Status(-2); from < 6; from++ {
		for to := taskstate.Status(-2); to < 6; to++ {
			if got := taskstate.CanTransition(from, to); got != legal[[2]taskstate.Status{from, to}] {
				t.Errorf("CanTransition(%d, %d) = %v", from, to, got)
			}
		}
	}
}

func TestStatusWords(t *testing.T) {
	words := map[taskstate.Status]string{
		taskstate.Pending: "pending", taskstate.Running: "running", taskstate.Completed: "completed",
		taskstate.Failed: "failed", taskstate.NoStatus: "", 4: "",
	}
	for status, word := range words {
		if status.String() != word {
			t.Errorf("%d is %q, want %q", status, status, word)
		}
		if terminal := word == "completed" || word == "failed"; status.Terminal() != terminal {
			t.Errorf("%d terminal: %v", status, status.Terminal())
		}
		if word == "" {
			continue
		}
		if parsed, err := taskstate.ParseStatus(word); err != nil || parsed != status {
			t.Errorf("ParseStatus(%q) = %d, %v", word, parsed, err)
		}
		text, err := json.Marshal(status)
		if err != nil || string(text) != `"`+word+`"` {
			t.Errorf("marshalled: %s, %v", text, err)
		}
		read := taskstate.Status(9)
		if err := json.Unmarshal(text, &read); err != nil || read != status {
			t.Errorf("unmarshalled: %d, %v", read, err)
		}
	}
}

func TestStatusRefusesOtherWords(t *testing.T) {
	for _, word := range []string{"Pending", "done", " running"} {
		_, err := taskstate.ParseStatus(word)
		var failure *taskstate.Error
		if !errors.As(err, &failure) || !errors.Is(err, taskstate.ErrInvalidArgument) || failure.Field != "status" {
			t.Errorf("ParseStatus(%q): %v", word, err)
		}
		status := taskstate.Running
		if err := status.UnmarshalText([]byte(word)); !errors.Is(err, taskstate.ErrInvalidArgument) || status != taskstate.Running {
			t.Errorf("UnmarshalText(%q): %v, %d", word, err, status)
		}
	}
	status := taskstate.Running
	if err := status.UnmarshalText(nil); err != nil || status != taskstate.NoStatus {
		t.Errorf("UnmarshalText of nothing: %v, %d", err, status)
	}
}

package taskstate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	taskstate "github.com/taskstate/taskstate-go"
)

// allCodes returns every code, by its name; which there are is compared with the contract by the library's own tests.
func allCodes() map[taskstate.Code]string {
	codes := map[taskstate.Code]string{}
	for code := taskstate.ErrInvalidArgument; !strings.HasPrefix(code.String(), "code "); code++ {
		codes[code] = code.String()
	}
	return codes
}

func TestEveryCodeIsASentinel(t *testing.T) {
	codes := allCodes()
	if codes[taskstate.ErrBehind] != "behind" {
		t.Fatalf("%d codes: %v", len(codes), codes)
	}
	for code, name := range codes {
		if code.String() != name || code.Error() != "taskstate: "+name {
			t.Errorf("code %d is %q, %q", code, code.String(), code.Error())
		}
		err := fmt.Errorf("host: %w", &taskstate.Error{Code: code, Message: "why"})
		for other := range codes {
			if errors.Is(err, other) != (other == code) {
				t.Errorf("errors.Is(%v, %v) = %v", err, other, other != code)
			}
		}
		var failure *taskstate.Error
		if !errors.As(err, &failure) || failure.Code != code || failure.Error() != "taskstate: "+name+": why" {
			t.Errorf("errors.As of %v", err)
		}
	}
}

func TestErrorsOfUnusualMaking(t *testing.T) {
	var none *taskstate.Error
	if none.Error() != "<nil>" || none.Is(taskstate.ErrBusy) || none.Unwrap() != nil {
		t.Error("a nil error is none")
	}
	if text := (&taskstate.Error{Code: taskstate.ErrBusy}).Error(); text != "taskstate: busy" {
		t.Error(text)
	}
	if text := taskstate.Code(99).String(); text != "code 99" {
		t.Error(text)
	}
	if text := taskstate.Code(-1).String(); text != "code -1" {
		t.Error(text)
	}
	if errors.Is(&taskstate.Error{Code: taskstate.ErrBusy}, errors.New("busy")) {
		t.Error("an error of others is no code")
	}
	if taskstate.NotDone.String() != "not_done" || taskstate.Unknown.String() != "unknown" {
		t.Error("outcome words")
	}
}

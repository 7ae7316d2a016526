package taskstate_test

import (
	"errors"
	"fmt"
	"testing"

	taskstate "github.com/taskstate/taskstate-go"
)

var codes = map[taskstate.Code]string{
	taskstate.ErrInvalidArgument: "invalid_argument", taskstate.ErrNotFound: "not_found",
	taskstate.ErrAlreadyExists: "already_exists", taskstate.ErrIllegalTransition: "illegal_transition",
	taskstate.ErrLeaseLost: "lease_lost", taskstate.ErrIdempotencyMismatch: "idempotency_mismatch",
	taskstate.ErrLimitExceeded: "limit_exceeded", taskstate.ErrBusy: "busy", taskstate.ErrCancelled: "cancelled",
	taskstate.ErrReadOnly: "read_only", taskstate.ErrAccessDenied: "access_denied",
	taskstate.ErrDiskFull: "disk_full", taskstate.ErrIO: "io_error", taskstate.ErrCorrupt: "corrupt",
	taskstate.ErrNotATaskstateFile: "not_a_taskstate_file", taskstate.ErrSchemaTooNew: "schema_too_new",
	taskstate.ErrSchemaTooOld: "schema_too_old", taskstate.ErrMoved: "moved", taskstate.ErrForked: "forked",
	taskstate.ErrClosed: "closed", taskstate.ErrNoMemory: "no_memory", taskstate.ErrUnavailable: "unavailable",
	taskstate.ErrUnsupported: "unsupported", taskstate.ErrInternal: "internal",
}

func TestEveryCodeIsASentinel(t *testing.T) {
	if len(codes) != 24 {
		t.Fatalf("%d codes", len(codes))
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

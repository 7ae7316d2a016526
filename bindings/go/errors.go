package taskstate

import (
	"fmt"
	"strconv"
)

// Code is the kind of a failure. It is an error itself, so that errors.Is(err, taskstate.ErrBusy) and
// a switch over Error.Code use the same names. Since 0.1.
type Code int32

// Every kind of failure. Since 0.1.
const (
	ErrInvalidArgument     Code = 1  // a value breaks its rule; nothing was stored
	ErrNotFound            Code = 2  // no such task
	ErrAlreadyExists       Code = 3  // a task with that key exists
	ErrIllegalTransition   Code = 4  // the state machine has no such move from here
	ErrLeaseLost           Code = 5  // the lease's epoch is no longer current
	ErrIdempotencyMismatch Code = 6  // same idempotency key, other content
	ErrLimitExceeded       Code = 7  // a configured limit is reached
	ErrBusy                Code = 8  // no write lock before the deadline; guaranteed not applied
	ErrCancelled           Code = 9  // the caller cancelled; guaranteed not applied
	ErrReadOnly            Code = 10 // opened read-only, or the file is
	ErrAccessDenied        Code = 11 // the operating system refused access
	ErrDiskFull            Code = 12 // no room; the change was rolled back whole
	ErrIO                  Code = 13 // the disk failed; open the file again
	ErrCorrupt             Code = 14 // the file is damaged
	ErrNotATaskstateFile   Code = 15 // the file is something else; it was not touched
	ErrSchemaTooNew        Code = 16 // the file needs a newer taskstate
	ErrSchemaTooOld        Code = 17 // the file is older and was not migrated
	ErrMoved               Code = 18 // the file was replaced or removed while it was open
	ErrForked              Code = 19 // opened before fork(); open the file again in the child
	ErrClosed              Code = 20 // the engine was closed
	ErrNoMemory            Code = 21 // out of memory; state unharmed
	ErrUnavailable         Code = 22 // the file cannot be opened or reached now
	ErrUnsupported         Code = 23 // not possible on this system, file system or build
	ErrInternal            Code = 24 // a defect in taskstate
	ErrRestored            Code = 25 // content of a copy: a position is void or, once, a call not done
	ErrBehind              Code = 26 // the position expired: purges after it are trimmed
)

var codeNames = [...]string{
	"ok", "invalid_argument", "not_found", "already_exists", "illegal_transition", "lease_lost",
	"idempotency_mismatch", "limit_exceeded", "busy", "cancelled", "read_only", "access_denied", "disk_full",
	"io_error", "corrupt", "not_a_taskstate_file", "schema_too_new", "schema_too_old", "moved", "forked", "closed",
	"no_memory", "unavailable", "unsupported", "internal", "restored", "behind",
}

// String returns the code's name as every language spells it, such as "illegal_transition"; "code N" for a number
// that is no code. Since 0.1.
func (c Code) String() string {
	if c < 0 || int(c) >= len(codeNames) {
		return "code " + strconv.Itoa(int(c))
	}
	return codeNames[c]
}

// Error returns the name after "taskstate: ". Since 0.1.
func (c Code) Error() string { return "taskstate: " + c.String() }

// Outcome says whether a change that failed may have happened all the same. Since 0.1.
type Outcome int32

// The outcomes of a failed change. Since 0.1.
const (
	NotDone Outcome = 0 // the change is guaranteed not applied
	Unknown Outcome = 1 // the change may or may not have been applied; read to find out
)

// String returns "not_done" or "unknown". Since 0.1.
func (o Outcome) String() string {
	if o == NotDone {
		return "not_done"
	}
	return "unknown"
}

// Detail is one field that breaks its rule. Since 0.1.
type Detail struct {
	Field   string // a path into the input, such as "links[0].href"
	Message string // the rule, and the value's length or kind, never its content
}

// Error is why a call failed. It is a plain value. Since 0.1.
type Error struct {
	Code    Code     // one of ErrInvalidArgument to ErrInternal
	Outcome Outcome  // NotDone or Unknown
	Field   string   // the first field at fault; "" if none
	Message string   // one sentence, without the content of any value
	Details []Detail // one for each field at fault

	cause  error        // what Unwrap gives
	native *nativeError // for Accept; nil if the error was made here
}

// Error returns the code's name and the message. Since 0.1.
func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	if e.Message == "" {
		return e.Code.Error()
	}
	return e.Code.Error() + ": " + e.Message
}

// Is reports whether target is this error's [Code]. Since 0.1.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && e != nil && e.Code == code
}

// Unwrap returns [context.DeadlineExceeded] if the context's deadline ended the call, else nil. Since 0.1.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

func invalid(field, format string, args ...any) *Error {
	message := fmt.Sprintf(format, args...)
	return &Error{Code: ErrInvalidArgument, Field: field, Message: message, Details: []Detail{{field, message}}}
}

func errClosed() *Error { return &Error{Code: ErrClosed, Message: "the engine is closed"} }

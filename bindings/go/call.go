package taskstate

import (
	"context"
	"errors"
	"time"
)

// Call is what one operation carries besides its arguments; the task's history records it. Texts that are "" are
// absent. Since 0.1.
type Call struct {
	RequestID   string // the client's request id, 1-128 visible ASCII characters; Create keeps it on the task, too
	Traceparent string // a W3C traceparent, version 00 (Trace Context, section 3.2); Create keeps it on the task, too
	Actor       string // who acts, 1-256 bytes of UTF-8 without control characters
}

type callKey struct{}

// WithCall returns a context whose operations carry call. It replaces what an outer WithCall attached. A value that
// breaks its rule makes the operation fail with [ErrInvalidArgument]. Since 0.1.
func WithCall(ctx context.Context, call Call) context.Context {
	return context.WithValue(ctx, callKey{}, call)
}

// CallFrom returns what [WithCall] attached, or the zero Call. Since 0.1.
func CallFrom(ctx context.Context) Call {
	call, _ := ctx.Value(callKey{}).(Call)
	return call
}

// callArgs is a Call and its timeout as the native side takes them.
type callArgs struct {
	Call
	timeout int64 // microseconds; negative: the engine's own
	ctx     context.Context
	cancel  *cancelToken // nil if nobody can cancel the context

	statements []Statement
	also       *alsoCall // nil if there are no statements
}

// newCallArgs fails with the context's error if it is already done. A nil context is one without deadline or values.
func newCallArgs(ctx context.Context) (callArgs, error) {
	args := callArgs{timeout: -1}
	if ctx == nil {
		return args, nil
	}
	if err := ctx.Err(); err != nil {
		return args, err
	}
	args.ctx = ctx
	args.Call = CallFrom(ctx)
	args.statements, _ = ctx.Value(alsoKey{}).([]Statement)
	if deadline, ok := ctx.Deadline(); ok {
		args.timeout = time.Until(deadline).Microseconds()
		if args.timeout < 0 {
			return args, context.DeadlineExceeded
		}
	}
	return args, nil
}

// explain makes an error that the context caused say so.
func (args callArgs) explain(err error) error {
	var failure *Error
	if err == nil || !errors.As(err, &failure) {
		return err
	}
	switch {
	case failure.Code == ErrCancelled && args.ctx != nil:
		failure.cause = args.ctx.Err()
	case failure.Code == ErrBusy && args.timeout >= 0:
		failure.cause = context.DeadlineExceeded
	}
	return err
}

// cancellable lets the end of the context cancel the call, until the function it returns is called.
func (args *callArgs) cancellable() func() {
	if args.ctx == nil || args.ctx.Done() == nil {
		return func() {}
	}
	token := newCancelToken()
	args.cancel = token
	stop := afterDone(args.ctx, func() {
		// A deadline is the call's timeout, which says ErrBusy: both come at one moment, and either may be first.
		if errors.Is(args.ctx.Err(), context.Canceled) {
			token.cancel()
		}
	})
	return func() {
		stop()
		token.free()
	}
}

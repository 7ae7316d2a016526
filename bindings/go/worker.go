package taskstate

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// What the client reads of a handler that failed. What went wrong is kept as detail, for operators.
const (
	handlerFailed    = "The task failed."
	handlerCancelled = "The task was cancelled."
)

// PublicError is an error whose Message the client may read. Since 0.1.
type PublicError struct {
	Message string // 1-16384 bytes of UTF-8
	Err     error  // private; nil: none
}

// Public returns an error that lets a task fail with a message that the client may read. Since 0.1.
func Public(message string, err error) error { return &PublicError{Message: message, Err: err} }

// Error returns the message, and the private error behind it. Since 0.1.
func (e *PublicError) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the private error. Since 0.1.
func (e *PublicError) Unwrap() error { return e.Err }

// Handler does the work of one task, under a context that is [Lease.Context]. It says how the task ended with
// [Lease.Complete] or [Lease.Fail]. One that returns nil without having done so gives the task back; an error fails it,
// with "The task failed." for the client (or the message of a [PublicError]) and the error as private detail; so does a
// panic. Since 0.1.
type Handler func(ctx context.Context, lease *Lease) error

// Worker claims tasks and hands them to a handler. Since 0.1.
type Worker struct {
	Engine      *Engine
	Options     ClaimOptions // Wait is ignored: a worker waits
	Concurrency int          // how many handlers run at once; 0: 1
}

// retryPause is how long a worker waits after a claim that failed for a reason that may pass.
const retryPause = 100 * time.Millisecond

// Run claims and handles until ctx is done. Then it claims no more; a task at hand is given back at once if another attempt
// is left (its context is cancelled, and whatever its handler still does is refused), and finished otherwise. It returns nil
// once all handlers have returned. It returns early with the error of a claim that will not succeed later either, such as
// [ErrClosed] or [ErrInvalidArgument]. Since 0.1.
func (w *Worker) Run(ctx context.Context, handler Handler) error {
	options := w.Options
	options.Wait = -1
	slots := make(chan struct{}, w.concurrency())
	var handlers sync.WaitGroup
	defer handlers.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case slots <- struct{}{}:
		}
		lease, err := w.Engine.Claim(ctx, options)
		if err != nil {
			<-slots
			if ctx.Err() != nil {
				return nil
			}
			if !errors.Is(err, ErrBusy) && !errors.Is(err, ErrDiskFull) && !errors.Is(err, ErrNoMemory) {
				return err
			}
			pause(ctx, retryPause)
			continue
		}
		handlers.Add(1)
		go func() {
			defer handlers.Done()
			defer func() { <-slots }()
			serve(ctx, lease, handler)
		}()
	}
}

func (w *Worker) concurrency() int {
	if w.Concurrency < 1 {
		return 1
	}
	return w.Concurrency
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// serve runs the handler for one lease and ends it.
func serve(ctx context.Context, lease *Lease, handler Handler) {
	defer lease.Close()
	task := lease.Task()
	if task.Attempt < task.MaxAttempts {
		defer afterDone(ctx, func() { _ = lease.Close() })()
	}
	if err := run(handler, lease); err != nil {
		fail(lease, err)
	}
}

// panicked is a panic as an error: what was thrown, and where.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v\n\n%s", p.value, p.stack) }

func run(handler Handler, lease *Lease) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicked{value, debug.Stack()}
		}
	}()
	return handler(lease.Context(), lease)
}

// fail keeps trying for as long as the lease lasts. What the client reads is never the error's own text.
func fail(lease *Lease, err error) {
	update := Update{ErrorMessage: handlerFailed, ErrorDetail: detailOf(err)}
	var public *PublicError
	switch {
	case errors.As(err, &public):
		update.ErrorMessage = public.Message
	case lease.CancelRequested():
		update.ErrorMessage = handlerCancelled
	}
	for {
		_, failed := lease.Fail(context.Background(), update)
		if errors.Is(failed, ErrInvalidArgument) && update.ErrorMessage != handlerFailed {
			update.ErrorMessage = handlerFailed // the public message breaks its rule
			continue
		}
		if !errors.Is(failed, ErrBusy) || lease.Lost() {
			return
		}
	}
}

// longestDetail is what the library keeps of a private detail, in bytes.
const longestDetail = 16384

func detailOf(err error) string {
	detail := strings.ToValidUTF8(strings.ReplaceAll(err.Error(), "\x00", ""), "\uFFFD")
	if len(detail) <= longestDetail {
		return detail
	}
	end := longestDetail
	for !utf8.RuneStart(detail[end]) {
		end--
	}
	return detail[:end]
}

package taskstate

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Heartbeat is what a heartbeat tells the worker. Since 0.1.
type Heartbeat struct {
	CancelRequested bool          // stop; what the worker reports all the same stands
	Duration        time.Duration // how long the lease lasts from now on
	ExpiresAt       time.Time     // by the wall clock of the moment
}

// Lease holds one task. It ends with [Lease.Complete], [Lease.Fail] or [Lease.Release], or with [Lease.Close], which
// releases; until then it is kept with heartbeats in the background, one goroutine for all leases of an engine. Everything
// done under a lease that has ended is [ErrLeaseLost] and changes nothing. Any number of goroutines. Since 0.1.
type Lease struct {
	engine *Engine
	token  string
	ctx    context.Context
	cancel context.CancelFunc

	mutex           sync.Mutex
	task            *Task
	duration        time.Duration
	expiresAt       time.Time
	ended           bool
	lost            bool
	cancelRequested bool
	next            time.Time // the keeper's
	index           int       // the keeper's
}

// detached has the values of a context, and nothing of its end.
type detached struct{ values context.Context }

func (detached) Deadline() (time.Time, bool) { return time.Time{}, false }
func (detached) Done() <-chan struct{}       { return nil }
func (detached) Err() error                  { return nil }
func (d detached) Value(key any) any {
	if d.values == nil {
		return nil
	}
	return d.values.Value(key)
}

func newLease(ctx context.Context, engine *Engine, from granted) *Lease {
	lease := &Lease{engine: engine, token: from.token, task: from.task, duration: from.duration, expiresAt: from.expiresAt}
	lease.ctx, lease.cancel = context.WithCancel(detached{ctx})
	engine.keeper.keep(lease)
	return lease
}

// Task returns the task as it was when it was claimed, or as this lease last changed it. Since 0.1.
func (l *Lease) Task() *Task {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.task
}

// Payload returns what the host gave at Create; nil if nothing. Since 0.1.
func (l *Lease) Payload() []byte { return l.Task().Payload }

// Token names the lease in every process that has the file open; see [Engine.Lease]. Opaque, printable ASCII. Since 0.1.
func (l *Lease) Token() string { return l.token }

// Epoch returns the number that tells this lease from every other one of the task. Since 0.1.
func (l *Lease) Epoch() int64 { return l.Task().Epoch }

// Attempt returns 1 for the first. Since 0.1.
func (l *Lease) Attempt() int64 { return l.Task().Attempt }

// ExpiresAt returns when the lease ends unless there is a heartbeat, by the wall clock of the last one. Since 0.1.
func (l *Lease) ExpiresAt() time.Time {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.expiresAt
}

// Context returns a context for the work, with the values of the one that was given to Claim. It is cancelled when the
// lease is lost, when cancelling the task was asked for, and when the lease has ended. Since 0.1.
func (l *Lease) Context() context.Context { return l.ctx }

// Lost reports whether another may hold the task already: whatever is done under the lease is refused. Since 0.1.
func (l *Lease) Lost() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.lost
}

// CancelRequested reports whether the client or the host asked the task to stop. Since 0.1.
func (l *Lease) CancelRequested() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.cancelRequested
}

// Heartbeat moves the lease's end, which the background does as well; progress, a Link of rel "progress", replaces the
// task's link of that rel, at most once a second; nil: none. Errors: [ErrLeaseLost], [ErrInvalidArgument] and those of
// every change. Since 0.1.
func (l *Lease) Heartbeat(ctx context.Context, progress *Link) (Heartbeat, error) {
	var beat Heartbeat
	err := l.engine.use(ctx, func(h *handle, args callArgs) (err error) {
		beat, err = h.heartbeat(l.token, progress, args)
		return err
	})
	l.heard(beat, err)
	return beat, err
}

// heard takes note of what a heartbeat told.
func (l *Lease) heard(beat Heartbeat, err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.ended {
		return
	}
	switch {
	case err == nil:
		l.duration, l.expiresAt = beat.Duration, beat.ExpiresAt
		l.cancelRequested = l.cancelRequested || beat.CancelRequested
	case errors.Is(err, ErrLeaseLost), errors.Is(err, ErrClosed), errors.Is(err, ErrForked):
		l.lost = true
	}
	if l.lost || l.cancelRequested {
		l.cancel()
	}
}

// Annotate adds to the task. Errors: [ErrLeaseLost], [ErrInvalidArgument] and those of every change. Since 0.1.
func (l *Lease) Annotate(ctx context.Context, update Update) (*Task, error) {
	return l.change(ctx, false, func(h *handle, args callArgs) (*Task, error) {
		return h.updateLeased(opAnnotate, l.token, &update, args)
	})
}

// Complete moves the task from running to completed, as [Engine.Complete], and ends the lease. Repeating the very same
// outcome succeeds; another one is [ErrIllegalTransition]. Errors also: [ErrLeaseLost]. Since 0.1.
func (l *Lease) Complete(ctx context.Context, update Update) (*Task, error) {
	return l.change(ctx, true, func(h *handle, args callArgs) (*Task, error) {
		return h.updateLeased(opComplete, l.token, &update, args)
	})
}

// Fail moves the task from running to failed, whatever attempts are left, and ends the lease. Its kind is "cancelled" if
// cancelling was asked for, else "failed". Errors as [Lease.Complete]. Since 0.1.
func (l *Lease) Fail(ctx context.Context, update Update) (*Task, error) {
	return l.change(ctx, true, func(h *handle, args callArgs) (*Task, error) {
		return h.updateLeased(opFail, l.token, &update, args)
	})
}

// Release gives the task back and ends the lease: it is requeued after delay (0 to 30 days) if an attempt is left and
// cancelling was not asked for; else it fails, kind "lost" or "cancelled". Errors: [ErrLeaseLost] and those of every
// change. Since 0.1.
func (l *Lease) Release(ctx context.Context, delay time.Duration) (*Task, error) {
	return l.change(ctx, true, func(h *handle, args callArgs) (*Task, error) { return h.release(l.token, delay, args) })
}

// Close releases the task unless the lease has ended, and waits for that no longer than a second; a lease that is lost has
// nothing to release, which is no error. Closing again does nothing. Since 0.1.
func (l *Lease) Close() error {
	l.mutex.Lock()
	ended := l.ended
	l.mutex.Unlock()
	if ended {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := l.Release(ctx, 0)
	l.end(nil)
	if errors.Is(err, ErrLeaseLost) || errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}

func (l *Lease) change(ctx context.Context, ends bool, do func(*handle, callArgs) (*Task, error)) (*Task, error) {
	task, err := l.engine.task(ctx, do)
	l.settle(ends, task, err)
	if err != nil {
		return nil, err
	}
	return task, nil
}

// settle takes note of what came of a change under the lease, and gives its task the payload.
func (l *Lease) settle(ends bool, task *Task, err error) {
	if err != nil {
		l.heard(Heartbeat{}, keepLost(err))
		return
	}
	l.mutex.Lock()
	task.Payload = l.task.Payload
	l.mutex.Unlock()
	if ends {
		l.end(task)
		return
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.task = task
}

// keepLost drops every error that says nothing about the lease.
func keepLost(err error) error {
	if errors.Is(err, ErrLeaseLost) {
		return err
	}
	return errUnrelated
}

var errUnrelated = errors.New("taskstate: not about the lease")

func (l *Lease) end(task *Task) {
	l.mutex.Lock()
	if task != nil {
		l.task = task
	}
	l.ended = true
	l.mutex.Unlock()
	l.engine.keeper.forget(l)
	l.cancel()
}

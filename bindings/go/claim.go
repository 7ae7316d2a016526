package taskstate

import (
	"context"
	"errors"
	"os"
	"time"
)

// ErrNone says that there is nothing to claim. Since 0.1.
var ErrNone = errors.New("taskstate: nothing to claim")

// ClaimOptions says which tasks [Engine.Claim] takes, and on which terms. Since 0.1.
type ClaimOptions struct {
	Worker     string        // who claims, 1-256 bytes of UTF-8 without control characters; never on the wire
	Lease      time.Duration // how long it lasts without a heartbeat, 1 ms - 30 days; 0: 30 s
	Zones      []string      // none: all
	Operations []string      // none: all
	Wait       time.Duration // for the first task; 0: not at all; negative: as long as the context lasts
}

// Claim takes the oldest task of the zone whose turn it is, and begins to keep its lease with heartbeats in the
// background: close the lease when done with it. Errors: [ErrNone] if there is nothing to do, also after the wait;
// [ErrInvalidArgument], the context's error, and those of every change (see [Engine.Create]). Waiting takes no thread. Since 0.1.
func (e *Engine) Claim(ctx context.Context, options ClaimOptions) (*Lease, error) {
	leases, err := e.ClaimMany(ctx, 1, options)
	if err != nil {
		return nil, err
	}
	return leases[0], nil
}

// ClaimMany takes up to limit tasks (1-64) at once, each under a lease of its own; it waits for the first only. Errors as
// [Engine.Claim]. Since 0.1.
func (e *Engine) ClaimMany(ctx context.Context, limit int, options ClaimOptions) ([]*Lease, error) {
	leases, err := e.claimNow(ctx, limit, &options)
	if err == nil && len(leases) == 0 && options.Wait != 0 {
		leases, err = e.claimWaiting(ctx, limit, &options)
	}
	if err == nil && len(leases) == 0 {
		err = ErrNone
	}
	return leases, err
}

func (e *Engine) claimNow(ctx context.Context, limit int, options *ClaimOptions) ([]*Lease, error) {
	return e.leases(ctx, func(h *handle, args callArgs) ([]granted, error) { return h.claim(limit, options, args) })
}

// claimWaiting sleeps on a descriptor in between, which Go's poller watches.
func (e *Engine) claimWaiting(ctx context.Context, limit int, options *ClaimOptions) ([]*Lease, error) {
	var wake *watch
	err := e.use(ctx, func(h *handle, _ callArgs) (err error) {
		wake, err = h.watch(options)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer wake.free()
	if options.Wait > 0 {
		wake.wakeUp(time.Now().Add(options.Wait))
	}
	if ctx != nil && ctx.Done() != nil {
		defer afterDone(ctx, func() { wake.wakeUp(time.Now()) })()
	}
	for {
		slept := wake.sleep()
		if err := wake.reset(); err != nil {
			return nil, err
		}
		leases, err := e.claimNow(ctx, limit, options)
		if err != nil || len(leases) > 0 || errors.Is(slept, os.ErrDeadlineExceeded) {
			return leases, err
		}
		if slept != nil {
			return nil, &Error{Code: ErrUnavailable, Message: "the wake-up call failed: " + slept.Error()}
		}
	}
}

// StartLeased takes the named task, pending or requeued; only Worker and Lease of the options are used. Errors:
// [ErrNotFound], [ErrIllegalTransition], and those of [Engine.Claim] but [ErrNone]. Since 0.1.
func (e *Engine) StartLeased(ctx context.Context, zoneID, id string, options ClaimOptions) (*Lease, error) {
	leases, err := e.leases(ctx, func(h *handle, args callArgs) ([]granted, error) {
		return h.startLeased(zoneID, id, &options, args)
	})
	if err != nil {
		return nil, err
	}
	return leases[0], nil
}

// Lease takes over the lease that another process holds, by its token, and keeps it from now on. Errors: [ErrLeaseLost],
// [ErrInvalidArgument], and those of every change. Since 0.1.
func (e *Engine) Lease(ctx context.Context, token string) (*Lease, error) {
	leases, err := e.leases(ctx, func(h *handle, args callArgs) ([]granted, error) {
		beat, err := h.heartbeat(token, nil, args)
		if err != nil {
			return nil, err
		}
		// An annotation of nothing changes nothing, but tells the task.
		task, err := h.updateLeased(opAnnotate, token, &Update{}, args)
		if err != nil {
			return nil, err
		}
		if full, err := h.get(task.ZoneID, task.ID, true, args); err == nil && full != nil {
			task.Payload = full.Payload
		}
		return []granted{{task, token, beat.Duration, beat.ExpiresAt}}, nil
	})
	if err != nil {
		return nil, err
	}
	return leases[0], nil
}

func (e *Engine) leases(ctx context.Context, do func(*handle, callArgs) ([]granted, error)) ([]*Lease, error) {
	var leases []*Lease
	err := e.use(ctx, func(h *handle, args callArgs) error {
		all, err := do(h, args)
		for _, each := range all {
			leases = append(leases, newLease(ctx, e, each))
		}
		return err
	})
	return leases, err
}

package taskstate

import (
	"context"
	"errors"
	"os"
	"time"
)

// ChangesOptions says which part of the feed [Engine.ReadChanges] and [Engine.Changes] give. Since 0.1.
type ChangesOptions struct {
	ZoneID   string        // "": all zones
	After    string        // a position, of a batch or an event; "": from the first event that is still there
	Latest   bool          // begin here and now; After must be ""
	AllowGap bool          // go on from After although purges behind it are no longer told
	Limit    int           // events of a batch, 1-1000; 0: 100
	Wait     time.Duration // for the first event; 0: not at all; negative: as long as the context lasts
}

// ChangesBatch is a part of the feed: events of all tasks in the order in which they were committed. Since 0.1.
type ChangesBatch struct {
	Events        []Event // may be empty
	Position      string  // ChangesOptions.After of the next batch: opaque, at most 128 bytes
	PurgedThrough int64   // sequence numbers missing up to it belong to purged tasks; above it none is missing
}

// ReadChanges returns what was committed after a position. A task that is purged takes its events along and leaves one,
// "purged", which is told for [WithFeedRetention]. Waiting takes no thread. Errors: [ErrRestored] (the position is of another
// file: this one is a restored backup), [ErrBehind] (purges after the position are no longer told: read the tasks again,
// or allow the gap), [ErrInvalidArgument], the context's error, and those of [Engine.Get]. Since 0.1.
func (e *Engine) ReadChanges(ctx context.Context, options ChangesOptions) (*ChangesBatch, error) {
	batch, err := e.changesNow(ctx, &options)
	if err != nil || len(batch.Events) > 0 || options.Wait == 0 {
		return batch, err
	}
	options.After, options.Latest = batch.Position, false
	var wake *watch
	err = e.use(ctx, func(h *handle, _ callArgs) (err error) {
		wake, err = h.watchChanges(options.ZoneID)
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
		batch, err := e.changesNow(ctx, &options)
		if err != nil || len(batch.Events) > 0 || errors.Is(slept, os.ErrDeadlineExceeded) {
			return batch, err
		}
		options.After = batch.Position
	}
}

func (e *Engine) changesNow(ctx context.Context, options *ChangesOptions) (*ChangesBatch, error) {
	var batch *ChangesBatch
	err := e.use(ctx, func(h *handle, args callArgs) (err error) {
		batch, err = h.changes(options, args)
		return err
	})
	return batch, err
}

// Changes goes through the feed event by event, for a range loop (it is an iter.Seq2[Event, error]): it waits for what
// comes as long as the context lasts if options.Wait is negative, and ends when nothing came for options.Wait else. An error ends it,
// the context's among them. Event.Position, kept after the event was handled, is where to go on. Errors as
// [Engine.ReadChanges]. Since 0.1.
func (e *Engine) Changes(ctx context.Context, options ChangesOptions) func(yield func(Event, error) bool) {
	return func(yield func(Event, error) bool) {
		options := options
		for {
			batch, err := e.ReadChanges(ctx, options)
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, event := range batch.Events {
				if !yield(event, nil) {
					return
				}
			}
			if len(batch.Events) == 0 && options.Wait >= 0 {
				return
			}
			options.After, options.Latest, options.AllowGap = batch.Position, false, false
		}
	}
}

package taskstate

import (
	"context"
	"sync"
	"time"
)

// UntilEnded, as the revision of [Engine.Wait], waits until the task is completed or failed. Since 0.1.
const UntilEnded int64 = -1

// Wait returns the task once it has moved past revision, or is completed or failed; with [UntilEnded] once it is completed
// or failed. It waits as long as the context lasts and wakes within milliseconds of a change by any process. Waiting takes no
// thread: all waiting calls of an engine share one descriptor and one goroutine. Errors: [ErrNotFound] if there is no such
// task, the context's error, [ErrUnavailable] if the system has no descriptor left, and those of [Engine.Get]. Since 0.1.
func (e *Engine) Wait(ctx context.Context, zoneID, id string, revision int64) (*Task, error) {
	for {
		task, err := e.task(ctx, func(h *handle, args callArgs) (*Task, error) {
			return h.wait(zoneID, id, revision, args)
		})
		if err != nil {
			return nil, err
		}
		if task == nil {
			return nil, &Error{Code: ErrNotFound, Message: "no such task"}
		}
		if task.Status == Completed || task.Status == Failed || (revision >= 0 && task.Revision > revision) {
			return task, nil
		}
		if err := e.waits.wait(ctx, e, zoneID, id, revision); err != nil {
			return nil, err
		}
	}
}

// waits is all that waits for tasks of an engine. Its goroutine and its watch live only while somebody does.
type waits struct {
	mutex   sync.Mutex
	watch   *watch
	last    int64
	waiting map[int64]chan struct{}
}

// wait returns when the task may have moved, or with the context's error.
func (w *waits) wait(ctx context.Context, e *Engine, zoneID, id string, revision int64) error {
	tag, moved, err := w.register(ctx, e, zoneID, id, revision)
	if err != nil {
		return err
	}
	var done <-chan struct{}
	if ctx != nil {
		done = ctx.Done()
	}
	select {
	case <-moved:
		return nil
	case <-done:
		w.leave(zoneID, id, tag)
		return ctx.Err()
	}
}

func (w *waits) register(ctx context.Context, e *Engine, zoneID, id string, revision int64) (int64, chan struct{}, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	begins := w.watch == nil
	if begins {
		err := e.use(ctx, func(h *handle, _ callArgs) (err error) {
			w.watch, err = h.watchTasks()
			return err
		})
		if err != nil {
			return 0, nil, err
		}
		w.waiting = map[int64]chan struct{}{}
	}
	w.last++
	tag := w.last
	moved := make(chan struct{})
	w.waiting[tag] = moved
	if err := w.watch.task(zoneID, id, revision, tag); err != nil {
		delete(w.waiting, tag)
		if begins {
			w.end()
		}
		return 0, nil, err
	}
	if begins {
		go w.tell(w.watch)
	}
	return tag, moved, nil
}

func (w *waits) leave(zoneID, id string, tag int64) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if _, waits := w.waiting[tag]; !waits {
		return
	}
	w.watch.forget(zoneID, id, tag)
	delete(w.waiting, tag)
	if len(w.waiting) == 0 {
		w.watch.wakeUp(time.Now())
	}
}

// tell wakes whose task has moved, until nobody waits.
func (w *waits) tell(watch *watch) {
	for {
		slept := watch.sleep()
		w.mutex.Lock()
		tags, err := watch.takeTags()
		for _, tag := range tags {
			w.wake(tag)
		}
		// Told without a tag, the engine was closed: each looks for itself.
		if err != nil || (slept == nil && len(tags) == 0) {
			for tag := range w.waiting {
				w.wake(tag)
			}
		}
		if len(w.waiting) == 0 {
			w.end()
			w.mutex.Unlock()
			return
		}
		if slept != nil {
			watch.wakeUp(time.Time{})
		}
		w.mutex.Unlock()
	}
}

func (w *waits) wake(tag int64) {
	if moved, waits := w.waiting[tag]; waits {
		close(moved)
		delete(w.waiting, tag)
	}
}

func (w *waits) end() {
	w.watch.free()
	w.watch = nil
}

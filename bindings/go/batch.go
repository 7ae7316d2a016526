package taskstate

import (
	"context"
)

// BatchMax is the most changes that [Engine.Run] takes at once. Since 0.1.
const BatchMax = 10000

// Batch is a list of changes for [Engine.Run]; the zero value is empty. Each method adds one, means what the one of
// [Engine] or [Lease] that it names does, and returns the batch. It holds plain Go values: nothing is checked before it
// runs, and nothing needs to be closed. What slices and maps in them refer to is not copied: leave it as it is until Run
// has returned. One goroutine at a time, except that any number may run it at once while nobody adds. Does not block.
// Since 0.1.
type Batch struct{ items []batchItem }

// batchItem is one change: how the native side gets it, and the lease that it is made under.
type batchItem struct {
	add   func(*nativeBatch) error
	token string // "" without a lease
}

// Create adds an [Engine.Create]. A spec without an ID gets a new one each time that the batch runs. Since 0.1.
func (b *Batch) Create(spec NewTask) *Batch {
	return b.with("", func(to *nativeBatch) error { return to.create(&spec) })
}

// Start adds an [Engine.Start]. Since 0.1.
func (b *Batch) Start(zoneID, id string) *Batch {
	return b.with("", func(to *nativeBatch) error { return to.start(zoneID, id) })
}

// Annotate adds an [Engine.Annotate]. Since 0.1.
func (b *Batch) Annotate(zoneID, id string, update Update) *Batch {
	return b.update(opAnnotate, zoneID, id, update)
}

// Complete adds an [Engine.Complete]. Since 0.1.
func (b *Batch) Complete(zoneID, id string, update Update) *Batch {
	return b.update(opComplete, zoneID, id, update)
}

// Fail adds an [Engine.Fail]; update.ErrorMessage is required. Since 0.1.
func (b *Batch) Fail(zoneID, id string, update Update) *Batch {
	return b.update(opFail, zoneID, id, update)
}

// CompleteLeased adds a [Lease.Complete] by the holder of the lease with this [Lease.Token]. Since 0.1.
func (b *Batch) CompleteLeased(token string, update Update) *Batch {
	return b.with(token, func(to *nativeBatch) error { return to.updateLeased(opComplete, token, &update) })
}

// FailLeased adds a [Lease.Fail] by the holder of the lease with this [Lease.Token]; update.ErrorMessage is required.
// Since 0.1.
func (b *Batch) FailLeased(token string, update Update) *Batch {
	return b.with(token, func(to *nativeBatch) error { return to.updateLeased(opFail, token, &update) })
}

// Len returns how many changes the batch holds; 0 for nil. Since 0.1.
func (b *Batch) Len() int {
	if b == nil {
		return 0
	}
	return len(b.items)
}

// Clear empties the batch, to be filled again. Since 0.1.
func (b *Batch) Clear() {
	for i := range b.items {
		b.items[i] = batchItem{} // the room stays, what it held must not
	}
	b.items = b.items[:0]
}

func (b *Batch) update(op updateOp, zoneID, id string, update Update) *Batch {
	return b.with("", func(to *nativeBatch) error { return to.update(op, zoneID, id, &update) })
}

func (b *Batch) with(token string, add func(*nativeBatch) error) *Batch {
	b.items = append(b.items, batchItem{add, token})
	return b
}

// Result is what became of one change of a batch: the task as it is after it, or why it was refused. Since 0.1.
type Result struct {
	Task *Task // nil exactly when Err is not
	Err  error // as the change alone would have given it: for errors.Is, errors.As and Engine.Accept
}

// Completion is one task to be completed, for [Engine.CompleteMany]. Since 0.1.
type Completion struct {
	ZoneID string
	ID     string
	Update Update
}

// Run carries out the changes of the batch in order, in as few transactions as the log's budget allows, for a fraction of
// what they cost one by one. Each is on its own: results[i] tells of the i-th, one that is refused leaves the others alone,
// and each that succeeded is durable when Run returns. The batch stays as it is. The statements of [WithAlso] run with each
// change that changes its task. When the context ends meanwhile, what was not begun is [ErrBusy] or [ErrCancelled], and
// the context's error, by its own result, and guaranteed not applied; when the engine is closed meanwhile, [ErrClosed]. A
// [Lease] of this engine whose token completed or failed its task has ended.
//
// Run itself fails only if nothing was begun: the context's error if it was done already, [ErrLimitExceeded] for more than
// [BatchMax] changes, [ErrInvalidArgument] for the context's [Call] or a statement's argument, [ErrClosed], [ErrForked],
// [ErrNoMemory]; this one has the outcome [Unknown] if memory ran out for the results. Blocks up to the context's
// deadline. Since 0.1.
func (e *Engine) Run(ctx context.Context, batch *Batch) ([]Result, error) {
	var results []Result
	err := e.use(ctx, func(h *handle, args callArgs) (err error) {
		if batch == nil {
			batch = &Batch{}
		}
		results, err = h.run(batch.items, args)
		for i := range results {
			results[i].Err = args.explain(results[i].Err)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	e.keeper.settle(batch, results)
	return results, nil
}

// CreateMany is [Engine.Create] of each, as a batch. Results and errors as [Engine.Run]. Blocks up to the context's
// deadline. Since 0.1.
func (e *Engine) CreateMany(ctx context.Context, specs []NewTask) ([]Result, error) {
	batch := &Batch{items: make([]batchItem, 0, len(specs))}
	for i := range specs {
		spec := &specs[i]
		batch.with("", func(to *nativeBatch) error { return to.create(spec) })
	}
	return e.Run(ctx, batch)
}

// CompleteMany is [Engine.Complete] of each, as a batch. Results and errors as [Engine.Run]. Blocks up to the context's
// deadline. Since 0.1.
func (e *Engine) CompleteMany(ctx context.Context, completions []Completion) ([]Result, error) {
	batch := &Batch{items: make([]batchItem, 0, len(completions))}
	for i := range completions {
		what := &completions[i]
		batch.with("", func(to *nativeBatch) error { return to.update(opComplete, what.ZoneID, what.ID, &what.Update) })
	}
	return e.Run(ctx, batch)
}

// settle tells the leases that a batch changed the tasks of.
func (k *keeper) settle(batch *Batch, results []Result) {
	var kept map[string][]*Lease
	for i, result := range results {
		token := batch.items[i].token
		if token == "" {
			continue
		}
		if kept == nil {
			kept = k.byToken()
		}
		for _, lease := range kept[token] {
			lease.settle(true, result.Task, result.Err)
		}
	}
}

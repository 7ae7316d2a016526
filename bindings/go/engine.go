package taskstate

import (
	"context"
	"runtime"
)

// Engine is one open file. Any number of goroutines may use it at once. Close it when done with it. Since 0.1.
type Engine struct {
	handle *handle // nil only in an Engine that no Open made
	keeper keeper  // of its leases
	waits  waits   // for its tasks
}

// Version returns the version of the library that is linked, "major.minor.patch"; "" in a build without cgo. Since 0.1.
func Version() string { return nativeVersion() }

// ABI returns the number of the library's binary interface; -1 in a build without cgo. Since 0.1.
func ABI() int { return nativeABI() }

// Open opens, and unless [WithMode] says otherwise creates with mode 0600, the file at path; ":memory:" is a private
// database in memory. An older file is migrated or refused, as [WithMigration] says. It blocks up to the timeout. Errors:
// [ErrInvalidArgument], [ErrNotATaskstateFile], [ErrSchemaTooNew], [ErrSchemaTooOld], [ErrCorrupt], [ErrAccessDenied], [ErrReadOnly], [ErrUnsupported],
// [ErrUnavailable], [ErrBusy], [ErrDiskFull], [ErrIO], [ErrNoMemory]. Since 0.1.
func Open(path string, options ...Option) (*Engine, error) {
	settings := configOf(options)
	handle, err := nativeOpen(path, &settings)
	if err != nil {
		return nil, err
	}
	return &Engine{handle: handle}, nil
}

func configOf(options []Option) config {
	var settings config
	for _, option := range options {
		if option != nil {
			option(&settings)
		}
	}
	return settings
}

// Migration is what [Migrate] did. Since 0.2.
type Migration struct {
	FromSchema, ToSchema int   // what the file had and has; the same: there was nothing to do
	CopyBytes            int64 // of the copy beside it, FILE.schemaN
	WALBytes             int64 // to which the -wal grew
}

// Migrate brings the file at path to this library's schema, in one transaction, and closes it; before that it is copied to
// FILE.schemaN beside it (N: its old schema). Without a deadline it takes as long as it takes; the context can end it until it
// commits. How far it is goes to the log, level info. Errors: [ErrBusy] (also while an engine of an older release has the
// file open that could not go on: its process is named), [ErrAlreadyExists] (the copy would take the place of what is no
// earlier state of the file), [ErrDiskFull] (how much is needed), [ErrSchemaTooOld], [ErrSchemaTooNew], [ErrUnavailable]
// (no such file), the context's error, and those of [Open]. Since 0.2.
func Migrate(ctx context.Context, path string, options ...Option) (Migration, error) {
	settings := configOf(options)
	args, err := newCallArgs(ctx)
	if err != nil {
		return Migration{}, err
	}
	defer args.cancellable()()
	migration, err := nativeMigrate(path, &settings, args)
	return migration, args.explain(err)
}

// Close closes the file at once: calls that wait for their turn and later calls give [ErrClosed]; a change that is
// being committed runs to its end first. The last to close leaves a file that is whole by itself. Closing again, or a
// nil Engine, does nothing and gives nil. What little memory a closed engine needs to answer, its callbacks among it,
// is the garbage collector's to give back; so is an engine that was lost without Close, at a time of its choosing.
// Since 0.1.
func (e *Engine) Close() error {
	if e == nil || e.handle == nil {
		return nil
	}
	err := e.use(context.Background(), func(h *handle, _ callArgs) error { return h.close() })
	e.keeper.stop()
	return err
}

// use runs do with the handle, which stays valid meanwhile.
func (e *Engine) use(ctx context.Context, do func(*handle, callArgs) error) error {
	args, err := newCallArgs(ctx)
	if err != nil {
		return err
	}
	if e == nil || e.handle == nil {
		return errClosed()
	}
	if len(args.statements) > 0 {
		if args.also, err = newAlsoCall(args.statements); err != nil {
			return err
		}
		defer args.also.free()
	}
	defer args.cancellable()()
	err = args.explain(do(e.handle, args))
	runtime.KeepAlive(e.handle) // or it could be freed as soon as do has taken what it holds
	return err
}

func (e *Engine) task(ctx context.Context, do func(*handle, callArgs) (*Task, error)) (*Task, error) {
	var task *Task
	err := e.use(ctx, func(h *handle, args callArgs) (err error) {
		task, err = do(h, args)
		return err
	})
	return task, err
}

// Create creates a pending task; it is durable when Create returns. Errors: [ErrInvalidArgument] with one detail for
// each field at fault, [ErrAlreadyExists], [ErrIdempotencyMismatch], [ErrLimitExceeded] (see [WithPendingLimit]),
// [ErrNotFound] and [ErrIllegalTransition] (of RetryOf: unknown, not failed), the context's error, and those of every change: [ErrBusy], [ErrClosed],
// [ErrReadOnly], [ErrDiskFull], [ErrIO], [ErrMoved], [ErrCorrupt], [ErrSchemaTooNew], [ErrForked], [ErrNoMemory],
// [ErrInternal]. Blocks up to the context's deadline. Since 0.1.
func (e *Engine) Create(ctx context.Context, spec NewTask) (*Task, error) {
	return e.task(ctx, func(h *handle, args callArgs) (*Task, error) { return h.create(&spec, args) })
}

// Start moves a task from pending to running. Errors: [ErrNotFound], [ErrIllegalTransition], and those of every change
// (see [Engine.Create]). Blocks up to the context's deadline. Since 0.1.
func (e *Engine) Start(ctx context.Context, zoneID, id string) (*Task, error) {
	return e.task(ctx, func(h *handle, args callArgs) (*Task, error) { return h.start(zoneID, id, args) })
}

// Annotate adds to a pending or running task. Adding only what is already there changes nothing. Errors as
// [Engine.Start], and [ErrInvalidArgument]. Blocks up to the context's deadline. Since 0.1.
func (e *Engine) Annotate(ctx context.Context, zoneID, id string, update Update) (*Task, error) {
	return e.update(ctx, opAnnotate, zoneID, id, update)
}

// Complete moves a task from running to completed. The task must then lead somewhere: it has an InstallID, or one link
// with rel "result". Repeating the very same outcome succeeds and changes nothing; another one is
// [ErrIllegalTransition]. Errors as [Engine.Annotate]. Blocks up to the context's deadline. Since 0.1.
func (e *Engine) Complete(ctx context.Context, zoneID, id string, update Update) (*Task, error) {
	return e.update(ctx, opComplete, zoneID, id, update)
}

// Fail moves a task from running to failed; update.ErrorMessage is required. Repetition and errors as
// [Engine.Complete]. Blocks up to the context's deadline. Since 0.1.
func (e *Engine) Fail(ctx context.Context, zoneID, id string, update Update) (*Task, error) {
	return e.update(ctx, opFail, zoneID, id, update)
}

// CancelOptions says how [Engine.Cancel] goes about it. Since 0.1.
type CancelOptions struct {
	Force  bool   // fail a running task at once, whoever holds it
	Reason string // the public message, 1-16384 bytes of UTF-8; "": "The task was cancelled."
}

// Cancel cancels a task. A pending one fails, and so does one that is requeued. A running one is marked: its worker
// hears of it with its next heartbeat, and its outcome stands, unless Force ends it at once. Cancelling again changes
// nothing. Errors: [ErrNotFound], [ErrIllegalTransition] for a task that has ended otherwise, and those of every change.
// Blocks up to the context's deadline. Since 0.1.
func (e *Engine) Cancel(ctx context.Context, zoneID, id string, options CancelOptions) (*Task, error) {
	return e.task(ctx, func(h *handle, args callArgs) (*Task, error) {
		return h.cancel(zoneID, id, options.Force, options.Reason, args)
	})
}

// Reprioritize gives a task another priority, -100 to 100, while nobody holds it: it is pending, or it is requeued. The
// history tells it as "reprioritized", with the detail "0 → 50"; the priority that the task has changes nothing. Errors:
// [ErrNotFound], [ErrInvalidArgument], [ErrIllegalTransition] for a task that somebody holds (release or cancel it first)
// or that has ended, and those of every change. Since 0.2.
func (e *Engine) Reprioritize(ctx context.Context, zoneID, id string, priority int) (*Task, error) {
	return e.task(ctx, func(h *handle, args callArgs) (*Task, error) {
		return h.reprioritize(zoneID, id, priority, args)
	})
}

// RetryOptions say how [Engine.Retry] goes about it. Since 0.2.
type RetryOptions struct {
	Again bool // also where another task retries it already
}

// Retry makes a new task like one that failed, of whatever kind, and returns it: with the failed task's operation,
// install ID, package fields, payload, priority, MaxAttempts and Ref, and as long to be started in as it had from its
// creation; without its links, warnings, idempotency key, NotBefore and tracing. A link rel="predecessor" leads to the
// failed one, as with NewTask.RetryOf, which counts as a retry, too. Errors: [ErrNotFound], [ErrIllegalTransition] (it did
// not fail), [ErrAlreadyExists] (another task, which the message names, retries it already), [ErrLimitExceeded], and those
// of every change. Since 0.2.
func (e *Engine) Retry(ctx context.Context, zoneID, id string, options RetryOptions) (*Task, error) {
	return e.task(ctx, func(h *handle, args callArgs) (*Task, error) { return h.retry(zoneID, id, options.Again, args) })
}

// Tick ends leases whose time is over, fails what nobody started in time, and lets be claimed what was held back: what
// the engine does by itself once a second, now. It returns how many tasks that was. Errors as those of every change.
// Leases whose end cannot be told from here are left alone: see [Stats].LeasesIncomparable. Since 0.1.
func (e *Engine) Tick(ctx context.Context) (int, error) {
	var count int
	err := e.use(ctx, func(h *handle, args callArgs) (err error) {
		count, err = h.tick(args)
		return err
	})
	return count, err
}

type updateOp int32

// The numbers that the bridge knows the operations by.
const (
	opAnnotate updateOp = 0
	opComplete updateOp = 1
	opFail     updateOp = 2
)

func (e *Engine) update(ctx context.Context, op updateOp, zoneID, id string, update Update) (*Task, error) {
	return e.task(ctx, func(h *handle, args callArgs) (*Task, error) { return h.update(op, zoneID, id, &update, args) })
}

// Result returns what a completed task has stored as its result. Errors: [ErrNotFound], whose message says why there is
// none (no such task, it is pending or running, it has failed, it stored none, or [WithResultRetention] is over), and
// those of [Engine.Get]. Since 0.2.
func (e *Engine) Result(ctx context.Context, zoneID, id string) (*StoredResult, error) {
	var stored *StoredResult
	err := e.use(ctx, func(h *handle, args callArgs) (err error) {
		stored, err = h.result(zoneID, id, args)
		return err
	})
	return stored, err
}

// GetOption is a setting of [Engine.Get]. Since 0.1.
type GetOption func(*getConfig)

type getConfig struct{ payload bool }

// WithPayload makes Get read the task's payload, too. Since 0.1.
func WithPayload() GetOption { return func(c *getConfig) { c.payload = true } }

// Get returns the task as it is now. Errors: [ErrNotFound] if there is none, also for ids outside the grammar; the
// context's error; [ErrBusy], [ErrClosed], [ErrIO], [ErrMoved], [ErrCorrupt], [ErrSchemaTooNew], [ErrForked],
// [ErrNoMemory], [ErrInternal]. Blocks for one read. Since 0.1.
func (e *Engine) Get(ctx context.Context, zoneID, id string, options ...GetOption) (*Task, error) {
	var settings getConfig
	for _, option := range options {
		option(&settings)
	}
	return e.task(ctx, func(h *handle, args callArgs) (*Task, error) {
		task, err := h.get(zoneID, id, settings.payload, args)
		if err == nil && task == nil {
			return nil, &Error{Code: ErrNotFound, Message: "no such task"}
		}
		return task, err
	})
}

// List returns tasks, newest first on every page: of one zone by creation time and id, of all zones by the order in which they
// were created. A cursor is opaque and bound to its file and filter; a foreign or altered one is [ErrInvalidArgument].
// Other errors as [Engine.Get]. Blocks for one read. Since 0.1.
func (e *Engine) List(ctx context.Context, query ListQuery) (*Page, error) {
	var page *Page
	err := e.use(ctx, func(h *handle, args callArgs) (err error) {
		page, err = h.list(&query, args)
		return err
	})
	return page, err
}

// History returns one page of a task's events, newest first; none for a task that does not exist. A query, one at most,
// asks for fewer or for older ones. Its cursor is opaque and bound to the file and the task; a foreign or altered one is
// [ErrInvalidArgument]. Other errors as [Engine.Get], without [ErrNotFound]. Blocks for one read. Since 0.1.
func (e *Engine) History(ctx context.Context, zoneID, id string, query ...HistoryQuery) (*History, error) {
	var page *History
	var which HistoryQuery
	if len(query) > 0 {
		which = query[0]
	}
	err := e.use(ctx, func(h *handle, args callArgs) (err error) {
		page, err = h.history(zoneID, id, which, args)
		return err
	})
	return page, err
}

// Verify examines the file: SQLite's integrity check and every invariant of tasks, events and counters. It reads all
// of it, in one snapshot; writers go on. Problems are a result, not an error. Errors as [Engine.History]. Blocks as
// long as reading takes. Since 0.1.
func (e *Engine) Verify(ctx context.Context) (*Report, error) {
	var report *Report
	err := e.use(ctx, func(h *handle, args callArgs) (err error) {
		report, err = h.verify(args)
		return err
	})
	return report, err
}

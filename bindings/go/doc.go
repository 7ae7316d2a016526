// Package taskstate is the tasks table behind a status URL: an embedded task-state engine over one SQLite file.
//
// A host that answers a request with 202 Accepted creates a task, moves it from pending through running to completed
// or failed, and asks the engine for the exact HTTP answer to every status request:
//
//	tasks, err := taskstate.Open("catalog.db")
//	task, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: taskstate.OpCreate, PackageID: "pkg_1"})
//	task, err = tasks.Start(ctx, "z1", task.ID)
//	task, err = tasks.Complete(ctx, "z1", task.ID, taskstate.Update{InstallID: "ins_1"})
//	tasks.Decide(ctx, "z1", task.ID, taskstate.RequestFrom(r)).WriteTo(w)
//
// Every change is durable when its method returns. An Engine may be used by any number of goroutines, and any number
// of processes may have the same file open. Results are plain Go values that hold no memory outside Go's heap and
// outlive the engine.
//
// # Workers
//
// [Worker] claims tasks and hands them to a [Handler]; [Engine.Claim] takes one. A worker holds its task under a [Lease]: what
// it does after another has taken the task over is [ErrLeaseLost] and changes nothing.
//
// # Batches
//
// [Engine.Run], [Engine.CreateMany] and [Engine.CompleteMany] carry out many changes in one call, for a fraction of what they
// cost one by one. Each is on its own and has its own [Result].
//
// # Contexts
//
// Every method that may block takes a [context.Context]. Its deadline becomes the call's timeout; without a deadline
// the engine's own applies (5 s unless [WithTimeout] says otherwise). A context that is already done is answered with
// its error before anything else happens; one that ends while the call waits for the write lock ends the call, which is then
// guaranteed not applied. A change that is being committed runs to its end. [WithCall] attaches what the task's history records: request id, traceparent, actor.
//
// # Errors
//
// A failed call returns an [*Error]; [errors.Is] compares it with the codes, from [ErrInvalidArgument] to
// [ErrInternal]. Error.Outcome says whether a change that failed certainly did not happen. A call that ran into its
// context's deadline is both [ErrBusy] and [context.DeadlineExceeded].
//
// # Building
//
// The package needs cgo and the taskstate library, which it finds through pkg-config. Built without cgo it has the
// same exported names; its values work, and Open gives [ErrUnsupported].
package taskstate

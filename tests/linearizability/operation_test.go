package linearizability

import (
	"fmt"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

// The operations. Each is of one task, whose zone is its own, so that a claim of the zone is a claim of the task.
const (
	opCreate      = "create"
	opGet         = "get"
	opDecide      = "decide"
	opStart       = "start"
	opStartLeased = "start_leased"
	opClaim       = "claim"
	opHeartbeat   = "heartbeat"
	opComplete    = "complete" // under the lease with Epoch; 0: under none
	opFail        = "fail"     // as opComplete
	opRelease     = "release"
	opCancel      = "cancel"
)

// An operation is a call as its caller saw it.
type operation struct {
	Task   string        `json:"task"`
	Op     string        `json:"op"`
	Worker string        `json:"worker,omitempty"` // who claims; every call's is another
	Epoch  int64         `json:"epoch,omitempty"`  // of the lease that is shown
	Value  string        `json:"value,omitempty"`  // what a complete or fail says; the operation's own
	Force  bool          `json:"force,omitempty"`
	Most   int64         `json:"most,omitempty"`  // attempts of a created task
	Lease  time.Duration `json:"lease,omitempty"` // how long a claim or heartbeat lets it last

	Client int           `json:"client"`
	Call   time.Duration `json:"call"`   // CLOCK_MONOTONIC
	Return time.Duration `json:"return"` // the same; 0: it has not returned
	Result *result       `json:"result,omitempty"`
}

// A result is what a call returned; none: whether it was done is not known.
type result struct {
	Code            string    `json:"code"` // "" when it was done
	Task            *snapshot `json:"task,omitempty"`
	CancelRequested bool      `json:"cancel_requested,omitempty"` // of a heartbeat
}

// A snapshot is a task as it was told.
type snapshot struct {
	Status          string `json:"status"`
	Revision        int64  `json:"revision,omitempty"` // 0: it was not told, as with a 303
	InstallID       string `json:"install_id,omitempty"`
	Message         string `json:"message,omitempty"`
	Hidden          bool   `json:"hidden,omitempty"` // what the wire does not show was not told
	Epoch           int64  `json:"epoch,omitempty"`
	Worker          string `json:"worker,omitempty"`
	Attempt         int64  `json:"attempt,omitempty"`
	FailureKind     string `json:"failure_kind,omitempty"`
	CancelRequested bool   `json:"cancel_requested,omitempty"`
}

func snapshotOf(task *taskstate.Task) *snapshot {
	return &snapshot{
		Status: task.Status.String(), Revision: task.Revision, InstallID: task.InstallID, Message: task.ErrorMessage,
		Epoch: task.Epoch, Worker: task.Worker, Attempt: task.Attempt, FailureKind: task.FailureKind,
		CancelRequested: task.CancelRequested,
	}
}

func (o operation) String() string {
	text := o.Op
	switch {
	case o.Epoch != 0:
		text += fmt.Sprintf(" under %d", o.Epoch)
	case o.Worker != "":
		text += " by " + o.Worker
	}
	if o.Value != "" {
		text += " " + o.Value
	}
	if o.Force {
		text += " by force"
	}
	switch {
	case o.Result == nil:
		return text + ": unknown"
	case o.Result.Code != "":
		return text + ": " + o.Result.Code
	case o.Result.Task == nil:
		return text + ": done"
	}
	return fmt.Sprintf("%s: %+v", text, *o.Result.Task)
}

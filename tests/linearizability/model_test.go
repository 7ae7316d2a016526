package linearizability

import (
	"fmt"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	pending   = "pending"
	running   = "running"
	completed = "completed"
	failed    = "failed"
)

// A state is one task as the contract describes it, and what is known of its lease.
type state struct {
	Status          string // "": there is none
	Revision        int64
	Attempt, Most   int64
	InstallID       string
	Message         string
	FailureKind     string
	CancelRequested bool
	Outcome         string // of the complete or fail that ended it

	Epoch        int64 // of the newest lease that is known; 0: never leased
	EpochUnknown bool  // the newest lease has a greater one: who got it never told
	Worker       string
	Held         bool
	// The lease was given or moved after Since, and ends between Earliest and Latest of the leases' clock.
	Since, Earliest, Latest time.Duration
}

func (s state) String() string {
	if s.Status == "" {
		return "none"
	}
	text := fmt.Sprintf("%s, revision %d, attempt %d", s.Status, s.Revision, s.Attempt)
	if s.Held {
		text += fmt.Sprintf(", held by %s under %d", s.Worker, s.Epoch)
		if s.EpochUnknown {
			text += "+"
		}
	}
	if s.CancelRequested {
		text += ", to be cancelled"
	}
	return text + " " + s.InstallID + s.Message
}

func (s state) leased() bool  { return s.Epoch > 0 || s.EpochUnknown }
func (s state) ended() bool   { return s.Status == completed || s.Status == failed }
func (s state) offered() bool { return s.Status == running && s.leased() && !s.Held }

// holds tells whether the lease is the one that the task is held under, or that its holder ended it under.
func (s state) holds(epoch int64) bool {
	return epoch == s.Epoch && !s.EpochUnknown && (s.Held || s.Outcome != "")
}

func (s state) failWith(kind, message string) state {
	s.Status, s.FailureKind, s.Message, s.Held, s.Worker = failed, kind, message, false, ""
	s.Revision++
	return s
}

// withoutHolder is the state once the lease has ended without an outcome.
func (s state) withoutHolder() state {
	switch {
	case s.CancelRequested:
		return s.failWith("cancelled", "The task was cancelled.")
	case s.Attempt >= s.Most:
		return s.failWith("lost", "The worker stopped before the task was finished.")
	}
	s.Held, s.Worker = false, ""
	s.Revision++
	return s
}

// shows tells whether the state is what was told; the epoch may be known from then on.
func (s *state) shows(told *snapshot) bool {
	if told == nil || s.Status != told.Status || s.InstallID != told.InstallID || s.Message != told.Message {
		return false
	}
	if told.Revision != 0 && s.Revision != told.Revision {
		return false
	}
	if told.Hidden {
		return true
	}
	if s.Worker != told.Worker || s.Attempt != told.Attempt || s.FailureKind != told.FailureKind ||
		s.CancelRequested != told.CancelRequested {
		return false
	}
	if s.EpochUnknown && told.Epoch > s.Epoch {
		s.Epoch, s.EpochUnknown = told.Epoch, false
	}
	return s.Epoch == told.Epoch && !s.EpochUnknown
}

// A rulebook is the contract: what a call may do to a task, and tell, in a state.
type rulebook struct {
	clock timeline
	kept  bool          // leases are kept in the background while their process lives
	end   time.Duration // of the history
}

// carriesOut gives the state after the operation, and the code that it must return then.
func (r rulebook) carriesOut(s state, o *operation) (state, string) {
	if s.Status == "" && o.Op != opCreate {
		if o.Op == opClaim {
			return s, "none"
		}
		return s, "not_found"
	}
	switch o.Op {
	case opCreate:
		if s.Status != "" {
			return s, "already_exists"
		}
		return state{Status: pending, Revision: 1, Most: o.Most}, ""
	case opStart:
		if s.Status != pending {
			return s, "illegal_transition"
		}
		s.Status = running
		s.Attempt++
		s.Revision++
	case opStartLeased, opClaim:
		if s.Status != pending && !s.offered() {
			if o.Op == opClaim {
				return s, "none"
			}
			return s, "illegal_transition"
		}
		s.Status, s.Held, s.EpochUnknown, s.Worker = running, true, true, o.Worker
		s.Attempt++
		s.Revision++
		s = r.lasts(s, o)
	case opHeartbeat:
		if !s.holds(o.Epoch) || s.ended() {
			return s, "lease_lost"
		}
		s = r.lasts(s, o)
	case opRelease:
		if !s.holds(o.Epoch) || s.ended() {
			return s, "lease_lost"
		}
		s = s.withoutHolder()
	case opComplete, opFail:
		return finish(s, o)
	case opCancel:
		switch {
		case s.FailureKind == "cancelled":
		case s.ended():
			return s, "illegal_transition"
		case s.Status == pending:
			s.Revision++ // it passes through running
			s = s.failWith("cancelled", "The task was cancelled.")
		case o.Force || s.offered():
			s = s.failWith("cancelled", "The task was cancelled.")
		case !s.CancelRequested:
			s.CancelRequested = true
			s.Revision++
		}
	}
	return s, ""
}

func finish(s state, o *operation) (state, string) {
	if o.Epoch != 0 && !s.holds(o.Epoch) || o.Epoch == 0 && s.Status == running && s.leased() {
		return s, "lease_lost"
	}
	outcome := o.Op + " " + o.Value
	switch {
	case s.Status == running && o.Op == opComplete:
		s.Status, s.InstallID, s.Held, s.Worker = completed, o.Value, false, ""
		s.Revision++
	case s.Status == running && s.CancelRequested:
		s = s.failWith("cancelled", o.Value)
	case s.Status == running:
		s = s.failWith("failed", o.Value)
	case s.Outcome != outcome:
		return s, "illegal_transition"
	}
	s.Outcome = outcome
	return s, ""
}

// lasts notes that the operation gave the lease its end.
func (r rulebook) lasts(s state, o *operation) state {
	least, most := r.clock.bounds(o.Call, r.returned(o))
	const grain = time.Microsecond // of the engine's clock
	s.Since, s.Earliest, s.Latest = o.Call, least+o.Lease-grain, most+o.Lease+grain
	return s
}

func (r rulebook) returned(o *operation) time.Duration {
	if o.Result == nil {
		return r.end
	}
	return o.Return
}

// mayHaveExpired tells whether the clock can have shown the lease's end before the operation returned.
func (r rulebook) mayHaveExpired(s state, o *operation) bool {
	if !s.Held {
		return false
	}
	_, most := r.clock.bounds(s.Since, r.returned(o))
	return most >= s.Earliest
}

// mustHaveExpired tells whether it has shown it all the time since the call; a claim ends such leases first.
func (r rulebook) mustHaveExpired(s state, o *operation) bool {
	if !s.Held || r.kept || o.Op != opClaim || o.Result == nil {
		return false
	}
	least, _ := r.clock.bounds(o.Call, o.Return)
	return least >= s.Latest
}

// after gives the states that are possible after the operation has returned what it did.
func (r rulebook) after(s state, o *operation) []state {
	var before, after []state
	if !r.mustHaveExpired(s, o) {
		before = append(before, s)
	}
	if r.mayHaveExpired(s, o) {
		before = append(before, s.withoutHolder())
	}
	for _, each := range before {
		next, code := r.carriesOut(each, o)
		if o.Result == nil { // done or not: if not, it is taken to come after everything else
			after = append(after, next)
			continue
		}
		if code != o.Result.Code {
			continue
		}
		if code == "" && o.Op == opHeartbeat && next.CancelRequested != o.Result.CancelRequested {
			continue
		}
		if code == "" && o.Op != opHeartbeat && !next.shows(o.Result.Task) {
			continue
		}
		after = append(after, next)
	}
	return after
}

func (r rulebook) model() porcupine.Model {
	model := porcupine.NondeterministicModel{
		Init: func() []interface{} { return []interface{}{state{}} },
		Step: func(from, input, _ interface{}) []interface{} {
			var after []interface{}
			for _, each := range r.after(from.(state), input.(*operation)) {
				after = append(after, each)
			}
			return after
		},
		DescribeOperation: func(input, _ interface{}) string { return input.(*operation).String() },
		DescribeState:     func(from interface{}) string { return from.(state).String() },
	}
	return model.ToModel()
}

// history is the operations as Porcupine takes them.
func (r rulebook) history(operations []*operation) (history []porcupine.Operation) {
	for _, each := range operations {
		history = append(history, porcupine.Operation{
			ClientId: each.Client, Input: each, Call: int64(each.Call), Return: int64(r.returned(each)),
		})
	}
	return history
}

// judge looks for an order of one task's operations that the contract allows.
func (r rulebook) judge(operations []*operation) porcupine.CheckResult {
	return porcupine.CheckOperationsTimeout(r.model(), r.history(operations), patience)
}

package linearizability

import (
	"math/rand"
	"time"
)

// Violations that Porcupine must refuse, each planted in a task's operations; nothing where there is no place for it.
var violations = []struct {
	name  string
	plant func(own []*operation) []*operation
}{
	{"a stale read", staleRead},
	{"a completion by an old epoch", oldEpoch},
	{"a lost write", lostWrite},
}

// A forgery is a task's operations with a violation.
type forgery struct {
	name       string
	operations []*operation
}

// forge plants each violation in one task.
func (h *history) forge(random *rand.Rand) (forged []forgery) {
	for _, each := range violations {
		for _, i := range random.Perm(len(h.tasks)) {
			if operations := each.plant(h.of(h.tasks[i])); operations != nil {
				forged = append(forged, forgery{each.name + " in task " + h.tasks[i], operations})
				break
			}
		}
	}
	return forged
}

// told gives the task that the operation's result told of with its revision, or nothing.
func told(o *operation) *snapshot {
	if o.Result == nil || o.Result.Code != "" || o.Result.Task == nil || o.Result.Task.Revision == 0 {
		return nil
	}
	return o.Result.Task
}

// with adds an operation that is called and returns right after the given moment, and drops what was called after the end:
// to refuse the rest would only take longer.
func with(own []*operation, after, end time.Duration, more operation) (forged []*operation) {
	for _, each := range own {
		if each.Call <= end {
			forged = append(forged, each)
		}
	}
	more.Client, more.Call, more.Return = reader+1, after+1, after+2
	return append(forged, &more)
}

// staleRead reads what was told before a newer revision was.
func staleRead(own []*operation) []*operation {
	for _, old := range own {
		for _, newer := range own {
			if told(old) != nil && told(newer) != nil && told(old).Revision < told(newer).Revision {
				return with(own, newer.Return, newer.Return, operation{
					Task: old.Task, Op: opGet, Result: &result{Task: told(old)},
				})
			}
		}
	}
	return nil
}

// oldEpoch completes under a lease once another has been given out.
func oldEpoch(own []*operation) []*operation {
	for _, first := range own {
		for _, second := range own {
			if first.Worker == "" || second.Worker == "" || told(first) == nil || told(second) == nil ||
				told(first).Epoch >= told(second).Epoch {
				continue
			}
			done := *told(second)
			done.Status, done.InstallID, done.Worker = completed, "forged", ""
			done.Revision++
			return with(own, second.Return, second.Return, operation{
				Task: first.Task, Op: opComplete, Epoch: told(first).Epoch, Value: "forged", Result: &result{Task: &done},
			})
		}
	}
	return nil
}

// lostWrite ends the task by an acknowledged call, though later ones find it alive.
func lostWrite(own []*operation) []*operation {
	for _, before := range own {
		for _, after := range own {
			if told(before) == nil || told(after) == nil || after.Call <= before.Return+2 ||
				told(after).Status == completed || told(after).Status == failed {
				continue
			}
			done := *told(before)
			if done.Hidden || done.Status != running {
				continue
			}
			done.Status, done.FailureKind, done.Message, done.Worker = failed, "cancelled", "The task was cancelled.", ""
			done.Revision++
			return with(own, before.Return, after.Return, operation{
				Task: before.Task, Op: opCancel, Force: true, Result: &result{Task: &done},
			})
		}
	}
	return nil
}

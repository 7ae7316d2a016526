package taskstate

import (
	"context"
	"net/http"
	"time"
)

// PurgeOptions says which tasks [Engine.Purge] removes. Since 0.1.
type PurgeOptions struct {
	OlderThan time.Duration // completed or failed at least so long ago, 0 to 100 years
	ZoneID    string        // "": all zones
	Limit     int64         // at most so many; 0: all
}

// Purge removes tasks that ended long ago, with their payloads and histories, a few in each transaction, and returns how many.
// A task whose idempotency key is still kept stays. When its turn does not come in time or the context ends after some were
// removed, it returns their number and no error. Errors: [ErrInvalidArgument], the context's error, and those of every
// change. Since 0.1.
func (e *Engine) Purge(ctx context.Context, options PurgeOptions) (int64, error) {
	var count int64
	err := e.use(ctx, func(h *handle, args callArgs) (err error) {
		count, err = h.purge(&options, args)
		return err
	})
	return count, err
}

// Erase removes one completed or failed task, whatever its age and idempotency key; when it returns, neither the file nor its
// -wal holds a byte of it but its key. It returns false if there was none. Errors: [ErrIllegalTransition] for a task that
// is pending or running: cancel it first; [ErrUnavailable] with outcome [Unknown]: it is gone, but a reader did not let the
// -wal be emptied in time, call again; and those of every change. Since 0.1.
func (e *Engine) Erase(ctx context.Context, zoneID, id string) (bool, error) {
	var erased bool
	err := e.use(ctx, func(h *handle, args callArgs) (err error) {
		erased, err = h.erase(zoneID, id, args)
		return err
	})
	return erased, err
}

// ClockOK says that the wall clock is right, for all processes on the file. When it gains more than an hour on the boot clock
// within one boot, nothing expires by it until this call or until 24 hours have passed: see [Stats].ExpiryPaused. Since 0.1.
func (e *Engine) ClockOK(ctx context.Context) error {
	return e.use(ctx, func(h *handle, args callArgs) error { return h.clockOK(args) })
}

// Backup copies the file as it is at one moment to path; others go on writing. The copy takes its name when it is whole and
// on the disk; an earlier backup there, or an empty file, is replaced, and nothing else. Without a deadline it takes as
// long as it takes. Errors: [ErrAlreadyExists] (at path stands anything else, or a -wal, -shm or -journal lies there),
// [ErrInvalidArgument] (it is the file itself, a companion of it or of another, or no regular file), the context's
// error, [ErrAccessDenied], [ErrDiskFull], [ErrIO], [ErrUnavailable], and those of [Engine.Get]. Since 0.1.
func (e *Engine) Backup(ctx context.Context, path string) error {
	return e.use(ctx, func(h *handle, args callArgs) error { return h.backup(path, args) })
}

// Count is how many tasks of one zone and operation have a status. Since 0.1.
type Count struct {
	ZoneID    string
	Operation string
	Status    Status
	Count     int64 // 1 and up: a count of 0 is left out
}

// PauseTarget is what claims pass over: a zone, or an operation; exactly one of them. Since 0.2.
type PauseTarget struct {
	ZoneID    string
	Operation string
}

// Pause is one that [Engine.Pause] has made. Since 0.2.
type Pause struct {
	What  PauseTarget
	Since time.Time
	Actor string // of the call that paused it; "" if it had none
}

// Pause makes claims of every process pass over the zone or the operation, until [Engine.Unpause]; it returns false if it
// was paused already. It is kept in the file, and [Engine.Stats] tells it with the call's actor. Tasks are created, and
// leases go on, as before, and what has a StartBy still fails by then. What is named, as by [Engine.Start], is not held
// up. No task changes, so statements of the host's own cannot go with it. Errors: [ErrInvalidArgument] and those of every
// change. Since 0.2.
func (e *Engine) Pause(ctx context.Context, what PauseTarget) (bool, error) {
	return e.setPaused(ctx, what, true)
}

// Unpause ends a pause, and wakes the claims that wait, in every process; it returns false if it was not paused. Errors as
// [Engine.Pause]. Since 0.2.
func (e *Engine) Unpause(ctx context.Context, what PauseTarget) (bool, error) {
	return e.setPaused(ctx, what, false)
}

func (e *Engine) setPaused(ctx context.Context, what PauseTarget, paused bool) (bool, error) {
	var changed bool
	err := e.use(ctx, func(h *handle, args callArgs) (err error) {
		changed, err = h.setPaused(what, paused, args)
		return err
	})
	return changed, err
}

// Failures is how many tasks failed, by kind, since the file was made. Since 0.1.
type Failures struct {
	Failed    int64 // their worker said so
	Cancelled int64 // somebody cancelled them
	Expired   int64 // nobody started them in time
	Lost      int64 // their worker was gone, and no attempt was left
}

// Histogram is how often something took how long, since the file was made. Since 0.1.
type Histogram struct {
	Bounds []time.Duration // inclusive upper bounds of the buckets, ascending; the last bucket has none
	Counts []int64         // of each bucket: one more than there are bounds
	Count  int64           // of all buckets
	Sum    time.Duration   // of all that was measured; the longest Duration if it is longer
}

// Stats are figures of a file, and of the engine that read them since it was opened. Since 0.1.
type Stats struct {
	Pending, Running, Completed, Failed int64 // tasks of all zones
	Counts                              []Count
	Pauses                              []Pause // of the whole file: zones, then operations

	FileBytes    int64 // of the database file
	FreeBytes    int64 // of these, unused
	WALBytes     int64
	LastSequence int64 // of the newest event

	Commits       int64 // transactions of this engine
	Changes       int64 // what they held: Changes / Commits is the mean size of a group
	LargestGroup  int64
	Checkpoints   int64
	LockWaits     int64 // commits that had to wait for another process
	LockWait      time.Duration
	Waiters       int64 // registrations of watches and waiting calls, now
	CacheHits     int64 // answers of [Engine.Decide] that were kept and current
	CacheMisses   int64 // those that were read
	CacheEntries  int64 // answers that are kept, now
	CacheBytes    int64
	Durability    Durability
	LeaseClock    string // what leases are held in: "boot", "wall" or "host"
	AnswerProof   string // how kept answers are proven current: "wal_index", "own_commits", or "none" are kept
	SQLiteVersion string
	Locks         string // what keeps others out of the file: "ofd", "posix" (weaker: close() or fork() elsewhere can drop them), or "none" in memory

	LeasesIncomparable      int64 // whose end cannot be told from here, by their clock or ours
	LeaseClocksIncomparable int64 // the clocks of these
	ExpiryPaused            bool  // the wall clock has leapt, and nothing expires by it: see [Engine.ClockOK]

	LeasesLost  int64 // leases that ended without their holder, by any process since the file was made
	Failures    Failures
	WaitingTime Histogram // from a task's creation, or its NotBefore, to its start
	RunningTime Histogram // from the start of its latest attempt to its end

	OpenMetrics string // all of it as OpenMetrics text 1.0.0
}

// Stats returns figures, with the counts of all zones, or of the one that is named. It costs the same however many tasks there
// are. Errors: [ErrInvalidArgument] and those of [Engine.Get]. Since 0.1.
func (e *Engine) Stats(ctx context.Context, zoneID ...string) (*Stats, error) {
	var stats *Stats
	zone := ""
	if len(zoneID) > 0 {
		zone = zoneID[0]
	}
	err := e.use(ctx, func(h *handle, args callArgs) (err error) {
		stats, err = h.stats(zone, args)
		return err
	})
	return stats, err
}

// MetricsHandler serves the figures to a scraper as OpenMetrics text; 503 when they cannot be read. Since 0.1.
func (e *Engine) MetricsHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stats, err := e.Stats(r.Context())
		if err != nil {
			http.Error(w, "the figures cannot be read", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
		_, _ = w.Write([]byte(stats.OpenMetrics))
	})
}

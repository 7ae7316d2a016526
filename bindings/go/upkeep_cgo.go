//go:build cgo

package taskstate

// #include "bridge.h"
import "C"

import (
	"math"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

func copyEvent(view *C.tse_event_view) Event {
	return Event{
		Sequence:    int64(view.sequence),
		ZoneID:      text(view.zone_id),
		ID:          text(view.id),
		Kind:        text(view.kind),
		From:        Status(view.from_status),
		To:          Status(view.to_status),
		At:          timeOf(view.at),
		Revision:    int64(view.revision),
		Attempt:     int64(view.attempt),
		Worker:      text(view.worker),
		Epoch:       int64(view.epoch),
		RequestID:   text(view.request_id),
		Traceparent: text(view.traceparent),
		Message:     text(view.message),
		Detail:      text(view.detail),
		Position:    text(view.position),
	}
}

func (h *handle) changes(options *ChangesOptions, call callArgs) (*ChangesBatch, error) {
	var out C.tsego_changes
	var flags C.int32_t
	if options.Latest {
		flags |= C.TSE_CHANGES_LATEST
	}
	if options.AllowGap {
		flags |= C.TSE_CHANGES_ALLOW_GAP
	}
	code := C.tsego_changes_read(h.engine, options.ZoneID, options.After, flags, C.int64_t(options.Limit),
		C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor, call.cancel.native(), call.also.native(),
		&out)
	defer C.tsego_changes_free(&out)
	if code != C.TSE_OK {
		return nil, takeError(code, out.error)
	}
	batch := &ChangesBatch{Position: text(out.view.position), PurgedThrough: int64(out.view.purged_through)}
	for _, view := range unsafe.Slice(out.events, int(out.view.count)) {
		view := view
		batch.Events = append(batch.Events, copyEvent(&view))
	}
	return batch, nil
}

// pastIn gives the library's "none" for UntilEnded.
func pastIn(revision int64) C.int64_t {
	if revision < 0 {
		return C.TSE_NONE
	}
	return C.int64_t(revision)
}

func (h *handle) wait(zoneID, id string, revision int64, call callArgs) (*Task, error) {
	var out C.tsego_task
	code := C.tsego_wait(h.engine, zoneID, id, pastIn(revision), C.int64_t(call.timeout), call.RequestID,
		call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	return finishTask(code, &out)
}

func (h *handle) purge(options *PurgeOptions, call callArgs) (int64, error) {
	var count C.int64_t
	var failure *C.tse_error
	code := C.tsego_purge(h.engine, options.ZoneID, timeoutIn(options.OlderThan), C.int64_t(options.Limit),
		C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor, call.cancel.native(), call.also.native(),
		&count, &failure)
	return int64(count), takeError(code, failure)
}

func (h *handle) erase(zoneID, id string, call callArgs) (bool, error) {
	var erased C.int32_t
	var failure *C.tse_error
	code := C.tsego_erase(h.engine, zoneID, id, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor,
		call.cancel.native(), call.also.native(), &erased, &failure)
	return erased == 1, takeError(code, failure)
}

func (h *handle) clockOK(call callArgs) error {
	var failure *C.tse_error
	code := C.tsego_clock_ok(h.engine, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor,
		call.cancel.native(), call.also.native(), &failure)
	return takeError(code, failure)
}

func (h *handle) backup(path string, call callArgs) error {
	var failure *C.tse_error
	code := C.tsego_backup(h.engine, path, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor,
		call.cancel.native(), call.also.native(), &failure)
	return takeError(code, failure)
}

func copyHistogram(from *C.tse_histogram) Histogram {
	to := Histogram{Count: int64(from.count), Sum: durationOf(from.sum_us)}
	for _, bound := range unsafe.Slice(from.bounds_us, int(from.bound_count)) {
		to.Bounds = append(to.Bounds, durationOf(bound))
	}
	for _, count := range unsafe.Slice(from.counts, int(from.bound_count)+1) {
		to.Counts = append(to.Counts, int64(count))
	}
	return to
}

// durationOf gives the longest duration for what is longer.
func durationOf(us C.int64_t) time.Duration {
	if us > math.MaxInt64/1000 {
		return math.MaxInt64
	}
	return time.Duration(us) * time.Microsecond
}

func (h *handle) stats(zoneID string, call callArgs) (*Stats, error) {
	var out C.tsego_stats
	code := C.tsego_stats_read(h.engine, zoneID, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor,
		call.cancel.native(), call.also.native(), &out)
	defer C.tsego_stats_free(&out)
	if code != C.TSE_OK {
		return nil, takeError(code, out.error)
	}
	view := &out.view
	stats := &Stats{
		Pending: int64(view.pending), Running: int64(view.running),
		Completed: int64(view.completed), Failed: int64(view.failed),
		FileBytes:     int64(view.file_bytes),
		FreeBytes:     int64(view.free_bytes),
		WALBytes:      int64(view.wal_bytes),
		LastSequence:  int64(view.last_sequence),
		Commits:       int64(view.commits),
		Changes:       int64(view.changes),
		LargestGroup:  int64(view.largest_group),
		Checkpoints:   int64(view.checkpoints),
		LockWaits:     int64(view.lock_waits),
		LockWait:      time.Duration(view.lock_wait_us) * time.Microsecond,
		Waiters:       int64(view.waiters),
		CacheHits:     int64(view.cache_hits),
		CacheMisses:   int64(view.cache_misses),
		CacheEntries:  int64(view.cache_entries),
		CacheBytes:    int64(view.cache_bytes),
		Durability:    Durability(view.durability),
		LeaseClock:    text(view.lease_clock),
		AnswerProof:   text(view.answer_proof),
		SQLiteVersion: text(view.sqlite_version),
		Locks:         text(view.locks),
		OpenMetrics:   C.GoString(C.tse_stats_text(out.stats)),

		LeasesIncomparable:      int64(view.leases_incomparable),
		LeaseClocksIncomparable: int64(view.lease_clocks_incomparable),
		ExpiryPaused:            view.expiry_paused != 0,

		LeasesLost: int64(view.leases_lost),
		Failures: Failures{
			Failed: int64(view.failures_failed), Cancelled: int64(view.failures_cancelled),
			Expired: int64(view.failures_expired), Lost: int64(view.failures_lost),
		},
		WaitingTime: copyHistogram(&view.waiting_time),
		RunningTime: copyHistogram(&view.running_time),
	}
	for _, count := range unsafe.Slice(out.counts, int(view.count_count)) {
		stats.Counts = append(stats.Counts,
			Count{text(count.zone_id), text(count.operation), Status(count.status), int64(count.count)})
	}
	for _, pause := range unsafe.Slice(out.pauses, int(out.pause_count)) {
		stats.Pauses = append(stats.Pauses,
			Pause{PauseTarget{text(pause.zone_id), text(pause.operation)}, timeOf(pause.since), text(pause.actor)})
	}
	return stats, nil
}

func (h *handle) setPaused(what PauseTarget, paused bool, call callArgs) (bool, error) {
	var changed C.int32_t
	var failure *C.tse_error
	code := C.tsego_set_paused(h.engine, flag(paused), what.ZoneID, what.Operation, C.int64_t(call.timeout), call.RequestID,
		call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &changed, &failure)
	return changed == 1, takeError(code, failure)
}

// newWatch gives the watch a descriptor that Go's poller waits for, or frees it.
func newWatch(native *C.tse_watch, code C.int32_t, failure *C.tse_error) (*watch, error) {
	if code != C.TSE_OK {
		C.tse_watch_free(native)
		return nil, takeError(code, failure)
	}
	descriptor, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(C.tse_watch_descriptor(native)),
		syscall.F_DUPFD_CLOEXEC, 0)
	if errno != 0 {
		C.tse_watch_free(native)
		return nil, &Error{Code: ErrUnavailable, Message: "the system has no descriptor left"}
	}
	return &watch{native, os.NewFile(descriptor, "taskstate watch")}, nil
}

func (h *handle) watchTasks() (*watch, error) {
	var native *C.tse_watch
	var failure *C.tse_error
	code := C.tse_watch_new(h.engine, &native, &failure)
	return newWatch(native, code, failure)
}

func (h *handle) watchChanges(zoneID string) (*watch, error) {
	var native *C.tse_watch
	var failure *C.tse_error
	code := C.tsego_watch_changes(h.engine, zoneID, &native, &failure)
	return newWatch(native, code, failure)
}

func (w *watch) task(zoneID, id string, revision, tag int64) error {
	var failure *C.tse_error
	err := takeError(C.tsego_watch_task(w.native, zoneID, id, pastIn(revision), C.int64_t(tag), &failure), failure)
	runtime.KeepAlive(w)
	return err
}

func (w *watch) forget(zoneID, id string, tag int64) {
	C.tsego_watch_forget(w.native, zoneID, id, C.int64_t(tag), nil)
	runtime.KeepAlive(w)
}

// takeTags resets the watch and returns the tags of tasks that have moved.
func (w *watch) takeTags() ([]int64, error) {
	if err := w.reset(); err != nil {
		return nil, err
	}
	var tags []int64
	for {
		var some [256]C.int64_t
		var count C.size_t
		var failure *C.tse_error
		code := C.tse_watch_take(w.native, &some[0], C.size_t(len(some)), &count, &failure)
		if code != C.TSE_OK {
			return tags, takeError(code, failure)
		}
		for _, tag := range some[:count] {
			tags = append(tags, int64(tag))
		}
		if int(count) < len(some) {
			return tags, nil
		}
	}
}

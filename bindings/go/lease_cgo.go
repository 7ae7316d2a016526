//go:build cgo

package taskstate

// #include "bridge.h"
import "C"

import (
	"os"
	"runtime"
	"strings"
	"time"
	"unsafe"
)

func (h *handle) cancel(zoneID, id string, force bool, reason string, call callArgs) (*Task, error) {
	var out C.tsego_task
	var flags C.int32_t
	if force {
		flags = C.TSE_CANCEL_FORCE
	}
	code := C.tsego_cancel(h.engine, zoneID, id, flags, reason, C.int64_t(call.timeout), call.RequestID,
		call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	return finishTask(code, &out)
}

func (h *handle) reprioritize(zoneID, id string, priority int, call callArgs) (*Task, error) {
	var out C.tsego_task
	code := C.tsego_reprioritize(h.engine, zoneID, id, C.int64_t(priority), C.int64_t(call.timeout), call.RequestID,
		call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	return finishTask(code, &out)
}

func (h *handle) retry(zoneID, id string, again bool, call callArgs) (*Task, error) {
	var out C.tsego_task
	var flags C.int32_t
	if again {
		flags = C.TSE_RETRY_AGAIN
	}
	code := C.tsego_retry(h.engine, zoneID, id, flags, C.int64_t(call.timeout), call.RequestID, call.Traceparent,
		call.Actor, call.cancel.native(), call.also.native(), &out)
	return finishTask(code, &out)
}

func (h *handle) tick(call callArgs) (int, error) {
	var count C.int64_t
	var failure *C.tse_error
	code := C.tsego_tick(h.engine, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor,
		call.cancel.native(), call.also.native(), &count, &failure)
	return int(count), takeError(code, failure)
}

// granted is a lease as the library gave it out.
type granted struct {
	task      *Task
	token     string
	duration  time.Duration
	expiresAt time.Time
}

func finishLeases(code C.int32_t, out *C.tsego_leases) ([]granted, error) {
	defer C.tsego_leases_free(out)
	if code != C.TSE_OK {
		return nil, takeError(code, out.error)
	}
	var leases []granted
	tasks := unsafe.Slice(out.tasks, int(out.count))
	for i, view := range unsafe.Slice(out.views, int(out.count)) {
		task, err := copyTask(&tasks[i])
		if err != nil {
			return nil, err
		}
		leases = append(leases, granted{task, text(view.token),
			time.Duration(view.duration_us) * time.Microsecond, timeOf(view.expires_at)})
	}
	return leases, nil
}

func (h *handle) claim(limit int, options *ClaimOptions, call callArgs) ([]granted, error) {
	var out C.tsego_leases
	code := C.tsego_claim(h.engine, strings.Join(options.Zones, ","), strings.Join(options.Operations, ","),
		options.Worker, durationIn(options.Lease), C.int64_t(limit), C.int64_t(call.timeout), call.RequestID,
		call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	return finishLeases(code, &out)
}

func (h *handle) startLeased(zoneID, id string, options *ClaimOptions, call callArgs) ([]granted, error) {
	var out C.tsego_leases
	code := C.tsego_start_leased(h.engine, zoneID, id, options.Worker, durationIn(options.Lease),
		C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	return finishLeases(code, &out)
}

func (h *handle) heartbeat(token string, progress *Link, call callArgs) (Heartbeat, error) {
	var view C.tse_heartbeat_view
	var failure *C.tse_error
	shown := ""
	if progress != nil {
		shown = renderLink(*progress)
	}
	code := C.tsego_heartbeat(h.engine, token, shown, C.int64_t(call.timeout), call.RequestID, call.Traceparent,
		call.Actor, call.cancel.native(), call.also.native(), &view, &failure)
	if code != C.TSE_OK {
		return Heartbeat{}, takeError(code, failure)
	}
	return Heartbeat{
		CancelRequested: view.cancel_requested == 1,
		Duration:        time.Duration(view.duration_us) * time.Microsecond,
		ExpiresAt:       timeOf(view.expires_at),
	}, nil
}

func (h *handle) updateLeased(op updateOp, token string, update *Update, call callArgs) (*Task, error) {
	var out C.tsego_task
	stored, size, present := payloadIn(update.Result)
	code := C.tsego_lease_update(h.engine, C.int32_t(op), token, update.InstallID, update.PackageID,
		update.PackageSlug, versionIn(update.PackageVersion), renderLinks(update.Links), renderWarnings(update.Warnings),
		update.ErrorMessage, update.ErrorDetail, stored, size, present, update.MediaType, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor,
		call.cancel.native(), call.also.native(), &out)
	return finishTask(code, &out)
}

func (h *handle) release(token string, delay time.Duration, call callArgs) (*Task, error) {
	var out C.tsego_task
	code := C.tsego_release(h.engine, token, timeoutIn(delay), C.int64_t(call.timeout), call.RequestID,
		call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	return finishTask(code, &out)
}

// watch is a wake-up call that Go's poller waits for, so that no thread does.
type watch struct {
	native *C.tse_watch
	file   *os.File // of a duplicate, since os.File closes what it has
}

func (h *handle) watch(options *ClaimOptions) (*watch, error) {
	var native *C.tse_watch
	var failure *C.tse_error
	code := C.tsego_watch(h.engine, strings.Join(options.Zones, ","), strings.Join(options.Operations, ","),
		options.Worker, durationIn(options.Lease), 1, &native, &failure)
	return newWatch(native, code, failure)
}

// sleep returns when there may be something to do, or with an error when the deadline has passed.
func (w *watch) sleep() error {
	var count [8]byte
	_, err := w.file.Read(count[:])
	return err
}

// wakeUp ends a sleep, now or to come.
func (w *watch) wakeUp(at time.Time) { _ = w.file.SetReadDeadline(at) }

func (w *watch) reset() error {
	var failure *C.tse_error
	err := takeError(C.tse_watch_reset(w.native, &failure), failure)
	runtime.KeepAlive(w)
	return err
}

func (w *watch) free() {
	_ = w.file.Close()
	C.tse_watch_free(w.native)
}

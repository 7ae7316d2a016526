//go:build cgo

package taskstate

/*
#cgo pkg-config: taskstate
#include "bridge.h"
*/
import "C"

import (
	"encoding/json"
	"math"
	"runtime"
	"strconv"
	"time"
	"unsafe"
)

// handle is the library's engine. It stays valid when closed, and answers as a closed engine does, until the garbage
// collector finds that nobody can call it any more.
type handle struct {
	engine *C.tse_engine
	_      [16]byte // less would share a block with other values, and be freed only together with them
}

func newHandle(engine *C.tse_engine) *handle {
	made := &handle{engine: engine}
	runtime.SetFinalizer(made, func(h *handle) { C.tse_engine_free(h.engine) })
	return made
}

func nativeVersion() string { return C.GoString(C.tse_version()) }

func nativeABI() int { return int(C.tse_abi()) }

// The library's own words, to which tests hold this package's tables.

func nativeCodeName(code Code) string { return C.GoString(C.tse_code_name(C.int32_t(code))) }

func nativeStatusName(status Status) string { return C.GoString(C.tse_status_name(C.int32_t(status))) }

func nativeCanTransition(from, to Status) bool {
	return C.tse_can_transition(C.int32_t(from), C.int32_t(to)) == 1
}

func (h *handle) close() error {
	var failure *C.tse_error
	return takeError(C.tse_close(h.engine, &failure), failure)
}

// nativeError is the library's own form of an error, which only it can turn into an answer. Errors are values that
// nobody closes, so the garbage collector gives it back.
type nativeError struct{ failure *C.tse_error }

// takeError turns what a failed call left into a value.
func takeError(code C.int32_t, failure *C.tse_error) error {
	if code == C.TSE_OK {
		return nil
	}
	out := &Error{Code: Code(code), Message: "the call failed without saying why"}
	view := C.tse_error_view{struct_size: C.size_t(unsafe.Sizeof(C.tse_error_view{}))}
	if failure == nil || C.tse_error_get(failure, &view) != C.TSE_OK {
		return out
	}
	out.Outcome = Outcome(view.outcome)
	out.Field = text(view.field)
	out.Message = text(view.message)
	for i := C.size_t(0); i < view.detail_count; i++ {
		detail := C.tse_error_detail_view{struct_size: C.size_t(unsafe.Sizeof(C.tse_error_detail_view{}))}
		if C.tse_error_detail(failure, i, &detail) == C.TSE_OK {
			out.Details = append(out.Details, Detail{text(detail.field), text(detail.message)})
		}
	}
	out.native = &nativeError{failure}
	runtime.SetFinalizer(out.native, func(kept *nativeError) { C.tse_error_free(kept.failure) })
	return out
}

// ---- Values out: everything is copied

func bytesOf(view C.tse_str) []byte {
	if view.data == nil {
		return nil
	}
	out := make([]byte, int(view.size))
	copy(out, unsafe.Slice((*byte)(unsafe.Pointer(view.data)), int(view.size)))
	return out
}

func text(view C.tse_str) string {
	if view.data == nil {
		return ""
	}
	return string(unsafe.Slice((*byte)(unsafe.Pointer(view.data)), int(view.size)))
}

func timeOf(us C.int64_t) time.Time { return time.UnixMicro(int64(us)).UTC() }

func optionalTimeOf(us C.int64_t) time.Time {
	if us == C.TSE_NONE {
		return time.Time{}
	}
	return timeOf(us)
}

// known avoids a copy for the words that almost every task holds.
func known(view C.tse_str) string {
	raw := unsafe.Slice((*byte)(unsafe.Pointer(view.data)), int(view.size))
	switch {
	case string(raw) == OpCreate:
		return OpCreate
	case string(raw) == OpDelete:
		return OpDelete
	}
	return string(raw)
}

func copyTask(view *C.tse_task_view) (*Task, error) {
	task := &Task{
		ZoneID:          text(view.zone_id),
		ID:              text(view.id),
		CreatedAt:       timeOf(view.created_at),
		Operation:       known(view.operation),
		Status:          Status(view.status),
		UpdatedAt:       timeOf(view.updated_at),
		ErrorMessage:    text(view.error_message),
		InstallID:       text(view.install_id),
		PackageID:       text(view.package_id),
		PackageSlug:     text(view.package_slug),
		JSON:            bytesOf(view.json),
		Revision:        int64(view.revision),
		ErrorDetail:     text(view.error_detail),
		FailureKind:     text(view.failure_kind),
		ClientRequestID: text(view.client_request_id),
		Traceparent:     text(view.traceparent),
		Payload:         bytesOf(view.payload),
		Worker:          text(view.worker),
		Epoch:           int64(view.epoch),
		Attempt:         int64(view.attempt),
		MaxAttempts:     int64(view.max_attempts),
		NotBefore:       optionalTimeOf(view.not_before),
		StartBy:         optionalTimeOf(view.start_by),
		Priority:        int64(view.priority),
		Ref:             text(view.ref),
		ResultMediaType: text(view.result_media_type),
		CancelRequested: view.cancel_requested == 1,
		Replayed:        view.replayed == 1,
	}
	if view.package_version != C.TSE_NONE {
		task.PackageVersion = Int64(int64(view.package_version))
	}
	if err := decode(view.links, &task.Links); err != nil {
		return nil, err
	}
	return task, decode(view.warnings, &task.Warnings)
}

// decode reads JSON that the library made.
func decode(view C.tse_str, out any) error {
	if view.data == nil {
		return nil
	}
	if err := json.Unmarshal(unsafe.Slice((*byte)(unsafe.Pointer(view.data)), int(view.size)), out); err != nil {
		return &Error{Code: ErrInternal, Outcome: Unknown, Message: "the library's JSON cannot be read: " + err.Error()}
	}
	return nil
}

// ---- Values in

// versionIn keeps a number that happens to be the library's "none" from being taken for it.
func versionIn(version *int64) C.int64_t {
	switch {
	case version == nil:
		return C.TSE_NONE
	case *version == math.MinInt64:
		return math.MinInt64 + 1
	}
	return C.int64_t(*version)
}

func payloadIn(payload []byte) (unsafe.Pointer, C.size_t, C.int32_t) {
	if payload == nil {
		return nil, 0, 0
	}
	if len(payload) == 0 {
		return nil, 0, 1
	}
	return unsafe.Pointer(&payload[0]), C.size_t(len(payload)), 1
}

func flag(set bool) C.int32_t {
	if set {
		return 1
	}
	return 0
}

// timeIn gives the library's "none" for the zero time.
func timeIn(t time.Time) C.int64_t {
	if t.IsZero() {
		return C.TSE_NONE
	}
	return C.int64_t(micros(t))
}

// durationIn gives the library's "none" for 0, and keeps what is less than a microsecond from becoming 0.
func durationIn(d time.Duration) C.int64_t {
	switch {
	case d == 0:
		return C.TSE_NONE
	case d > 0 && d < time.Microsecond:
		return 1
	}
	return timeoutIn(d)
}

func attemptsIn(attempts int) C.int64_t {
	if attempts == 0 {
		return 1
	}
	return C.int64_t(attempts)
}

// statusesIn makes the set of statuses that the library filters by.
func statusesIn(statuses []Status) (C.int32_t, error) {
	var set C.int32_t
	for i, status := range statuses {
		if status.String() == "" {
			return 0, invalid("statuses["+strconv.Itoa(i)+"]", "statuses[%d] must be a status; it is the number %d", i, status)
		}
		set |= 1 << uint(status)
	}
	return set, nil
}

//go:build cgo

package taskstate

// #include "bridge.h"
import "C"

import "unsafe"

// finishTask copies a result and frees what the library made.
func finishTask(code C.int32_t, out *C.tsego_task) (*Task, error) {
	if code != C.TSE_OK {
		C.tse_task_free(out.task)
		return nil, takeError(code, out.error)
	}
	if out.task == nil {
		return nil, nil
	}
	defer C.tse_task_free(out.task)
	return copyTask(&out.view)
}

func (h *handle) create(spec *NewTask, call callArgs) (*Task, error) {
	var out C.tsego_task
	payload, size, present := payloadIn(spec.Payload)
	code := C.tsego_create(h.engine, spec.ZoneID, spec.ID, spec.Operation, spec.InstallID, spec.PackageID,
		spec.PackageSlug, versionIn(spec.PackageVersion), renderLinks(spec.Links), renderWarnings(spec.Warnings),
		payload, size, present, timeIn(spec.NotBefore), durationIn(spec.StartWithin), attemptsIn(spec.MaxAttempts),
		spec.IdempotencyKey, spec.RetryOf, C.int64_t(spec.Priority), spec.Ref,
		C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	return finishTask(code, &out)
}

func (h *handle) start(zoneID, id string, call callArgs) (*Task, error) {
	var out C.tsego_task
	code := C.tsego_start(h.engine, zoneID, id, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	return finishTask(code, &out)
}

func (h *handle) update(op updateOp, zoneID, id string, update *Update, call callArgs) (*Task, error) {
	var out C.tsego_task
	stored, size, present := payloadIn(update.Result)
	code := C.tsego_update(h.engine, C.int32_t(op), zoneID, id, update.InstallID, update.PackageID, update.PackageSlug,
		versionIn(update.PackageVersion), renderLinks(update.Links), renderWarnings(update.Warnings), update.ErrorMessage,
		update.ErrorDetail, stored, size, present, update.MediaType, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	return finishTask(code, &out)
}

func (h *handle) get(zoneID, id string, payload bool, call callArgs) (*Task, error) {
	var out C.tsego_task
	var flags C.int32_t
	if payload {
		flags = C.TSE_WITH_PAYLOAD
	}
	code := C.tsego_get(h.engine, zoneID, id, flags, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	return finishTask(code, &out)
}

func (h *handle) result(zoneID, id string, call callArgs) (*StoredResult, error) {
	var out C.tsego_stored_result
	code := C.tsego_stored_result_read(h.engine, zoneID, id, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	defer C.tse_stored_result_free(out.stored)
	if code != C.TSE_OK {
		return nil, takeError(code, out.error)
	}
	return &StoredResult{bytesOf(out.view.bytes), text(out.view.media_type)}, nil
}

func nativeParse(json string) (*Task, error) {
	var out C.tsego_task
	return finishTask(C.tsego_from_json(json, &out), &out)
}

func nativeValidate(json string) error {
	var failure *C.tse_error
	return takeError(C.tsego_validate(json, &failure), failure)
}

func (h *handle) list(query *ListQuery, call callArgs) (*Page, error) {
	statuses, err := statusesIn(query.Statuses)
	if err != nil {
		return nil, err
	}
	var out C.tsego_page
	code := C.tsego_list(h.engine, query.ZoneID, statuses, query.Operation, query.InstallID, query.PackageID,
		query.FailureKind, query.Worker, query.Ref, query.ClientRequestID,
		timeIn(query.CreatedFrom), timeIn(query.CreatedUntil), C.int64_t(query.Limit), query.After, query.Before,
		flag(query.WithTotal), flag(query.AllZones), C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	defer C.tsego_page_free(&out)
	if code != C.TSE_OK {
		return nil, takeError(code, out.error)
	}
	page := &Page{AfterCursor: text(out.view.after_cursor), BeforeCursor: text(out.view.before_cursor), TotalCount: -1}
	if out.view.total_count != C.TSE_NONE {
		page.TotalCount = int64(out.view.total_count)
	}
	for _, view := range unsafe.Slice(out.tasks, int(out.view.count)) {
		view := view
		task, err := copyTask(&view)
		if err != nil {
			return nil, err
		}
		page.Tasks = append(page.Tasks, task)
	}
	return page, nil
}

func (h *handle) history(zoneID, id string, query HistoryQuery, call callArgs) (*History, error) {
	var out C.tsego_history
	code := C.tsego_history_read(h.engine, zoneID, id, C.int64_t(query.Limit), query.After, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	defer C.tsego_history_free(&out)
	if code != C.TSE_OK {
		return nil, takeError(code, out.error)
	}
	page := &History{AfterCursor: text(C.tse_history_after_cursor(out.history))}
	for _, view := range unsafe.Slice(out.events, int(out.count)) {
		view := view
		page.Events = append(page.Events, copyEvent(&view))
	}
	return page, nil
}

func (h *handle) verify(call callArgs) (*Report, error) {
	var out C.tsego_report
	code := C.tsego_verify(h.engine, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	defer C.tsego_report_free(&out)
	if code != C.TSE_OK {
		return nil, takeError(code, out.error)
	}
	report := &Report{
		OK:         out.view.ok == 1,
		TaskCount:  int64(out.view.task_count),
		EventCount: int64(out.view.event_count),
		Text:       text(out.view.text),
	}
	for _, problem := range unsafe.Slice(out.problems, int(out.view.problem_count)) {
		report.Problems = append(report.Problems, text(problem))
	}
	return report, nil
}

//go:build cgo

package taskstate

// #include "bridge.h"
import "C"

import (
	"errors"
	"unsafe"
)

var _ = [1]struct{}{}[BatchMax-C.TSE_BATCH_MAX] // they are the same

// nativeBatch is the library's form of a batch. It is made again by each run, since a Batch is a Go value: so
// tse_batch_clear() has no use here.
type nativeBatch struct{ batch *C.tse_batch }

func (b *nativeBatch) create(spec *NewTask) error {
	var failure *C.tse_error
	payload, size, present := payloadIn(spec.Payload)
	code := C.tsego_batch_create(b.batch, spec.ZoneID, spec.ID, spec.Operation, spec.InstallID, spec.PackageID,
		spec.PackageSlug, versionIn(spec.PackageVersion), renderLinks(spec.Links), renderWarnings(spec.Warnings),
		payload, size, present, timeIn(spec.NotBefore), durationIn(spec.StartWithin), attemptsIn(spec.MaxAttempts),
		spec.IdempotencyKey, spec.RetryOf, C.int64_t(spec.Priority), spec.Ref, &failure)
	return takeError(code, failure)
}

func (b *nativeBatch) start(zoneID, id string) error {
	var failure *C.tse_error
	return takeError(C.tsego_batch_start(b.batch, zoneID, id, &failure), failure)
}

func (b *nativeBatch) update(op updateOp, zoneID, id string, update *Update) error {
	var failure *C.tse_error
	stored, size, present := payloadIn(update.Result)
	code := C.tsego_batch_update(b.batch, C.int32_t(op), zoneID, id, update.InstallID, update.PackageID,
		update.PackageSlug, versionIn(update.PackageVersion), renderLinks(update.Links), renderWarnings(update.Warnings),
		update.ErrorMessage, update.ErrorDetail, stored, size, present, update.MediaType, &failure)
	return takeError(code, failure)
}

func (b *nativeBatch) updateLeased(op updateOp, token string, update *Update) error {
	var failure *C.tse_error
	stored, size, present := payloadIn(update.Result)
	code := C.tsego_batch_lease_update(b.batch, C.int32_t(op), token, update.InstallID, update.PackageID,
		update.PackageSlug, versionIn(update.PackageVersion), renderLinks(update.Links), renderWarnings(update.Warnings),
		update.ErrorMessage, update.ErrorDetail, stored, size, present, update.MediaType, &failure)
	return takeError(code, failure)
}

// run gives one result for each item. What the library cannot read is that item's result, too.
func (h *handle) run(items []batchItem, call callArgs) ([]Result, error) {
	var made nativeBatch
	var failure *C.tse_error
	if code := C.tse_batch_new(&made.batch, &failure); code != C.TSE_OK {
		return nil, takeError(code, failure)
	}
	defer func() { C.tse_batch_free(made.batch) }()
	results := make([]Result, len(items))
	places := make([]int, 0, len(items))
	for i, item := range items {
		err := item.add(&made)
		switch {
		case err == nil:
			places = append(places, i)
		case errors.Is(err, ErrNoMemory), errors.Is(err, ErrLimitExceeded): // of the batch, not of the item
			return nil, err
		}
		results[i].Err = err
	}
	var out C.tsego_results
	code := C.tsego_batch_run(h.engine, made.batch, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor,
		call.cancel.native(), call.also.native(), &out)
	defer C.tsego_results_free(&out)
	if code != C.TSE_OK {
		return nil, takeError(code, out.error)
	}
	for i, each := range unsafe.Slice(out.each, int(out.count)) {
		each := each
		result := &results[places[i]]
		if result.Err = takeError(each.code, each.error); result.Err == nil {
			result.Task, result.Err = copyTask(&each.task)
		}
		if result.Err != nil {
			result.Task = nil
		}
	}
	return results, nil
}

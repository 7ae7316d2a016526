//go:build cgo

package taskstate

// #include "bridge.h"
import "C"

import (
	"net/http"
	"runtime"
	"time"
	"unsafe"
)

// requestIn holds a Request as the bridge takes it.
type requestIn struct {
	method, id, match, path string
	hasID, hasMatch         C.int32_t
	completed               C.int32_t
	prefer                  string
}

func newRequestIn(request *Request) requestIn {
	id, hasID := request.header("X-Client-Request-ID")
	match, hasMatch := request.header("If-None-Match")
	prefer, _ := request.header("Prefer")
	return requestIn{
		method: request.Method, path: request.Path, id: id, match: match,
		hasID: flag(hasID), hasMatch: flag(hasMatch), completed: policyIn(request.Completed),
		prefer: prefer,
	}
}

// decide also tells how long the request would wait, and past which revision.
func (h *handle) decide(zoneID, id string, request *Request, call callArgs) (Answer, time.Duration, int64) {
	var out C.tsego_answer
	in := newRequestIn(request)
	code := C.tsego_decide(h.engine, zoneID, id, in.method, in.id, in.hasID, in.match, in.hasMatch, in.path,
		in.completed, in.prefer, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor, call.cancel.native(), call.also.native(), &out)
	wait, revision := time.Duration(out.view.wait_us)*time.Microsecond, int64(out.view.revision)
	return finishAnswer(code, &out), wait, revision
}

// nativeUnavailable is the library's answer when there is no engine.
func nativeUnavailable(zoneID, id string, request *Request) Answer {
	answer, _, _ := (&handle{}).decide(zoneID, id, request, callArgs{timeout: -1})
	return answer
}

func (h *handle) acceptTask(task *Task, request *Request) Answer {
	var out C.tsego_answer
	in := newRequestIn(request)
	code := C.tsego_accept_task(h.engine, task.ZoneID, string(task.JSON), in.method, in.id, in.hasID, in.match,
		in.hasMatch, in.path, in.completed, in.prefer, &out)
	return finishAnswer(code, &out)
}

func (h *handle) acceptFailure(kept *nativeError, request *Request) Answer {
	var out C.tsego_answer
	in := newRequestIn(request)
	code := C.tsego_accept_failure(h.engine, kept.failure, in.method, in.id, in.hasID, in.match, in.hasMatch, in.path,
		in.completed, in.prefer, &out)
	runtime.KeepAlive(kept)
	return finishAnswer(code, &out)
}

// finishAnswer copies an answer and frees what the library made. A call that gave none is a plain 500.
func finishAnswer(code C.int32_t, out *C.tsego_answer) Answer {
	defer C.tse_answer_free(out.answer)
	if code != C.TSE_OK {
		C.tse_error_free(out.error)
		return plain(http.StatusInternalServerError)
	}
	answer := Answer{Status: int(out.view.status), Header: make(http.Header, int(out.view.header_count))}
	for _, line := range unsafe.Slice(out.view.headers, int(out.view.header_count)) {
		answer.Header.Set(text(line.name), text(line.value))
	}
	answer.Body = bytesOf(out.view.body)
	return answer
}

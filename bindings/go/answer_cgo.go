//go:build cgo

package taskstate

// #include "bridge.h"
import "C"

import (
	"net/http"
	"runtime"
	"sync"
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

// keptAnswer is an answer of the library's whose memory is used again.
type keptAnswer struct{ out C.tsego_answer }

var keptAnswers = sync.Pool{New: func() any {
	made := new(keptAnswer)
	runtime.SetFinalizer(made, func(k *keptAnswer) { C.tse_answer_free(k.out.answer) })
	return made
}}

func (h *handle) decideKept(zoneID, id string, request *Request) (Answer, bool) {
	clientID, hasID := request.header("X-Client-Request-ID")
	match, hasMatch := request.header("If-None-Match")
	if hasID && clientID == "" || hasMatch && match == "" || len(request.Header["Prefer"]) > 0 {
		return Answer{}, false
	}
	kept := keptAnswers.Get().(*keptAnswer)
	defer keptAnswers.Put(kept)
	code := C.tsego_decide_kept(h.engine, zoneID, id, request.Method, clientID, match, policyIn(request.Completed), &kept.out)
	runtime.KeepAlive(h)
	if code != C.TSE_OK || kept.out.view.status == 0 {
		return Answer{}, false
	}
	return copyAnswer(&kept.out.view), true
}

// finishAnswer copies an answer and frees what the library made. A call that gave none is a plain 500.
func finishAnswer(code C.int32_t, out *C.tsego_answer) Answer {
	defer C.tse_answer_free(out.answer)
	if code != C.TSE_OK {
		C.tse_error_free(out.error)
		return plain(http.StatusInternalServerError)
	}
	return copyAnswer(&out.view)
}

// canonicalName is http.CanonicalHeaderKey, but does not make again what is known.
func canonicalName(name []byte) string {
	switch string(name) {
	case "Content-Type":
		return "Content-Type"
	case "Cache-Control":
		return "Cache-Control"
	case "ETag":
		return "Etag"
	case "Retry-After":
		return "Retry-After"
	case "Location":
		return "Location"
	case "X-Client-Request-ID":
		return "X-Client-Request-Id"
	}
	return http.CanonicalHeaderKey(string(name))
}

// copyAnswer copies all texts into one block. Nobody but the strings can reach their part of it: the body's slice is
// clipped to its own.
func copyAnswer(view *C.tse_answer_view) Answer {
	lines := unsafe.Slice(view.headers, int(view.header_count))
	size := int(view.body.size)
	for i := range lines {
		size += int(lines[i].value.size)
	}
	block := make([]byte, 0, size)
	keep := func(text *C.tse_str) []byte {
		begin := len(block)
		block = append(block, octets(text)...)
		return block[begin:len(block):len(block)]
	}
	answer := Answer{Status: int(view.status), Header: make(Header, len(lines))}
	for i := range lines {
		value := keep(&lines[i].value)
		answer.Header[i] = Field{canonicalName(octets(&lines[i].name)), *(*string)(unsafe.Pointer(&value))}
	}
	if view.body.data != nil {
		answer.Body = keep(&view.body)
	}
	return answer
}

// octets is what the text points to, in the library's memory.
func octets(text *C.tse_str) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(text.data)), int(text.size))
}

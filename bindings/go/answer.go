package taskstate

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Request is what of an HTTP request an answer depends on. The zero value is a plain GET. Since 0.1.
type Request struct {
	Method    string          // "HEAD" gives an answer without body; everything else is as GET
	Path      string          // for error bodies; "": the status URL
	Header    http.Header     // X-Client-Request-ID, If-None-Match and Prefer are looked at; may be nil
	Completed CompletedPolicy // CompletedDefault: as the engine says
}

// RequestFrom takes from r what an answer depends on. It shares r's header. A nil r gives the zero Request. Since 0.1.
func RequestFrom(r *http.Request) Request {
	if r == nil {
		return Request{}
	}
	request := Request{Method: r.Method, Header: r.Header}
	if r.URL != nil {
		request.Path = r.URL.EscapedPath()
	}
	return request
}

// header returns a field's lines joined (RFC 9110, section 5.3), and whether there is any.
func (r *Request) header(name string) (string, bool) {
	lines := r.Header.Values(name)
	return strings.Join(lines, ", "), len(lines) > 0
}

// Answer is an HTTP answer, to be sent as it is. It is an [http.Handler] that always gives itself. Since 0.1.
type Answer struct {
	Status int
	Header Header
	Body   []byte // nil: none
}

// WriteTo sends the answer: its header fields replace those of the same name in w. It returns the number of body bytes
// written and the first error of writing them. Since 0.1.
func (a Answer) WriteTo(w http.ResponseWriter) (int64, error) {
	header := w.Header()
	a.Header.CopyTo(header)
	if a.Body != nil && a.Header.Get("Content-Length") == "" {
		header.Set("Content-Length", strconv.Itoa(len(a.Body)))
	}
	w.WriteHeader(a.Status)
	if a.Body == nil {
		return 0, nil
	}
	written, err := w.Write(a.Body)
	return int64(written), err
}

// ServeHTTP is WriteTo as an [http.Handler]; the request is ignored. Since 0.1.
func (a Answer) ServeHTTP(w http.ResponseWriter, _ *http.Request) { _, _ = a.WriteTo(w) }

// Decide returns the answer to the status request: 200, 303 or 304 for a task, 404 for none, 400 for a bad
// X-Client-Request-ID, 503 for an engine that is nil, closed or busy and for a context that is done, 500 for anything
// else. Every failure is an answer. Blocks for one read, and for as long as the request's Prefer asks and [WithLongestWait]
// allows: until If-None-Match no longer matches, or, without one, until the task has ended. Waiting takes no thread.
// Since 0.1.
func (e *Engine) Decide(ctx context.Context, zoneID, id string, request Request) Answer {
	if answer, kept := e.decideKept(ctx, zoneID, id, &request); kept {
		return answer
	}
	var until time.Time
	for {
		var answer Answer
		var wait time.Duration
		var revision int64
		err := e.use(ctx, func(h *handle, args callArgs) error {
			answer, wait, revision = h.decide(zoneID, id, &request, args)
			return nil
		})
		if err != nil {
			return nativeUnavailable(zoneID, id, &request)
		}
		if until.IsZero() {
			until = time.Now().Add(wait)
		}
		left := time.Until(until)
		if wait == 0 || left <= 0 || e.waitAtMost(ctx, left, zoneID, id, revision) != nil {
			return answer
		}
	}
}

// decideKept returns an answer that the library keeps in memory, and whether it has one. It cannot block, so that it needs
// nothing by which to end it.
func (e *Engine) decideKept(ctx context.Context, zoneID, id string, request *Request) (Answer, bool) {
	if e == nil || e.handle == nil || ctx != nil && ctx.Err() != nil {
		return Answer{}, false
	}
	return e.handle.decideKept(zoneID, id, request)
}

// waitAtMost returns nil when the task may have moved or the time is over.
func (e *Engine) waitAtMost(ctx context.Context, longest time.Duration, zoneID, id string, revision int64) error {
	if ctx == nil {
		ctx = context.Background()
	}
	limited, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	err := e.waits.wait(limited, e, zoneID, id, revision)
	if errors.Is(err, context.DeadlineExceeded) {
		return ctx.Err()
	}
	return err
}

// Accept returns the answer to the request that created a task, from what [Engine.Create] returned: 202 with the
// status URL as Location if err is nil, else what err means to the client: 400, 409, 429, 503 or 500. The body of a
// 202 is the task that was given, of which only ZoneID and JSON are looked at; nothing is read from the file, so that
// [Engine.Close] changes nothing about it. A context's error is answered as an engine that is closed, 503; an err that
// is not this package's, a nil task without one, and a task whose ZoneID or JSON is none, with a plain 500. Does not
// block. Since 0.1.
func (e *Engine) Accept(task *Task, err error, request Request) Answer {
	var failure *Error
	errors.As(err, &failure)
	known := failure != nil && failure.native != nil
	switch {
	case known, err == nil && task != nil:
	case errors.Is(err, ErrClosed),
		failure == nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		return nativeUnavailable("", "", &request)
	default:
		return plain(http.StatusInternalServerError)
	}
	var answer Answer
	unusable := e.use(context.Background(), func(h *handle, _ callArgs) error {
		if known {
			answer = h.acceptFailure(failure.native, &request)
		} else {
			answer = h.acceptTask(task, &request)
		}
		return nil
	})
	if unusable != nil {
		return nativeUnavailable("", "", &request)
	}
	return answer
}

// plain is the answer where the library cannot be asked for one.
func plain(status int) Answer {
	header := Header{{"Cache-Control", "private, no-cache"}}
	if status == http.StatusServiceUnavailable {
		header = append(header, Field{"Retry-After", "1"})
	}
	return Answer{Status: status, Header: header}
}

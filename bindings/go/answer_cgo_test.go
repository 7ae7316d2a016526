//go:build cgo

package taskstate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	taskstate "github.com/taskstate/taskstate-go"
)

func header(lines ...string) http.Header {
	out := http.Header{}
	for i := 0; i < len(lines); i += 2 {
		out.Add(lines[i], lines[i+1])
	}
	return out
}

func TestDecide(t *testing.T) {
	tasks := open(t, ":memory:")
	pending := create(t, tasks, "pending")
	completed := complete(t, tasks, "completed")
	start(t, tasks, "failed")
	failed, err := tasks.Fail(ctx, "z1", "failed", taskstate.Update{ErrorMessage: "No."})
	if err != nil {
		t.Fatal(err)
	}
	decide := func(id string, request taskstate.Request) taskstate.Answer {
		return tasks.Decide(ctx, "z1", id, request)
	}

	answer := decide("pending", taskstate.Request{})
	tag := answer.Header.Get("ETag")
	if answer.Status != 200 || !bytes.Equal(answer.Body, pending.JSON) || tag == "" || answer.Header.Get("Retry-After") != "1" ||
		answer.Header.Get("Content-Type") != "application/json" || answer.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("%+v", answer)
	}
	answer = decide("pending", taskstate.Request{Header: header("If-None-Match", `"x"`, "If-None-Match", "W/"+tag)})
	if answer.Status != 304 || answer.Body != nil || answer.Header.Get("ETag") != tag || answer.Header.Get("Content-Type") != "" {
		t.Errorf("%+v", answer)
	}
	answer = decide("pending", taskstate.Request{Method: "HEAD", Header: header("X-Client-Request-ID", requestID)})
	if answer.Status != 200 || answer.Body != nil || answer.Header.Get("Content-Length") != fmt.Sprint(len(pending.JSON)) ||
		answer.Header.Get("X-Client-Request-ID") != requestID {
		t.Errorf("%+v", answer)
	}
	answer = decide("completed", taskstate.Request{Header: header("If-None-Match", "*")})
	if answer.Status != 303 || answer.Header.Get("Location") != "/zones/z1/installs/ins_1" || !bytes.Equal(answer.Body, completed.JSON) {
		t.Errorf("%+v", answer)
	}
	answer = decide("failed", taskstate.Request{})
	if answer.Status != 200 || !bytes.Equal(answer.Body, failed.JSON) || answer.Header.Get("Retry-After") != "" {
		t.Errorf("%+v", answer)
	}
	for _, id := range []string{"none", "", "a/b", strings.Repeat("x", 129)} {
		if answer := decide(id, taskstate.Request{}); answer.Status != 404 || errorCode(t, answer) != "not_found" {
			t.Errorf("%q: %+v", id, answer)
		}
	}
	for _, id := range []string{"", "no uuid"} {
		answer := decide("pending", taskstate.Request{Path: "/here", Header: header("X-Client-Request-ID", id)})
		if answer.Status != 400 || errorCode(t, answer) != "validation_error" || !bytes.Contains(answer.Body, []byte(`"path":"/here"`)) {
			t.Errorf("%q: %+v", id, answer)
		}
	}
}

func errorCode(t *testing.T, answer taskstate.Answer) string {
	t.Helper()
	var body taskstate.Warning
	if err := json.Unmarshal(answer.Body, &body); err != nil || body.Status != answer.Status {
		t.Errorf("%s: %v", answer.Body, err)
	}
	return body.Code
}

func TestAccept(t *testing.T) {
	tasks := open(t, ":memory:")
	task := create(t, tasks, "t1")
	answer := tasks.Accept(task, nil, taskstate.Request{Header: header("X-Client-Request-ID", requestID)})
	if answer.Status != 202 || answer.Header.Get("Location") != "/zones/z1/catalog_tasks/t1" || answer.Header.Get("Retry-After") != "1" ||
		!bytes.Equal(answer.Body, task.JSON) || answer.Header.Get("X-Client-Request-ID") != requestID {
		t.Errorf("%+v", answer)
	}
	_, duplicate := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: "t1", Operation: "create"})
	_, invalid := tasks.Create(ctx, taskstate.NewTask{ZoneID: "/", ID: "/", Operation: "create"})
	_, missing := tasks.Get(ctx, "z1", "none")
	cases := []struct {
		err    error
		status int
		code   string
	}{
		{duplicate, 409, "conflict"}, {fmt.Errorf("host: %w", duplicate), 409, "conflict"},
		{invalid, 400, "validation_error"}, {context.Canceled, 503, "service_unavailable"},
		{fmt.Errorf("host: %w", context.DeadlineExceeded), 503, "service_unavailable"},
		{taskstate.ErrClosed, 503, "service_unavailable"},
		{missing, 500, ""}, {errors.New("of the host"), 500, ""}, {taskstate.ErrBusy, 500, ""}, {nil, 500, ""},
	}
	for _, c := range cases {
		answer := tasks.Accept(nil, c.err, taskstate.Request{Path: "/here"})
		if answer.Status != c.status || answer.Header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%v: %+v", c.err, answer)
		}
		if c.code == "" {
			if answer.Body != nil {
				t.Errorf("%v: %s", c.err, answer.Body)
			}
			continue
		}
		if errorCode(t, answer) != c.code || !bytes.Contains(answer.Body, []byte(`"path":"/here"`)) {
			t.Errorf("%v: %s", c.err, answer.Body)
		}
	}
	if answer := tasks.Accept(nil, duplicate, taskstate.Request{}); answer.Header.Get("x-should-retry") != "false" {
		t.Errorf("%+v", answer)
	}
	if answer := tasks.Accept(nil, invalid, taskstate.Request{}); strings.Count(string(answer.Body), `"field":`) != 2 {
		t.Errorf("%s", answer.Body)
	}
}

func TestAcceptAnswersWithTheTaskItWasGiven(t *testing.T) {
	tasks := open(t, newPath(t))
	old := create(t, tasks, "t1")
	if _, err := tasks.Start(ctx, "z1", "t1"); err != nil {
		t.Fatal(err)
	}
	page, err := tasks.List(ctx, taskstate.ListQuery{ZoneID: "z1"})
	if err != nil || len(page.Tasks) != 1 {
		t.Fatal(page, err)
	}
	parsed, err := taskstate.ParseTask(old.JSON)
	if err != nil {
		t.Fatal(err)
	}
	parsed.ZoneID = "z2"
	check := func(task *taskstate.Task, status taskstate.Status) {
		t.Helper()
		answer := tasks.Accept(task, nil, taskstate.Request{})
		if answer.Status != 202 || !bytes.Equal(answer.Body, task.JSON) ||
			!bytes.Contains(answer.Body, []byte(`"status":"`+status.String()+`"`)) ||
			answer.Header.Get("Location") != "/zones/"+task.ZoneID+"/catalog_tasks/t1" {
			t.Errorf("%+v\n%s", answer, answer.Body)
		}
	}
	checkAll := func() {
		t.Helper()
		check(old, taskstate.Pending)
		check(page.Tasks[0], taskstate.Running)
		check(parsed, taskstate.Pending)
	}
	checkAll()
	if err := tasks.Close(); err != nil {
		t.Fatal(err)
	}
	checkAll() // nothing has to be read for it
}

func TestAcceptOfWhatIsNoTask(t *testing.T) {
	tasks := open(t, ":memory:")
	good := create(t, tasks, "t1")
	for name, task := range map[string]*taskstate.Task{
		"no JSON":      {ZoneID: "z1", ID: "t1"},
		"bad JSON":     {ZoneID: "z1", ID: "t1", JSON: json.RawMessage(`{"id":1}`)},
		"no zone":      {JSON: good.JSON},
		"no such zone": {ZoneID: "a/b", JSON: good.JSON},
	} {
		answer := tasks.Accept(task, nil, taskstate.Request{})
		if answer.Status != 500 || answer.Body != nil || answer.Header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%s: %+v", name, answer)
		}
	}
}

func TestWriteTo(t *testing.T) {
	recorder := httptest.NewRecorder()
	recorder.Header().Set("Cache-Control", "public")
	answer := taskstate.Answer{Status: 200, Header: taskstate.Header{{Name: "Cache-Control", Value: "private"}}, Body: []byte("body")}
	written, err := answer.WriteTo(recorder)
	if written != 4 || err != nil || recorder.Code != 200 || recorder.Body.String() != "body" ||
		len(recorder.Header()["Cache-Control"]) != 1 || recorder.Header().Get("Cache-Control") != "private" ||
		recorder.Header().Get("Content-Length") != "4" {
		t.Error(written, err, recorder)
	}
	recorder.Header()["Cache-Control"][0] = "later"
	if answer.Header.Get("cache-control") != "private" || answer.Header.Get("Content-Length") != "" {
		t.Error("the answer itself was changed:", answer)
	}
	recorder = httptest.NewRecorder()
	taskstate.Answer{Status: 304}.ServeHTTP(recorder, nil)
	if recorder.Code != 304 || recorder.Body.Len() != 0 || recorder.Header().Get("Content-Length") != "" {
		t.Error(recorder)
	}
}

func TestRequestFrom(t *testing.T) {
	r := httptest.NewRequest("HEAD", "/a%2Fb?q=1", nil)
	r.Header.Set("If-None-Match", "*")
	request := taskstate.RequestFrom(r)
	if request.Method != "HEAD" || request.Path != "/a%2Fb" || request.Header.Get("If-None-Match") != "*" ||
		request.Completed != taskstate.CompletedDefault {
		t.Errorf("%+v", request)
	}
	if request := taskstate.RequestFrom(nil); request.Method != "" || request.Header != nil {
		t.Errorf("%+v", request)
	}
	if request := taskstate.RequestFrom(&http.Request{}); request.Path != "" {
		t.Errorf("%+v", request)
	}
}

//go:build cgo

package taskstate_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

func TestOptionsAreChecked(t *testing.T) {
	for field, option := range map[string]taskstate.Option{
		"mode":        taskstate.WithMode(9),
		"timeout":     taskstate.WithTimeout(-1),
		"operation":   taskstate.WithOperations("ok", "Not Ok"),
		"location":    taskstate.WithLocation("//evil.example/{install_id}"),
		"status_url":  taskstate.WithStatusURL("no-slash"),
		"completed":   taskstate.WithCompleted(7),
		"retry_after": taskstate.WithRetryAfter(2*time.Second, time.Second),
		"log_level":   taskstate.WithLogLevel(17),
		"log_file":    taskstate.WithLogFile(""),
	} {
		path := newPath(t)
		_, err := taskstate.Open(path, option)
		wantError(t, err, taskstate.ErrInvalidArgument, field)
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a file was made", field)
		}
	}
	for _, option := range []taskstate.Option{
		taskstate.WithRetryAfter(time.Second/2, time.Second), taskstate.WithRetryAfter(0, 1<<32*time.Second),
		taskstate.WithRetryAfter(0, 25*time.Hour), taskstate.WithTimeout(-time.Hour),
	} {
		if _, err := taskstate.Open(newPath(t), option); !errors.Is(err, taskstate.ErrInvalidArgument) {
			t.Error(err)
		}
	}
}

func TestNilOptionsAreNothing(t *testing.T) {
	open(t, ":memory:", nil, taskstate.WithLogger(nil), taskstate.WithClock(nil), taskstate.WithIDs(nil))
}

func TestWithMode(t *testing.T) {
	path := newPath(t)
	if _, err := taskstate.Open(path, taskstate.WithMode(taskstate.ModeReadWrite)); !errors.Is(err, taskstate.ErrUnavailable) {
		t.Error("a missing file:", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it was created")
	}
	created := open(t, path, taskstate.WithMode(taskstate.ModeCreate))
	create(t, created, "t1")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	create(t, open(t, path, taskstate.WithMode(taskstate.ModeReadWrite)), "t2")
	reader := open(t, path, taskstate.WithMode(taskstate.ModeReadOnly))
	if task, err := reader.Get(ctx, "z1", "t2"); err != nil || task.ID != "t2" {
		t.Error(task, err)
	}
	_, err = reader.Start(ctx, "z1", "t1")
	wantError(t, err, taskstate.ErrReadOnly, "")
}

// hostDatabase is a gzipped SQLite database with one table, "host".
const hostDatabase = "H4sIAAAAAAACAwsO9MksSVVIyy/KTSxRMGZgYmBkZHBQUGBgADIhGAYYgZgFjU8IMDHoJTPyghQzXmMAolFAF6DByCYuKspoWpKYlJOakV9cAsJM" +
	"zkGujiGuCiGOTj6uCiARjQpNSNz8ZgCiUTCyADMjE6MWALGTiW4ABAAA"

func TestWithAdopt(t *testing.T) {
	path := newPath(t)
	unzipped, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(hostDatabase)))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(unzipped)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := taskstate.Open(path); !errors.Is(err, taskstate.ErrNotATaskstateFile) {
		t.Error(err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
		t.Error("the file was touched", err)
	}
	create(t, open(t, path, taskstate.WithAdopt()), "t1")
}

func TestWithOperations(t *testing.T) {
	tasks := open(t, ":memory:", taskstate.WithOperations("move"), taskstate.WithOperations("copy", "scan_2"))
	for _, operation := range []string{"move", "copy", "scan_2", taskstate.OpCreate} {
		task, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: operation})
		if err != nil || task.Operation != operation {
			t.Error(task, err)
		}
	}
	_, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: "other"})
	wantError(t, err, taskstate.ErrInvalidArgument, "operation")
}

func TestWithLocationAndStatusURL(t *testing.T) {
	tasks := open(t, ":memory:", taskstate.WithLocation("/i/{install_id}"), taskstate.WithStatusURL("/s/{zone_id}/{task_id}"))
	task := complete(t, tasks, "t1")
	if got := tasks.Decide(ctx, "z1", "t1", taskstate.Request{}).Header.Get("Location"); got != "/i/ins_1" {
		t.Error(got)
	}
	if got := tasks.Accept(task, nil, taskstate.Request{}).Header.Get("Location"); got != "/s/z1/t1" {
		t.Error(got)
	}
}

func TestWithCompleted(t *testing.T) {
	for policy, statuses := range map[taskstate.CompletedPolicy][3]int{
		taskstate.CompletedDefault: {303, 303, 200}, taskstate.CompletedSeeOther: {303, 303, 200},
		taskstate.CompletedOK: {200, 303, 200},
	} {
		tasks := open(t, ":memory:", taskstate.WithCompleted(policy))
		complete(t, tasks, "t1")
		for asked, status := range statuses {
			answer := tasks.Decide(ctx, "z1", "t1", taskstate.Request{Completed: taskstate.CompletedPolicy(asked)})
			link := answer.Header.Get("Link")
			if answer.Status != status || (status == 200) != (link == `</zones/z1/installs/ins_1>; rel="related"`) {
				t.Errorf("policy %d, asked %d: %+v", policy, asked, answer)
			}
		}
	}
}

func TestWithRetryAfter(t *testing.T) {
	now := time.Now()
	tasks := open(t, ":memory:", taskstate.WithRetryAfter(3*time.Second, 7*time.Second), taskstate.WithClock(func() time.Time { return now }))
	create(t, tasks, "t1")
	for _, step := range []struct {
		age  time.Duration
		want string
	}{{0, "3"}, {50 * time.Second, "5"}, {time.Hour, "7"}} {
		now = now.Add(step.age)
		if got := tasks.Decide(ctx, "z1", "t1", taskstate.Request{}).Header.Get("Retry-After"); got != step.want {
			t.Errorf("after %v more: %s", step.age, got)
		}
	}
}

func TestWithLenientRequestIDs(t *testing.T) {
	request := taskstate.Request{Header: map[string][]string{"X-Client-Request-Id": {"no uuid"}}}
	for _, lenient := range []bool{false, true} {
		options := []taskstate.Option{}
		want := 400
		if lenient {
			options, want = append(options, taskstate.WithLenientRequestIDs(true)), 200
		}
		tasks := open(t, ":memory:", options...)
		create(t, tasks, "t1")
		if answer := tasks.Decide(ctx, "z1", "t1", request); answer.Status != want {
			t.Errorf("lenient %v: %+v", lenient, answer)
		}
	}
}

func TestWithAnyFilesystem(t *testing.T) {
	create(t, open(t, newPath(t), taskstate.WithAnyFilesystem()), "t1")
}

func TestWithLogFileAndLevel(t *testing.T) {
	for level, logged := range map[taskstate.LogLevel]bool{taskstate.LogError: true, taskstate.LogOff: false} {
		log := filepath.Join(t.TempDir(), "log")
		path := newPath(t)
		tasks := open(t, path, taskstate.WithLogFile(log), taskstate.WithLogLevel(level))
		failLookup(t, tasks, path)
		content, _ := os.ReadFile(log)
		if strings.Contains(string(content), "status lookup failed") != logged {
			t.Errorf("level %d: %q", level, content)
		}
	}
}

// failLookup makes the engine log an error, by taking its file away.
func failLookup(t *testing.T, tasks *taskstate.Engine, path string) {
	t.Helper()
	create(t, tasks, "t1")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	if answer := tasks.Decide(ctx, "z1", "t1", taskstate.Request{}); answer.Status < 500 {
		t.Errorf("%+v", answer)
	}
	_, err := tasks.Start(ctx, "z1", "t1")
	wantError(t, err, taskstate.ErrMoved, "")
}

func TestSettingsOfTheFile(t *testing.T) {
	path := newPath(t)
	first := open(t, path, taskstate.WithPendingLimit(1), taskstate.WithOperations("report"))
	// What is left out is the file's.
	second := open(t, path)
	create(t, second, "a")
	_, err := second.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: "report"})
	wantError(t, err, taskstate.ErrLimitExceeded, "")
	// The default, where it is given, is not the file's.
	for field, option := range map[string]taskstate.Option{
		"pending_limit": taskstate.WithPendingLimit(0), "operations": taskstate.WithOperations(taskstate.OpCreate),
		"location": taskstate.WithLocation("/elsewhere"), "status_url": taskstate.WithStatusURL("/tasks/{task_id}"),
		"retry_after": taskstate.WithRetryAfter(0, time.Second), "completed": taskstate.WithCompleted(taskstate.CompletedOK),
		"adopt_request_id": taskstate.WithAdoptRequestID(true), "ignore_bad_request_id": taskstate.WithLenientRequestIDs(true),
		"running_limit": taskstate.WithRunningLimit(2), "retention": taskstate.WithRetention(time.Hour),
		"idempotency_retention": taskstate.WithIdempotencyRetention(time.Hour),
		"result_retention":      taskstate.WithResultRetention(time.Hour),
		"tombstones":            taskstate.WithTombstones(time.Hour), "feed_retention": taskstate.WithFeedRetention(time.Hour),
	} {
		_, err := taskstate.Open(path, option)
		wantError(t, err, taskstate.ErrInvalidArgument, field)
	}
	open(t, path, taskstate.WithPendingLimit(1), taskstate.WithAdoptRequestID(false), taskstate.WithLenientRequestIDs(false))
	open(t, path, taskstate.WithPendingLimit(0), taskstate.WithReconfigure())
	if _, err := first.Get(ctx, "z1", "a"); err != nil {
		t.Fatal(err)
	}
	create(t, first, "b")
}

//go:build cgo

package taskstate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

const requestID = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"
const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

func fullSpec() taskstate.NewTask {
	return taskstate.NewTask{
		ZoneID: "z1", ID: "t1", Operation: taskstate.OpCreate, InstallID: "ins_1", PackageID: "pkg é",
		PackageSlug: "slug", PackageVersion: taskstate.Int64(0), Payload: []byte("\x00\xff"),
		Links: []taskstate.Link{{Href: "/a?b=1&c", Rel: "self", Properties: json.RawMessage(`{"z":1.50,"a":12345678901234567890}`),
			Titles: map[string]string{"en": "T"}, Type: "text/plain"}},
		Warnings: []taskstate.Warning{{Code: "conflict", Details: []taskstate.WarningDetail{{Code: "not_found", Field: "$.x", Message: "m"}},
			Message: "M", Path: "/p", RequestID: requestID, Status: 409,
			Timestamp: time.Date(2019, 12, 27, 18, 11, 19, 117_000_000, time.UTC)}},
	}
}

func TestCreateKeepsEveryField(t *testing.T) {
	at := time.Date(2024, 2, 29, 1, 2, 3, 456_789_000, time.UTC)
	tasks := open(t, newPath(t), taskstate.WithClock(func() time.Time { return at.In(time.FixedZone("", -7200)) }))
	spec := fullSpec()
	call := taskstate.WithCall(ctx, taskstate.Call{RequestID: requestID, Traceparent: traceparent, Actor: "api"})
	task, err := tasks.Create(call, spec)
	if err != nil {
		t.Fatal(err)
	}
	want := &taskstate.Task{
		ZoneID: "z1", ID: "t1", CreatedAt: at, Operation: "create", Status: taskstate.Pending, UpdatedAt: at,
		InstallID: "ins_1", Links: spec.Links, PackageID: "pkg é", PackageSlug: "slug",
		PackageVersion: taskstate.Int64(0), Warnings: spec.Warnings, Revision: 1, ClientRequestID: requestID,
		Traceparent: traceparent, MaxAttempts: 1,
		JSON: json.RawMessage(`{"id":"t1","created_at":"2024-02-29T01:02:03.456Z","operation":"create","status":"pending",` +
			`"updated_at":"2024-02-29T01:02:03.456Z","install_id":"ins_1","links":[{"href":"/a?b=1&c","rel":"self",` +
			`"properties":{"z":1.50,"a":12345678901234567890},"titles":{"en":"T"},"type":"text/plain"}],` +
			`"package_id":"pkg é","package_slug":"slug","package_version":0,"warnings":[{"code":"conflict",` +
			`"details":[{"code":"not_found","field":"$.x","message":"m"}],"message":"M","path":"/p",` +
			`"request_id":"182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e","status":409,"timestamp":"2019-12-27T18:11:19.117Z"}]}`),
	}
	if !reflect.DeepEqual(task, want) {
		t.Errorf("got  %+v\nwant %+v\nJSON %s", task, want, task.JSON)
	}
	got, err := tasks.Get(ctx, "z1", "t1")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Get: %+v, %v", got, err)
	}
	want.Payload = spec.Payload
	got, err = tasks.Get(ctx, "z1", "t1", taskstate.WithPayload())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Get with payload: %+v, %v", got, err)
	}
}

func TestCreateMakesIDs(t *testing.T) {
	tasks := open(t, ":memory:")
	first, second := create(t, tasks, ""), create(t, tasks, "")
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	if !uuid.MatchString(first.ID) || !uuid.MatchString(second.ID) || first.ID == second.ID {
		t.Error(first.ID, second.ID)
	}
	if first.PackageVersion != nil || first.Links != nil || first.Warnings != nil || first.Payload != nil {
		t.Errorf("absent fields: %+v", first)
	}
}

func TestEmptyPayloadIsNotNone(t *testing.T) {
	tasks := open(t, ":memory:")
	for id, payload := range map[string][]byte{"none": nil, "empty": {}} {
		if _, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: id, Operation: "create", Payload: payload}); err != nil {
			t.Fatal(err)
		}
		task, err := tasks.Get(ctx, "z1", id, taskstate.WithPayload())
		if err != nil || (task.Payload == nil) != (payload == nil) || len(task.Payload) != 0 {
			t.Errorf("%s: %v, %v", id, task.Payload, err)
		}
	}
}

func TestCreateRefusesWhatBreaksARule(t *testing.T) {
	tasks := open(t, ":memory:")
	good := fullSpec()
	cases := map[string]func(*taskstate.NewTask){
		"zone_id":         func(s *taskstate.NewTask) { s.ZoneID = "" },
		"id":              func(s *taskstate.NewTask) { s.ID = "a/b" },
		"operation":       func(s *taskstate.NewTask) { s.Operation = "move" },
		"install_id":      func(s *taskstate.NewTask) { s.Operation, s.InstallID = "delete", "" },
		"package_id":      func(s *taskstate.NewTask) { s.PackageID = "a\x00b" },
		"package_slug":    func(s *taskstate.NewTask) { s.PackageSlug = strings.Repeat("x", 513) },
		"package_version": func(s *taskstate.NewTask) { s.PackageVersion = taskstate.Int64(1 << 53) },
		"links[0].rel":    func(s *taskstate.NewTask) { s.Links = []taskstate.Link{{Href: "/a"}} },
		"payload":         func(s *taskstate.NewTask) { s.Payload = make([]byte, 1<<20+1) },
	}
	for field, spoil := range cases {
		spec := good
		spoil(&spec)
		_, err := tasks.Create(ctx, spec)
		failure := wantError(t, err, taskstate.ErrInvalidArgument, field)
		if failure.Outcome != taskstate.NotDone || !strings.Contains(failure.Message, field) {
			t.Errorf("%s: %+v", field, failure)
		}
	}
	for name, spoil := range map[string]func(*taskstate.NewTask){
		"smallest version":     func(s *taskstate.NewTask) { s.PackageVersion = taskstate.Int64(math.MinInt64) },
		"link that is no text": func(s *taskstate.NewTask) { s.Links = []taskstate.Link{{Href: "/\xff", Rel: "r"}} },
		"properties": func(s *taskstate.NewTask) {
			s.Links = []taskstate.Link{{Href: "/", Rel: "r", Properties: json.RawMessage(`{"a":1,"a":2}`)}}
		},
		"warning time": func(s *taskstate.NewTask) {
			s.Warnings = append([]taskstate.Warning{}, s.Warnings...)
			s.Warnings[0].Timestamp = time.Time{}
		},
	} {
		spec := good
		spoil(&spec)
		if _, err := tasks.Create(ctx, spec); !errors.Is(err, taskstate.ErrInvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "/", ID: "/", Operation: "create"})
	if failure := wantError(t, err, taskstate.ErrInvalidArgument, ""); len(failure.Details) != 2 {
		t.Errorf("one detail for each field: %+v", failure.Details)
	}
	if page, err := tasks.List(ctx, taskstate.ListQuery{ZoneID: "z1"}); err != nil || len(page.Tasks) != 0 {
		t.Error("something was stored", page, err)
	}
}

func TestCallFieldsAreChecked(t *testing.T) {
	tasks := open(t, ":memory:")
	for field, call := range map[string]taskstate.Call{
		"request_id": {RequestID: "a b"}, "traceparent": {Traceparent: "00-"}, "actor": {Actor: "\x01"},
	} {
		_, err := tasks.Start(taskstate.WithCall(ctx, call), "z1", "t1")
		wantError(t, err, taskstate.ErrInvalidArgument, field)
	}
}

func TestTheLifeOfATask(t *testing.T) {
	tasks := open(t, newPath(t))
	create(t, tasks, "t1")
	worker := taskstate.WithCall(ctx, taskstate.Call{Actor: "w1", RequestID: "r1", Traceparent: traceparent})
	task, err := tasks.Start(worker, "z1", "t1")
	if err != nil || task.Status != taskstate.Running || task.Revision != 2 {
		t.Fatal(task, err)
	}
	update := taskstate.Update{PackageSlug: "s", PackageVersion: taskstate.Int64(7), Links: fullSpec().Links, Warnings: fullSpec().Warnings}
	task, err = tasks.Annotate(ctx, "z1", "t1", update)
	if err != nil || task.PackageSlug != "s" || *task.PackageVersion != 7 || len(task.Links) != 1 || len(task.Warnings) != 1 {
		t.Fatal(task, err)
	}
	// What was read can be given again: it is recognised as a duplicate.
	again, err := tasks.Annotate(ctx, "z1", "t1", taskstate.Update{Links: task.Links, Warnings: task.Warnings})
	if err != nil || again.Revision != task.Revision {
		t.Fatal(again, err)
	}
	for range [2]int{} {
		task, err = tasks.Complete(ctx, "z1", "t1", taskstate.Update{InstallID: "ins_1"})
		if err != nil || task.Status != taskstate.Completed || task.Revision != 4 || task.InstallID != "ins_1" {
			t.Fatal(task, err)
		}
	}
	_, err = tasks.Complete(ctx, "z1", "t1", taskstate.Update{InstallID: "ins_2"})
	wantError(t, err, taskstate.ErrIllegalTransition, "")

	events := historyOf(t, tasks, "t1")
	if len(events) != 4 {
		t.Fatal(events)
	}
	kinds := []string{"created", "started", "annotated", "completed"}
	for i, event := range events {
		if event.Kind != kinds[i] || event.Revision != int64(i+1) || event.At.Location() != time.UTC || event.At.Before(task.CreatedAt) {
			t.Errorf("event %d: %+v", i, event)
		}
	}
	if first := events[0]; first.From != taskstate.NoStatus || first.To != taskstate.Pending || first.Worker != "" {
		t.Errorf("%+v", first)
	}
	newest, err := tasks.History(ctx, "z1", "t1", taskstate.HistoryQuery{Limit: 3})
	if err != nil || len(newest.Events) != 3 || newest.Events[0] != events[3] || newest.Events[2] != events[1] {
		t.Fatal(newest, err)
	}
	oldest, err := tasks.History(ctx, "z1", "t1", taskstate.HistoryQuery{Limit: 3, After: newest.AfterCursor})
	if err != nil || len(oldest.Events) != 1 || oldest.Events[0] != events[0] || oldest.AfterCursor != "" {
		t.Error(oldest, err)
	}
	_, err = tasks.History(ctx, "z1", "t2", taskstate.HistoryQuery{After: newest.AfterCursor})
	wantError(t, err, taskstate.ErrInvalidArgument, "after")
	_, err = tasks.History(ctx, "z1", "t1", taskstate.HistoryQuery{Limit: 1001})
	wantError(t, err, taskstate.ErrInvalidArgument, "limit")
	second := events[1]
	if second.From != taskstate.Pending || second.To != taskstate.Running || second.Worker != "w1" ||
		second.RequestID != "r1" || second.Traceparent != traceparent || second.Sequence <= events[0].Sequence {
		t.Errorf("%+v", second)
	}
}

func TestFailKeepsTheDetailPrivate(t *testing.T) {
	tasks := open(t, ":memory:")
	start(t, tasks, "t1")
	_, err := tasks.Fail(ctx, "z1", "t1", taskstate.Update{})
	wantError(t, err, taskstate.ErrInvalidArgument, "error_message")
	task, err := tasks.Fail(ctx, "z1", "t1", taskstate.Update{ErrorMessage: "No room.", ErrorDetail: "stack trace"})
	if err != nil || task.Status != taskstate.Failed || task.ErrorMessage != "No room." || task.ErrorDetail != "stack trace" ||
		task.FailureKind != "failed" {
		t.Fatalf("%+v %v", task, err)
	}
	marshalled, err := json.Marshal(task)
	if err != nil || bytes.Contains(marshalled, []byte("stack")) || !bytes.Contains(task.JSON, []byte("No room.")) {
		t.Error(string(marshalled), err)
	}
	_, err = tasks.Complete(ctx, "z1", "t1", taskstate.Update{ErrorMessage: "x"})
	wantError(t, err, taskstate.ErrInvalidArgument, "error_message")
}

func TestWhatIsNotThere(t *testing.T) {
	tasks := open(t, ":memory:")
	for _, id := range []string{"t1", "", "a/b", "\xff\x00"} {
		task, err := tasks.Get(ctx, "z1", id)
		wantError(t, err, taskstate.ErrNotFound, "")
		if task != nil {
			t.Error(task)
		}
		_, err = tasks.Start(ctx, "z1", id)
		wantError(t, err, taskstate.ErrNotFound, "")
		if page, err := tasks.History(ctx, "z1", id); err != nil || len(page.Events) != 0 {
			t.Error(page, err)
		}
	}
	create(t, tasks, "t1")
	_, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: "t1", Operation: "create"})
	wantError(t, err, taskstate.ErrAlreadyExists, "")
}

func TestListPagesAndFilters(t *testing.T) {
	now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	tasks := open(t, newPath(t), taskstate.WithClock(func() time.Time { return now }))
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		create(t, tasks, id)
		now = now.Add(time.Second)
	}
	if _, err := tasks.Start(ctx, "z1", "b"); err != nil {
		t.Fatal(err)
	}
	if _, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: "f", Operation: "delete", InstallID: "ins_9", PackageID: "pkg_2"}); err != nil {
		t.Fatal(err)
	}
	list := func(query taskstate.ListQuery) (string, *taskstate.Page) {
		t.Helper()
		query.ZoneID = "z1"
		page, err := tasks.List(ctx, query)
		if err != nil {
			t.Fatal(err)
		}
		ids := ""
		for _, task := range page.Tasks {
			ids += task.ID
		}
		return ids, page
	}
	began := now.Add(-5 * time.Second)
	for want, query := range map[string]taskstate.ListQuery{
		"fedcba": {}, "b": {Statuses: []taskstate.Status{taskstate.Running}}, "f": {Operation: "delete"},
		"fe": {Limit: 2}, "edcba": {PackageID: "pkg_1"}, "cb": {CreatedFrom: began.Add(time.Second), CreatedUntil: began.Add(3 * time.Second)},
		"": {Statuses: []taskstate.Status{taskstate.Completed, taskstate.Failed}}, "fedca": {Statuses: []taskstate.Status{taskstate.Pending}},
	} {
		if got, page := list(query); got != want || page.TotalCount != -1 {
			t.Errorf("%+v: %q, total %d", query, got, page.TotalCount)
		}
	}
	if got, page := list(taskstate.ListQuery{InstallID: "ins_9", WithTotal: true}); got != "f" || page.TotalCount != 1 {
		t.Error(got, page)
	}
	_, first := list(taskstate.ListQuery{Limit: 4})
	ids, second := list(taskstate.ListQuery{Limit: 4, After: first.AfterCursor})
	if ids != "ba" || second.AfterCursor != "" || first.BeforeCursor != "" {
		t.Error(ids, first, second)
	}
	if ids, _ := list(taskstate.ListQuery{Limit: 4, Before: second.BeforeCursor}); ids != "fedc" {
		t.Error(ids)
	}
	if _, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z2", ID: "g", Operation: "create"}); err != nil {
		t.Fatal(err)
	}
	if _, err := tasks.Cancel(ctx, "z1", "c", taskstate.CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	for want, query := range map[string]taskstate.ListQuery{
		"gf": {Limit: 2}, "c": {FailureKind: "cancelled"}, "": {Worker: "w1", Ref: "order 7", ClientRequestID: "r"},
	} {
		query.AllZones = true
		page, err := tasks.List(ctx, query)
		ids := ""
		for _, task := range page.Tasks {
			ids += task.ID
		}
		if err != nil || ids != want {
			t.Errorf("%+v: %q, %v", query, ids, err)
		}
	}
	for field, query := range map[string]taskstate.ListQuery{
		"failure_kind": {AllZones: true, FailureKind: "gone"},
		"zone_id":      {}, "limit": {ZoneID: "z1", Limit: 1001}, "after": {ZoneID: "z1", After: "x"},
		"statuses[1]": {ZoneID: "z1", Statuses: []taskstate.Status{taskstate.Pending, 4}},
	} {
		_, err := tasks.List(ctx, query)
		wantError(t, err, taskstate.ErrInvalidArgument, field)
	}
}

func TestVerifyReportsDamage(t *testing.T) {
	path := newPath(t)
	tasks := open(t, path)
	start(t, tasks, "t1")
	report, err := tasks.Verify(ctx)
	if err != nil || !report.OK || len(report.Problems) != 0 || report.TaskCount != 1 || report.EventCount != 2 || report.Text == "" {
		t.Fatalf("%+v, %v", report, err)
	}
	if err := tasks.Close(); err != nil {
		t.Fatal(err)
	}
	// The word is spoilt in the row alone; its event and the rendered body still say what it was.
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if at := bytes.Index(content, []byte("pkg_1")); at < 0 {
		t.Fatal("the row is not in the file")
	} else {
		content[at+4] = '2'
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	report, err = open(t, path).Verify(ctx)
	if err != nil || report.OK || len(report.Problems) == 0 || !strings.Contains(report.Text, report.Problems[0]) {
		t.Fatalf("%+v, %v", report, err)
	}
}

func TestParseAndValidate(t *testing.T) {
	tasks := open(t, ":memory:")
	task, err := tasks.Create(ctx, fullSpec())
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := taskstate.ParseTask(task.JSON)
	if err != nil || parsed.ZoneID != "" || parsed.Revision != 0 || !bytes.Equal(parsed.JSON, task.JSON) ||
		!reflect.DeepEqual(parsed.Links, task.Links) || !reflect.DeepEqual(parsed.Warnings, task.Warnings) {
		t.Fatalf("%+v, %v", parsed, err)
	}
	if err := parsed.Validate(); err != nil {
		t.Error(err)
	}
	// A pending task with an error message is well-formed, and against the rules.
	broken := strings.Replace(string(task.JSON), `,"install_id"`, `,"error_message":"x","install_id"`, 1)
	var read taskstate.Task
	if err := json.Unmarshal([]byte(broken), &read); err != nil || read.ErrorMessage != "x" {
		t.Fatal(err)
	}
	wantError(t, read.Validate(), taskstate.ErrInvalidArgument, "error_message")
	if err := json.Unmarshal([]byte(`{"id":1}`), &read); !errors.Is(err, taskstate.ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := json.Marshal(taskstate.Task{ID: "x"}); !errors.Is(err, taskstate.ErrInvalidArgument) {
		t.Error(err)
	}
	var none *taskstate.Task
	wantError(t, none.Validate(), taskstate.ErrInvalidArgument, "task")
	wantError(t, (&taskstate.Task{}).Validate(), taskstate.ErrInvalidArgument, "")
}

func TestVersion(t *testing.T) {
	if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(taskstate.Version()) || taskstate.ABI() != 0 {
		t.Error(taskstate.Version(), taskstate.ABI())
	}
}

func TestAContextThatIsDoneComesFirst(t *testing.T) {
	var none *taskstate.Engine
	done, cancel := context.WithCancel(ctx)
	cancel()
	late, cancelLate := context.WithDeadline(ctx, time.Now().Add(-time.Second))
	defer cancelLate()
	for _, tasks := range []*taskstate.Engine{none, open(t, ":memory:")} {
		if _, err := tasks.Create(done, taskstate.NewTask{}); err != context.Canceled {
			t.Error(err)
		}
		if _, err := tasks.List(late, taskstate.ListQuery{}); err != context.DeadlineExceeded {
			t.Error(err)
		}
		if answer := tasks.Decide(done, "z1", "t1", taskstate.Request{}); answer.Status != 503 {
			t.Error(answer)
		}
	}
}

//go:build cgo

package taskstate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

// The conformance vectors that every language runs; tests/conformance/vectors/README.md describes them.
const vectorFiles = "../../tests/conformance/vectors/*.json"

type object = map[string]any

func TestVectors(t *testing.T) {
	files, err := filepath.Glob(vectorFiles)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var content struct{ Cases []vectorCase }
		if err := json.Unmarshal(text, &content); err != nil {
			t.Fatal(file, err)
		}
		for _, one := range content.Cases {
			if names[one.Name] {
				t.Errorf("two cases are named %q", one.Name)
			}
			names[one.Name] = true
			t.Run(one.Name, func(t *testing.T) { runVector(t, one) })
		}
	}
	fmt.Printf("Go: %d conformance cases\n", len(names))
	if len(names) < 60 {
		t.Errorf("only %d cases", len(names))
	}
}

// vectorRunner is one case's engine, and what its steps hand on to each other.
type vectorRunner struct {
	t     *testing.T
	tasks *taskstate.Engine
	task  *taskstate.Task // of the last change
	err   error
	page  *taskstate.Page
}

func runVector(t *testing.T, one vectorCase) {
	var now time.Time
	var ids [2]byte
	options := append(one.Options.list(),
		taskstate.WithClock(func() time.Time { return now }),
		taskstate.WithIDs(func(kind taskstate.IDKind) [16]byte {
			ids[kind]++
			version := byte(0x70)
			if kind == taskstate.IDRequest {
				version = 0x40
			}
			return [16]byte{6: version, 8: 0x80, 15: ids[kind]}
		}))
	runner := &vectorRunner{t: t, tasks: open(t, newPath(t), options...)}
	for i, step := range one.Steps {
		now = time.UnixMicro(step.Now)
		got, expected := canonical(t, runner.run(&step)), canonical(t, runner.expected(&step))
		if !bytes.Equal(got, expected) {
			t.Errorf("step %d\nexpected %s\n     got %s", i+1, expected, got)
		}
	}
}

func (r *vectorRunner) run(step *vectorStep) object {
	ctx := taskstate.WithCall(context.Background(), taskstate.Call(step.Call))
	switch step.Do {
	case "get":
		return r.get(ctx, step)
	case "list":
		return r.list(ctx, step)
	case "history":
		return r.history(ctx, step)
	case "decide":
		return r.toldAnswer(r.tasks.Decide(ctx, step.ZoneID, step.ID, step.Request.request()))
	case "accept":
		return r.toldAnswer(r.tasks.Accept(r.task, r.err, step.Request.request()))
	case "parse":
		return r.told(taskstate.ParseTask([]byte(step.JSON)))
	case "validate":
		task, err := taskstate.ParseTask([]byte(step.JSON))
		if err == nil {
			err = task.Validate()
		}
		return r.done(err)
	case "close":
		return r.done(r.tasks.Close())
	}
	r.task, r.err = r.change(ctx, step)
	return r.told(r.task, r.err)
}

func (r *vectorRunner) change(ctx context.Context, step *vectorStep) (*taskstate.Task, error) {
	switch step.Do {
	case "create":
		return r.tasks.Create(ctx, step.New.newTask())
	case "start":
		return r.tasks.Start(ctx, step.ZoneID, step.ID)
	case "annotate":
		return r.tasks.Annotate(ctx, step.ZoneID, step.ID, step.Update.update())
	case "complete":
		return r.tasks.Complete(ctx, step.ZoneID, step.ID, step.Update.update())
	case "fail":
		return r.tasks.Fail(ctx, step.ZoneID, step.ID, step.Update.update())
	}
	r.t.Fatalf("cannot do %q", step.Do)
	return nil, nil
}

func (r *vectorRunner) get(ctx context.Context, step *vectorStep) object {
	var options []taskstate.GetOption
	if step.Payload {
		options = append(options, taskstate.WithPayload())
	}
	task, err := r.tasks.Get(ctx, step.ZoneID, step.ID, options...)
	if errors.Is(err, taskstate.ErrNotFound) {
		return object{"task": nil}
	}
	return r.told(task, err)
}

func (r *vectorRunner) list(ctx context.Context, step *vectorStep) object {
	query := step.Query.query()
	switch step.Follow {
	case "after":
		query.After = r.page.AfterCursor
	case "before":
		query.Before = r.page.BeforeCursor
	}
	page, err := r.tasks.List(ctx, query)
	if err != nil {
		return r.done(err)
	}
	r.page = page
	tasks := []string{}
	for _, task := range page.Tasks {
		tasks = append(tasks, string(task.JSON))
	}
	var total any
	if page.TotalCount >= 0 {
		total = page.TotalCount
	}
	return object{"page": object{"tasks": tasks, "total_count": total,
		"has_after": page.AfterCursor != "", "has_before": page.BeforeCursor != ""}}
}

func (r *vectorRunner) history(ctx context.Context, step *vectorStep) object {
	page, err := r.tasks.History(ctx, step.ZoneID, step.ID)
	if err != nil {
		return r.done(err)
	}
	told := []object{}
	for i := len(page.Events) - 1; i >= 0; i-- {
		event := page.Events[i]
		if i > 0 && event.Sequence >= page.Events[i-1].Sequence {
			r.t.Error("sequence numbers do not fall")
		}
		told = append(told, object{"kind": event.Kind, "from": optional(event.From.String()), "to": event.To.String(),
			"at": event.At.UnixMicro(), "revision": event.Revision, "attempt": event.Attempt,
			"worker": optional(event.Worker), "request_id": optional(event.RequestID),
			"traceparent": optional(event.Traceparent), "message": optional(event.Message), "detail": optional(event.Detail)})
	}
	return object{"events": told}
}

// Results as the vectors have them.

func (r *vectorRunner) told(task *taskstate.Task, err error) object {
	if err != nil {
		return r.done(err)
	}
	var payload any
	if task.Payload != nil {
		payload = string(task.Payload)
	}
	return object{"task": object{"json": string(task.JSON), "zone_id": optional(task.ZoneID), "revision": task.Revision,
		"error_detail": optional(task.ErrorDetail), "failure_kind": optional(task.FailureKind),
		"client_request_id": optional(task.ClientRequestID), "traceparent": optional(task.Traceparent), "payload": payload}}
}

func (r *vectorRunner) done(err error) object {
	if err == nil {
		return object{"done": true}
	}
	var failure *taskstate.Error
	if !errors.As(err, &failure) {
		r.t.Fatalf("not an error of taskstate: %v", err)
	}
	fields := []string{}
	for _, detail := range failure.Details {
		fields = append(fields, detail.Field)
	}
	return object{"error": object{"code": failure.Code.String(), "fields": fields, "outcome": failure.Outcome.String()}}
}

func (r *vectorRunner) toldAnswer(answer taskstate.Answer) object {
	headers := []any{}
	for _, field := range answer.Header {
		headers = append(headers, []any{field.Name, field.Value})
	}
	var body any
	if answer.Body != nil {
		body = string(answer.Body)
	}
	return object{"answer": object{"status": answer.Status, "headers": headers, "body": body}}
}

// expected is what the step expects, with the headers' names as net/http spells them.
func (r *vectorRunner) expected(step *vectorStep) object {
	expect := object{}
	decoder := json.NewDecoder(bytes.NewReader(step.Expect))
	decoder.UseNumber()
	if err := decoder.Decode(&expect); err != nil {
		r.t.Fatal(err)
	}
	if answer, ok := expect["answer"].(object); ok {
		for _, line := range answer["headers"].([]any) {
			pair := line.([]any)
			pair[0] = http.CanonicalHeaderKey(pair[0].(string))
		}
	}
	return expect
}

func canonical(t *testing.T, value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func optional(text string) any {
	if text == "" {
		return nil
	}
	return text
}

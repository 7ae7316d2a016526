package taskstate

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"
)

func TestMicrosClampsWhatWouldWrapAround(t *testing.T) {
	at := time.Date(2019, 12, 27, 18, 11, 19, 117_123_999, time.FixedZone("", 3600))
	cases := map[int64]time.Time{
		at.UnixMicro():      at,
		maxMicros:           time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC),
		minMicros:           time.Date(-300000, 1, 1, 0, 0, 0, 0, time.UTC),
		maxMicros - 999_999: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		-62135596800000000:  {},
	}
	for want, at := range cases {
		if got := micros(at); got != want {
			t.Errorf("micros(%v) = %d, want %d", at, got, want)
		}
	}
}

func TestLinksAreRenderedAsGiven(t *testing.T) {
	links := []Link{
		{Href: "/a?x=1&y=<2>", Rel: `q"\` + "\n"},
		{Href: "#f", Rel: "r", Properties: json.RawMessage(`{"z":1.50,"a":1e400}`),
			Titles: map[string]string{"fr": "é", "de": "ß"}, Type: "text/html"},
	}
	want := `[{"href":"/a?x=1&y=<2>","rel":"q\"\\\u000a"},` +
		`{"href":"#f","rel":"r","properties":{"z":1.50,"a":1e400},"titles":{"de":"ß","fr":"é"},"type":"text/html"}]`
	if got := renderLinks(links); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := renderLinks([]Link{}); got != "" {
		t.Errorf("no links: %q", got)
	}
	if got := renderLinks([]Link{{Href: "\xff"}}); got != "[{\"href\":\"\xff\",\"rel\":\"\"}]" {
		t.Errorf("what is not UTF-8 must reach the library: %q", got)
	}
}

func TestWarningsAreRenderedAsGiven(t *testing.T) {
	at := time.Date(2019, 12, 27, 19, 11, 19, 117_000_000, time.FixedZone("", 3600))
	warnings := []Warning{
		{Code: "conflict", Details: []WarningDetail{{"c", "f", "m"}, {"d", "g", "n"}}, Message: "M", Path: "/p",
			RequestID: "r", Status: 409, Timestamp: at},
		{},
	}
	want := `[{"code":"conflict","details":[{"code":"c","field":"f","message":"m"},{"code":"d","field":"g","message":"n"}],` +
		`"message":"M","path":"/p","request_id":"r","status":409,"timestamp":"2019-12-27T18:11:19.117Z"},` +
		`{"code":"","details":[],"message":"","path":"","request_id":"","status":0}]`
	if got := renderWarnings(warnings); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := renderWarnings(nil); got != "" {
		t.Errorf("no warnings: %q", got)
	}
}

func TestLinkProperty(t *testing.T) {
	link := Link{Properties: json.RawMessage(`{"n":1.50,"s":"x"}`)}
	var number json.Number
	if found, err := link.Property("n", &number); !found || err != nil || number != "1.50" {
		t.Error(found, err, number)
	}
	var text string
	if found, err := link.Property("n", &text); !found || err == nil {
		t.Error("a number is no string:", found, err)
	}
	if found, err := link.Property("absent", &text); found || err != nil {
		t.Error(found, err)
	}
	if found, err := (Link{}).Property("n", &text); found || err != nil {
		t.Error(found, err)
	}
	if _, err := (Link{Properties: json.RawMessage(`[`)}).Property("n", &text); err == nil {
		t.Error("broken properties are an error")
	}
}

func TestCallArgsComeFromTheContext(t *testing.T) {
	var none context.Context
	if args, err := newCallArgs(none); err != nil || args.timeout >= 0 {
		t.Error(args, err)
	}
	if args, err := newCallArgs(context.Background()); err != nil || args.timeout >= 0 || args.Call != (Call{}) {
		t.Error(args, err)
	}
	outer := WithCall(context.Background(), Call{RequestID: "outer", Actor: "outer"})
	ctx, cancel := context.WithTimeout(WithCall(outer, Call{RequestID: "r"}), time.Hour)
	args, err := newCallArgs(ctx)
	if err != nil || args.Call != (Call{RequestID: "r"}) {
		t.Error(args, err)
	}
	if hour := time.Hour.Microseconds(); args.timeout > hour || args.timeout < hour-int64(time.Minute/time.Microsecond) {
		t.Errorf("timeout %d us", args.timeout)
	}
	if CallFrom(outer).RequestID != "outer" || CallFrom(context.Background()) != (Call{}) {
		t.Error("CallFrom")
	}
	cancel()
	if _, err := newCallArgs(ctx); err != context.Canceled {
		t.Error(err)
	}
}

func TestExplainNamesTheDeadline(t *testing.T) {
	busy := func() error { return &Error{Code: ErrBusy} }
	if err := (callArgs{timeout: 5}).explain(busy()); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
	if err := (callArgs{timeout: -1}).explain(busy()); errors.Is(err, context.DeadlineExceeded) {
		t.Error("the engine's own timeout is not the context's")
	}
	if err := (callArgs{timeout: 5}).explain(&Error{Code: ErrClosed}); errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if err := (callArgs{timeout: 5}).explain(nil); err != nil {
		t.Error(err)
	}
}

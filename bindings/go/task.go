package taskstate

import (
	"encoding/json"
	"time"
)

// The operations that every engine allows; [WithOperations] allows more. Since 0.1.
const (
	OpCreate = "create"
	OpDelete = "delete" // needs an InstallID
)

// Task is a snapshot of a task. Absent texts are "", absent lists nil. It belongs to the caller. Since 0.1.
type Task struct {
	ZoneID         string // not on the wire; "" in a task made by ParseTask
	ID             string
	CreatedAt      time.Time // UTC, microseconds
	Operation      string
	Status         Status
	UpdatedAt      time.Time // UTC, microseconds; never before CreatedAt
	ErrorMessage   string    // what the client may read; present exactly when failed
	InstallID      string
	Links          []Link
	PackageID      string
	PackageSlug    string
	PackageVersion *int64 // 0 to 2^53-1; nil: none
	Warnings       []Warning

	// JSON is the wire form, byte for byte what an answer's body holds.
	JSON json.RawMessage

	// What follows is never on the wire.

	Revision        int64  // 1 and up; grows by one with each change that the wire shows
	ErrorDetail     string // private, for operators
	FailureKind     string // "failed", "cancelled", "expired" or "lost"; "" unless failed
	ClientRequestID string // of the call that created the task
	Traceparent     string // of the call that created the task
	Payload         []byte // only of a lease, or where Get was asked for it
	Worker          string // who holds the lease; "" if nobody does
	Epoch           int64  // of the latest lease; 0: never leased
	Attempt         int64  // how often the task was started
	MaxAttempts     int64
	NotBefore       time.Time // claims pass over the task until then; zero: none
	StartBy         time.Time // the task fails if nobody has started it by then; zero: none
	Priority        int64     // -100 to 100; claims take higher ones first
	Ref             string    // what the host calls it
	ResultMediaType string    // of the result that its completion stored, also once the bytes are dropped; "" if none
	CancelRequested bool      // Cancel asked its worker to stop
	Replayed        bool      // Create found it by its idempotency key, and made nothing
}

// MarshalJSON returns the wire form, so that what is private stays so. encoding/json may respell some characters of
// it; the exact bytes are in JSON. A task that came from neither an engine nor [ParseTask] is [ErrInvalidArgument].
// Since 0.1.
func (t Task) MarshalJSON() ([]byte, error) {
	if len(t.JSON) == 0 {
		return nil, invalid("json", "json must hold the task's wire form; it is empty")
	}
	return t.JSON, nil
}

// UnmarshalJSON is [ParseTask]. Since 0.1.
func (t *Task) UnmarshalJSON(data []byte) error {
	parsed, err := ParseTask(data)
	if err == nil {
		*t = *parsed
	}
	return err
}

// Validate checks every rule of the wire form in JSON: [ErrInvalidArgument] with one detail for each field that breaks
// its rule. Does not block. Since 0.1.
func (t *Task) Validate() error {
	if t == nil {
		return invalid("task", "task must not be nil")
	}
	return nativeValidate(string(t.JSON))
}

// ParseTask reads a task's wire form: at most 1 MiB of JSON, nested at most 32 deep, its fields in their order, none
// unknown, none twice. It checks syntax and types, [Task.Validate] the rules of the values. ZoneID is "" and Revision
// 0: the wire has neither. Errors: [ErrInvalidArgument], [ErrNoMemory]. Does not block. Since 0.1.
func ParseTask(data []byte) (*Task, error) { return nativeParse(string(data)) }

// NewTask is what [Engine.Create] makes a task of. Texts that are "" and lists without elements are absent. Since 0.1.
type NewTask struct {
	ZoneID         string // required; 1-128 of A-Z a-z 0-9 - . _ ~, not "." or ".."
	ID             string // as ZoneID; absent: the engine makes a UUIDv7
	Operation      string // required; OpCreate, OpDelete or one that WithOperations allows
	InstallID      string // 1-512 bytes of UTF-8 without control characters, not "." or ".."; OpDelete needs it
	PackageID      string // 1-512 bytes of UTF-8 without control characters
	PackageSlug    string // as PackageID
	PackageVersion *int64 // 0 to 2^53-1; see Int64
	Links          []Link // at most 64
	Warnings       []Warning
	Payload        []byte // opaque bytes for the worker, at most 1 MiB; nil: none; never on the wire

	NotBefore   time.Time     // claims pass over it until then; zero: none
	StartWithin time.Duration // fails, kind "expired", unless started within this time of its creation, or of NotBefore if that is later; 1 ms - 10 years; 0: none
	MaxAttempts int           // 1-1000; 0: 1. Above 1, a task whose lease ended without an outcome is requeued

	// IdempotencyKey, 1-512 bytes of UTF-8 without control characters, is the zone's: the same key again with the same
	// content (Operation, InstallID, the package's fields, Payload and RetryOf) gives the first task, Replayed; with
	// other content it is ErrIdempotencyMismatch. It is kept for WithIdempotencyRetention.
	IdempotencyKey string
	RetryOf        string // the ID of a failed task of the zone; a link rel="predecessor" leads to its status URL

	Priority int    // -100 to 100: of a zone's tasks claims take those of a higher one first, and of the same the oldest
	Ref      string // private: what you call it, such as an order number; a ref has 1-256 bytes of UTF-8 without NUL
}

// Update is what [Engine.Annotate], [Engine.Complete] and [Engine.Fail] may add. Absent fields leave the task as it
// is. Since 0.1.
type Update struct {
	InstallID      string // write-once, as the package fields: another value than the task has is invalid
	PackageID      string
	PackageSlug    string
	PackageVersion *int64
	Links          []Link    // appended; exact duplicates are ignored
	Warnings       []Warning // appended; exact duplicates are ignored
	ErrorMessage   string    // Fail needs it, 1-16384 bytes of UTF-8 without NUL; the others refuse it. The client reads this
	ErrorDetail    string    // Fail only, at most 16384 bytes of UTF-8 without NUL; private, for operators

	// Result is what the task produced, opaque bytes, at most 1 MiB; nil: none, unless there is a MediaType. Complete
	// only; never on the wire. See Engine.Result.
	Result    []byte
	MediaType string // of Result, which must have one; a media type (RFC 9110) has 3-256 bytes of printable ASCII
}

// StoredResult is what a completed task has stored as its result. Since 0.2.
type StoredResult struct {
	Data      []byte // may be empty
	MediaType string
}

// Int64 returns a pointer to v, for optional numbers such as NewTask.PackageVersion. Since 0.1.
func Int64(v int64) *int64 { return &v }

// ListQuery says which tasks [Engine.List] returns. Zero fields do not filter. Since 0.1.
type ListQuery struct {
	ZoneID          string   // required, unless AllZones
	AllZones        bool     // of every zone, in the order of creation: for operators, a client must never choose it
	Statuses        []Status // any of these
	Operation       string
	InstallID       string
	PackageID       string
	FailureKind     string // "failed", "cancelled", "expired" or "lost"
	Worker          string // who holds the task's lease
	Ref             string
	ClientRequestID string
	CreatedFrom     time.Time // inclusive
	CreatedUntil    time.Time // exclusive
	Limit           int       // 1-1000; 0: 50
	After           string    // a cursor: what is older than it; not together with Before
	Before          string    // a cursor: what is newer than it
	WithTotal       bool      // count all that match; reads them all
}

// Page is one page of a list, newest first. One without a cursor in the direction of travel is the last; one with, but with
// fewer tasks than asked for, was not full by the deadline. Since 0.1.
type Page struct {
	Tasks        []*Task
	AfterCursor  string // ListQuery.After of the next, older page; "" if there is none
	BeforeCursor string // ListQuery.Before of the previous, newer page; "" if there is none
	TotalCount   int64  // -1 unless ListQuery.WithTotal asked for it
}

// HistoryQuery is which page of a task's events [Engine.History] returns. Since 0.1.
type HistoryQuery struct {
	Limit int    // 1-1000; 0: 50
	After string // a cursor: what is older than it
}

// History is one page of a task's events, newest first. Since 0.1.
type History struct {
	Events      []Event
	AfterCursor string // HistoryQuery.After of the next, older page; "" if there is none
}

// Event is one entry of a task's history. Since 0.1.
type Event struct {
	Sequence    int64 // grows over the whole file, in commit order; never reused
	ZoneID      string
	ID          string
	Kind        string // "created", "started", "annotated", "progress", "cancel_requested", "reprioritized", "released", "lost", "cancelled", "expired", "completed", "failed", "external"; in the feed also "purged"
	From        Status // NoStatus for the first event
	To          Status
	At          time.Time // UTC, microseconds
	Revision    int64
	Attempt     int64
	Worker      string // the call's actor, or the holder of the lease
	Epoch       int64  // 0: none
	RequestID   string
	Traceparent string
	Message     string
	Detail      string
	Position    string // in the feed: ChangesOptions.After to go on after this event; "" in a history
}

// Report is what [Engine.Verify] found. Since 0.1.
type Report struct {
	OK         bool     // nothing wrong
	Problems   []string // one sentence each
	TaskCount  int64    // tasks examined
	EventCount int64    // events examined
	Text       string   // the whole report for a person, several lines
}

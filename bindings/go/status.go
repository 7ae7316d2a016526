package taskstate

// Status is where a task stands. Its number is what the C interface uses, its text what the wire shows. Since 0.1.
type Status int32

// The statuses of a task. Since 0.1.
const (
	Pending   Status = 0
	Running   Status = 1
	Completed Status = 2
	Failed    Status = 3

	// NoStatus is where a task's first event comes from. It is no status of a task.
	NoStatus Status = -1
)

var statusNames = [...]string{Pending: "pending", Running: "running", Completed: "completed", Failed: "failed"}

var legalMoves = [...]struct{ from, to Status }{{Pending, Running}, {Running, Completed}, {Running, Failed}}

// CanTransition reports whether a task may move from one status to the other: pending to running, running to
// completed, running to failed, and nothing else. Staying is no move. Since 0.1.
func CanTransition(from, to Status) bool {
	for _, move := range legalMoves {
		if move.from == from && move.to == to {
			return true
		}
	}
	return false
}

// ParseStatus returns the status that a wire word names. Any other text is [ErrInvalidArgument]. Since 0.1.
func ParseStatus(text string) (Status, error) {
	for status, name := range statusNames {
		if name == text {
			return Status(status), nil
		}
	}
	return NoStatus, invalid("status", "status must be pending, running, completed or failed; got %d bytes of other text", len(text))
}

// Terminal reports whether no move leads out of the status: completed and failed. Since 0.1.
func (s Status) Terminal() bool { return s == Completed || s == Failed }

// String returns the wire's word, or "" for a number that is no status. Since 0.1.
func (s Status) String() string {
	if s < 0 || int(s) >= len(statusNames) {
		return ""
	}
	return statusNames[s]
}

// MarshalText returns the wire's word; "" for [NoStatus] and other numbers that are no status. It never fails. Since 0.1.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the wire's word; "" gives [NoStatus]. Other text is [ErrInvalidArgument]. Since 0.1.
func (s *Status) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = NoStatus
		return nil
	}
	status, err := ParseStatus(string(text))
	if err == nil {
		*s = status
	}
	return err
}

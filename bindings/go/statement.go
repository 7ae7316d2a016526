package taskstate

import (
	"context"
	"math"
	"strconv"
)

// Statement is an SQL statement of the host's own, see [SQL]. Since 0.1.
type Statement struct {
	Text string // one statement, at most 64 KiB
	Args []any  // nil, bool, an integer, a float, string, []byte, or Named with one of these
}

// NamedArg is the value of a parameter with a name, see [Named]. Since 0.1.
type NamedArg struct {
	Name  string // as the statement spells it, prefix included: ":at"
	Value any
}

// Named gives the parameter that the statement spells name, such as ":at", a value. Since 0.1.
func Named(name string, value any) NamedArg { return NamedArg{name, value} }

type alsoKey struct{}

// WithAlso returns a context whose operations run the host's own statements, at most 64, with each change that they make to a
// task, see [SQL]. It replaces what an outer WithAlso attached. Since 0.1.
func WithAlso(ctx context.Context, statements ...Statement) context.Context {
	return context.WithValue(ctx, alsoKey{}, statements)
}

// SQL makes a statement for [WithAlso]. It runs in the same transaction as each change that an operation makes to a task, after
// it: what it writes to the host's tables and what happens to the task is all or nothing. It never runs when nothing
// changes (a replay, a repetition). SELECT, INSERT, UPDATE and DELETE on tables not named taskstate_* or sqlite_*. The
// parameters :taskstate_zone_id, :taskstate_id and :taskstate_now (microseconds UTC) get the task's key and the time of the
// change; all others need an argument: a [Named] one, or in order one without a name. What is refused or fails is
// [ErrInvalidArgument] with the field "also[0]" and so on, and nothing is done. Since 0.1.
func SQL(text string, args ...any) Statement { return Statement{text, args} }

// binder takes a statement's values, one kind each.
type binder interface {
	null(name string) error
	integer(name string, value int64) error
	real(name string, value float64) error
	text(name string, value string) error
	blob(name string, value []byte) error
}

func bind(to binder, statement int, arg any) error {
	name := ""
	if named, ok := arg.(NamedArg); ok {
		name, arg = named.Name, named.Value
		if name == "" {
			return invalid(alsoField(statement), "a named argument must have a name")
		}
	}
	switch value := arg.(type) {
	case nil:
		return to.null(name)
	case bool:
		if value {
			return to.integer(name, 1)
		}
		return to.integer(name, 0)
	case int:
		return to.integer(name, int64(value))
	case int8:
		return to.integer(name, int64(value))
	case int16:
		return to.integer(name, int64(value))
	case int32:
		return to.integer(name, int64(value))
	case int64:
		return to.integer(name, value)
	case uint8:
		return to.integer(name, int64(value))
	case uint16:
		return to.integer(name, int64(value))
	case uint32:
		return to.integer(name, int64(value))
	case uint:
		return bindUnsigned(to, statement, name, uint64(value))
	case uint64:
		return bindUnsigned(to, statement, name, value)
	case float32:
		return to.real(name, float64(value))
	case float64:
		return to.real(name, value)
	case string:
		return to.text(name, value)
	case []byte:
		if value == nil {
			return to.null(name)
		}
		return to.blob(name, value)
	}
	return invalid(alsoField(statement), "an argument must be nil, a bool, a number, a string or bytes; it is a %T", arg)
}

func bindUnsigned(to binder, statement int, name string, value uint64) error {
	if value > math.MaxInt64 {
		return invalid(alsoField(statement), "an argument must be less than 2^63")
	}
	return to.integer(name, int64(value))
}

func alsoField(statement int) string { return "also[" + strconv.Itoa(statement) + "]" }

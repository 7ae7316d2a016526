//go:build cgo

package taskstate

import (
	"sync/atomic"
	"testing"
)

// LiveCallbacks is the number of callbacks that the library holds.
func LiveCallbacks() int64 { return atomic.LoadInt64(&liveCallbacks) }

// The tables of this package say what the library says, also about numbers that mean nothing.
func TestTablesAgreeWithTheLibrary(t *testing.T) {
	for code := Code(-1); code < 40; code++ {
		known := code >= 0 && int(code) < len(codeNames)
		if name := nativeCodeName(code); known != (name != "") || known && name != code.String() {
			t.Errorf("code %d is %q there, %q here", code, name, code.String())
		}
	}
	for from := Status(-2); from < 8; from++ {
		if name := nativeStatusName(from); name != from.String() {
			t.Errorf("status %d is %q there, %q here", from, name, from.String())
		}
		for to := Status(-2); to < 8; to++ {
			if nativeCanTransition(from, to) != CanTransition(from, to) {
				t.Errorf("%d to %d is %v here", from, to, CanTransition(from, to))
			}
		}
	}
}

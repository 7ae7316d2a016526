//go:build cgo

package taskstate

/*
#include <stddef.h>
#include <stdint.h>
*/
import "C"

import (
	"crypto/rand"
	"fmt"
	"os"
	"runtime/cgo"
	"sync/atomic"
	"time"
	"unsafe"
)

// liveCallbacks counts the callbacks that the library holds.
var liveCallbacks int64

// register makes a callback reachable from C until the library releases it, which it does exactly once. The library
// does so also when setting the callback fails.
func register(callback any) C.uintptr_t {
	atomic.AddInt64(&liveCallbacks, 1)
	return C.uintptr_t(cgo.NewHandle(callback))
}

//export tsegoRelease
func tsegoRelease(handle C.uintptr_t) {
	cgo.Handle(handle).Delete()
	atomic.AddInt64(&liveCallbacks, -1)
}

// hostClock is a host's clock, and the last time that it told in microseconds; 0: none yet.
type hostClock struct {
	now  func() time.Time
	last int64
}

// hostIDs is a host's source of ids.
type hostIDs struct {
	next func(kind IDKind) [16]byte
}

// guard runs a host's callback and tells whether it returned. A panic ends here, before the library's frames: it is the
// host's mistake, and others' calls go on; the first is told on the standard error. [runtime.Goexit] cannot be stopped, and
// would leave the library's locks held for ever: it ends the process.
func guard(name string, callback func()) (returned bool) {
	defer func() {
		if returned {
			return
		}
		cause := recover()
		if cause == nil {
			go panic(fmt.Sprintf("taskstate: the %s callback must return; it called runtime.Goexit", name))
			select {}
		}
		if atomic.CompareAndSwapInt32(&reported, 0, 1) {
			fmt.Fprintf(os.Stderr, "taskstate: the host's %s callback panicked: %v\n", name, cause)
		}
	}()
	callback()
	return true
}

// reported is 1 once a panic was told.
var reported int32

//export tsegoLog
func tsegoLog(handle C.uintptr_t, level C.int32_t, line *C.char, size C.size_t) {
	guard("log", func() {
		log := cgo.Handle(handle).Value().(func(LogLevel, string))
		log(LogLevel(level), string(unsafe.Slice((*byte)(unsafe.Pointer(line)), int(size))))
	})
}

//export tsegoClock
func tsegoClock(handle C.uintptr_t) (now C.int64_t) {
	clock := cgo.Handle(handle).Value().(*hostClock)
	if guard("clock", func() { now = C.int64_t(micros(clock.now())) }) {
		atomic.StoreInt64(&clock.last, int64(now))
		return now
	}
	if last := atomic.LoadInt64(&clock.last); last != 0 {
		return C.int64_t(last)
	}
	return C.int64_t(micros(time.Now()))
}

//export tsegoID
func tsegoID(handle C.uintptr_t, kind C.int32_t, uuid16 *C.uint8_t) {
	var id [16]byte
	if !guard("id", func() { id = cgo.Handle(handle).Value().(*hostIDs).next(IDKind(kind)) }) {
		_, _ = rand.Read(id[:]) // a UUIDv4 (RFC 9562, section 5.4)
		id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(uuid16)), len(id)), id[:])
}

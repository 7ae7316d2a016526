//go:build cgo

package taskstate

/*
#include <stddef.h>
#include <stdint.h>
*/
import "C"

import (
	"fmt"
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

// guard runs a host's callback. A panic that unwound the library's frames, up to some recover(), would leave its locks
// held for ever: it is raised on a goroutine of its own, where nothing can stop it from ending the process.
func guard(name string, callback func()) {
	finished := false
	defer func() {
		if finished {
			return
		}
		cause := recover()
		go panic(fmt.Sprintf("taskstate: the %s callback must return; it panicked or called runtime.Goexit: %v", name, cause))
		select {}
	}()
	callback()
	finished = true
}

//export tsegoLog
func tsegoLog(handle C.uintptr_t, level C.int32_t, line *C.char, size C.size_t) {
	guard("log", func() {
		log := cgo.Handle(handle).Value().(func(LogLevel, string))
		log(LogLevel(level), string(unsafe.Slice((*byte)(unsafe.Pointer(line)), int(size))))
	})
}

//export tsegoClock
func tsegoClock(handle C.uintptr_t) (now C.int64_t) {
	guard("clock", func() { now = C.int64_t(micros(cgo.Handle(handle).Value().(func() time.Time)())) })
	return now
}

//export tsegoID
func tsegoID(handle C.uintptr_t, kind C.int32_t, uuid16 *C.uint8_t) {
	guard("id", func() {
		id := cgo.Handle(handle).Value().(func(IDKind) [16]byte)(IDKind(kind))
		copy(unsafe.Slice((*byte)(unsafe.Pointer(uuid16)), len(id)), id[:])
	})
}

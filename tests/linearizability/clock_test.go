package linearizability

import (
	"math"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// monotonic is CLOCK_MONOTONIC, which all processes share.
func monotonic() time.Duration {
	var now syscall.Timespec
	const clockMonotonic = 1
	_, _, failed := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	if failed != 0 {
		panic(failed)
	}
	return time.Duration(now.Nano())
}

// A sharedClock is CLOCK_MONOTONIC plus an offset in a file that all processes map: who sets it makes the clock jump in all.
type sharedClock struct{ offset *int64 }

func openClock(path string) (sharedClock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return sharedClock{}, err
	}
	defer file.Close()
	const size = 8
	if err := file.Truncate(size); err != nil {
		return sharedClock{}, err
	}
	memory, err := syscall.Mmap(int(file.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return sharedClock{}, err
	}
	return sharedClock{(*int64)(unsafe.Pointer(&memory[0]))}, nil
}

var epochOfClock = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (c sharedClock) now() time.Time {
	return epochOfClock.Add(monotonic() + time.Duration(atomic.LoadInt64(c.offset)))
}

// A timeline is what the clock showed when: which offset it had, and between which moments it got it.
type timeline []jump

type jump struct{ before, after, offset time.Duration }

func (t *timeline) jumpBy(clock sharedClock, by time.Duration) {
	before := monotonic()
	offset := time.Duration(atomic.AddInt64(clock.offset, int64(by)))
	*t = append(*t, jump{before, monotonic(), offset})
}

// bounds are the least and the most that the clock can have shown from one moment to another.
func (t timeline) bounds(from, to time.Duration) (least, most time.Duration) {
	least, most = math.MaxInt64, math.MinInt64
	begin := func(i int) time.Duration {
		if i < 0 {
			return 0
		}
		return t[i].before
	}
	for i := -1; i < len(t); i++ { // -1: before the first jump
		first, last, offset := from, to, time.Duration(0)
		if i >= 0 {
			offset = t[i].offset
		}
		if begin(i) > first {
			first = begin(i)
		}
		if i+1 < len(t) && t[i+1].after < last {
			last = t[i+1].after
		}
		if first > last {
			continue
		}
		if first+offset < least {
			least = first + offset
		}
		if last+offset > most {
			most = last + offset
		}
	}
	return least, most
}

// Package taskstatetest is for the tests of programs that use taskstate: an engine in memory whose time stands still
// until the test moves it, and whose ids can be foretold. A test of a lease that runs out takes no real time:
//
//	tasks, clock := taskstatetest.New(t)
//	lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{Lease: 30 * time.Second})
//	clock.Advance(30 * time.Second)
//	tasks.Tick(ctx) // the lease has ended
package taskstatetest

import (
	"encoding/binary"
	"sync"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

// Start is when every [Clock] begins. Since 0.1.
var Start = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// Clock stands still until it is moved. Its zero value stands at [Start]. Any number of goroutines. Since 0.1.
type Clock struct {
	mutex  sync.Mutex
	passed time.Duration
}

// Now returns the clock's time; it is what [taskstate.WithClock] takes. Since 0.1.
func (c *Clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return Start.Add(c.passed)
}

// Advance moves the clock, back with a negative duration. Since 0.1.
func (c *Clock) Advance(by time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.passed += by
}

// IDs makes ids that count: the first is 00000000-0000-4000-8000-000000000001, whatever it is for. Any number of
// goroutines. Since 0.1.
type IDs struct {
	mutex sync.Mutex
	last  uint64
}

// Next returns the next id; it is what [taskstate.WithIDs] takes. Since 0.1.
func (i *IDs) Next(taskstate.IDKind) [16]byte {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.last++
	id := [16]byte{6: 0x40}
	binary.BigEndian.PutUint64(id[8:], i.last&(1<<48-1)|0x80<<56)
	return id
}

// New opens an engine in memory with a clock and ids of its own, and closes it at the end of the test. Leases are held in
// the clock, and nothing ends but by Tick or a claim. Options come after its own, and so win. Since 0.1.
func New(t testing.TB, options ...taskstate.Option) (*taskstate.Engine, *Clock) {
	t.Helper()
	clock := new(Clock)
	own := []taskstate.Option{taskstate.WithClock(clock.Now), taskstate.WithIDs(new(IDs).Next)}
	tasks, err := taskstate.Open(":memory:", append(own, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tasks.Close(); err != nil {
			t.Error(err)
		}
	})
	return tasks, clock
}

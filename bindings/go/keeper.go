package taskstate

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// keeper sends the heartbeats of all leases of an engine from one goroutine, which lives only while there are leases.
type keeper struct {
	mutex   sync.Mutex
	leases  byNext
	running bool
	stopped bool
	changed chan struct{}
}

// byNext is a heap: the lease whose heartbeat is due first comes first.
type byNext []*Lease

func (l byNext) Len() int           { return len(l) }
func (l byNext) Less(i, j int) bool { return l[i].next.Before(l[j].next) }
func (l byNext) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].index, l[j].index = i, j
}
func (l *byNext) Push(lease any) {
	lease.(*Lease).index = len(*l)
	*l = append(*l, lease.(*Lease))
}
func (l *byNext) Pop() any {
	last := (*l)[len(*l)-1]
	(*l)[len(*l)-1] = nil
	*l = (*l)[:len(*l)-1]
	last.index = -1
	return last
}

// rhythm leaves room for two heartbeats that fail.
func rhythm(duration time.Duration) time.Duration { return duration / 3 }

func (k *keeper) keep(lease *Lease) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	lease.next = time.Now().Add(rhythm(lease.duration))
	heap.Push(&k.leases, lease)
	if k.changed == nil {
		k.changed = make(chan struct{}, 1)
	}
	if !k.running && !k.stopped {
		k.running = true
		go k.run()
	}
	k.wake()
}

func (k *keeper) forget(lease *Lease) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if lease.index >= 0 {
		heap.Remove(&k.leases, lease.index)
		k.wake()
	}
}

func (k *keeper) byToken() map[string][]*Lease {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	kept := make(map[string][]*Lease, len(k.leases))
	for _, lease := range k.leases {
		kept[lease.token] = append(kept[lease.token], lease)
	}
	return kept
}

// stop loses every lease: the engine is closed, and nothing can keep them.
func (k *keeper) stop() {
	k.mutex.Lock()
	k.stopped = true
	leases := append([]*Lease(nil), k.leases...)
	for len(k.leases) > 0 {
		heap.Pop(&k.leases)
	}
	k.wake()
	k.mutex.Unlock()
	for _, lease := range leases {
		lease.heard(Heartbeat{}, errClosed())
	}
}

func (k *keeper) wake() {
	select {
	case k.changed <- struct{}{}:
	default:
	}
}

func (k *keeper) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		lease, pause, over := k.due()
		switch {
		case over:
			return
		case lease != nil:
			k.beat(lease)
		default:
			if !timer.Stop() {
				select {
				case <-timer.C:
				default:
				}
			}
			timer.Reset(pause)
			select {
			case <-timer.C:
			case <-k.changed:
			}
		}
	}
}

// due returns the lease whose heartbeat is due, or how long none is, or that there is none left.
func (k *keeper) due() (lease *Lease, pause time.Duration, over bool) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if len(k.leases) == 0 {
		k.running = false
		return nil, 0, true
	}
	if pause = time.Until(k.leases[0].next); pause > 0 {
		return nil, pause, false
	}
	return k.leases[0], 0, false
}

func (k *keeper) beat(lease *Lease) {
	lease.mutex.Lock()
	duration := lease.duration
	lease.mutex.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), rhythm(duration))
	_, err := lease.Heartbeat(ctx, nil)
	cancel()
	pause := rhythm(duration)
	if err != nil {
		pause = duration / 10 // it did not get its turn in time
	}
	lost := lease.Lost()
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if lease.index < 0 {
		return
	}
	if lost {
		heap.Remove(&k.leases, lease.index)
		return
	}
	lease.next = time.Now().Add(pause)
	heap.Fix(&k.leases, lease.index)
}

package linearizability

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

// An assignment is what a worker process is to do. It calls for one task after the other, each for a part of the time, so
// that all who work on the file meet at the same tasks.
type assignment struct {
	Path     string
	Clock    string // the file of the shared clock; "": the system's clocks
	Log      string
	Process  int // every one that is started has another number
	Threads  int
	Seed     int64
	Begin    time.Duration // of the history, CLOCK_MONOTONIC
	Duration time.Duration
	Lease    time.Duration
	Tasks    []string
}

// An entry is a line of a worker's log, written before a call and again after it.
type entry struct {
	ID        int       `json:"id"`
	Operation operation `json:"operation"`
}

func options(a assignment) ([]taskstate.Option, error) {
	const longEnough = 5 * time.Minute // a shared disk can keep a flush, and with it the lock, for a minute
	all := []taskstate.Option{taskstate.WithHousekeeping(10 * time.Millisecond), taskstate.WithTimeout(longEnough)}
	if a.Clock != "" {
		clock, err := openClock(a.Clock)
		if err != nil {
			return nil, err
		}
		all = append(all, taskstate.WithClock(clock.now))
	}
	return all, nil
}

// A process is the worker's side of a history.
type process struct {
	assignment
	engine *taskstate.Engine
	log    *os.File

	mutex  sync.Mutex
	leases map[string][]*taskstate.Lease // by task; also those that have ended
}

func work(text string) error {
	p := &process{leases: map[string][]*taskstate.Lease{}}
	if err := json.Unmarshal([]byte(text), &p.assignment); err != nil {
		return err
	}
	var err error
	if p.log, err = os.OpenFile(p.Log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
		return err
	}
	settings, err := options(p.assignment)
	if err != nil {
		return err
	}
	if p.engine, err = taskstate.Open(p.Path, settings...); err != nil {
		return err
	}
	failures := make(chan error, p.Threads)
	for thread := 0; thread < p.Threads; thread++ {
		go func(thread int) { failures <- p.run(thread) }(thread)
	}
	for thread := 0; thread < p.Threads; thread++ {
		if failure := <-failures; failure != nil {
			err = failure
		}
	}
	return err
}

func (p *process) run(thread int) error {
	random := rand.New(rand.NewSource(p.Seed + int64(thread)))
	for number := 0; ; number++ {
		elapsed := monotonic() - p.Begin
		if elapsed >= p.Duration {
			return nil
		}
		// Of this part of the time, and now and then of the one before, whose leases may still be held.
		index := int(elapsed) * len(p.Tasks) / int(p.Duration)
		if index > 0 && random.Intn(4) == 0 {
			index--
		}
		o := operation{Task: p.Tasks[index], Client: p.Process*8 + thread}
		lease := p.choose(&o, random, fmt.Sprintf("%d.%d.%d", p.Process, thread, number))
		o.Call = monotonic()
		if err := p.write(number*8+thread, o); err != nil {
			return err
		}
		told, err := p.perform(&o, lease)
		if err != nil {
			return fmt.Errorf("%s: %w", o.Op, err)
		}
		o.Return, o.Result = monotonic(), told
		if err := p.write(number*8+thread, o); err != nil {
			return err
		}
		time.Sleep(time.Duration(random.Intn(6000)) * time.Microsecond)
	}
}

// write writes a line, of which a kill can leave the beginning.
func (p *process) write(id int, o operation) error {
	line, err := json.Marshal(entry{id, o})
	if err != nil {
		return err
	}
	_, err = p.log.Write(append(line, '\n'))
	return err
}

var choices = []struct {
	op     string
	weight int
}{
	{opCreate, 6}, {opGet, 12}, {opDecide, 14}, {opStart, 1}, {opStartLeased, 8}, {opClaim, 12}, {opHeartbeat, 14},
	{opComplete, 6}, {opFail, 2}, {opRelease, 6}, {opCancel, 1},
}

func choose(random *rand.Rand) string {
	all := 0
	for _, each := range choices {
		all += each.weight
	}
	number := random.Intn(all)
	for _, each := range choices {
		if number -= each.weight; number < 0 {
			return each.op
		}
	}
	panic("unreachable")
}

// choose fills in what is to be done, and gives the lease to be shown, if any.
func (p *process) choose(o *operation, random *rand.Rand, name string) *taskstate.Lease {
	o.Op = choose(random)
	switch o.Op {
	case opCreate:
		o.Most = 2 + 10*random.Int63n(2)
	case opStartLeased, opClaim:
		o.Worker, o.Lease = name, p.Lease
	case opComplete, opFail:
		o.Value = []string{"this", "that"}[random.Intn(2)] // often the same again
		if random.Intn(4) == 0 {
			return nil
		}
	case opCancel:
		o.Force = random.Intn(2) == 0
		return nil
	}
	if o.Op != opHeartbeat && o.Op != opComplete && o.Op != opFail && o.Op != opRelease {
		return nil
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	leases := p.leases[o.Task]
	if len(leases) == 0 {
		o.Op, o.Value = opGet, ""
		return nil
	}
	lease := leases[len(leases)-1]
	if random.Intn(4) == 0 {
		lease = leases[random.Intn(len(leases))]
	}
	o.Epoch, o.Lease = lease.Epoch(), p.Lease
	return lease
}

// perform makes the call. No result: whether it was done is not known. An error is one that no call should give.
func (p *process) perform(o *operation, lease *taskstate.Lease) (*result, error) {
	ctx := context.Background()
	claim := taskstate.ClaimOptions{Worker: o.Worker, Lease: o.Lease, Zones: []string{o.Task}}
	var task *taskstate.Task
	var taken *taskstate.Lease
	var beat taskstate.Heartbeat
	var err error
	switch o.Op {
	case opCreate:
		task, err = p.engine.Create(ctx, taskstate.NewTask{
			ZoneID: o.Task, ID: o.Task, Operation: taskstate.OpCreate, MaxAttempts: int(o.Most),
		})
	case opGet:
		task, err = p.engine.Get(ctx, o.Task, o.Task)
	case opDecide:
		return decide(p.engine.Decide(ctx, o.Task, o.Task, taskstate.Request{}))
	case opStart:
		task, err = p.engine.Start(ctx, o.Task, o.Task)
	case opStartLeased:
		taken, err = p.engine.StartLeased(ctx, o.Task, o.Task, claim)
	case opClaim:
		taken, err = p.engine.Claim(ctx, claim)
	case opHeartbeat:
		beat, err = lease.Heartbeat(ctx, nil)
	case opRelease:
		task, err = lease.Release(ctx, 0)
	case opCancel:
		task, err = p.engine.Cancel(ctx, o.Task, o.Task, taskstate.CancelOptions{Force: o.Force})
	case opComplete, opFail:
		task, err = p.finish(ctx, o, lease)
	}
	if taken != nil {
		task = taken.Task()
		p.mutex.Lock()
		p.leases[o.Task] = append(p.leases[o.Task], taken)
		p.mutex.Unlock()
	}
	if err != nil {
		return refusal(err)
	}
	told := &result{CancelRequested: beat.CancelRequested}
	if task != nil {
		told.Task = snapshotOf(task)
	}
	return told, nil
}

func (p *process) finish(ctx context.Context, o *operation, lease *taskstate.Lease) (*taskstate.Task, error) {
	update := taskstate.Update{InstallID: o.Value}
	if o.Op == opFail {
		update = taskstate.Update{ErrorMessage: o.Value}
	}
	switch {
	case lease != nil && o.Op == opComplete:
		return lease.Complete(ctx, update)
	case lease != nil:
		return lease.Fail(ctx, update)
	case o.Op == opComplete:
		return p.engine.Complete(ctx, o.Task, o.Task, update)
	}
	return p.engine.Fail(ctx, o.Task, o.Task, update)
}

func refusal(err error) (*result, error) {
	if errors.Is(err, taskstate.ErrNone) {
		return &result{Code: "none"}, nil
	}
	var failure *taskstate.Error
	if !errors.As(err, &failure) {
		return nil, err
	}
	switch failure.Code {
	case taskstate.ErrNotFound, taskstate.ErrAlreadyExists, taskstate.ErrIllegalTransition, taskstate.ErrLeaseLost:
		return &result{Code: failure.Code.String()}, nil
	}
	if failure.Outcome == taskstate.Unknown {
		return nil, nil
	}
	return nil, err
}

// decide reads a task from the answer to a status request.
func decide(answer taskstate.Answer) (*result, error) {
	switch answer.Status {
	case http.StatusNotFound:
		return &result{Code: "not_found"}, nil
	case http.StatusOK, http.StatusSeeOther:
	default:
		return nil, fmt.Errorf("status %d", answer.Status)
	}
	task, err := taskstate.ParseTask(answer.Body)
	if err != nil {
		return nil, err
	}
	if (task.Status == taskstate.Completed) != (answer.Status == http.StatusSeeOther) {
		return nil, fmt.Errorf("status %d for a task that is %s", answer.Status, task.Status)
	}
	told := snapshotOf(task)
	told.Hidden = true
	if task.Status != taskstate.Completed {
		tag, _, _ := strings.Cut(strings.Trim(answer.Header.Get("ETag"), `"`), "-")
		told.Revision, err = strconv.ParseInt(tag, 10, 64)
	}
	return &result{Task: told}, err
}

// Package linearizability checks that each task behaves as if all calls for it, of all processes, were made one after the
// other, each at some moment between its call and its return, though processes are killed and stopped and clocks jump.
// Worker processes write down what they call and what is returned; Porcupine looks for such an order under the contract
// (model_test.go). A call that never returned may have been made or not.
package linearizability

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	taskstate "github.com/taskstate/taskstate-go"
)

// workEnv holds the assignment, where this program is one of the workers.
const workEnv = "LINEARIZABILITY_WORK"

func TestMain(m *testing.M) {
	text := os.Getenv(workEnv)
	if text == "" {
		os.Exit(m.Run())
	}
	if err := work(text); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func setting(t *testing.T, name string, otherwise int64) int64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s must be a whole number: %v", name, err)
	}
	return number
}

const (
	duration = 400 * time.Millisecond // of a history
	tasks    = 5
	patience = time.Minute // with Porcupine; all but never needs more than milliseconds
	reader   = 7           // the client that reads what is left
)

func TestEachTaskIsLinearizable(t *testing.T) {
	seed, histories := setting(t, "TSE_SEED", 1), setting(t, "TSE_HISTORIES", 30)
	seconds := time.Duration(setting(t, "TSE_SECONDS", 0)) * time.Second
	begin := time.Now()
	var count, violations, operations, open, kills, planted, refused int64
	for ; count < histories && seconds == 0 || seconds > 0 && time.Since(begin) < seconds; count++ {
		random := rand.New(rand.NewSource(seed + count))
		h, err := record(random)
		if err != nil {
			violations++
			t.Errorf("%v; again: TSE_SEED=%d TSE_HISTORIES=1", err, seed+count)
			continue
		}
		kills += int64(h.kills)
		for _, name := range h.tasks {
			own := h.of(name)
			operations += int64(len(own))
			for _, each := range own {
				if each.Result == nil {
					open++
				}
			}
			if verdict := h.rules.judge(own); verdict != porcupine.Ok {
				violations++
				t.Errorf("task %s: %s; to be seen in %s; again: TSE_SEED=%d TSE_HISTORIES=1", name, verdict, h.show(t, own),
					seed+count)
			}
		}
		for _, forged := range h.forge(random) {
			planted++
			if verdict := h.rules.judge(forged.operations); verdict == porcupine.Illegal {
				refused++
			} else {
				t.Errorf("%s was not refused but is %s; again: TSE_SEED=%d TSE_HISTORIES=1", forged.name, verdict, seed+count)
			}
		}
	}
	if planted == 0 {
		t.Error("no history was forged, so that nothing shows that a violation would be found")
	}
	fmt.Printf("measured: %d histories of %d operations, %d of them without a return, %d kills with -9: %d not "+
		"linearizable; %d of %d with a planted violation refused (seed %d)\n",
		count, operations, open, kills, violations, refused, planted, seed)
	fmt.Printf("campaign: linearizability: %d histories, %d violations, seed %d\n", count, violations, seed)
}

// A history is all that was called and returned while the workers were at one file.
type history struct {
	rules      rulebook
	tasks      []string
	operations []*operation
	kills      int
}

func (h *history) of(task string) (own []*operation) {
	for _, each := range h.operations {
		if each.Task == task {
			own = append(own, each)
		}
	}
	return own
}

// show draws how far Porcupine came, and gives the file's path.
func (h *history) show(t *testing.T, operations []*operation) string {
	_, info := porcupine.CheckOperationsVerbose(h.rules.model(), h.rules.history(operations), patience)
	file, err := os.CreateTemp("", "linearizability-*.html")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := porcupine.Visualize(h.rules.model(), info, file); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

// record lets workers live on a new file, with all that befalls them.
func record(random *rand.Rand) (*history, error) {
	// In memory more is called at once; on a disk, kills fall into its flushes.
	place := ""
	if _, err := os.Stat("/dev/shm"); err == nil && random.Intn(4) > 0 {
		place = "/dev/shm"
	}
	directory, err := os.MkdirTemp(place, "linearizability-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(directory)
	w := &world{random: random, directory: directory, assignment: assignment{
		Path: filepath.Join(directory, "tasks.db"), Duration: duration,
	}}
	for i := 0; i < tasks; i++ {
		w.Tasks = append(w.Tasks, fmt.Sprintf("t%d", i))
	}
	if random.Intn(3) == 0 {
		// The system's clocks: leases run out while their process is stopped, and are kept while it is not.
		w.Lease = 40 * time.Millisecond
	} else {
		// The clock that jumps, and nothing else makes leases run out.
		w.Clock, w.Lease = filepath.Join(directory, "clock"), 30*time.Second
		if w.clock, err = openClock(w.Clock); err != nil {
			return nil, err
		}
	}
	defer w.end()
	if err := w.live(); err != nil {
		return nil, err
	}
	return w.collect()
}

// A world is one file with the workers at it.
type world struct {
	assignment
	random    *rand.Rand
	directory string
	clock     sharedClock
	timeline  timeline
	workers   []*exec.Cmd
	logs      []string
	kills     int
}

func (w *world) live() error {
	w.Begin = monotonic()
	for i := 3 + w.random.Intn(3); i > 0; i-- {
		worker, err := w.start()
		if err != nil {
			return err
		}
		w.workers = append(w.workers, worker)
	}
	for monotonic() < w.Begin+w.Duration {
		time.Sleep(time.Duration(5+w.random.Intn(30)) * time.Millisecond)
		if err := w.strike(); err != nil {
			return err
		}
	}
	for _, worker := range w.workers {
		if worker.ProcessState != nil {
			continue
		}
		if err := worker.Wait(); err != nil {
			return fmt.Errorf("a worker ended with %w: %s", err, worker.Stderr)
		}
	}
	return nil
}

// end leaves no worker behind, whatever went wrong.
func (w *world) end() {
	for _, worker := range w.workers {
		if worker.ProcessState == nil {
			_ = worker.Process.Kill()
			_ = worker.Wait()
		}
	}
}

func (w *world) start() (*exec.Cmd, error) {
	own := w.assignment
	own.Process, own.Seed, own.Threads = len(w.logs)+1, w.random.Int63(), 2+w.random.Intn(3)
	own.Log = filepath.Join(w.directory, fmt.Sprintf("log-%d", own.Process))
	w.logs = append(w.logs, own.Log)
	text, err := json.Marshal(own)
	if err != nil {
		return nil, err
	}
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), workEnv+"="+string(text))
	command.Stderr = &bytes.Buffer{}
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return command, command.Start()
}

// strike does one of the things that befall workers.
func (w *world) strike() error {
	index := w.random.Intn(len(w.workers))
	victim := w.workers[index]
	if victim.ProcessState != nil {
		return nil
	}
	switch w.random.Intn(4) {
	case 0, 1:
		if err := victim.Process.Kill(); err != nil {
			return err
		}
		if err := victim.Wait(); err == nil {
			return nil // the time was over
		}
		if victim.ProcessState.ExitCode() > 0 {
			return fmt.Errorf("a worker failed: %s", victim.Stderr)
		}
		w.kills++
		var err error
		w.workers[index], err = w.start()
		return err
	case 2: // past its leases' end
		if err := victim.Process.Signal(syscall.SIGSTOP); err != nil {
			return err
		}
		if w.Clock != "" {
			w.timeline.jumpBy(w.clock, w.Lease+time.Second)
			time.Sleep(10 * time.Millisecond)
		} else {
			time.Sleep(w.Lease + w.Lease/2)
		}
		return victim.Process.Signal(syscall.SIGCONT)
	default:
		if w.Clock != "" {
			by := []time.Duration{-w.Lease / 2, w.Lease / 2, w.Lease}
			w.timeline.jumpBy(w.clock, by[w.random.Intn(len(by))])
		}
	}
	return nil
}

// collect reads what the workers wrote down, and then the tasks as they were left.
func (w *world) collect() (*history, error) {
	h := &history{tasks: w.Tasks, kills: w.kills}
	for _, log := range w.logs {
		operations, err := readLog(log)
		if err != nil {
			return nil, err
		}
		h.operations = append(h.operations, operations...)
	}
	settings, err := options(w.assignment)
	if err != nil {
		return nil, err
	}
	engine, err := taskstate.Open(w.Path, settings...)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	p := &process{assignment: w.assignment, engine: engine}
	for _, task := range w.Tasks {
		last := &operation{Task: task, Op: opGet, Client: reader, Call: monotonic()}
		if last.Result, err = p.perform(last, nil); err != nil {
			return nil, err
		}
		last.Return = monotonic()
		h.operations = append(h.operations, last)
	}
	report, err := engine.Verify(context.Background())
	if err == nil && !report.OK {
		err = fmt.Errorf("the file: %s", report.Text)
	}
	h.rules = rulebook{clock: w.timeline, kept: w.Clock == "", end: monotonic()}
	return h, err
}

func readLog(path string) ([]*operation, error) {
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, nil // killed before it began
	}
	if err != nil {
		return nil, err
	}
	calls := map[int]*operation{}
	var operations []*operation
	lines := bytes.Split(text, []byte{'\n'})
	for _, each := range lines[:len(lines)-1] { // what follows the last newline was cut off by a kill
		var line entry
		if err := json.Unmarshal(each, &line); err != nil {
			return nil, err
		}
		if call, ok := calls[line.ID]; ok {
			*call = line.Operation
			continue
		}
		operation := line.Operation // without a return, so far
		calls[line.ID] = &operation
		operations = append(operations, &operation)
	}
	return withoutOpenReads(operations), nil
}

// withoutOpenReads drops reads that never returned: whether they were made makes no difference.
func withoutOpenReads(operations []*operation) (rest []*operation) {
	for _, each := range operations {
		if each.Result != nil || each.Op != opGet && each.Op != opDecide {
			rest = append(rest, each)
		}
	}
	return rest
}

//go:build cgo

package taskstate_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	taskstate "github.com/taskstate/taskstate-go"
)

const racedTasks = 60

func init() {
	children["start"] = startEverything
	children["create"] = createForEver
}

// startEverything prints the number of every task that this process was the one to start.
func startEverything(args []string) error {
	tasks, err := taskstate.Open(args[0])
	if err != nil {
		return err
	}
	defer tasks.Close()
	for i := 0; i < racedTasks; i++ {
		switch _, err := tasks.Start(ctx, "z1", strconv.Itoa(i)); {
		case err == nil:
			fmt.Println(i)
		case !errors.Is(err, taskstate.ErrIllegalTransition):
			return err
		}
	}
	return nil
}

// createForEver prints the id of every task whose creation was acknowledged.
func createForEver(args []string) error {
	tasks, err := taskstate.Open(args[0])
	if err != nil {
		return err
	}
	for {
		task, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: "create"})
		if err != nil {
			return err
		}
		fmt.Println(task.ID)
	}
}

func child(name string, args ...string) *exec.Cmd {
	command := exec.Command(os.Args[0], args...)
	command.Env = append(os.Environ(), childEnv+"="+name)
	command.Stderr = os.Stderr
	return command
}

func TestOneOfManyProcessesStartsATask(t *testing.T) {
	path := newPath(t)
	tasks := open(t, path)
	for i := 0; i < racedTasks; i++ {
		create(t, tasks, strconv.Itoa(i))
	}
	outputs := make(chan string)
	for range [3]int{} {
		go func() {
			output, err := child("start", path).Output()
			if err != nil {
				t.Error(err)
			}
			outputs <- string(output)
		}()
	}
	started := map[string]int{}
	for range [3]int{} {
		for _, id := range strings.Fields(<-outputs) {
			started[id]++
		}
	}
	for i := 0; i < racedTasks; i++ {
		id := strconv.Itoa(i)
		task, err := tasks.Get(ctx, "z1", id)
		if err != nil || task.Status != taskstate.Running || started[id] != 1 {
			t.Errorf("task %s was started %d times: %+v, %v", id, started[id], task, err)
		}
	}
}

func TestAKilledProcessLosesNothingAcknowledged(t *testing.T) {
	path := newPath(t)
	command := child("create", path)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var acknowledged []string
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		acknowledged = append(acknowledged, lines.Text())
		if len(acknowledged) == 50 {
			if err := command.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := command.Wait(); err == nil || len(acknowledged) < 50 {
		t.Fatal(err, len(acknowledged))
	}
	tasks := open(t, path)
	for _, id := range acknowledged {
		if _, err := tasks.Get(ctx, "z1", id); err != nil {
			t.Error(id, err)
		}
	}
	if report, err := tasks.Verify(ctx); err != nil || !report.OK {
		t.Errorf("%+v, %v", report, err)
	}
}

package taskstate_test

import (
	"fmt"
	"os"
	"testing"
)

// childEnv names what this binary does instead of running tests, when a test starts it as another process.
const childEnv = "TASKSTATE_TEST_CHILD"

// children are filled by the files whose tests need other processes.
var children = map[string]func(args []string) error{}

func TestMain(m *testing.M) {
	name := os.Getenv(childEnv)
	if name == "" {
		os.Exit(m.Run())
	}
	child, ok := children[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "no such child:", name)
		os.Exit(3)
	}
	if err := child(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

package main

import (
	"context"

	taskstate "github.com/taskstate/taskstate-go"
	"github.com/taskstate/taskstate/tests/bench/peers/go/measure"
)

// lifecycle counts tasks that were created, claimed and completed, each step durable (synchronous=FULL).
func lifecycle(name, path string, workers int) {
	ctx := context.Background()
	tasks, err := taskstate.Open(path)
	measure.Check(err)
	defer tasks.Close()
	measure.Repeat(name, "taskstate", workers, func() bool {
		_, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: zone, Operation: taskstate.OpCreate, PackageID: "pkg_1"})
		if err != nil {
			return false
		}
		lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{})
		if err != nil {
			return false
		}
		defer lease.Close()
		_, err = lease.Complete(ctx, taskstate.Update{InstallID: "ins_1"})
		return err == nil
	})
}

package main

import (
	"context"
	"fmt"
	"log"

	taskstate "github.com/taskstate/taskstate-go"
)

func main() {
	ctx := context.Background()
	tasks, err := taskstate.Open("catalog.db")
	if err != nil {
		log.Fatal(err)
	}
	defer tasks.Close()
	task, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: taskstate.OpCreate, PackageID: "pkg_1"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tasks.Accept(task, nil, taskstate.Request{}).Status) // 202, Location of the status, the task
	if _, err = tasks.Start(ctx, "z1", task.ID); err != nil {
		log.Fatal(err)
	}
	if _, err = tasks.Complete(ctx, "z1", task.ID, taskstate.Update{InstallID: "ins_1"}); err != nil {
		log.Fatal(err)
	}
	answer := tasks.Decide(ctx, "z1", task.ID, taskstate.Request{})
	fmt.Println(answer.Status, answer.Header.Get("Location")) // 303 /zones/z1/installs/ins_1
}

//go:build cgo

package taskstate_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

func Example() {
	ctx := context.Background()
	tasks, err := taskstate.Open(":memory:") // a file's path, outside of tests
	if err != nil {
		panic(err)
	}
	defer tasks.Close()

	task, err := tasks.Create(ctx, taskstate.NewTask{
		ZoneID: "z1", Operation: taskstate.OpCreate, PackageID: "pkg_1",
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(task.Status)

	if _, err = tasks.Start(ctx, "z1", task.ID); err != nil {
		panic(err)
	}
	if task, err = tasks.Complete(ctx, "z1", task.ID, taskstate.Update{InstallID: "ins_1"}); err != nil {
		panic(err)
	}
	answer := tasks.Decide(ctx, "z1", task.ID, taskstate.Request{})
	fmt.Println(answer.Status, answer.Header.Get("Location"))
	// Output:
	// pending
	// 303 /zones/z1/installs/ins_1
}

// A host answers the request that makes a task with Accept, and the status request with Decide.
func ExampleEngine_Accept() {
	tasks, err := taskstate.Open(":memory:")
	if err != nil {
		panic(err)
	}
	defer tasks.Close()
	handler := func(w http.ResponseWriter, r *http.Request) {
		task, err := tasks.Create(r.Context(), taskstate.NewTask{
			ZoneID: "z1", ID: "t1", Operation: taskstate.OpCreate, PackageID: r.FormValue("package_id"),
		})
		tasks.Accept(task, err, taskstate.RequestFrom(r)).WriteTo(w)
	}

	for range [2]int{} { // the second finds the id in use
		recorder := httptest.NewRecorder()
		handler(recorder, httptest.NewRequest("POST", "/zones/z1/installs?package_id=pkg_1", nil))
		fmt.Println(recorder.Code, recorder.Header().Get("Location"))
	}
	// Output:
	// 202 /zones/z1/catalog_tasks/t1
	// 409
}

func ExampleEngine_Decide() {
	tasks, err := taskstate.Open(":memory:")
	if err != nil {
		panic(err)
	}
	defer tasks.Close()
	handler := func(w http.ResponseWriter, r *http.Request) {
		tasks.Decide(r.Context(), "z1", "unknown", taskstate.RequestFrom(r)).WriteTo(w)
	}
	recorder := httptest.NewRecorder()
	handler(recorder, httptest.NewRequest("GET", "/zones/z1/catalog_tasks/unknown", nil))
	fmt.Println(recorder.Code)
	// Output: 404
}

func ExampleEngine_List() {
	ctx := context.Background()
	tasks, err := taskstate.Open(":memory:")
	if err != nil {
		panic(err)
	}
	defer tasks.Close()
	for _, id := range []string{"a", "b", "c"} {
		if _, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: id, Operation: taskstate.OpCreate}); err != nil {
			panic(err)
		}
	}
	query := taskstate.ListQuery{ZoneID: "z1", Limit: 2}
	for {
		page, err := tasks.List(ctx, query)
		if err != nil {
			panic(err)
		}
		for _, task := range page.Tasks {
			fmt.Print(task.ID, " ")
		}
		if page.AfterCursor == "" {
			break
		}
		query.After = page.AfterCursor
	}
	// Output: c b a
}

func ExampleError() {
	tasks, err := taskstate.Open(":memory:")
	if err != nil {
		panic(err)
	}
	defer tasks.Close()
	_, err = tasks.Create(context.Background(), taskstate.NewTask{ZoneID: "z/1", Operation: "create"})
	var failure *taskstate.Error
	if errors.Is(err, taskstate.ErrInvalidArgument) && errors.As(err, &failure) {
		fmt.Println(failure.Field, failure.Outcome)
	}
	// Output: zone_id not_done
}

// A clock of the test's own makes Retry-After and times predictable.
func ExampleWithClock() {
	now := time.Date(2019, 12, 27, 18, 11, 19, 0, time.UTC)
	tasks, err := taskstate.Open(":memory:", taskstate.WithClock(func() time.Time { return now }))
	if err != nil {
		panic(err)
	}
	defer tasks.Close()
	ctx := context.Background()
	if _, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: "t1", Operation: taskstate.OpCreate}); err != nil {
		panic(err)
	}
	now = now.Add(time.Minute)
	fmt.Println(tasks.Decide(ctx, "z1", "t1", taskstate.Request{}).Header.Get("Retry-After"))
	// Output: 6
}

func ExampleWithCall() {
	tasks, err := taskstate.Open(":memory:")
	if err != nil {
		panic(err)
	}
	defer tasks.Close()
	ctx := taskstate.WithCall(context.Background(), taskstate.Call{Actor: "worker-1"})
	if _, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: "t1", Operation: taskstate.OpCreate}); err != nil {
		panic(err)
	}
	page, err := tasks.History(ctx, "z1", "t1")
	if err != nil {
		panic(err)
	}
	newest := page.Events[0]
	fmt.Println(newest.Kind, newest.Worker)
	// Output: created worker-1
}

func ExampleCanTransition() {
	fmt.Println(taskstate.CanTransition(taskstate.Pending, taskstate.Running))
	fmt.Println(taskstate.CanTransition(taskstate.Failed, taskstate.Running))
	// Output:
	// true
	// false
}

// A worker takes one task and says how it ended.
func ExampleEngine_Claim() {
	ctx := context.Background()
	tasks, err := taskstate.Open(":memory:")
	if err != nil {
		panic(err)
	}
	defer tasks.Close()
	spec := taskstate.NewTask{ZoneID: "z1", ID: "t1", Operation: taskstate.OpCreate, Payload: []byte("inputs")}
	if _, err := tasks.Create(ctx, spec); err != nil {
		panic(err)
	}

	lease, err := tasks.Claim(ctx, taskstate.ClaimOptions{Worker: "w1", Lease: 30 * time.Second})
	if errors.Is(err, taskstate.ErrNone) {
		return // nothing to do
	}
	if err != nil {
		panic(err)
	}
	defer lease.Close() // no outcome: released
	fmt.Printf("%s: %s\n", lease.Task().ID, lease.Payload())
	task, err := lease.Complete(ctx, taskstate.Update{InstallID: "ins_1"})
	if err != nil {
		panic(err)
	}
	fmt.Println(task.Status)
	// Output:
	// t1: inputs
	// completed
}

// A worker runs until its context ends.
func ExampleWorker_Run() {
	ctx, stop := context.WithCancel(context.Background()) // signal.NotifyContext(ctx, syscall.SIGTERM) in a program
	tasks, err := taskstate.Open(":memory:")
	if err != nil {
		panic(err)
	}
	defer tasks.Close()
	if _, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: "t1", Operation: taskstate.OpCreate}); err != nil {
		panic(err)
	}

	worker := taskstate.Worker{Engine: tasks, Options: taskstate.ClaimOptions{Worker: "w1"}, Concurrency: 4}
	err = worker.Run(ctx, func(ctx context.Context, lease *taskstate.Lease) error {
		defer stop()
		return taskstate.Public("The disk is full.", errors.New("write /srv/data: ENOSPC"))
	})
	task, _ := tasks.Get(context.Background(), "z1", "t1")
	fmt.Println(err, task.ErrorMessage)
	// Output: <nil> The disk is full.
}

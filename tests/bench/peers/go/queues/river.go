package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	riverqueue "github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/taskstate/taskstate/tests/bench/peers/go/measure"
)

type install struct {
	PackageID string `json:"package_id"`
}

func (install) Kind() string { return "install" }

type installer struct {
	riverqueue.WorkerDefaults[install]
}

func (installer) Work(context.Context, *riverqueue.Job[install]) error { return nil }

const (
	// As in River's own examples.
	maxWorkers = 100
	// How many jobs may be inserted and not yet completed: enough to keep all workers busy.
	ahead = 400
)

// river counts the jobs that its client reports as completed, while goroutines insert. It fetches as it does by default,
// and always has all of its workers: fetching more often, or with fewer, was measured to complete less.
func river(name, path string, inserting int) {
	ctx := context.Background()
	db := connect(path)
	defer db.Close()
	driver := riversqlite.New(db)
	migrator, err := rivermigrate.New(driver, nil)
	measure.Check(err)
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	measure.Check(err)

	known := riverqueue.NewWorkers()
	riverqueue.AddWorker(known, installer{})
	client, err := riverqueue.NewClient(driver, &riverqueue.Config{
		Logger:  slog.New(slog.NewTextHandler(io.Discard, nil)),
		Queues:  map[string]riverqueue.QueueConfig{riverqueue.QueueDefault: {MaxWorkers: maxWorkers}},
		Workers: known,
	})
	measure.Check(err)
	events, unsubscribe := client.SubscribeConfig(&riverqueue.SubscribeConfig{
		ChanSize: 100_000,
		Kinds:    []riverqueue.EventKind{riverqueue.EventKindJobCompleted, riverqueue.EventKindJobFailed},
	})
	defer unsubscribe()
	measure.Check(client.Start(ctx))

	var failures atomic.Int64
	slots := make(chan struct{}, ahead)
	begin := time.Now()
	until := time.After(measure.Length())
	stop := make(chan struct{})
	var inserters sync.WaitGroup
	for i := 0; i < inserting; i++ {
		inserters.Add(1)
		go func() {
			defer inserters.Done()
			for {
				select {
				case <-stop:
					return
				case slots <- struct{}{}:
				}
				if _, err := client.Insert(ctx, install{PackageID: "pkg_1"}, nil); err != nil {
					failures.Add(1)
					<-slots
				}
			}
		}()
	}
	var times []time.Duration
	for over := false; !over; {
		select {
		case event := <-events:
			<-slots
			if event.Kind == riverqueue.EventKindJobCompleted {
				times = append(times, time.Since(event.Job.CreatedAt))
			} else {
				failures.Add(1)
			}
		case <-until:
			over = true
		}
	}
	seconds := time.Since(begin).Seconds()
	close(stop)
	inserters.Wait()
	stopping, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	measure.Check(client.Stop(stopping))
	measure.Result{Case: name, Side: "river", Value: float64(len(times)) / seconds, Unit: "1/s", Failures: int(failures.Load())}.WithTimes(times).Print()
}

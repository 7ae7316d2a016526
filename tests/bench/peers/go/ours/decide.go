package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	_ "github.com/mattn/go-sqlite3"
	taskstate "github.com/taskstate/taskstate-go"
	"github.com/taskstate/taskstate/tests/bench/peers/go/measure"
)

const (
	zone = "zone-1"
	hot  = 1000
)

// decide compares the status answer, headers included, with a prepared SELECT of the rendered body.
func decide(path string) {
	ctx := context.Background()
	tasks, err := taskstate.Open(path)
	measure.Check(err)
	defer tasks.Close()
	keys := make([]string, hot)
	for i := range keys {
		task, err := tasks.Create(ctx, taskstate.NewTask{
			ZoneID: zone, ID: fmt.Sprintf("0192f0a1-7c3e-7000-8000-%012d", i), Operation: taskstate.OpCreate,
			PackageID: "pkg_0192f0a1-7c3e-7000-8000-0192f0a17c3e", PackageSlug: "a-package-of-some-length",
			Links: []taskstate.Link{{Href: "https://example.com/docs/a-page-about-it", Rel: "help"}},
		})
		measure.Check(err)
		keys[i] = task.ID
	}
	size := 0
	poll("taskstate", keys, func(key string) bool {
		answer := tasks.Decide(ctx, zone, key, taskstate.Request{})
		size = len(answer.Body)
		return answer.Status == 200 && size > 0 && len(answer.Header) > 0
	})

	db, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_cache_size=-16384")
	measure.Check(err)
	defer db.Close()
	statement, err := db.Prepare("SELECT status, revision, body FROM taskstate_tasks WHERE zone_id = ? AND id = ?")
	measure.Check(err)
	defer statement.Close()
	poll("raw", keys, func(key string) bool {
		var status string
		var revision int64
		var body []byte
		err := statement.QueryRow(zone, key).Scan(&status, &revision, &body)
		return err == nil && len(body) == size
	})
}

func poll(side string, keys []string, ask func(key string) bool) {
	polls, failures := 0, 0
	pass := func() {
		for _, key := range keys {
			if !ask(key) {
				failures++
			}
		}
		polls += len(keys)
	}
	pass()
	polls = 0
	begin := time.Now()
	for time.Since(begin) < measure.Length() {
		pass()
	}
	measure.Result{Case: "decide", Side: side, Value: float64(time.Since(begin).Nanoseconds()) / float64(polls), Unit: "ns",
		Failures: failures}.Print()
}

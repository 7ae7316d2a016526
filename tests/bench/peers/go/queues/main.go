// Command queues measures whole lives of jobs in the queues that Go programs have on SQLite: created, taken, completed,
// each step durable (synchronous=FULL).
//
// TSE_BENCH_SECONDS for each side (3), TSE_BENCH_ROUNDS (5); the sides take turns. TSE_BENCH_DIRECTORY: on which disk.
// A program of its own, since River needs a newer SQLite than Debian 12 has: the one that mattn/go-sqlite3 brings along.
package main

import (
	"database/sql"
	"fmt"

	_ "github.com/mattn/go-sqlite3"
	"github.com/taskstate/taskstate/tests/bench/peers/go/measure"
)

func main() {
	measure.Rounds(func() {
		for _, workers := range []int{1, 8} {
			name := fmt.Sprintf("lifecycle, %d", workers)
			measure.InDirectory(func(path string) { river(name, path, workers) })
			measure.InDirectory(func(path string) { queue(name, path, workers) })
		}
	})
}

// connect sets a pool up as both queues recommend: one connection, since SQLite has one writer.
func connect(path string) *sql.DB {
	db, err := sql.Open("sqlite3", "file:"+path+
		"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_foreign_keys=true&_txlock=immediate")
	measure.Check(err)
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	return db
}

// Command ours measures taskstate's Go module: its status answer beside database/sql on the same file, and whole lives of
// tasks.
//
//	ours [decide | lifecycle]...     (both)
//
// TSE_BENCH_SECONDS for each side (3), TSE_BENCH_ROUNDS (5); the sides take turns. TSE_BENCH_DIRECTORY: on which disk.
// Build it with -tags libsqlite3: two copies of SQLite in one process would drop each other's locks.
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/taskstate/taskstate/tests/bench/peers/go/measure"
)

func main() {
	suites := os.Args[1:]
	if len(suites) == 0 {
		suites = []string{"decide", "lifecycle"}
	}
	measure.Rounds(func() {
		for _, suite := range suites {
			switch suite {
			case "decide":
				measure.InDirectory(decide)
			case "lifecycle":
				for _, workers := range []int{1, 8} {
					measure.InDirectory(func(path string) { lifecycle(fmt.Sprintf("lifecycle, %d", workers), path, workers) })
				}
			default:
				log.Fatalf("there is no %q", suite)
			}
		}
	})
}

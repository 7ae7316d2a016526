// Package measure is what the sides have in common: how long, where, and a line of JSON for each result.
package measure

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"sync"
	"time"
)

// Result is one line.
type Result struct {
	Case     string   `json:"case"`
	Side     string   `json:"side"`
	Value    float64  `json:"value"`
	Unit     string   `json:"unit"`
	P50      *float64 `json:"p50_us"`
	P99      *float64 `json:"p99_us"`
	Max      *float64 `json:"max_us"`
	Failures int      `json:"failures"`
}

// Print writes it.
func (r Result) Print() {
	line, err := json.Marshal(r)
	Check(err)
	fmt.Println(string(line))
}

// WithTimes adds how long each took.
func (r Result) WithTimes(times []time.Duration) Result {
	if len(times) == 0 {
		return r
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	at := func(share float64) *float64 {
		us := float64(times[int(share*float64(len(times)-1))]) / 1e3
		return &us
	}
	r.P50, r.P99, r.Max = at(0.5), at(0.99), at(1)
	return r
}

// Check ends the program.
func Check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// Length is for how long each side is measured: TSE_BENCH_SECONDS, which may be a fraction (3).
func Length() time.Duration {
	seconds, err := strconv.ParseFloat(os.Getenv("TSE_BENCH_SECONDS"), 64)
	if err != nil {
		seconds = 3
	}
	return time.Duration(seconds * float64(time.Second))
}

// InDirectory gives each side an empty directory.
func InDirectory(measure func(path string)) {
	base := os.Getenv("TSE_BENCH_DIRECTORY")
	if base == "" {
		base = "."
	}
	directory, err := os.MkdirTemp(base, "taskstate-bench-")
	Check(err)
	defer os.RemoveAll(directory)
	measure(filepath.Join(directory, "tasks.db"))
}

// Repeat lets workers do the whole life of a task over and over.
func Repeat(name, side string, workers int, live func() bool) {
	var mutex sync.Mutex
	var times []time.Duration
	failures := 0
	var crew sync.WaitGroup
	begin := time.Now()
	until := begin.Add(Length())
	for i := 0; i < workers; i++ {
		crew.Add(1)
		go func() {
			defer crew.Done()
			for time.Now().Before(until) {
				before := time.Now()
				lived := live()
				took := time.Since(before)
				mutex.Lock()
				if lived {
					times = append(times, took)
				} else {
					failures++
				}
				mutex.Unlock()
			}
		}()
	}
	crew.Wait()
	seconds := time.Since(begin).Seconds()
	Result{Case: name, Side: side, Value: float64(len(times)) / seconds, Unit: "1/s", Failures: failures}.WithTimes(times).Print()
}

// Rounds runs what TSE_BENCH_ROUNDS asks for (5).
func Rounds(round func()) {
	log.SetFlags(0)
	rounds, err := strconv.Atoi(os.Getenv("TSE_BENCH_ROUNDS"))
	if err != nil {
		rounds = 5
	}
	for i := 0; i < rounds; i++ {
		round()
	}
}

//go:build cgo

package taskstate_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

func shell(t *testing.T, path, sql string) string {
	t.Helper()
	out, err := exec.Command("sqlite3", path, sql).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func keyed(key, packageID string) taskstate.NewTask {
	return taskstate.NewTask{ZoneID: "z1", Operation: taskstate.OpCreate, PackageID: packageID, IdempotencyKey: key}
}

// ---- Idempotency

func TestTheSameKeyGivesTheFirstTask(t *testing.T) {
	tasks := open(t, ":memory:", taskstate.WithPendingLimit(1), taskstate.WithIdempotencyRetention(time.Hour))
	first, err := tasks.Create(ctx, keyed("k", "pkg_1"))
	if err != nil || first.Replayed {
		t.Fatal(first, err)
	}
	again, err := tasks.Create(ctx, keyed("k", "pkg_1"))
	if err != nil || !again.Replayed || again.ID != first.ID {
		t.Fatal(again, err)
	}
	_, err = tasks.Create(ctx, keyed("k", "pkg_2"))
	wantError(t, err, taskstate.ErrIdempotencyMismatch, "")
	if answer := tasks.Accept(nil, err, taskstate.Request{}); answer.Status != http.StatusConflict {
		t.Fatal(answer)
	}
	_, err = tasks.Create(ctx, keyed("other", "pkg_1"))
	wantError(t, err, taskstate.ErrLimitExceeded, "")
}

func TestARequestIDIsAdopted(t *testing.T) {
	tasks := open(t, ":memory:", taskstate.WithAdoptRequestID(true))
	withID := taskstate.WithCall(ctx, taskstate.Call{RequestID: "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"})
	for i, replayed := range []bool{false, true} {
		task, err := tasks.Create(withID, keyed("", "pkg_1"))
		if err != nil || task.Replayed != replayed {
			t.Fatal(i, task, err)
		}
	}
}

func TestAFailedTaskIsTriedAgain(t *testing.T) {
	tasks := open(t, ":memory:")
	start(t, tasks, "a")
	retry := taskstate.NewTask{ZoneID: "z1", Operation: taskstate.OpCreate, RetryOf: "a"}
	_, err := tasks.Create(ctx, retry)
	wantError(t, err, taskstate.ErrIllegalTransition, "")
	if _, err := tasks.Fail(ctx, "z1", "a", taskstate.Update{ErrorMessage: "no"}); err != nil {
		t.Fatal(err)
	}
	task, err := tasks.Create(ctx, retry)
	if err != nil || task.Links[0].Rel != "predecessor" || !strings.HasSuffix(task.Links[0].Href, "/a") {
		t.Fatal(task, err)
	}
}

// ---- Statements of the host's own

func TestStatementsRunInTheSameTransaction(t *testing.T) {
	path := newPath(t)
	tasks := open(t, path)
	shell(t, path, "CREATE TABLE kinds (task, a, b, c, d, e, f, g)")
	also := taskstate.WithAlso(ctx, taskstate.SQL("INSERT INTO kinds VALUES (:taskstate_id, ?, ?, ?, ?, ?, :f, ?)",
		nil, true, int32(-7), 0.5, "text", taskstate.Named(":f", []byte{0, 1}), uint64(math.MaxInt64)))
	if _, err := tasks.Create(also, taskstate.NewTask{ZoneID: "z1", ID: "a", Operation: taskstate.OpCreate}); err != nil {
		t.Fatal(err)
	}
	if row := shell(t, path, "SELECT task, a IS NULL, b, c, d, e, hex(f), g FROM kinds"); row !=
		"a|1|1|-7|0.5|text|0001|9223372036854775807" {
		t.Fatal(row)
	}
	// The constraint fails, and so does the change.
	shell(t, path, "CREATE UNIQUE INDEX once ON kinds (task)")
	_, err := tasks.Start(also, "z1", "a")
	wantError(t, err, taskstate.ErrInvalidArgument, "also[0]")
	if task := get(t, tasks, "a"); task.Status != taskstate.Pending {
		t.Fatal(task)
	}
	if answer := tasks.Accept(nil, err, taskstate.Request{}); answer.Status != http.StatusInternalServerError {
		t.Fatal(answer) // no fault of the client's
	}
}

func TestAStatementThatDoesNotEndIsEndedAtTheDeadline(t *testing.T) {
	tasks := open(t, ":memory:")
	create(t, tasks, "a")
	late, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	endless := taskstate.SQL("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")
	if _, err := tasks.Start(taskstate.WithAlso(late, endless), "z1", "a"); !errors.Is(err, taskstate.ErrBusy) &&
		!errors.Is(err, taskstate.ErrCancelled) && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if task := get(t, tasks, "a"); task.Status != taskstate.Pending {
		t.Fatal(task)
	}
}

func TestStatementsAreChecked(t *testing.T) {
	tasks := open(t, ":memory:")
	create(t, tasks, "a")
	for _, statement := range []taskstate.Statement{
		taskstate.SQL(""),
		taskstate.SQL("DELETE FROM taskstate_tasks"),
		taskstate.SQL("SELECT ?"),
		taskstate.SQL("SELECT ?", struct{}{}),
		taskstate.SQL("SELECT ?", uint64(math.MaxUint64)),
		taskstate.SQL("SELECT :a", taskstate.Named("", 1)),
		taskstate.SQL("SELECT :a", taskstate.Named(":b", 1)),
	} {
		_, err := tasks.Start(taskstate.WithAlso(ctx, taskstate.SQL("SELECT 1"), statement), "z1", "a")
		failure := wantError(t, err, taskstate.ErrInvalidArgument, "")
		if failure.Field != "also[1]" {
			t.Error(statement, failure)
		}
	}
	many := make([]taskstate.Statement, 65)
	for i := range many {
		many[i] = taskstate.SQL("SELECT 1")
	}
	_, err := tasks.Start(taskstate.WithAlso(ctx, many...), "z1", "a")
	wantError(t, err, taskstate.ErrInvalidArgument, "also[64]")
}

// ---- Waiting

func TestWaitReturnsWhenTheTaskMoves(t *testing.T) {
	path := newPath(t)
	tasks, theirs := open(t, path), open(t, path)
	create(t, tasks, "a")
	go func() {
		for {
			if stats, err := tasks.Stats(ctx); err != nil || stats.Waiters > 0 {
				break
			}
		}
		_, _ = theirs.Start(ctx, "z1", "a")
	}()
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	task, err := tasks.Wait(limited, "z1", "a", 1)
	if err != nil || task.Revision != 2 {
		t.Fatal(task, err)
	}
	if _, err := tasks.Wait(limited, "z1", "nobody", 1); !errors.Is(err, taskstate.ErrNotFound) {
		t.Fatal(err)
	}
	short, stop := context.WithTimeout(ctx, 5*time.Millisecond)
	defer stop()
	if _, err := tasks.Wait(short, "z1", "a", taskstate.UntilEnded); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestAThousandWaitOnOneDescriptor(t *testing.T) {
	const many = 1000
	path := newPath(t)
	tasks, theirs := open(t, path), open(t, path)
	for i := 0; i < 10; i++ {
		create(t, tasks, string(rune('a'+i)))
	}
	limited, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for i := 0; i < many; i++ {
		id := string(rune('a' + i%10))
		all.Add(1)
		go func() {
			defer all.Done()
			if task, err := tasks.Wait(limited, "z1", id, 1); err != nil || task.Revision < 2 {
				t.Error(task, err)
			}
		}()
	}
	for {
		stats, err := tasks.Stats(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if stats.Waiters == many {
			break
		}
		time.Sleep(time.Millisecond)
	}
	descriptors, err := os.ReadDir("/proc/self/fd")
	if err != nil || len(descriptors) > 200 {
		t.Fatal(len(descriptors), err)
	}
	for i := 0; i < 10; i++ {
		if _, err := theirs.Start(ctx, "z1", string(rune('a'+i))); err != nil {
			t.Fatal(err)
		}
	}
	all.Wait()
}

func TestClosingEndsAWait(t *testing.T) {
	tasks := open(t, ":memory:")
	create(t, tasks, "a")
	go func() {
		for {
			if stats, err := tasks.Stats(ctx); err != nil || stats.Waiters > 0 {
				break
			}
		}
		_ = tasks.Close()
	}()
	if _, err := tasks.Wait(ctx, "z1", "a", 1); !errors.Is(err, taskstate.ErrClosed) {
		t.Fatal(err)
	}
}

func TestAStatusRequestWaitsAsItPrefers(t *testing.T) {
	tasks := open(t, ":memory:", taskstate.WithLongestWait(20*time.Second))
	start(t, tasks, "a")
	request := taskstate.Request{Header: http.Header{"Prefer": {"respond-async", "wait=30"}}}
	go func() {
		for {
			if stats, err := tasks.Stats(ctx); err != nil || stats.Waiters > 0 {
				break
			}
		}
		_, _ = tasks.Complete(ctx, "z1", "a", taskstate.Update{InstallID: "ins_1"})
	}()
	answer := tasks.Decide(ctx, "z1", "a", request)
	if answer.Status != http.StatusSeeOther || answer.Header.Get("Preference-Applied") != "wait=20" {
		t.Fatal(answer)
	}
	start(t, tasks, "b")
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if answer := tasks.Decide(short, "z1", "b", request); answer.Status != http.StatusOK {
		t.Fatal(answer) // the context's end ends the wait, not the answer
	}
}

// ---- The feed

func TestTheFeedTellsAllAndGoesOn(t *testing.T) {
	path := newPath(t)
	tasks, theirs := open(t, path), open(t, path)
	create(t, tasks, "a")
	batch, err := tasks.ReadChanges(ctx, taskstate.ChangesOptions{})
	if err != nil || len(batch.Events) != 1 || batch.Events[0].ID != "a" || batch.Events[0].Position != batch.Position {
		t.Fatal(batch, err)
	}
	go func() {
		for {
			if stats, err := tasks.Stats(ctx); err != nil || stats.Waiters > 0 {
				break
			}
		}
		create(t, theirs, "b")
		complete(t, theirs, "c")
	}()
	told := ""
	following, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tasks.Changes(following, taskstate.ChangesOptions{After: batch.Position, Wait: -1})(func(event taskstate.Event, err error) bool {
		if err != nil {
			t.Fatal(err)
		}
		told += event.ID + " " + event.Kind + ","
		return event.Kind != "completed"
	})
	if told != "b created,c created,c started,c completed," {
		t.Fatal(told)
	}
	tasks.Changes(ctx, taskstate.ChangesOptions{Latest: true})(func(event taskstate.Event, err error) bool {
		t.Error(event, err)
		return true
	})
	cancel()
	ended := false
	tasks.Changes(following, taskstate.ChangesOptions{Wait: -1})(func(_ taskstate.Event, err error) bool {
		ended = errors.Is(err, context.Canceled)
		return true
	})
	if !ended {
		t.Fatal("the context's end was not told")
	}
}

// ---- Upkeep

func TestPurgingErasingAndTombstones(t *testing.T) {
	tasks := open(t, newPath(t), taskstate.WithTombstones(time.Hour), taskstate.WithFeedRetention(time.Hour))
	complete(t, tasks, "a")
	complete(t, tasks, "b")
	create(t, tasks, "c")
	if _, err := tasks.Erase(ctx, "z1", "c"); !errors.Is(err, taskstate.ErrIllegalTransition) {
		t.Fatal(err)
	}
	if erased, err := tasks.Erase(ctx, "z1", "a"); err != nil || !erased {
		t.Fatal(erased, err)
	}
	if erased, err := tasks.Erase(ctx, "z1", "a"); err != nil || erased {
		t.Fatal(erased, err)
	}
	if count, err := tasks.Purge(ctx, taskstate.PurgeOptions{ZoneID: "z1"}); err != nil || count != 1 {
		t.Fatal(count, err)
	}
	if answer := tasks.Decide(ctx, "z1", "a", taskstate.Request{}); answer.Status != http.StatusGone {
		t.Fatal(answer)
	}
	_, err := tasks.Purge(ctx, taskstate.PurgeOptions{OlderThan: -1})
	wantError(t, err, taskstate.ErrInvalidArgument, "older_than")
}

func TestRetentionIsTheEnginesOwn(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	tasks := open(t, ":memory:", taskstate.WithRetention(time.Minute), taskstate.WithClock(func() time.Time { return now }))
	complete(t, tasks, "a")
	now = now.Add(time.Minute)
	if count, err := tasks.Tick(ctx); err != nil || count != 1 {
		t.Fatal(count, err)
	}
}

func TestFigures(t *testing.T) {
	tasks := open(t, newPath(t), taskstate.WithDurability(taskstate.DurabilityRelaxed),
		taskstate.WithCheckpointBytes(1<<20), taskstate.WithMaxBytes(1<<30))
	create(t, tasks, "a")
	stats, err := tasks.Stats(ctx, "z1")
	if err != nil || stats.Pending != 1 || len(stats.Counts) != 1 || stats.Counts[0].Count != 1 ||
		stats.Durability != taskstate.DurabilityRelaxed || stats.FileBytes == 0 || stats.LeaseClock != "boot" {
		t.Fatal(stats, err)
	}
	if _, err := tasks.Cancel(ctx, "z1", "a", taskstate.CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	stats, err = tasks.Stats(ctx)
	if err != nil || stats.Failures.Cancelled != 1 || stats.Failures.Failed+stats.LeasesLost != 0 ||
		len(stats.RunningTime.Counts) != len(stats.RunningTime.Bounds)+1 || len(stats.WaitingTime.Counts) != len(stats.WaitingTime.Bounds)+1 ||
		stats.WaitingTime.Bounds[0] != 10*time.Millisecond {
		t.Fatalf("%+v %v", stats, err)
	}
	recorder := httptest.NewRecorder()
	tasks.MetricsHandler().ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
	if recorder.Code != http.StatusOK || !strings.HasSuffix(recorder.Body.String(), "# EOF\n") {
		t.Fatal(recorder)
	}
	if err := tasks.Close(); err != nil {
		t.Fatal(err)
	}
	recorder = httptest.NewRecorder()
	tasks.MetricsHandler().ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
	if recorder.Code != http.StatusServiceUnavailable {
		t.Fatal(recorder)
	}
}

func TestBackupAndRestore(t *testing.T) {
	path := newPath(t)
	tasks := open(t, path)
	create(t, tasks, "a")
	batch, err := tasks.ReadChanges(ctx, taskstate.ChangesOptions{})
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(filepath.Dir(path), "copy.db")
	if err := tasks.Backup(ctx, copied); err != nil {
		t.Fatal(err)
	}
	restored := open(t, copied)
	get(t, restored, "a")
	_, err = restored.ReadChanges(ctx, taskstate.ChangesOptions{After: batch.Position})
	wantError(t, err, taskstate.ErrRestored, "")
	wantError(t, tasks.Backup(ctx, copied), taskstate.ErrAlreadyExists, "")
	wantError(t, tasks.Backup(ctx, path), taskstate.ErrInvalidArgument, "path")
	for _, companion := range []string{"-wal", "-shm", "-journal", "-taskstate"} {
		wantError(t, tasks.Backup(ctx, path+companion), taskstate.ErrInvalidArgument, "path")
	}
}

func TestMigrateAFileOfThisRelease(t *testing.T) {
	path := newPath(t)
	open(t, path, taskstate.WithMigration(taskstate.MigrateManual))
	done, err := taskstate.Migrate(context.Background(), path, taskstate.WithMigration(taskstate.MigrateManual))
	if err != nil || done.FromSchema != 2 || done.ToSchema != 2 || done.CopyBytes != 0 || done.WALBytes != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	_, err = taskstate.Migrate(context.Background(), path+"-none")
	wantError(t, err, taskstate.ErrUnavailable, "")
	_, err = taskstate.Migrate(context.Background(), path, taskstate.WithMigration(7))
	wantError(t, err, taskstate.ErrInvalidArgument, "migrate")
	ended, end := context.WithCancel(context.Background())
	end()
	if _, err = taskstate.Migrate(ended, path); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestBackupReplacesNothingButABackup(t *testing.T) {
	path := newPath(t)
	tasks := open(t, path)
	create(t, tasks, "a")
	at := func(name string) string { return filepath.Join(filepath.Dir(path), name) }
	if err := syscall.Mkfifo(at("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(at("nowhere"), at("link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fifo", "link", ""} {
		wantError(t, tasks.Backup(ctx, at(name)), taskstate.ErrInvalidArgument, "path")
	}
	for _, name := range []string{"precious", "copy.db-wal", "copy.db-journal", "copy.db-shm"} {
		if err := os.WriteFile(at(name), []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		target := strings.SplitAfter(name, ".db")[0]
		wantError(t, tasks.Backup(ctx, at(target)), taskstate.ErrAlreadyExists, "")
		if content, err := os.ReadFile(at(name)); err != nil || string(content) != "precious" {
			t.Fatal(name, string(content), err)
		}
		if err := os.Remove(at(name)); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; i < 2; i++ {
		if err := tasks.Backup(ctx, at("copy.db")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHostOptionsReachTheLibrary(t *testing.T) {
	path := newPath(t)
	open(t, path, taskstate.WithFileMode(0o640), taskstate.WithMigration(taskstate.MigrateRefuse))
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Fatal(info, err)
	}
	for field, option := range map[string]taskstate.Option{
		"pending_limit":         taskstate.WithPendingLimit(-1),
		"idempotency_retention": taskstate.WithIdempotencyRetention(0),
		"longest_wait":          taskstate.WithLongestWait(2 * time.Hour),
		"retention":             taskstate.WithRetention(time.Millisecond),
		"result_retention":      taskstate.WithResultRetention(-1),
		"tombstones":            taskstate.WithTombstones(-1),
		"feed_retention":        taskstate.WithFeedRetention(0),
		"durability":            taskstate.WithDurability(7),
		"migrate":               taskstate.WithMigration(7),
		"max_bytes":             taskstate.WithMaxBytes(1),
		"checkpoint_bytes":      taskstate.WithCheckpointBytes(1),
		"answer_cache_bytes":    taskstate.WithAnswerCacheBytes(-1),
		"file_mode":             taskstate.WithFileMode(0o400),
	} {
		_, err := taskstate.Open(":memory:", option)
		wantError(t, err, taskstate.ErrInvalidArgument, field)
	}
}

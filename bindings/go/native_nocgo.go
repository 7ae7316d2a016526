//go:build !cgo

package taskstate

import (
	"net/http"
	"time"
)

// Without cgo there is no library: nothing can be opened, so that no method of handle is ever reached with one.

type handle struct{}

type nativeError struct{}

func unsupported() error {
	return &Error{Code: ErrUnsupported, Message: "this program was built without cgo"}
}

func nativeVersion() string { return "" }

func nativeABI() int { return -1 }

func nativeOpen(string, *config) (*handle, error) { return nil, unsupported() }

func nativeMigrate(string, *config, callArgs) (Migration, error) { return Migration{}, unsupported() }

func nativeParse(string) (*Task, error) { return nil, unsupported() }

func nativeValidate(string) error { return unsupported() }

func nativeUnavailable(string, string, *Request) Answer { return plain(http.StatusServiceUnavailable) }

func (*handle) close() error { return unsupported() }

func (*handle) create(*NewTask, callArgs) (*Task, error) { return nil, unsupported() }

func (*handle) start(string, string, callArgs) (*Task, error) { return nil, unsupported() }

func (*handle) update(updateOp, string, string, *Update, callArgs) (*Task, error) {
	return nil, unsupported()
}

func (*handle) get(string, string, bool, callArgs) (*Task, error) { return nil, unsupported() }

func (*handle) list(*ListQuery, callArgs) (*Page, error) { return nil, unsupported() }

func (*handle) history(string, string, HistoryQuery, callArgs) (*History, error) {
	return nil, unsupported()
}

func (*handle) verify(callArgs) (*Report, error) { return nil, unsupported() }

func (*handle) decideKept(string, string, *Request) (Answer, bool) { return Answer{}, false }

func (*handle) decide(string, string, *Request, callArgs) (Answer, time.Duration, int64) {
	return nativeUnavailable("", "", nil), 0, 0
}

func (*handle) changes(*ChangesOptions, callArgs) (*ChangesBatch, error) { return nil, unsupported() }

func (*handle) wait(string, string, int64, callArgs) (*Task, error) { return nil, unsupported() }

func (*handle) purge(*PurgeOptions, callArgs) (int64, error) { return 0, unsupported() }

func (*handle) erase(string, string, callArgs) (bool, error) { return false, unsupported() }

func (*handle) clockOK(callArgs) error { return unsupported() }

func (*handle) backup(string, callArgs) error { return unsupported() }

func (*handle) setPaused(PauseTarget, bool, callArgs) (bool, error) { return false, unsupported() }

func (*handle) stats(string, callArgs) (*Stats, error) { return nil, unsupported() }

func (*handle) watchTasks() (*watch, error) { return nil, unsupported() }

func (*handle) watchChanges(string) (*watch, error) { return nil, unsupported() }

type alsoCall struct{}

func newAlsoCall([]Statement) (*alsoCall, error) { return nil, unsupported() }

func (*alsoCall) free() {}

func (*handle) acceptTask(*Task, *Request) Answer { return nativeUnavailable("", "", nil) }

func (*handle) acceptFailure(*nativeError, *Request) Answer { return nativeUnavailable("", "", nil) }

type cancelToken struct{}

func newCancelToken() *cancelToken { return nil }

func (*cancelToken) cancel() {}

func (*cancelToken) free() {}

type granted struct {
	task      *Task
	token     string
	duration  time.Duration
	expiresAt time.Time
}

func (*handle) result(string, string, callArgs) (*StoredResult, error) { return nil, unsupported() }

func (*handle) retry(string, string, bool, callArgs) (*Task, error) { return nil, unsupported() }

func (*handle) reprioritize(string, string, int, callArgs) (*Task, error) { return nil, unsupported() }

func (*handle) cancel(string, string, bool, string, callArgs) (*Task, error) {
	return nil, unsupported()
}

func (*handle) tick(callArgs) (int, error) { return 0, unsupported() }

func (*handle) claim(int, *ClaimOptions, callArgs) ([]granted, error) { return nil, unsupported() }

func (*handle) startLeased(string, string, *ClaimOptions, callArgs) ([]granted, error) {
	return nil, unsupported()
}

func (*handle) heartbeat(string, *Link, callArgs) (Heartbeat, error) {
	return Heartbeat{}, unsupported()
}

func (*handle) updateLeased(updateOp, string, *Update, callArgs) (*Task, error) {
	return nil, unsupported()
}

func (*handle) release(string, time.Duration, callArgs) (*Task, error) { return nil, unsupported() }

func (*handle) watch(*ClaimOptions) (*watch, error) { return nil, unsupported() }

func (*handle) run([]batchItem, callArgs) ([]Result, error) { return nil, unsupported() }

type nativeBatch struct{}

func (*nativeBatch) create(*NewTask) error { return unsupported() }

func (*nativeBatch) start(string, string) error { return unsupported() }

func (*nativeBatch) update(updateOp, string, string, *Update) error { return unsupported() }

func (*nativeBatch) updateLeased(updateOp, string, *Update) error { return unsupported() }

type watch struct{}

func (*watch) sleep() error { return unsupported() }

func (*watch) wakeUp(time.Time) {}

func (*watch) reset() error { return unsupported() }

func (*watch) free() {}

func (*watch) task(string, string, int64, int64) error { return unsupported() }

func (*watch) forget(string, string, int64) {}

func (*watch) takeTags() ([]int64, error) { return nil, unsupported() }

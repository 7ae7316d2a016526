//go:build !cgo

package taskstate

import "net/http"

// Without cgo there is no library: nothing can be opened, so that no method of handle is ever reached with one.

type handle struct{}

type nativeError struct{}

func unsupported() error {
	return &Error{Code: ErrUnsupported, Message: "this program was built without cgo"}
}

func nativeVersion() string { return "" }

func nativeABI() int { return -1 }

func nativeOpen(string, *config) (*handle, error) { return nil, unsupported() }

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

func (*handle) history(string, string, callArgs) ([]Event, error) { return nil, unsupported() }

func (*handle) verify(callArgs) (*Report, error) { return nil, unsupported() }

func (*handle) decide(string, string, *Request, callArgs) Answer {
	return nativeUnavailable("", "", nil)
}

func (*handle) acceptTask(*Task, *Request) Answer { return nativeUnavailable("", "", nil) }

func (*handle) acceptFailure(*nativeError, *Request) Answer { return nativeUnavailable("", "", nil) }

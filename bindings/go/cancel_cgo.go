//go:build cgo

package taskstate

// #include "bridge.h"
import "C"

import "sync"

// cancelToken ends one call's waiting. What ends the context may come after the call, so the two are kept apart.
type cancelToken struct {
	mutex sync.Mutex
	token *C.tse_cancel_token
}

// newCancelToken returns nil when there is no memory: then the call is not cancelled, only timed out.
func newCancelToken() *cancelToken {
	var token *C.tse_cancel_token
	if C.tse_cancel_token_new(&token, nil) != C.TSE_OK {
		return nil
	}
	return &cancelToken{token: token}
}

func (t *cancelToken) native() *C.tse_cancel_token {
	if t == nil {
		return nil
	}
	return t.token
}

func (t *cancelToken) cancel() {
	if t == nil {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	C.tse_cancel_token_cancel(t.token)
}

func (t *cancelToken) free() {
	if t == nil {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	C.tse_cancel_token_free(t.token)
	t.token = nil
}

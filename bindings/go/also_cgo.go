//go:build cgo

package taskstate

// #include "bridge.h"
import "C"

import "unsafe"

// alsoCall is a call of the library's that holds statements.
type alsoCall struct{ call *C.tse_call }

func newAlsoCall(statements []Statement) (*alsoCall, error) {
	made := &alsoCall{}
	var failure *C.tse_error
	if code := C.tsego_new_also(&made.call, &failure); code != C.TSE_OK {
		return nil, takeError(code, failure)
	}
	for i, statement := range statements {
		if err := made.add(i, statement); err != nil {
			made.free()
			return nil, err
		}
	}
	return made, nil
}

func (a *alsoCall) add(index int, statement Statement) error {
	var failure *C.tse_error
	if code := C.tsego_also(a.call, statement.Text, &failure); code != C.TSE_OK {
		return takeError(code, failure)
	}
	for _, arg := range statement.Args {
		if err := bind(a, index, arg); err != nil {
			return err
		}
	}
	return nil
}

func (a *alsoCall) null(name string) error {
	var failure *C.tse_error
	return takeError(C.tsego_bind_null(a.call, name, &failure), failure)
}

func (a *alsoCall) integer(name string, value int64) error {
	var failure *C.tse_error
	return takeError(C.tsego_bind_int64(a.call, name, C.int64_t(value), &failure), failure)
}

func (a *alsoCall) real(name string, value float64) error {
	var failure *C.tse_error
	return takeError(C.tsego_bind_double(a.call, name, C.double(value), &failure), failure)
}

func (a *alsoCall) text(name string, value string) error {
	var failure *C.tse_error
	return takeError(C.tsego_bind_text(a.call, name, value, &failure), failure)
}

func (a *alsoCall) blob(name string, value []byte) error {
	var failure *C.tse_error
	var data unsafe.Pointer
	if len(value) > 0 {
		data = unsafe.Pointer(&value[0])
	}
	return takeError(C.tsego_bind_blob(a.call, name, data, C.size_t(len(value)), &failure), failure)
}

func (a *alsoCall) native() *C.tse_call {
	if a == nil {
		return nil
	}
	return a.call
}

func (a *alsoCall) free() {
	if a != nil {
		C.tse_call_free(a.call)
	}
}

//go:build cgo

package taskstate

// #include "bridge.h"
import "C"

import (
	"math"
	"time"
)

// native gives the settings to the library; the result is to be freed.
func (c *config) native() (*C.tse_options, error) {
	if abi := nativeABI(); abi != C.TSE_ABI {
		return nil, &Error{Code: ErrUnsupported, Message: "the linked taskstate library has another binary interface than " +
			"the header this package was built with"}
	}
	var options *C.tse_options
	var failure *C.tse_error
	if code := C.tse_options_new(&options, &failure); code != C.TSE_OK {
		return nil, takeError(code, failure)
	}
	if err := c.apply(options); err != nil {
		C.tse_options_free(options)
		return nil, err
	}
	return options, nil
}

func nativeMigrate(path string, settings *config, call callArgs) (Migration, error) {
	options, err := settings.native()
	if err != nil {
		return Migration{}, err
	}
	defer C.tse_options_free(options)
	var view C.tse_migration_view
	var failure *C.tse_error
	code := C.tsego_migrate(path, options, C.int64_t(call.timeout), call.RequestID, call.Traceparent, call.Actor,
		call.cancel.native(), call.also.native(), &view, &failure)
	if code != C.TSE_OK {
		return Migration{}, takeError(code, failure)
	}
	return Migration{
		FromSchema: int(view.from_schema), ToSchema: int(view.to_schema),
		CopyBytes: int64(view.copy_bytes), WALBytes: int64(view.wal_bytes),
	}, nil
}

func nativeOpen(path string, settings *config) (*handle, error) {
	options, err := settings.native()
	if err != nil {
		return nil, err
	}
	defer C.tse_options_free(options)
	var failure *C.tse_error
	var engine *C.tse_engine
	if code := C.tsego_open(path, options, &engine, &failure); code != C.TSE_OK {
		return nil, takeError(code, failure)
	}
	return newHandle(engine), nil
}

// apply sets what was set, and stops at the first setting that is refused.
func (c *config) apply(options *C.tse_options) error {
	var failure *C.tse_error
	var err error
	set := func(wanted bool, setter func() C.int32_t) {
		if wanted && err == nil {
			err = takeError(setter(), failure)
		}
	}
	set(c.mode != nil, func() C.int32_t { return C.tse_options_set_mode(options, C.int32_t(*c.mode), &failure) })
	set(c.adopt, func() C.int32_t { return C.tse_options_set_adopt(options, 1, &failure) })
	set(c.timeout != nil, func() C.int32_t {
		return C.tse_options_set_timeout(options, timeoutIn(*c.timeout), &failure)
	})
	for _, name := range c.operations {
		name := name
		set(true, func() C.int32_t { return C.tsego_add_operation(options, name, &failure) })
	}
	set(c.location != nil, func() C.int32_t { return C.tsego_set_location(options, *c.location, &failure) })
	set(c.statusURL != nil, func() C.int32_t { return C.tsego_set_status_url(options, *c.statusURL, &failure) })
	set(c.completed != CompletedDefault, func() C.int32_t {
		return C.tse_options_set_completed(options, policyIn(c.completed), &failure)
	})
	if c.retryAfter != nil && err == nil {
		err = c.applyRetryAfter(options)
	}
	set(c.ignoreRequestIDs != nil, func() C.int32_t {
		return C.tse_options_set_ignore_bad_request_id(options, flag(*c.ignoreRequestIDs), &failure)
	})
	set(c.reconfigure, func() C.int32_t { return C.tse_options_set_reconfigure(options, 1, &failure) })
	set(c.anyFilesystem, func() C.int32_t { return C.tse_options_set_any_filesystem(options, 1, &failure) })
	set(c.housekeeping != nil, func() C.int32_t {
		return C.tse_options_set_housekeeping(options, timeoutIn(*c.housekeeping), &failure)
	})
	set(c.runningLimit != nil, func() C.int32_t {
		return C.tse_options_set_running_limit(options, C.int64_t(*c.runningLimit), &failure)
	})
	set(c.pendingLimit != nil, func() C.int32_t {
		return C.tse_options_set_pending_limit(options, C.int64_t(*c.pendingLimit), &failure)
	})
	set(c.idempotencyRetention != nil, func() C.int32_t {
		return C.tse_options_set_idempotency_retention(options, timeoutIn(*c.idempotencyRetention), &failure)
	})
	set(c.adoptRequestID != nil, func() C.int32_t {
		return C.tse_options_set_adopt_request_id(options, flag(*c.adoptRequestID), &failure)
	})
	set(c.longestWait != nil, func() C.int32_t {
		return C.tse_options_set_longest_wait(options, timeoutIn(*c.longestWait), &failure)
	})
	set(c.retention != nil, func() C.int32_t {
		return C.tse_options_set_retention(options, timeoutIn(*c.retention), &failure)
	})
	set(c.resultRetention != nil, func() C.int32_t {
		return C.tse_options_set_result_retention(options, timeoutIn(*c.resultRetention), &failure)
	})
	set(c.tombstones != nil, func() C.int32_t {
		return C.tse_options_set_tombstones(options, timeoutIn(*c.tombstones), &failure)
	})
	set(c.feedRetention != nil, func() C.int32_t {
		return C.tse_options_set_feed_retention(options, timeoutIn(*c.feedRetention), &failure)
	})
	set(c.durability != nil, func() C.int32_t {
		return C.tse_options_set_durability(options, C.int32_t(*c.durability), &failure)
	})
	set(c.maxBytes != nil, func() C.int32_t {
		return C.tse_options_set_max_bytes(options, C.int64_t(*c.maxBytes), &failure)
	})
	set(c.checkpointBytes != nil, func() C.int32_t {
		return C.tse_options_set_checkpoint_bytes(options, C.int64_t(*c.checkpointBytes), &failure)
	})
	set(c.answerCacheBytes != nil, func() C.int32_t {
		return C.tse_options_set_answer_cache_bytes(options, C.int64_t(*c.answerCacheBytes), &failure)
	})
	set(c.fileMode != nil, func() C.int32_t {
		return C.tse_options_set_file_mode(options, C.int32_t(*c.fileMode), &failure)
	})
	set(c.migration != nil, func() C.int32_t {
		return C.tse_options_set_migrate(options, C.int32_t(*c.migration), &failure)
	})
	set(c.bootID != nil, func() C.int32_t { return C.tsego_set_boot_id(options, *c.bootID, &failure) })
	set(c.logLevel != nil, func() C.int32_t { return C.tse_options_set_log_level(options, C.int32_t(*c.logLevel), &failure) })
	set(c.logFile != nil, func() C.int32_t { return C.tsego_set_log_file(options, *c.logFile, &failure) })
	set(c.log != nil, func() C.int32_t { return C.tsego_set_log(options, register(c.log), &failure) })
	set(c.clock != nil, func() C.int32_t { return C.tsego_set_clock(options, register(&hostClock{now: c.clock}), &failure) })
	set(c.bootClock != nil, func() C.int32_t {
		return C.tsego_set_boot_clock(options, register(&hostClock{now: c.bootClock}), &failure)
	})
	set(c.ids != nil, func() C.int32_t { return C.tsego_set_ids(options, register(&hostIDs{c.ids}), &failure) })
	return err
}

func (c *config) applyRetryAfter(options *C.tse_options) error {
	var bounds [2]C.int32_t
	for i, bound := range c.retryAfter {
		if bound%time.Second != 0 {
			return invalid("retry_after", "retry_after must be whole seconds; bound %d is not", i)
		}
		bounds[i] = int32In(int64(bound / time.Second))
	}
	var failure *C.tse_error
	return takeError(C.tse_options_set_retry_after(options, bounds[0], bounds[1], &failure), failure)
}

// int32In: the number, or the nearest that fits; both break the same rules.
func int32In(value int64) C.int32_t {
	if value > math.MaxInt32 {
		return math.MaxInt32
	}
	if value < math.MinInt32 {
		return math.MinInt32
	}
	return C.int32_t(value)
}

// timeoutIn keeps a negative duration of less than a microsecond negative.
func timeoutIn(timeout time.Duration) C.int64_t {
	if timeout < 0 && timeout.Microseconds() == 0 {
		return -1
	}
	return C.int64_t(timeout.Microseconds())
}

// policyIn: the library counts from -1, so that Go's zero value can be the default.
func policyIn(policy CompletedPolicy) C.int32_t { return C.int32_t(policy) - 1 }

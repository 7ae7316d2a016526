/*
 * taskstate.h: the C interface of taskstate, an embedded task-state engine.
 *
 * A host creates a task when its API answers `202 Accepted`, moves it
 * pending -> running -> completed | failed, and asks for the exact HTTP answer
 * to the status request. Tasks live in one SQLite file.
 *
 *     tse_engine *tasks = NULL;
 *     tse_error *err = NULL;
 *     if (tse_open("catalog.db", TSE_NTS, NULL, &tasks, &err)) return report(err);
 *
 *     tse_new_task spec = TSE_NEW_TASK_INIT;
 *     spec.zone_id = tse_text("z1");
 *     spec.operation = tse_text("create");
 *     tse_task *task = NULL;
 *     if (tse_create(tasks, &spec, NULL, &task, &err)) return report(err);
 *
 * The rules that hold for the whole header:
 *
 *  1. Every fallible function returns a code: 0 (TSE_OK) or one of TSE_INVALID_ARGUMENT ...
 *     TSE_BEHIND. Its last parameter is a nullable `tse_error **`, written only on failure; the
 *     caller owns what is written there and frees it with tse_error_free(). There is no "last
 *     error" in any thread or handle. Output parameters are written only on success.
 *  2. Text goes in as (pointer, size), UTF-8, borrowed for the call. TSE_NTS as the size means
 *     "NUL-terminated". A NULL pointer means "absent" where a value is optional.
 *  3. Text comes out as tse_str views, borrowed from the object they were read from. They carry a
 *     length and are also NUL-terminated (the NUL is not counted). An absent value has data == NULL.
 *  4. Objects named tse_task, tse_leases, tse_page, tse_history, tse_changes, tse_stats, tse_report and tse_error
 *     are immutable snapshots that hold no engine: any thread may read them, they outlive the engine, and
 *     they may be freed in any order. Freeing NULL does nothing.
 *  5. A public struct begins with its own size and has an _INIT macro. Always start from the macro.
 *  6. Times are microseconds since 1970-01-01T00:00:00Z in int64_t; durations are microseconds.
 *  7. A `const tse_call *` may be NULL: the engine's default timeout, no tracing fields.
 *  8. A tse_engine may be used by any number of threads at once.
 *
 * docs/examples/guide/every_call.c is a program that calls every function below.
 *
 * Since 0.1 unless a declaration says otherwise.
 */
#ifndef TASKSTATE_H
#define TASKSTATE_H

/* Members and initialisers are aligned by hand: */
/* clang-format off */

#include <stddef.h>
#include <stdint.h>

#if defined(TSE_STATIC)
#define TSE_API
#elif defined(__GNUC__)
#define TSE_API __attribute__((visibility("default")))
#else
#define TSE_API
#endif

#if defined(__cplusplus)
#define TSE_NOEXCEPT noexcept
extern "C" {
#else
#define TSE_NOEXCEPT
#endif

/* ---- Version ------------------------------------------------------------------------------- */

#define TSE_VERSION_MAJOR 0
#define TSE_VERSION_MINOR 1
#define TSE_VERSION_PATCH 0

/** The ABI number this header describes; also the shared library's SOVERSION. */
#define TSE_ABI 0

/** The library's version, "major.minor.patch". Never NULL; static. Any thread; does not block. */
TSE_API const char *tse_version(void) TSE_NOEXCEPT;

/** The ABI number of the library that is linked. Compare with TSE_ABI. Any thread; does not block. */
TSE_API int32_t tse_abi(void) TSE_NOEXCEPT;

/* ---- Text ---------------------------------------------------------------------------------- */

/** As a size: the text is NUL-terminated, measure it. */
#define TSE_NTS ((size_t)-1)

/** A view of text or bytes. In: borrowed for the call, size may be TSE_NTS. Out: borrowed from its owner. */
typedef struct tse_str {
  const char *data; /**< NULL: absent */
  size_t size;      /**< bytes, without the trailing NUL */
} tse_str;

/** A view of a NUL-terminated string; NULL gives the absent value. */
static inline tse_str tse_text(const char *text) {
  tse_str view;
  view.data = text;
  view.size = text ? TSE_NTS : 0;
  return view;
}

/** For a time or integer field: no value. */
#define TSE_NONE INT64_MIN

/* ---- Codes --------------------------------------------------------------------------------- */

#define TSE_OK 0
#define TSE_INVALID_ARGUMENT 1      /**< a value breaks its rule; nothing was stored */
#define TSE_NOT_FOUND 2             /**< no such task */
#define TSE_ALREADY_EXISTS 3        /**< a task with that key exists */
#define TSE_ILLEGAL_TRANSITION 4    /**< the state machine has no such move from here */
#define TSE_LEASE_LOST 5            /**< the lease's epoch is no longer current */
#define TSE_IDEMPOTENCY_MISMATCH 6  /**< same idempotency key, other content */
#define TSE_LIMIT_EXCEEDED 7        /**< a configured limit is reached */
#define TSE_BUSY 8                  /**< no write lock before the deadline; guaranteed not applied */
#define TSE_CANCELLED 9             /**< the caller cancelled; guaranteed not applied */
#define TSE_READ_ONLY 10            /**< opened read-only, or the file is */
#define TSE_ACCESS_DENIED 11        /**< the operating system refused access */
#define TSE_DISK_FULL 12            /**< no room; the change was rolled back whole */
#define TSE_IO_ERROR 13             /**< the disk failed; open the file again */
#define TSE_CORRUPT 14              /**< the file is damaged */
#define TSE_NOT_A_TASKSTATE_FILE 15 /**< the file is something else; it was not touched */
#define TSE_SCHEMA_TOO_NEW 16       /**< the file needs a newer taskstate */
#define TSE_SCHEMA_TOO_OLD 17       /**< the file is older and was not migrated */
#define TSE_MOVED 18                /**< the file was replaced or removed while it was open */
#define TSE_FORKED 19               /**< opened before fork(); open the file again in the child */
#define TSE_CLOSED 20               /**< the engine was closed */
#define TSE_NO_MEMORY 21            /**< out of memory; state unharmed */
#define TSE_UNAVAILABLE 22          /**< the file cannot be opened or reached now */
#define TSE_UNSUPPORTED 23          /**< not possible on this system, file system or build */
#define TSE_INTERNAL 24             /**< a defect in taskstate */
#define TSE_RESTORED 25             /**< content of a copy: a position is void or, once, a call not done */
#define TSE_BEHIND 26               /**< the position expired: purges after it are trimmed */

/** The name of a code as it is spelled everywhere, e.g. "illegal_transition"; "ok" for 0; NULL for
 *  a number that is no code. Static. Any thread; does not block. */
TSE_API const char *tse_code_name(int32_t code) TSE_NOEXCEPT;

/* ---- Errors -------------------------------------------------------------------------------- */

#define TSE_NOT_DONE 0 /**< the change is guaranteed not applied */
#define TSE_UNKNOWN 1  /**< the change may or may not have been applied; read to find out */

/** Why a call failed. Immutable; any thread may read it; owned by whoever received it. */
typedef struct tse_error tse_error;

/** All of an error at once. */
typedef struct tse_error_view {
  size_t struct_size;  /**< set by TSE_ERROR_VIEW_INIT */
  int32_t code;        /**< TSE_INVALID_ARGUMENT ... TSE_BEHIND */
  int32_t outcome;     /**< TSE_NOT_DONE or TSE_UNKNOWN */
  tse_str field;       /**< the first offending field, e.g. "links[0].href"; absent if none */
  tse_str message;     /**< one sentence; names the field, the rule and the value's length or kind, never its content */
  size_t detail_count; /**< how many details tse_error_detail() gives; invalid input has one per field */
} tse_error_view;
#define TSE_ERROR_VIEW_INIT { sizeof(tse_error_view), 0, 0, { NULL, 0 }, { NULL, 0 }, 0 }

/** One offending field of invalid input. */
typedef struct tse_error_detail_view {
  size_t struct_size; /**< set by TSE_ERROR_DETAIL_VIEW_INIT */
  tse_str field;
  tse_str message;
} tse_error_detail_view;
#define TSE_ERROR_DETAIL_VIEW_INIT { sizeof(tse_error_detail_view), { NULL, 0 }, { NULL, 0 } }

/** Reads the whole error. Views live as long as the error. Fails only on bad arguments. */
TSE_API int32_t tse_error_get(const tse_error *error, tse_error_view *view) TSE_NOEXCEPT;
/** Reads detail `index` of an error. TSE_INVALID_ARGUMENT past the end. */
TSE_API int32_t tse_error_detail(const tse_error *error, size_t index, tse_error_detail_view *view) TSE_NOEXCEPT;
/** Frees an error; NULL is a no-op. */
TSE_API void tse_error_free(tse_error *error) TSE_NOEXCEPT;

/* ---- The state machine --------------------------------------------------------------------- */

#define TSE_PENDING 0
#define TSE_RUNNING 1
#define TSE_COMPLETED 2
#define TSE_FAILED 3

/** 1 if a task may move from one status to the other: pending -> running, running -> completed,
 *  running -> failed; 0 for every other pair, also for numbers that are no status. */
TSE_API int32_t tse_can_transition(int32_t from, int32_t to) TSE_NOEXCEPT;
/** "pending", "running", "completed", "failed"; NULL for a number that is no status. Static. */
TSE_API const char *tse_status_name(int32_t status) TSE_NOEXCEPT;

/* ---- Calls: what one operation carries besides its arguments -------------------------------- */

/** Timeout and tracing fields of one call. Not changed by calls that use it; may be used for many
 *  calls, also at once, as long as no setter runs meanwhile. */
typedef struct tse_call tse_call;

/** A new call with the engine's defaults. TSE_NO_MEMORY is its only failure. */
TSE_API int32_t tse_call_new(tse_call **call, tse_error **error) TSE_NOEXCEPT;
/** Frees a call; NULL is a no-op. */
TSE_API void tse_call_free(tse_call *call) TSE_NOEXCEPT;
/** How long the call may wait for its turn, in microseconds; 0 tries once. Negative: invalid. */
TSE_API int32_t tse_call_set_timeout(tse_call *call, int64_t timeout_us, tse_error **error) TSE_NOEXCEPT;
/** The client's request id, 1-128 visible ASCII characters; recorded in the history, and with
 *  tse_create() on the task. NULL removes it. */
TSE_API int32_t tse_call_set_request_id(tse_call *call, const char *text, size_t size, tse_error **error) TSE_NOEXCEPT;
/** A W3C traceparent, version 00 (Trace Context, section 3.2); recorded in the history. NULL removes it. */
TSE_API int32_t tse_call_set_traceparent(tse_call *call, const char *text, size_t size, tse_error **error) TSE_NOEXCEPT;
/** Who acts, 1-256 bytes of UTF-8 without control characters; recorded as the event's worker. NULL removes it. */
TSE_API int32_t tse_call_set_actor(tse_call *call, const char *text, size_t size, tse_error **error) TSE_NOEXCEPT;

/** Ends waiting calls from another thread. Sticky: once cancelled, every call that carries it and would
 *  have to wait gives TSE_CANCELLED, which means guaranteed not applied. A change that is already being
 *  committed runs to its end and gives its true outcome. */
typedef struct tse_cancel_token tse_cancel_token;

/** A new token, not cancelled. TSE_NO_MEMORY is its only failure. */
TSE_API int32_t tse_cancel_token_new(tse_cancel_token **token, tse_error **error) TSE_NOEXCEPT;
/** Cancels; idempotent. NULL is a no-op. Any thread, but not a signal handler. Does not block. */
TSE_API void tse_cancel_token_cancel(tse_cancel_token *token) TSE_NOEXCEPT;
/** Frees a token; NULL is a no-op. Calls that carry it keep what they need. */
TSE_API void tse_cancel_token_free(tse_cancel_token *token) TSE_NOEXCEPT;
/** The token that may cancel the call; NULL removes it. */
TSE_API int32_t tse_call_set_cancel_token(tse_call *call, const tse_cancel_token *token,
                                          tse_error **error) TSE_NOEXCEPT;

/*
 * A statement of the host's own can be part of a change: what it writes to the host's tables in the same file and what
 * happens to the task are one transaction, all of it or nothing.
 *
 *     tse_call_also(call, "INSERT INTO installs (task, at) VALUES (:taskstate_id, ?)", TSE_NTS, &err);
 *     tse_call_bind_int64(call, NULL, 0, 1760000000, &err);
 *     tse_lease_complete(tasks, token, token_size, &result, call, NULL, &err);
 */

/** Adds a statement that runs with each change that the call makes to a task, after it, in the order of adding; never when
 *  nothing changes (a replay, a repetition). One SQL statement, at most 64 KiB; at most 64 of them. SELECT, INSERT, UPDATE
 *  and DELETE on tables not named taskstate_* or sqlite_*; their rows are not handed out. Parameters that are not
 *  bound must be named :taskstate_zone_id, :taskstate_id or :taskstate_now (us UTC), which get the task's key and
 *  the time of the change. What is refused or fails when it runs is invalid_argument with the field "also[0]" and so
 *  on, and nothing is done. One that still runs at the deadline, or when the call is cancelled, is ended: busy or
 *  cancelled with that field, and nothing is done. */
TSE_API int32_t tse_call_also(tse_call *call, const char *sql, size_t size, tse_error **error) TSE_NOEXCEPT;
/** Binds NULL to a parameter of the statement added last. `name` as the statement spells it (":at"), or NULL: values without a
 *  name go in order to the parameters that are not named :taskstate_*. The value is copied. */
TSE_API int32_t tse_call_bind_null(tse_call *call, const char *name, size_t name_size, tse_error **error) TSE_NOEXCEPT;
/** A 64-bit integer; otherwise as tse_call_bind_null(). */
TSE_API int32_t tse_call_bind_int64(tse_call *call, const char *name, size_t name_size, int64_t value,
                                    tse_error **error) TSE_NOEXCEPT;
/** A floating-point number; NaN is stored as NULL. */
TSE_API int32_t tse_call_bind_double(tse_call *call, const char *name, size_t name_size, double value,
                                     tse_error **error) TSE_NOEXCEPT;
/** UTF-8; a NULL text binds NULL. */
TSE_API int32_t tse_call_bind_text(tse_call *call, const char *name, size_t name_size, const char *text, size_t size,
                                   tse_error **error) TSE_NOEXCEPT;
/** Bytes; NULL data of size 0 is the empty blob. */
TSE_API int32_t tse_call_bind_blob(tse_call *call, const char *name, size_t name_size, const void *data, size_t size,
                                   tse_error **error) TSE_NOEXCEPT;
/** Removes all statements. */
TSE_API int32_t tse_call_clear_also(tse_call *call, tse_error **error) TSE_NOEXCEPT;

/* ---- Options ------------------------------------------------------------------------------- */

/** Settings of tse_open(); may be freed right after it. One thread at a time. */
typedef struct tse_options tse_options;

#define TSE_MODE_CREATE 0     /**< read and write; a missing file is created (default) */
#define TSE_MODE_READ_WRITE 1 /**< read and write; a missing file is an error */
#define TSE_MODE_READ_ONLY 2  /**< look-ups only; changes give TSE_READ_ONLY */

#define TSE_COMPLETED_SEE_OTHER 0 /**< a completed task answers 303 with Location (default) */
#define TSE_COMPLETED_OK 1        /**< a completed task answers 200 with Link rel="related" */

#define TSE_LOG_TRACE 0
#define TSE_LOG_DEBUG 1
#define TSE_LOG_INFO 2
#define TSE_LOG_WARN 3
#define TSE_LOG_ERROR 4
#define TSE_LOG_OFF 5

#define TSE_ID_TASK 0    /**< the id of a task that the host did not name */
#define TSE_ID_REQUEST 1 /**< the request_id of an error answer without a client request id */

/** Receives a log line: no trailing newline, no control characters, borrowed for the call. May be
 *  called from any thread, also several at once. Must not call taskstate. */
typedef void (*tse_log_fn)(void *user_data, int32_t level, const char *line, size_t size);
/** Returns the time, microseconds UTC. May be called from any thread. Must not call taskstate. A callback of C++ that
 *  throws does no harm: the time then stands still where it last was (before it ever was told, it is the system's), a
 *  task gets no id (TSE_UNAVAILABLE, not done) and an answer a random one, and a line of the log is lost. */
typedef int64_t (*tse_clock_fn)(void *user_data);
/** Fills the 16 bytes of a UUID; kind is TSE_ID_TASK or TSE_ID_REQUEST. As tse_clock_fn. */
typedef void (*tse_id_fn)(void *user_data, int32_t kind, uint8_t *uuid16);
/** Releases user_data; called exactly once, when the last engine or options that hold it is gone,
 *  also if the setter it was passed to failed. May be NULL. */
typedef void (*tse_destroy_fn)(void *user_data);

/** New options, each at its default or as the file has it (tse_options_set_reconfigure()). TSE_NO_MEMORY is its only failure. */
TSE_API int32_t tse_options_new(tse_options **options, tse_error **error) TSE_NOEXCEPT;
/** Frees options; NULL is a no-op. */
TSE_API void tse_options_free(tse_options *options) TSE_NOEXCEPT;
/** TSE_MODE_CREATE, TSE_MODE_READ_WRITE or TSE_MODE_READ_ONLY. */
TSE_API int32_t tse_options_set_mode(tse_options *options, int32_t mode, tse_error **error) TSE_NOEXCEPT;
/** 1: an existing SQLite database of the host's that holds no taskstate tables gets them; 0
 *  (default): such a file is TSE_NOT_A_TASKSTATE_FILE and stays untouched. */
TSE_API int32_t tse_options_set_adopt(tse_options *options, int32_t adopt, tse_error **error) TSE_NOEXCEPT;
/** What clients and other processes see is stored in the file, so that all who have it open agree: the operations, the
 *  templates of location and status URL, `completed`, the bounds of Retry-After, whether bad request ids are ignored and good
 *  ones adopted, the limits of pending and running tasks, and how long keys, ended tasks, results, tombstones and purge
 *  events are kept. Of these, what no setter was called for is the file's. A new file gets all of them, as they then are.
 *  A value that differs from the file's is TSE_INVALID_ARGUMENT at tse_open(), naming the setting and both values; 1: it is
 *  written instead, and holds for every engine from its next look at the file on. 0 (default): it is not. All other
 *  settings are of this engine alone. */
TSE_API int32_t tse_options_set_reconfigure(tse_options *options, int32_t reconfigure, tse_error **error) TSE_NOEXCEPT;
/** The default timeout of calls, microseconds; 5 s unless set. */
TSE_API int32_t tse_options_set_timeout(tse_options *options, int64_t timeout_us, tse_error **error) TSE_NOEXCEPT;
/** Allows one more operation beside "create" and "delete": [a-z][a-z0-9_]{0,31}. Checked at tse_create() only. With "create"
 *  or "delete" alone it says that there are no more than these. */
TSE_API int32_t tse_options_add_operation(tse_options *options, const char *name, size_t size,
                                          tse_error **error) TSE_NOEXCEPT;
/** Where a completed task leads. An absolute path whose segments may be {zone_id}, {task_id} or
 *  {install_id}, percent-encoded when filled in. Default /zones/{zone_id}/installs/{install_id}. */
TSE_API int32_t tse_options_set_location(tse_options *options, const char *path, size_t size,
                                         tse_error **error) TSE_NOEXCEPT;
/** The status URL's template: as the location's, but without {install_id}, since there is none yet.
 *  Default /zones/{zone_id}/catalog_tasks/{task_id}. */
TSE_API int32_t tse_options_set_status_url(tse_options *options, const char *path, size_t size,
                                           tse_error **error) TSE_NOEXCEPT;
/** TSE_COMPLETED_SEE_OTHER or TSE_COMPLETED_OK; a request may say otherwise. */
TSE_API int32_t tse_options_set_completed(tse_options *options, int32_t policy, tse_error **error) TSE_NOEXCEPT;
/** Bounds of Retry-After, whole seconds, 0 <= min <= max <= 86400; 1 and 30 unless set. */
TSE_API int32_t tse_options_set_retry_after(tse_options *options, int32_t min_s, int32_t max_s,
                                            tse_error **error) TSE_NOEXCEPT;
/** 1: an X-Client-Request-ID that is no UUID is ignored; 0 (default): it is answered with 400. */
TSE_API int32_t tse_options_set_ignore_bad_request_id(tse_options *options, int32_t ignore,
                                                      tse_error **error) TSE_NOEXCEPT;
/** 1: open also on a network, FUSE, virtiofs or 9p file system, where SQLite's locks and shared
 *  memory are not to be trusted; 0 (default): TSE_UNSUPPORTED there. */
TSE_API int32_t tse_options_set_any_filesystem(tse_options *options, int32_t allow, tse_error **error) TSE_NOEXCEPT;
/** The least level that is logged; TSE_LOG_WARN unless set. Without a file or callback: stderr. */
TSE_API int32_t tse_options_set_log_level(tse_options *options, int32_t level, tse_error **error) TSE_NOEXCEPT;
/** Appends log lines to a file instead of stderr: a regular one, made with mode 0600 where there is none, or a character
 *  device. Another kind, the database or one of the files beside it is TSE_INVALID_ARGUMENT at tse_open(). */
TSE_API int32_t tse_options_set_log_file(tse_options *options, const char *path, size_t size,
                                         tse_error **error) TSE_NOEXCEPT;
/** Hands log lines to a callback instead of stderr; NULL goes back to stderr. */
TSE_API int32_t tse_options_set_log_callback(tse_options *options, tse_log_fn log, void *user_data,
                                             tse_destroy_fn destroy, tse_error **error) TSE_NOEXCEPT;
/** Takes the time from the host, for tests; NULL goes back to the system clock. Leases are held in it
 *  too, and background maintenance is off unless tse_options_set_housekeeping() asks for it. */
TSE_API int32_t tse_options_set_clock(tse_options *options, tse_clock_fn now, void *user_data, tse_destroy_fn destroy,
                                      tse_error **error) TSE_NOEXCEPT;
/** Takes from the host, for tests, the clock that leases are held in: microseconds that run evenly, whatever
 *  tse_options_set_clock() tells. NULL goes back to that clock or, where the host tells no time, to the boot clock. */
TSE_API int32_t tse_options_set_boot_clock(tse_options *options, tse_clock_fn now, void *user_data,
                                           tse_destroy_fn destroy, tse_error **error) TSE_NOEXCEPT;
/** Takes ids from the host, for tests; NULL goes back to UUIDv7 (RFC 9562, section 5.7) and UUIDv4. */
TSE_API int32_t tse_options_set_ids(tse_options *options, tse_id_fn next, void *user_data, tse_destroy_fn destroy,
                                    tse_error **error) TSE_NOEXCEPT;

/** How often the engine's own thread looks for leases that have ended, pending tasks that nobody started
 *  in time and tasks whose not_before has come: every 10 ms - 1 h, in microseconds; 1 s unless set. It also looks when
 *  the next moment has come that it knows of. 0: no such thread, the host calls tse_tick(). */
TSE_API int32_t tse_options_set_housekeeping(tse_options *options, int64_t interval_us, tse_error **error) TSE_NOEXCEPT;
/** How many tasks of one zone may run at once: tse_claim() passes over a zone that has as many, 1 and up; 0
 *  (default): no limit. tse_start() is not limited. */
TSE_API int32_t tse_options_set_running_limit(tse_options *options, int64_t tasks, tse_error **error) TSE_NOEXCEPT;
/** Names the boot of this machine, 1-64 of A-Z a-z 0-9 - . _ ~; NULL goes back to the kernel's boot id.
 *  It is taken at its word: a lease that was taken under another boot id has ended, unless a process that uses that id
 *  has the file open. Give it to all processes on a file or to none. For tests of a reboot, and for systems where no boot
 *  id can be read. */
TSE_API int32_t tse_options_set_boot_id(tse_options *options, const char *text, size_t size,
                                        tse_error **error) TSE_NOEXCEPT;

/** How many tasks of one zone may be pending: tse_create() gives limit_exceeded in a zone that has as many, 1 and up; 0
 *  (default): no limit. */
TSE_API int32_t tse_options_set_pending_limit(tse_options *options, int64_t tasks, tse_error **error) TSE_NOEXCEPT;
/** How long an idempotency key is kept, 1 s - 10 years; 24 h unless set. */
TSE_API int32_t tse_options_set_idempotency_retention(tse_options *options, int64_t retention_us,
                                                      tse_error **error) TSE_NOEXCEPT;
/** 1: tse_create() without an idempotency key takes the call's request id as one if that is a UUID, for clients that
 *  repeat a request under the same X-Client-Request-ID; 0 (default): it does not. */
TSE_API int32_t tse_options_set_adopt_request_id(tse_options *options, int32_t adopt, tse_error **error) TSE_NOEXCEPT;
/** The longest that a status request may wait by its Prefer header (RFC 7240, section 4.3), up to 1 h; 0 (default): none
 *  does. */
TSE_API int32_t tse_options_set_longest_wait(tse_options *options, int64_t wait_us, tse_error **error) TSE_NOEXCEPT;
/** How long after it has ended a task is kept before the housekeeping purges it, 1 s - 100 years; 0 (default): for good. */
TSE_API int32_t tse_options_set_retention(tse_options *options, int64_t retention_us, tse_error **error) TSE_NOEXCEPT;
/** How long a completed task's stored result is kept, 1 s - 100 years; 0 (default): as long as the task. After it the
 *  housekeeping drops the bytes; the task stays. @since 0.2 */
TSE_API int32_t tse_options_set_result_retention(tse_options *options, int64_t retention_us,
                                                 tse_error **error) TSE_NOEXCEPT;
/** How long a purged task leaves a tombstone, 1 s - 100 years: tse_decide() answers 410 and its id is not used again; 0
 *  (default): none. */
TSE_API int32_t tse_options_set_tombstones(tse_options *options, int64_t retention_us, tse_error **error) TSE_NOEXCEPT;
/** How long the feed tells of a purge, 1 s - 100 years; 7 days unless set. */
TSE_API int32_t tse_options_set_feed_retention(tse_options *options, int64_t retention_us,
                                               tse_error **error) TSE_NOEXCEPT;

#define TSE_DURABILITY_FULL 0    /**< a change is on the disk when its call returns (default) */
#define TSE_DURABILITY_RELAXED 1 /**< it outlives the process at once, a power cut only some moments later */

/** TSE_DURABILITY_FULL or TSE_DURABILITY_RELAXED, for this engine's changes. */
TSE_API int32_t tse_options_set_durability(tse_options *options, int32_t durability, tse_error **error) TSE_NOEXCEPT;
/** How large the database file may become by this engine's changes, 64 KiB and up: what would make it larger is
 *  disk_full and rolled back whole. Its -wal is not counted. 0 (default): no limit. */
TSE_API int32_t tse_options_set_max_bytes(tse_options *options, int64_t bytes, tse_error **error) TSE_NOEXCEPT;
/** The size of the -wal from which on a change moves it into the database file, 64 KiB - 1 GiB; 4 MiB unless set. Less: short
 *  pauses, often; more: fewer, longer ones. */
TSE_API int32_t tse_options_set_checkpoint_bytes(tse_options *options, int64_t bytes, tse_error **error) TSE_NOEXCEPT;
/** How much memory the answers of tse_decide() may take that are kept rendered, 0 - 64 GiB; 64 MiB unless set. They are
 *  as current as if they were read. 0: none are kept. @since 0.1 */
TSE_API int32_t tse_options_set_answer_cache_bytes(tse_options *options, int64_t bytes, tse_error **error) TSE_NOEXCEPT;
/** The mode of new files, of the database and all beside it: 0600 (default) with any of 0066 added. */
TSE_API int32_t tse_options_set_file_mode(tse_options *options, int32_t mode, tse_error **error) TSE_NOEXCEPT;

#define TSE_MIGRATE_AUTO 0   /**< opening an older file for writing migrates it, as tse_migrate() does, within the timeout (default) */
#define TSE_MIGRATE_MANUAL 1 /**< opening it is schema_too_old; only tse_migrate() migrates it */
#define TSE_MIGRATE_REFUSE 2 /**< an older file is schema_too_old and stays as it is, also for tse_migrate() */

/** What becomes of a file of an older schema: TSE_MIGRATE_AUTO, _MANUAL or _REFUSE. A new file is made in any case. */
TSE_API int32_t tse_options_set_migrate(tse_options *options, int32_t migrate, tse_error **error) TSE_NOEXCEPT;

/* ---- Engine -------------------------------------------------------------------------------- */

/** One open file. Any number of threads and processes may have the same file open. */
typedef struct tse_engine tse_engine;

/** Opens (and by default creates, mode 0600) the file at `path`, or ":memory:" for a private
 *  database in memory. `options` may be NULL. An older file is migrated, or refused, as
 *  tse_options_set_migrate() says. Blocks up to the timeout. What is given of the file's settings must be as it stands
 *  there (tse_options_set_reconfigure()).
 *  Errors: not_a_taskstate_file, schema_too_new, schema_too_old, corrupt, access_denied, read_only, unsupported
 *  (file system), unavailable, busy, disk_full, io_error, invalid_argument. */
TSE_API int32_t tse_open(const char *path, size_t size, const tse_options *options, tse_engine **engine,
                         tse_error **error) TSE_NOEXCEPT;
/** Closes at once: calls that wait for their turn and later calls give TSE_CLOSED; a change that is
 *  being committed runs to its end first. The last one to close leaves a file that is whole by
 *  itself (empty -wal). Closing again does nothing. The handle stays valid until tse_engine_free(). */
TSE_API int32_t tse_close(tse_engine *engine, tse_error **error) TSE_NOEXCEPT;
/** Closes if need be and frees the handle; NULL is a no-op. No call may be using it. */
TSE_API void tse_engine_free(tse_engine *engine) TSE_NOEXCEPT;

/** What tse_migrate() did. */
typedef struct tse_migration_view {
  size_t struct_size;  /**< set by TSE_MIGRATION_VIEW_INIT */
  int64_t from_schema; /**< what the file had */
  int64_t to_schema;   /**< what it has now; the same: there was nothing to do */
  int64_t copy_bytes;  /**< of the copy beside it */
  int64_t wal_bytes;   /**< to which the -wal grew */
} tse_migration_view;
#define TSE_MIGRATION_VIEW_INIT { sizeof(tse_migration_view), 0, 0, 0, 0 }

/** Brings the file at `path`, which no engine of this process needs to have open, to this library's schema, and closes it.
 *  All steps are one transaction: whatever ends it before its end, the file is as it was. Before them the file is copied to
 *  FILE.schemaN beside it (N: its old schema), with which the release before can go on; a copy there that holds an
 *  earlier state of this file is replaced, nothing else is (already_exists). Free space is looked for first (disk_full
 *  says how much is needed). An engine of an older release that has the file open goes on if it can use the new
 *  schema; if not, it is `busy`, and names the process. Others wait for their turn meanwhile. Without a timeout of the
 *  call's own it takes as long as it takes; it can be cancelled until it commits. How far it is goes to the log, level
 *  info. Of the options it heeds any_filesystem, the log, and TSE_MIGRATE_REFUSE. `migration` and `options` may be NULL.
 *  Errors: unavailable (no such file), schema_too_old, schema_too_new, busy, cancelled, already_exists, disk_full,
 *  io_error (with outcome unknown if its commit failed), unsupported, and those of tse_open(). @since 0.2 */
TSE_API int32_t tse_migrate(const char *path, size_t size, const tse_options *options, const tse_call *call,
                            tse_migration_view *migration, tse_error **error) TSE_NOEXCEPT;

/* ---- Tasks --------------------------------------------------------------------------------- */

/** A snapshot of a task. */
typedef struct tse_task tse_task;

/** All of a task at once. Views live as long as the task. */
typedef struct tse_task_view {
  size_t struct_size; /**< set by TSE_TASK_VIEW_INIT */
  tse_str zone_id;
  tse_str id;
  int64_t created_at; /**< us UTC */
  tse_str operation;
  int32_t status;     /**< TSE_PENDING ... TSE_FAILED */
  int64_t updated_at; /**< us UTC */
  tse_str error_message; /**< what the client may read; present exactly when failed */
  tse_str install_id;
  tse_str links;      /**< JSON array of Link (RFC 7033, section 4.4.4); absent if none */
  tse_str package_id;
  tse_str package_slug;
  int64_t package_version; /**< 0 ... 2^53-1, or TSE_NONE */
  tse_str warnings;   /**< JSON array of Warning; absent if none */
  tse_str json;       /**< the task's wire form, byte for byte what an answer's body holds */
  /* never on the wire: */
  int64_t revision;   /**< 1 and up; grows by one with each change that the wire shows */
  tse_str error_detail;
  tse_str failure_kind; /**< "failed", "cancelled", "expired" or "lost"; absent unless failed */
  tse_str client_request_id;
  tse_str traceparent;
  tse_str payload;    /**< opaque bytes; only from tse_claim(), or where tse_get() was asked for it */
  tse_str worker;     /**< who holds the lease; absent if nobody does */
  int64_t epoch;      /**< of the latest lease; 0: never leased */
  int64_t attempt;    /**< how often the task was started: 0 while it never was */
  int64_t max_attempts;
  int64_t not_before; /**< tse_claim() passes over the task until then, us UTC, or TSE_NONE */
  int64_t start_by;   /**< the task fails if nobody has started it by then, us UTC, or TSE_NONE */
  int64_t priority;   /**< -100 ... 100; tse_claim() takes higher ones first */
  tse_str ref;        /**< what the host calls it */
  tse_str result_media_type; /**< of the result that its completion stored, also once the bytes are dropped */
  int32_t cancel_requested; /**< 1: tse_cancel() asked its worker to stop */
  int32_t replayed;   /**< 1: tse_create() found it by its idempotency key, and made nothing */
} tse_task_view;
#define TSE_TASK_VIEW_INIT \
  { sizeof(tse_task_view), { NULL, 0 }, { NULL, 0 }, 0, { NULL, 0 }, 0, 0, { NULL, 0 }, { NULL, 0 }, \
    { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, TSE_NONE, { NULL, 0 }, { NULL, 0 }, 0, { NULL, 0 }, \
    { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, 0, 1, TSE_NONE, TSE_NONE, 0, { NULL, 0 }, \
    { NULL, 0 }, 0, 0 }

/** Reads the whole task. Fails only on bad arguments. */
TSE_API int32_t tse_task_get(const tse_task *task, tse_task_view *view) TSE_NOEXCEPT;
/** Frees a task; NULL is a no-op. */
TSE_API void tse_task_free(tse_task *task) TSE_NOEXCEPT;

/** Makes a task of its wire form: JSON of at most 1 MiB, nested at most 32 deep, fields in their
 *  order, no unknown and no duplicate field. Checks syntax and types only (see tse_task_validate()).
 *  The wire has no zone, so it is given beside; it may be absent. What is never on the wire is
 *  absent or 0. So a host that keeps a task as a value can hand it to tse_accept() again. */
TSE_API int32_t tse_task_from_json(const char *zone_id, size_t zone_id_size, const char *json, size_t size,
                                   tse_task **task, tse_error **error) TSE_NOEXCEPT;
/** Checks every rule of a task's fields; TSE_INVALID_ARGUMENT with one detail per broken field. */
TSE_API int32_t tse_task_validate(const tse_task *task, tse_error **error) TSE_NOEXCEPT;

/** What tse_create() is given. */
typedef struct tse_new_task {
  size_t struct_size; /**< set by TSE_NEW_TASK_INIT */
  tse_str zone_id;    /**< required; 1-128 of A-Z a-z 0-9 - . _ ~, not "." or ".." */
  tse_str id;         /**< as zone_id; absent: the engine makes a UUIDv7 */
  tse_str operation;  /**< required; "create", "delete" or one that the options allow */
  tse_str install_id; /**< 1-512 bytes UTF-8, no control characters, not "." or ".."; "delete" needs it */
  tse_str package_id; /**< 1-512 bytes UTF-8, no control characters */
  tse_str package_slug;
  int64_t package_version; /**< 0 ... 2^53-1, or TSE_NONE */
  tse_str links;      /**< JSON array of Link, at most 64 */
  tse_str warnings;   /**< JSON array of Warning, at most 256 */
  tse_str payload;    /**< opaque bytes for the worker, at most 1 MiB; never on the wire */
  int64_t not_before; /**< tse_claim() passes over it until then, us UTC, or TSE_NONE */
  int64_t start_within_us; /**< fails, kind "expired", unless started within this time of its creation, or of
                            *   not_before if that is later; 1 ms - 10 years, or TSE_NONE */
  int64_t max_attempts; /**< 1-1000; above 1, a lease that is released or runs out leaves the task `running`,
                         *   and tse_claim() offers it again */
  tse_str idempotency_key; /**< 1-512 bytes UTF-8, no control characters; per zone. The same key again with the same
                            *   content gives the first task, `replayed`, as it is by then; with other content:
                            *   idempotency_mismatch. Content is operation, install_id, the package's fields, payload
                            *   and retry_of */
  tse_str retry_of;   /**< the id of a failed task of the zone that this one tries again: it gets a link
                       *   rel="predecessor" to that one's status URL */
  int64_t priority;   /**< -100 ... 100; of a zone's tasks tse_claim() takes those of a higher one first, and of the same
                       *   the oldest. See tse_reprioritize() */
  tse_str ref;        /**< private: what you call it, such as an order number; a ref has 1-256 bytes UTF-8 without NUL */
} tse_new_task;
#define TSE_NEW_TASK_INIT \
  { sizeof(tse_new_task), { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, \
    TSE_NONE, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, TSE_NONE, TSE_NONE, 1, { NULL, 0 }, { NULL, 0 }, \
    0, { NULL, 0 } }

/** Creates a pending task; durable when it returns. *task may be passed as NULL if not wanted.
 *  Errors: invalid_argument, already_exists (also of an id with a tombstone), idempotency_mismatch, limit_exceeded
 *  (the zone's pending limit), not_found and illegal_transition (of retry_of: unknown, not failed), and those of
 *  every change: busy, cancelled, closed, forked,
 *  read_only, disk_full, io_error, moved, access_denied and unsupported (the files may not be looked at), corrupt,
 *  schema_too_new, no_memory, internal, and restored: the content was replaced by SQL (.restore, page copies) since the
 *  engine has last looked. That is told once, the call is not done, and the next one works on what is there now; all
 *  leases, cursors and positions from before are void. */
TSE_API int32_t tse_create(tse_engine *engine, const tse_new_task *spec, const tse_call *call, tse_task **task,
                           tse_error **error) TSE_NOEXCEPT;

/** What annotate, complete and fail may add. Absent fields leave the task as it is. */
typedef struct tse_update {
  size_t struct_size;  /**< set by TSE_UPDATE_INIT */
  tse_str install_id;  /**< write-once: a different value than the task has is invalid */
  tse_str package_id;  /**< write-once */
  tse_str package_slug; /**< write-once */
  int64_t package_version; /**< or TSE_NONE */
  tse_str links;       /**< JSON array, appended; exact duplicates are ignored */
  tse_str warnings;    /**< JSON array, appended; exact duplicates are ignored */
  tse_str error_message; /**< tse_fail() needs it, 1-16384 bytes UTF-8 without NUL; the others refuse it.
                          *   The client reads this */
  tse_str error_detail;  /**< tse_fail() only, at most 16384 bytes UTF-8 without NUL; private, for operators */
  tse_str result;        /**< tse_complete() only: what the task produced, opaque bytes, at most 1 MiB, may be empty; never
                          *   on the wire. See tse_stored_result_read() */
  tse_str media_type;    /**< of the result, which must have one: type/subtype with any parameters (RFC 9110, section
                          *   8.3.1); a media type has 3-256 bytes of printable ASCII; alone, the result is empty */
} tse_update;
#define TSE_UPDATE_INIT \
  { sizeof(tse_update), { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, TSE_NONE, { NULL, 0 }, { NULL, 0 }, \
    { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }

/** pending -> running. Durable when it returns, as every change. Errors: not_found,
 *  illegal_transition, and those of every change (see tse_create()). */
TSE_API int32_t tse_start(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                          const tse_call *call, tse_task **task, tse_error **error) TSE_NOEXCEPT;
/** Adds to a pending or running task. Adding only what is already there changes nothing. */
TSE_API int32_t tse_annotate(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id,
                             size_t id_size, const tse_update *update, const tse_call *call, tse_task **task,
                             tse_error **error) TSE_NOEXCEPT;
/** running -> completed. The task must then have a result: one link rel="result", an install_id, or a stored result. It
 *  leads to the first of these that it has; to a stored result as its status URL with "/result" behind the path.
 *  Repeating the very same outcome succeeds and changes nothing; another one is
 *  illegal_transition. A task that was started under a lease is completed by its holder only:
 *  lease_lost here, see tse_lease_complete(). `update` may be NULL. */
TSE_API int32_t tse_complete(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id,
                             size_t id_size, const tse_update *update, const tse_call *call, tse_task **task,
                             tse_error **error) TSE_NOEXCEPT;
/** running -> failed, with update->error_message. Repetition as tse_complete(). */
TSE_API int32_t tse_fail(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                         const tse_update *update, const tse_call *call, tse_task **task,
                         tse_error **error) TSE_NOEXCEPT;

#define TSE_CANCEL_FORCE 1 /**< flag of tse_cancel(): do not leave the outcome to the worker */

/** Cancels a task. A pending one fails, and so does a running one that is requeued and has no
 *  holder. A running one is marked: its worker hears of it with its next heartbeat, and its outcome
 *  stands. With TSE_CANCEL_FORCE the lease ends at once and the task fails. The failure's kind is "cancelled" and
 *  its message `reason`, which the client reads (1-16384 bytes UTF-8 without NUL), or "The task was cancelled." if
 *  that is absent; for a task that is only marked, the reason stands in the history. Cancelling again what is cancelled or marked changes nothing. Errors: not_found,
 *  illegal_transition for a task that has ended otherwise, and those of every change. */
TSE_API int32_t tse_cancel(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                           int32_t flags, const char *reason, size_t reason_size, const tse_call *call, tse_task **task,
                           tse_error **error) TSE_NOEXCEPT;

/** Gives a task another priority, -100 ... 100, while nobody holds it: it is pending, or it is requeued. The history
 *  tells it as "reprioritized", with the detail "0 → 50". The priority that the task has changes nothing. Errors:
 *  not_found, invalid_argument, illegal_transition for a task that somebody holds (release or cancel it first) or that
 *  has ended, and those of every change. @since 0.2 */
TSE_API int32_t tse_reprioritize(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id,
                                 size_t id_size, int64_t priority, const tse_call *call, tse_task **task,
                                 tse_error **error) TSE_NOEXCEPT;

#define TSE_RETRY_AGAIN 1 /**< flag of tse_retry(): also where another task retries it already. @since 0.2 */

/** Makes a new task like one that failed, of whatever kind: its operation, install_id, package fields, payload, priority,
 *  max_attempts and ref, and as long to be started in as it had from its creation; not its links, warnings, idempotency
 *  key, not_before and tracing fields. It gets a link rel="predecessor" to the failed task's status URL, as with
 *  tse_new_task.retry_of, which counts as a retry, too. `flags`: 0 or TSE_RETRY_AGAIN. *task is the new one. Errors:
 *  not_found, illegal_transition (it did not fail), already_exists (another task, which the message names, retries it
 *  already, and is not purged), limit_exceeded (the zone's pending limit), and those of every change. @since 0.2 */
TSE_API int32_t tse_retry(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                          int32_t flags, const tse_call *call, tse_task **task, tse_error **error) TSE_NOEXCEPT;

#define TSE_WITH_PAYLOAD 1 /**< flag of tse_get(): also the payload */

/** The task as it is now; *task is NULL (and the code TSE_OK) if there is none. Ids outside the
 *  grammar are simply not found. `flags`: 0 or TSE_WITH_PAYLOAD. */
TSE_API int32_t tse_get(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                        int32_t flags, const tse_call *call, tse_task **task, tse_error **error) TSE_NOEXCEPT;

/** What a completed task has stored as its result: a snapshot. @since 0.2 */
typedef struct tse_stored_result tse_stored_result;

/** All of a stored result at once. @since 0.2 */
typedef struct tse_stored_result_view {
  size_t struct_size; /**< set by TSE_STORED_RESULT_VIEW_INIT */
  tse_str bytes;      /**< never absent; may be empty */
  tse_str media_type;
} tse_stored_result_view;
#define TSE_STORED_RESULT_VIEW_INIT { sizeof(tse_stored_result_view), { NULL, 0 }, { NULL, 0 } }

/** The result that a task's completion has stored. Errors: not_found, whose message says why (there is no such task, it
 *  is pending or running, it has failed, it stored none, or tse_options_set_result_retention() is over), and those of
 *  tse_get(). @since 0.2 */
TSE_API int32_t tse_stored_result_read(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id,
                                       size_t id_size, const tse_call *call, tse_stored_result **result,
                                       tse_error **error) TSE_NOEXCEPT;
/** Reads the stored result. Views live as long as it. Fails only on bad arguments. @since 0.2 */
TSE_API int32_t tse_stored_result_get(const tse_stored_result *result, tse_stored_result_view *view) TSE_NOEXCEPT;
/** Frees a stored result; NULL is a no-op. @since 0.2 */
TSE_API void tse_stored_result_free(tse_stored_result *result) TSE_NOEXCEPT;

/** Waits until the task has moved past `revision`, or is completed or failed, at most wait_us; TSE_NONE as the
 *  revision: until it is completed or failed. Then as tse_get(): the task as it is by then, or NULL. Woken within
 *  milliseconds of a change by any process. Each waiting call holds one descriptor; see tse_watch_task() for many.
 *  Errors: cancelled, closed, unavailable (no descriptor left), and those of tse_get(). */
TSE_API int32_t tse_wait(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                         int64_t revision, int64_t wait_us, const tse_call *call, tse_task **task,
                         tse_error **error) TSE_NOEXCEPT;

/* ---- Leases -------------------------------------------------------------------------------- */

/*
 * A worker claims a task and holds it under a lease. A lease has an epoch that never repeats, and whatever is
 * done under it is compared with the task's: a worker whose lease has ended can change nothing any more, it
 * gets TSE_LEASE_LOST. So safety never depends on a clock; the clock only decides when to give a worker up.
 *
 *     tse_claim_spec wanted = TSE_CLAIM_SPEC_INIT;
 *     wanted.worker = tse_text("w1");
 *     tse_leases *leases = NULL;
 *     if (tse_claim(tasks, &wanted, NULL, &leases, &err)) return report(err);
 *     if (leases == NULL) return nothing_to_do();
 *     tse_lease_view lease = TSE_LEASE_VIEW_INIT;
 *     tse_leases_lease(leases, 0, &lease);
 *     ... work, and every few seconds tse_lease_heartbeat() ...
 *     tse_lease_complete(tasks, lease.token.data, lease.token.size, &result, NULL, NULL, &err);
 *     tse_leases_free(leases);
 */

/** The leases that one call granted, with their tasks: a snapshot. Freeing it gives back memory only. */
typedef struct tse_leases tse_leases;

#define TSE_CLAIM_ZONES_MAX 1000     /**< the most zones that a claim names */
#define TSE_CLAIM_OPERATIONS_MAX 100 /**< the most operations that a claim names */
#define TSE_CLAIM_PAIRS_MAX 10000    /**< the most that their numbers multiply to */

/** What tse_claim() shall find, and on which terms. */
typedef struct tse_claim_spec {
  size_t struct_size; /**< set by TSE_CLAIM_SPEC_INIT */
  tse_str zones;      /**< zone ids separated by ",", at most TSE_CLAIM_ZONES_MAX; absent: all */
  tse_str operations; /**< operations separated by ",", at most TSE_CLAIM_OPERATIONS_MAX; absent: all. Zones times
                       *   operations at most TSE_CLAIM_PAIRS_MAX */
  tse_str worker;     /**< who claims, 1-256 bytes UTF-8 without control characters; for operators, never on the wire */
  int64_t lease_us;   /**< how long a lease lasts without a heartbeat: 1 ms - 30 days; TSE_NONE: 30 s */
  int64_t limit;      /**< at most this many leases, 1-64 */
  int64_t wait_us;    /**< how long to wait for the first; 0: not at all */
} tse_claim_spec;
#define TSE_CLAIM_SPEC_INIT \
  { sizeof(tse_claim_spec), { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, TSE_NONE, 1, 0 }

/** One lease. */
typedef struct tse_lease_view {
  size_t struct_size;  /**< set by TSE_LEASE_VIEW_INIT */
  tse_str token;       /**< names the lease in every process that has the file open: printable ASCII, at most 512
                        *   bytes, opaque */
  int64_t epoch;
  int64_t attempt;     /**< 1 for the first */
  int64_t duration_us; /**< what a heartbeat prolongs it by */
  int64_t expires_at;  /**< us UTC; by the wall clock of the moment it was granted */
} tse_lease_view;
#define TSE_LEASE_VIEW_INIT { sizeof(tse_lease_view), { NULL, 0 }, 0, 0, 0, 0 }

/** Takes up to `limit` tasks that are pending, or running and requeued, each under a lease of its own and
 *  each `running` when the call returns. Within a zone the highest priority first, then the oldest; zones in turn,
 *  beginning at a random one, without those that are paused. *leases is NULL (and the code TSE_OK) if there is nothing to
 *  do. `spec` may be NULL.
 *  Leases that have ended are ended first, as by tse_tick(). Errors: invalid_argument, cancelled, and those of every
 *  change. */
TSE_API int32_t tse_claim(tse_engine *engine, const tse_claim_spec *spec, const tse_call *call, tse_leases **leases,
                          tse_error **error) TSE_NOEXCEPT;
/** Takes the one task that the host names: pending (also before its not_before) or requeued. One
 *  lease, under `worker` (may be absent) for lease_us (or TSE_NONE: 30 s). Errors: not_found, illegal_transition,
 *  unsupported (it is held on a clock that cannot be compared with this process's, so it may be free or not), and those of
 *  tse_claim(). */
TSE_API int32_t tse_start_leased(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id,
                                 size_t id_size, const char *worker, size_t worker_size, int64_t lease_us,
                                 const tse_call *call, tse_leases **leases, tse_error **error) TSE_NOEXCEPT;
/** How many leases; 0 for NULL. */
TSE_API size_t tse_leases_count(const tse_leases *leases) TSE_NOEXCEPT;
/** Reads lease `index`. Views live as long as the leases. */
TSE_API int32_t tse_leases_lease(const tse_leases *leases, size_t index, tse_lease_view *view) TSE_NOEXCEPT;
/** Reads the task of lease `index` as it was when claimed, with its payload. Views live as long as the leases. */
TSE_API int32_t tse_leases_task(const tse_leases *leases, size_t index, tse_task_view *view) TSE_NOEXCEPT;
/** Frees leases; NULL is a no-op. The tasks stay claimed: see tse_lease_release(). */
TSE_API void tse_leases_free(tse_leases *leases) TSE_NOEXCEPT;

/** What a heartbeat tells the worker. */
typedef struct tse_heartbeat_view {
  size_t struct_size;       /**< set by TSE_HEARTBEAT_VIEW_INIT */
  int32_t cancel_requested; /**< 1: stop; what the worker reports all the same stands */
  int64_t duration_us;      /**< how long the lease lasts from now on */
  int64_t expires_at;       /**< us UTC; by the wall clock of this moment */
} tse_heartbeat_view;
#define TSE_HEARTBEAT_VIEW_INIT { sizeof(tse_heartbeat_view), 0, 0, 0 }

/** Moves the lease's end to lease_us from now (TSE_NONE: the duration it was granted for). A good rhythm is a third
 *  of the duration. `progress` may be absent, or a JSON Link whose rel is "progress": it replaces the task's link
 *  of that rel, at most once a second (what comes sooner, with nothing else in between, is left out). Without
 *  progress it need not reach the disk before it returns, since a power cut ends the worker too. `view` may be NULL.
 *  Errors: lease_lost, invalid_argument, and those of every change. */
TSE_API int32_t tse_lease_heartbeat(tse_engine *engine, const char *token, size_t token_size, int64_t lease_us,
                                    const char *progress, size_t progress_size, const tse_call *call,
                                    tse_heartbeat_view *view, tse_error **error) TSE_NOEXCEPT;
/** tse_annotate() by the holder of a lease. Errors also: lease_lost, as for each of the four here. */
TSE_API int32_t tse_lease_annotate(tse_engine *engine, const char *token, size_t token_size, const tse_update *update,
                                   const tse_call *call, tse_task **task, tse_error **error) TSE_NOEXCEPT;
/** tse_complete() by the holder of a lease; ends it. Repeating the very same outcome under the same lease succeeds and
 *  changes nothing; another one is illegal_transition. */
TSE_API int32_t tse_lease_complete(tse_engine *engine, const char *token, size_t token_size, const tse_update *update,
                                   const tse_call *call, tse_task **task, tse_error **error) TSE_NOEXCEPT;
/** tse_fail() by the holder of a lease; ends it, whatever attempts are left. Its kind is "cancelled" if
 *  cancelling was asked for, else "failed". */
TSE_API int32_t tse_lease_fail(tse_engine *engine, const char *token, size_t token_size, const tse_update *update,
                               const tse_call *call, tse_task **task, tse_error **error) TSE_NOEXCEPT;
/** Gives the task back: it is requeued, after delay_us (0 - 30 days), if an attempt is left and cancelling was
 *  not asked for; else it fails, kind "lost" or "cancelled". */
TSE_API int32_t tse_lease_release(tse_engine *engine, const char *token, size_t token_size, int64_t delay_us,
                                  const tse_call *call, tse_task **task, tse_error **error) TSE_NOEXCEPT;

/** What the housekeeper does once per interval, done now: ends leases whose time is over (the task is requeued if
 *  attempts are left, else it fails, kind "lost"), fails pending tasks that nobody started in time, lets tasks be
 *  claimed whose not_before has come, purges by tse_options_set_retention() up to 1000 tasks, and forgets idempotency
 *  keys, tombstones and purges whose time is over. *count, which may be NULL, is how many tasks that was. Leases whose
 *  end cannot be told from here are left alone; tse_stats_read() says how many. */
TSE_API int32_t tse_tick(tse_engine *engine, const tse_call *call, int64_t *count, tse_error **error) TSE_NOEXCEPT;
/** Says that the wall clock is right. When it gains more than an hour on the boot clock within one boot, as at the first
 *  NTP step of a machine without a clock battery, nothing expires by it until this call or until 24 h of boot time have
 *  passed: no task is purged by its age, no start_by passes, and idempotency keys, tombstones and purges in the feed are
 *  kept; tse_stats_view says so. Holds for all processes on the file. Errors: invalid_argument, closed, forked. */
TSE_API int32_t tse_clock_ok(tse_engine *engine, const tse_call *call, tse_error **error) TSE_NOEXCEPT;

/* ---- Batches ------------------------------------------------------------------------------- */

/*
 * Many changes in one call cost a fraction of what they cost one by one: they share transactions and fsyncs. Each is
 * on its own all the same: one that is refused leaves the others alone, and has its own result.
 *
 *     tse_batch *batch = NULL;
 *     if (tse_batch_new(&batch, &err)) return report(err);
 *     for (...) if (tse_batch_create(batch, &spec, &err)) return report(err);
 *     tse_results *results = NULL;
 *     if (tse_batch_run(tasks, batch, NULL, &results, &err)) return report(err);
 *     for (size_t i = 0; i < tse_results_count(results); i++) {
 *       tse_task_view task = TSE_TASK_VIEW_INIT;
 *       if (tse_results_get(results, i, &task, &err)) { ... item i was refused, `err` says why; tse_error_free(err) ... }
 *     }
 *     tse_results_free(results);
 *     tse_batch_free(batch);
 */

/** A list of changes. One thread at a time, except that any number may run it at once while nobody adds. */
typedef struct tse_batch tse_batch;

#define TSE_BATCH_MAX 10000 /**< the most changes that a batch holds; one more is limit_exceeded */

/** A new batch of nothing. Errors: no_memory. */
TSE_API int32_t tse_batch_new(tse_batch **batch, tse_error **error) TSE_NOEXCEPT;
/** Frees a batch; NULL is a no-op. */
TSE_API void tse_batch_free(tse_batch *batch) TSE_NOEXCEPT;
/** Empties it. */
TSE_API int32_t tse_batch_clear(tse_batch *batch, tse_error **error) TSE_NOEXCEPT;
/** How many changes it holds; 0 for NULL. */
TSE_API size_t tse_batch_count(const tse_batch *batch) TSE_NOEXCEPT;

/** Adds a tse_create(). What is given is copied. Pointers, sizes and JSON that cannot be read are refused here, and
 *  nothing is added; every rule of a task is judged when the batch runs, and is that item's result. An absent id is
 *  made again by each run. Errors, as for each of these: invalid_argument, limit_exceeded, no_memory. */
TSE_API int32_t tse_batch_create(tse_batch *batch, const tse_new_task *spec, tse_error **error) TSE_NOEXCEPT;
/** Adds a tse_start(). */
TSE_API int32_t tse_batch_start(tse_batch *batch, const char *zone_id, size_t zone_id_size, const char *id,
                                size_t id_size, tse_error **error) TSE_NOEXCEPT;
/** Adds a tse_annotate(). */
TSE_API int32_t tse_batch_annotate(tse_batch *batch, const char *zone_id, size_t zone_id_size, const char *id,
                                   size_t id_size, const tse_update *update, tse_error **error) TSE_NOEXCEPT;
/** Adds a tse_complete(). `update` may be NULL. */
TSE_API int32_t tse_batch_complete(tse_batch *batch, const char *zone_id, size_t zone_id_size, const char *id,
                                   size_t id_size, const tse_update *update, tse_error **error) TSE_NOEXCEPT;
/** Adds a tse_fail(). */
TSE_API int32_t tse_batch_fail(tse_batch *batch, const char *zone_id, size_t zone_id_size, const char *id,
                               size_t id_size, const tse_update *update, tse_error **error) TSE_NOEXCEPT;
/** Adds a tse_lease_complete(). `update` may be NULL. */
TSE_API int32_t tse_batch_lease_complete(tse_batch *batch, const char *token, size_t token_size,
                                         const tse_update *update, tse_error **error) TSE_NOEXCEPT;
/** Adds a tse_lease_fail(). */
TSE_API int32_t tse_batch_lease_fail(tse_batch *batch, const char *token, size_t token_size, const tse_update *update,
                                     tse_error **error) TSE_NOEXCEPT;

/** What became of each change of a batch: a snapshot. */
typedef struct tse_results tse_results;

/** Carries out the changes in order, in as few transactions as the log's budget allows, between those of other
 *  callers; each that succeeded is durable when the call returns. The batch stays as it is. The host's own statements
 *  of `call` run with each change that changes its task; what they are refused for is that change's result. When the
 *  call would have to wait past its timeout, or is cancelled, what was not begun is `busy` or `cancelled` by its own
 *  result; when the engine is closed meanwhile, `closed`. The call itself fails only if nothing was begun:
 *  invalid_argument, closed, forked, no_memory; or, with the outcome unknown, when memory ran out for the results. */
TSE_API int32_t tse_batch_run(tse_engine *engine, const tse_batch *batch, const tse_call *call, tse_results **results,
                              tse_error **error) TSE_NOEXCEPT;
/** How many results, which is how many changes were run; 0 for NULL. */
TSE_API size_t tse_results_count(const tse_results *results) TSE_NOEXCEPT;
/** The result of change `index`: TSE_OK and the task as it is after it, or the change's own code and error;
 *  invalid_argument with the field "index" or "view" is this call's own. `view` may be NULL; its views live as long as
 *  the results. */
TSE_API int32_t tse_results_get(const tse_results *results, size_t index, tse_task_view *view,
                                tse_error **error) TSE_NOEXCEPT;
/** Frees results; NULL is a no-op. */
TSE_API void tse_results_free(tse_results *results) TSE_NOEXCEPT;

/* ---- Watches ------------------------------------------------------------------------------- */

/** Tells an event loop when to look: a descriptor that becomes readable. Any thread, one at a time. It
 *  may outlive the engine. */
typedef struct tse_watch tse_watch;

/** A new watch, of nothing yet. Errors: no_memory, unavailable (no descriptor left), closed, forked. */
TSE_API int32_t tse_watch_new(tse_engine *engine, tse_watch **watch, tse_error **error) TSE_NOEXCEPT;
/** From now on the watch is also readable when there may be something for tse_claim() with this spec (of which zones
 *  and operations count); at once if there is already. Of several that wait for the same thing one is woken, and
 *  when it claims, the next. */
TSE_API int32_t tse_watch_claim(tse_watch *watch, const tse_claim_spec *spec, tse_error **error) TSE_NOEXCEPT;
/** From now on the watch also becomes readable once the task has moved past `revision`, or is completed, failed or purged;
 *  TSE_NONE as the revision: once it is completed, failed or purged. At once if that is so already or there is no such
 *  task, and when the file's content was replaced. tse_watch_take() then tells `tag`, which the caller chose, and the registration is over. Any number of
 *  them, less than 1 KiB each. Errors: invalid_argument, closed, forked, and those of tse_get(). */
TSE_API int32_t tse_watch_task(tse_watch *watch, const char *zone_id, size_t zone_id_size, const char *id,
                               size_t id_size, int64_t revision, int64_t tag, tse_error **error) TSE_NOEXCEPT;
/** Ends the registration of the task with this tag; nothing if there is none. */
TSE_API int32_t tse_watch_forget(tse_watch *watch, const char *zone_id, size_t zone_id_size, const char *id,
                                 size_t id_size, int64_t tag, tse_error **error) TSE_NOEXCEPT;
/** Writes up to `capacity` tags of tasks that have moved to `tags`, each once, and how many to *count; fewer than
 *  `capacity`: that were all. */
TSE_API int32_t tse_watch_take(tse_watch *watch, int64_t *tags, size_t capacity, size_t *count,
                               tse_error **error) TSE_NOEXCEPT;
/** From now on the watch is also readable when there may be something new for tse_changes_read() of the zone (absent:
 *  of all). */
TSE_API int32_t tse_watch_changes(tse_watch *watch, const char *zone_id, size_t zone_id_size,
                                  tse_error **error) TSE_NOEXCEPT;
/** The descriptor (of poll(), epoll, kqueue ...), owned by the watch: wait until it is readable, nothing else. It is
 *  readable for good once the engine is closed. -1 for NULL. */
TSE_API intptr_t tse_watch_descriptor(const tse_watch *watch) TSE_NOEXCEPT;
/** Makes it unreadable again. Call it first, then look: what happens in between makes it readable anew. */
TSE_API int32_t tse_watch_reset(tse_watch *watch, tse_error **error) TSE_NOEXCEPT;
/** Ends the watch and closes its descriptor; NULL is a no-op. */
TSE_API void tse_watch_free(tse_watch *watch) TSE_NOEXCEPT;

/* ---- List ---------------------------------------------------------------------------------- */

/** A page of tasks. */
typedef struct tse_page tse_page;

/** Which tasks tse_list() gives. Absent fields do not filter. */
typedef struct tse_list_query {
  size_t struct_size;  /**< set by TSE_LIST_QUERY_INIT */
  tse_str zone_id;     /**< absent: all zones, for operators: a client must never choose */
  int32_t statuses;    /**< sum of 1 << TSE_PENDING ... 1 << TSE_FAILED; 0: all */
  tse_str operation;   /**< absent: all */
  tse_str install_id;
  tse_str package_id;
  int64_t created_from;  /**< us UTC, inclusive, or TSE_NONE */
  int64_t created_until; /**< us UTC, exclusive, or TSE_NONE */
  int64_t limit;       /**< 1-1000; 0: 50 */
  tse_str after;       /**< a cursor: what is older than it; not together with before */
  tse_str before;      /**< a cursor: what is newer than it */
  int32_t with_total;  /**< 1: count all that match (reads them all) */
  tse_str failure_kind; /**< "failed", "cancelled", "expired" or "lost" */
  tse_str worker;      /**< who holds the task's lease */
  tse_str ref;         /**< has an index, as the zone and the times of creation in it */
  tse_str client_request_id;
} tse_list_query;
#define TSE_LIST_QUERY_INIT \
  { sizeof(tse_list_query), { NULL, 0 }, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, TSE_NONE, TSE_NONE, 0, \
    { NULL, 0 }, { NULL, 0 }, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }

/** All of a page but its tasks; read those with tse_page_task(). */
typedef struct tse_page_view {
  size_t struct_size;    /**< set by TSE_PAGE_VIEW_INIT */
  size_t count;          /**< tasks on this page */
  tse_str after_cursor;  /**< for the next (older) page; absent if there is none */
  tse_str before_cursor; /**< for the previous (newer) page; absent if there is none */
  int64_t total_count;   /**< or TSE_NONE unless asked for */
} tse_page_view;
#define TSE_PAGE_VIEW_INIT { sizeof(tse_page_view), 0, { NULL, 0 }, { NULL, 0 }, TSE_NONE }

/** Tasks, newest first on every page: of one zone by (created_at, id), of all zones by the order in which they were
 *  created. A cursor is opaque and bound to its file and filter; a foreign or altered one is invalid_argument. A page
 *  that is not full by the deadline comes as it is, perhaps empty, with the cursor that goes on from where the look got
 *  to: only a page without a cursor is the last. Errors: invalid_argument, busy (also a total that is not counted by the
 *  deadline), and those of tse_get(). */
TSE_API int32_t tse_list(tse_engine *engine, const tse_list_query *query, const tse_call *call, tse_page **page,
                         tse_error **error) TSE_NOEXCEPT;
/** Reads the page. Views live as long as the page. Fails only on bad arguments. */
TSE_API int32_t tse_page_get(const tse_page *page, tse_page_view *view) TSE_NOEXCEPT;
/** Reads task `index` of the page. Views live as long as the page. */
TSE_API int32_t tse_page_task(const tse_page *page, size_t index, tse_task_view *view) TSE_NOEXCEPT;
/** Frees a page; NULL is a no-op. */
TSE_API void tse_page_free(tse_page *page) TSE_NOEXCEPT;

/* ---- History ------------------------------------------------------------------------------- */

/** A page of a task's events, newest first. */
typedef struct tse_history tse_history;

/** One event of a task's history. */
typedef struct tse_event_view {
  size_t struct_size;  /**< set by TSE_EVENT_VIEW_INIT */
  int64_t sequence;    /**< grows over the whole file, in commit order; never reused */
  tse_str zone_id;
  tse_str id;
  tse_str kind;        /**< "created", "started", "annotated", "progress", "cancel_requested", "reprioritized",
                        *   "released", "lost", "cancelled", "expired", "completed", "failed", "external"; in the feed also "purged" */
  int32_t from_status; /**< TSE_PENDING ... TSE_FAILED; -1 for the first event */
  int32_t to_status;
  int64_t at;          /**< us UTC */
  int64_t revision;
  int64_t attempt;
  tse_str worker;      /**< the call's actor, or the holder of the lease */
  int64_t epoch;       /**< 0: none */
  tse_str request_id;
  tse_str traceparent;
  tse_str message;
  tse_str detail;
  tse_str position;    /**< in the feed: where to go on after this event; absent in a history */
} tse_event_view;
#define TSE_EVENT_VIEW_INIT \
  { sizeof(tse_event_view), 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, -1, 0, 0, 0, 0, { NULL, 0 }, 0, \
    { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }

/** What happened to a task, newest first, at most `limit` events (1-1000; 0: 50); none for an unknown task. `after` is a cursor
 *  of the page before, NULL on the first: opaque, and bound to the file and the task; a foreign or altered one is
 *  invalid_argument. Events that are added meanwhile move no page. */
TSE_API int32_t tse_history_read(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id,
                                 size_t id_size, int64_t limit, const char *after, size_t after_size,
                                 const tse_call *call, tse_history **history, tse_error **error) TSE_NOEXCEPT;
/** How many events; 0 for NULL. */
TSE_API size_t tse_history_count(const tse_history *history) TSE_NOEXCEPT;
/** The cursor for the next, older page; absent if there is none, and for NULL. Lives as long as the history. */
TSE_API tse_str tse_history_after_cursor(const tse_history *history) TSE_NOEXCEPT;
/** Reads event `index`. Views live as long as the history. */
TSE_API int32_t tse_history_event(const tse_history *history, size_t index, tse_event_view *view) TSE_NOEXCEPT;
/** Frees a history; NULL is a no-op. */
TSE_API void tse_history_free(tse_history *history) TSE_NOEXCEPT;

/* ---- Changes ------------------------------------------------------------------------------- */

/** A part of the feed: all events of all tasks, in the order in which they were committed. */
typedef struct tse_changes tse_changes;

#define TSE_CHANGES_LATEST 1      /**< begin here and now; `after` must be absent */
#define TSE_CHANGES_ALLOW_GAP 2   /**< go on from `after` although purges behind it are no longer told */

/** Which part tse_changes_read() gives. */
typedef struct tse_changes_spec {
  size_t struct_size; /**< set by TSE_CHANGES_SPEC_INIT */
  tse_str zone_id;    /**< absent: all zones */
  tse_str after;      /**< a position as a part ended with; absent: from the first event that is still there */
  int32_t flags;      /**< sum of TSE_CHANGES_... */
  int64_t limit;      /**< events, 1-1000; 0: 100 */
  int64_t wait_us;    /**< how long to wait for the first; 0: not at all */
} tse_changes_spec;
#define TSE_CHANGES_SPEC_INIT { sizeof(tse_changes_spec), { NULL, 0 }, { NULL, 0 }, 0, 0, 0 }

/** All of a part but its events; read those with tse_changes_event(). */
typedef struct tse_changes_view {
  size_t struct_size; /**< set by TSE_CHANGES_VIEW_INIT */
  size_t count;       /**< events; may be 0 */
  tse_str position;   /**< where the next part begins: opaque, printable ASCII, at most 128 bytes */
  int64_t purged_through; /**< sequence numbers that are missing up to it belong to purged tasks; above it none is */
} tse_changes_view;
#define TSE_CHANGES_VIEW_INIT { sizeof(tse_changes_view), 0, { NULL, 0 }, 0 }

/** What was committed after a position. A task that is purged takes its events along and leaves one, "purged", which is told
 *  for tse_options_set_feed_retention(). Errors: restored (the position is of another file: this one is a restored
 *  backup, or its content was replaced), behind (purges after the position are no longer told: read the tasks anew, or allow the gap),
 *  invalid_argument, cancelled, and those of tse_get(). `spec` may be NULL. */
TSE_API int32_t tse_changes_read(tse_engine *engine, const tse_changes_spec *spec, const tse_call *call,
                                 tse_changes **changes, tse_error **error) TSE_NOEXCEPT;
/** Reads the part. Views live as long as it. Fails only on bad arguments. */
TSE_API int32_t tse_changes_get(const tse_changes *changes, tse_changes_view *view) TSE_NOEXCEPT;
/** Reads event `index`. Views live as long as the part. */
TSE_API int32_t tse_changes_event(const tse_changes *changes, size_t index, tse_event_view *view) TSE_NOEXCEPT;
/** Frees a part; NULL is a no-op. */
TSE_API void tse_changes_free(tse_changes *changes) TSE_NOEXCEPT;

/* ---- Purge --------------------------------------------------------------------------------- */

/** Which tasks tse_purge() removes. */
typedef struct tse_purge_spec {
  size_t struct_size;    /**< set by TSE_PURGE_SPEC_INIT */
  tse_str zone_id;       /**< absent: all zones */
  int64_t older_than_us; /**< completed or failed at least so long ago, 0 - 100 years; required */
  int64_t limit;         /**< at most so many, 1 and up; 0: all */
} tse_purge_spec;
#define TSE_PURGE_SPEC_INIT { sizeof(tse_purge_spec), { NULL, 0 }, TSE_NONE, 0 }

/** Removes tasks that ended long ago, with their payloads and histories, in transactions of a few tasks each, so that
 *  others are not kept waiting. A task whose idempotency key is still kept stays. *count, which may be NULL, is how
 *  many were removed. When its turn does not come in time or the call is cancelled after some were, it ends with
 *  TSE_OK and that count. Errors: invalid_argument and those of every change. */
TSE_API int32_t tse_purge(tse_engine *engine, const tse_purge_spec *spec, const tse_call *call, int64_t *count,
                          tse_error **error) TSE_NOEXCEPT;
/** Erases one completed or failed task, whatever its age and idempotency key. When it returns, neither the file nor its
 *  -wal holds a byte of the task but its key, in the feed's "purged" event and the tombstone. *erased, which may be
 *  NULL: 1, or 0 if there was no such task. Errors: illegal_transition (pending or running: cancel it first),
 *  unavailable with outcome TSE_UNKNOWN (it is gone, but a reader did not let the -wal be emptied in time: call
 *  again), and those of every change. */
TSE_API int32_t tse_erase(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                          const tse_call *call, int32_t *erased, tse_error **error) TSE_NOEXCEPT;

/* ---- Pauses -------------------------------------------------------------------------------- */

/** What claims of all processes on the file pass over: a zone, or an operation; exactly one of them. @since 0.2 */
typedef struct tse_pause_spec {
  size_t struct_size; /**< set by TSE_PAUSE_SPEC_INIT */
  tse_str zone_id;
  tse_str operation;
} tse_pause_spec;
#define TSE_PAUSE_SPEC_INIT { sizeof(tse_pause_spec), { NULL, 0 }, { NULL, 0 } }

/** From now on tse_claim() passes over the zone or the operation, in every process, until tse_unpause(); it is kept in the
 *  file, and told by tse_stats_pause() with the call's actor. Tasks are created, and leases go on, as before, and what has
 *  a start_by still fails by then. tse_start() and tse_start_leased() are not held up: they name their task. *changed,
 *  which may be NULL: 1, or 0 if it was paused already. No task changes, so statements of the host's own cannot go with it.
 *  Errors: invalid_argument and those of every change. @since 0.2 */
TSE_API int32_t tse_pause(tse_engine *engine, const tse_pause_spec *spec, const tse_call *call, int32_t *changed,
                          tse_error **error) TSE_NOEXCEPT;
/** Ends a pause: claims that wait are woken, in every process. *changed, which may be NULL: 1, or 0 if it was not paused.
 *  Errors as tse_pause(). @since 0.2 */
TSE_API int32_t tse_unpause(tse_engine *engine, const tse_pause_spec *spec, const tse_call *call, int32_t *changed,
                            tse_error **error) TSE_NOEXCEPT;

/* ---- Stats --------------------------------------------------------------------------------- */

/** Figures of a file and of the engine that read them. */
typedef struct tse_stats tse_stats;

/** How often something took how long, since the file was made. Its arrays live as long as the stats. Never grows. */
typedef struct tse_histogram {
  const int64_t *bounds_us; /**< inclusive upper bounds of the buckets, ascending; the last bucket has none */
  const int64_t *counts;    /**< of each bucket, bound_count + 1 of them */
  size_t bound_count;
  int64_t count;            /**< of all buckets */
  int64_t sum_us;           /**< of all that was measured */
} tse_histogram;

/** All figures but the counts by zone; read those with tse_stats_count(). */
typedef struct tse_stats_view {
  size_t struct_size;    /**< set by TSE_STATS_VIEW_INIT */
  /* of the file: */
  int64_t pending;       /**< tasks of all zones */
  int64_t running;
  int64_t completed;
  int64_t failed;
  size_t count_count;    /**< read them with tse_stats_count() */
  int64_t file_bytes;    /**< of the database file */
  int64_t free_bytes;    /**< of these, unused: they are filled again before the file grows */
  int64_t wal_bytes;
  int64_t last_sequence; /**< of the newest event */
  /* of this engine, since it was opened: */
  int64_t commits;       /**< transactions */
  int64_t changes;       /**< what they held: changes / commits is the mean size of a group */
  int64_t largest_group;
  int64_t checkpoints;
  int64_t lock_waits;    /**< commits that had to wait for another process */
  int64_t lock_wait_us;  /**< how long, in sum */
  int64_t waiters;       /**< registrations of watches and waiting calls, now */
  int64_t cache_hits;    /**< answers of tse_decide() that were kept and current */
  int64_t cache_misses;  /**< those that were read */
  int64_t cache_entries; /**< answers that are kept, now */
  int64_t cache_bytes;
  int32_t durability;    /**< TSE_DURABILITY_FULL or TSE_DURABILITY_RELAXED */
  tse_str lease_clock;   /**< what leases are held in: "boot", "wall" or "host" */
  tse_str answer_proof;  /**< how kept answers are proven current: "wal_index" (SQLite's, shared by all processes),
                              "own_commits" (in memory), or "none": they cannot be, and none is kept */
  tse_str sqlite_version;
  /* of the file, as this process sees it: */
  int64_t leases_incomparable;       /**< leases whose end cannot be told from here: their clock is of another time
                                          namespace, or its boot id or ours is hidden or mounted over. Each is ended once
                                          no process of its clock has had the file open for as long as it lasts */
  int64_t lease_clocks_incomparable; /**< the clocks of these */
  int32_t expiry_paused;             /**< 1: the wall clock has leapt, and nothing expires by it: tse_clock_ok() */
  tse_str locks;         /**< what keeps others out of the file: "ofd" (locks that no close() elsewhere drops), "posix"
                              (the system has no others: another close() of the file in this process, a second copy of
                              SQLite or fork() can drop them), or "none" in memory */
  /* of the file, since it was made, by all processes: */
  int64_t leases_lost;        /**< leases that ended without their holder */
  int64_t failures_failed;    /**< tasks that failed, by kind: their worker said so */
  int64_t failures_cancelled; /**< somebody cancelled them */
  int64_t failures_expired;   /**< nobody started them in time */
  int64_t failures_lost;      /**< their worker was gone, and no attempt was left */
  tse_histogram waiting_time; /**< from a task's creation, or its not_before, to its start */
  tse_histogram running_time; /**< from the start of its latest attempt to its end */
} tse_stats_view;
#define TSE_STATS_VIEW_INIT \
  { sizeof(tse_stats_view), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, { NULL, 0 }, { NULL, 0 }, \
    { NULL, 0 }, 0, 0, 0, { NULL, 0 }, 0, 0, 0, 0, 0, { NULL, NULL, 0, 0, 0 }, { NULL, NULL, 0, 0, 0 } }

/** How many tasks of one zone and operation have a status. */
typedef struct tse_count_view {
  size_t struct_size; /**< set by TSE_COUNT_VIEW_INIT */
  tse_str zone_id;
  tse_str operation;
  int32_t status;
  int64_t count;      /**< 1 and up: a count of 0 is left out */
} tse_count_view;
#define TSE_COUNT_VIEW_INIT { sizeof(tse_count_view), { NULL, 0 }, { NULL, 0 }, 0, 0 }

/** Reads the figures; counts of all zones, or of one. They are kept with every change, so that reading them costs the same
 *  however many tasks there are. Errors: invalid_argument and those of tse_get(). */
TSE_API int32_t tse_stats_read(tse_engine *engine, const char *zone_id, size_t zone_id_size, const tse_call *call,
                               tse_stats **stats, tse_error **error) TSE_NOEXCEPT;
/** Reads the figures. Views live as long as the stats. Fails only on bad arguments. */
TSE_API int32_t tse_stats_get(const tse_stats *stats, tse_stats_view *view) TSE_NOEXCEPT;
/** Reads count `index`. Views live as long as the stats. */
TSE_API int32_t tse_stats_count(const tse_stats *stats, size_t index, tse_count_view *view) TSE_NOEXCEPT;
/** One pause: of a zone or of an operation; the other is absent. @since 0.2 */
typedef struct tse_pause_view {
  size_t struct_size; /**< set by TSE_PAUSE_VIEW_INIT */
  tse_str zone_id;
  tse_str operation;
  int64_t since;      /**< us UTC */
  tse_str actor;      /**< of the call that paused it; absent if it had none */
} tse_pause_view;
#define TSE_PAUSE_VIEW_INIT { sizeof(tse_pause_view), { NULL, 0 }, { NULL, 0 }, 0, { NULL, 0 } }

/** How many zones and operations are paused, of the whole file; 0 for NULL. @since 0.2 */
TSE_API size_t tse_stats_pause_count(const tse_stats *stats) TSE_NOEXCEPT;
/** Reads pause `index`. Views live as long as the stats. @since 0.2 */
TSE_API int32_t tse_stats_pause(const tse_stats *stats, size_t index, tse_pause_view *view) TSE_NOEXCEPT;
/** The figures as OpenMetrics text 1.0.0, to be served as `application/openmetrics-text; version=1.0.0;
 *  charset=utf-8`. Lives as long as the stats; NULL for NULL. */
TSE_API const char *tse_stats_text(const tse_stats *stats) TSE_NOEXCEPT;
/** Frees stats; NULL is a no-op. */
TSE_API void tse_stats_free(tse_stats *stats) TSE_NOEXCEPT;

/* ---- Backup -------------------------------------------------------------------------------- */

/** Copies the file as it is at one moment to `path`: first into a temporary file beside it, which reaches the disk and then
 *  takes the name. Others go on writing meanwhile. The copy is whole by itself and opens as any other; leases, cursors and
 *  positions of the original are none of its own. An earlier backup at `path`, or an empty file, is replaced; nothing
 *  else is. Errors: already_exists (at `path` stands a file that is no earlier backup, or a database that an engine has
 *  opened: it has a -taskstate file beside it; or a -wal, -shm or -journal lies there, which would be taken for the
 *  copy's), invalid_argument (`path` is the file itself, one of its companions or another file's, or a symbolic link, a
 *  directory, a FIFO, a socket or a device), busy and cancelled (nothing is left behind), access_denied, disk_full, io_error, unavailable, and those of tse_get(). Without a timeout of the call's own it
 *  takes as long as it takes, as does tse_verify(). */
TSE_API int32_t tse_backup(tse_engine *engine, const char *path, size_t size, const tse_call *call,
                           tse_error **error) TSE_NOEXCEPT;

/* ---- Verify -------------------------------------------------------------------------------- */

/** What tse_verify() found. */
typedef struct tse_report tse_report;

/** All of a report at once. */
typedef struct tse_report_view {
  size_t struct_size;   /**< set by TSE_REPORT_VIEW_INIT */
  int32_t ok;           /**< 1: nothing wrong */
  size_t problem_count; /**< read them with tse_report_problem() */
  int64_t task_count;   /**< tasks examined */
  int64_t event_count;  /**< events examined */
  tse_str text;         /**< the whole report for a person, several lines */
} tse_report_view;
#define TSE_REPORT_VIEW_INIT { sizeof(tse_report_view), 0, 0, 0, 0, { NULL, 0 } }

/** Examines the file: SQLite's integrity check and every invariant of a task, its events and the
 *  counters. Reads all of it, in one snapshot; writers go on. Problems are a result, not an error. */
TSE_API int32_t tse_verify(tse_engine *engine, const tse_call *call, tse_report **report,
                           tse_error **error) TSE_NOEXCEPT;
/** Reads the report. Views live as long as the report. Fails only on bad arguments. */
TSE_API int32_t tse_report_get(const tse_report *report, tse_report_view *view) TSE_NOEXCEPT;
/** Problem `index` as one sentence. Lives as long as the report. */
TSE_API int32_t tse_report_problem(const tse_report *report, size_t index, tse_str *text) TSE_NOEXCEPT;
/** Frees a report; NULL is a no-op. */
TSE_API void tse_report_free(tse_report *report) TSE_NOEXCEPT;

/* ---- HTTP answers -------------------------------------------------------------------------- */

#define TSE_COMPLETED_DEFAULT (-1) /**< as the options say */

/** What of the HTTP request an answer depends on. Header values as received; several lines of one
 *  header are joined with ", " (RFC 9110, section 5.3). */
typedef struct tse_request {
  size_t struct_size;        /**< set by TSE_REQUEST_INIT */
  tse_str method;            /**< "HEAD" gives an answer without body; everything else is as GET */
  tse_str client_request_id; /**< X-Client-Request-ID; absent if the header is */
  tse_str if_none_match;     /**< If-None-Match (RFC 9110, section 13.1.2) */
  tse_str path;              /**< of the request, for error bodies; absent: the status URL */
  int32_t completed;         /**< TSE_COMPLETED_DEFAULT, _SEE_OTHER or _OK */
  tse_str prefer;            /**< Prefer (RFC 7240); of it "wait" counts, if the options allow it */
  int32_t wait_elsewhere;    /**< 1: tse_decide() does not wait itself, but tells in the answer for how long to */
  int32_t kept_only;         /**< 1: tse_decide() never blocks: an answer only if it is kept in memory and current, otherwise
                                  one of status 0, after which to ask again without this */
} tse_request;
#define TSE_REQUEST_INIT \
  { sizeof(tse_request), { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, TSE_COMPLETED_DEFAULT, { NULL, 0 }, 0, 0 }

/** An HTTP answer; made once, filled by any number of calls, one thread at a time. */
typedef struct tse_answer tse_answer;

/** One header line of an answer. */
typedef struct tse_header {
  tse_str name;
  tse_str value;
} tse_header;

/** All of an answer at once. */
typedef struct tse_answer_view {
  size_t struct_size; /**< set by TSE_ANSWER_VIEW_INIT */
  int32_t status;     /**< 200, 202, 303, 304, 400, 404, 409, 410, 429, 500 or 503 */
  const tse_header *headers; /**< to be copied as they are; no duplicates, no CR or LF */
  size_t header_count;
  tse_str body;       /**< absent if there is none */
  int64_t wait_us;    /**< with wait_elsewhere: wait so long for the task to move past `revision` (tse_watch_task()), then
                       *   decide again, until the time is over; 0: this is the answer */
  int64_t revision;   /**< of the task in the answer; 0: none */
} tse_answer_view;
#define TSE_ANSWER_VIEW_INIT { sizeof(tse_answer_view), 0, NULL, 0, { NULL, 0 }, 0, 0 }

/** A new, empty answer (status 0, no headers, no body). TSE_NO_MEMORY is its only failure. */
TSE_API int32_t tse_answer_new(tse_answer **answer, tse_error **error) TSE_NOEXCEPT;
/** Reads the answer. Views live until the answer is filled again or freed. */
TSE_API int32_t tse_answer_get(const tse_answer *answer, tse_answer_view *view) TSE_NOEXCEPT;
/** Frees an answer; NULL is a no-op. */
TSE_API void tse_answer_free(tse_answer *answer) TSE_NOEXCEPT;

/** The answer to the status request. Every failure is an answer too (404, 503, 500 ...); the call
 *  itself fails only on a NULL answer or a request that is no tse_request. A NULL or closed engine
 *  answers 503. Blocks at most for one read, and for what the request's Prefer asks and the options grant: until
 *  If-None-Match no longer matches, or, without one, until the task is completed or failed. `request` may be NULL. */
TSE_API int32_t tse_decide(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                           const tse_request *request, const tse_call *call, tse_answer *answer,
                           tse_error **error) TSE_NOEXCEPT;

/** The answer to the request that created the task: 202 with the status URL as Location if `task`
 *  is given, else what `failure`, the error of tse_create(), means to the client: 400, 409, 429, 503
 *  or 500. Exactly one of the two is not NULL, and a task has its zone. Neither is consumed. */
TSE_API int32_t tse_accept(tse_engine *engine, const tse_task *task, const tse_error *failure,
                           const tse_request *request, tse_answer *answer, tse_error **error) TSE_NOEXCEPT;

#if defined(__cplusplus)
} /* extern "C" */
#endif

#endif /* TASKSTATE_H */

/*
 * helpers.h: one crossing from Python into C for each operation.
 *
 * Every function below makes a whole call of taskstate.h and leaves what it gave in a tspy_result,
 * as a sequence of records that Python copies out at once. A record is an array of int64_t in the
 * machine's byte order, then bytes:
 *
 *     size of the record | numbers ... | begin, end of each text ... | the texts' bytes
 *
 * begin and end count from the record's first byte; both are -1 for an absent text.
 *
 * Texts go in as (pointer, size); a NULL pointer is an absent value. A timeout_us of TSE_NONE and a
 * NULL call are the engine's default. Each returns a code of taskstate.h; on failure result->error says why, and is
 * NULL only if there was no memory for the answer of a call that had already been made.
 */
#ifndef TASKSTATE_PYTHON_HELPERS_H
#define TASKSTATE_PYTHON_HELPERS_H

#include <stddef.h>
#include <stdint.h>

#include "taskstate.h"

/* Reused by any number of calls, one at a time. Owns error until somebody takes it by setting the
 * member to NULL. */
typedef struct tspy_result {
  char *data;
  size_t size;
  size_t capacity;
  tse_error *error;
  tse_answer *answer;
} tspy_result;

#define TSPY_ANNOTATE 0
#define TSPY_COMPLETE 1
#define TSPY_FAIL 2

/* NULL: no memory. */
tspy_result *tspy_result_new(void);
void tspy_result_free(tspy_result *result);

/* What the library calls instead of Python's own tspy_clock() and so on; never Python once tspy_shut() was called,
 * which is when the interpreter begins to end. */
int64_t tspy_on_clock(void *user_data);
void tspy_on_id(void *user_data, int32_t kind, uint8_t *uuid16);
void tspy_on_log(void *user_data, int32_t level, const char *line, size_t size);
void tspy_on_destroy(void *user_data);
void tspy_shut(void);

/* What goes with a call beside its arguments: a new tse_call. */
int32_t tspy_make_call(int64_t timeout_us, const tse_cancel_token *cancel, const char *request_id,
                       size_t request_id_size, const char *traceparent, size_t traceparent_size, const char *actor,
                       size_t actor_size, tse_call **call, tspy_result *result);

/* Head (code, outcome; field, message), then a record (; field, message) for each detail. */
int32_t tspy_read_error(const tse_error *error, tspy_result *result);

/* One record of a task: see tspy_put_task() in records.c. What takes a batch only adds to it unless that is NULL; then
 * it needs no engine and gives no record. */
int32_t tspy_create(tse_engine *engine, tse_batch *batch, const char *zone_id, size_t zone_id_size, const char *id,
                    size_t id_size, const char *operation, size_t operation_size, const char *install_id,
                    size_t install_id_size, const char *package_id, size_t package_id_size, const char *package_slug,
                    size_t package_slug_size, int64_t package_version, const char *links, size_t links_size,
                    const char *warnings, size_t warnings_size, const char *payload, size_t payload_size,
                    int64_t not_before, int64_t start_within_us, int64_t max_attempts, const char *idempotency_key,
                    size_t idempotency_key_size, const char *retry_of, size_t retry_of_size, int64_t priority,
                    const char *ref, size_t ref_size, const tse_call *call, tspy_result *result);
int32_t tspy_start(tse_engine *engine, tse_batch *batch, const char *zone_id, size_t zone_id_size, const char *id,
                   size_t id_size, const tse_call *call, tspy_result *result);
/* change: TSPY_ANNOTATE, TSPY_COMPLETE or TSPY_FAIL. Under the lease that the token names, or else by key. */
int32_t tspy_update(tse_engine *engine, tse_batch *batch, int32_t change, const char *zone_id, size_t zone_id_size,
                    const char *id, size_t id_size, const char *token, size_t token_size, const char *install_id,
                    size_t install_id_size, const char *package_id, size_t package_id_size, const char *package_slug,
                    size_t package_slug_size, int64_t package_version, const char *links, size_t links_size,
                    const char *warnings, size_t warnings_size, const char *error_message, size_t error_message_size,
                    const char *error_detail, size_t error_detail_size, const char *stored, size_t stored_size,
                    const char *media_type, size_t media_type_size, const tse_call *call, tspy_result *result);
int32_t tspy_cancel(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                    int32_t flags, const char *reason, size_t reason_size, const tse_call *call, tspy_result *result);
int32_t tspy_reprioritize(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                          int64_t priority, const tse_call *call, tspy_result *result);
int32_t tspy_retry(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                   int32_t flags, const tse_call *call, tspy_result *result);
/* No record if there is no such task. */
int32_t tspy_get(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                 int32_t flags, const tse_call *call, tspy_result *result);
/* One record: (; bytes, media type). */
int32_t tspy_stored_result(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                           const tse_call *call, tspy_result *result);
/* As tspy_get(). */
int32_t tspy_wait(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                  int64_t revision, int64_t wait_us, const tse_call *call, tspy_result *result);
int32_t tspy_parse(const char *json, size_t size, tspy_result *result);
/* No record. */
int32_t tspy_validate(const char *json, size_t size, tspy_result *result);

/* Two records for each lease: (epoch, attempt, duration, end; token) and its task. None: nothing to do. */
int32_t tspy_claim(tse_engine *engine, const char *zones, size_t zones_size, const char *operations,
                   size_t operations_size, const char *worker, size_t worker_size, int64_t lease_us, int64_t limit,
                   const tse_call *call, tspy_result *result);
/* As tspy_claim(). */
int32_t tspy_start_leased(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                          const char *worker, size_t worker_size, int64_t lease_us, const tse_call *call,
                          tspy_result *result);
/* One record: (cancel requested, end). */
int32_t tspy_heartbeat(tse_engine *engine, const char *token, size_t token_size, int64_t lease_us, const char *progress,
                       size_t progress_size, const tse_call *call, tspy_result *result);
int32_t tspy_release(tse_engine *engine, const char *token, size_t token_size, int64_t delay_us, const tse_call *call,
                     tspy_result *result);
/* One record: (count). */
int32_t tspy_tick(tse_engine *engine, const tse_call *call, tspy_result *result);

/* Two records for each change that was made: (code) and its task; for one that was refused only (code): *results, which
 * the caller frees, has its error. */
int32_t tspy_run(tse_engine *engine, const tse_batch *batch, const tse_call *call, tse_results **results,
                 tspy_result *result);

/* tse_watch_claim(). No record. */
int32_t tspy_watch_claim(tse_watch *watch, const char *zones, size_t zones_size, const char *operations,
                         size_t operations_size, tspy_result *result);

/* Head (total count; after, before), then a record for each task. */
int32_t tspy_list(tse_engine *engine, const char *zone_id, size_t zone_id_size, int32_t statuses, const char *operation,
                  size_t operation_size, const char *install_id, size_t install_id_size, const char *package_id,
                  size_t package_id_size, const char *failure_kind, size_t failure_kind_size, const char *worker,
                  size_t worker_size, const char *ref, size_t ref_size, const char *client_request_id,
                  size_t client_request_id_size, int64_t created_from, int64_t created_until, int64_t limit,
                  const char *after, size_t after_size, const char *before, size_t before_size, int32_t with_total,
                  const tse_call *call, tspy_result *result);
/* Head (; after), then a record for each event: see put_event() in helpers.c. */
int32_t tspy_history(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                     int64_t limit, const char *after, size_t after_size, const tse_call *call, tspy_result *result);
/* Head (purged through; position), then a record for each event. */
int32_t tspy_changes(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *after, size_t after_size,
                     int32_t flags, int64_t limit, const tse_call *call, tspy_result *result);
/* Head (ok, task count, event count; text), then a record (; text) for each problem. */
int32_t tspy_verify(tse_engine *engine, const tse_call *call, tspy_result *result);

/* One record: (count). */
int32_t tspy_purge(tse_engine *engine, const char *zone_id, size_t zone_id_size, int64_t older_than_us, int64_t limit,
                   const tse_call *call, tspy_result *result);
/* One record: (erased). */
int32_t tspy_erase(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                   const tse_call *call, tspy_result *result);
/* One record: (changed). `paused`: tse_pause(), or else tse_unpause(). */
int32_t tspy_set_paused(tse_engine *engine, int32_t paused, const char *zone_id, size_t zone_id_size,
                        const char *operation, size_t operation_size, const tse_call *call, tspy_result *result);
/* Head (see put_stats() in helpers.c), two records for each histogram, then how many there are of what follows (counts,
 * pauses), a record (status, count; zone, operation) for each count, and one (since; zone, operation, actor) for each
 * pause. */
int32_t tspy_stats(tse_engine *engine, const char *zone_id, size_t zone_id_size, const tse_call *call,
                   tspy_result *result);

/* Head (status, wait, revision; body), then a record (; name, value) for each header. */
int32_t tspy_decide(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                    const char *method, size_t method_size, const char *client_request_id,
                    size_t client_request_id_size, const char *if_none_match, size_t if_none_match_size,
                    const char *prefer, size_t prefer_size, const char *path, size_t path_size, int32_t completed,
                    int32_t wait_elsewhere, const tse_call *call, tspy_result *result);
/* As tspy_decide(), for the failure or, if that is NULL, for the task of that zone and wire form. */
int32_t tspy_accept(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *json, size_t json_size,
                    const tse_error *failure, const char *method, size_t method_size, const char *client_request_id,
                    size_t client_request_id_size, const char *path, size_t path_size, tspy_result *result);

#endif

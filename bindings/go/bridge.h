// The crossings between Go and C. Each operation is one call: its inputs come flat, since Go may hand C no memory that
// holds Go pointers, and its result comes back as views in one struct, to be copied before one call frees it.
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <taskstate.h>

// A Go "" is the absent value.
static inline tse_str tsego_optional(_GoString_ text) {
  tse_str view = {_GoStringLen(text) ? _GoStringPtr(text) : NULL, _GoStringLen(text)};
  return view;
}

// A Go "" is the empty text, for which Go's pointer may be NULL.
static inline tse_str tsego_required(_GoString_ text) {
  tse_str view = {_GoStringLen(text) ? _GoStringPtr(text) : "", _GoStringLen(text)};
  return view;
}

static inline tse_str tsego_bytes(const void *data, size_t size, int32_t present) {
  tse_str view = {present ? (size ? (const char *)data : "") : NULL, present ? size : 0};
  return view;
}

// ---- Calls

#define TSEGO_CALL                                                                     \
  int64_t timeout_us, _GoString_ request_id, _GoString_ traceparent, _GoString_ actor, \
      const tse_cancel_token *cancel_token, tse_call *also
#define TSEGO_KEY _GoString_ zone_id, _GoString_ id
#define TSEGO_KEY_TO_C tsego_required(zone_id).data, _GoStringLen(zone_id), tsego_required(id).data, _GoStringLen(id)

// *call stays NULL, which is the engine's defaults, if there is nothing to say. A call that has statements already is
// Go's own, and not freed here.
static inline int32_t tsego_call(tse_call **call, TSEGO_CALL, tse_error **error) {
  *call = also;
  if (timeout_us < 0 && !_GoStringLen(request_id) && !_GoStringLen(traceparent) && !_GoStringLen(actor) &&
      !cancel_token)
    return TSE_OK;
  int32_t code = also ? TSE_OK : tse_call_new(call, error);
  if (!code && timeout_us >= 0) code = tse_call_set_timeout(*call, timeout_us, error);
  if (!code && _GoStringLen(request_id))
    code = tse_call_set_request_id(*call, _GoStringPtr(request_id), _GoStringLen(request_id), error);
  if (!code && _GoStringLen(traceparent))
    code = tse_call_set_traceparent(*call, _GoStringPtr(traceparent), _GoStringLen(traceparent), error);
  if (!code && _GoStringLen(actor)) code = tse_call_set_actor(*call, _GoStringPtr(actor), _GoStringLen(actor), error);
  if (!code && cancel_token) code = tse_call_set_cancel_token(*call, cancel_token, error);
  if (code && !also) {
    tse_call_free(*call);
    *call = NULL;
  }
  return code;
}
#define TSEGO_OWNED (also ? NULL : call)

#define TSEGO_BEGIN_CALL(error)                                                                              \
  tse_call *call = NULL;                                                                                     \
  int32_t code = tsego_call(&call, timeout_us, request_id, traceparent, actor, cancel_token, also, (error)); \
  if (code) return code

// ---- Tasks

typedef struct tsego_task {
  tse_task *task;
  tse_error *error;
  tse_task_view view;
} tsego_task;

static inline int32_t tsego_end_task(tse_call *call, int32_t code, tsego_task *out) {
  tse_call_free(call);
  if (code || !out->task) return code;
  out->view = (tse_task_view)TSE_TASK_VIEW_INIT;
  return tse_task_get(out->task, &out->view);
}

#define TSEGO_NEW_TASK                                                                                          \
  TSEGO_KEY, _GoString_ operation, _GoString_ install_id, _GoString_ package_id, _GoString_ package_slug,       \
      int64_t package_version, _GoString_ links, _GoString_ warnings, const void *payload, size_t payload_size, \
      int32_t has_payload, int64_t not_before, int64_t start_within_us, int64_t max_attempts,                   \
      _GoString_ idempotency_key, _GoString_ retry_of, int64_t priority, _GoString_ ref
#define TSEGO_BEGIN_NEW_TASK                                      \
  tse_new_task spec = TSE_NEW_TASK_INIT;                          \
  spec.zone_id = tsego_required(zone_id);                         \
  spec.id = tsego_optional(id);                                   \
  spec.operation = tsego_required(operation);                     \
  spec.install_id = tsego_optional(install_id);                   \
  spec.package_id = tsego_optional(package_id);                   \
  spec.package_slug = tsego_optional(package_slug);               \
  spec.package_version = package_version;                         \
  spec.links = tsego_optional(links);                             \
  spec.warnings = tsego_optional(warnings);                       \
  spec.payload = tsego_bytes(payload, payload_size, has_payload); \
  spec.not_before = not_before;                                   \
  spec.start_within_us = start_within_us;                         \
  spec.max_attempts = max_attempts;                               \
  spec.idempotency_key = tsego_optional(idempotency_key);         \
  spec.retry_of = tsego_optional(retry_of);                       \
  spec.priority = priority;                                       \
  spec.ref = tsego_optional(ref)

static inline int32_t tsego_create(tse_engine *engine, TSEGO_NEW_TASK, TSEGO_CALL, tsego_task *out) {
  TSEGO_BEGIN_CALL(&out->error);
  TSEGO_BEGIN_NEW_TASK;
  return tsego_end_task(TSEGO_OWNED, tse_create(engine, &spec, call, &out->task, &out->error), out);
}

static inline int32_t tsego_start(tse_engine *engine, TSEGO_KEY, TSEGO_CALL, tsego_task *out) {
  TSEGO_BEGIN_CALL(&out->error);
  return tsego_end_task(TSEGO_OWNED, tse_start(engine, TSEGO_KEY_TO_C, call, &out->task, &out->error), out);
}

#define TSEGO_ANNOTATE 0
#define TSEGO_COMPLETE 1
#define TSEGO_FAIL 2

#define TSEGO_UPDATE                                                                                                  \
  _GoString_ install_id, _GoString_ package_id, _GoString_ package_slug, int64_t package_version, _GoString_ links,   \
      _GoString_ warnings, _GoString_ error_message, _GoString_ error_detail, const void *result, size_t result_size, \
      int32_t has_result, _GoString_ media_type
#define TSEGO_BEGIN_UPDATE                                      \
  tse_update update = TSE_UPDATE_INIT;                          \
  update.install_id = tsego_optional(install_id);               \
  update.package_id = tsego_optional(package_id);               \
  update.package_slug = tsego_optional(package_slug);           \
  update.package_version = package_version;                     \
  update.links = tsego_optional(links);                         \
  update.warnings = tsego_optional(warnings);                   \
  update.error_message = tsego_optional(error_message);         \
  update.error_detail = tsego_optional(error_detail);           \
  update.result = tsego_bytes(result, result_size, has_result); \
  update.media_type = tsego_optional(media_type)

static inline int32_t tsego_update(tse_engine *engine, int32_t op, TSEGO_KEY, TSEGO_UPDATE, TSEGO_CALL,
                                   tsego_task *out) {
  TSEGO_BEGIN_CALL(&out->error);
  TSEGO_BEGIN_UPDATE;
  if (op == TSEGO_ANNOTATE) code = tse_annotate(engine, TSEGO_KEY_TO_C, &update, call, &out->task, &out->error);
  else if (op == TSEGO_COMPLETE) code = tse_complete(engine, TSEGO_KEY_TO_C, &update, call, &out->task, &out->error);
  else code = tse_fail(engine, TSEGO_KEY_TO_C, &update, call, &out->task, &out->error);
  return tsego_end_task(TSEGO_OWNED, code, out);
}

static inline int32_t tsego_get(tse_engine *engine, TSEGO_KEY, int32_t flags, TSEGO_CALL, tsego_task *out) {
  TSEGO_BEGIN_CALL(&out->error);
  return tsego_end_task(TSEGO_OWNED, tse_get(engine, TSEGO_KEY_TO_C, flags, call, &out->task, &out->error), out);
}

// The task as it is: Go does the waiting in between itself.
static inline int32_t tsego_wait(tse_engine *engine, TSEGO_KEY, int64_t revision, TSEGO_CALL, tsego_task *out) {
  TSEGO_BEGIN_CALL(&out->error);
  code = tse_wait(engine, TSEGO_KEY_TO_C, revision, 0, call, &out->task, &out->error);
  return tsego_end_task(TSEGO_OWNED, code, out);
}

static inline int32_t tsego_from_json(_GoString_ json, tsego_task *out) {
  const tse_str text = tsego_required(json);
  return tsego_end_task(NULL, tse_task_from_json(NULL, 0, text.data, text.size, &out->task, &out->error), out);
}

static inline int32_t tsego_validate(_GoString_ json, tse_error **error) {
  const tse_str text = tsego_required(json);
  tse_task *task = NULL;
  int32_t code = tse_task_from_json(NULL, 0, text.data, text.size, &task, error);
  if (!code) code = tse_task_validate(task, error);
  tse_task_free(task);
  return code;
}

static inline int32_t tsego_cancel(tse_engine *engine, TSEGO_KEY, int32_t flags, _GoString_ reason, TSEGO_CALL,
                                   tsego_task *out) {
  TSEGO_BEGIN_CALL(&out->error);
  const tse_str why = tsego_optional(reason);
  return tsego_end_task(
      TSEGO_OWNED, tse_cancel(engine, TSEGO_KEY_TO_C, flags, why.data, why.size, call, &out->task, &out->error), out);
}

typedef struct tsego_stored_result {
  tse_stored_result *stored;
  tse_error *error;
  tse_stored_result_view view;
} tsego_stored_result;

static inline int32_t tsego_stored_result_read(tse_engine *engine, TSEGO_KEY, TSEGO_CALL, tsego_stored_result *out) {
  TSEGO_BEGIN_CALL(&out->error);
  code = tse_stored_result_read(engine, TSEGO_KEY_TO_C, call, &out->stored, &out->error);
  tse_call_free(TSEGO_OWNED);
  if (code) return code;
  out->view = (tse_stored_result_view)TSE_STORED_RESULT_VIEW_INIT;
  return tse_stored_result_get(out->stored, &out->view);
}

static inline int32_t tsego_reprioritize(tse_engine *engine, TSEGO_KEY, int64_t priority, TSEGO_CALL, tsego_task *out) {
  TSEGO_BEGIN_CALL(&out->error);
  code = tse_reprioritize(engine, TSEGO_KEY_TO_C, priority, call, &out->task, &out->error);
  return tsego_end_task(TSEGO_OWNED, code, out);
}

static inline int32_t tsego_retry(tse_engine *engine, TSEGO_KEY, int32_t flags, TSEGO_CALL, tsego_task *out) {
  TSEGO_BEGIN_CALL(&out->error);
  code = tse_retry(engine, TSEGO_KEY_TO_C, flags, call, &out->task, &out->error);
  return tsego_end_task(TSEGO_OWNED, code, out);
}

static inline int32_t tsego_tick(tse_engine *engine, TSEGO_CALL, int64_t *count, tse_error **error) {
  TSEGO_BEGIN_CALL(error);
  code = tse_tick(engine, call, count, error);
  tse_call_free(TSEGO_OWNED);
  return code;
}

// ---- Leases

typedef struct tsego_leases {
  tse_leases *leases;
  tse_error *error;
  size_t count;
  tse_lease_view *views;
  tse_task_view *tasks;
} tsego_leases;

static inline void tsego_leases_free(tsego_leases *out) {
  free(out->views);
  free(out->tasks);
  tse_leases_free(out->leases);
}

static inline int32_t tsego_end_leases(tse_call *call, int32_t code, tsego_leases *out) {
  tse_call_free(call);
  if (code || !out->leases) return code;
  out->count = tse_leases_count(out->leases);
  out->views = malloc(out->count * sizeof *out->views);
  out->tasks = malloc(out->count * sizeof *out->tasks);
  if (!out->views || !out->tasks) return TSE_NO_MEMORY;
  for (size_t i = 0; i < out->count && !code; ++i) {
    out->views[i] = (tse_lease_view)TSE_LEASE_VIEW_INIT;
    out->tasks[i] = (tse_task_view)TSE_TASK_VIEW_INIT;
    code = tse_leases_lease(out->leases, i, &out->views[i]);
    if (!code) code = tse_leases_task(out->leases, i, &out->tasks[i]);
  }
  return code;
}

#define TSEGO_CLAIM _GoString_ zones, _GoString_ operations, _GoString_ worker, int64_t lease_us, int64_t limit
#define TSEGO_BEGIN_CLAIM                       \
  tse_claim_spec spec = TSE_CLAIM_SPEC_INIT;    \
  spec.zones = tsego_optional(zones);           \
  spec.operations = tsego_optional(operations); \
  spec.worker = tsego_optional(worker);         \
  spec.lease_us = lease_us;                     \
  spec.limit = limit

static inline int32_t tsego_claim(tse_engine *engine, TSEGO_CLAIM, TSEGO_CALL, tsego_leases *out) {
  TSEGO_BEGIN_CALL(&out->error);
  TSEGO_BEGIN_CLAIM;
  return tsego_end_leases(TSEGO_OWNED, tse_claim(engine, &spec, call, &out->leases, &out->error), out);
}

static inline int32_t tsego_start_leased(tse_engine *engine, TSEGO_KEY, _GoString_ worker, int64_t lease_us, TSEGO_CALL,
                                         tsego_leases *out) {
  TSEGO_BEGIN_CALL(&out->error);
  const tse_str who = tsego_optional(worker);
  code = tse_start_leased(engine, TSEGO_KEY_TO_C, who.data, who.size, lease_us, call, &out->leases, &out->error);
  return tsego_end_leases(TSEGO_OWNED, code, out);
}

static inline int32_t tsego_heartbeat(tse_engine *engine, _GoString_ token, _GoString_ progress, TSEGO_CALL,
                                      tse_heartbeat_view *view, tse_error **error) {
  TSEGO_BEGIN_CALL(error);
  const tse_str lease = tsego_required(token);
  const tse_str shown = tsego_optional(progress);
  *view = (tse_heartbeat_view)TSE_HEARTBEAT_VIEW_INIT;
  code = tse_lease_heartbeat(engine, lease.data, lease.size, TSE_NONE, shown.data, shown.size, call, view, error);
  tse_call_free(TSEGO_OWNED);
  return code;
}

static inline int32_t tsego_lease_update(tse_engine *engine, int32_t op, _GoString_ token, TSEGO_UPDATE, TSEGO_CALL,
                                         tsego_task *out) {
  TSEGO_BEGIN_CALL(&out->error);
  TSEGO_BEGIN_UPDATE;
  const tse_str lease = tsego_required(token);
  if (op == TSEGO_ANNOTATE)
    code = tse_lease_annotate(engine, lease.data, lease.size, &update, call, &out->task, &out->error);
  else if (op == TSEGO_COMPLETE)
    code = tse_lease_complete(engine, lease.data, lease.size, &update, call, &out->task, &out->error);
  else code = tse_lease_fail(engine, lease.data, lease.size, &update, call, &out->task, &out->error);
  return tsego_end_task(TSEGO_OWNED, code, out);
}

static inline int32_t tsego_release(tse_engine *engine, _GoString_ token, int64_t delay_us, TSEGO_CALL,
                                    tsego_task *out) {
  TSEGO_BEGIN_CALL(&out->error);
  const tse_str lease = tsego_required(token);
  code = tse_lease_release(engine, lease.data, lease.size, delay_us, call, &out->task, &out->error);
  return tsego_end_task(TSEGO_OWNED, code, out);
}

// ---- Batches

static inline int32_t tsego_batch_create(tse_batch *batch, TSEGO_NEW_TASK, tse_error **error) {
  TSEGO_BEGIN_NEW_TASK;
  return tse_batch_create(batch, &spec, error);
}

static inline int32_t tsego_batch_start(tse_batch *batch, TSEGO_KEY, tse_error **error) {
  return tse_batch_start(batch, TSEGO_KEY_TO_C, error);
}

static inline int32_t tsego_batch_update(tse_batch *batch, int32_t op, TSEGO_KEY, TSEGO_UPDATE, tse_error **error) {
  TSEGO_BEGIN_UPDATE;
  if (op == TSEGO_ANNOTATE) return tse_batch_annotate(batch, TSEGO_KEY_TO_C, &update, error);
  if (op == TSEGO_COMPLETE) return tse_batch_complete(batch, TSEGO_KEY_TO_C, &update, error);
  return tse_batch_fail(batch, TSEGO_KEY_TO_C, &update, error);
}

static inline int32_t tsego_batch_lease_update(tse_batch *batch, int32_t op, _GoString_ token, TSEGO_UPDATE,
                                               tse_error **error) {
  TSEGO_BEGIN_UPDATE;
  const tse_str lease = tsego_required(token);
  if (op == TSEGO_COMPLETE) return tse_batch_lease_complete(batch, lease.data, lease.size, &update, error);
  return tse_batch_lease_fail(batch, lease.data, lease.size, &update, error);
}

typedef struct tsego_result {
  int32_t code;
  tse_error *error;
  tse_task_view task;
} tsego_result;

typedef struct tsego_results {
  tse_results *results;
  tse_error *error;
  size_t count;
  tsego_result *each;
} tsego_results;

static inline void tsego_results_free(tsego_results *out) {
  free(out->each);
  tse_results_free(out->results);
}

// The room for the views is made first: once the changes are done, nothing can fail any more.
static inline int32_t tsego_batch_run(tse_engine *engine, const tse_batch *batch, TSEGO_CALL, tsego_results *out) {
  const size_t count = tse_batch_count(batch);
  if (count) {
    out->each = calloc(count, sizeof *out->each);
    if (!out->each) return TSE_NO_MEMORY;
  }
  TSEGO_BEGIN_CALL(&out->error);
  code = tse_batch_run(engine, batch, call, &out->results, &out->error);
  tse_call_free(TSEGO_OWNED);
  if (code) return code;
  out->count = tse_results_count(out->results);
  for (size_t i = 0; i < out->count; ++i) {
    out->each[i].task = (tse_task_view)TSE_TASK_VIEW_INIT;
    out->each[i].code = tse_results_get(out->results, i, &out->each[i].task, &out->each[i].error);
  }
  return TSE_OK;
}

// ---- Watches

static inline int32_t tsego_watch_task(tse_watch *watch, TSEGO_KEY, int64_t revision, int64_t tag, tse_error **error) {
  return tse_watch_task(watch, TSEGO_KEY_TO_C, revision, tag, error);
}

static inline int32_t tsego_watch_forget(tse_watch *watch, TSEGO_KEY, int64_t tag, tse_error **error) {
  return tse_watch_forget(watch, TSEGO_KEY_TO_C, tag, error);
}

static inline int32_t tsego_watch_changes(tse_engine *engine, _GoString_ zone_id, tse_watch **watch,
                                          tse_error **error) {
  const tse_str zone = tsego_optional(zone_id);
  int32_t code = tse_watch_new(engine, watch, error);
  return code ? code : tse_watch_changes(*watch, zone.data, zone.size, error);
}

static inline int32_t tsego_watch(tse_engine *engine, TSEGO_CLAIM, tse_watch **watch, tse_error **error) {
  TSEGO_BEGIN_CLAIM;
  int32_t code = tse_watch_new(engine, watch, error);
  return code ? code : tse_watch_claim(*watch, &spec, error);
}

// ---- Lists, histories, reports: the views of all elements in one array

typedef struct tsego_page {
  tse_page *page;
  tse_error *error;
  tse_page_view view;
  tse_task_view *tasks;
} tsego_page;

static inline void tsego_page_free(tsego_page *out) {
  free(out->tasks);
  tse_page_free(out->page);
}

static inline int32_t tsego_list(tse_engine *engine, _GoString_ zone_id, int32_t statuses, _GoString_ operation,
                                 _GoString_ install_id, _GoString_ package_id, _GoString_ failure_kind,
                                 _GoString_ worker, _GoString_ ref, _GoString_ client_request_id, int64_t created_from,
                                 int64_t created_until, int64_t limit, _GoString_ after, _GoString_ before,
                                 int32_t with_total, int32_t all_zones, TSEGO_CALL, tsego_page *out) {
  TSEGO_BEGIN_CALL(&out->error);
  tse_list_query query = TSE_LIST_QUERY_INIT;
  query.zone_id = all_zones ? tsego_optional(zone_id) : tsego_required(zone_id);
  query.failure_kind = tsego_optional(failure_kind);
  query.worker = tsego_optional(worker);
  query.ref = tsego_optional(ref);
  query.client_request_id = tsego_optional(client_request_id);
  query.statuses = statuses;
  query.operation = tsego_optional(operation);
  query.install_id = tsego_optional(install_id);
  query.package_id = tsego_optional(package_id);
  query.created_from = created_from;
  query.created_until = created_until;
  query.limit = limit;
  query.after = tsego_optional(after);
  query.before = tsego_optional(before);
  query.with_total = with_total;
  code = tse_list(engine, &query, call, &out->page, &out->error);
  tse_call_free(TSEGO_OWNED);
  if (code) return code;
  out->view = (tse_page_view)TSE_PAGE_VIEW_INIT;
  code = tse_page_get(out->page, &out->view);
  if (code || !out->view.count) return code;
  out->tasks = malloc(out->view.count * sizeof *out->tasks);
  if (!out->tasks) return TSE_NO_MEMORY;
  for (size_t i = 0; i < out->view.count && !code; ++i) {
    out->tasks[i] = (tse_task_view)TSE_TASK_VIEW_INIT;
    code = tse_page_task(out->page, i, &out->tasks[i]);
  }
  return code;
}

typedef struct tsego_history {
  tse_history *history;
  tse_error *error;
  size_t count;
  tse_event_view *events;
} tsego_history;

static inline void tsego_history_free(tsego_history *out) {
  free(out->events);
  tse_history_free(out->history);
}

static inline int32_t tsego_history_read(tse_engine *engine, TSEGO_KEY, int64_t limit, _GoString_ after, TSEGO_CALL,
                                         tsego_history *out) {
  TSEGO_BEGIN_CALL(&out->error);
  const tse_str cursor = tsego_optional(after);
  code = tse_history_read(engine, TSEGO_KEY_TO_C, limit, cursor.data, cursor.size, call, &out->history, &out->error);
  tse_call_free(TSEGO_OWNED);
  if (code) return code;
  out->count = tse_history_count(out->history);
  if (!out->count) return TSE_OK;
  out->events = malloc(out->count * sizeof *out->events);
  if (!out->events) return TSE_NO_MEMORY;
  for (size_t i = 0; i < out->count && !code; ++i) {
    out->events[i] = (tse_event_view)TSE_EVENT_VIEW_INIT;
    code = tse_history_event(out->history, i, &out->events[i]);
  }
  return code;
}

typedef struct tsego_changes {
  tse_changes *changes;
  tse_error *error;
  tse_changes_view view;
  tse_event_view *events;
} tsego_changes;

static inline void tsego_changes_free(tsego_changes *out) {
  free(out->events);
  tse_changes_free(out->changes);
}

static inline int32_t tsego_changes_read(tse_engine *engine, _GoString_ zone_id, _GoString_ after, int32_t flags,
                                         int64_t limit, TSEGO_CALL, tsego_changes *out) {
  TSEGO_BEGIN_CALL(&out->error);
  tse_changes_spec spec = TSE_CHANGES_SPEC_INIT;
  spec.zone_id = tsego_optional(zone_id);
  spec.after = tsego_optional(after);
  spec.flags = flags;
  spec.limit = limit;
  code = tse_changes_read(engine, &spec, call, &out->changes, &out->error);
  tse_call_free(TSEGO_OWNED);
  if (code) return code;
  out->view = (tse_changes_view)TSE_CHANGES_VIEW_INIT;
  code = tse_changes_get(out->changes, &out->view);
  if (code || !out->view.count) return code;
  out->events = malloc(out->view.count * sizeof *out->events);
  if (!out->events) return TSE_NO_MEMORY;
  for (size_t i = 0; i < out->view.count && !code; ++i) {
    out->events[i] = (tse_event_view)TSE_EVENT_VIEW_INIT;
    code = tse_changes_event(out->changes, i, &out->events[i]);
  }
  return code;
}

typedef struct tsego_stats {
  tse_stats *stats;
  tse_error *error;
  tse_stats_view view;
  tse_count_view *counts;
  size_t pause_count;
  tse_pause_view *pauses;
} tsego_stats;

static inline void tsego_stats_free(tsego_stats *out) {
  free(out->counts);
  free(out->pauses);
  tse_stats_free(out->stats);
}

static inline int32_t tsego_stats_read(tse_engine *engine, _GoString_ zone_id, TSEGO_CALL, tsego_stats *out) {
  TSEGO_BEGIN_CALL(&out->error);
  const tse_str zone = tsego_optional(zone_id);
  code = tse_stats_read(engine, zone.data, zone.size, call, &out->stats, &out->error);
  tse_call_free(TSEGO_OWNED);
  if (code) return code;
  out->view = (tse_stats_view)TSE_STATS_VIEW_INIT;
  code = tse_stats_get(out->stats, &out->view);
  out->pause_count = tse_stats_pause_count(out->stats);
  if (code) return code;
  out->counts = calloc(out->view.count_count + 1, sizeof *out->counts);
  out->pauses = calloc(out->pause_count + 1, sizeof *out->pauses);
  if (!out->counts || !out->pauses) return TSE_NO_MEMORY;
  for (size_t i = 0; i < out->view.count_count && !code; ++i) {
    out->counts[i] = (tse_count_view)TSE_COUNT_VIEW_INIT;
    code = tse_stats_count(out->stats, i, &out->counts[i]);
  }
  for (size_t i = 0; i < out->pause_count && !code; ++i) {
    out->pauses[i] = (tse_pause_view)TSE_PAUSE_VIEW_INIT;
    code = tse_stats_pause(out->stats, i, &out->pauses[i]);
  }
  return code;
}

// ---- Purging, copying

static inline int32_t tsego_set_paused(tse_engine *engine, int32_t paused, _GoString_ zone_id, _GoString_ operation,
                                       TSEGO_CALL, int32_t *changed, tse_error **error) {
  TSEGO_BEGIN_CALL(error);
  tse_pause_spec spec = TSE_PAUSE_SPEC_INIT;
  spec.zone_id = tsego_optional(zone_id);
  spec.operation = tsego_optional(operation);
  code = paused ? tse_pause(engine, &spec, call, changed, error) : tse_unpause(engine, &spec, call, changed, error);
  tse_call_free(TSEGO_OWNED);
  return code;
}

static inline int32_t tsego_purge(tse_engine *engine, _GoString_ zone_id, int64_t older_than_us, int64_t limit,
                                  TSEGO_CALL, int64_t *count, tse_error **error) {
  TSEGO_BEGIN_CALL(error);
  tse_purge_spec spec = TSE_PURGE_SPEC_INIT;
  spec.zone_id = tsego_optional(zone_id);
  spec.older_than_us = older_than_us;
  spec.limit = limit;
  code = tse_purge(engine, &spec, call, count, error);
  tse_call_free(TSEGO_OWNED);
  return code;
}

static inline int32_t tsego_erase(tse_engine *engine, TSEGO_KEY, TSEGO_CALL, int32_t *erased, tse_error **error) {
  TSEGO_BEGIN_CALL(error);
  code = tse_erase(engine, TSEGO_KEY_TO_C, call, erased, error);
  tse_call_free(TSEGO_OWNED);
  return code;
}

static inline int32_t tsego_clock_ok(tse_engine *engine, TSEGO_CALL, tse_error **error) {
  TSEGO_BEGIN_CALL(error);
  code = tse_clock_ok(engine, call, error);
  tse_call_free(TSEGO_OWNED);
  return code;
}

static inline int32_t tsego_backup(tse_engine *engine, _GoString_ path, TSEGO_CALL, tse_error **error) {
  TSEGO_BEGIN_CALL(error);
  const tse_str to = tsego_required(path);
  code = tse_backup(engine, to.data, to.size, call, error);
  tse_call_free(TSEGO_OWNED);
  return code;
}

// ---- Statements of the host's own

// Begins with none.
static inline int32_t tsego_new_also(tse_call **call, tse_error **error) {
  int32_t code = tse_call_new(call, error);
  return code ? code : tse_call_clear_also(*call, error);
}
static inline int32_t tsego_also(tse_call *call, _GoString_ sql, tse_error **error) {
  const tse_str text = tsego_required(sql);
  return tse_call_also(call, text.data, text.size, error);
}
static inline int32_t tsego_bind_null(tse_call *call, _GoString_ name, tse_error **error) {
  const tse_str to = tsego_optional(name);
  return tse_call_bind_null(call, to.data, to.size, error);
}
static inline int32_t tsego_bind_int64(tse_call *call, _GoString_ name, int64_t value, tse_error **error) {
  const tse_str to = tsego_optional(name);
  return tse_call_bind_int64(call, to.data, to.size, value, error);
}
static inline int32_t tsego_bind_double(tse_call *call, _GoString_ name, double value, tse_error **error) {
  const tse_str to = tsego_optional(name);
  return tse_call_bind_double(call, to.data, to.size, value, error);
}
static inline int32_t tsego_bind_text(tse_call *call, _GoString_ name, _GoString_ value, tse_error **error) {
  const tse_str to = tsego_optional(name);
  const tse_str text = tsego_required(value);
  return tse_call_bind_text(call, to.data, to.size, text.data, text.size, error);
}
static inline int32_t tsego_bind_blob(tse_call *call, _GoString_ name, const void *data, size_t size,
                                      tse_error **error) {
  const tse_str to = tsego_optional(name);
  return tse_call_bind_blob(call, to.data, to.size, size ? data : "", size, error);
}

typedef struct tsego_report {
  tse_report *report;
  tse_error *error;
  tse_report_view view;
  tse_str *problems;
} tsego_report;

static inline void tsego_report_free(tsego_report *out) {
  free(out->problems);
  tse_report_free(out->report);
}

static inline int32_t tsego_verify(tse_engine *engine, TSEGO_CALL, tsego_report *out) {
  TSEGO_BEGIN_CALL(&out->error);
  code = tse_verify(engine, call, &out->report, &out->error);
  tse_call_free(TSEGO_OWNED);
  if (code) return code;
  out->view = (tse_report_view)TSE_REPORT_VIEW_INIT;
  code = tse_report_get(out->report, &out->view);
  if (code || !out->view.problem_count) return code;
  out->problems = malloc(out->view.problem_count * sizeof *out->problems);
  if (!out->problems) return TSE_NO_MEMORY;
  for (size_t i = 0; i < out->view.problem_count && !code; ++i)
    code = tse_report_problem(out->report, i, &out->problems[i]);
  return code;
}

// ---- Answers

typedef struct tsego_answer {
  tse_answer *answer;
  tse_error *error;
  tse_answer_view view;
} tsego_answer;

// A header that is present with an empty value is not an absent one.
#define TSEGO_REQUEST                                                                                       \
  _GoString_ method, _GoString_ client_request_id, int32_t has_client_request_id, _GoString_ if_none_match, \
      int32_t has_if_none_match, _GoString_ path, int32_t completed, _GoString_ prefer
#define TSEGO_BEGIN_REQUEST                                                                 \
  tse_request request = TSE_REQUEST_INIT;                                                   \
  request.method = tsego_optional(method);                                                  \
  if (has_client_request_id) request.client_request_id = tsego_required(client_request_id); \
  if (has_if_none_match) request.if_none_match = tsego_required(if_none_match);             \
  request.path = tsego_optional(path);                                                      \
  request.completed = completed;                                                            \
  request.prefer = tsego_optional(prefer);                                                  \
  request.wait_elsewhere = 1

static inline int32_t tsego_end_answer(int32_t code, tsego_answer *out) {
  if (code) return code;
  out->view = (tse_answer_view)TSE_ANSWER_VIEW_INIT;
  return tse_answer_get(out->answer, &out->view);
}

static inline int32_t tsego_decide(tse_engine *engine, TSEGO_KEY, TSEGO_REQUEST, TSEGO_CALL, tsego_answer *out) {
  TSEGO_BEGIN_CALL(&out->error);
  TSEGO_BEGIN_REQUEST;
  code = tse_answer_new(&out->answer, &out->error);
  if (!code) code = tse_decide(engine, TSEGO_KEY_TO_C, &request, call, out->answer, &out->error);
  tse_call_free(TSEGO_OWNED);
  return tsego_end_answer(code, out);
}

// Without a call's options, since it neither waits nor records anything. "" is absent.
static inline int32_t tsego_decide_kept(tse_engine *engine, _GoString_ zone_id, _GoString_ id, _GoString_ method,
                                        _GoString_ client_request_id, _GoString_ if_none_match, int32_t completed,
                                        tsego_answer *out) {
  tse_request request = TSE_REQUEST_INIT;
  request.method = tsego_optional(method);
  request.client_request_id = tsego_optional(client_request_id);
  request.if_none_match = tsego_optional(if_none_match);
  request.completed = completed;
  request.kept_only = 1;
  int32_t code = out->answer ? TSE_OK : tse_answer_new(&out->answer, NULL);
  if (!code) code = tse_decide(engine, TSEGO_KEY_TO_C, &request, NULL, out->answer, NULL);
  return tsego_end_answer(code, out);
}

// The Go side keeps a task as a value: its wire form makes it a task of the library's again.
static inline int32_t tsego_accept_task(tse_engine *engine, _GoString_ zone_id, _GoString_ json, TSEGO_REQUEST,
                                        tsego_answer *out) {
  TSEGO_BEGIN_REQUEST;
  const tse_str zone = tsego_required(zone_id);
  const tse_str text = tsego_required(json);
  tse_task *task = NULL;
  int32_t code = tse_answer_new(&out->answer, &out->error);
  if (!code) code = tse_task_from_json(zone.data, zone.size, text.data, text.size, &task, &out->error);
  if (!code) code = tse_accept(engine, task, NULL, &request, out->answer, &out->error);
  tse_task_free(task);
  return tsego_end_answer(code, out);
}

static inline int32_t tsego_accept_failure(tse_engine *engine, const tse_error *failure, TSEGO_REQUEST,
                                           tsego_answer *out) {
  TSEGO_BEGIN_REQUEST;
  int32_t code = tse_answer_new(&out->answer, &out->error);
  if (!code) code = tse_accept(engine, NULL, failure, &request, out->answer, &out->error);
  return tsego_end_answer(code, out);
}

// ---- Callbacks: user data is the number of a handle in Go's registry, never a pointer

extern void tsegoLog(uintptr_t handle, int32_t level, char *line, size_t size);
extern int64_t tsegoClock(uintptr_t handle);
extern void tsegoID(uintptr_t handle, int32_t kind, uint8_t *uuid16);
extern void tsegoRelease(uintptr_t handle);

static inline void tsego_on_log(void *user, int32_t level, const char *line, size_t size) {
  tsegoLog((uintptr_t)user, level, (char *)line, size);
}
static inline int64_t tsego_on_clock(void *user) { return tsegoClock((uintptr_t)user); }
static inline void tsego_on_id(void *user, int32_t kind, uint8_t *uuid16) { tsegoID((uintptr_t)user, kind, uuid16); }
static inline void tsego_on_release(void *user) { tsegoRelease((uintptr_t)user); }

static inline int32_t tsego_set_log(tse_options *options, uintptr_t handle, tse_error **error) {
  return tse_options_set_log_callback(options, tsego_on_log, (void *)handle, tsego_on_release, error);
}
static inline int32_t tsego_set_clock(tse_options *options, uintptr_t handle, tse_error **error) {
  return tse_options_set_clock(options, tsego_on_clock, (void *)handle, tsego_on_release, error);
}
static inline int32_t tsego_set_boot_clock(tse_options *options, uintptr_t handle, tse_error **error) {
  return tse_options_set_boot_clock(options, tsego_on_clock, (void *)handle, tsego_on_release, error);
}
static inline int32_t tsego_set_ids(tse_options *options, uintptr_t handle, tse_error **error) {
  return tse_options_set_ids(options, tsego_on_id, (void *)handle, tsego_on_release, error);
}

// ---- Text settings, which take views of Go strings

static inline int32_t tsego_open(_GoString_ path, const tse_options *options, tse_engine **engine, tse_error **error) {
  const tse_str text = tsego_required(path);
  return tse_open(text.data, text.size, options, engine, error);
}

static inline int32_t tsego_migrate(_GoString_ path, const tse_options *options, TSEGO_CALL,
                                    tse_migration_view *migration, tse_error **error) {
  TSEGO_BEGIN_CALL(error);
  const tse_str text = tsego_required(path);
  const tse_migration_view none = TSE_MIGRATION_VIEW_INIT;
  *migration = none;
  code = tse_migrate(text.data, text.size, options, call, migration, error);
  tse_call_free(TSEGO_OWNED);
  return code;
}

#define TSEGO_TEXT_SETTER(name, setter)                                                   \
  static inline int32_t name(tse_options *options, _GoString_ value, tse_error **error) { \
    const tse_str text = tsego_required(value);                                           \
    return setter(options, text.data, text.size, error);                                  \
  }
TSEGO_TEXT_SETTER(tsego_add_operation, tse_options_add_operation)
TSEGO_TEXT_SETTER(tsego_set_location, tse_options_set_location)
TSEGO_TEXT_SETTER(tsego_set_status_url, tse_options_set_status_url)
TSEGO_TEXT_SETTER(tsego_set_log_file, tse_options_set_log_file)
TSEGO_TEXT_SETTER(tsego_set_boot_id, tse_options_set_boot_id)

#include "internal.h"

#include <string.h>

static int32_t put_event(tspy_result *result, const tse_event_view *event) {
  const int64_t numbers[] = {event->sequence, event->from_status, event->to_status, event->at,
                             event->revision, event->attempt,     event->epoch};
  const tse_str texts[] = {event->zone_id,     event->id,      event->kind,   event->worker,  event->request_id,
                           event->traceparent, event->message, event->detail, event->position};
  return tspy_put_record(result, numbers, COUNT(numbers), texts, COUNT(texts));
}

static int32_t put_texts(tspy_result *result, tse_str first, tse_str second) {
  const tse_str texts[] = {first, second};
  return tspy_put_record(result, NULL, 0, texts, COUNT(texts));
}

int32_t tspy_read_error(const tse_error *error, tspy_result *result) {
  tspy_clear(result);
  tse_error_view view = TSE_ERROR_VIEW_INIT;
  int32_t code = tse_error_get(error, &view);
  if (code) return code;
  const int64_t numbers[] = {view.code, view.outcome};
  const tse_str texts[] = {view.field, view.message};
  code = tspy_put_record(result, numbers, COUNT(numbers), texts, COUNT(texts));
  for (size_t i = 0; !code && i < view.detail_count; ++i) {
    tse_error_detail_view detail = TSE_ERROR_DETAIL_VIEW_INIT;
    code = tse_error_detail(error, i, &detail);
    if (!code) code = put_texts(result, detail.field, detail.message);
  }
  return code;
}

int32_t tspy_make_call(int64_t timeout_us, const tse_cancel_token *cancel, const char *request_id,
                       size_t request_id_size, const char *traceparent, size_t traceparent_size, const char *actor,
                       size_t actor_size, tse_call **call, tspy_result *result) {
  tspy_clear(result);
  tse_call *made = NULL;
  tse_error **error = &result->error;
  int32_t code = tse_call_new(&made, error);
  if (!code && timeout_us != TSE_NONE) code = tse_call_set_timeout(made, timeout_us, error);
  if (!code && cancel) code = tse_call_set_cancel_token(made, cancel, error);
  if (!code && request_id) code = tse_call_set_request_id(made, request_id, request_id_size, error);
  if (!code && traceparent) code = tse_call_set_traceparent(made, traceparent, traceparent_size, error);
  if (!code && actor) code = tse_call_set_actor(made, actor, actor_size, error);
  if (code) {
    tse_call_free(made);
  } else {
    *call = made;
  }
  return code;
}

/* ---- Tasks --------------------------------------------------------------------------------- */

int32_t tspy_create(tse_engine *engine, tse_batch *batch, const char *zone_id, size_t zone_id_size, const char *id,
                    size_t id_size, const char *operation, size_t operation_size, const char *install_id,
                    size_t install_id_size, const char *package_id, size_t package_id_size, const char *package_slug,
                    size_t package_slug_size, int64_t package_version, const char *links, size_t links_size,
                    const char *warnings, size_t warnings_size, const char *payload, size_t payload_size,
                    int64_t not_before, int64_t start_within_us, int64_t max_attempts, const char *idempotency_key,
                    size_t idempotency_key_size, const char *retry_of, size_t retry_of_size, int64_t priority,
                    const char *ref, size_t ref_size, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = text(zone_id, zone_id_size);
  spec.id = text(id, id_size);
  spec.operation = text(operation, operation_size);
  spec.install_id = text(install_id, install_id_size);
  spec.package_id = text(package_id, package_id_size);
  spec.package_slug = text(package_slug, package_slug_size);
  spec.package_version = package_version;
  spec.links = text(links, links_size);
  spec.warnings = text(warnings, warnings_size);
  spec.payload = text(payload, payload_size);
  spec.not_before = not_before;
  spec.start_within_us = start_within_us;
  spec.max_attempts = max_attempts;
  spec.idempotency_key = text(idempotency_key, idempotency_key_size);
  spec.retry_of = text(retry_of, retry_of_size);
  spec.priority = priority;
  spec.ref = text(ref, ref_size);
  if (batch) return tse_batch_create(batch, &spec, &result->error);
  tse_task *task = NULL;
  const int32_t code = tse_create(engine, &spec, call, &task, &result->error);
  return tspy_take_task(result, code, task);
}

int32_t tspy_start(tse_engine *engine, tse_batch *batch, const char *zone_id, size_t zone_id_size, const char *id,
                   size_t id_size, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  if (batch) return tse_batch_start(batch, zone_id, zone_id_size, id, id_size, &result->error);
  tse_task *task = NULL;
  const int32_t code = tse_start(engine, zone_id, zone_id_size, id, id_size, call, &task, &result->error);
  return tspy_take_task(result, code, task);
}

static int32_t change_by_key(tse_engine *engine, int32_t change, tse_str zone_id, tse_str id, const tse_update *update,
                             const tse_call *call, tse_task **task, tse_error **error) {
  switch (change) {
    case TSPY_ANNOTATE:
      return tse_annotate(engine, zone_id.data, zone_id.size, id.data, id.size, update, call, task, error);
    case TSPY_COMPLETE:
      return tse_complete(engine, zone_id.data, zone_id.size, id.data, id.size, update, call, task, error);
    default: return tse_fail(engine, zone_id.data, zone_id.size, id.data, id.size, update, call, task, error);
  }
}

static int32_t change_by_lease(tse_engine *engine, int32_t change, tse_str token, const tse_update *update,
                               const tse_call *call, tse_task **task, tse_error **error) {
  switch (change) {
    case TSPY_ANNOTATE: return tse_lease_annotate(engine, token.data, token.size, update, call, task, error);
    case TSPY_COMPLETE: return tse_lease_complete(engine, token.data, token.size, update, call, task, error);
    default: return tse_lease_fail(engine, token.data, token.size, update, call, task, error);
  }
}

static int32_t add_by_key(tse_batch *batch, int32_t change, tse_str zone_id, tse_str id, const tse_update *update,
                          tse_error **error) {
  switch (change) {
    case TSPY_ANNOTATE: return tse_batch_annotate(batch, zone_id.data, zone_id.size, id.data, id.size, update, error);
    case TSPY_COMPLETE: return tse_batch_complete(batch, zone_id.data, zone_id.size, id.data, id.size, update, error);
    default: return tse_batch_fail(batch, zone_id.data, zone_id.size, id.data, id.size, update, error);
  }
}

static int32_t add_by_lease(tse_batch *batch, int32_t change, tse_str token, const tse_update *update,
                            tse_error **error) {
  return change == TSPY_COMPLETE ? tse_batch_lease_complete(batch, token.data, token.size, update, error)
                                 : tse_batch_lease_fail(batch, token.data, token.size, update, error);
}

int32_t tspy_update(tse_engine *engine, tse_batch *batch, int32_t change, const char *zone_id, size_t zone_id_size,
                    const char *id, size_t id_size, const char *token, size_t token_size, const char *install_id,
                    size_t install_id_size, const char *package_id, size_t package_id_size, const char *package_slug,
                    size_t package_slug_size, int64_t package_version, const char *links, size_t links_size,
                    const char *warnings, size_t warnings_size, const char *error_message, size_t error_message_size,
                    const char *error_detail, size_t error_detail_size, const char *stored, size_t stored_size,
                    const char *media_type, size_t media_type_size, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_update update = TSE_UPDATE_INIT;
  update.install_id = text(install_id, install_id_size);
  update.package_id = text(package_id, package_id_size);
  update.package_slug = text(package_slug, package_slug_size);
  update.package_version = package_version;
  update.links = text(links, links_size);
  update.warnings = text(warnings, warnings_size);
  update.error_message = text(error_message, error_message_size);
  update.error_detail = text(error_detail, error_detail_size);
  update.result = text(stored, stored_size);
  update.media_type = text(media_type, media_type_size);
  if (batch) {
    return token ? add_by_lease(batch, change, text(token, token_size), &update, &result->error)
                 : add_by_key(batch, change, text(zone_id, zone_id_size), text(id, id_size), &update, &result->error);
  }
  tse_task *task = NULL;
  const int32_t code =
      token ? change_by_lease(engine, change, text(token, token_size), &update, call, &task, &result->error)
            : change_by_key(engine, change, text(zone_id, zone_id_size), text(id, id_size), &update, call, &task,
                            &result->error);
  return tspy_take_task(result, code, task);
}

int32_t tspy_cancel(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                    int32_t flags, const char *reason, size_t reason_size, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_task *task = NULL;
  const int32_t code =
      tse_cancel(engine, zone_id, zone_id_size, id, id_size, flags, reason, reason_size, call, &task, &result->error);
  return tspy_take_task(result, code, task);
}

int32_t tspy_reprioritize(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                          int64_t priority, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_task *task = NULL;
  const int32_t code =
      tse_reprioritize(engine, zone_id, zone_id_size, id, id_size, priority, call, &task, &result->error);
  return tspy_take_task(result, code, task);
}

int32_t tspy_retry(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                   int32_t flags, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_task *task = NULL;
  const int32_t code = tse_retry(engine, zone_id, zone_id_size, id, id_size, flags, call, &task, &result->error);
  return tspy_take_task(result, code, task);
}

int32_t tspy_get(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                 int32_t flags, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_task *task = NULL;
  const int32_t code = tse_get(engine, zone_id, zone_id_size, id, id_size, flags, call, &task, &result->error);
  return tspy_take_task(result, code, task);
}

int32_t tspy_stored_result(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                           const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_stored_result *stored = NULL;
  tse_stored_result_view view = TSE_STORED_RESULT_VIEW_INIT;
  int32_t code = tse_stored_result_read(engine, zone_id, zone_id_size, id, id_size, call, &stored, &result->error);
  if (!code) code = tse_stored_result_get(stored, &view);
  if (!code) code = put_texts(result, view.bytes, view.media_type);
  tse_stored_result_free(stored);
  return code;
}

int32_t tspy_wait(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                  int64_t revision, int64_t wait_us, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_task *task = NULL;
  const int32_t code =
      tse_wait(engine, zone_id, zone_id_size, id, id_size, revision, wait_us, call, &task, &result->error);
  return tspy_take_task(result, code, task);
}

int32_t tspy_parse(const char *json, size_t size, tspy_result *result) {
  tspy_clear(result);
  tse_task *task = NULL;
  const int32_t code = tse_task_from_json(NULL, 0, json, size, &task, &result->error);
  return tspy_take_task(result, code, task);
}

int32_t tspy_validate(const char *json, size_t size, tspy_result *result) {
  tspy_clear(result);
  tse_task *task = NULL;
  int32_t code = tse_task_from_json(NULL, 0, json, size, &task, &result->error);
  if (!code) code = tse_task_validate(task, &result->error);
  tse_task_free(task);
  return code;
}

/* ---- Many at once -------------------------------------------------------------------------- */

static int32_t put_page(tspy_result *result, const tse_page *page) {
  tse_page_view view = TSE_PAGE_VIEW_INIT;
  int32_t code = tse_page_get(page, &view);
  if (code) return code;
  const int64_t numbers[] = {view.total_count};
  const tse_str texts[] = {view.after_cursor, view.before_cursor};
  code = tspy_put_record(result, numbers, COUNT(numbers), texts, COUNT(texts));
  for (size_t i = 0; !code && i < view.count; ++i) {
    tse_task_view task = TSE_TASK_VIEW_INIT;
    code = tse_page_task(page, i, &task);
    if (!code) code = tspy_put_task(result, &task);
  }
  return code;
}

int32_t tspy_list(tse_engine *engine, const char *zone_id, size_t zone_id_size, int32_t statuses, const char *operation,
                  size_t operation_size, const char *install_id, size_t install_id_size, const char *package_id,
                  size_t package_id_size, const char *failure_kind, size_t failure_kind_size, const char *worker,
                  size_t worker_size, const char *ref, size_t ref_size, const char *client_request_id,
                  size_t client_request_id_size, int64_t created_from, int64_t created_until, int64_t limit,
                  const char *after, size_t after_size, const char *before, size_t before_size, int32_t with_total,
                  const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_list_query query = TSE_LIST_QUERY_INIT;
  query.zone_id = text(zone_id, zone_id_size);
  query.statuses = statuses;
  query.operation = text(operation, operation_size);
  query.install_id = text(install_id, install_id_size);
  query.package_id = text(package_id, package_id_size);
  query.failure_kind = text(failure_kind, failure_kind_size);
  query.worker = text(worker, worker_size);
  query.ref = text(ref, ref_size);
  query.client_request_id = text(client_request_id, client_request_id_size);
  query.created_from = created_from;
  query.created_until = created_until;
  query.limit = limit;
  query.after = text(after, after_size);
  query.before = text(before, before_size);
  query.with_total = with_total;
  tse_page *page = NULL;
  int32_t code = tse_list(engine, &query, call, &page, &result->error);
  if (!code) code = put_page(result, page);
  tse_page_free(page);
  return code;
}

int32_t tspy_history(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                     int64_t limit, const char *after, size_t after_size, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_history *history = NULL;
  int32_t code = tse_history_read(engine, zone_id, zone_id_size, id, id_size, limit, after, after_size, call, &history,
                                  &result->error);
  const tse_str cursor = tse_history_after_cursor(history);
  if (!code) code = tspy_put_record(result, NULL, 0, &cursor, 1);
  const size_t count = tse_history_count(history);
  for (size_t i = 0; !code && i < count; ++i) {
    tse_event_view event = TSE_EVENT_VIEW_INIT;
    code = tse_history_event(history, i, &event);
    if (!code) code = put_event(result, &event);
  }
  tse_history_free(history);
  return code;
}

static int32_t put_changes(tspy_result *result, const tse_changes *changes) {
  tse_changes_view view = TSE_CHANGES_VIEW_INIT;
  int32_t code = tse_changes_get(changes, &view);
  if (!code) code = tspy_put_record(result, &view.purged_through, 1, &view.position, 1);
  for (size_t i = 0; !code && i < view.count; ++i) {
    tse_event_view event = TSE_EVENT_VIEW_INIT;
    code = tse_changes_event(changes, i, &event);
    if (!code) code = put_event(result, &event);
  }
  return code;
}

int32_t tspy_changes(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *after, size_t after_size,
                     int32_t flags, int64_t limit, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_changes_spec spec = TSE_CHANGES_SPEC_INIT;
  spec.zone_id = text(zone_id, zone_id_size);
  spec.after = text(after, after_size);
  spec.flags = flags;
  spec.limit = limit;
  tse_changes *changes = NULL;
  int32_t code = tse_changes_read(engine, &spec, call, &changes, &result->error);
  if (!code) code = put_changes(result, changes);
  tse_changes_free(changes);
  return code;
}

static int32_t put_report(tspy_result *result, const tse_report *report) {
  tse_report_view view = TSE_REPORT_VIEW_INIT;
  int32_t code = tse_report_get(report, &view);
  if (code) return code;
  const int64_t numbers[] = {view.ok, view.task_count, view.event_count};
  code = tspy_put_record(result, numbers, COUNT(numbers), &view.text, 1);
  for (size_t i = 0; !code && i < view.problem_count; ++i) {
    tse_str problem = {NULL, 0};
    code = tse_report_problem(report, i, &problem);
    if (!code) code = tspy_put_record(result, NULL, 0, &problem, 1);
  }
  return code;
}

int32_t tspy_verify(tse_engine *engine, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_report *report = NULL;
  int32_t code = tse_verify(engine, call, &report, &result->error);
  if (!code) code = put_report(result, report);
  tse_report_free(report);
  return code;
}

/* ---- The file ------------------------------------------------------------------------------ */

int32_t tspy_purge(tse_engine *engine, const char *zone_id, size_t zone_id_size, int64_t older_than_us, int64_t limit,
                   const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_purge_spec spec = TSE_PURGE_SPEC_INIT;
  spec.zone_id = text(zone_id, zone_id_size);
  spec.older_than_us = older_than_us;
  spec.limit = limit;
  int64_t count = 0;
  const int32_t code = tse_purge(engine, &spec, call, &count, &result->error);
  return code ? code : tspy_put_record(result, &count, 1, NULL, 0);
}

int32_t tspy_erase(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                   const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  int32_t erased = 0;
  const int32_t code = tse_erase(engine, zone_id, zone_id_size, id, id_size, call, &erased, &result->error);
  const int64_t number = erased;
  return code ? code : tspy_put_record(result, &number, 1, NULL, 0);
}

/* Two records: the bounds; then the count, the sum and the count of each bucket. */
static int32_t put_histogram(tspy_result *result, const tse_histogram *from) {
  int64_t numbers[2 + 64];
  if (from->bound_count >= 64) return TSE_INTERNAL;
  numbers[0] = from->count;
  numbers[1] = from->sum_us;
  memcpy(numbers + 2, from->counts, (from->bound_count + 1) * sizeof *numbers);
  const int32_t code = tspy_put_record(result, from->bounds_us, from->bound_count, NULL, 0);
  return code ? code : tspy_put_record(result, numbers, from->bound_count + 3, NULL, 0);
}

static int32_t put_stats(tspy_result *result, const tse_stats *stats) {
  tse_stats_view view = TSE_STATS_VIEW_INIT;
  int32_t code = tse_stats_get(stats, &view);
  if (code) return code;
  const int64_t numbers[] = {view.pending,
                             view.running,
                             view.completed,
                             view.failed,
                             view.file_bytes,
                             view.free_bytes,
                             view.wal_bytes,
                             view.last_sequence,
                             view.commits,
                             view.changes,
                             view.largest_group,
                             view.checkpoints,
                             view.lock_waits,
                             view.lock_wait_us,
                             view.waiters,
                             view.cache_hits,
                             view.cache_misses,
                             view.cache_entries,
                             view.cache_bytes,
                             view.durability,
                             view.leases_incomparable,
                             view.lease_clocks_incomparable,
                             view.expiry_paused,
                             view.leases_lost,
                             view.failures_failed,
                             view.failures_cancelled,
                             view.failures_expired,
                             view.failures_lost};
  const char *openmetrics = tse_stats_text(stats);
  const tse_str texts[] = {view.lease_clock, view.answer_proof, view.sqlite_version, view.locks,
                           text(openmetrics, strlen(openmetrics))};
  code = tspy_put_record(result, numbers, COUNT(numbers), texts, COUNT(texts));
  if (!code) code = put_histogram(result, &view.waiting_time);
  if (!code) code = put_histogram(result, &view.running_time);
  const size_t pauses = tse_stats_pause_count(stats);
  const int64_t following[] = {(int64_t)view.count_count, (int64_t)pauses};
  if (!code) code = tspy_put_record(result, following, COUNT(following), NULL, 0);
  for (size_t i = 0; !code && i < view.count_count; ++i) {
    tse_count_view count = TSE_COUNT_VIEW_INIT;
    code = tse_stats_count(stats, i, &count);
    const int64_t figures[] = {count.status, count.count};
    const tse_str names[] = {count.zone_id, count.operation};
    if (!code) code = tspy_put_record(result, figures, COUNT(figures), names, COUNT(names));
  }
  for (size_t i = 0; !code && i < pauses; ++i) {
    tse_pause_view pause = TSE_PAUSE_VIEW_INIT;
    code = tse_stats_pause(stats, i, &pause);
    const tse_str names[] = {pause.zone_id, pause.operation, pause.actor};
    if (!code) code = tspy_put_record(result, &pause.since, 1, names, COUNT(names));
  }
  return code;
}

int32_t tspy_set_paused(tse_engine *engine, int32_t paused, const char *zone_id, size_t zone_id_size,
                        const char *operation, size_t operation_size, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_pause_spec spec = TSE_PAUSE_SPEC_INIT;
  spec.zone_id = text(zone_id, zone_id_size);
  spec.operation = text(operation, operation_size);
  int32_t changed = 0;
  int32_t code = paused ? tse_pause(engine, &spec, call, &changed, &result->error)
                        : tse_unpause(engine, &spec, call, &changed, &result->error);
  const int64_t number = changed;
  if (!code) code = tspy_put_record(result, &number, 1, NULL, 0);
  return code;
}

int32_t tspy_stats(tse_engine *engine, const char *zone_id, size_t zone_id_size, const tse_call *call,
                   tspy_result *result) {
  tspy_clear(result);
  tse_stats *stats = NULL;
  int32_t code = tse_stats_read(engine, zone_id, zone_id_size, call, &stats, &result->error);
  if (!code) code = put_stats(result, stats);
  tse_stats_free(stats);
  return code;
}

/* ---- HTTP answers -------------------------------------------------------------------------- */

static int32_t put_answer(tspy_result *result) {
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  int32_t code = tse_answer_get(result->answer, &view);
  if (code) return code;
  const int64_t numbers[] = {view.status, view.wait_us, view.revision};
  code = tspy_put_record(result, numbers, COUNT(numbers), &view.body, 1);
  for (size_t i = 0; !code && i < view.header_count; ++i) {
    code = put_texts(result, view.headers[i].name, view.headers[i].value);
  }
  return code;
}

static int32_t need_answer(tspy_result *result) {
  return result->answer ? TSE_OK : tse_answer_new(&result->answer, &result->error);
}

int32_t tspy_decide(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                    const char *method, size_t method_size, const char *client_request_id,
                    size_t client_request_id_size, const char *if_none_match, size_t if_none_match_size,
                    const char *prefer, size_t prefer_size, const char *path, size_t path_size, int32_t completed,
                    int32_t wait_elsewhere, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_request request = TSE_REQUEST_INIT;
  request.method = text(method, method_size);
  request.client_request_id = text(client_request_id, client_request_id_size);
  request.if_none_match = text(if_none_match, if_none_match_size);
  request.path = text(path, path_size);
  request.completed = completed;
  request.prefer = text(prefer, prefer_size);
  request.wait_elsewhere = wait_elsewhere;
  int32_t code = need_answer(result);
  if (!code) {
    code = tse_decide(engine, zone_id, zone_id_size, id, id_size, &request, call, result->answer, &result->error);
  }
  return code ? code : put_answer(result);
}

int32_t tspy_accept(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *json, size_t json_size,
                    const tse_error *failure, const char *method, size_t method_size, const char *client_request_id,
                    size_t client_request_id_size, const char *path, size_t path_size, tspy_result *result) {
  tspy_clear(result);
  tse_request request = TSE_REQUEST_INIT;
  request.method = text(method, method_size);
  request.client_request_id = text(client_request_id, client_request_id_size);
  request.path = text(path, path_size);
  tse_task *task = NULL;
  int32_t code = need_answer(result);
  if (!code && !failure) code = tse_task_from_json(zone_id, zone_id_size, json, json_size, &task, &result->error);
  if (!code) code = tse_accept(engine, task, failure, &request, result->answer, &result->error);
  tse_task_free(task);
  return code ? code : put_answer(result);
}

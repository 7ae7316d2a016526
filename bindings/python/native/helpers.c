#include "helpers.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A result that once held something large gives its buffer back at the next call. */
static const size_t kept_capacity = (size_t)1 << 16;

/* ---- Records ------------------------------------------------------------------------------- */

tspy_result *tspy_result_new(void) { return calloc(1, sizeof(tspy_result)); }

static void clear(tspy_result *result) {
  tse_error_free(result->error);
  result->error = NULL;
  result->size = 0;
  if (result->capacity > kept_capacity) {
    free(result->data);
    result->data = NULL;
    result->capacity = 0;
  }
}

void tspy_result_free(tspy_result *result) {
  if (!result) return;
  clear(result);
  tse_answer_free(result->answer);
  free(result->data);
  free(result);
}

static int reserve(tspy_result *result, size_t more) {
  if (more <= result->capacity - result->size) return 1;
  size_t capacity = result->capacity ? result->capacity : 1024;
  while (capacity - result->size < more) capacity *= 2;
  char *data = realloc(result->data, capacity);
  if (!data) return 0;
  result->data = data;
  result->capacity = capacity;
  return 1;
}

static void put_number(tspy_result *result, int64_t number) {
  memcpy(result->data + result->size, &number, sizeof number);
  result->size += sizeof number;
}

static int32_t put_record(tspy_result *result, const int64_t *numbers, size_t number_count, const tse_str *texts,
                          size_t text_count) {
  const size_t head = sizeof(int64_t) * (1 + number_count + 2 * text_count);
  size_t total = head;
  for (size_t i = 0; i < text_count; ++i) total += texts[i].data ? texts[i].size : 0;
  if (!reserve(result, total)) return TSE_NO_MEMORY;

  put_number(result, (int64_t)total);
  for (size_t i = 0; i < number_count; ++i) put_number(result, numbers[i]);
  size_t begin = head;
  for (size_t i = 0; i < text_count; ++i) {
    const size_t end = begin + texts[i].size;
    put_number(result, texts[i].data ? (int64_t)begin : -1);
    put_number(result, texts[i].data ? (int64_t)end : -1);
    if (texts[i].data) begin = end;
  }
  for (size_t i = 0; i < text_count; ++i) {
    if (!texts[i].data || !texts[i].size) continue;
    memcpy(result->data + result->size, texts[i].data, texts[i].size);
    result->size += texts[i].size;
  }
  return TSE_OK;
}

static int32_t put_task(tspy_result *result, const tse_task_view *task) {
  const int64_t numbers[] = {task->created_at, task->updated_at, task->status, task->package_version, task->revision};
  const tse_str texts[] = {task->zone_id,           task->id,          task->operation,    task->error_message,
                           task->install_id,        task->links,       task->package_id,   task->package_slug,
                           task->warnings,          task->json,        task->error_detail, task->failure_kind,
                           task->client_request_id, task->traceparent, task->payload};
  return put_record(result, numbers, COUNT(numbers), texts, COUNT(texts));
}

static int32_t put_event(tspy_result *result, const tse_event_view *event) {
  const int64_t numbers[] = {event->sequence, event->from_status, event->to_status, event->at,
                             event->revision, event->attempt,     event->epoch};
  const tse_str texts[] = {event->kind,        event->worker,  event->request_id,
                           event->traceparent, event->message, event->detail};
  return put_record(result, numbers, COUNT(numbers), texts, COUNT(texts));
}

static int32_t put_texts(tspy_result *result, tse_str first, tse_str second) {
  const tse_str texts[] = {first, second};
  return put_record(result, NULL, 0, texts, COUNT(texts));
}

int32_t tspy_read_error(const tse_error *error, tspy_result *result) {
  clear(result);
  tse_error_view view = TSE_ERROR_VIEW_INIT;
  int32_t code = tse_error_get(error, &view);
  if (code) return code;
  const int64_t numbers[] = {view.code, view.outcome};
  const tse_str texts[] = {view.field, view.message};
  code = put_record(result, numbers, COUNT(numbers), texts, COUNT(texts));
  for (size_t i = 0; !code && i < view.detail_count; ++i) {
    tse_error_detail_view detail = TSE_ERROR_DETAIL_VIEW_INIT;
    code = tse_error_detail(error, i, &detail);
    if (!code) code = put_texts(result, detail.field, detail.message);
  }
  return code;
}

/* ---- Arguments ----------------------------------------------------------------------------- */

static tse_str text(const char *data, size_t size) {
  const tse_str view = {data, size};
  return view;
}

/* What a call carries beside its arguments, as far as it is not the default: *call stays NULL then. */
static int32_t make_call(tse_call **call, int64_t timeout_us, tse_str request_id, tse_str traceparent, tse_str actor,
                         tse_error **error) {
  if (timeout_us == TSE_NONE && !request_id.data && !traceparent.data && !actor.data) return TSE_OK;
  int32_t code = tse_call_new(call, error);
  if (!code && timeout_us != TSE_NONE) code = tse_call_set_timeout(*call, timeout_us, error);
  if (!code && request_id.data) code = tse_call_set_request_id(*call, request_id.data, request_id.size, error);
  if (!code && traceparent.data) code = tse_call_set_traceparent(*call, traceparent.data, traceparent.size, error);
  if (!code && actor.data) code = tse_call_set_actor(*call, actor.data, actor.size, error);
  return code;
}

static int32_t make_read_call(tse_call **call, int64_t timeout_us, tse_error **error) {
  return make_call(call, timeout_us, text(NULL, 0), text(NULL, 0), text(NULL, 0), error);
}

/* Copies the task that a call gave, if any, and frees it. */
static int32_t take_task(tspy_result *result, int32_t code, tse_task *task) {
  if (code || !task) return code;
  tse_task_view view = TSE_TASK_VIEW_INIT;
  code = tse_task_get(task, &view);
  if (!code) code = put_task(result, &view);
  tse_task_free(task);
  return code;
}

/* ---- Tasks --------------------------------------------------------------------------------- */

int32_t tspy_create(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                    const char *operation, size_t operation_size, const char *install_id, size_t install_id_size,
                    const char *package_id, size_t package_id_size, const char *package_slug, size_t package_slug_size,
                    int64_t package_version, const char *links, size_t links_size, const char *warnings,
                    size_t warnings_size, const char *payload, size_t payload_size, int64_t timeout_us,
                    const char *request_id, size_t request_id_size, const char *traceparent, size_t traceparent_size,
                    const char *actor, size_t actor_size, tspy_result *result) {
  clear(result);
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
  tse_call *call = NULL;
  tse_task *task = NULL;
  int32_t code = make_call(&call, timeout_us, text(request_id, request_id_size), text(traceparent, traceparent_size),
                           text(actor, actor_size), &result->error);
  if (!code) code = tse_create(engine, &spec, call, &task, &result->error);
  tse_call_free(call);
  return take_task(result, code, task);
}

int32_t tspy_start(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                   int64_t timeout_us, const char *request_id, size_t request_id_size, const char *traceparent,
                   size_t traceparent_size, const char *actor, size_t actor_size, tspy_result *result) {
  clear(result);
  tse_call *call = NULL;
  tse_task *task = NULL;
  int32_t code = make_call(&call, timeout_us, text(request_id, request_id_size), text(traceparent, traceparent_size),
                           text(actor, actor_size), &result->error);
  if (!code) code = tse_start(engine, zone_id, zone_id_size, id, id_size, call, &task, &result->error);
  tse_call_free(call);
  return take_task(result, code, task);
}

int32_t tspy_update(tse_engine *engine, int32_t change, const char *zone_id, size_t zone_id_size, const char *id,
                    size_t id_size, const char *install_id, size_t install_id_size, const char *package_id,
                    size_t package_id_size, const char *package_slug, size_t package_slug_size, int64_t package_version,
                    const char *links, size_t links_size, const char *warnings, size_t warnings_size,
                    const char *error_message, size_t error_message_size, const char *error_detail,
                    size_t error_detail_size, int64_t timeout_us, const char *request_id, size_t request_id_size,
                    const char *traceparent, size_t traceparent_size, const char *actor, size_t actor_size,
                    tspy_result *result) {
  clear(result);
  tse_update update = TSE_UPDATE_INIT;
  update.install_id = text(install_id, install_id_size);
  update.package_id = text(package_id, package_id_size);
  update.package_slug = text(package_slug, package_slug_size);
  update.package_version = package_version;
  update.links = text(links, links_size);
  update.warnings = text(warnings, warnings_size);
  update.error_message = text(error_message, error_message_size);
  update.error_detail = text(error_detail, error_detail_size);
  tse_call *call = NULL;
  tse_task *task = NULL;
  int32_t code = make_call(&call, timeout_us, text(request_id, request_id_size), text(traceparent, traceparent_size),
                           text(actor, actor_size), &result->error);
  if (!code) {
    switch (change) {
      case TSPY_ANNOTATE:
        code = tse_annotate(engine, zone_id, zone_id_size, id, id_size, &update, call, &task, &result->error);
        break;
      case TSPY_COMPLETE:
        code = tse_complete(engine, zone_id, zone_id_size, id, id_size, &update, call, &task, &result->error);
        break;
      default: code = tse_fail(engine, zone_id, zone_id_size, id, id_size, &update, call, &task, &result->error); break;
    }
  }
  tse_call_free(call);
  return take_task(result, code, task);
}

int32_t tspy_get(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                 int32_t flags, int64_t timeout_us, tspy_result *result) {
  clear(result);
  tse_call *call = NULL;
  tse_task *task = NULL;
  int32_t code = make_read_call(&call, timeout_us, &result->error);
  if (!code) code = tse_get(engine, zone_id, zone_id_size, id, id_size, flags, call, &task, &result->error);
  tse_call_free(call);
  return take_task(result, code, task);
}

int32_t tspy_parse(const char *json, size_t size, tspy_result *result) {
  clear(result);
  tse_task *task = NULL;
  const int32_t code = tse_task_from_json(NULL, 0, json, size, &task, &result->error);
  return take_task(result, code, task);
}

int32_t tspy_validate(const char *json, size_t size, tspy_result *result) {
  clear(result);
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
  code = put_record(result, numbers, COUNT(numbers), texts, COUNT(texts));
  for (size_t i = 0; !code && i < view.count; ++i) {
    tse_task_view task = TSE_TASK_VIEW_INIT;
    code = tse_page_task(page, i, &task);
    if (!code) code = put_task(result, &task);
  }
  return code;
}

int32_t tspy_list(tse_engine *engine, const char *zone_id, size_t zone_id_size, int32_t statuses, const char *operation,
                  size_t operation_size, const char *install_id, size_t install_id_size, const char *package_id,
                  size_t package_id_size, int64_t created_from, int64_t created_until, int64_t limit, const char *after,
                  size_t after_size, const char *before, size_t before_size, int32_t with_total, int64_t timeout_us,
                  tspy_result *result) {
  clear(result);
  tse_list_query query = TSE_LIST_QUERY_INIT;
  query.zone_id = text(zone_id, zone_id_size);
  query.statuses = statuses;
  query.operation = text(operation, operation_size);
  query.install_id = text(install_id, install_id_size);
  query.package_id = text(package_id, package_id_size);
  query.created_from = created_from;
  query.created_until = created_until;
  query.limit = limit;
  query.after = text(after, after_size);
  query.before = text(before, before_size);
  query.with_total = with_total;
  tse_call *call = NULL;
  tse_page *page = NULL;
  int32_t code = make_read_call(&call, timeout_us, &result->error);
  if (!code) code = tse_list(engine, &query, call, &page, &result->error);
  tse_call_free(call);
  if (!code) code = put_page(result, page);
  tse_page_free(page);
  return code;
}

int32_t tspy_history(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                     int64_t timeout_us, tspy_result *result) {
  clear(result);
  tse_call *call = NULL;
  tse_history *history = NULL;
  int32_t code = make_read_call(&call, timeout_us, &result->error);
  if (!code) code = tse_history_read(engine, zone_id, zone_id_size, id, id_size, call, &history, &result->error);
  tse_call_free(call);
  const size_t count = tse_history_count(history);
  for (size_t i = 0; !code && i < count; ++i) {
    tse_event_view event = TSE_EVENT_VIEW_INIT;
    code = tse_history_event(history, i, &event);
    if (!code) code = put_event(result, &event);
  }
  tse_history_free(history);
  return code;
}

static int32_t put_report(tspy_result *result, const tse_report *report) {
  tse_report_view view = TSE_REPORT_VIEW_INIT;
  int32_t code = tse_report_get(report, &view);
  if (code) return code;
  const int64_t numbers[] = {view.ok, view.task_count, view.event_count};
  code = put_record(result, numbers, COUNT(numbers), &view.text, 1);
  for (size_t i = 0; !code && i < view.problem_count; ++i) {
    tse_str problem = {NULL, 0};
    code = tse_report_problem(report, i, &problem);
    if (!code) code = put_record(result, NULL, 0, &problem, 1);
  }
  return code;
}

int32_t tspy_verify(tse_engine *engine, int64_t timeout_us, tspy_result *result) {
  clear(result);
  tse_call *call = NULL;
  tse_report *report = NULL;
  int32_t code = make_read_call(&call, timeout_us, &result->error);
  if (!code) code = tse_verify(engine, call, &report, &result->error);
  tse_call_free(call);
  if (!code) code = put_report(result, report);
  tse_report_free(report);
  return code;
}

/* ---- HTTP answers -------------------------------------------------------------------------- */

static int32_t put_answer(tspy_result *result) {
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  int32_t code = tse_answer_get(result->answer, &view);
  if (code) return code;
  const int64_t numbers[] = {view.status};
  code = put_record(result, numbers, COUNT(numbers), &view.body, 1);
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
                    const char *path, size_t path_size, int32_t completed, int64_t timeout_us, tspy_result *result) {
  clear(result);
  tse_request request = TSE_REQUEST_INIT;
  request.method = text(method, method_size);
  request.client_request_id = text(client_request_id, client_request_id_size);
  request.if_none_match = text(if_none_match, if_none_match_size);
  request.path = text(path, path_size);
  request.completed = completed;
  tse_call *call = NULL;
  int32_t code = need_answer(result);
  if (!code) code = make_read_call(&call, timeout_us, &result->error);
  if (!code) {
    code = tse_decide(engine, zone_id, zone_id_size, id, id_size, &request, call, result->answer, &result->error);
  }
  tse_call_free(call);
  return code ? code : put_answer(result);
}

int32_t tspy_accept(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *json, size_t json_size,
                    const tse_error *failure, const char *method, size_t method_size, const char *client_request_id,
                    size_t client_request_id_size, const char *path, size_t path_size, tspy_result *result) {
  clear(result);
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

/* NULL, wrong sizes and nonsense everywhere: a code and nothing worse. */
#include "check.h"

static int destroyed = 0;
static void count_destruction(void *user_data) {
  (void)user_data;
  ++destroyed;
}
static int64_t fixed_clock(void *user_data) {
  (void)user_data;
  return 1577470279117000;
}
static void fixed_ids(void *user_data, int32_t kind, uint8_t *uuid16) {
  (void)user_data;
  memset(uuid16, kind, 16);
}
static void ignore_log(void *user_data, int32_t level, const char *line, size_t size) {
  (void)user_data;
  (void)level;
  (void)line;
  (void)size;
}

/* The call must be refused, naming the field. */
#define REFUSED(call, field_name)                                                     \
  do {                                                                                \
    tse_error *error = NULL;                                                          \
    CHECK((call) == TSE_INVALID_ARGUMENT);                                            \
    CHECK(error != NULL);                                                             \
    if (error != NULL) {                                                              \
      tse_error_view refusal = TSE_ERROR_VIEW_INIT;                                   \
      MUST(tse_error_get(error, &refusal));                                           \
      CHECK(refusal.code == TSE_INVALID_ARGUMENT && refusal.outcome == TSE_NOT_DONE); \
      CHECK(same(refusal.field, field_name));                                         \
      CHECK(refusal.message.size > 0);                                                \
    }                                                                                 \
    tse_error_free(error);                                                            \
  } while (0)

static tse_engine *open_memory(void) {
  tse_engine *tasks = NULL;
  MUST(tse_open(":memory:", TSE_NTS, NULL, &tasks, NULL));
  return tasks;
}

static void freeing_null_is_nothing(void) {
  tse_error_free(NULL);
  tse_call_free(NULL);
  tse_options_free(NULL);
  tse_engine_free(NULL);
  tse_task_free(NULL);
  tse_page_free(NULL);
  tse_history_free(NULL);
  tse_report_free(NULL);
  tse_answer_free(NULL);
  CHECK(tse_history_count(NULL) == 0 && tse_history_after_cursor(NULL).data == NULL);
}

static void numbers_that_name_nothing(void) {
  CHECK(strcmp(tse_code_name(TSE_OK), "ok") == 0);
  for (int32_t code = TSE_INVALID_ARGUMENT; code <= TSE_BEHIND; ++code) CHECK(tse_code_name(code) != NULL);
  CHECK(tse_code_name(-1) == NULL && tse_code_name(TSE_BEHIND + 1) == NULL);
  CHECK(tse_status_name(-1) == NULL && tse_status_name(4) == NULL &&
        strcmp(tse_status_name(TSE_FAILED), "failed") == 0);
  for (int32_t from = -1; from <= 4; ++from)
    for (int32_t to = -1; to <= 4; ++to) {
      const int legal = (from == TSE_PENDING && to == TSE_RUNNING) ||
                        (from == TSE_RUNNING && (to == TSE_COMPLETED || to == TSE_FAILED));
      CHECK(tse_can_transition(from, to) == legal);
    }
  CHECK(tse_abi() == TSE_ABI && strcmp(tse_version(), "0.1.0") == 0);
}

static void missing_objects(void) {
  tse_error **const none = NULL;
  CHECK(tse_open(":memory:", TSE_NTS, NULL, NULL, none) == TSE_INVALID_ARGUMENT);
  CHECK(tse_call_new(NULL, none) == TSE_INVALID_ARGUMENT);
  CHECK(tse_options_new(NULL, none) == TSE_INVALID_ARGUMENT);
  CHECK(tse_answer_new(NULL, none) == TSE_INVALID_ARGUMENT);
  tse_engine *tasks = NULL;
  tse_task *task = NULL;
  tse_page *page = NULL;
  tse_history *history = NULL;
  tse_report *report = NULL;
  tse_new_task spec = TSE_NEW_TASK_INIT;
  tse_list_query query = TSE_LIST_QUERY_INIT;
  REFUSED(tse_open(NULL, 0, NULL, &tasks, &error), "path");
  REFUSED(tse_open("", 0, NULL, &tasks, &error), "path");
  REFUSED(tse_open("a\0b", 3, NULL, &tasks, &error), "path");
  REFUSED(tse_open(NULL, 7, NULL, &tasks, &error), "path");
  CHECK(tasks == NULL);
  REFUSED(tse_close(NULL, &error), "engine");
  REFUSED(tse_create(NULL, &spec, NULL, &task, &error), "engine");
  REFUSED(tse_start(NULL, "z", 1, "t", 1, NULL, &task, &error), "engine");
  REFUSED(tse_annotate(NULL, "z", 1, "t", 1, NULL, NULL, &task, &error), "engine");
  REFUSED(tse_complete(NULL, "z", 1, "t", 1, NULL, NULL, &task, &error), "engine");
  REFUSED(tse_fail(NULL, "z", 1, "t", 1, NULL, NULL, &task, &error), "engine");
  REFUSED(tse_get(NULL, "z", 1, "t", 1, 0, NULL, &task, &error), "engine");
  REFUSED(tse_list(NULL, &query, NULL, &page, &error), "engine");
  REFUSED(tse_history_read(NULL, "z", 1, "t", 1, 0, NULL, 0, NULL, &history, &error), "engine");
  REFUSED(tse_verify(NULL, NULL, &report, &error), "engine");
  REFUSED(tse_accept(NULL, NULL, NULL, NULL, NULL, &error), "engine");
  REFUSED(tse_decide(NULL, "z", 1, "t", 1, NULL, NULL, NULL, &error), "answer");
  REFUSED(tse_task_from_json(NULL, 0, NULL, 0, &task, &error), "json");
  REFUSED(tse_task_from_json(NULL, 0, "{}", 2, NULL, &error), "task");
  REFUSED(tse_task_validate(NULL, &error), "task");

  tasks = open_memory();
  REFUSED(tse_create(tasks, NULL, NULL, &task, &error), "spec");
  REFUSED(tse_annotate(tasks, "z", 1, "t", 1, NULL, NULL, &task, &error), "update");
  REFUSED(tse_fail(tasks, "z", 1, "t", 1, NULL, NULL, &task, &error), "update");
  REFUSED(tse_get(tasks, "z", 1, "t", 1, 0, NULL, NULL, &error), "task");
  REFUSED(tse_get(tasks, "z", 1, "t", 1, 2, NULL, &task, &error), "flags");
  REFUSED(tse_list(tasks, NULL, NULL, &page, &error), "query");
  REFUSED(tse_list(tasks, &query, NULL, NULL, &error), "page");
  REFUSED(tse_history_read(tasks, "z", 1, "t", 1, 0, NULL, 0, NULL, NULL, &error), "history");
  REFUSED(tse_verify(tasks, NULL, NULL, &error), "report");
  REFUSED(tse_accept(tasks, NULL, NULL, NULL, NULL, &error), "answer");
  CHECK(task == NULL && page == NULL && history == NULL && report == NULL);

  /* Ids that can name nothing are simply not found. */
  MUST(tse_get(tasks, NULL, 0, NULL, 0, 0, NULL, &task, NULL));
  CHECK(task == NULL);
  CHECK(tse_start(tasks, "z", 1, "../../etc", TSE_NTS, NULL, NULL, NULL) == TSE_NOT_FOUND);
  MUST(tse_history_read(tasks, "z", 1, "t", 1, 0, NULL, 0, NULL, &history, NULL));
  CHECK(tse_history_count(history) == 0);
  tse_history_free(history);
  tse_engine_free(tasks);
}

static void views_of_nothing_or_of_another_size(void) {
  tse_engine *tasks = open_memory();
  tse_error *failure = NULL;
  tse_task *task = NULL;
  tse_answer *answer = NULL;
  tse_report *report = NULL;
  tse_page *page = NULL;
  tse_history *history = NULL;
  MUST(tse_answer_new(&answer, NULL));
  MUST(tse_verify(tasks, NULL, &report, NULL));

  tse_new_task spec = TSE_NEW_TASK_INIT;
  CHECK(tse_create(tasks, &spec, NULL, &task, &failure) == TSE_INVALID_ARGUMENT);
  tse_error_view error_view = TSE_ERROR_VIEW_INIT;
  tse_error_detail_view detail = TSE_ERROR_DETAIL_VIEW_INIT;
  MUST(tse_error_get(failure, &error_view));
  CHECK(error_view.detail_count == 2); /* zone_id and operation */
  MUST(tse_error_detail(failure, 1, &detail));
  CHECK(same(detail.field, "operation"));
  CHECK(tse_error_detail(failure, 2, &detail) == TSE_INVALID_ARGUMENT);
  CHECK(tse_error_get(NULL, &error_view) == TSE_INVALID_ARGUMENT);
  CHECK(tse_error_get(failure, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_error_detail(NULL, 0, &detail) == TSE_INVALID_ARGUMENT);
  CHECK(tse_error_detail(failure, 0, NULL) == TSE_INVALID_ARGUMENT);
  error_view.struct_size -= 1;
  CHECK(tse_error_get(failure, &error_view) == TSE_INVALID_ARGUMENT);
  detail.struct_size = 0;
  CHECK(tse_error_detail(failure, 0, &detail) == TSE_INVALID_ARGUMENT);
  tse_error_free(failure);

  spec.struct_size = 8;
  CHECK(tse_create(tasks, &spec, NULL, &task, NULL) == TSE_INVALID_ARGUMENT);
  spec.struct_size = sizeof spec;
  spec.zone_id = tse_text("z");
  spec.operation = tse_text("create");
  spec.id.data = "";
  CHECK(tse_create(tasks, &spec, NULL, &task, NULL) == TSE_INVALID_ARGUMENT);
  spec.id.data = NULL;
  spec.id.size = 5;
  CHECK(tse_create(tasks, &spec, NULL, &task, NULL) == TSE_INVALID_ARGUMENT);
  spec.id = tse_text("t");
  spec.package_id.data = "x";
  spec.package_id.size = (size_t)-2;
  CHECK(tse_create(tasks, &spec, NULL, &task, NULL) == TSE_INVALID_ARGUMENT);
  spec.package_id = tse_text(NULL);
  MUST(tse_create(tasks, &spec, NULL, &task, NULL));
  CHECK(tse_create(tasks, &spec, NULL, NULL, NULL) == TSE_ALREADY_EXISTS);

  tse_task_view task_view = TSE_TASK_VIEW_INIT;
  CHECK(tse_task_get(NULL, &task_view) == TSE_INVALID_ARGUMENT);
  CHECK(tse_task_get(task, NULL) == TSE_INVALID_ARGUMENT);
  task_view.struct_size += 8;
  CHECK(tse_task_get(task, &task_view) == TSE_INVALID_ARGUMENT);

  tse_update update = TSE_UPDATE_INIT;
  update.struct_size = 1;
  CHECK(tse_annotate(tasks, "z", 1, "t", 1, &update, NULL, NULL, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_complete(tasks, "z", 1, "t", 1, &update, NULL, NULL, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_fail(tasks, "z", 1, "t", 1, &update, NULL, NULL, NULL) == TSE_INVALID_ARGUMENT);
  update.struct_size = sizeof update;
  update.error_message = tse_text("no");
  REFUSED(tse_complete(tasks, "z", 1, "t", 1, &update, NULL, NULL, &error), "error_message");
  update.error_message = tse_text(NULL);
  update.error_detail = tse_text("no");
  REFUSED(tse_annotate(tasks, "z", 1, "t", 1, &update, NULL, NULL, &error), "error_detail");

  tse_list_query query = TSE_LIST_QUERY_INIT;
  query.zone_id = tse_text("z");
  query.struct_size = 3;
  CHECK(tse_list(tasks, &query, NULL, &page, NULL) == TSE_INVALID_ARGUMENT);
  query.struct_size = sizeof query;
  query.statuses = 16;
  REFUSED(tse_list(tasks, &query, NULL, &page, &error), "statuses");
  query.statuses = 0;
  query.limit = 1001;
  REFUSED(tse_list(tasks, &query, NULL, &page, &error), "limit");
  query.limit = -1;
  REFUSED(tse_list(tasks, &query, NULL, &page, &error), "limit");
  query.limit = 0;
  query.after = tse_text("not a cursor");
  REFUSED(tse_list(tasks, &query, NULL, &page, &error), "after");
  query.before = tse_text("AAAA");
  REFUSED(tse_list(tasks, &query, NULL, &page, &error), "before");
  query.after = query.before = tse_text(NULL);
  query.with_total = 2;
  REFUSED(tse_list(tasks, &query, NULL, &page, &error), "with_total");
  query.with_total = 0;
  MUST(tse_list(tasks, &query, NULL, &page, NULL));
  tse_page_view page_view = TSE_PAGE_VIEW_INIT;
  CHECK(tse_page_get(NULL, &page_view) == TSE_INVALID_ARGUMENT);
  CHECK(tse_page_get(page, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_page_task(NULL, 0, &task_view) == TSE_INVALID_ARGUMENT);
  CHECK(tse_page_task(page, 0, NULL) == TSE_INVALID_ARGUMENT);
  page_view.struct_size = 0;
  CHECK(tse_page_get(page, &page_view) == TSE_INVALID_ARGUMENT);

  MUST(tse_history_read(tasks, "z", 1, "t", 1, 0, NULL, 0, NULL, &history, NULL));
  tse_event_view event = TSE_EVENT_VIEW_INIT;
  CHECK(tse_history_event(NULL, 0, &event) == TSE_INVALID_ARGUMENT);
  CHECK(tse_history_event(history, 0, NULL) == TSE_INVALID_ARGUMENT);
  event.struct_size = 0;
  CHECK(tse_history_event(history, 0, &event) == TSE_INVALID_ARGUMENT);

  tse_report_view report_view = TSE_REPORT_VIEW_INIT;
  tse_str text;
  CHECK(tse_report_get(NULL, &report_view) == TSE_INVALID_ARGUMENT);
  CHECK(tse_report_get(report, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_report_problem(NULL, 0, &text) == TSE_INVALID_ARGUMENT);
  CHECK(tse_report_problem(report, 0, NULL) == TSE_INVALID_ARGUMENT);
  report_view.struct_size = 0;
  CHECK(tse_report_get(report, &report_view) == TSE_INVALID_ARGUMENT);

  tse_request request = TSE_REQUEST_INIT;
  tse_answer_view answer_view = TSE_ANSWER_VIEW_INIT;
  request.struct_size = 4;
  REFUSED(tse_decide(tasks, "z", 1, "t", 1, &request, NULL, answer, &error), "request");
  REFUSED(tse_accept(tasks, task, NULL, &request, answer, &error), "request");
  request.struct_size = sizeof request;
  request.completed = 7;
  REFUSED(tse_decide(tasks, "z", 1, "t", 1, &request, NULL, answer, &error), "completed");
  REFUSED(tse_accept(tasks, NULL, NULL, NULL, answer, &error), "task");
  CHECK(tse_answer_get(NULL, &answer_view) == TSE_INVALID_ARGUMENT);
  CHECK(tse_answer_get(answer, NULL) == TSE_INVALID_ARGUMENT);
  answer_view.struct_size = 0;
  CHECK(tse_answer_get(answer, &answer_view) == TSE_INVALID_ARGUMENT);
  answer_view.struct_size = sizeof answer_view;
  MUST(tse_decide(NULL, "z", 1, "t", 1, NULL, NULL, answer, NULL));
  MUST(tse_answer_get(answer, &answer_view));
  CHECK(answer_view.status == 503);

  tse_engine_free(tasks); /* snapshots in any order after it */
  tse_history_free(history);
  tse_page_free(page);
  tse_report_free(report);
  tse_task_free(task);
  tse_answer_free(answer);
}

static void settings_of_a_call(void) {
  tse_call *call = NULL;
  MUST(tse_call_new(&call, NULL));
  REFUSED(tse_call_set_timeout(NULL, 1, &error), "call");
  REFUSED(tse_call_set_timeout(call, -1, &error), "timeout");
  REFUSED(tse_call_set_request_id(NULL, "x", 1, &error), "call");
  REFUSED(tse_call_set_request_id(call, "", 0, &error), "request_id");
  REFUSED(tse_call_set_request_id(call, "a b", 3, &error), "request_id");
  REFUSED(tse_call_set_traceparent(NULL, "x", 1, &error), "call");
  REFUSED(tse_call_set_traceparent(call, "01-0", 4, &error), "traceparent");
  REFUSED(tse_call_set_actor(NULL, "x", 1, &error), "call");
  REFUSED(tse_call_set_actor(call, "a\nb", 3, &error), "actor");
  MUST(tse_call_set_request_id(call, NULL, 0, NULL));
  MUST(tse_call_set_timeout(call, INT64_MAX, NULL));
  tse_engine *tasks = open_memory();
  tse_task *task = NULL;
  MUST(tse_get(tasks, "z", 1, "t", 1, 0, call, &task, NULL));
  tse_engine_free(tasks);
  tse_call_free(call);
}

static void settings_of_open(void) {
  tse_options *options = NULL;
  MUST(tse_options_new(&options, NULL));
  REFUSED(tse_options_set_mode(NULL, 0, &error), "options");
  REFUSED(tse_options_set_mode(options, 3, &error), "mode");
  REFUSED(tse_options_set_mode(options, -1, &error), "mode");
  REFUSED(tse_options_set_adopt(options, 2, &error), "adopt");
  REFUSED(tse_options_set_reconfigure(options, 2, &error), "reconfigure");
  REFUSED(tse_options_set_timeout(options, -1, &error), "timeout");
  REFUSED(tse_options_add_operation(options, "Create", 6, &error), "operation");
  REFUSED(tse_options_add_operation(options, NULL, 0, &error), "operation");
  REFUSED(tse_options_set_location(options, "//evil.example/{task_id}", TSE_NTS, &error), "location");
  REFUSED(tse_options_set_location(options, "/a/{nonsense}", TSE_NTS, &error), "location");
  REFUSED(tse_options_set_status_url(options, "relative/{task_id}", TSE_NTS, &error), "status_url");
  REFUSED(tse_options_set_status_url(options, "/a/{install_id}", TSE_NTS, &error), "status_url");
  REFUSED(tse_options_set_status_url(options, "/a\r\nSet-Cookie: x", TSE_NTS, &error), "status_url");
  REFUSED(tse_options_set_completed(options, 2, &error), "completed");
  REFUSED(tse_options_set_retry_after(options, 5, 4, &error), "retry_after");
  REFUSED(tse_options_set_retry_after(options, -1, 4, &error), "retry_after");
  REFUSED(tse_options_set_retry_after(options, 0, 86401, &error), "retry_after");
  REFUSED(tse_options_set_ignore_bad_request_id(options, 3, &error), "ignore_bad_request_id");
  REFUSED(tse_options_set_any_filesystem(options, -3, &error), "any_filesystem");
  REFUSED(tse_options_set_log_level(options, 6, &error), "log_level");
  REFUSED(tse_options_set_log_file(options, "", 0, &error), "log_file");
  REFUSED(tse_options_set_log_callback(NULL, ignore_log, NULL, NULL, &error), "options");
  MUST(tse_options_set_log_file(options, "/proc/no/such/place.log", TSE_NTS, NULL));
  tse_engine *tasks = NULL;
  CHECK(tse_open(":memory:", TSE_NTS, options, &tasks, NULL) == TSE_UNAVAILABLE && tasks == NULL);
  tse_options_free(options);
}

static void user_data_is_destroyed_exactly_once(void) {
  tse_options *options = NULL;
  tse_engine *one = NULL;
  tse_engine *two = NULL;
  int data = 0;
  MUST(tse_options_new(&options, NULL));
  CHECK(tse_options_set_clock(NULL, fixed_clock, &data, count_destruction, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(destroyed == 1); /* also when the setter fails */
  MUST(tse_options_set_clock(options, fixed_clock, &data, count_destruction, NULL));
  MUST(tse_options_set_clock(options, fixed_clock, &data, count_destruction, NULL));
  CHECK(destroyed == 2); /* the replaced one */
  MUST(tse_options_set_ids(options, fixed_ids, &data, count_destruction, NULL));
  MUST(tse_options_set_log_callback(options, ignore_log, &data, count_destruction, NULL));
  MUST(tse_open(":memory:", TSE_NTS, options, &one, NULL));
  MUST(tse_open(":memory:", TSE_NTS, options, &two, NULL));
  tse_options_free(options);
  CHECK(destroyed == 2);
  tse_engine_free(one);
  CHECK(destroyed == 2);
  tse_engine_free(two);
  CHECK(destroyed == 5);
  MUST(tse_options_new(&options, NULL));
  MUST(tse_options_set_ids(options, NULL, &data, count_destruction, NULL));
  CHECK(destroyed == 6);
  MUST(tse_options_set_log_callback(options, NULL, &data, count_destruction, NULL));
  MUST(tse_options_set_clock(options, NULL, NULL, NULL, NULL));
  CHECK(destroyed == 7);
  tse_options_free(options);
}

static void an_injected_id_is_what_the_task_gets(void) {
  tse_options *options = NULL;
  tse_engine *tasks = NULL;
  tse_task *task = NULL;
  MUST(tse_options_new(&options, NULL));
  MUST(tse_options_set_ids(options, fixed_ids, NULL, NULL, NULL));
  MUST(tse_options_set_clock(options, fixed_clock, NULL, NULL, NULL));
  MUST(tse_options_add_operation(options, "upgrade", TSE_NTS, NULL));
  MUST(tse_open(":memory:", TSE_NTS, options, &tasks, NULL));
  tse_options_free(options);
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z");
  spec.operation = tse_text("upgrade");
  MUST(tse_create(tasks, &spec, NULL, &task, NULL));
  tse_task_view view = TSE_TASK_VIEW_INIT;
  MUST(tse_task_get(task, &view));
  CHECK(same(view.id, "00000000-0000-0000-0000-000000000000"));
  CHECK(view.created_at == 1577470279117000 && same(view.operation, "upgrade"));
  tse_task_free(task);
  spec.operation = tse_text("downgrade");
  REFUSED(tse_create(tasks, &spec, NULL, &task, &error), "operation");
  tse_engine_free(tasks);
}

static void the_codec_alone(void) {
  static const char wire[] =
      "{\"id\":\"id\",\"created_at\":\"2019-12-27T18:11:19.117Z\",\"operation\":\"create\",\"status\":\"pending\","
      "\"updated_at\":\"2019-12-27T18:11:19.117Z\",\"error_message\":\"error_message\"}";
  tse_task *task = NULL;
  tse_task_view view = TSE_TASK_VIEW_INIT;
  MUST(tse_task_from_json(NULL, 0, wire, TSE_NTS, &task, NULL));
  MUST(tse_task_get(task, &view));
  CHECK(same(view.json, wire) && view.zone_id.data == NULL && view.revision == 0);
  CHECK(view.created_at == 1577470279117000);
  REFUSED(tse_task_validate(task, &error), "error_message"); /* only a failed task has one */
  tse_task_free(task);
  CHECK(tse_task_from_json(NULL, 0, "{\"id\":", TSE_NTS, &task, NULL) == TSE_INVALID_ARGUMENT);
  REFUSED(tse_task_from_json("a/b", 3, wire, TSE_NTS, &task, &error), "zone_id");

  /* With its zone it is as good as the one that an engine gave. */
  tse_engine *tasks = open_memory();
  tse_answer *answer = NULL;
  tse_answer_view answer_view = TSE_ANSWER_VIEW_INIT;
  MUST(tse_answer_new(&answer, NULL));
  MUST(tse_task_from_json(NULL, 0, wire, TSE_NTS, &task, NULL));
  REFUSED(tse_accept(tasks, task, NULL, NULL, answer, &error), "zone_id");
  tse_task_free(task);
  MUST(tse_task_from_json("z1", 2, wire, TSE_NTS, &task, NULL));
  MUST(tse_accept(tasks, task, NULL, NULL, answer, NULL));
  MUST(tse_answer_get(answer, &answer_view));
  CHECK(answer_view.status == 202 && same(answer_view.body, wire));
  tse_task_free(task);
  tse_answer_free(answer);
  tse_engine_free(tasks);
}

int main(void) {
  freeing_null_is_nothing();
  numbers_that_name_nothing();
  missing_objects();
  views_of_nothing_or_of_another_size();
  settings_of_a_call();
  settings_of_open();
  user_data_is_destroyed_exactly_once();
  an_injected_id_is_what_the_task_gets();
  the_codec_alone();
  return finish("misuse");
}

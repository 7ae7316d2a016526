/* The main job through the C ABI: a task from 202 to 303, and what is kept of it. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <inttypes.h>
#include <unistd.h>

static int64_t ticking_clock(void *user_data) {
  int64_t *now = user_data;
  return *now += 1000;
}

static const char *header(const tse_answer_view *view, const char *name) {
  for (size_t i = 0; i < view->header_count; ++i)
    if (same(view->headers[i].name, name)) return view->headers[i].value.data;
  return NULL;
}

static tse_answer_view decide(tse_engine *tasks, const char *zone, const char *id, const tse_request *request,
                              tse_answer *answer) {
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  MUST(tse_decide(tasks, zone, TSE_NTS, id, TSE_NTS, request, NULL, answer, NULL));
  MUST(tse_answer_get(answer, &view));
  return view;
}

static void from_accepted_to_see_other(tse_engine *tasks) {
  tse_task *task = NULL;
  tse_answer *answer = NULL;
  MUST(tse_answer_new(&answer, NULL));

  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z1");
  spec.id = tse_text("t1");
  spec.operation = tse_text("create");
  spec.package_id = tse_text("pkg_1");
  spec.payload.data = "a\0b";
  spec.payload.size = 3;
  MUST(tse_create(tasks, &spec, NULL, &task, NULL));
  MUST(tse_accept(tasks, task, NULL, NULL, answer, NULL));
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  MUST(tse_answer_get(answer, &view));
  CHECK(view.status == 202);
  CHECK(strcmp(header(&view, "Location"), "/zones/z1/catalog_tasks/t1") == 0);
  tse_task_free(task);

  view = decide(tasks, "z1", "t1", NULL, answer);
  CHECK(view.status == 200);
  CHECK(strstr(view.body.data, "\"status\":\"pending\"") != NULL);
  CHECK(header(&view, "ETag") != NULL && header(&view, "Retry-After") != NULL);

  tse_request request = TSE_REQUEST_INIT;
  char *etag = strdup(header(&view, "ETag"));
  request.if_none_match = tse_text(etag);
  view = decide(tasks, "z1", "t1", &request, answer);
  CHECK(view.status == 304 && view.body.data == NULL);

  MUST(tse_start(tasks, "z1", TSE_NTS, "t1", TSE_NTS, NULL, NULL, NULL));
  view = decide(tasks, "z1", "t1", &request, answer);
  CHECK(view.status == 200); /* the tag is of the pending task */
  free(etag);

  tse_update update = TSE_UPDATE_INIT;
  update.install_id = tse_text("ins 1");
  MUST(tse_complete(tasks, "z1", TSE_NTS, "t1", TSE_NTS, &update, NULL, &task, NULL));
  tse_task_view as = TSE_TASK_VIEW_INIT;
  MUST(tse_task_get(task, &as));
  CHECK(as.status == TSE_COMPLETED && as.revision == 3 && same(as.install_id, "ins 1") && same(as.zone_id, "z1"));
  CHECK(as.created_at < as.updated_at && as.payload.data == NULL);

  view = decide(tasks, "z1", "t1", NULL, answer);
  CHECK(view.status == 303);
  CHECK(strcmp(header(&view, "Location"), "/zones/z1/installs/ins%201") == 0);
  CHECK(header(&view, "Retry-After") == NULL);
  CHECK(view.body.size == as.json.size && memcmp(view.body.data, as.json.data, as.json.size) == 0);
  CHECK(decide(tasks, "z2", "t1", NULL, answer).status == 404);
  tse_task_free(task);

  MUST(tse_get(tasks, "z1", TSE_NTS, "t1", TSE_NTS, TSE_WITH_PAYLOAD, NULL, &task, NULL));
  MUST(tse_task_get(task, &as));
  CHECK(as.payload.size == 3 && memcmp(as.payload.data, "a\0b", 3) == 0);
  tse_task_free(task);
  tse_answer_free(answer);
}

static void a_failure_keeps_its_detail_private(tse_engine *tasks) {
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z1");
  spec.id = tse_text("t2");
  spec.operation = tse_text("create");
  MUST(tse_create(tasks, &spec, NULL, NULL, NULL));
  MUST(tse_start(tasks, "z1", TSE_NTS, "t2", TSE_NTS, NULL, NULL, NULL));

  tse_call *call = NULL;
  MUST(tse_call_new(&call, NULL));
  MUST(tse_call_set_timeout(call, 1000000, NULL));
  MUST(tse_call_set_request_id(call, "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e", TSE_NTS, NULL));
  MUST(tse_call_set_traceparent(call, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", TSE_NTS, NULL));
  MUST(tse_call_set_actor(call, "worker 7", TSE_NTS, NULL));
  tse_update update = TSE_UPDATE_INIT;
  update.error_message = tse_text("The package could not be installed.");
  update.error_detail = tse_text("segfault in /opt/installer");
  tse_task *task = NULL;
  MUST(tse_fail(tasks, "z1", TSE_NTS, "t2", TSE_NTS, &update, call, &task, NULL));
  tse_task_view as = TSE_TASK_VIEW_INIT;
  MUST(tse_task_get(task, &as));
  CHECK(as.status == TSE_FAILED && same(as.error_message, "The package could not be installed."));
  CHECK(same(as.error_detail, "segfault in /opt/installer") && same(as.failure_kind, "failed"));
  CHECK(strstr(as.json.data, "installer") == NULL);
  tse_task_free(task);

  /* Its reply was lost, so it says it again: nothing changes. Something else is refused. */
  MUST(tse_fail(tasks, "z1", TSE_NTS, "t2", TSE_NTS, &update, call, &task, NULL));
  MUST(tse_task_get(task, &as));
  CHECK(as.revision == 3);
  tse_task_free(task);
  update.error_message = tse_text("Another reason.");
  CHECK(tse_fail(tasks, "z1", TSE_NTS, "t2", TSE_NTS, &update, NULL, NULL, NULL) == TSE_ILLEGAL_TRANSITION);

  tse_history *history = NULL;
  MUST(tse_history_read(tasks, "z1", TSE_NTS, "t2", TSE_NTS, 0, NULL, 0, NULL, &history, NULL));
  CHECK(tse_history_count(history) == 3);
  tse_event_view event = TSE_EVENT_VIEW_INIT;
  MUST(tse_history_event(history, 2, &event));
  CHECK(same(event.kind, "created") && event.from_status == -1 && event.to_status == TSE_PENDING);
  MUST(tse_history_event(history, 0, &event));
  CHECK(same(event.kind, "failed") && event.from_status == TSE_RUNNING && event.to_status == TSE_FAILED);
  CHECK(event.revision == 3 && event.attempt == 1 && event.epoch == 0 && event.sequence > 0 && event.at > 0);
  CHECK(same(event.worker, "worker 7") && same(event.request_id, "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"));
  CHECK(same(event.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  CHECK(same(event.message, "The package could not be installed.") && same(event.detail, "segfault in /opt/installer"));
  CHECK(tse_history_event(history, 3, &event) == TSE_INVALID_ARGUMENT);
  tse_history_free(history);

  tse_history *older = NULL;
  MUST(tse_history_read(tasks, "z1", TSE_NTS, "t2", TSE_NTS, 2, NULL, 0, NULL, &history, NULL));
  tse_str cursor = tse_history_after_cursor(history);
  CHECK(tse_history_count(history) == 2 && cursor.size > 0);
  MUST(tse_history_read(tasks, "z1", TSE_NTS, "t2", TSE_NTS, 2, cursor.data, cursor.size, NULL, &older, NULL));
  CHECK(tse_history_count(older) == 1 && tse_history_after_cursor(older).data == NULL);
  MUST(tse_history_event(older, 0, &event));
  CHECK(event.revision == 1);
  tse_history_free(older);
  CHECK(tse_history_read(tasks, "z1", TSE_NTS, "t1", TSE_NTS, 2, cursor.data, cursor.size, NULL, &older, NULL) ==
        TSE_INVALID_ARGUMENT);
  tse_history_free(history);
  CHECK(tse_history_read(tasks, "z1", TSE_NTS, "t2", TSE_NTS, 1001, NULL, 0, NULL, &history, NULL) ==
        TSE_INVALID_ARGUMENT);
  tse_call_free(call);
}

static void annotations_accumulate(tse_engine *tasks) {
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z1");
  spec.id = tse_text("t3");
  spec.operation = tse_text("create");
  spec.links = tse_text("[{\"rel\":\"docs\",\"href\":\"/docs\"}]");
  MUST(tse_create(tasks, &spec, NULL, NULL, NULL));
  tse_update update = TSE_UPDATE_INIT;
  update.links =
      tse_text("[{\"href\":\"/docs\",\"rel\":\"docs\"},{\"href\":\"#x\",\"rel\":\"log\",\"properties\":{\"n\":1.50}}]");
  update.package_version = 0;
  tse_task *task = NULL;
  tse_task_view as = TSE_TASK_VIEW_INIT;
  MUST(tse_annotate(tasks, "z1", TSE_NTS, "t3", TSE_NTS, &update, NULL, &task, NULL));
  MUST(tse_task_get(task, &as));
  CHECK(same(as.links,
             "[{\"href\":\"/docs\",\"rel\":\"docs\"},"
             "{\"href\":\"#x\",\"rel\":\"log\",\"properties\":{\"n\":1.50}}]"));
  CHECK(as.package_version == 0 && as.revision == 2);
  tse_task_free(task);
  MUST(tse_annotate(tasks, "z1", TSE_NTS, "t3", TSE_NTS, &update, NULL, &task, NULL));
  MUST(tse_task_get(task, &as));
  CHECK(as.revision == 2);
  tse_task_free(task);
}

static void the_list_pages_both_ways(tse_engine *tasks) {
  tse_list_query query = TSE_LIST_QUERY_INIT;
  query.zone_id = tse_text("z1");
  query.limit = 2;
  query.with_total = 1;
  tse_page *first = NULL;
  tse_page *second = NULL;
  tse_page *back = NULL;
  tse_page_view view = TSE_PAGE_VIEW_INIT;
  tse_task_view as = TSE_TASK_VIEW_INIT;
  MUST(tse_list(tasks, &query, NULL, &first, NULL));
  MUST(tse_page_get(first, &view));
  CHECK(view.count == 2 && view.total_count == 3 && view.before_cursor.data == NULL);
  MUST(tse_page_task(first, 0, &as));
  CHECK(same(as.id, "t3"));
  CHECK(tse_page_task(first, 2, &as) == TSE_INVALID_ARGUMENT);

  query.after = view.after_cursor;
  MUST(tse_list(tasks, &query, NULL, &second, NULL));
  MUST(tse_page_get(second, &view));
  CHECK(view.count == 1 && view.after_cursor.data == NULL && view.before_cursor.data != NULL);
  MUST(tse_page_task(second, 0, &as));
  CHECK(same(as.id, "t1"));

  query.after = tse_text(NULL);
  query.before = view.before_cursor;
  MUST(tse_list(tasks, &query, NULL, &back, NULL));
  MUST(tse_page_get(back, &view));
  CHECK(view.count == 2);
  MUST(tse_page_task(back, 0, &as));
  CHECK(same(as.id, "t3"));

  /* A cursor belongs to its filter. */
  query.statuses = 1 << TSE_PENDING;
  CHECK(tse_list(tasks, &query, NULL, &back, NULL) == TSE_INVALID_ARGUMENT);
  tse_page_free(back);

  /* All zones, for operators. */
  tse_list_query all = TSE_LIST_QUERY_INIT;
  all.with_total = 1;
  all.limit = 1;
  MUST(tse_list(tasks, &all, NULL, &back, NULL));
  MUST(tse_page_get(back, &view));
  CHECK(view.count == 1 && view.total_count > 1 && view.after_cursor.size > 0);
  tse_page_free(back);
  all.failure_kind = tse_text("failed");
  all.worker = tse_text("nobody");
  all.ref = tse_text("order 7");
  all.client_request_id = tse_text("r");
  MUST(tse_list(tasks, &all, NULL, &back, NULL));
  MUST(tse_page_get(back, &view));
  CHECK(view.count == 0 && view.total_count == 0 && view.after_cursor.data == NULL);
  tse_page_free(back);
  all.failure_kind = tse_text("none");
  CHECK(tse_list(tasks, &all, NULL, &back, NULL) == TSE_INVALID_ARGUMENT);
  tse_page_free(second);
  tse_page_free(first);
}

static void the_file_is_in_order(tse_engine *tasks) {
  tse_report *report = NULL;
  tse_report_view view = TSE_REPORT_VIEW_INIT;
  tse_str text;
  MUST(tse_verify(tasks, NULL, &report, NULL));
  MUST(tse_report_get(report, &view));
  CHECK(view.ok == 1 && view.problem_count == 0 && view.task_count == 3 && view.event_count == 8);
  CHECK(strstr(view.text.data, "3 tasks") != NULL);
  CHECK(tse_report_problem(report, 0, &text) == TSE_INVALID_ARGUMENT);
  tse_report_free(report);
}

static void run(const char *path) {
  int64_t now = 1577470279117000;
  tse_options *options = NULL;
  tse_engine *tasks = NULL;
  MUST(tse_options_new(&options, NULL));
  MUST(tse_options_set_clock(options, ticking_clock, &now, NULL, NULL));
  MUST(tse_open(path, TSE_NTS, options, &tasks, NULL));
  tse_options_free(options);
  from_accepted_to_see_other(tasks);
  a_failure_keeps_its_detail_private(tasks);
  annotations_accumulate(tasks);
  the_list_pages_both_ways(tasks);
  the_file_is_in_order(tasks);
  MUST(tse_close(tasks, NULL));
  MUST(tse_close(tasks, NULL));
  CHECK(tse_start(tasks, "z1", TSE_NTS, "t3", TSE_NTS, NULL, NULL, NULL) == TSE_CLOSED);
  tse_engine_free(tasks);
}

static void what_was_acknowledged_is_still_there(const char *path) {
  tse_options *options = NULL;
  tse_engine *tasks = NULL;
  tse_task *task = NULL;
  MUST(tse_options_new(&options, NULL));
  MUST(tse_options_set_mode(options, TSE_MODE_READ_ONLY, NULL));
  MUST(tse_open(path, TSE_NTS, options, &tasks, NULL));
  tse_options_free(options);
  MUST(tse_get(tasks, "z1", TSE_NTS, "t1", TSE_NTS, 0, NULL, &task, NULL));
  tse_engine_free(tasks); /* the snapshot outlives it */
  tse_task_view as = TSE_TASK_VIEW_INIT;
  MUST(tse_task_get(task, &as));
  CHECK(as.status == TSE_COMPLETED);
  tse_task_free(task);
}

int main(void) {
  char directory[] = "/tmp/taskstate-capi-XXXXXX";
  char path[128];
  if (mkdtemp(directory) == NULL) return 1;
  snprintf(path, sizeof path, "%s/tasks.db", directory);
  run(":memory:");
  run(path);
  what_was_acknowledged_is_still_there(path);
  static const char *const suffixes[] = {"", "-wal", "-shm", "-taskstate"};
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; ++i) {
    char file[160];
    snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
    unlink(file);
  }
  rmdir(directory);
  return finish("lifecycle");
}

/* Priorities, stored results, retries and pauses through the C ABI. */
#include "check.h"

static int64_t now_us = 1577470279117000;
static int64_t standing_clock(void *user_data) {
  (void)user_data;
  return now_us;
}

static tse_engine *open_standing(void) {
  tse_options *options = NULL;
  tse_engine *tasks = NULL;
  MUST(tse_options_new(&options, NULL));
  MUST(tse_options_set_clock(options, standing_clock, NULL, NULL, NULL));
  MUST(tse_open(":memory:", TSE_NTS, options, &tasks, NULL));
  tse_options_free(options);
  return tasks;
}

static tse_new_task named(const char *id) {
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z1");
  spec.id = tse_text(id);
  spec.operation = tse_text("create");
  return spec;
}

static void create(tse_engine *tasks, const char *id, int64_t priority) {
  tse_new_task spec = named(id);
  spec.priority = priority;
  MUST(tse_create(tasks, &spec, NULL, NULL, NULL));
}

static tse_task_view read_task(tse_engine *tasks, const char *id, tse_task **task) {
  tse_task_view view = TSE_TASK_VIEW_INIT;
  MUST(tse_get(tasks, "z1", TSE_NTS, id, TSE_NTS, 0, NULL, task, NULL));
  MUST(tse_task_get(*task, &view));
  return view;
}

static tse_error *error = NULL; /* of the call that is looked at */

/* Whether the call failed with the code, at the field (NULL: none), and was not done. */
static int failed(int32_t code, int32_t expected, const char *field) {
  tse_error_view view = TSE_ERROR_VIEW_INIT;
  const int is = code == expected && tse_error_get(error, &view) == TSE_OK && view.outcome == TSE_NOT_DONE &&
                 same(view.field, field);
  if (!is && error) fprintf(stderr, "%d: %s\n", code, view.message.data);
  tse_error_free(error);
  error = NULL;
  return is;
}

/* Claims one task; whether it is this one. */
static int claims(tse_engine *tasks, const char *id) {
  tse_leases *leases = NULL;
  tse_task_view view = TSE_TASK_VIEW_INIT;
  MUST(tse_claim(tasks, NULL, NULL, &leases, NULL));
  if (leases == NULL) return id == NULL;
  MUST(tse_leases_task(leases, 0, &view));
  const int is = same(view.id, id);
  tse_leases_free(leases);
  return is;
}

static void the_highest_priority_is_claimed_first(void) {
  tse_engine *tasks = open_standing();
  create(tasks, "low", -100);
  create(tasks, "usual", 0);
  create(tasks, "high", 100);
  tse_new_task spec = named("named");
  spec.priority = 100;
  spec.ref = tse_text("order 7");
  MUST(tse_create(tasks, &spec, NULL, NULL, NULL));
  tse_task *task = NULL;
  tse_task_view view = read_task(tasks, "named", &task);
  CHECK(view.priority == 100 && same(view.ref, "order 7"));
  CHECK(strstr(view.json.data, "order 7") == NULL && strstr(view.json.data, "priority") == NULL);
  tse_task_free(task);
  view = read_task(tasks, "usual", &task);
  CHECK(view.priority == 0 && same(view.ref, NULL));
  tse_task_free(task);
  CHECK(claims(tasks, "high") && claims(tasks, "named") && claims(tasks, "usual") && claims(tasks, "low"));
  CHECK(claims(tasks, NULL));

  spec = named("bad");
  spec.priority = 101;
  CHECK(failed(tse_create(tasks, &spec, NULL, NULL, &error), TSE_INVALID_ARGUMENT, "priority"));
  spec.priority = TSE_NONE;
  CHECK(failed(tse_create(tasks, &spec, NULL, NULL, &error), TSE_INVALID_ARGUMENT, "priority"));
  spec.priority = 0;
  spec.ref = tse_text("");
  CHECK(failed(tse_create(tasks, &spec, NULL, NULL, &error), TSE_INVALID_ARGUMENT, "ref"));
  tse_engine_free(tasks);
}

static void a_priority_changes_while_nobody_holds_the_task(void) {
  tse_engine *tasks = open_standing();
  tse_call *call = NULL;
  tse_task *task = NULL;
  tse_task_view view = TSE_TASK_VIEW_INIT;
  create(tasks, "t1", 0);
  create(tasks, "t2", 0);
  MUST(tse_call_new(&call, NULL));
  MUST(tse_call_set_actor(call, "operator", TSE_NTS, NULL));
  MUST(tse_reprioritize(tasks, "z1", TSE_NTS, "t2", TSE_NTS, 50, call, &task, NULL));
  MUST(tse_task_get(task, &view));
  CHECK(view.priority == 50 && view.revision == 2 && view.status == TSE_PENDING);
  tse_task_free(task);
  MUST(tse_reprioritize(tasks, "z1", TSE_NTS, "t2", TSE_NTS, 50, NULL, &task, NULL));
  MUST(tse_task_get(task, &view));
  CHECK(view.revision == 2);
  tse_task_free(task);
  tse_history *history = NULL;
  tse_event_view event = TSE_EVENT_VIEW_INIT;
  MUST(tse_history_read(tasks, "z1", TSE_NTS, "t2", TSE_NTS, 0, NULL, 0, NULL, &history, NULL));
  CHECK(tse_history_count(history) == 2);
  MUST(tse_history_event(history, 0, &event));
  CHECK(same(event.kind, "reprioritized") && same(event.detail, "0 \xe2\x86\x92 50") && same(event.worker, "operator"));
  tse_history_free(history);
  CHECK(claims(tasks, "t2"));
  CHECK(failed(tse_reprioritize(tasks, "z1", TSE_NTS, "t2", TSE_NTS, 0, NULL, NULL, &error), TSE_ILLEGAL_TRANSITION,
               NULL));
  CHECK(failed(tse_reprioritize(tasks, "z1", TSE_NTS, "t1", TSE_NTS, 101, NULL, NULL, &error), TSE_INVALID_ARGUMENT,
               "priority"));
  CHECK(failed(tse_reprioritize(tasks, "z1", TSE_NTS, "none", TSE_NTS, 1, NULL, NULL, &error), TSE_NOT_FOUND, NULL));
  CHECK(failed(tse_reprioritize(NULL, "z1", TSE_NTS, "t1", TSE_NTS, 1, NULL, NULL, &error), TSE_INVALID_ARGUMENT,
               "engine"));
  tse_call_free(call);
  tse_engine_free(tasks);
}

static tse_update with_result(const char *bytes, const char *media_type) {
  tse_update update = TSE_UPDATE_INIT;
  update.result = tse_text(bytes);
  update.media_type = tse_text(media_type);
  return update;
}

static int has_result(tse_engine *tasks, const char *id, const char *bytes) {
  tse_stored_result *stored = NULL;
  tse_stored_result_view view = TSE_STORED_RESULT_VIEW_INIT;
  MUST(tse_stored_result_read(tasks, "z1", TSE_NTS, id, TSE_NTS, NULL, &stored, NULL));
  MUST(tse_stored_result_get(stored, &view));
  const int has = same(view.bytes, bytes) && same(view.media_type, "text/csv; charset=utf-8");
  tse_stored_result_free(stored);
  return has;
}

static int leads_to(tse_engine *tasks, const char *id, const char *path) {
  tse_answer *answer = NULL;
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  int leads = 0;
  MUST(tse_answer_new(&answer, NULL));
  MUST(tse_decide(tasks, "z1", TSE_NTS, id, TSE_NTS, NULL, NULL, answer, NULL));
  MUST(tse_answer_get(answer, &view));
  for (size_t i = 0; i < view.header_count; i++)
    leads |= same(view.headers[i].name, "Location") && same(view.headers[i].value, path);
  tse_answer_free(answer);
  return view.status == 303 && leads;
}

static void a_completed_task_stores_what_it_produced(void) {
  static const char csv[] = "text/csv; charset=utf-8";
  tse_options *options = NULL;
  tse_engine *tasks = NULL;
  tse_task *task = NULL;
  tse_stored_result *stored = NULL;
  MUST(tse_options_new(&options, NULL));
  MUST(tse_options_set_clock(options, standing_clock, NULL, NULL, NULL));
  MUST(tse_options_set_result_retention(options, 60000000, NULL));
  CHECK(failed(tse_options_set_result_retention(options, 1, &error), TSE_INVALID_ARGUMENT, "result_retention"));
  MUST(tse_open(":memory:", TSE_NTS, options, &tasks, NULL));
  tse_options_free(options);
  for (const char *id = "abc"; *id; id++) {
    const char name[] = {*id, '\0'};
    create(tasks, name, 0);
    MUST(tse_start(tasks, "z1", TSE_NTS, name, TSE_NTS, NULL, NULL, NULL));
  }

  tse_update update = with_result("id,name", csv);
  CHECK(failed(tse_stored_result_read(tasks, "z1", TSE_NTS, "a", TSE_NTS, NULL, &stored, &error), TSE_NOT_FOUND, NULL));
  MUST(tse_complete(tasks, "z1", TSE_NTS, "a", TSE_NTS, &update, NULL, &task, NULL));
  tse_task_view view = TSE_TASK_VIEW_INIT;
  MUST(tse_task_get(task, &view));
  CHECK(view.status == TSE_COMPLETED && same(view.result_media_type, csv) && same(view.install_id, NULL));
  CHECK(strstr(view.json.data, "csv") == NULL);
  MUST(tse_task_validate(task, NULL));
  tse_task_free(task);
  CHECK(has_result(tasks, "a", "id,name") && leads_to(tasks, "a", "/zones/z1/catalog_tasks/a/result"));
  MUST(tse_complete(tasks, "z1", TSE_NTS, "a", TSE_NTS, &update, NULL, NULL, NULL));
  update.result = tse_text("other");
  CHECK(failed(tse_complete(tasks, "z1", TSE_NTS, "a", TSE_NTS, &update, NULL, NULL, &error), TSE_ILLEGAL_TRANSITION,
               NULL));

  update = with_result(NULL, csv); /* an empty one */
  tse_batch *batch = NULL;
  tse_results *results = NULL;
  MUST(tse_batch_new(&batch, NULL));
  MUST(tse_batch_complete(batch, "z1", TSE_NTS, "b", TSE_NTS, &update, NULL));
  MUST(tse_batch_run(tasks, batch, NULL, &results, NULL));
  MUST(tse_results_get(results, 0, NULL, NULL));
  tse_results_free(results);
  CHECK(has_result(tasks, "b", ""));

  update = with_result("x", NULL);
  CHECK(failed(tse_complete(tasks, "z1", TSE_NTS, "c", TSE_NTS, &update, NULL, NULL, &error), TSE_INVALID_ARGUMENT,
               "media_type"));
  CHECK(failed(tse_annotate(tasks, "z1", TSE_NTS, "c", TSE_NTS, &update, NULL, NULL, &error), TSE_INVALID_ARGUMENT,
               "result"));
  update = with_result(NULL, csv);
  update.error_message = tse_text("It broke.");
  CHECK(failed(tse_fail(tasks, "z1", TSE_NTS, "c", TSE_NTS, &update, NULL, NULL, &error), TSE_INVALID_ARGUMENT,
               "media_type"));
  CHECK(
      failed(tse_batch_fail(batch, "z1", TSE_NTS, "c", TSE_NTS, &update, &error), TSE_INVALID_ARGUMENT, "media_type"));
  CHECK(failed(tse_complete(tasks, "z1", TSE_NTS, "c", TSE_NTS, &update, NULL, NULL, &error), TSE_INVALID_ARGUMENT,
               "error_message"));
  tse_batch_free(batch);

  now_us += 60000000;
  MUST(tse_tick(tasks, NULL, NULL, NULL));
  CHECK(failed(tse_stored_result_read(tasks, "z1", TSE_NTS, "a", TSE_NTS, NULL, &stored, &error), TSE_NOT_FOUND, NULL));
  CHECK(stored == NULL);
  CHECK(tse_stored_result_read(NULL, "z1", TSE_NTS, "a", TSE_NTS, NULL, &stored, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_stored_result_read(tasks, "z1", TSE_NTS, "a", TSE_NTS, NULL, NULL, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_stored_result_get(NULL, NULL) == TSE_INVALID_ARGUMENT);
  tse_stored_result_free(NULL);
  tse_engine_free(tasks);
}

static void a_failed_task_is_retried_once_unless_again(void) {
  tse_engine *tasks = open_standing();
  tse_task *task = NULL;
  tse_task_view view = TSE_TASK_VIEW_INIT;
  tse_new_task spec = named("failed");
  spec.payload = tse_text("payload");
  spec.priority = 50;
  spec.ref = tse_text("order 7");
  spec.max_attempts = 3;
  MUST(tse_create(tasks, &spec, NULL, NULL, NULL));
  CHECK(
      failed(tse_retry(tasks, "z1", TSE_NTS, "failed", TSE_NTS, 0, NULL, NULL, &error), TSE_ILLEGAL_TRANSITION, NULL));
  MUST(tse_cancel(tasks, "z1", TSE_NTS, "failed", TSE_NTS, 0, NULL, 0, NULL, NULL, NULL));
  MUST(tse_retry(tasks, "z1", TSE_NTS, "failed", TSE_NTS, 0, NULL, &task, NULL));
  MUST(tse_task_get(task, &view));
  CHECK(view.status == TSE_PENDING && view.priority == 50 && view.max_attempts == 3 && same(view.ref, "order 7"));
  CHECK(strstr(view.links.data, "/zones/z1/catalog_tasks/failed\",\"rel\":\"predecessor\"") != NULL);
  CHECK(tse_retry(tasks, "z1", TSE_NTS, "failed", TSE_NTS, 0, NULL, NULL, &error) == TSE_ALREADY_EXISTS);
  tse_error_view why = TSE_ERROR_VIEW_INIT;
  MUST(tse_error_get(error, &why));
  CHECK(why.outcome == TSE_NOT_DONE && strstr(why.message.data, view.id.data) != NULL);
  tse_error_free(error);
  error = NULL;
  tse_task_free(task);
  MUST(tse_retry(tasks, "z1", TSE_NTS, "failed", TSE_NTS, TSE_RETRY_AGAIN, NULL, NULL, NULL));
  tse_leases *leases = NULL;
  MUST(tse_claim(tasks, NULL, NULL, &leases, NULL));
  MUST(tse_leases_task(leases, 0, &view));
  CHECK(same(view.payload, "payload"));
  tse_leases_free(leases);
  CHECK(failed(tse_retry(tasks, "z1", TSE_NTS, "none", TSE_NTS, 0, NULL, NULL, &error), TSE_NOT_FOUND, NULL));
  CHECK(
      failed(tse_retry(tasks, "z1", TSE_NTS, "failed", TSE_NTS, 2, NULL, NULL, &error), TSE_INVALID_ARGUMENT, "flags"));
  CHECK(
      failed(tse_retry(NULL, "z1", TSE_NTS, "failed", TSE_NTS, 0, NULL, NULL, &error), TSE_INVALID_ARGUMENT, "engine"));
  tse_engine_free(tasks);
}

static void claims_pass_over_what_is_paused(void) {
  tse_engine *tasks = open_standing();
  tse_call *call = NULL;
  tse_stats *stats = NULL;
  int32_t changed = 7;
  create(tasks, "t1", 0);
  MUST(tse_call_new(&call, NULL));
  MUST(tse_call_set_actor(call, "operator", TSE_NTS, NULL));
  tse_pause_spec zone = TSE_PAUSE_SPEC_INIT;
  zone.zone_id = tse_text("z1");
  tse_pause_spec operation = TSE_PAUSE_SPEC_INIT;
  operation.operation = tse_text("create");
  MUST(tse_pause(tasks, &zone, call, &changed, NULL));
  CHECK(changed == 1);
  MUST(tse_pause(tasks, &zone, NULL, &changed, NULL));
  CHECK(changed == 0);
  MUST(tse_pause(tasks, &operation, NULL, NULL, NULL));
  CHECK(claims(tasks, NULL));

  MUST(tse_stats_read(tasks, NULL, 0, NULL, &stats, NULL));
  CHECK(tse_stats_pause_count(stats) == 2 && tse_stats_pause_count(NULL) == 0);
  tse_pause_view view = TSE_PAUSE_VIEW_INIT;
  MUST(tse_stats_pause(stats, 0, &view));
  CHECK(same(view.zone_id, "z1") && same(view.operation, NULL) && view.since == now_us && same(view.actor, "operator"));
  MUST(tse_stats_pause(stats, 1, &view));
  CHECK(same(view.zone_id, NULL) && same(view.operation, "create") && same(view.actor, NULL));
  CHECK(tse_stats_pause(stats, 2, &view) == TSE_INVALID_ARGUMENT);
  CHECK(tse_stats_pause(NULL, 0, &view) == TSE_INVALID_ARGUMENT &&
        tse_stats_pause(stats, 0, NULL) == TSE_INVALID_ARGUMENT);
  tse_stats_free(stats);

  MUST(tse_unpause(tasks, &zone, NULL, &changed, NULL));
  CHECK(changed == 1 && claims(tasks, NULL));
  MUST(tse_unpause(tasks, &operation, NULL, NULL, NULL));
  MUST(tse_unpause(tasks, &operation, NULL, &changed, NULL));
  CHECK(changed == 0 && claims(tasks, "t1"));

  tse_pause_spec neither = TSE_PAUSE_SPEC_INIT;
  CHECK(failed(tse_pause(tasks, &neither, NULL, NULL, &error), TSE_INVALID_ARGUMENT, "zone_id"));
  zone.operation = tse_text("create");
  CHECK(failed(tse_unpause(tasks, &zone, NULL, NULL, &error), TSE_INVALID_ARGUMENT, "operation"));
  CHECK(failed(tse_pause(tasks, NULL, NULL, NULL, &error), TSE_INVALID_ARGUMENT, "spec"));
  CHECK(failed(tse_pause(NULL, &operation, NULL, NULL, &error), TSE_INVALID_ARGUMENT, "engine"));
  MUST(tse_call_also(call, "SELECT 1", TSE_NTS, NULL));
  CHECK(failed(tse_pause(tasks, &operation, call, NULL, &error), TSE_INVALID_ARGUMENT, "also[0]"));
  tse_call_free(call);
  tse_engine_free(tasks);
}

int main(void) {
  the_highest_priority_is_claimed_first();
  a_priority_changes_while_nobody_holds_the_task();
  a_completed_task_stores_what_it_produced();
  a_failed_task_is_retried_once_unless_again();
  claims_pass_over_what_is_paused();
  return finish("operations");
}

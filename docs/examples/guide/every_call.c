/* Every function of taskstate.h in a program, in the order of the header; the tests build and run it, and the reference
 * refers to it. Errors end the program here; see first-steps/first.c for how to report one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <taskstate.h>

/* What must succeed in this program. */
#define OK(call)                                                  \
  do {                                                            \
    const int32_t ok_code = (call);                               \
    if (ok_code != TSE_OK) {                                      \
      fprintf(stderr, "%s: %s\n", #call, tse_code_name(ok_code)); \
      exit(1);                                                    \
    }                                                             \
  } while (0)

static void print_log(void *user_data, int32_t level, const char *line, size_t size) {
  (void)user_data;
  fprintf(stderr, "level %d: %.*s\n", (int)level, (int)size, line);
}
static int64_t now_us = 1577836800000000;
static int64_t clock_of_the_test(void *user_data) {
  (void)user_data;
  return now_us;
}
static void next_id(void *user_data, int32_t kind, uint8_t *uuid16) {
  (void)kind;
  memset(uuid16, 0, 16);
  uuid16[6] = 0x40;
  uuid16[8] = 0x80;
  uuid16[15] = (uint8_t)++ * (int *)user_data;
}

/* Version, the state machine. */
static void without_an_engine(void) {
  printf("taskstate %s, ABI %d\n", tse_version(), (int)tse_abi());
  if (tse_can_transition(TSE_PENDING, TSE_RUNNING)) printf("%s may run\n", tse_status_name(TSE_PENDING));
}

/* Options, opening. */
static tse_engine *open_engine(void) {
  static int last_id = 0;
  tse_options *options = NULL;
  tse_engine *tasks = NULL;
  OK(tse_options_new(&options, NULL));
  OK(tse_options_set_mode(options, TSE_MODE_CREATE, NULL));
  OK(tse_options_set_adopt(options, 0, NULL));
  OK(tse_options_set_reconfigure(options, 0, NULL));
  OK(tse_options_set_timeout(options, 2000000, NULL)); /* us */
  OK(tse_options_add_operation(options, "upgrade", TSE_NTS, NULL));
  OK(tse_options_set_location(options, "/zones/{zone_id}/installs/{install_id}", TSE_NTS, NULL));
  OK(tse_options_set_status_url(options, "/zones/{zone_id}/catalog_tasks/{task_id}", TSE_NTS, NULL));
  OK(tse_options_set_completed(options, TSE_COMPLETED_SEE_OTHER, NULL));
  OK(tse_options_set_retry_after(options, 1, 60, NULL)); /* s */
  OK(tse_options_set_ignore_bad_request_id(options, 0, NULL));
  OK(tse_options_set_any_filesystem(options, 0, NULL));
  OK(tse_options_set_log_level(options, TSE_LOG_ERROR, NULL));
  OK(tse_options_set_log_file(options, "every_call.log", TSE_NTS, NULL));
  OK(tse_options_set_log_callback(options, print_log, NULL, NULL, NULL)); /* instead of the file */
  OK(tse_options_set_clock(options, clock_of_the_test, NULL, NULL, NULL));
  OK(tse_options_set_boot_clock(options, clock_of_the_test, NULL, NULL, NULL)); /* that of the leases */
  OK(tse_options_set_ids(options, next_id, &last_id, NULL, NULL));
  OK(tse_options_set_housekeeping(options, 0, NULL)); /* tse_tick() instead */
  OK(tse_options_set_running_limit(options, 10, NULL));
  OK(tse_options_set_boot_id(options, "boot-1", TSE_NTS, NULL));
  OK(tse_options_set_pending_limit(options, 100, NULL));
  OK(tse_options_set_idempotency_retention(options, 86400000000, NULL)); /* a day */
  OK(tse_options_set_adopt_request_id(options, 0, NULL));
  OK(tse_options_set_longest_wait(options, 20000000, NULL));
  OK(tse_options_set_retention(options, 0, NULL)); /* tse_purge() instead */
  OK(tse_options_set_tombstones(options, 3600000000, NULL));
  OK(tse_options_set_result_retention(options, 0, NULL)); /* as long as its task */
  OK(tse_options_set_feed_retention(options, 604800000000, NULL));
  OK(tse_options_set_durability(options, TSE_DURABILITY_FULL, NULL));
  OK(tse_options_set_max_bytes(options, 1 << 30, NULL));
  OK(tse_options_set_checkpoint_bytes(options, 4 << 20, NULL));
  OK(tse_options_set_answer_cache_bytes(options, 64 << 20, NULL));
  OK(tse_options_set_file_mode(options, 0600, NULL));
  OK(tse_options_set_migrate(options, TSE_MIGRATE_MANUAL, NULL));
  OK(tse_open("every_call.db", TSE_NTS, options, &tasks, NULL));
  tse_options_free(options);
  return tasks;
}

static void create(tse_engine *tasks, const char *id, int64_t max_attempts) {
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z1");
  spec.id = tse_text(id);
  spec.operation = tse_text("create");
  spec.payload = tse_text("{}");
  spec.max_attempts = max_attempts;
  OK(tse_create(tasks, &spec, NULL, NULL, NULL));
}

/* Calls: what an operation carries besides its arguments. Changing a task that you name. */
static void change_by_key(tse_engine *tasks) {
  tse_call *call = NULL;
  tse_cancel_token *token = NULL;
  OK(tse_call_new(&call, NULL));
  OK(tse_call_set_timeout(call, 500000, NULL));
  OK(tse_call_set_request_id(call, "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e", TSE_NTS, NULL));
  OK(tse_call_set_traceparent(call, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", TSE_NTS, NULL));
  OK(tse_call_set_actor(call, "api", TSE_NTS, NULL));
  OK(tse_cancel_token_new(&token, NULL));
  OK(tse_call_set_cancel_token(call, token, NULL));

  create(tasks, "t1", 1);
  OK(tse_start(tasks, "z1", TSE_NTS, "t1", TSE_NTS, call, NULL, NULL));
  tse_update update = TSE_UPDATE_INIT;
  update.package_slug = tse_text("slug");
  OK(tse_annotate(tasks, "z1", TSE_NTS, "t1", TSE_NTS, &update, call, NULL, NULL));
  update = (tse_update)TSE_UPDATE_INIT;
  update.install_id = tse_text("ins_1");
  update.result = tse_text("id,name\n");
  update.media_type = tse_text("text/csv; charset=utf-8");
  OK(tse_complete(tasks, "z1", TSE_NTS, "t1", TSE_NTS, &update, call, NULL, NULL));
  tse_stored_result *stored = NULL;
  OK(tse_stored_result_read(tasks, "z1", TSE_NTS, "t1", TSE_NTS, NULL, &stored, NULL));
  tse_stored_result_view result = TSE_STORED_RESULT_VIEW_INIT;
  OK(tse_stored_result_get(stored, &result)); /* result.bytes, result.media_type */
  tse_stored_result_free(stored);

  create(tasks, "t2", 1);
  OK(tse_start(tasks, "z1", TSE_NTS, "t2", TSE_NTS, call, NULL, NULL));
  tse_update failure = TSE_UPDATE_INIT;
  failure.error_message = tse_text("The disk is full.");  /* the client reads this */
  failure.error_detail = tse_text("ENOSPC on /dev/sda1"); /* nobody but you reads this */
  OK(tse_fail(tasks, "z1", TSE_NTS, "t2", TSE_NTS, &failure, call, NULL, NULL));

  tse_pause_spec zone = TSE_PAUSE_SPEC_INIT;
  zone.zone_id = tse_text("z1");
  OK(tse_pause(tasks, &zone, call, NULL, NULL)); /* claims pass over it */
  tse_stats *stats = NULL;
  OK(tse_stats_read(tasks, NULL, 0, NULL, &stats, NULL));
  if (tse_stats_pause_count(stats) != 1) exit(1);
  tse_pause_view pause = TSE_PAUSE_VIEW_INIT;
  OK(tse_stats_pause(stats, 0, &pause));
  tse_stats_free(stats);
  OK(tse_unpause(tasks, &zone, call, NULL, NULL));
  OK(tse_retry(tasks, "z1", TSE_NTS, "t2", TSE_NTS, 0, call, NULL, NULL)); /* a new task like it */

  create(tasks, "t3", 1);
  OK(tse_reprioritize(tasks, "z1", TSE_NTS, "t3", TSE_NTS, 50, call, NULL, NULL));
  OK(tse_cancel(tasks, "z1", TSE_NTS, "t3", TSE_NTS, 0, "Not wanted.", TSE_NTS, call, NULL, NULL));
  tse_cancel_token_cancel(token); /* from now on, whatever would wait with this call is TSE_CANCELLED */
  tse_cancel_token_free(token);
  tse_call_free(call);
}

/* Statements of the host's own, in the same transaction. */
static void change_with_statements(tse_engine *tasks) {
  tse_call *call = NULL;
  OK(tse_call_new(&call, NULL));
  OK(tse_call_also(call, "SELECT :taskstate_id, ?, ?, :at, :size, ?", TSE_NTS, NULL));
  OK(tse_call_bind_text(call, NULL, 0, "text", TSE_NTS, NULL));
  OK(tse_call_bind_blob(call, NULL, 0, "bytes", 5, NULL));
  OK(tse_call_bind_int64(call, ":at", TSE_NTS, now_us, NULL));
  OK(tse_call_bind_double(call, ":size", TSE_NTS, 0.5, NULL));
  OK(tse_call_bind_null(call, NULL, 0, NULL));
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z1");
  spec.id = tse_text("t6");
  spec.operation = tse_text("create");
  OK(tse_create(tasks, &spec, call, NULL, NULL));
  OK(tse_call_clear_also(call, NULL));
  OK(tse_start(tasks, "z1", TSE_NTS, "t6", TSE_NTS, call, NULL, NULL));
  tse_call_free(call);
}

/* Reading a task, as a snapshot; and as a value, without an engine. Errors. */
static void read_a_task(tse_engine *tasks) {
  tse_task *task = NULL;
  tse_task_view view = TSE_TASK_VIEW_INIT;
  OK(tse_get(tasks, "z1", TSE_NTS, "t1", TSE_NTS, TSE_WITH_PAYLOAD, NULL, &task, NULL));
  OK(tse_task_get(task, &view));
  tse_task *copy = NULL;
  OK(tse_task_from_json("z1", TSE_NTS, view.json.data, view.json.size, &copy, NULL));
  OK(tse_task_validate(copy, NULL));
  tse_task_free(copy);
  tse_task_free(task);
  OK(tse_wait(tasks, "z1", TSE_NTS, "t1", TSE_NTS, TSE_NONE, 5000000, NULL, &task, NULL)); /* it has ended already */
  tse_task_free(task);

  tse_new_task bad = TSE_NEW_TASK_INIT;
  tse_error *error = NULL;
  tse_error_view why = TSE_ERROR_VIEW_INIT;
  tse_error_detail_view detail = TSE_ERROR_DETAIL_VIEW_INIT;
  if (tse_create(tasks, &bad, NULL, NULL, &error) != TSE_INVALID_ARGUMENT) exit(1);
  OK(tse_error_get(error, &why));
  OK(tse_error_detail(error, 0, &detail));
  printf("%s: %s %s\n", tse_code_name(why.code), detail.field.data, detail.message.data);
  tse_error_free(error);
}

/* A worker. */
static void work(tse_engine *tasks) {
  create(tasks, "t4", 3);
  tse_leases *leases = NULL;
  tse_lease_view lease = TSE_LEASE_VIEW_INIT;
  tse_task_view task = TSE_TASK_VIEW_INIT;
  OK(tse_claim(tasks, NULL, NULL, &leases, NULL));
  if (tse_leases_count(leases) != 1) exit(1);
  OK(tse_leases_lease(leases, 0, &lease));
  OK(tse_leases_task(leases, 0, &task));
  tse_heartbeat_view told = TSE_HEARTBEAT_VIEW_INIT;
  const char *progress = "{\"href\":\"#progress\",\"rel\":\"progress\",\"properties\":{\"percent\":40}}";
  OK(tse_lease_heartbeat(tasks, lease.token.data, lease.token.size, TSE_NONE, progress, TSE_NTS, NULL, &told, NULL));
  tse_update update = TSE_UPDATE_INIT;
  update.package_version = 2;
  OK(tse_lease_annotate(tasks, lease.token.data, lease.token.size, &update, NULL, NULL, NULL));
  OK(tse_lease_release(tasks, lease.token.data, lease.token.size, 1000000, NULL, NULL, NULL)); /* again in a second */
  tse_leases_free(leases);

  now_us += 1000000;
  OK(tse_start_leased(tasks, "z1", TSE_NTS, "t4", TSE_NTS, "w1", TSE_NTS, 30000000, NULL, &leases, NULL));
  tse_leases_free(leases); /* memory only: the task is still held, */
  now_us += 30000000;
  int64_t ended = 0;
  OK(tse_tick(tasks, NULL, &ended, NULL)); /* until the lease has run out */
  if (ended != 1) exit(1);

  OK(tse_claim(tasks, NULL, NULL, &leases, NULL));
  OK(tse_leases_lease(leases, 0, &lease));
  update.install_id = tse_text("ins_4");
  OK(tse_lease_complete(tasks, lease.token.data, lease.token.size, &update, NULL, NULL, NULL));
  tse_leases_free(leases);

  create(tasks, "t5", 1);
  OK(tse_claim(tasks, NULL, NULL, &leases, NULL));
  OK(tse_leases_lease(leases, 0, &lease));
  tse_update failure = TSE_UPDATE_INIT;
  failure.error_message = tse_text("It did not fit.");
  OK(tse_lease_fail(tasks, lease.token.data, lease.token.size, &failure, NULL, NULL, NULL));
  tse_leases_free(leases);
}

/* Many changes in one call. */
static void batch_of(tse_engine *tasks) {
  tse_batch *batch = NULL;
  tse_results *results = NULL;
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("many");
  spec.operation = tse_text("create");
  tse_update slug = TSE_UPDATE_INIT;
  slug.package_slug = tse_text("slug");
  tse_update result = TSE_UPDATE_INIT;
  result.install_id = tse_text("ins_1");
  tse_update failure = TSE_UPDATE_INIT;
  failure.error_message = tse_text("It broke.");

  OK(tse_batch_new(&batch, NULL));
  const char *const ids[] = {"m1", "m2"};
  for (size_t i = 0; i < 2; i++) {
    spec.id = tse_text(ids[i]);
    OK(tse_batch_create(batch, &spec, NULL));
    OK(tse_batch_start(batch, "many", TSE_NTS, ids[i], TSE_NTS, NULL));
  }
  OK(tse_batch_annotate(batch, "many", TSE_NTS, "m1", TSE_NTS, &slug, NULL));
  OK(tse_batch_complete(batch, "many", TSE_NTS, "m1", TSE_NTS, &result, NULL));
  OK(tse_batch_fail(batch, "many", TSE_NTS, "m2", TSE_NTS, &failure, NULL));
  OK(tse_batch_lease_complete(batch, "the token of a lease", TSE_NTS, &result, NULL));
  OK(tse_batch_lease_fail(batch, "the token of a lease", TSE_NTS, &failure, NULL));
  OK(tse_batch_run(tasks, batch, NULL, &results, NULL));
  printf("%zu changes\n", tse_batch_count(batch));
  for (size_t i = 0; i < tse_results_count(results); i++) {
    tse_task_view task = TSE_TASK_VIEW_INIT;
    const int32_t code = tse_results_get(results, i, &task, NULL);
    printf("  %s\n", code == TSE_OK ? tse_status_name(task.status) : tse_code_name(code));
  }
  tse_results_free(results);
  OK(tse_batch_clear(batch, NULL));
  tse_batch_free(batch);
}

/* An event loop waits for the descriptor to be readable, resets the watch, and looks: claims, takes the tags of tasks
 * that have moved, reads the feed. */
static void watch(tse_engine *tasks) {
  tse_watch *watch = NULL;
  OK(tse_watch_new(tasks, &watch, NULL));
  OK(tse_watch_claim(watch, NULL, NULL));
  OK(tse_watch_task(watch, "z1", TSE_NTS, "t1", TSE_NTS, 1, 7, NULL));
  OK(tse_watch_task(watch, "z1", TSE_NTS, "t6", TSE_NTS, TSE_NONE, 8, NULL));
  OK(tse_watch_forget(watch, "z1", TSE_NTS, "t6", TSE_NTS, 8, NULL));
  OK(tse_watch_changes(watch, "z1", TSE_NTS, NULL));
  if (tse_watch_descriptor(watch) < 0) exit(1);
  OK(tse_watch_reset(watch, NULL));
  int64_t tags[8];
  size_t count = 0;
  OK(tse_watch_take(watch, tags, 8, &count, NULL));
  if (count != 1 || tags[0] != 7) exit(1);
  tse_watch_free(watch);
}

/* The feed, purging, figures, a copy. */
static void run_a_service(tse_engine *tasks) {
  tse_changes *changes = NULL;
  tse_changes_view part = TSE_CHANGES_VIEW_INIT;
  tse_event_view event = TSE_EVENT_VIEW_INIT;
  OK(tse_changes_read(tasks, NULL, NULL, &changes, NULL));
  OK(tse_changes_get(changes, &part));
  OK(tse_changes_event(changes, 0, &event));
  printf("%d changes, the first %s; more after %s\n", (int)part.count, event.kind.data, part.position.data);
  tse_changes_free(changes);

  tse_purge_spec old = TSE_PURGE_SPEC_INIT;
  int64_t count = 0;
  old.zone_id = tse_text("z2");
  old.older_than_us = 0;
  OK(tse_purge(tasks, &old, NULL, &count, NULL));
  int32_t erased = 0;
  OK(tse_erase(tasks, "z1", TSE_NTS, "t3", TSE_NTS, NULL, &erased, NULL));
  if (count != 0 || erased != 1) exit(1);

  tse_stats *stats = NULL;
  tse_stats_view figures = TSE_STATS_VIEW_INIT;
  tse_count_view counted = TSE_COUNT_VIEW_INIT;
  OK(tse_stats_read(tasks, NULL, 0, NULL, &stats, NULL));
  OK(tse_stats_get(stats, &figures));
  OK(tse_stats_count(stats, 0, &counted));
  printf("%d completed in %d commits\n%s", (int)figures.completed, (int)figures.commits, tse_stats_text(stats));
  tse_stats_free(stats);

  if (figures.expiry_paused) OK(tse_clock_ok(tasks, NULL, NULL));

  OK(tse_backup(tasks, "every_call-copy.db", TSE_NTS, NULL, NULL));

  tse_migration_view migration = TSE_MIGRATION_VIEW_INIT; /* before a new release opens an older file */
  OK(tse_migrate("every_call-copy.db", TSE_NTS, NULL, NULL, &migration, NULL));
  printf("schema %d to %d\n", (int)migration.from_schema, (int)migration.to_schema);
}

/* Lists, histories, reports. */
static void look_around(tse_engine *tasks) {
  tse_list_query query = TSE_LIST_QUERY_INIT;
  tse_page *page = NULL;
  tse_page_view of_page = TSE_PAGE_VIEW_INIT;
  tse_task_view task = TSE_TASK_VIEW_INIT;
  query.zone_id = tse_text("z1");
  query.limit = 2;
  OK(tse_list(tasks, &query, NULL, &page, NULL));
  OK(tse_page_get(page, &of_page));
  OK(tse_page_task(page, 0, &task));
  printf("%d tasks, the newest %s; more after %s\n", (int)of_page.count, task.id.data, of_page.after_cursor.data);
  tse_page_free(page);

  tse_history *history = NULL;
  tse_event_view event = TSE_EVENT_VIEW_INIT;
  OK(tse_history_read(tasks, "z1", TSE_NTS, "t4", TSE_NTS, 0, NULL, 0, NULL, &history, NULL));
  for (size_t i = 0; i < tse_history_count(history); ++i) {
    OK(tse_history_event(history, i, &event));
    printf("%s, attempt %d\n", event.kind.data, (int)event.attempt);
  }
  if (tse_history_after_cursor(history).data != NULL) printf("and more\n");
  tse_history_free(history);

  tse_report *report = NULL;
  tse_report_view found = TSE_REPORT_VIEW_INIT;
  tse_str problem;
  OK(tse_verify(tasks, NULL, &report, NULL));
  OK(tse_report_get(report, &found));
  for (size_t i = 0; i < found.problem_count; ++i) {
    OK(tse_report_problem(report, i, &problem));
    printf("%s\n", problem.data);
  }
  if (!found.ok) exit(1);
  tse_report_free(report);
}

/* The HTTP answers. */
static void answer(tse_engine *tasks) {
  tse_answer *answer = NULL;
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  tse_task *task = NULL;
  OK(tse_answer_new(&answer, NULL));
  OK(tse_get(tasks, "z1", TSE_NTS, "t1", TSE_NTS, 0, NULL, &task, NULL));
  OK(tse_accept(tasks, task, NULL, NULL, answer, NULL));
  tse_task_free(task);
  OK(tse_decide(tasks, "z1", TSE_NTS, "t1", TSE_NTS, NULL, NULL, answer, NULL));
  OK(tse_answer_get(answer, &view));
  printf("%d\n", (int)view.status);
  for (size_t i = 0; i < view.header_count; ++i)
    printf("%s: %s\n", view.headers[i].name.data, view.headers[i].value.data);
  tse_answer_free(answer);
}

int main(void) {
  without_an_engine();
  tse_engine *tasks = open_engine();
  change_by_key(tasks);
  change_with_statements(tasks);
  read_a_task(tasks);
  work(tasks);
  batch_of(tasks);
  watch(tasks);
  look_around(tasks);
  run_a_service(tasks);
  answer(tasks);
  OK(tse_close(tasks, NULL));
  tse_engine_free(tasks);
  return 0;
}

#define _POSIX_C_SOURCE 200809L
#include "oom/scenarios.h"

#include "capi/check.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- What all have in common ------------------------------------------------------------------ */

static int64_t now_us = 1577470279117000;

static int64_t standing_clock(void *user_data) {
  (void)user_data;
  return now_us;
}

static void ignore_line(void *user_data, int32_t level, const char *line, size_t size) {
  (void)user_data, (void)level, (void)line, (void)size;
}

static void one_id(void *user_data, int32_t kind, uint8_t *uuid16) {
  (void)user_data, (void)kind;
  memset(uuid16, 7, 16);
}

static const char *const links =
    "[{\"href\":\"/docs/of/a/task/that/has/a/link\",\"rel\":\"help\",\"properties\":{\"size\":1.50}}]";
static const char *const progress = "{\"href\":\"#progress-of-a-task-that-runs\",\"rel\":\"progress\"}";
static const char *const wire_form =
    "{\"id\":\"" ID("wire") "\",\"created_at\":\"2019-12-27T18:11:19.117Z\",\"operation\":\"create\",\"status\":\"pending\","
    "\"updated_at\":\"2019-12-27T18:11:19.117Z\"}";

tse_options *standing_options(void) {
  tse_options *options = NULL;
  MUST(tse_options_new(&options, NULL));
  MUST(tse_options_set_clock(options, standing_clock, NULL, NULL, NULL));
  MUST(tse_options_set_log_level(options, TSE_LOG_OFF, NULL));
  MUST(tse_options_set_checkpoint_bytes(options, INT64_C(100000000), NULL));
  return options;
}

static tse_new_task rich_task(const char *name) {
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text(ZONE);
  spec.id = tse_text(strcmp(name, "new") == 0 ? ID("new") : name);
  spec.operation = tse_text("create");
  spec.package_id = tse_text("a package id that is too long for a string's own memory");
  spec.links = tse_text(links);
  spec.payload = tse_text("a payload that is too long for a string's own memory");
  return spec;
}

static tse_update more_links(void) {
  tse_update update = TSE_UPDATE_INIT;
  update.links = tse_text("[{\"href\":\"#another-link-of-a-task-that-has-one\",\"rel\":\"help\"}]");
  return update;
}

static tse_update result(void) {
  tse_update update = TSE_UPDATE_INIT;
  update.install_id = tse_text("an install id that is too long for a string's own memory");
  return update;
}

static tse_update mishap(void) {
  tse_update update = TSE_UPDATE_INIT;
  update.error_message = tse_text("a message that is too long for a string's own memory");
  update.error_detail = tse_text("a detail that is too long for a string's own memory");
  return update;
}

static tse_claim_spec claim_spec(void) {
  tse_claim_spec spec = TSE_CLAIM_SPEC_INIT;
  spec.zones = tse_text(ZONE);
  spec.operations = tse_text("create");
  spec.worker = tse_text("a worker whose name is too long for a string of its own");
  return spec;
}

void fill(tse_engine *tasks, char *token) {
  const char *const ids[] = {ID("running"), ID("completed"), ID("leased"), ID("expired"), ID("pending")};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    const tse_new_task spec = rich_task(ids[i]);
    MUST(tse_create(tasks, &spec, NULL, NULL, NULL));
  }
  tse_new_task keyed = rich_task(ID("keyed"));
  keyed.idempotency_key = tse_text(ID("old key"));
  MUST(tse_create(tasks, &keyed, NULL, NULL, NULL));
  MUST(tse_start(tasks, ZONE, TSE_NTS, ID("keyed"), TSE_NTS, NULL, NULL, NULL));
  MUST(tse_start(tasks, ZONE, TSE_NTS, ID("running"), TSE_NTS, NULL, NULL, NULL));
  MUST(tse_start(tasks, ZONE, TSE_NTS, ID("completed"), TSE_NTS, NULL, NULL, NULL));
  tse_update update = result();
  update.result = tse_text("a result that is too long for a string's own memory");
  update.media_type = tse_text("text/plain; charset=\"utf-8\"; format=flowed; delsp=yes");
  MUST(tse_complete(tasks, ZONE, TSE_NTS, ID("completed"), TSE_NTS, &update, NULL, NULL, NULL));
  tse_pause_spec deletes = TSE_PAUSE_SPEC_INIT;
  deletes.operation = tse_text("delete");
  MUST(tse_pause(tasks, &deletes, NULL, NULL, NULL));
  const tse_new_task failing = rich_task(ID("failed"));
  MUST(tse_create(tasks, &failing, NULL, NULL, NULL));
  MUST(tse_cancel(tasks, ZONE, TSE_NTS, ID("failed"), TSE_NTS, 0, NULL, 0, NULL, NULL, NULL));
  tse_leases *leases = NULL;
  MUST(tse_start_leased(tasks, ZONE, TSE_NTS, ID("expired"), TSE_NTS, NULL, 0, 1000, NULL, &leases, NULL));
  tse_leases_free(leases);
  MUST(tse_start_leased(tasks, ZONE, TSE_NTS, ID("leased"), TSE_NTS, "w", TSE_NTS, INT64_C(86400000000), NULL, &leases,
                        NULL));
  tse_lease_view lease = TSE_LEASE_VIEW_INIT;
  MUST(tse_leases_lease(leases, 0, &lease));
  memcpy(token, lease.token.data, lease.token.size + 1);
  tse_leases_free(leases);
  now_us += 1000000;
}

/* SQLite keeps where pages are in a log in tables, each allocated for itself, the first for 4062 frames; it does so
 * when the frames are written already. */
void lengthen_log(struct world *w) {
  char log[sizeof w->path + 8];
  struct stat now = {0};
  snprintf(log, sizeof log, "%s-wal", w->path);
  const off_t frame = 24 + 4096;
  do {
    MUST(tse_lease_heartbeat(w->tasks, w->token, TSE_NTS, TSE_NONE, progress, TSE_NTS, NULL, NULL, NULL));
    CHECK(stat(log, &now) == 0);
  } while (now.st_size < (4062 - 4) * frame);
}

void equip(struct world *w, tse_engine *donor, int all) {
  w->options = standing_options();
  MUST(tse_call_new(&w->call, NULL));
  MUST(tse_call_set_actor(w->call, ID("actor"), TSE_NTS, NULL));
  MUST(tse_call_also(w->call, "SELECT :taskstate_id, ?, ?", TSE_NTS, NULL));
  MUST(tse_call_bind_text(w->call, NULL, 0, ID("value"), TSE_NTS, NULL));
  MUST(tse_call_bind_null(w->call, NULL, 0, NULL));
  MUST(tse_cancel_token_new(&w->cancel, NULL));
  MUST(tse_answer_new(&w->answer, NULL));
  MUST(tse_batch_new(&w->batch, NULL));
  const tse_update update = more_links(); /* both can be done again, if only one of them was */
  MUST(tse_batch_annotate(w->batch, ZONE, TSE_NTS, ID("running"), TSE_NTS, &update, NULL));
  tse_new_task spec = rich_task("new");
  spec.idempotency_key = tse_text(ID("key"));
  MUST(tse_batch_create(w->batch, &spec, NULL));
  MUST(tse_get(donor, ZONE, TSE_NTS, ID("completed"), TSE_NTS, 0, NULL, &w->old_task, NULL));
  tse_new_task broken = rich_task("new");
  broken.operation = tse_text("no operation");
  CHECK(tse_create(donor, &broken, NULL, NULL, &w->old_error) == TSE_INVALID_ARGUMENT);
  if (!all) return;
  MUST(tse_verify(donor, NULL, &w->old_report, NULL));
  MUST(tse_stats_read(donor, NULL, 0, NULL, &w->old_stats, NULL));
  MUST(tse_stored_result_read(donor, ZONE, TSE_NTS, ID("completed"), TSE_NTS, NULL, &w->old_stored, NULL));
  MUST(tse_changes_read(donor, NULL, NULL, &w->old_changes, NULL));
  MUST(tse_history_read(donor, ZONE, TSE_NTS, ID("completed"), TSE_NTS, 0, NULL, 0, NULL, &w->old_history, NULL));
  tse_list_query query = TSE_LIST_QUERY_INIT;
  query.zone_id = tse_text(ZONE);
  MUST(tse_list(donor, &query, NULL, &w->old_page, NULL));
  tse_batch *one_of_each = NULL;
  MUST(tse_batch_new(&one_of_each, NULL));
  tse_new_task again = rich_task("again");
  again.id = tse_text(NULL);
  again.idempotency_key = tse_text(ID("old key"));
  MUST(tse_batch_create(one_of_each, &again, NULL));
  MUST(tse_batch_start(one_of_each, ZONE, TSE_NTS, ID("none"), TSE_NTS, NULL));
  MUST(tse_batch_run(donor, one_of_each, NULL, &w->old_results, NULL));
  tse_batch_free(one_of_each);
  const tse_new_task spare = rich_task(ID("spare"));
  MUST(tse_create(donor, &spare, NULL, NULL, NULL));
  MUST(
      tse_start_leased(donor, ZONE, TSE_NTS, ID("spare"), TSE_NTS, "w", TSE_NTS, TSE_NONE, NULL, &w->old_leases, NULL));
  MUST(tse_cancel(donor, ZONE, TSE_NTS, ID("spare"), TSE_NTS, TSE_CANCEL_FORCE, NULL, 0, NULL, NULL, NULL));
  MUST(tse_erase(donor, ZONE, TSE_NTS, ID("spare"), TSE_NTS, NULL, NULL, NULL));
}

void unequip(struct world *w) {
  tse_options_free(w->options);
  tse_call_free(w->call);
  tse_cancel_token_free(w->cancel);
  tse_batch_free(w->batch);
  tse_answer_free(w->answer);
  tse_task_free(w->old_task);
  tse_error_free(w->old_error);
  tse_leases_free(w->old_leases);
  tse_results_free(w->old_results);
  tse_page_free(w->old_page);
  tse_history_free(w->old_history);
  tse_changes_free(w->old_changes);
  tse_stats_free(w->old_stats);
  tse_stored_result_free(w->old_stored);
  tse_report_free(w->old_report);
}

/* Whether a task is there and has a status. */
static int has_status(struct world *w, const char *id, int32_t status) {
  tse_task *task = NULL;
  MUST(tse_get(w->tasks, ZONE, TSE_NTS, id, TSE_NTS, 0, NULL, &task, NULL));
  if (task == NULL) return 0;
  tse_task_view view = TSE_TASK_VIEW_INIT;
  MUST(tse_task_get(task, &view));
  const int has = view.status == status;
  tse_task_free(task);
  return has;
}

static int is_annotated(struct world *w, const char *id) {
  tse_task *task = NULL;
  MUST(tse_get(w->tasks, ZONE, TSE_NTS, id, TSE_NTS, 0, NULL, &task, NULL));
  tse_task_view view = TSE_TASK_VIEW_INIT;
  MUST(tse_task_get(task, &view));
  const int is = view.revision > 2;
  tse_task_free(task);
  return is;
}

static int new_is_there(struct world *w) { return has_status(w, ID("new"), TSE_PENDING); }
static int pending_runs(struct world *w) { return has_status(w, ID("pending"), TSE_RUNNING); }
static int pending_is_reprioritized(struct world *w) {
  tse_task *task = NULL;
  MUST(tse_get(w->tasks, ZONE, TSE_NTS, ID("pending"), TSE_NTS, 0, NULL, &task, NULL));
  tse_task_view view = TSE_TASK_VIEW_INIT;
  MUST(tse_task_get(task, &view));
  const int is = view.priority == 50;
  tse_task_free(task);
  return is;
}
static int failed_is_retried(struct world *w) {
  tse_stats *stats = NULL;
  tse_stats_view view = TSE_STATS_VIEW_INIT;
  MUST(tse_stats_read(w->tasks, NULL, 0, NULL, &stats, NULL));
  MUST(tse_stats_get(stats, &view));
  tse_stats_free(stats);
  return view.pending == 2;
}
static size_t count_pauses(struct world *w) {
  tse_stats *stats = NULL;
  MUST(tse_stats_read(w->tasks, NULL, 0, NULL, &stats, NULL));
  const size_t count = tse_stats_pause_count(stats);
  tse_stats_free(stats);
  return count;
}
static int zone_is_paused(struct world *w) { return count_pauses(w) == 2; }
static int nothing_is_paused(struct world *w) { return count_pauses(w) == 0; }
static int pending_is_failed(struct world *w) { return has_status(w, ID("pending"), TSE_FAILED); }
static int running_is_annotated(struct world *w) { return is_annotated(w, ID("running")); }
static int running_is_completed(struct world *w) { return has_status(w, ID("running"), TSE_COMPLETED); }
static int running_is_failed(struct world *w) { return has_status(w, ID("running"), TSE_FAILED); }
static int leased_is_annotated(struct world *w) { return is_annotated(w, ID("leased")); }
static int leased_is_completed(struct world *w) { return has_status(w, ID("leased"), TSE_COMPLETED); }
static int leased_is_failed(struct world *w) { return has_status(w, ID("leased"), TSE_FAILED); }
static int expired_is_failed(struct world *w) { return has_status(w, ID("expired"), TSE_FAILED); }
static int completed_is_gone(struct world *w) { return !has_status(w, ID("completed"), TSE_COMPLETED); }
static int batch_is_empty(struct world *w) { return tse_batch_count(w->batch) == 0; }
static int batch_has_one_more(struct world *w) { return tse_batch_count(w->batch) == 3; }

static char *copy_path(const struct world *w) {
  static char path[sizeof w->path + 8];
  snprintf(path, sizeof path, "%s-copy", w->path);
  return path;
}
static int copy_is_there(struct world *w) { return access(copy_path(w), F_OK) == 0; }

/* What is over when the answer is that there is no memory; a status that tells so is one. */
static int32_t decide(struct world *w, tse_error **e, const char *id) {
  const int32_t code = tse_decide(w->tasks, ZONE, TSE_NTS, id, TSE_NTS, NULL, NULL, w->answer, e);
  if (code != TSE_OK) return code;
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  const int32_t read = tse_answer_get(w->answer, &view);
  if (read != TSE_OK) return read;
  if (view.status == 500 || view.status == 503) return TSE_NO_MEMORY;
  return view.status == 200 || view.status == 303 ? TSE_OK : TSE_INTERNAL;
}

/* What a batch's items said of themselves, each for itself, unless there was no memory for what they say. */
static enum told { ITEM_DONE, ITEM_NOT_DONE, ITEM_UNKNOWN } items[2];

static enum told told(const tse_error *error) {
  tse_error_view view = TSE_ERROR_VIEW_INIT;
  return tse_error_get(error, &view) == TSE_OK && view.outcome == TSE_NOT_DONE ? ITEM_NOT_DONE : ITEM_UNKNOWN;
}

static int32_t run_batch(struct world *w, tse_error **e) {
  int32_t code = tse_batch_run(w->tasks, w->batch, w->call, &w->out.results, e);
  if (code != TSE_OK) {
    items[0] = items[1] = told(*e);
    return code;
  }
  for (size_t i = 0; i < 2; i++) {
    tse_error *error = NULL;
    const int32_t item = tse_results_get(w->out.results, i, NULL, &error);
    items[i] = item == TSE_OK ? ITEM_DONE : told(error);
    tse_error_free(error);
    if (item != TSE_OK) code = item;
  }
  if (code != TSE_OK) {
    tse_results_free(w->out.results);
    w->out.results = NULL;
  }
  return code;
}

static int batch_is_as_told(struct world *w) {
  const int done[2] = {running_is_annotated(w), new_is_there(w)};
  for (size_t i = 0; i < 2; i++) CHECK(items[i] == ITEM_UNKNOWN || done[i] == (items[i] == ITEM_DONE));
  return done[0] && done[1];
}

/* ---- One for each function ---------------------------------------------------------------------- */

static int32_t act_version(struct world *w, tse_error **e) {
  (void)e;
  (void)w;
  (void)tse_version();
  return TSE_OK;
}
static int32_t act_abi(struct world *w, tse_error **e) {
  (void)e;
  (void)w;
  (void)tse_abi();
  return TSE_OK;
}
static int32_t act_code_name(struct world *w, tse_error **e) {
  (void)e;
  (void)w;
  (void)tse_code_name(TSE_NO_MEMORY);
  return TSE_OK;
}
static int32_t act_can_transition(struct world *w, tse_error **e) {
  (void)e;
  (void)w;
  (void)tse_can_transition(TSE_PENDING, TSE_RUNNING);
  return TSE_OK;
}
static int32_t act_status_name(struct world *w, tse_error **e) {
  (void)e;
  (void)w;
  (void)tse_status_name(TSE_PENDING);
  return TSE_OK;
}
static int32_t act_error_get(struct world *w, tse_error **e) {
  (void)e;
  tse_error_view view = TSE_ERROR_VIEW_INIT;
  return tse_error_get(w->old_error, &view);
}
static int32_t act_error_detail(struct world *w, tse_error **e) {
  (void)e;
  tse_error_detail_view view = TSE_ERROR_DETAIL_VIEW_INIT;
  return tse_error_detail(w->old_error, 0, &view);
}
static int32_t act_error_free(struct world *w, tse_error **e) {
  (void)e;
  tse_error_free(w->old_error);
  w->old_error = NULL;
  return TSE_OK;
}
static int32_t act_call_new(struct world *w, tse_error **e) { return tse_call_new(&w->out.call, e); }
static int32_t act_call_free(struct world *w, tse_error **e) {
  (void)e;
  tse_call_free(w->call);
  w->call = NULL;
  return TSE_OK;
}
static int32_t act_call_set_timeout(struct world *w, tse_error **e) {
  return tse_call_set_timeout(w->call, 1000000, e);
}
static int32_t act_call_set_request_id(struct world *w, tse_error **e) {
  return tse_call_set_request_id(w->call, ID("request"), TSE_NTS, e);
}
static int32_t act_call_set_traceparent(struct world *w, tse_error **e) {
  return tse_call_set_traceparent(w->call, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", TSE_NTS, e);
}
static int32_t act_call_set_actor(struct world *w, tse_error **e) {
  return tse_call_set_actor(w->call, ID("actor"), TSE_NTS, e);
}
static int32_t act_cancel_token_new(struct world *w, tse_error **e) { return tse_cancel_token_new(&w->out.cancel, e); }
static int32_t act_cancel_token_cancel(struct world *w, tse_error **e) {
  (void)e;
  tse_cancel_token_cancel(w->cancel);
  return TSE_OK;
}
static int32_t act_cancel_token_free(struct world *w, tse_error **e) {
  (void)e;
  tse_cancel_token_free(w->cancel);
  w->cancel = NULL;
  return TSE_OK;
}
static int32_t act_call_set_cancel_token(struct world *w, tse_error **e) {
  return tse_call_set_cancel_token(w->call, w->cancel, e);
}
static int32_t act_call_also(struct world *w, tse_error **e) {
  return tse_call_also(w->call, "SELECT :taskstate_id, ?, ?, ?, ?, ?", TSE_NTS, e);
}
static int32_t act_call_bind_null(struct world *w, tse_error **e) { return tse_call_bind_null(w->call, NULL, 0, e); }
static int32_t act_call_bind_int64(struct world *w, tse_error **e) {
  return tse_call_bind_int64(w->call, NULL, 0, 7, e);
}
static int32_t act_call_bind_double(struct world *w, tse_error **e) {
  return tse_call_bind_double(w->call, NULL, 0, 7.5, e);
}
static int32_t act_call_bind_text(struct world *w, tse_error **e) {
  return tse_call_bind_text(w->call, NULL, 0, ID("value"), TSE_NTS, e);
}
static int32_t act_call_bind_blob(struct world *w, tse_error **e) {
  return tse_call_bind_blob(w->call, NULL, 0, ID("bytes"), 20, e);
}
static int32_t act_call_clear_also(struct world *w, tse_error **e) { return tse_call_clear_also(w->call, e); }
static int32_t act_options_new(struct world *w, tse_error **e) { return tse_options_new(&w->out.options, e); }
static int32_t act_options_free(struct world *w, tse_error **e) {
  (void)e;
  tse_options_free(w->options);
  w->options = NULL;
  return TSE_OK;
}
static int32_t act_options_set_mode(struct world *w, tse_error **e) {
  return tse_options_set_mode(w->options, TSE_MODE_READ_WRITE, e);
}
static int32_t act_options_set_adopt(struct world *w, tse_error **e) { return tse_options_set_adopt(w->options, 1, e); }
static int32_t act_options_set_reconfigure(struct world *w, tse_error **e) {
  return tse_options_set_reconfigure(w->options, 1, e);
}
static int32_t act_options_set_timeout(struct world *w, tse_error **e) {
  return tse_options_set_timeout(w->options, 1000000, e);
}
static int32_t act_options_set_completed(struct world *w, tse_error **e) {
  return tse_options_set_completed(w->options, TSE_COMPLETED_OK, e);
}
static int32_t act_options_set_retry_after(struct world *w, tse_error **e) {
  return tse_options_set_retry_after(w->options, 2, 20, e);
}
static int32_t act_options_set_ignore_bad_request_id(struct world *w, tse_error **e) {
  return tse_options_set_ignore_bad_request_id(w->options, 1, e);
}
static int32_t act_options_set_any_filesystem(struct world *w, tse_error **e) {
  return tse_options_set_any_filesystem(w->options, 1, e);
}
static int32_t act_options_set_log_level(struct world *w, tse_error **e) {
  return tse_options_set_log_level(w->options, TSE_LOG_ERROR, e);
}
static int32_t act_options_set_housekeeping(struct world *w, tse_error **e) {
  return tse_options_set_housekeeping(w->options, 1000000, e);
}
static int32_t act_options_set_running_limit(struct world *w, tse_error **e) {
  return tse_options_set_running_limit(w->options, 5, e);
}
static int32_t act_options_set_pending_limit(struct world *w, tse_error **e) {
  return tse_options_set_pending_limit(w->options, 5, e);
}
static int32_t act_options_set_idempotency_retention(struct world *w, tse_error **e) {
  return tse_options_set_idempotency_retention(w->options, 1000000, e);
}
static int32_t act_options_set_adopt_request_id(struct world *w, tse_error **e) {
  return tse_options_set_adopt_request_id(w->options, 1, e);
}
static int32_t act_options_set_longest_wait(struct world *w, tse_error **e) {
  return tse_options_set_longest_wait(w->options, 1000000, e);
}
static int32_t act_options_set_retention(struct world *w, tse_error **e) {
  return tse_options_set_retention(w->options, 1000000, e);
}
static int32_t act_options_set_tombstones(struct world *w, tse_error **e) {
  return tse_options_set_tombstones(w->options, 1000000, e);
}
static int32_t act_options_set_result_retention(struct world *w, tse_error **e) {
  return tse_options_set_result_retention(w->options, 1000000, e);
}
static int32_t act_options_set_feed_retention(struct world *w, tse_error **e) {
  return tse_options_set_feed_retention(w->options, 1000000, e);
}
static int32_t act_options_set_durability(struct world *w, tse_error **e) {
  return tse_options_set_durability(w->options, TSE_DURABILITY_RELAXED, e);
}
static int32_t act_options_set_max_bytes(struct world *w, tse_error **e) {
  return tse_options_set_max_bytes(w->options, 100000000, e);
}
static int32_t act_options_set_checkpoint_bytes(struct world *w, tse_error **e) {
  return tse_options_set_checkpoint_bytes(w->options, 1000000, e);
}
static int32_t act_options_set_answer_cache_bytes(struct world *w, tse_error **e) {
  return tse_options_set_answer_cache_bytes(w->options, 0, e);
}
static int32_t act_options_set_file_mode(struct world *w, tse_error **e) {
  return tse_options_set_file_mode(w->options, 0660, e);
}
static int32_t act_options_set_migrate(struct world *w, tse_error **e) {
  return tse_options_set_migrate(w->options, TSE_MIGRATE_REFUSE, e);
}
static int32_t act_migrate(struct world *w, tse_error **e) {
  tse_migration_view view = TSE_MIGRATION_VIEW_INIT;
  return tse_migrate(w->path, TSE_NTS, w->options, w->call, &view, e);
}
static int32_t act_options_add_operation(struct world *w, tse_error **e) {
  return tse_options_add_operation(w->options, "an_operation_of_the_hosts_own", TSE_NTS, e);
}
static int32_t act_options_set_location(struct world *w, tse_error **e) {
  return tse_options_set_location(w->options, "/zones/{zone_id}/the/place/of/{install_id}", TSE_NTS, e);
}
static int32_t act_options_set_status_url(struct world *w, tse_error **e) {
  return tse_options_set_status_url(w->options, "/zones/{zone_id}/the/tasks/{task_id}", TSE_NTS, e);
}
static int32_t act_options_set_log_file(struct world *w, tse_error **e) {
  return tse_options_set_log_file(w->options, "/dev/null", TSE_NTS, e);
}
static int32_t act_options_set_log_callback(struct world *w, tse_error **e) {
  return tse_options_set_log_callback(w->options, ignore_line, NULL, NULL, e);
}
static int32_t act_options_set_clock(struct world *w, tse_error **e) {
  return tse_options_set_clock(w->options, standing_clock, NULL, NULL, e);
}
static int32_t act_options_set_boot_clock(struct world *w, tse_error **e) {
  return tse_options_set_boot_clock(w->options, standing_clock, NULL, NULL, e);
}
static int32_t act_options_set_ids(struct world *w, tse_error **e) {
  return tse_options_set_ids(w->options, one_id, NULL, NULL, e);
}
static int32_t act_options_set_boot_id(struct world *w, tse_error **e) {
  return tse_options_set_boot_id(w->options, "a-boot-whose-id-is-too-long-for-a-string", TSE_NTS, e);
}
static int32_t act_open(struct world *w, tse_error **e) {
  return tse_open(w->path, TSE_NTS, w->options, &w->out.tasks, e);
}
static int32_t act_open_anew(struct world *w, tse_error **e) {
  return tse_open(w->path, TSE_NTS, w->options, &w->out.tasks, e);
}
static int32_t act_open_in_memory(struct world *w, tse_error **e) {
  return tse_open(":memory:", TSE_NTS, w->options, &w->out.tasks, e);
}
static int32_t act_close(struct world *w, tse_error **e) { return tse_close(w->tasks, e); }
static int32_t act_engine_free(struct world *w, tse_error **e) {
  (void)e;
  tse_engine_free(w->tasks);
  w->tasks = NULL;
  return TSE_OK;
}
static int32_t act_task_get(struct world *w, tse_error **e) {
  (void)e;
  tse_task_view view = TSE_TASK_VIEW_INIT;
  return tse_task_get(w->old_task, &view);
}
static int32_t act_task_free(struct world *w, tse_error **e) {
  (void)e;
  tse_task_free(w->old_task);
  w->old_task = NULL;
  return TSE_OK;
}
static int32_t act_task_from_json(struct world *w, tse_error **e) {
  return tse_task_from_json(ZONE, TSE_NTS, wire_form, TSE_NTS, &w->out.task, e);
}
static int32_t act_task_validate(struct world *w, tse_error **e) { return tse_task_validate(w->old_task, e); }
static int32_t act_create(struct world *w, tse_error **e) {
  const tse_new_task spec = rich_task("new");
  return tse_create(w->tasks, &spec, w->call, &w->out.task, e);
}
static int32_t act_create_with_a_key(struct world *w, tse_error **e) {
  tse_new_task spec = rich_task("new");
  spec.idempotency_key = tse_text(ID("key"));
  return tse_create(w->tasks, &spec, NULL, NULL, e);
}
static int32_t act_create_again(struct world *w, tse_error **e) {
  tse_new_task spec = rich_task("new");
  spec.id = tse_text(NULL);
  spec.idempotency_key = tse_text(ID("old key"));
  return tse_create(w->tasks, &spec, NULL, &w->out.task, e);
}
static int32_t act_start(struct world *w, tse_error **e) {
  return tse_start(w->tasks, ZONE, TSE_NTS, ID("pending"), TSE_NTS, w->call, &w->out.task, e);
}
static int32_t act_annotate(struct world *w, tse_error **e) {
  const tse_update update = more_links();
  return tse_annotate(w->tasks, ZONE, TSE_NTS, ID("running"), TSE_NTS, &update, w->call, &w->out.task, e);
}
static int32_t act_complete(struct world *w, tse_error **e) {
  tse_update update = result();
  update.result = tse_text("a result that is too long for a string's own memory");
  update.media_type = tse_text("text/plain; charset=\"utf-8\"; format=flowed; delsp=yes");
  return tse_complete(w->tasks, ZONE, TSE_NTS, ID("running"), TSE_NTS, &update, w->call, &w->out.task, e);
}
static int32_t act_fail(struct world *w, tse_error **e) {
  const tse_update update = mishap();
  return tse_fail(w->tasks, ZONE, TSE_NTS, ID("running"), TSE_NTS, &update, w->call, &w->out.task, e);
}
static int32_t act_reprioritize(struct world *w, tse_error **e) {
  return tse_reprioritize(w->tasks, ZONE, TSE_NTS, ID("pending"), TSE_NTS, 50, w->call, &w->out.task, e);
}
static int32_t act_retry(struct world *w, tse_error **e) {
  return tse_retry(w->tasks, ZONE, TSE_NTS, ID("failed"), TSE_NTS, 0, w->call, &w->out.task, e);
}
static int32_t act_cancel(struct world *w, tse_error **e) {
  return tse_cancel(w->tasks, ZONE, TSE_NTS, ID("pending"), TSE_NTS, 0, "not wanted any more, by anybody", TSE_NTS,
                    w->call, &w->out.task, e);
}
static int32_t act_stored_result_read(struct world *w, tse_error **e) {
  return tse_stored_result_read(w->tasks, ZONE, TSE_NTS, ID("completed"), TSE_NTS, w->call, &w->out.stored, e);
}
static int32_t act_stored_result_get(struct world *w, tse_error **e) {
  (void)e;
  tse_stored_result_view view = TSE_STORED_RESULT_VIEW_INIT;
  return tse_stored_result_get(w->old_stored, &view);
}
static int32_t act_stored_result_free(struct world *w, tse_error **e) {
  (void)e;
  tse_stored_result_free(w->old_stored);
  w->old_stored = NULL;
  return TSE_OK;
}
static int32_t act_get(struct world *w, tse_error **e) {
  return tse_get(w->tasks, ZONE, TSE_NTS, ID("pending"), TSE_NTS, TSE_WITH_PAYLOAD, w->call, &w->out.task, e);
}
static int32_t act_wait(struct world *w, tse_error **e) {
  return tse_wait(w->tasks, ZONE, TSE_NTS, ID("completed"), TSE_NTS, 1, 1000, w->call, &w->out.task, e);
}
static int32_t act_claim(struct world *w, tse_error **e) {
  tse_claim_spec spec = claim_spec();
  return tse_claim(w->tasks, &spec, w->call, &w->out.leases, e);
}
static int32_t act_start_leased(struct world *w, tse_error **e) {
  return tse_start_leased(w->tasks, ZONE, TSE_NTS, ID("pending"), TSE_NTS, ID("worker"), TSE_NTS, TSE_NONE, w->call,
                          &w->out.leases, e);
}
static int32_t act_leases_count(struct world *w, tse_error **e) {
  (void)e;
  (void)tse_leases_count(w->old_leases);
  return TSE_OK;
}
static int32_t act_leases_lease(struct world *w, tse_error **e) {
  (void)e;
  tse_lease_view view = TSE_LEASE_VIEW_INIT;
  return tse_leases_lease(w->old_leases, 0, &view);
}
static int32_t act_leases_task(struct world *w, tse_error **e) {
  (void)e;
  tse_task_view view = TSE_TASK_VIEW_INIT;
  return tse_leases_task(w->old_leases, 0, &view);
}
static int32_t act_leases_free(struct world *w, tse_error **e) {
  (void)e;
  tse_leases_free(w->old_leases);
  w->old_leases = NULL;
  return TSE_OK;
}
static int32_t act_lease_heartbeat(struct world *w, tse_error **e) {
  tse_heartbeat_view view = TSE_HEARTBEAT_VIEW_INIT;
  return tse_lease_heartbeat(w->tasks, w->token, TSE_NTS, TSE_NONE, progress, TSE_NTS, w->call, &view, e);
}
static int32_t act_lease_annotate(struct world *w, tse_error **e) {
  const tse_update update = more_links();
  return tse_lease_annotate(w->tasks, w->token, TSE_NTS, &update, w->call, &w->out.task, e);
}
static int32_t act_lease_complete(struct world *w, tse_error **e) {
  const tse_update update = result();
  return tse_lease_complete(w->tasks, w->token, TSE_NTS, &update, w->call, &w->out.task, e);
}
static int32_t act_lease_fail(struct world *w, tse_error **e) {
  const tse_update update = mishap();
  return tse_lease_fail(w->tasks, w->token, TSE_NTS, &update, w->call, &w->out.task, e);
}
static int32_t act_lease_release(struct world *w, tse_error **e) {
  return tse_lease_release(w->tasks, w->token, TSE_NTS, 0, w->call, &w->out.task, e);
}
static int32_t act_tick(struct world *w, tse_error **e) {
  int64_t count = 0;
  return tse_tick(w->tasks, w->call, &count, e);
}
static int32_t act_batch_new(struct world *w, tse_error **e) { return tse_batch_new(&w->out.batch, e); }
static int32_t act_batch_free(struct world *w, tse_error **e) {
  (void)e;
  tse_batch_free(w->batch);
  w->batch = NULL;
  return TSE_OK;
}
static int32_t act_batch_clear(struct world *w, tse_error **e) { return tse_batch_clear(w->batch, e); }
static int32_t act_batch_count(struct world *w, tse_error **e) {
  (void)e;
  (void)tse_batch_count(w->batch);
  return TSE_OK;
}
static int32_t act_batch_create(struct world *w, tse_error **e) {
  const tse_new_task spec = rich_task("new");
  return tse_batch_create(w->batch, &spec, e);
}
static int32_t act_batch_start(struct world *w, tse_error **e) {
  return tse_batch_start(w->batch, ZONE, TSE_NTS, ID("pending"), TSE_NTS, e);
}
static int32_t act_batch_annotate(struct world *w, tse_error **e) {
  const tse_update update = more_links();
  return tse_batch_annotate(w->batch, ZONE, TSE_NTS, ID("running"), TSE_NTS, &update, e);
}
static int32_t act_batch_complete(struct world *w, tse_error **e) {
  const tse_update update = result();
  return tse_batch_complete(w->batch, ZONE, TSE_NTS, ID("running"), TSE_NTS, &update, e);
}
static int32_t act_batch_fail(struct world *w, tse_error **e) {
  const tse_update update = mishap();
  return tse_batch_fail(w->batch, ZONE, TSE_NTS, ID("running"), TSE_NTS, &update, e);
}
static int32_t act_batch_lease_complete(struct world *w, tse_error **e) {
  const tse_update update = result();
  return tse_batch_lease_complete(w->batch, w->token, TSE_NTS, &update, e);
}
static int32_t act_batch_lease_fail(struct world *w, tse_error **e) {
  const tse_update update = mishap();
  return tse_batch_lease_fail(w->batch, w->token, TSE_NTS, &update, e);
}
static int32_t act_batch_run(struct world *w, tse_error **e) { return run_batch(w, e); }
static int32_t act_results_count(struct world *w, tse_error **e) {
  (void)e;
  (void)tse_results_count(w->old_results);
  return TSE_OK;
}
static int32_t act_results_get(struct world *w, tse_error **e) {
  tse_task_view view = TSE_TASK_VIEW_INIT;
  return tse_results_get(w->old_results, 0, &view, e);
}
static int32_t act_results_get_an_error(struct world *w, tse_error **e) {
  const int32_t code = tse_results_get(w->old_results, 1, NULL, e);
  if (code != TSE_NOT_FOUND) return code;
  tse_error_free(*e);
  *e = NULL;
  return TSE_OK;
}
static int32_t act_results_free(struct world *w, tse_error **e) {
  (void)e;
  tse_results_free(w->old_results);
  w->old_results = NULL;
  return TSE_OK;
}
static int32_t act_watch_new(struct world *w, tse_error **e) { return tse_watch_new(w->tasks, &w->out.watch, e); }
static int32_t act_watch_claim(struct world *w, tse_error **e) {
  const tse_claim_spec spec = claim_spec();
  return tse_watch_claim(w->watch, &spec, e);
}
static int32_t act_watch_task(struct world *w, tse_error **e) {
  return tse_watch_task(w->watch, ZONE, TSE_NTS, ID("pending"), TSE_NTS, 1, 7, e);
}
static int32_t act_watch_forget(struct world *w, tse_error **e) {
  return tse_watch_forget(w->watch, ZONE, TSE_NTS, ID("leased"), TSE_NTS, 8, e);
}
static int32_t act_watch_take(struct world *w, tse_error **e) {
  int64_t tags[4];
  size_t count = 0;
  return tse_watch_take(w->watch, tags, 4, &count, e);
}
static int32_t act_watch_changes(struct world *w, tse_error **e) {
  return tse_watch_changes(w->watch, ZONE, TSE_NTS, e);
}
static int32_t act_watch_descriptor(struct world *w, tse_error **e) {
  (void)e;
  (void)tse_watch_descriptor(w->watch);
  return TSE_OK;
}
static int32_t act_watch_reset(struct world *w, tse_error **e) { return tse_watch_reset(w->watch, e); }
static int32_t act_watch_free(struct world *w, tse_error **e) {
  (void)e;
  tse_watch_free(w->watch);
  w->watch = NULL;
  return TSE_OK;
}
static int32_t act_list(struct world *w, tse_error **e) {
  tse_list_query query = TSE_LIST_QUERY_INIT;
  query.zone_id = tse_text(ZONE);
  query.limit = 2;
  query.with_total = 1;
  return tse_list(w->tasks, &query, w->call, &w->out.page, e);
}
static int32_t act_page_get(struct world *w, tse_error **e) {
  (void)e;
  tse_page_view view = TSE_PAGE_VIEW_INIT;
  return tse_page_get(w->old_page, &view);
}
static int32_t act_page_task(struct world *w, tse_error **e) {
  (void)e;
  tse_task_view view = TSE_TASK_VIEW_INIT;
  return tse_page_task(w->old_page, 0, &view);
}
static int32_t act_page_free(struct world *w, tse_error **e) {
  (void)e;
  tse_page_free(w->old_page);
  w->old_page = NULL;
  return TSE_OK;
}
static int32_t act_history_read(struct world *w, tse_error **e) {
  return tse_history_read(w->tasks, ZONE, TSE_NTS, ID("completed"), TSE_NTS, 0, NULL, 0, w->call, &w->out.history, e);
}
static int32_t act_history_count(struct world *w, tse_error **e) {
  (void)e;
  (void)tse_history_count(w->old_history);
  return TSE_OK;
}
static int32_t act_history_after_cursor(struct world *w, tse_error **e) {
  (void)e;
  (void)tse_history_after_cursor(w->old_history);
  return TSE_OK;
}
static int32_t act_history_event(struct world *w, tse_error **e) {
  (void)e;
  tse_event_view view = TSE_EVENT_VIEW_INIT;
  return tse_history_event(w->old_history, 0, &view);
}
static int32_t act_history_free(struct world *w, tse_error **e) {
  (void)e;
  tse_history_free(w->old_history);
  w->old_history = NULL;
  return TSE_OK;
}
static int32_t act_changes_read(struct world *w, tse_error **e) {
  tse_changes_spec spec = TSE_CHANGES_SPEC_INIT;
  spec.zone_id = tse_text(ZONE);
  return tse_changes_read(w->tasks, &spec, w->call, &w->out.changes, e);
}
static int32_t act_changes_get(struct world *w, tse_error **e) {
  (void)e;
  tse_changes_view view = TSE_CHANGES_VIEW_INIT;
  return tse_changes_get(w->old_changes, &view);
}
static int32_t act_changes_event(struct world *w, tse_error **e) {
  (void)e;
  tse_event_view view = TSE_EVENT_VIEW_INIT;
  return tse_changes_event(w->old_changes, 0, &view);
}
static int32_t act_changes_free(struct world *w, tse_error **e) {
  (void)e;
  tse_changes_free(w->old_changes);
  w->old_changes = NULL;
  return TSE_OK;
}
static int32_t act_purge(struct world *w, tse_error **e) {
  tse_purge_spec spec = TSE_PURGE_SPEC_INIT;
  spec.older_than_us = 0;
  int64_t count = 0;
  return tse_purge(w->tasks, &spec, w->call, &count, e);
}
static int32_t act_erase(struct world *w, tse_error **e) {
  int32_t erased = 0;
  return tse_erase(w->tasks, ZONE, TSE_NTS, ID("completed"), TSE_NTS, w->call, &erased, e);
}
static int32_t act_stats_read(struct world *w, tse_error **e) {
  return tse_stats_read(w->tasks, ZONE, TSE_NTS, w->call, &w->out.stats, e);
}
static int32_t act_stats_get(struct world *w, tse_error **e) {
  (void)e;
  tse_stats_view view = TSE_STATS_VIEW_INIT;
  return tse_stats_get(w->old_stats, &view);
}
static int32_t act_stats_count(struct world *w, tse_error **e) {
  (void)e;
  tse_count_view view = TSE_COUNT_VIEW_INIT;
  return tse_stats_count(w->old_stats, 0, &view);
}
static int32_t act_pause(struct world *w, tse_error **e) {
  tse_pause_spec spec = TSE_PAUSE_SPEC_INIT;
  spec.zone_id = tse_text(ZONE);
  return tse_pause(w->tasks, &spec, NULL, NULL, e);
}
static int32_t act_unpause(struct world *w, tse_error **e) {
  tse_pause_spec spec = TSE_PAUSE_SPEC_INIT;
  spec.operation = tse_text("delete");
  return tse_unpause(w->tasks, &spec, NULL, NULL, e);
}
static int32_t act_stats_pause_count(struct world *w, tse_error **e) {
  (void)e;
  return tse_stats_pause_count(w->old_stats) == 1 ? TSE_OK : TSE_INTERNAL;
}
static int32_t act_stats_pause(struct world *w, tse_error **e) {
  (void)e;
  tse_pause_view view = TSE_PAUSE_VIEW_INIT;
  return tse_stats_pause(w->old_stats, 0, &view);
}
static int32_t act_stats_text(struct world *w, tse_error **e) {
  (void)e;
  (void)tse_stats_text(w->old_stats);
  return TSE_OK;
}
static int32_t act_stats_free(struct world *w, tse_error **e) {
  (void)e;
  tse_stats_free(w->old_stats);
  w->old_stats = NULL;
  return TSE_OK;
}
static int32_t act_clock_ok(struct world *w, tse_error **e) { return tse_clock_ok(w->tasks, w->call, e); }
static int32_t act_backup(struct world *w, tse_error **e) {
  return tse_backup(w->tasks, copy_path(w), TSE_NTS, w->call, e);
}
static int32_t act_verify(struct world *w, tse_error **e) { return tse_verify(w->tasks, w->call, &w->out.report, e); }
static int32_t act_report_get(struct world *w, tse_error **e) {
  (void)e;
  tse_report_view view = TSE_REPORT_VIEW_INIT;
  return tse_report_get(w->old_report, &view);
}
static int32_t act_report_problem(struct world *w, tse_error **e) {
  (void)e;
  tse_str text;
  (void)tse_report_problem(w->old_report, 0, &text); /* there is none */
  return TSE_OK;
}
static int32_t act_report_free(struct world *w, tse_error **e) {
  (void)e;
  tse_report_free(w->old_report);
  w->old_report = NULL;
  return TSE_OK;
}
static int32_t act_answer_new(struct world *w, tse_error **e) { return tse_answer_new(&w->out.answer, e); }
static int32_t act_answer_get(struct world *w, tse_error **e) {
  (void)e;
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  return tse_answer_get(w->answer, &view);
}
static int32_t act_answer_free(struct world *w, tse_error **e) {
  (void)e;
  tse_answer_free(w->answer);
  w->answer = NULL;
  return TSE_OK;
}
static int32_t act_decide(struct world *w, tse_error **e) { return decide(w, e, ID("completed")); }
static int32_t act_decide_kept(struct world *w, tse_error **e) {
  for (int i = 0; i < 3; i++) { /* read, read to be kept, kept */
    const int32_t code = decide(w, e, ID("pending"));
    if (code != TSE_OK) return code;
  }
  return TSE_OK;
}
static int32_t act_accept(struct world *w, tse_error **e) {
  return tse_accept(w->tasks, w->old_task, NULL, NULL, w->answer, e);
}
static int32_t act_accept_of_an_error(struct world *w, tse_error **e) {
  return tse_accept(w->tasks, NULL, w->old_error, NULL, w->answer, e);
}

const struct scenario scenarios[] = {
    {"tse_version", "tse_version", NEEDS_NOTHING, act_version, NULL},
    {"tse_abi", "tse_abi", NEEDS_NOTHING, act_abi, NULL},
    {"tse_code_name", "tse_code_name", NEEDS_NOTHING, act_code_name, NULL},
    {"tse_can_transition", "tse_can_transition", NEEDS_NOTHING, act_can_transition, NULL},
    {"tse_status_name", "tse_status_name", NEEDS_NOTHING, act_status_name, NULL},
    {"tse_error_get", "tse_error_get", NEEDS_NOTHING, act_error_get, NULL},
    {"tse_error_detail", "tse_error_detail", NEEDS_NOTHING, act_error_detail, NULL},
    {"tse_error_free", "tse_error_free", NEEDS_NOTHING, act_error_free, NULL},
    {"tse_call_new", "tse_call_new", NEEDS_NOTHING, act_call_new, NULL},
    {"tse_call_free", "tse_call_free", NEEDS_NOTHING, act_call_free, NULL},
    {"tse_call_set_timeout", "tse_call_set_timeout", NEEDS_NOTHING, act_call_set_timeout, NULL},
    {"tse_call_set_request_id", "tse_call_set_request_id", NEEDS_NOTHING, act_call_set_request_id, NULL},
    {"tse_call_set_traceparent", "tse_call_set_traceparent", NEEDS_NOTHING, act_call_set_traceparent, NULL},
    {"tse_call_set_actor", "tse_call_set_actor", NEEDS_NOTHING, act_call_set_actor, NULL},
    {"tse_cancel_token_new", "tse_cancel_token_new", NEEDS_NOTHING, act_cancel_token_new, NULL},
    {"tse_cancel_token_cancel", "tse_cancel_token_cancel", NEEDS_NOTHING, act_cancel_token_cancel, NULL},
    {"tse_cancel_token_free", "tse_cancel_token_free", NEEDS_NOTHING, act_cancel_token_free, NULL},
    {"tse_call_set_cancel_token", "tse_call_set_cancel_token", NEEDS_NOTHING, act_call_set_cancel_token, NULL},
    {"tse_call_also", "tse_call_also", NEEDS_NOTHING, act_call_also, NULL},
    {"tse_call_bind_null", "tse_call_bind_null", NEEDS_NOTHING, act_call_bind_null, NULL},
    {"tse_call_bind_int64", "tse_call_bind_int64", NEEDS_NOTHING, act_call_bind_int64, NULL},
    {"tse_call_bind_double", "tse_call_bind_double", NEEDS_NOTHING, act_call_bind_double, NULL},
    {"tse_call_bind_text", "tse_call_bind_text", NEEDS_NOTHING, act_call_bind_text, NULL},
    {"tse_call_bind_blob", "tse_call_bind_blob", NEEDS_NOTHING, act_call_bind_blob, NULL},
    {"tse_call_clear_also", "tse_call_clear_also", NEEDS_NOTHING, act_call_clear_also, NULL},
    {"tse_options_new", "tse_options_new", NEEDS_NOTHING, act_options_new, NULL},
    {"tse_options_free", "tse_options_free", NEEDS_NOTHING, act_options_free, NULL},
    {"tse_options_set_mode", "tse_options_set_mode", NEEDS_NOTHING, act_options_set_mode, NULL},
    {"tse_options_set_reconfigure", "tse_options_set_reconfigure", NEEDS_NOTHING, act_options_set_reconfigure, NULL},
    {"tse_options_set_adopt", "tse_options_set_adopt", NEEDS_NOTHING, act_options_set_adopt, NULL},
    {"tse_options_set_timeout", "tse_options_set_timeout", NEEDS_NOTHING, act_options_set_timeout, NULL},
    {"tse_options_set_completed", "tse_options_set_completed", NEEDS_NOTHING, act_options_set_completed, NULL},
    {"tse_options_set_retry_after", "tse_options_set_retry_after", NEEDS_NOTHING, act_options_set_retry_after, NULL},
    {"tse_options_set_ignore_bad_request_id", "tse_options_set_ignore_bad_request_id", NEEDS_NOTHING,
     act_options_set_ignore_bad_request_id, NULL},
    {"tse_options_set_any_filesystem", "tse_options_set_any_filesystem", NEEDS_NOTHING, act_options_set_any_filesystem,
     NULL},
    {"tse_options_set_log_level", "tse_options_set_log_level", NEEDS_NOTHING, act_options_set_log_level, NULL},
    {"tse_options_set_housekeeping", "tse_options_set_housekeeping", NEEDS_NOTHING, act_options_set_housekeeping, NULL},
    {"tse_options_set_running_limit", "tse_options_set_running_limit", NEEDS_NOTHING, act_options_set_running_limit,
     NULL},
    {"tse_options_set_pending_limit", "tse_options_set_pending_limit", NEEDS_NOTHING, act_options_set_pending_limit,
     NULL},
    {"tse_options_set_idempotency_retention", "tse_options_set_idempotency_retention", NEEDS_NOTHING,
     act_options_set_idempotency_retention, NULL},
    {"tse_options_set_adopt_request_id", "tse_options_set_adopt_request_id", NEEDS_NOTHING,
     act_options_set_adopt_request_id, NULL},
    {"tse_options_set_longest_wait", "tse_options_set_longest_wait", NEEDS_NOTHING, act_options_set_longest_wait, NULL},
    {"tse_options_set_retention", "tse_options_set_retention", NEEDS_NOTHING, act_options_set_retention, NULL},
    {"tse_options_set_tombstones", "tse_options_set_tombstones", NEEDS_NOTHING, act_options_set_tombstones, NULL},
    {"tse_options_set_result_retention", "tse_options_set_result_retention", NEEDS_NOTHING,
     act_options_set_result_retention, NULL},
    {"tse_options_set_feed_retention", "tse_options_set_feed_retention", NEEDS_NOTHING, act_options_set_feed_retention,
     NULL},
    {"tse_options_set_durability", "tse_options_set_durability", NEEDS_NOTHING, act_options_set_durability, NULL},
    {"tse_options_set_max_bytes", "tse_options_set_max_bytes", NEEDS_NOTHING, act_options_set_max_bytes, NULL},
    {"tse_options_set_checkpoint_bytes", "tse_options_set_checkpoint_bytes", NEEDS_NOTHING,
     act_options_set_checkpoint_bytes, NULL},
    {"tse_options_set_answer_cache_bytes", "tse_options_set_answer_cache_bytes", NEEDS_NOTHING,
     act_options_set_answer_cache_bytes, NULL},
    {"tse_options_set_file_mode", "tse_options_set_file_mode", NEEDS_NOTHING, act_options_set_file_mode, NULL},
    {"tse_options_set_migrate", "tse_options_set_migrate", NEEDS_NOTHING, act_options_set_migrate, NULL},
    {"tse_options_add_operation", "tse_options_add_operation", NEEDS_NOTHING, act_options_add_operation, NULL},
    {"tse_options_set_location", "tse_options_set_location", NEEDS_NOTHING, act_options_set_location, NULL},
    {"tse_options_set_status_url", "tse_options_set_status_url", NEEDS_NOTHING, act_options_set_status_url, NULL},
    {"tse_options_set_log_file", "tse_options_set_log_file", NEEDS_NOTHING, act_options_set_log_file, NULL},
    {"tse_options_set_log_callback", "tse_options_set_log_callback", NEEDS_NOTHING, act_options_set_log_callback, NULL},
    {"tse_options_set_clock", "tse_options_set_clock", NEEDS_NOTHING, act_options_set_clock, NULL},
    {"tse_options_set_boot_clock", "tse_options_set_boot_clock", NEEDS_NOTHING, act_options_set_boot_clock, NULL},
    {"tse_options_set_ids", "tse_options_set_ids", NEEDS_NOTHING, act_options_set_ids, NULL},
    {"tse_options_set_boot_id", "tse_options_set_boot_id", NEEDS_NOTHING, act_options_set_boot_id, NULL},
    {"tse_open", "tse_open", NEEDS_FILE, act_open, NULL},
    {"tse_open", "tse_open_anew", NEEDS_NOTHING, act_open_anew, NULL},
    {"tse_open", "tse_open_in_memory", NEEDS_NOTHING, act_open_in_memory, NULL},
    {"tse_migrate", "tse_migrate", NEEDS_FILE, act_migrate, NULL},
    {"tse_close", "tse_close", NEEDS_ENGINE, act_close, NULL},
    {"tse_engine_free", "tse_engine_free", NEEDS_ENGINE, act_engine_free, NULL},
    {"tse_task_get", "tse_task_get", NEEDS_NOTHING, act_task_get, NULL},
    {"tse_task_free", "tse_task_free", NEEDS_NOTHING, act_task_free, NULL},
    {"tse_task_from_json", "tse_task_from_json", NEEDS_NOTHING, act_task_from_json, NULL},
    {"tse_task_validate", "tse_task_validate", NEEDS_NOTHING, act_task_validate, NULL},
    {"tse_create", "tse_create", NEEDS_ENGINE, act_create, new_is_there},
    {"tse_create", "tse_create_with_a_key", NEEDS_ENGINE, act_create_with_a_key, new_is_there},
    {"tse_create", "tse_create_in_a_long_log", NEEDS_LONG_LOG, act_create, new_is_there},
    {"tse_create", "tse_create_again", NEEDS_ENGINE, act_create_again, NULL},
    {"tse_start", "tse_start", NEEDS_ENGINE, act_start, pending_runs},
    {"tse_annotate", "tse_annotate", NEEDS_ENGINE, act_annotate, running_is_annotated},
    {"tse_complete", "tse_complete", NEEDS_ENGINE, act_complete, running_is_completed},
    {"tse_fail", "tse_fail", NEEDS_ENGINE, act_fail, running_is_failed},
    {"tse_reprioritize", "tse_reprioritize", NEEDS_ENGINE, act_reprioritize, pending_is_reprioritized},
    {"tse_retry", "tse_retry", NEEDS_ENGINE, act_retry, failed_is_retried},
    {"tse_cancel", "tse_cancel", NEEDS_ENGINE, act_cancel, pending_is_failed},
    {"tse_stored_result_read", "tse_stored_result_read", NEEDS_ENGINE, act_stored_result_read, NULL},
    {"tse_stored_result_get", "tse_stored_result_get", NEEDS_NOTHING, act_stored_result_get, NULL},
    {"tse_stored_result_free", "tse_stored_result_free", NEEDS_NOTHING, act_stored_result_free, NULL},
    {"tse_get", "tse_get", NEEDS_ENGINE, act_get, NULL},
    {"tse_wait", "tse_wait", NEEDS_ENGINE, act_wait, NULL},
    {"tse_claim", "tse_claim", NEEDS_ENGINE, act_claim, pending_runs},
    {"tse_start_leased", "tse_start_leased", NEEDS_ENGINE, act_start_leased, pending_runs},
    {"tse_leases_count", "tse_leases_count", NEEDS_NOTHING, act_leases_count, NULL},
    {"tse_leases_lease", "tse_leases_lease", NEEDS_NOTHING, act_leases_lease, NULL},
    {"tse_leases_task", "tse_leases_task", NEEDS_NOTHING, act_leases_task, NULL},
    {"tse_leases_free", "tse_leases_free", NEEDS_NOTHING, act_leases_free, NULL},
    {"tse_lease_heartbeat", "tse_lease_heartbeat", NEEDS_ENGINE, act_lease_heartbeat, leased_is_annotated},
    {"tse_lease_annotate", "tse_lease_annotate", NEEDS_ENGINE, act_lease_annotate, leased_is_annotated},
    {"tse_lease_complete", "tse_lease_complete", NEEDS_ENGINE, act_lease_complete, leased_is_completed},
    {"tse_lease_fail", "tse_lease_fail", NEEDS_ENGINE, act_lease_fail, leased_is_failed},
    {"tse_lease_release", "tse_lease_release", NEEDS_ENGINE, act_lease_release, leased_is_failed},
    {"tse_tick", "tse_tick", NEEDS_ENGINE, act_tick, expired_is_failed},
    {"tse_batch_new", "tse_batch_new", NEEDS_NOTHING, act_batch_new, NULL},
    {"tse_batch_free", "tse_batch_free", NEEDS_NOTHING, act_batch_free, NULL},
    {"tse_batch_clear", "tse_batch_clear", NEEDS_NOTHING, act_batch_clear, batch_is_empty},
    {"tse_batch_count", "tse_batch_count", NEEDS_NOTHING, act_batch_count, NULL},
    {"tse_batch_create", "tse_batch_create", NEEDS_NOTHING, act_batch_create, batch_has_one_more},
    {"tse_batch_start", "tse_batch_start", NEEDS_NOTHING, act_batch_start, batch_has_one_more},
    {"tse_batch_annotate", "tse_batch_annotate", NEEDS_NOTHING, act_batch_annotate, batch_has_one_more},
    {"tse_batch_complete", "tse_batch_complete", NEEDS_NOTHING, act_batch_complete, batch_has_one_more},
    {"tse_batch_fail", "tse_batch_fail", NEEDS_NOTHING, act_batch_fail, batch_has_one_more},
    {"tse_batch_lease_complete", "tse_batch_lease_complete", NEEDS_NOTHING, act_batch_lease_complete,
     batch_has_one_more},
    {"tse_batch_lease_fail", "tse_batch_lease_fail", NEEDS_NOTHING, act_batch_lease_fail, batch_has_one_more},
    {"tse_batch_run", "tse_batch_run", NEEDS_ENGINE, act_batch_run, batch_is_as_told},
    {"tse_results_count", "tse_results_count", NEEDS_NOTHING, act_results_count, NULL},
    {"tse_results_get", "tse_results_get", NEEDS_NOTHING, act_results_get, NULL},
    {"tse_results_get", "tse_results_get_an_error", NEEDS_NOTHING, act_results_get_an_error, NULL},
    {"tse_results_free", "tse_results_free", NEEDS_NOTHING, act_results_free, NULL},
    {"tse_watch_new", "tse_watch_new", NEEDS_ENGINE, act_watch_new, NULL},
    {"tse_watch_claim", "tse_watch_claim", NEEDS_ENGINE, act_watch_claim, NULL},
    {"tse_watch_task", "tse_watch_task", NEEDS_ENGINE, act_watch_task, NULL},
    {"tse_watch_forget", "tse_watch_forget", NEEDS_ENGINE, act_watch_forget, NULL},
    {"tse_watch_take", "tse_watch_take", NEEDS_ENGINE, act_watch_take, NULL},
    {"tse_watch_changes", "tse_watch_changes", NEEDS_ENGINE, act_watch_changes, NULL},
    {"tse_watch_descriptor", "tse_watch_descriptor", NEEDS_ENGINE, act_watch_descriptor, NULL},
    {"tse_watch_reset", "tse_watch_reset", NEEDS_ENGINE, act_watch_reset, NULL},
    {"tse_watch_free", "tse_watch_free", NEEDS_ENGINE, act_watch_free, NULL},
    {"tse_list", "tse_list", NEEDS_ENGINE, act_list, NULL},
    {"tse_page_get", "tse_page_get", NEEDS_NOTHING, act_page_get, NULL},
    {"tse_page_task", "tse_page_task", NEEDS_NOTHING, act_page_task, NULL},
    {"tse_page_free", "tse_page_free", NEEDS_NOTHING, act_page_free, NULL},
    {"tse_history_read", "tse_history_read", NEEDS_ENGINE, act_history_read, NULL},
    {"tse_history_count", "tse_history_count", NEEDS_NOTHING, act_history_count, NULL},
    {"tse_history_after_cursor", "tse_history_after_cursor", NEEDS_NOTHING, act_history_after_cursor, NULL},
    {"tse_history_event", "tse_history_event", NEEDS_NOTHING, act_history_event, NULL},
    {"tse_history_free", "tse_history_free", NEEDS_NOTHING, act_history_free, NULL},
    {"tse_changes_read", "tse_changes_read", NEEDS_ENGINE, act_changes_read, NULL},
    {"tse_changes_get", "tse_changes_get", NEEDS_NOTHING, act_changes_get, NULL},
    {"tse_changes_event", "tse_changes_event", NEEDS_NOTHING, act_changes_event, NULL},
    {"tse_changes_free", "tse_changes_free", NEEDS_NOTHING, act_changes_free, NULL},
    {"tse_purge", "tse_purge", NEEDS_ENGINE, act_purge, completed_is_gone},
    {"tse_erase", "tse_erase", NEEDS_ENGINE, act_erase, completed_is_gone},
    {"tse_stats_read", "tse_stats_read", NEEDS_ENGINE, act_stats_read, NULL},
    {"tse_stats_get", "tse_stats_get", NEEDS_NOTHING, act_stats_get, NULL},
    {"tse_stats_count", "tse_stats_count", NEEDS_NOTHING, act_stats_count, NULL},
    {"tse_pause", "tse_pause", NEEDS_ENGINE, act_pause, zone_is_paused},
    {"tse_unpause", "tse_unpause", NEEDS_ENGINE, act_unpause, nothing_is_paused},
    {"tse_stats_pause_count", "tse_stats_pause_count", NEEDS_NOTHING, act_stats_pause_count, NULL},
    {"tse_stats_pause", "tse_stats_pause", NEEDS_NOTHING, act_stats_pause, NULL},
    {"tse_stats_text", "tse_stats_text", NEEDS_NOTHING, act_stats_text, NULL},
    {"tse_stats_free", "tse_stats_free", NEEDS_NOTHING, act_stats_free, NULL},
    {"tse_clock_ok", "tse_clock_ok", NEEDS_ENGINE, act_clock_ok, NULL},
    {"tse_backup", "tse_backup", NEEDS_ENGINE, act_backup, copy_is_there},
    {"tse_verify", "tse_verify", NEEDS_ENGINE, act_verify, NULL},
    {"tse_report_get", "tse_report_get", NEEDS_NOTHING, act_report_get, NULL},
    {"tse_report_problem", "tse_report_problem", NEEDS_NOTHING, act_report_problem, NULL},
    {"tse_report_free", "tse_report_free", NEEDS_NOTHING, act_report_free, NULL},
    {"tse_answer_new", "tse_answer_new", NEEDS_NOTHING, act_answer_new, NULL},
    {"tse_answer_get", "tse_answer_get", NEEDS_NOTHING, act_answer_get, NULL},
    {"tse_answer_free", "tse_answer_free", NEEDS_NOTHING, act_answer_free, NULL},
    {"tse_decide", "tse_decide", NEEDS_ENGINE, act_decide, NULL},
    {"tse_decide", "tse_decide_kept", NEEDS_ENGINE, act_decide_kept, NULL},
    {"tse_accept", "tse_accept", NEEDS_ENGINE, act_accept, NULL},
    {"tse_accept", "tse_accept_of_an_error", NEEDS_ENGINE, act_accept_of_an_error, NULL},
};
const size_t scenario_count = sizeof scenarios / sizeof *scenarios;

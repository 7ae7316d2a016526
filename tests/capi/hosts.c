/* What a host needs around its tasks, through the C ABI: keys, statements of its own, waiting, the feed, purging,
 * figures, copies. Used well and badly. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t now_us = 1577470279117000;
static int64_t standing_clock(void *user_data) {
  (void)user_data;
  return now_us;
}

/* The call is refused as invalid, and the error names the field. */
#define REFUSED(call, field_name)                            \
  do {                                                       \
    tse_error *error = NULL;                                 \
    CHECK((call) == TSE_INVALID_ARGUMENT);                   \
    tse_error_view why = TSE_ERROR_VIEW_INIT;                \
    CHECK(error != NULL && tse_error_get(error, &why) == 0); \
    if (error != NULL) CHECK(same(why.field, field_name));   \
    tse_error_free(error);                                   \
  } while (0)

static tse_engine *open_at(const char *path) {
  tse_options *options = NULL;
  tse_engine *tasks = NULL;
  MUST(tse_options_new(&options, NULL));
  MUST(tse_options_set_clock(options, standing_clock, NULL, NULL, NULL));
  MUST(tse_options_set_pending_limit(options, 5, NULL));
  MUST(tse_options_set_idempotency_retention(options, 3600000000, NULL));
  MUST(tse_options_set_adopt_request_id(options, 1, NULL));
  MUST(tse_options_set_longest_wait(options, 10000000, NULL));
  MUST(tse_options_set_retention(options, 7200000000, NULL));
  MUST(tse_options_set_tombstones(options, 3600000000, NULL));
  MUST(tse_options_set_feed_retention(options, 86400000000, NULL));
  MUST(tse_options_set_result_retention(options, 86400000000, NULL));
  MUST(tse_options_set_durability(options, TSE_DURABILITY_RELAXED, NULL));
  MUST(tse_options_set_max_bytes(options, 1 << 20, NULL));
  MUST(tse_options_set_checkpoint_bytes(options, 1 << 16, NULL));
  MUST(tse_options_set_answer_cache_bytes(options, 1 << 20, NULL));
  MUST(tse_options_set_file_mode(options, 0640, NULL));
  MUST(tse_options_set_migrate(options, TSE_MIGRATE_REFUSE, NULL));
  MUST(tse_open(path, TSE_NTS, options, &tasks, NULL));
  tse_options_free(options);
  return tasks;
}

static int32_t create(tse_engine *tasks, const char *id, const char *key, const tse_call *call, tse_task **task) {
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z");
  spec.id = tse_text(id);
  spec.operation = tse_text("create");
  spec.idempotency_key = tse_text(key);
  return tse_create(tasks, &spec, call, task, NULL);
}

static void complete(tse_engine *tasks, const char *id) {
  tse_update update = TSE_UPDATE_INIT;
  update.install_id = tse_text("ins_1");
  MUST(tse_start(tasks, "z", 1, id, TSE_NTS, NULL, NULL, NULL));
  MUST(tse_complete(tasks, "z", 1, id, TSE_NTS, &update, NULL, NULL, NULL));
}

static void options_are_checked(void) {
  tse_options *options = NULL;
  MUST(tse_options_new(&options, NULL));
  REFUSED(tse_options_set_pending_limit(options, -1, &error), "pending_limit");
  REFUSED(tse_options_set_idempotency_retention(options, 0, &error), "idempotency_retention");
  REFUSED(tse_options_set_adopt_request_id(options, 2, &error), "adopt_request_id");
  REFUSED(tse_options_set_longest_wait(options, -1, &error), "longest_wait");
  REFUSED(tse_options_set_longest_wait(options, 3600000001, &error), "longest_wait");
  REFUSED(tse_options_set_retention(options, 999999, &error), "retention");
  REFUSED(tse_options_set_tombstones(options, -1, &error), "tombstones");
  REFUSED(tse_options_set_feed_retention(options, 0, &error), "feed_retention");
  REFUSED(tse_options_set_durability(options, 2, &error), "durability");
  REFUSED(tse_options_set_max_bytes(options, 1, &error), "max_bytes");
  REFUSED(tse_options_set_checkpoint_bytes(options, 0, &error), "checkpoint_bytes");
  REFUSED(tse_options_set_answer_cache_bytes(options, -1, &error), "answer_cache_bytes");
  REFUSED(tse_options_set_answer_cache_bytes(options, ((int64_t)64 << 30) + 1, &error), "answer_cache_bytes");
  REFUSED(tse_options_set_file_mode(options, 0644 | 0100, &error), "file_mode");
  REFUSED(tse_options_set_file_mode(options, 0400, &error), "file_mode");
  REFUSED(tse_options_set_migrate(options, -1, &error), "migrate");
  REFUSED(tse_options_set_migrate(NULL, 0, &error), "options");
  MUST(tse_options_set_retention(options, 0, NULL));
  MUST(tse_options_set_tombstones(options, 0, NULL));
  MUST(tse_options_set_max_bytes(options, 0, NULL));
  tse_options_free(options);
}

static void one_task_for_one_key(void) {
  tse_engine *tasks = open_at(":memory:");
  tse_task *task = NULL;
  tse_task_view view = TSE_TASK_VIEW_INIT;
  MUST(create(tasks, "a", "k", NULL, &task));
  MUST(tse_task_get(task, &view));
  CHECK(view.replayed == 0);
  tse_task_free(task);
  MUST(create(tasks, "b", "k", NULL, &task));
  MUST(tse_task_get(task, &view));
  CHECK(view.replayed == 1 && same(view.id, "a"));
  tse_task_free(task);

  tse_new_task other = TSE_NEW_TASK_INIT;
  other.zone_id = tse_text("z");
  other.operation = tse_text("create");
  other.package_id = tse_text("pkg_2");
  other.idempotency_key = tse_text("k");
  tse_error *error = NULL;
  CHECK(tse_create(tasks, &other, NULL, NULL, &error) == TSE_IDEMPOTENCY_MISMATCH);
  tse_answer *answer = NULL;
  tse_answer_view said = TSE_ANSWER_VIEW_INIT;
  MUST(tse_answer_new(&answer, NULL));
  MUST(tse_accept(tasks, NULL, error, NULL, answer, NULL));
  MUST(tse_answer_get(answer, &said));
  CHECK(said.status == 409);
  tse_error_free(error);

  error = NULL;
  for (int i = 0; i < 4; ++i) MUST(create(tasks, NULL, NULL, NULL, NULL));
  other.idempotency_key = tse_text(NULL);
  CHECK(tse_create(tasks, &other, NULL, NULL, &error) == TSE_LIMIT_EXCEEDED);
  MUST(tse_accept(tasks, NULL, error, NULL, answer, NULL));
  MUST(tse_answer_get(answer, &said));
  CHECK(said.status == 429);
  tse_error_free(error);
  tse_answer_free(answer);

  other.retry_of = tse_text("a");
  CHECK(tse_create(tasks, &other, NULL, NULL, NULL) == TSE_ILLEGAL_TRANSITION);
  other.retry_of = tse_text("nobody");
  CHECK(tse_create(tasks, &other, NULL, NULL, NULL) == TSE_NOT_FOUND);
  tse_engine_free(tasks);
}

static void statements_go_along(void) {
  tse_engine *tasks = open_at(":memory:");
  tse_call *call = NULL;
  MUST(tse_call_new(&call, NULL));
  REFUSED(tse_call_bind_null(call, NULL, 0, &error), "call");
  REFUSED(tse_call_also(call, NULL, 0, &error), "also[0]");
  REFUSED(tse_call_also(call, "", 0, &error), "also[0]");
  REFUSED(tse_call_also(call, "SELECT '\xed\xa0\x80'", TSE_NTS, &error), "also[0]");
  REFUSED(tse_call_also(NULL, "SELECT 1", TSE_NTS, &error), "call");
  /* Every kind of value, by place and by name; the file has no table of a host's, so the statement looks at itself. */
  MUST(tse_call_also(call, "SELECT ?, ?, :real, :text, ?, :taskstate_id, :null", TSE_NTS, NULL));
  MUST(tse_call_bind_int64(call, NULL, 0, INT64_MIN, NULL));
  MUST(tse_call_bind_text(call, NULL, 0, "text", TSE_NTS, NULL));
  MUST(tse_call_bind_double(call, ":real", TSE_NTS, 0.5, NULL));
  MUST(tse_call_bind_text(call, ":text", TSE_NTS, NULL, 0, NULL));
  MUST(tse_call_bind_blob(call, NULL, 0, "\0\1", 2, NULL));
  MUST(tse_call_bind_null(call, ":null", TSE_NTS, NULL));
  REFUSED(tse_call_bind_blob(call, NULL, 0, "x", TSE_NTS, &error), "also[0]");
  REFUSED(tse_call_bind_text(call, NULL, 0, "\xff", 1, &error), "also[0]");
  REFUSED(tse_call_bind_null(call, "", 0, &error), "also[0]");
  MUST(create(tasks, "a", NULL, call, NULL));
  MUST(tse_call_bind_null(call, NULL, 0, NULL)); /* one value too many */
  REFUSED(tse_start(tasks, "z", 1, "a", 1, call, NULL, &error), "also[0]");
  MUST(tse_call_clear_also(call, NULL));
  MUST(tse_call_also(call, "SELECT 1", TSE_NTS, NULL));
  MUST(tse_call_also(call, "DELETE FROM taskstate_tasks", TSE_NTS, NULL));
  REFUSED(tse_start(tasks, "z", 1, "a", 1, call, NULL, &error), "also[1]");
  MUST(tse_call_clear_also(call, NULL));
  for (int i = 0; i < 64; ++i) MUST(tse_call_also(call, "SELECT 1", TSE_NTS, NULL));
  REFUSED(tse_call_also(call, "SELECT 1", TSE_NTS, &error), "also[64]");
  MUST(tse_start(tasks, "z", 1, "a", 1, call, NULL, NULL));
  tse_call_free(call);
  tse_engine_free(tasks);
}

static void waiting_for_tasks(void) {
  tse_engine *tasks = open_at(":memory:");
  tse_task *task = NULL;
  MUST(create(tasks, "a", NULL, NULL, NULL));
  MUST(tse_wait(tasks, "z", 1, "a", 1, 0, 1000000, NULL, &task, NULL));
  CHECK(task != NULL);
  tse_task_free(task);
  MUST(tse_wait(tasks, "z", 1, "a", 1, TSE_NONE, 1000, NULL, &task, NULL));
  CHECK(task != NULL);
  tse_task_free(task);
  MUST(tse_wait(tasks, "z", 1, "nobody", TSE_NTS, 0, 1000000, NULL, &task, NULL));
  CHECK(task == NULL);
  REFUSED(tse_wait(tasks, "z", 1, "a", 1, 0, -1, NULL, &task, &error), "wait");
  REFUSED(tse_wait(tasks, "z", 1, "a", 1, 0, 0, NULL, NULL, &error), "task");

  tse_watch *watch = NULL;
  MUST(tse_watch_new(tasks, &watch, NULL));
  MUST(tse_watch_task(watch, "z", 1, "a", 1, 1, 7, NULL));
  MUST(tse_watch_task(watch, "z", 1, "a", 1, 1, 8, NULL));
  MUST(tse_watch_forget(watch, "z", 1, "a", 1, 8, NULL));
  MUST(tse_start(tasks, "z", 1, "a", 1, NULL, NULL, NULL));
  struct pollfd ready = {(int)tse_watch_descriptor(watch), POLLIN, 0};
  CHECK(poll(&ready, 1, 20000) == 1);
  MUST(tse_watch_reset(watch, NULL));
  int64_t tags[4] = {0, 0, 0, 0};
  size_t count = 0;
  MUST(tse_watch_take(watch, tags, 4, &count, NULL));
  CHECK(count == 1 && tags[0] == 7);
  MUST(tse_watch_take(watch, NULL, 0, &count, NULL));
  CHECK(count == 0);
  REFUSED(tse_watch_take(watch, NULL, 4, &count, &error), "tags");
  REFUSED(tse_watch_take(watch, tags, 4, NULL, &error), "count");
  REFUSED(tse_watch_changes(watch, "a/b", TSE_NTS, &error), "zone_id");
  MUST(tse_watch_changes(watch, NULL, 0, NULL));
  CHECK(poll(&ready, 1, 0) == 1);
  tse_watch_free(watch);

  tse_answer *answer = NULL;
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  tse_request request = TSE_REQUEST_INIT;
  request.prefer = tse_text("wait=3");
  request.wait_elsewhere = 1;
  MUST(tse_answer_new(&answer, NULL));
  MUST(tse_decide(tasks, "z", 1, "a", 1, &request, NULL, answer, NULL));
  MUST(tse_answer_get(answer, &view));
  CHECK(view.wait_us == 3000000 && view.revision == 2 && view.status == 200);
  request.wait_elsewhere = 2;
  REFUSED(tse_decide(tasks, "z", 1, "a", 1, &request, NULL, answer, &error), "wait_elsewhere");
  tse_answer_free(answer);
  tse_engine_free(tasks);
}

static void the_feed_and_purging(void) {
  tse_engine *tasks = open_at(":memory:");
  MUST(create(tasks, "a", NULL, NULL, NULL));
  complete(tasks, "a");
  tse_changes *changes = NULL;
  tse_changes_view part = TSE_CHANGES_VIEW_INIT;
  tse_event_view event = TSE_EVENT_VIEW_INIT;
  MUST(tse_changes_read(tasks, NULL, NULL, &changes, NULL));
  MUST(tse_changes_get(changes, &part));
  CHECK(part.count == 3 && part.purged_through == 0);
  MUST(tse_changes_event(changes, 2, &event));
  CHECK(event.sequence == 3 && same(event.zone_id, "z") && same(event.id, "a") && same(event.kind, "completed"));
  CHECK(tse_changes_event(changes, 3, &event) == TSE_INVALID_ARGUMENT);

  tse_purge_spec old = TSE_PURGE_SPEC_INIT;
  int64_t count = -1;
  REFUSED(tse_purge(tasks, &old, NULL, &count, &error), "older_than");
  old.older_than_us = 1000000;
  MUST(tse_purge(tasks, &old, NULL, &count, NULL));
  CHECK(count == 0);
  now_us += 1000000;
  MUST(tse_purge(tasks, &old, NULL, &count, NULL));
  CHECK(count == 1);

  tse_changes_spec spec = TSE_CHANGES_SPEC_INIT;
  spec.after = part.position;
  tse_changes *more = NULL;
  MUST(tse_changes_read(tasks, &spec, NULL, &more, NULL));
  MUST(tse_changes_get(more, &part));
  MUST(tse_changes_event(more, 0, &event));
  CHECK(part.count == 1 && part.purged_through == 3 && same(event.kind, "purged"));
  tse_changes_free(more);
  spec.flags = 4;
  REFUSED(tse_changes_read(tasks, &spec, NULL, &more, &error), "flags");
  spec.flags = TSE_CHANGES_LATEST;
  REFUSED(tse_changes_read(tasks, &spec, NULL, &more, &error), "after");
  spec.after = tse_text("1:00000000000000000000000000000000:0");
  spec.flags = TSE_CHANGES_ALLOW_GAP;
  CHECK(tse_changes_read(tasks, &spec, NULL, &more, NULL) == TSE_RESTORED);
  tse_changes_free(changes);

  int32_t erased = -1;
  MUST(tse_erase(tasks, "z", 1, "a", 1, NULL, &erased, NULL));
  CHECK(erased == 0);
  MUST(create(tasks, "b", NULL, NULL, NULL));
  CHECK(tse_erase(tasks, "z", 1, "b", 1, NULL, NULL, NULL) == TSE_ILLEGAL_TRANSITION);
  complete(tasks, "b");
  MUST(tse_erase(tasks, "z", 1, "b", 1, NULL, &erased, NULL));
  CHECK(erased == 1);
  CHECK(create(tasks, "b", NULL, NULL, NULL) == TSE_ALREADY_EXISTS);
  tse_answer *answer = NULL;
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  MUST(tse_answer_new(&answer, NULL));
  MUST(tse_decide(tasks, "z", 1, "b", 1, NULL, NULL, answer, NULL));
  MUST(tse_answer_get(answer, &view));
  CHECK(view.status == 410);
  tse_answer_free(answer);
  tse_engine_free(tasks);
}

static void copies_take_no_other_place(tse_engine *tasks, const char *path, const char *copy, const char *directory) {
  char beside[300];
  static const char *const companions[] = {"-wal", "-shm", "-journal", "-taskstate"};
  for (size_t i = 0; i < sizeof companions / sizeof *companions; ++i) {
    snprintf(beside, sizeof beside, "%s%s", path, companions[i]);
    REFUSED(tse_backup(tasks, beside, TSE_NTS, NULL, &error), "path");
  }
  snprintf(beside, sizeof beside, "%s/fifo", directory);
  CHECK(mkfifo(beside, 0600) == 0);
  REFUSED(tse_backup(tasks, beside, TSE_NTS, NULL, &error), "path");
  snprintf(beside, sizeof beside, "%s-wal", copy);
  FILE *stale = fopen(beside, "w");
  CHECK(stale != NULL && fclose(stale) == 0);
  CHECK(tse_backup(tasks, copy, TSE_NTS, NULL, NULL) == TSE_ALREADY_EXISTS);
  CHECK(remove(beside) == 0);
}

static int32_t open_with(const char *path, int64_t pending, int32_t reconfigure, tse_engine **tasks,
                         tse_error **error) {
  tse_options *options = NULL;
  MUST(tse_options_new(&options, NULL));
  if (pending >= 0) MUST(tse_options_set_pending_limit(options, pending, NULL));
  MUST(tse_options_set_reconfigure(options, reconfigure, NULL));
  const int32_t code = tse_open(path, TSE_NTS, options, tasks, error);
  tse_options_free(options);
  return code;
}

static void settings_are_the_files(const char *directory) {
  char path[256];
  snprintf(path, sizeof path, "%s/settings.db", directory);
  tse_engine *first = NULL, *second = NULL, *third = NULL;
  MUST(open_with(path, 1, 0, &first, NULL));
  MUST(open_with(path, -1, 0, &second, NULL)); /* not given */
  MUST(create(second, "a", NULL, NULL, NULL));
  CHECK(create(second, "b", NULL, NULL, NULL) == TSE_LIMIT_EXCEEDED);
  REFUSED(open_with(path, 0, 0, &third, &error), "pending_limit"); /* the default, but given */
  CHECK(third == NULL);
  MUST(open_with(path, 0, 1, &third, NULL));
  tse_task *task = NULL;
  MUST(tse_get(first, "z", TSE_NTS, "a", TSE_NTS, 0, NULL, &task, NULL));
  tse_task_free(task);
  MUST(create(first, "b", NULL, NULL, NULL));
  tse_engine_free(third);
  tse_engine_free(second);
  tse_engine_free(first);
}

static void figures_and_copies(const char *directory) {
  char path[256];
  char copy[256];
  snprintf(path, sizeof path, "%s/tasks.db", directory);
  snprintf(copy, sizeof copy, "%s/copy.db", directory);
  tse_engine *tasks = open_at(path);
  MUST(create(tasks, "a", NULL, NULL, NULL));
  tse_stats *stats = NULL;
  tse_stats_view view = TSE_STATS_VIEW_INIT;
  tse_count_view count = TSE_COUNT_VIEW_INIT;
  MUST(tse_stats_read(tasks, NULL, 0, NULL, &stats, NULL));
  MUST(tse_stats_get(stats, &view));
  CHECK(view.pending == 1 && view.completed == 0 && view.count_count == 1 && view.commits == 1);
  CHECK(view.durability == TSE_DURABILITY_RELAXED && same(view.lease_clock, "host"));
  MUST(tse_stats_count(stats, 0, &count));
  CHECK(same(count.zone_id, "z") && same(count.operation, "create") && count.status == TSE_PENDING && count.count == 1);
  CHECK(tse_stats_count(stats, 1, &count) == TSE_INVALID_ARGUMENT);
  CHECK(strcmp(view.answer_proof.data, "wal_index") == 0);
  CHECK(strcmp(view.locks.data, "ofd") == 0);
  CHECK(view.cache_hits >= 0 && view.cache_misses >= 0 && view.cache_entries >= 0 && view.cache_bytes >= 0);
  CHECK(view.leases_lost == 0 && view.failures_failed + view.failures_cancelled == 0);
  CHECK(view.failures_expired + view.failures_lost == 0);
  CHECK(view.waiting_time.bound_count == 15 && view.waiting_time.bounds_us[0] == 10000);
  CHECK(view.waiting_time.counts[15] == 0 && view.waiting_time.count == 0 && view.running_time.sum_us == 0);
  CHECK(strstr(tse_stats_text(stats), "# EOF\n") != NULL && tse_stats_text(NULL) == NULL);
  tse_stats_free(stats);
  REFUSED(tse_stats_read(tasks, "a/b", TSE_NTS, NULL, &stats, &error), "zone_id");

  REFUSED(tse_backup(tasks, path, TSE_NTS, NULL, &error), "path");
  REFUSED(tse_backup(tasks, NULL, 0, NULL, &error), "path");
  copies_take_no_other_place(tasks, path, copy, directory);
  MUST(tse_backup(tasks, copy, TSE_NTS, NULL, NULL));
  MUST(tse_backup(tasks, copy, TSE_NTS, NULL, NULL)); /* takes the place of the last */
  tse_engine *restored = open_at(copy);
  tse_task *task = NULL;
  MUST(tse_get(restored, "z", 1, "a", 1, 0, NULL, &task, NULL));
  CHECK(task != NULL);
  tse_task_free(task);
  CHECK(tse_backup(tasks, copy, TSE_NTS, NULL, NULL) == TSE_ALREADY_EXISTS);
  tse_engine_free(restored);
  tse_engine_free(tasks);
}

int main(void) {
  char directory[] = "/tmp/taskstate-hosts-XXXXXX";
  if (mkdtemp(directory) == NULL) return 1;
  tse_changes_free(NULL);
  tse_stats_free(NULL);
  options_are_checked();
  one_task_for_one_key();
  statements_go_along();
  waiting_for_tasks();
  the_feed_and_purging();
  settings_are_the_files(directory);
  figures_and_copies(directory);
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", directory);
  CHECK(system(command) == 0);
  return finish("hosts");
}

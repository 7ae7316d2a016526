/* Claims, leases, cancelling and watches through the C ABI, used well and badly. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <poll.h>
#include <pthread.h>

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
  MUST(tse_options_set_housekeeping(options, 0, NULL));
  MUST(tse_options_set_running_limit(options, 2, NULL));
  MUST(tse_options_set_boot_id(options, "boot-1", TSE_NTS, NULL));
  MUST(tse_open(":memory:", TSE_NTS, options, &tasks, NULL));
  tse_options_free(options);
  return tasks;
}

static void create(tse_engine *tasks, const char *zone, const char *id, int64_t max_attempts) {
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text(zone);
  spec.id = tse_text(id);
  spec.operation = tse_text("create");
  spec.payload = tse_text("payload");
  spec.max_attempts = max_attempts;
  MUST(tse_create(tasks, &spec, NULL, NULL, NULL));
}

static tse_leases *claim(tse_engine *tasks) {
  tse_leases *leases = NULL;
  MUST(tse_claim(tasks, NULL, NULL, &leases, NULL));
  return leases;
}

static tse_lease_view lease_of(const tse_leases *leases) {
  tse_lease_view lease = TSE_LEASE_VIEW_INIT;
  MUST(tse_leases_lease(leases, 0, &lease));
  return lease;
}

static void a_lease_from_claim_to_outcome(void) {
  tse_engine *tasks = open_standing();
  CHECK(claim(tasks) == NULL);
  create(tasks, "z1", "t1", 1);
  create(tasks, "z2", "t2", 1);
  create(tasks, "z3", "t3", 1);

  tse_claim_spec spec = TSE_CLAIM_SPEC_INIT;
  spec.zones = tse_text("z3,z1,z1");
  spec.operations = tse_text("delete,create");
  spec.worker = tse_text("w 1");
  spec.lease_us = 10000000;
  spec.limit = 5;
  tse_leases *leases = NULL;
  MUST(tse_claim(tasks, &spec, NULL, &leases, NULL));
  CHECK(tse_leases_count(leases) == 2);
  const tse_lease_view lease = lease_of(leases);
  CHECK(lease.epoch > 0 && lease.attempt == 1 && lease.duration_us == 10000000);
  CHECK(lease.expires_at == now_us + 10000000 && lease.token.size > 0 && lease.token.size <= 512);
  tse_task_view as = TSE_TASK_VIEW_INIT;
  MUST(tse_leases_task(leases, 0, &as));
  CHECK(same(as.id, "t1") && as.status == TSE_RUNNING && same(as.payload, "payload") && same(as.worker, "w 1"));
  CHECK(as.epoch == lease.epoch && as.attempt == 1 && as.max_attempts == 1 && as.cancel_requested == 0);
  CHECK(as.not_before == TSE_NONE && as.start_by == TSE_NONE);
  MUST(tse_leases_task(leases, 1, &as));
  CHECK(same(as.id, "t3"));

  now_us += 9000000;
  tse_heartbeat_view beat = TSE_HEARTBEAT_VIEW_INIT;
  const char *progress = "{\"href\":\"#progress\",\"rel\":\"progress\",\"properties\":{\"percent\":40}}";
  MUST(tse_lease_heartbeat(tasks, lease.token.data, lease.token.size, 60000000, progress, TSE_NTS, NULL, &beat, NULL));
  CHECK(beat.cancel_requested == 0 && beat.duration_us == 60000000 && beat.expires_at == now_us + 60000000);
  MUST(tse_lease_heartbeat(tasks, lease.token.data, TSE_NTS, TSE_NONE, NULL, 0, NULL, NULL, NULL));
  tse_update update = TSE_UPDATE_INIT;
  update.package_slug = tse_text("slug");
  tse_task *task = NULL;
  MUST(tse_lease_annotate(tasks, lease.token.data, lease.token.size, &update, NULL, &task, NULL));
  MUST(tse_task_get(task, &as));
  CHECK(same(as.package_slug, "slug") && as.revision == 4);
  tse_task_free(task);

  update = (tse_update)TSE_UPDATE_INIT;
  update.install_id = tse_text("ins_1");
  CHECK(tse_complete(tasks, "z1", TSE_NTS, "t1", TSE_NTS, &update, NULL, NULL, NULL) == TSE_LEASE_LOST);
  MUST(tse_lease_complete(tasks, lease.token.data, lease.token.size, &update, NULL, &task, NULL));
  MUST(tse_task_get(task, &as));
  CHECK(as.status == TSE_COMPLETED && as.worker.data == NULL);
  tse_task_free(task);
  MUST(tse_lease_complete(tasks, lease.token.data, lease.token.size, &update, NULL, NULL, NULL));
  CHECK(tse_lease_heartbeat(tasks, lease.token.data, lease.token.size, TSE_NONE, NULL, 0, NULL, NULL, NULL) ==
        TSE_LEASE_LOST);
  tse_leases_free(leases);
  tse_engine_free(tasks);
}

static void leases_end_by_release_failure_and_time(void) {
  tse_engine *tasks = open_standing();
  create(tasks, "z", "t1", 2);
  tse_leases *first = claim(tasks);
  tse_lease_view lease = lease_of(first);
  tse_task *task = NULL;
  tse_task_view as = TSE_TASK_VIEW_INIT;
  MUST(tse_lease_release(tasks, lease.token.data, lease.token.size, 5000000, NULL, &task, NULL));
  MUST(tse_task_get(task, &as));
  CHECK(as.status == TSE_RUNNING && as.not_before == now_us + 5000000 && as.worker.data == NULL);
  tse_task_free(task);
  CHECK(claim(tasks) == NULL);
  now_us += 5000000;
  tse_leases *second = claim(tasks);
  CHECK(lease_of(second).attempt == 2);

  int64_t changed = -1;
  MUST(tse_tick(tasks, NULL, &changed, NULL));
  CHECK(changed == 0);
  now_us += 30000000;
  MUST(tse_tick(tasks, NULL, &changed, NULL));
  CHECK(changed == 1);
  MUST(tse_tick(tasks, NULL, NULL, NULL));
  tse_update failure = TSE_UPDATE_INIT;
  failure.error_message = tse_text("late");
  lease = lease_of(second);
  CHECK(tse_lease_fail(tasks, lease.token.data, lease.token.size, &failure, NULL, NULL, NULL) == TSE_LEASE_LOST);
  MUST(tse_get(tasks, "z", TSE_NTS, "t1", TSE_NTS, 0, NULL, &task, NULL));
  MUST(tse_task_get(task, &as));
  CHECK(as.status == TSE_FAILED && same(as.failure_kind, "lost"));
  CHECK(same(as.error_message, "The worker stopped before the task was finished."));
  tse_task_free(task);

  create(tasks, "z", "t2", 9);
  tse_leases *third = NULL;
  MUST(tse_start_leased(tasks, "z", TSE_NTS, "t2", TSE_NTS, "w", TSE_NTS, TSE_NONE, NULL, &third, NULL));
  lease = lease_of(third);
  CHECK(lease.duration_us == 30000000);
  MUST(tse_lease_fail(tasks, lease.token.data, lease.token.size, &failure, NULL, &task, NULL));
  MUST(tse_task_get(task, &as));
  CHECK(as.status == TSE_FAILED && same(as.failure_kind, "failed"));
  tse_task_free(task);
  tse_leases_free(third);
  tse_leases_free(second);
  tse_leases_free(first);
  tse_engine_free(tasks);
}

static int64_t boot_us = 1;
static int64_t boot_clock(void *user_data) {
  (void)user_data;
  return boot_us;
}

static tse_stats_view figures_of(tse_engine *tasks) {
  tse_stats *stats = NULL;
  tse_stats_view view = TSE_STATS_VIEW_INIT;
  MUST(tse_stats_read(tasks, NULL, 0, NULL, &stats, NULL));
  MUST(tse_stats_get(stats, &view));
  CHECK(view.leases_incomparable == 0 && view.lease_clocks_incomparable == 0);
  tse_stats_free(stats);
  return view;
}

static void nothing_expires_by_a_wall_clock_that_leaps(void) {
  tse_options *options = NULL;
  tse_engine *tasks = NULL;
  int64_t changed = -1;
  MUST(tse_options_new(&options, NULL));
  MUST(tse_options_set_clock(options, standing_clock, NULL, NULL, NULL));
  MUST(tse_options_set_boot_clock(options, boot_clock, NULL, NULL, NULL));
  MUST(tse_open(":memory:", TSE_NTS, options, &tasks, NULL));
  tse_options_free(options);
  create(tasks, "z", "t1", 1);
  tse_leases *leases = claim(tasks);
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z");
  spec.operation = tse_text("create");
  spec.start_within_us = 10000000;
  MUST(tse_create(tasks, &spec, NULL, NULL, NULL));
  CHECK(figures_of(tasks).expiry_paused == 0);
  now_us += INT64_C(86400000000);
  MUST(tse_tick(tasks, NULL, &changed, NULL));
  CHECK(changed == 0); /* nor has the lease ended, which is held in the other clock */
  CHECK(figures_of(tasks).expiry_paused == 1);
  MUST(tse_clock_ok(tasks, NULL, NULL));
  CHECK(figures_of(tasks).expiry_paused == 0);
  MUST(tse_tick(tasks, NULL, &changed, NULL));
  CHECK(changed == 1);
  boot_us += 30000000;
  MUST(tse_tick(tasks, NULL, &changed, NULL));
  CHECK(changed == 1);
  tse_leases_free(leases);
  tse_engine_free(tasks);
}

static void cancelling_marks_and_forces(void) {
  tse_engine *tasks = open_standing();
  tse_task *task = NULL;
  tse_task_view as = TSE_TASK_VIEW_INIT;
  create(tasks, "z", "t1", 1);
  MUST(tse_cancel(tasks, "z", TSE_NTS, "t1", TSE_NTS, 0, "Not wanted.", TSE_NTS, NULL, &task, NULL));
  MUST(tse_task_get(task, &as));
  CHECK(as.status == TSE_FAILED && same(as.failure_kind, "cancelled") && same(as.error_message, "Not wanted."));
  tse_task_free(task);

  create(tasks, "z", "t2", 1);
  tse_leases *leases = claim(tasks);
  const tse_lease_view lease = lease_of(leases);
  MUST(tse_cancel(tasks, "z", TSE_NTS, "t2", TSE_NTS, 0, NULL, 0, NULL, &task, NULL));
  MUST(tse_task_get(task, &as));
  CHECK(as.status == TSE_RUNNING && as.cancel_requested == 1);
  tse_task_free(task);
  tse_heartbeat_view beat = TSE_HEARTBEAT_VIEW_INIT;
  MUST(tse_lease_heartbeat(tasks, lease.token.data, lease.token.size, TSE_NONE, NULL, 0, NULL, &beat, NULL));
  CHECK(beat.cancel_requested == 1);
  MUST(tse_cancel(tasks, "z", TSE_NTS, "t2", TSE_NTS, TSE_CANCEL_FORCE, NULL, 0, NULL, NULL, NULL));
  CHECK(tse_lease_heartbeat(tasks, lease.token.data, lease.token.size, TSE_NONE, NULL, 0, NULL, &beat, NULL) ==
        TSE_LEASE_LOST);
  tse_leases_free(leases);

  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z");
  spec.id = tse_text("t3");
  spec.operation = tse_text("create");
  spec.not_before = now_us + 1000000;
  spec.start_within_us = 1000000;
  MUST(tse_create(tasks, &spec, NULL, &task, NULL));
  MUST(tse_task_get(task, &as));
  CHECK(as.not_before == now_us + 1000000 && as.start_by == now_us + 2000000);
  tse_task_free(task);
  now_us += 2000000;
  MUST(tse_tick(tasks, NULL, NULL, NULL));
  MUST(tse_get(tasks, "z", TSE_NTS, "t3", TSE_NTS, 0, NULL, &task, NULL));
  MUST(tse_task_get(task, &as));
  CHECK(same(as.failure_kind, "expired"));
  tse_task_free(task);
  tse_engine_free(tasks);
}

static void *cancel_soon(void *token) {
  tse_cancel_token_cancel(token);
  return NULL;
}

static void a_wait_is_ended_by_its_token(void) {
  tse_engine *tasks = open_standing();
  tse_cancel_token *token = NULL;
  tse_call *call = NULL;
  tse_leases *leases = NULL;
  MUST(tse_cancel_token_new(&token, NULL));
  MUST(tse_call_new(&call, NULL));
  MUST(tse_call_set_cancel_token(call, token, NULL));
  tse_claim_spec spec = TSE_CLAIM_SPEC_INIT;
  spec.wait_us = 60000000;
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, cancel_soon, token) == 0);
  tse_error *error = NULL;
  tse_error_view said = TSE_ERROR_VIEW_INIT;
  CHECK(tse_claim(tasks, &spec, call, &leases, &error) == TSE_CANCELLED);
  MUST(tse_error_get(error, &said));
  CHECK(said.code == TSE_CANCELLED && said.outcome == TSE_NOT_DONE);
  tse_error_free(error);
  CHECK(pthread_join(thread, NULL) == 0);
  tse_cancel_token_free(token); /* the call keeps what it needs, and it is sticky */
  CHECK(tse_claim(tasks, &spec, call, &leases, NULL) == TSE_CANCELLED);
  MUST(tse_call_set_cancel_token(call, NULL, NULL));
  spec.wait_us = 1000;
  MUST(tse_claim(tasks, &spec, call, &leases, NULL));
  CHECK(leases == NULL);
  tse_call_free(call);
  tse_engine_free(tasks);
}

static int is_readable(const tse_watch *watch) {
  struct pollfd ready = {(int)tse_watch_descriptor(watch), POLLIN, 0};
  return poll(&ready, 1, 0) == 1;
}

static void a_watch_tells_when_to_look(void) {
  tse_engine *tasks = open_standing();
  tse_watch *watch = NULL;
  tse_claim_spec spec = TSE_CLAIM_SPEC_INIT;
  const tse_claim_spec other = TSE_CLAIM_SPEC_INIT;
  spec.zones = tse_text("z1");
  MUST(tse_watch_new(tasks, &watch, NULL));
  MUST(tse_watch_claim(watch, &spec, NULL));
  CHECK(is_readable(watch));
  MUST(tse_watch_reset(watch, NULL));
  CHECK(!is_readable(watch));
  create(tasks, "z2", "t", 1);
  CHECK(!is_readable(watch));
  create(tasks, "z1", "t", 1);
  CHECK(is_readable(watch));
  tse_engine_free(tasks); /* it outlives the engine */
  MUST(tse_watch_reset(watch, NULL));
  CHECK(is_readable(watch));
  CHECK(tse_watch_claim(watch, &other, NULL) == TSE_CLOSED);
  tse_watch_free(watch);
}

#define BAD(call) CHECK((call) == TSE_INVALID_ARGUMENT)

static void nonsense_is_refused(void) {
  tse_engine *tasks = open_standing();
  tse_leases *leases = NULL;
  tse_watch *watch = NULL;
  tse_call *call = NULL;
  tse_options *options = NULL;
  tse_update update = TSE_UPDATE_INIT;
  tse_lease_view lease = TSE_LEASE_VIEW_INIT;
  tse_task_view as = TSE_TASK_VIEW_INIT;
  tse_error **const none = NULL;

  tse_cancel_token_free(NULL);
  tse_cancel_token_cancel(NULL);
  tse_leases_free(NULL);
  tse_watch_free(NULL);
  CHECK(tse_leases_count(NULL) == 0 && tse_watch_descriptor(NULL) == -1);

  MUST(tse_call_new(&call, NULL));
  MUST(tse_options_new(&options, NULL));
  BAD(tse_cancel_token_new(NULL, none));
  BAD(tse_call_set_cancel_token(NULL, NULL, none));
  BAD(tse_options_set_housekeeping(NULL, 0, none));
  BAD(tse_options_set_housekeeping(options, 9999, none));
  BAD(tse_options_set_housekeeping(options, -1, none));
  BAD(tse_options_set_housekeeping(options, 3600000001, none));
  BAD(tse_options_set_running_limit(NULL, 0, none));
  BAD(tse_options_set_running_limit(options, -1, none));
  BAD(tse_options_set_boot_id(NULL, "b", TSE_NTS, none));
  BAD(tse_options_set_boot_id(options, "", TSE_NTS, none));
  BAD(tse_options_set_boot_id(options, "a b", TSE_NTS, none));
  BAD(tse_options_set_boot_id(options, "12345678901234567890123456789012345678901234567890123456789012345", TSE_NTS,
                              none));
  MUST(tse_options_set_boot_id(options, NULL, 0, NULL));

  BAD(tse_claim(NULL, NULL, NULL, &leases, none));
  BAD(tse_claim(tasks, NULL, NULL, NULL, none));
  tse_claim_spec spec = TSE_CLAIM_SPEC_INIT;
  spec.struct_size = 1;
  BAD(tse_claim(tasks, &spec, NULL, &leases, none));
  spec = (tse_claim_spec)TSE_CLAIM_SPEC_INIT;
  spec.zones = tse_text("z1,,z2");
  BAD(tse_claim(tasks, &spec, NULL, &leases, none));
  spec = (tse_claim_spec)TSE_CLAIM_SPEC_INIT;
  spec.operations = tse_text("");
  BAD(tse_claim(tasks, &spec, NULL, &leases, none));
  spec = (tse_claim_spec)TSE_CLAIM_SPEC_INIT;
  spec.limit = INT64_MAX;
  BAD(tse_claim(tasks, &spec, NULL, &leases, none));
  spec.limit = 1;
  spec.lease_us = INT64_MAX;
  BAD(tse_claim(tasks, &spec, NULL, &leases, none));
  spec.lease_us = TSE_NONE;
  spec.wait_us = -1;
  BAD(tse_claim(tasks, &spec, NULL, &leases, none));
  spec.wait_us = 0;
  spec.worker = tse_text("a\nb");
  BAD(tse_claim(tasks, &spec, NULL, &leases, none));

  BAD(tse_start_leased(NULL, "z", 1, "t", 1, NULL, 0, TSE_NONE, NULL, &leases, none));
  BAD(tse_start_leased(tasks, "z", 1, "t", 1, NULL, 0, TSE_NONE, NULL, NULL, none));
  BAD(tse_start_leased(tasks, "z", 1, "t", 1, NULL, 0, 0, NULL, &leases, none));
  BAD(tse_leases_lease(NULL, 0, &lease));
  BAD(tse_leases_task(NULL, 0, &as));
  create(tasks, "z", "t", 1);
  leases = claim(tasks);
  BAD(tse_leases_lease(leases, 1, &lease));
  BAD(tse_leases_lease(leases, 0, NULL));
  BAD(tse_leases_task(leases, 1, &as));
  BAD(tse_leases_task(leases, 0, NULL));
  lease = lease_of(leases);
  const char *token = lease.token.data;

  BAD(tse_lease_heartbeat(NULL, token, TSE_NTS, TSE_NONE, NULL, 0, NULL, NULL, none));
  BAD(tse_lease_heartbeat(tasks, NULL, 0, TSE_NONE, NULL, 0, NULL, NULL, none));
  BAD(tse_lease_heartbeat(tasks, "x", TSE_NTS, TSE_NONE, NULL, 0, NULL, NULL, none));
  BAD(tse_lease_heartbeat(tasks, token, TSE_NTS, 0, NULL, 0, NULL, NULL, none));
  BAD(tse_lease_heartbeat(tasks, token, TSE_NTS, TSE_NONE, "[]", TSE_NTS, NULL, NULL, none));
  BAD(tse_lease_heartbeat(tasks, token, TSE_NTS, TSE_NONE, "{\"href\":\"#p\",\"rel\":\"x\"}", TSE_NTS, NULL, NULL,
                          none));
  tse_heartbeat_view beat = TSE_HEARTBEAT_VIEW_INIT;
  beat.struct_size = 0;
  BAD(tse_lease_heartbeat(tasks, token, TSE_NTS, TSE_NONE, NULL, 0, NULL, &beat, none));
  BAD(tse_lease_annotate(tasks, token, TSE_NTS, NULL, NULL, NULL, none));
  BAD(tse_lease_complete(NULL, token, TSE_NTS, NULL, NULL, NULL, none));
  BAD(tse_lease_complete(tasks, token, TSE_NTS, NULL, NULL, NULL, none)); /* it leads nowhere */
  BAD(tse_lease_fail(tasks, token, TSE_NTS, NULL, NULL, NULL, none));
  BAD(tse_lease_fail(tasks, token, TSE_NTS, &update, NULL, NULL, none)); /* no message */
  BAD(tse_lease_release(tasks, token, TSE_NTS, -1, NULL, NULL, none));
  BAD(tse_lease_release(NULL, token, TSE_NTS, 0, NULL, NULL, none));
  BAD(tse_cancel(NULL, "z", 1, "t", 1, 0, NULL, 0, NULL, NULL, none));
  BAD(tse_cancel(tasks, "z", 1, "t", 1, 2, NULL, 0, NULL, NULL, none));
  BAD(tse_cancel(tasks, "z", 1, "t", 1, 0, "", 0, NULL, NULL, none));
  BAD(tse_tick(NULL, NULL, NULL, none));
  BAD(tse_clock_ok(NULL, NULL, none));
  BAD(tse_options_set_boot_clock(NULL, boot_clock, NULL, NULL, none));
  BAD(tse_watch_new(NULL, &watch, none));
  BAD(tse_watch_new(tasks, NULL, none));
  BAD(tse_watch_claim(NULL, NULL, none));
  BAD(tse_watch_reset(NULL, none));
  MUST(tse_watch_new(tasks, &watch, NULL));
  BAD(tse_watch_claim(watch, &spec, none)); /* its worker is none */
  tse_watch_free(watch);

  tse_new_task bad = TSE_NEW_TASK_INIT;
  bad.zone_id = tse_text("z");
  bad.operation = tse_text("create");
  bad.max_attempts = 0;
  BAD(tse_create(tasks, &bad, NULL, NULL, none));
  bad.max_attempts = 1;
  bad.start_within_us = 0;
  BAD(tse_create(tasks, &bad, NULL, NULL, none));
  bad.start_within_us = TSE_NONE;
  bad.not_before = INT64_MAX;
  BAD(tse_create(tasks, &bad, NULL, NULL, none));

  tse_call_free(call);
  tse_options_free(options);
  tse_engine_free(tasks);
  tse_leases_free(leases); /* any order */
}

int main(void) {
  a_lease_from_claim_to_outcome();
  leases_end_by_release_failure_and_time();
  nothing_expires_by_a_wall_clock_that_leaps();
  cancelling_marks_and_forces();
  a_wait_is_ended_by_its_token();
  a_watch_tells_when_to_look();
  nonsense_is_refused();
  return finish("leases");
}

/* Batches through C: each change has its own result, and those of a refused one's neighbours stand. */
#include "check.h"

#include <taskstate.h>

#include <stdio.h>
#include <string.h>

static tse_str text(const char *from) {
  tse_str to = {from, strlen(from)};
  return to;
}

static int32_t add_create(tse_batch *batch, const char *zone, const char *id) {
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = text(zone);
  spec.id = text(id);
  spec.operation = text("create");
  return tse_batch_create(batch, &spec, NULL);
}

/* The code of result `index`; its error and task are looked at on the way. */
static int32_t code_of(const tse_results *results, size_t index, int32_t status) {
  tse_task_view task = TSE_TASK_VIEW_INIT;
  tse_error *error = NULL;
  const int32_t code = tse_results_get(results, index, &task, &error);
  CHECK((code == TSE_OK) == (error == NULL));
  if (code == TSE_OK) CHECK(task.status == status);
  tse_error_free(error);
  CHECK(tse_results_get(results, index, NULL, NULL) == code);
  return code;
}

static void mixed(tse_engine *tasks) {
  tse_batch *batch = NULL;
  CHECK(tse_batch_new(&batch, NULL) == TSE_OK);
  CHECK(tse_batch_count(batch) == 0);
  CHECK(add_create(batch, "z1", "a") == TSE_OK);
  CHECK(add_create(batch, "z1", "a") == TSE_OK); /* exists by then */
  CHECK(add_create(batch, "z1", "not an id") == TSE_OK);
  CHECK(add_create(batch, "z2", "b") == TSE_OK);
  CHECK(tse_batch_start(batch, "z1", TSE_NTS, "a", TSE_NTS, NULL) == TSE_OK);
  CHECK(tse_batch_start(batch, "z2", TSE_NTS, "b", TSE_NTS, NULL) == TSE_OK);
  tse_update update = TSE_UPDATE_INIT;
  update.package_id = text("pkg_1");
  CHECK(tse_batch_annotate(batch, "z1", TSE_NTS, "a", TSE_NTS, &update, NULL) == TSE_OK);
  CHECK(tse_batch_complete(batch, "z1", TSE_NTS, "a", TSE_NTS, NULL, NULL) == TSE_OK); /* leads nowhere */
  update.install_id = text("ins_1");
  CHECK(tse_batch_complete(batch, "z1", TSE_NTS, "a", TSE_NTS, &update, NULL) == TSE_OK);
  tse_update failure = TSE_UPDATE_INIT;
  failure.error_message = text("It broke.");
  CHECK(tse_batch_fail(batch, "z2", TSE_NTS, "b", TSE_NTS, &failure, NULL) == TSE_OK);
  CHECK(tse_batch_start(batch, "z3", TSE_NTS, "nobody", TSE_NTS, NULL) == TSE_OK);
  CHECK(tse_batch_count(batch) == 11);

  tse_results *results = NULL;
  CHECK(tse_batch_run(tasks, batch, NULL, &results, NULL) == TSE_OK);
  CHECK(tse_results_count(results) == 11);
  CHECK(code_of(results, 0, TSE_PENDING) == TSE_OK);
  CHECK(code_of(results, 1, 0) == TSE_ALREADY_EXISTS);
  CHECK(code_of(results, 2, 0) == TSE_INVALID_ARGUMENT);
  CHECK(code_of(results, 3, TSE_PENDING) == TSE_OK);
  CHECK(code_of(results, 4, TSE_RUNNING) == TSE_OK);
  CHECK(code_of(results, 5, TSE_RUNNING) == TSE_OK);
  CHECK(code_of(results, 6, TSE_RUNNING) == TSE_OK);
  CHECK(code_of(results, 7, 0) == TSE_INVALID_ARGUMENT);
  CHECK(code_of(results, 8, TSE_COMPLETED) == TSE_OK);
  CHECK(code_of(results, 9, TSE_FAILED) == TSE_OK);
  CHECK(code_of(results, 10, 0) == TSE_NOT_FOUND);
  CHECK(tse_results_get(results, 11, NULL, NULL) == TSE_INVALID_ARGUMENT);

  /* The very same once more: creations exist, outcomes are repeated. */
  tse_results *again = NULL;
  CHECK(tse_batch_run(tasks, batch, NULL, &again, NULL) == TSE_OK);
  CHECK(code_of(again, 0, 0) == TSE_ALREADY_EXISTS);
  CHECK(code_of(again, 8, TSE_COMPLETED) == TSE_OK);
  CHECK(code_of(again, 9, TSE_FAILED) == TSE_OK);
  tse_results_free(again);
  tse_batch_free(batch);

  /* Results hold neither batch nor engine. */
  tse_task_view task = TSE_TASK_VIEW_INIT;
  CHECK(tse_results_get(results, 8, &task, NULL) == TSE_OK);
  CHECK(task.id.size == 1 && task.id.data[0] == 'a' && task.revision == 4);
  tse_results_free(results);
}

static void leased(tse_engine *tasks) {
  tse_batch *batch = NULL;
  CHECK(tse_batch_new(&batch, NULL) == TSE_OK);
  for (int i = 0; i < 3; i++) {
    char id[8];
    snprintf(id, sizeof id, "t%d", i);
    CHECK(add_create(batch, "leased", id) == TSE_OK);
  }
  tse_results *results = NULL;
  CHECK(tse_batch_run(tasks, batch, NULL, &results, NULL) == TSE_OK);
  tse_results_free(results);
  CHECK(tse_batch_clear(batch, NULL) == TSE_OK);
  CHECK(tse_batch_count(batch) == 0);

  tse_claim_spec spec = TSE_CLAIM_SPEC_INIT;
  spec.limit = 3;
  tse_leases *leases = NULL;
  CHECK(tse_claim(tasks, &spec, NULL, &leases, NULL) == TSE_OK);
  CHECK(tse_leases_count(leases) == 3);
  tse_update done = TSE_UPDATE_INIT;
  done.install_id = text("ins_1");
  tse_update failure = TSE_UPDATE_INIT;
  failure.error_message = text("It broke.");
  for (size_t i = 0; i < 3; i++) {
    tse_lease_view lease = TSE_LEASE_VIEW_INIT;
    CHECK(tse_leases_lease(leases, i, &lease) == TSE_OK);
    if (i < 2) CHECK(tse_batch_lease_complete(batch, lease.token.data, lease.token.size, &done, NULL) == TSE_OK);
    if (i > 0) CHECK(tse_batch_lease_fail(batch, lease.token.data, lease.token.size, &failure, NULL) == TSE_OK);
  }
  CHECK(tse_batch_lease_complete(batch, "no token", TSE_NTS, &done, NULL) == TSE_OK);
  CHECK(tse_batch_run(tasks, batch, NULL, &results, NULL) == TSE_OK);
  CHECK(code_of(results, 0, TSE_COMPLETED) == TSE_OK);
  CHECK(code_of(results, 1, TSE_COMPLETED) == TSE_OK);
  CHECK(code_of(results, 2, 0) != TSE_OK); /* it is completed */
  CHECK(code_of(results, 3, TSE_FAILED) == TSE_OK);
  CHECK(code_of(results, 4, 0) == TSE_INVALID_ARGUMENT);
  tse_results_free(results);
  tse_leases_free(leases);
  tse_batch_free(batch);
}

static void large(tse_engine *tasks) {
  tse_batch *batch = NULL;
  CHECK(tse_batch_new(&batch, NULL) == TSE_OK);
  for (int i = 0; i < TSE_BATCH_MAX; i++) {
    char zone[16], id[16];
    snprintf(zone, sizeof zone, "large-%d", i % 100);
    snprintf(id, sizeof id, "t%d", i);
    CHECK(add_create(batch, zone, id) == TSE_OK);
  }
  CHECK(add_create(batch, "z", "one-too-many") == TSE_LIMIT_EXCEEDED);
  tse_call *call = NULL;
  CHECK(tse_call_new(&call, NULL) == TSE_OK);
  CHECK(tse_call_set_timeout(call, 120000000, NULL) == TSE_OK); /* however slow the machine is */
  tse_results *results = NULL;
  CHECK(tse_batch_run(tasks, batch, call, &results, NULL) == TSE_OK);
  tse_call_free(call);
  CHECK(tse_results_count(results) == TSE_BATCH_MAX);
  for (size_t i = 0; i < TSE_BATCH_MAX; i++) CHECK(tse_results_get(results, i, NULL, NULL) == TSE_OK);
  tse_results_free(results);
  tse_batch_free(batch);
}

static void also_and_time(tse_engine *tasks) {
  tse_batch *batch = NULL;
  CHECK(tse_batch_new(&batch, NULL) == TSE_OK);
  CHECK(add_create(batch, "z", "x1") == TSE_OK);
  CHECK(add_create(batch, "z", "x1") == TSE_OK);
  CHECK(add_create(batch, "z", "x2") == TSE_OK);
  tse_call *call = NULL;
  CHECK(tse_call_new(&call, NULL) == TSE_OK);
  const char *const sql = "INSERT INTO made (id) VALUES (:taskstate_id)";
  CHECK(tse_call_also(call, sql, TSE_NTS, NULL) == TSE_OK);
  tse_results *results = NULL;
  CHECK(tse_batch_run(tasks, batch, call, &results, NULL) == TSE_OK);
  CHECK(code_of(results, 0, TSE_PENDING) == TSE_INVALID_ARGUMENT); /* there is no such table */
  CHECK(code_of(results, 2, TSE_PENDING) == TSE_INVALID_ARGUMENT);
  tse_results_free(results);
  CHECK(tse_call_clear_also(call, NULL) == TSE_OK);

  tse_cancel_token *token = NULL;
  CHECK(tse_cancel_token_new(&token, NULL) == TSE_OK);
  CHECK(tse_call_set_cancel_token(call, token, NULL) == TSE_OK);
  CHECK(tse_batch_run(tasks, batch, call, &results, NULL) == TSE_OK);
  CHECK(code_of(results, 0, TSE_PENDING) == TSE_OK);
  tse_results_free(results);
  tse_cancel_token_free(token);
  tse_call_free(call);
  tse_batch_free(batch);
}

static void misuse(tse_engine *tasks) {
  tse_batch *batch = NULL;
  tse_results *results = NULL;
  tse_error *error = NULL;
  CHECK(tse_batch_new(NULL, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_batch_new(&batch, NULL) == TSE_OK);
  CHECK(tse_batch_create(NULL, NULL, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_batch_create(batch, NULL, &error) == TSE_INVALID_ARGUMENT);
  tse_error_free(error);
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.links = text("[{");
  CHECK(tse_batch_create(batch, &spec, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_batch_annotate(batch, "z", TSE_NTS, "t", TSE_NTS, NULL, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_batch_fail(batch, "z", TSE_NTS, "t", TSE_NTS, NULL, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_batch_start(batch, NULL, 3, "t", TSE_NTS, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_batch_count(batch) == 0); /* what was refused was not added */
  CHECK(tse_batch_count(NULL) == 0);
  CHECK(tse_batch_clear(NULL, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_batch_run(NULL, batch, NULL, &results, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_batch_run(tasks, NULL, NULL, &results, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_batch_run(tasks, batch, NULL, NULL, NULL) == TSE_INVALID_ARGUMENT);
  CHECK(tse_batch_run(tasks, batch, NULL, &results, NULL) == TSE_OK); /* of nothing */
  CHECK(tse_results_count(results) == 0);
  CHECK(tse_results_get(results, 0, NULL, NULL) == TSE_INVALID_ARGUMENT);
  tse_results_free(results);
  CHECK(tse_results_count(NULL) == 0);
  CHECK(tse_results_get(NULL, 0, NULL, NULL) == TSE_INVALID_ARGUMENT);
  tse_results_free(NULL);
  tse_batch_free(NULL);

  CHECK(add_create(batch, "z", "late") == TSE_OK);
  CHECK(tse_close(tasks, NULL) == TSE_OK);
  results = NULL;
  CHECK(tse_batch_run(tasks, batch, NULL, &results, NULL) == TSE_CLOSED);
  CHECK(results == NULL);
  tse_batch_free(batch);
}

int main(void) {
  tse_engine *tasks = NULL;
  CHECK(tse_open(":memory:", TSE_NTS, NULL, &tasks, NULL) == TSE_OK);
  mixed(tasks);
  leased(tasks);
  large(tasks);
  also_and_time(tasks);
  misuse(tasks);
  tse_engine_free(tasks);
  return finish("batch");
}

/* The guide's examples in C, in the order of its pages; the tests build and run them. */
#include <stdio.h>
#include <stdlib.h>
#include <taskstate.h>

static int report(tse_error *err) {
  tse_error_view view = TSE_ERROR_VIEW_INIT;
  tse_error_get(err, &view);
  fprintf(stderr, "%s: %s\n", tse_code_name(view.code), view.message.data);
  tse_error_free(err);
  return 1;
}

static int nothing_to_do(void) { return 0; }

/* ---- workers.md */

static int work_once(tse_engine *tasks) {
  tse_leases *leases = NULL;
  tse_error *err = NULL;
  tse_claim_spec wanted = TSE_CLAIM_SPEC_INIT;
  wanted.worker = tse_text("w1");
  if (tse_claim(tasks, &wanted, NULL, &leases, &err)) return report(err);
  if (leases == NULL) return nothing_to_do();
  tse_lease_view lease = TSE_LEASE_VIEW_INIT;
  tse_task_view task = TSE_TASK_VIEW_INIT;
  tse_leases_lease(leases, 0, &lease);
  tse_leases_task(leases, 0, &task); /* task.payload is what the host gave */
  tse_update result = TSE_UPDATE_INIT;
  result.install_id = tse_text("ins_1");
  if (tse_lease_complete(tasks, lease.token.data, lease.token.size, &result, NULL, NULL, &err)) return report(err);
  tse_leases_free(leases);
  return 0;
}

/* ---- deadlines.md */

static int give_up_waiting(tse_engine *tasks) {
  tse_error *err = NULL;
  tse_cancel_token *token = NULL;
  tse_call *call = NULL;
  if (tse_cancel_token_new(&token, &err) || tse_call_new(&call, &err)) return report(err);
  if (tse_call_set_timeout(call, 200000, &err) || tse_call_set_cancel_token(call, token, &err)) return report(err);
  tse_cancel_token_cancel(token); /* from any thread */

  tse_leases *leases = NULL;
  tse_claim_spec wanted = TSE_CLAIM_SPEC_INIT;
  wanted.wait_us = 3600000000;
  const int32_t code = tse_claim(tasks, &wanted, call, &leases, NULL);
  tse_call_free(call);
  tse_cancel_token_free(token);
  return code == TSE_CANCELLED ? 0 : 1;
}

/* ---- your-tables.md */

static int with_statements(tse_engine *tasks) {
  tse_error *err = NULL;
  tse_call *call = NULL;
  tse_update update = TSE_UPDATE_INIT;
  update.install_id = tse_text("ins_1");
  if (tse_call_new(&call, &err)) return report(err);
  if (tse_start(tasks, "z1", TSE_NTS, "t1", TSE_NTS, NULL, NULL, &err)) return report(err);
  const char *record = "INSERT INTO installs (id, task) VALUES (?, :taskstate_id)";
  if (tse_call_also(call, record, TSE_NTS, &err)) return report(err);
  if (tse_call_bind_text(call, NULL, 0, "ins_1", TSE_NTS, &err)) return report(err);
  if (tse_complete(tasks, "z1", TSE_NTS, "t1", TSE_NTS, &update, call, NULL, &err)) return report(err);
  tse_call_free(call);
  return 0;
}

int main(void) {
  tse_engine *tasks = NULL;
  tse_error *err = NULL;
  if (tse_open("guide.db", TSE_NTS, NULL, &tasks, &err)) return report(err);
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z1");
  spec.id = tse_text("t1");
  spec.operation = tse_text("create");
  if (tse_create(tasks, &spec, NULL, NULL, &err)) return report(err);
  if (work_once(tasks) || give_up_waiting(tasks)) return 1;

  tse_engine *service = NULL;
  if (tse_open("service.db", TSE_NTS, NULL, &service, &err)) return report(err);
  if (tse_create(service, &spec, NULL, NULL, &err)) return report(err);
  if (system("sqlite3 service.db 'CREATE TABLE installs (id, task)'") != 0 || with_statements(service)) return 1;
  tse_engine_free(service);

  tse_answer *answer = NULL;
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  if (tse_answer_new(&answer, &err)) return report(err);
  if (tse_decide(tasks, "z1", TSE_NTS, "t1", TSE_NTS, NULL, NULL, answer, &err)) return report(err);
  tse_answer_get(answer, &view);
  printf("C: every example ran; %d\n", view.status);
  tse_answer_free(answer);
  tse_engine_free(tasks);
  return 0;
}

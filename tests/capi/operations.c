/* Priorities through the C ABI. */
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

/* Whether the call failed with the code, at the field (NULL: none), and was not done. */
static int failed(int32_t code, int32_t expected, tse_error *error, const char *field) {
  tse_error_view view = TSE_ERROR_VIEW_INIT;
  const int is = code == expected && tse_error_get(error, &view) == TSE_OK && view.outcome == TSE_NOT_DONE &&
                 same(view.field, field);
  if (!is && error) fprintf(stderr, "%d: %s\n", code, view.message.data);
  tse_error_free(error);
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

  tse_error *error = NULL;
  spec = named("bad");
  spec.priority = 101;
  int32_t code = tse_create(tasks, &spec, NULL, NULL, &error);
  CHECK(failed(code, TSE_INVALID_ARGUMENT, error, "priority"));
  spec.priority = TSE_NONE;
  code = tse_create(tasks, &spec, NULL, NULL, &error);
  CHECK(failed(code, TSE_INVALID_ARGUMENT, error, "priority"));
  spec.priority = 0;
  spec.ref = tse_text("");
  code = tse_create(tasks, &spec, NULL, NULL, &error);
  CHECK(failed(code, TSE_INVALID_ARGUMENT, error, "ref"));
  tse_engine_free(tasks);
}

int main(void) {
  the_highest_priority_is_claimed_first();
  return finish("operations");
}

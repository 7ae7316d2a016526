/* Runs the conformance vectors over the C interface. Prints every difference; fails if there is one. */
#include "vectors_check.h"
#include "vectors_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a case's callbacks give. */
typedef struct source {
  int64_t now;
  uint8_t task_ids;
  uint8_t request_ids;
} source;

/* What the steps of a case hand on to each other. */
typedef struct state {
  tse_engine *engine;
  tse_answer *answer;
  tse_task *task;   /* the last change's outcome: this ... */
  tse_error *error; /* ... or this */
  char after[512];  /* the last page's cursors; empty if there is none */
  char before[512];
} state;

static void need(int32_t code, const char *what) {
  if (code == TSE_OK) return;
  fprintf(stderr, "%s: %s\n", what, tse_code_name(code));
  exit(2);
}

static int64_t now_of(void *user_data) { return ((source *)user_data)->now; }

static void next_id(void *user_data, int32_t kind, uint8_t *uuid16) {
  source *from = user_data;
  memset(uuid16, 0, 16);
  uuid16[6] = kind == TSE_ID_TASK ? 0x70 : 0x40;
  uuid16[8] = 0x80;
  uuid16[15] = kind == TSE_ID_TASK ? ++from->task_ids : ++from->request_ids;
}

static tse_engine *open_engine(const vector_options *from, source *times_and_ids) {
  tse_options *options = NULL;
  tse_engine *engine = NULL;
  need(tse_options_new(&options, NULL), "options");
  need(tse_options_set_clock(options, now_of, times_and_ids, NULL, NULL), "clock");
  need(tse_options_set_ids(options, next_id, times_and_ids, NULL, NULL), "ids");
  if (from->location.data)
    need(tse_options_set_location(options, from->location.data, from->location.size, NULL), "location");
  if (from->status_url.data)
    need(tse_options_set_status_url(options, from->status_url.data, from->status_url.size, NULL), "status_url");
  if (from->completed != TSE_COMPLETED_DEFAULT)
    need(tse_options_set_completed(options, from->completed, NULL), "completed");
  if (from->retry_after_min >= 0)
    need(tse_options_set_retry_after(options, from->retry_after_min, from->retry_after_max, NULL), "retry_after");
  need(tse_options_set_ignore_bad_request_id(options, from->ignore_bad_request_id, NULL), "ignore_bad_request_id");
  for (size_t index = 0; index < from->operation_count; ++index)
    need(tse_options_add_operation(options, from->operations[index].data, from->operations[index].size, NULL),
         "operation");
  need(tse_open(":memory:", TSE_NTS, options, &engine, NULL), "open");
  tse_options_free(options);
  return engine;
}

/* A call with the step's tracing fields, or why there can be none. */
static int32_t make_call(const vector_call *from, tse_call **call, tse_error **error) {
  if (from == NULL) return TSE_OK;
  need(tse_call_new(call, NULL), "call");
  int32_t code = TSE_OK;
  if (from->request_id.data) code = tse_call_set_request_id(*call, from->request_id.data, from->request_id.size, error);
  if (code == TSE_OK && from->traceparent.data)
    code = tse_call_set_traceparent(*call, from->traceparent.data, from->traceparent.size, error);
  if (code == TSE_OK && from->actor.data) code = tse_call_set_actor(*call, from->actor.data, from->actor.size, error);
  return code;
}

static int32_t change(tse_engine *engine, const vector_step *step, const tse_call *call, tse_task **task,
                      tse_error **error) {
  const tse_str zone = step->zone_id, id = step->id;
  switch (step->op) {
    case DO_CREATE: return tse_create(engine, step->new_task, call, task, error);
    case DO_START: return tse_start(engine, zone.data, zone.size, id.data, id.size, call, task, error);
    case DO_ANNOTATE:
      return tse_annotate(engine, zone.data, zone.size, id.data, id.size, step->update, call, task, error);
    case DO_COMPLETE:
      return tse_complete(engine, zone.data, zone.size, id.data, id.size, step->update, call, task, error);
    default: return tse_fail(engine, zone.data, zone.size, id.data, id.size, step->update, call, task, error);
  }
}

static void run_change(state *run, const vector_step *step) {
  tse_call *call = NULL;
  tse_task_free(run->task);
  tse_error_free(run->error);
  run->task = NULL;
  run->error = NULL;
  if (make_call(step->call, &call, &run->error) == TSE_OK)
    (void)change(run->engine, step, call, &run->task, &run->error);
  tse_call_free(call);
  check_outcome(run->task, run->error, &step->expect);
}

static void run_get(state *run, const vector_step *step) {
  tse_task *task = NULL;
  tse_error *error = NULL;
  (void)tse_get(run->engine, step->zone_id.data, step->zone_id.size, step->id.data, step->id.size, step->flags, NULL,
                &task, &error);
  check_outcome(task, error, &step->expect);
  tse_task_free(task);
  tse_error_free(error);
}

static void keep(char *place, size_t room, tse_str cursor) {
  if (cursor.size >= room) exit(2);
  memcpy(place, cursor.data ? cursor.data : "", cursor.size + 1);
}

static void run_list(state *run, const vector_step *step) {
  tse_list_query query = *step->query;
  tse_page *page = NULL;
  tse_error *error = NULL;
  if (step->follow.data) {
    const int after = strcmp(step->follow.data, "after") == 0;
    *(after ? &query.after : &query.before) = tse_text(after ? run->after : run->before);
  }
  (void)tse_list(run->engine, &query, NULL, &page, &error);
  if (page == NULL) {
    check_outcome(NULL, error, &step->expect);
    tse_error_free(error);
    return;
  }
  check_page(page, &step->expect);
  tse_page_view view = TSE_PAGE_VIEW_INIT;
  need(tse_page_get(page, &view), "page");
  keep(run->after, sizeof run->after, view.after_cursor);
  keep(run->before, sizeof run->before, view.before_cursor);
  tse_page_free(page);
}

static void run_history(state *run, const vector_step *step) {
  tse_history *history = NULL;
  need(tse_history_read(run->engine, step->zone_id.data, step->zone_id.size, step->id.data, step->id.size, 0, NULL, 0,
                        NULL, &history, NULL),
       "history");
  check_history(history, &step->expect);
  tse_history_free(history);
}

static void run_answer(state *run, const vector_step *step) {
  if (step->op == DO_ACCEPT) {
    need(tse_accept(run->engine, run->task, run->error, step->request, run->answer, NULL), "accept");
  } else {
    need(tse_decide(run->engine, step->zone_id.data, step->zone_id.size, step->id.data, step->id.size, step->request,
                    NULL, run->answer, NULL),
         "decide");
  }
  check_answer(run->answer, &step->expect);
}

static void run_codec(const vector_step *step) {
  tse_task *task = NULL;
  tse_error *error = NULL;
  int32_t code = tse_task_from_json(NULL, 0, step->json.data, step->json.size, &task, &error);
  if (code == TSE_OK && step->op == DO_VALIDATE) {
    (void)tse_task_validate(task, &error);
    tse_task_free(task);
    task = NULL;
  }
  check_outcome(task, error, &step->expect);
  tse_task_free(task);
  tse_error_free(error);
}

static void run_step(state *run, const vector_step *step) {
  switch (step->op) {
    case DO_GET: run_get(run, step); break;
    case DO_LIST: run_list(run, step); break;
    case DO_HISTORY: run_history(run, step); break;
    case DO_DECIDE:
    case DO_ACCEPT: run_answer(run, step); break;
    case DO_PARSE:
    case DO_VALIDATE: run_codec(step); break;
    case DO_CLOSE: need(tse_close(run->engine, NULL), "close"); break;
    default: run_change(run, step); break;
  }
}

static void run_case(const vector_case *one) {
  source times_and_ids = {one->steps[0].now, 0, 0};
  state run = {open_engine(&one->options, &times_and_ids), NULL, NULL, NULL, "", ""};
  need(tse_answer_new(&run.answer, NULL), "answer");
  for (size_t index = 0; index < one->step_count; ++index) {
    check_begins(one->name.data, index);
    times_and_ids.now = one->steps[index].now;
    run_step(&run, &one->steps[index]);
  }
  tse_task_free(run.task);
  tse_error_free(run.error);
  tse_answer_free(run.answer);
  tse_engine_free(run.engine);
}

int main(void) {
  for (size_t index = 0; index < vector_case_count; ++index) run_case(&vector_cases[index]);
  printf("measured: C: %zu conformance cases, %zu differences\n", vector_case_count, check_differences());
  return check_differences() == 0 && vector_case_count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Handlers that the host registered before its first call run after all that the library could have registered: each
 * call must still do its work there. */
#include "capi/check.h"

#include "child.h"

static tse_engine *engine;

/* The code; a failure says why. */
static int32_t must(const char *what, int32_t code, tse_error *error) {
  ++checks;
  if (code != TSE_OK) {
    tse_error_view view = TSE_ERROR_VIEW_INIT;
    if (error) tse_error_get(error, &view);
    fprintf(stderr, "%s: %s: %.*s\n", what, tse_code_name(code), (int)view.message.size, view.message.data);
    ++faults;
  }
  tse_error_free(error);
  return code;
}

#define TRY(call)                   \
  do {                              \
    tse_error *error = NULL;        \
    const int32_t code = (call);    \
    (void)must(#call, code, error); \
  } while (0)

#define REFUSED(call, expected)  \
  do {                           \
    tse_error *error = NULL;     \
    CHECK((call) == (expected)); \
    CHECK(error != NULL);        \
    tse_error_free(error);       \
  } while (0)

static void decide(int expected) {
  tse_answer *answer = NULL;
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  TRY(tse_answer_new(&answer, &error));
  TRY(tse_decide(engine, "z", TSE_NTS, "t", TSE_NTS, NULL, NULL, answer, &error));
  CHECK(tse_answer_get(answer, &view) == TSE_OK && view.status == expected);
  tse_answer_free(answer);
}

static void read_all(void) {
  tse_list_query query = TSE_LIST_QUERY_INIT;
  query.zone_id = tse_text("z");
  tse_page *page = NULL;
  tse_changes *changes = NULL;
  tse_history *history = NULL;
  tse_report *report = NULL;
  tse_stats *stats = NULL;
  TRY(tse_list(engine, &query, NULL, &page, &error));
  TRY(tse_changes_read(engine, NULL, NULL, &changes, &error));
  TRY(tse_history_read(engine, "z", TSE_NTS, "t", TSE_NTS, 0, NULL, 0, NULL, &history, &error));
  TRY(tse_verify(engine, NULL, &report, &error));
  TRY(tse_stats_read(engine, "z", TSE_NTS, NULL, &stats, &error));
  CHECK(tse_history_count(history) > 0);
  tse_page_free(page);
  tse_changes_free(changes);
  tse_history_free(history);
  tse_report_free(report);
  tse_stats_free(stats);
}

static void change_all(const char *id) {
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z");
  spec.id = tse_text(id);
  spec.operation = tse_text("create");
  spec.links = tse_text("[{\"href\":\"/a\",\"rel\":\"related\"}]");
  spec.idempotency_key = tse_text(id);
  tse_leases *leases = NULL;
  tse_purge_spec purge = TSE_PURGE_SPEC_INIT;
  purge.older_than_us = 0;
  TRY(tse_create(engine, &spec, NULL, NULL, &error));
  TRY(tse_claim(engine, NULL, NULL, &leases, &error));
  tse_leases_free(leases);
  TRY(tse_tick(engine, NULL, NULL, &error));
  TRY(tse_purge(engine, &purge, NULL, NULL, &error));
}

static void bye(void) {
  tse_update update = TSE_UPDATE_INIT;
  update.install_id = tse_text("i");
  decide(200);
  read_all();
  change_all("late");
  TRY(tse_complete(engine, "z", TSE_NTS, "t", TSE_NTS, &update, NULL, NULL, &error));
  decide(303);
  REFUSED(tse_create(engine, NULL, NULL, NULL, &error), TSE_INVALID_ARGUMENT);
  tse_error_free(NULL);
  TRY(tse_close(engine, &error));
  REFUSED(tse_tick(engine, NULL, NULL, &error), TSE_CLOSED);
  tse_engine_free(engine);
  printf("said goodbye, %d faults\n", faults);
  fflush(stdout);
}

static int child(const char *how, const char *path) {
  const int is_quick = strcmp(how, "quick_exit") == 0;
  if ((is_quick ? at_quick_exit(bye) : atexit(bye)) != 0) return 1;
  MUST(tse_open(path, TSE_NTS, NULL, &engine, NULL));
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z");
  spec.id = tse_text("t");
  spec.operation = tse_text("create");
  MUST(tse_create(engine, &spec, NULL, NULL, NULL));
  MUST(tse_start(engine, "z", TSE_NTS, "t", TSE_NTS, NULL, NULL, NULL));
  /* Every static of a function is made now, after the handler was registered. */
  read_all();
  change_all("early");
  decide(200);
  if (faults) return 1;
  if (is_quick) quick_exit(0);
  if (strcmp(how, "exit") == 0) exit(0);
  return 0;
}

int main(int count, char **arguments) {
  if (count == 3) return child(arguments[1], arguments[2]);
  static const char *const ways[] = {"exit", "return", "quick_exit"};
  const char *directory = fresh_directory();
  for (size_t i = 0; i < 3; ++i) {
    char path[64], said[4096];
    snprintf(path, sizeof path, "%s/%s.db", directory, ways[i]);
    CHECK(run_child(ways[i], path, said, sizeof said) == 0);
    CHECK(strcmp(said, "said goodbye, 0 faults\n") == 0);
  }
  remove_directory(directory);
  return finish("handlers");
}

/* exit(), quick_exit(), _exit() and return from main() while threads are inside the library: none may crash, and what
 * the file holds afterwards is whole. TSE_EXITS: how many processes end, 200 unless set. */
#include "capi/check.h"

#include "child.h"

#include <pthread.h>
#include <time.h>

static tse_engine *engine;

static void claim_one(void) {
  tse_leases *leases = NULL;
  tse_claim(engine, NULL, NULL, &leases, NULL);
  tse_leases_free(leases);
}

static void create_one(void) {
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z");
  spec.operation = tse_text("create");
  tse_create(engine, &spec, NULL, NULL, NULL);
}

static void list_some(void) {
  tse_list_query query = TSE_LIST_QUERY_INIT;
  query.zone_id = tse_text("z");
  tse_page *page = NULL;
  tse_list(engine, &query, NULL, &page, NULL);
  tse_page_free(page);
}

static void read_feed(void) {
  tse_changes *changes = NULL;
  tse_changes_read(engine, NULL, NULL, &changes, NULL);
  tse_changes_free(changes);
}

static void read_history(void) {
  tse_history *history = NULL;
  tse_history_read(engine, "z", TSE_NTS, "t", TSE_NTS, 0, NULL, 0, NULL, &history, NULL);
  tse_history_free(history);
}

static void purge_some(void) {
  tse_purge_spec spec = TSE_PURGE_SPEC_INIT;
  spec.older_than_us = 1000;
  tse_purge(engine, &spec, NULL, NULL, NULL);
}

static void tick(void) { tse_tick(engine, NULL, NULL, NULL); }

static void fail(void) {
  tse_update update = TSE_UPDATE_INIT;
  tse_error *error = NULL;
  tse_complete(engine, "z", TSE_NTS, "none", TSE_NTS, &update, NULL, NULL, &error);
  tse_error_free(error);
}

static void (*const calls[])(void) = {claim_one,    create_one, list_some, read_feed,
                                      read_history, purge_some, tick,      fail};
#define CALLS (sizeof calls / sizeof calls[0])

static void *work(void *first) {
  for (size_t i = *(const size_t *)first;; ++i) calls[i % CALLS]();
  return NULL;
}

static int child(const char *how, const char *path) {
  static size_t firsts[12];
  MUST(tse_open(path, TSE_NTS, NULL, &engine, NULL));
  for (size_t i = 0; i < 12; ++i) {
    firsts[i] = i;
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, &firsts[i]) != 0) return 1;
  }
  const struct timespec pause = {0, (long)(getpid() * 7919L % 20000) * 1000};
  nanosleep(&pause, NULL);
  if (strcmp(how, "exit") == 0) exit(0);
  if (strcmp(how, "quick_exit") == 0) quick_exit(0);
  if (strcmp(how, "_exit") == 0) _exit(0);
  return 0;
}

int main(int count, char **arguments) {
  if (count == 3) return child(arguments[1], arguments[2]);
  const char *given = getenv("TSE_EXITS");
  const int exits = given ? atoi(given) : 200;
  static const char *const ways[] = {"exit", "return", "exit", "quick_exit", "exit", "_exit"};
  const char *directory = fresh_directory();
  char path[64], said[256];
  snprintf(path, sizeof path, "%s/busy.db", directory);
  for (int i = 0; i < exits; ++i) {
    const char *how = ways[i % 6];
    const int status = run_child(how, path, said, sizeof said);
    if (status != 0) fprintf(stderr, "process %d, %s: wait status %d\n", i, how, status);
    CHECK(status == 0);
  }
  MUST(tse_open(path, TSE_NTS, NULL, &engine, NULL));
  tse_report *report = NULL;
  tse_report_view view = TSE_REPORT_VIEW_INIT;
  MUST(tse_verify(engine, NULL, &report, NULL));
  MUST(tse_report_get(report, &view));
  CHECK(view.ok);
  tse_report_free(report);
  tse_engine_free(engine);
  remove_directory(directory);
  printf("measured: %d processes ended with busy threads\n", exits);
  return finish("busy");
}

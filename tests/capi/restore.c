/* The content of an open file is replaced by the sqlite3 shell: each engine is told once, and nothing from before
 * counts. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/taskstate-restore-XXXXXX/catalog.db";

static void shell(const char *command) {
  char line[256];
  snprintf(line, sizeof line, "sqlite3 -cmd '.timeout 60000' %s '%s %s.copy'", path, command, path);
  CHECK(system(line) == 0);
}

static tse_engine *open_as(int32_t mode) {
  tse_options *options = NULL;
  tse_engine *tasks = NULL;
  MUST(tse_options_new(&options, NULL));
  MUST(tse_options_set_mode(options, mode, NULL));
  MUST(tse_options_set_log_level(options, TSE_LOG_OFF, NULL));
  MUST(tse_open(path, TSE_NTS, options, &tasks, NULL));
  tse_options_free(options);
  return tasks;
}

static int32_t create(tse_engine *tasks, const char *id, tse_error **error) {
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z");
  spec.id = tse_text(id);
  spec.operation = tse_text("create");
  spec.max_attempts = 10;
  return tse_create(tasks, &spec, NULL, NULL, error);
}

static int32_t start(tse_engine *tasks, char *token) {
  tse_leases *leases = NULL;
  const int32_t code =
      tse_start_leased(tasks, "z", TSE_NTS, "t", TSE_NTS, "w", TSE_NTS, 3600000000, NULL, &leases, NULL);
  if (code != TSE_OK) return code;
  tse_lease_view view = TSE_LEASE_VIEW_INIT;
  MUST(tse_leases_lease(leases, 0, &view));
  memcpy(token, view.token.data, view.token.size + 1);
  tse_leases_free(leases);
  return code;
}

static int32_t complete(tse_engine *tasks, const char *token) {
  tse_update update = TSE_UPDATE_INIT;
  update.install_id = tse_text("by-the-old-worker");
  return tse_lease_complete(tasks, token, TSE_NTS, &update, NULL, NULL, NULL);
}

static int32_t read_from(tse_engine *tasks, char *position, int remember) {
  tse_changes_spec spec = TSE_CHANGES_SPEC_INIT;
  tse_changes *changes = NULL;
  if (!remember) spec.after = tse_text(position);
  const int32_t code = tse_changes_read(tasks, &spec, NULL, &changes, NULL);
  if (code != TSE_OK) return code;
  tse_changes_view view = TSE_CHANGES_VIEW_INIT;
  MUST(tse_changes_get(changes, &view));
  if (remember) memcpy(position, view.position.data, view.position.size + 1);
  tse_changes_free(changes);
  return code;
}

static int64_t status_of(tse_engine *tasks) {
  tse_answer *answer = NULL;
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  MUST(tse_answer_new(&answer, NULL));
  MUST(tse_decide(tasks, "z", TSE_NTS, "t", TSE_NTS, NULL, NULL, answer, NULL));
  MUST(tse_answer_get(answer, &view));
  const int64_t status = view.status;
  tse_answer_free(answer);
  return status;
}

int main(void) {
  char old[512];
  char new[512];
  char position[128];
  char later[128];
  *strrchr(path, '/') = '\0';
  CHECK(mkdtemp(path) != NULL);
  path[strlen(path)] = '/';
  tse_engine *tasks = open_as(TSE_MODE_CREATE);
  tse_engine *other = open_as(TSE_MODE_READ_WRITE);
  tse_engine *reader = open_as(TSE_MODE_READ_ONLY);
  MUST(create(tasks, "t", NULL));
  shell(".backup");
  MUST(start(tasks, old));
  MUST(read_from(tasks, position, 1));
  MUST(complete(tasks, old));
  for (int i = 0; i < 2; ++i) CHECK(status_of(tasks) == 303 && status_of(reader) == 303);
  shell(".restore");

  tse_error *error = NULL;
  tse_error_view why = TSE_ERROR_VIEW_INIT;
  CHECK(create(other, "x", &error) == TSE_RESTORED);
  CHECK(tse_error_get(error, &why) == TSE_OK && why.outcome == TSE_NOT_DONE);
  tse_error_free(error);
  MUST(create(other, "x", NULL));
  for (int i = 0; i < 5; ++i) {
    char id[8];
    snprintf(id, sizeof id, "o%d", i);
    MUST(create(other, id, NULL));
  }
  CHECK(status_of(tasks) == 200 && status_of(reader) == 200 && status_of(other) == 200);
  CHECK(read_from(reader, position, 0) == TSE_RESTORED);
  CHECK(complete(tasks, old) == TSE_RESTORED);
  MUST(start(tasks, new));
  CHECK(complete(tasks, old) == TSE_LEASE_LOST);
  CHECK(complete(other, old) == TSE_LEASE_LOST);
  CHECK(read_from(tasks, position, 0) == TSE_RESTORED);
  MUST(read_from(tasks, later, 1));
  MUST(read_from(reader, later, 0));
  MUST(complete(other, new));
  tse_engine_free(reader);
  tse_engine_free(other);
  tse_engine_free(tasks);

  char remove[128];
  *strrchr(path, '/') = '\0';
  snprintf(remove, sizeof remove, "rm -r %s", path);
  CHECK(system(remove) == 0);
  return finish("restore");
}

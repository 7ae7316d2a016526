/* An older file through the C ABI: as this release, and, linked with the library of the release to come, as that.
 *     migrate                 this release: there is nothing older that could be migrated
 *     migrate make PATH       makes a file of this release, with a task
 *     migrate_to_come PROGRAM makes a file with that program, and migrates it */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[256];
static char copy[300];

static int32_t migrate(const tse_options *options, const tse_call *call, tse_migration_view *view) {
  return tse_migrate(path, TSE_NTS, options, call, view, NULL);
}

static tse_options *with(int32_t policy) {
  tse_options *options = NULL;
  MUST(tse_options_new(&options, NULL));
  MUST(tse_options_set_migrate(options, policy, NULL));
  return options;
}

static int make(const char *where) {
  tse_engine *tasks = NULL;
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z");
  spec.id = tse_text("a");
  spec.operation = tse_text("create");
  MUST(tse_open(where, TSE_NTS, NULL, &tasks, NULL));
  MUST(tse_create(tasks, &spec, NULL, NULL, NULL));
  tse_engine_free(tasks);
  return 0;
}

static void nothing_to_do(void) {
  tse_migration_view view = TSE_MIGRATION_VIEW_INIT;
  MUST(make(path));
  MUST(migrate(NULL, NULL, &view));
  CHECK(view.from_schema == view.to_schema && view.from_schema >= 2 && view.copy_bytes == 0 && view.wal_bytes == 0);
  MUST(migrate(NULL, NULL, NULL));
  tse_options *options = with(TSE_MIGRATE_MANUAL);
  tse_engine *tasks = NULL;
  MUST(tse_open(path, TSE_NTS, options, &tasks, NULL));
  MUST(migrate(options, NULL, &view)); /* also while an engine has it open */
  tse_engine_free(tasks);
  tse_options_free(options);
}

static void bad_arguments(void) {
  tse_error *error = NULL;
  tse_error_view why = TSE_ERROR_VIEW_INIT;
  tse_migration_view view = TSE_MIGRATION_VIEW_INIT;
  CHECK(tse_migrate(NULL, 0, NULL, NULL, &view, &error) == TSE_INVALID_ARGUMENT);
  MUST(tse_error_get(error, &why));
  CHECK(same(why.field, "path"));
  tse_error_free(error);
  CHECK(tse_migrate(":memory:", TSE_NTS, NULL, NULL, &view, NULL) == TSE_INVALID_ARGUMENT);
  view.struct_size = 1;
  CHECK(tse_migrate(path, TSE_NTS, NULL, NULL, &view, NULL) == TSE_INVALID_ARGUMENT);
  error = NULL;
  char nowhere[300];
  snprintf(nowhere, sizeof nowhere, "%s.none", path);
  CHECK(tse_migrate(nowhere, TSE_NTS, NULL, NULL, NULL, &error) == TSE_UNAVAILABLE);
  MUST(tse_error_get(error, &why));
  CHECK(why.outcome == TSE_NOT_DONE);
  tse_error_free(error);
  CHECK(access(nowhere, F_OK) != 0);
}

static int lines = 0;
static void count_line(void *user_data, int32_t level, const char *line, size_t size) {
  (void)user_data, (void)size;
  if (level == TSE_LOG_INFO && strstr(line, "migration: ") != NULL) ++lines;
}

static void an_older_file(const char *program) {
  char command[1024];
  snprintf(command, sizeof command, "'%s' make '%s'", program, path);
  if (system(command) != 0) exit(1);
  tse_engine *tasks = NULL;
  tse_error *error = NULL;
  tse_error_view why = TSE_ERROR_VIEW_INIT;
  tse_migration_view view = TSE_MIGRATION_VIEW_INIT;
  tse_options *refuse = with(TSE_MIGRATE_REFUSE);
  tse_options *manual = with(TSE_MIGRATE_MANUAL);
  CHECK(tse_open(path, TSE_NTS, refuse, &tasks, NULL) == TSE_SCHEMA_TOO_OLD);
  CHECK(migrate(refuse, NULL, &view) == TSE_SCHEMA_TOO_OLD);
  CHECK(tse_open(path, TSE_NTS, manual, &tasks, &error) == TSE_SCHEMA_TOO_OLD);
  MUST(tse_error_get(error, &why));
  CHECK(strstr(why.message.data, "migrate it first") != NULL);
  tse_error_free(error);
  CHECK(access(copy, F_OK) != 0);

  tse_call *call = NULL;
  tse_cancel_token *token = NULL;
  MUST(tse_call_new(&call, NULL));
  MUST(tse_cancel_token_new(&token, NULL));
  MUST(tse_call_set_cancel_token(call, token, NULL));
  tse_cancel_token_cancel(token);
  CHECK(migrate(manual, call, &view) == TSE_CANCELLED);
  MUST(tse_call_set_cancel_token(call, NULL, NULL));
  CHECK(access(copy, F_OK) != 0);

  MUST(tse_call_set_timeout(call, INT64_C(60000000), NULL));
  MUST(tse_options_set_log_callback(manual, count_line, NULL, NULL, NULL));
  MUST(tse_options_set_log_level(manual, TSE_LOG_INFO, NULL));
  MUST(migrate(manual, call, &view));
  struct stat found;
  CHECK(stat(copy, &found) == 0 && view.copy_bytes == found.st_size);
  CHECK(view.from_schema + 1 == view.to_schema && view.wal_bytes > 0);
  CHECK(lines > 3);
  MUST(tse_open(path, TSE_NTS, manual, &tasks, NULL));
  tse_task *task = NULL;
  MUST(tse_get(tasks, "z", 1, "a", 1, 0, NULL, &task, NULL));
  CHECK(task != NULL);
  tse_task_free(task);
  tse_engine_free(tasks);
  tse_cancel_token_free(token);
  tse_call_free(call);
  tse_options_free(manual);
  tse_options_free(refuse);
}

int main(int count, char **arguments) {
  if (count == 3 && strcmp(arguments[1], "make") == 0) return make(arguments[2]);
  char directory[] = "/tmp/taskstate-migrate-XXXXXX";
  if (mkdtemp(directory) == NULL) return 1;
  snprintf(path, sizeof path, "%s/tasks.db", directory);
  snprintf(copy, sizeof copy, "%s.schema2", path);
  if (count == 2) {
    an_older_file(arguments[1]);
  } else {
    nothing_to_do();
    bad_arguments();
  }
  char command[300];
  snprintf(command, sizeof command, "rm -r '%s'", directory);
  CHECK(system(command) == 0);
  return finish("migrate");
}

/* What every foreign program does with the library: one task from its creation to its 303. */
#ifndef WALK_H
#define WALK_H

#include <stdio.h>
#include <string.h>
#include <taskstate.h>

/* Returns 0 if the whole walk went as promised; says on stderr where it did not. */
static int walk(const char *path) {
  tse_engine *tasks = NULL;
  tse_error *error = NULL;
  tse_task *task = NULL;
  tse_answer *answer = NULL;
  tse_new_task spec = TSE_NEW_TASK_INIT;
  tse_update update = TSE_UPDATE_INIT;
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  const char *step = "version";
  int result = 1;

  spec.zone_id = tse_text("z1");
  spec.id = tse_text("t1");
  spec.operation = tse_text("create");
  spec.package_id = tse_text("pkg_1");
  update.install_id = tse_text("ins_1");

  if (tse_abi() != TSE_ABI) goto done;
  step = "open";
  if (tse_open(path, TSE_NTS, NULL, &tasks, &error)) goto done;
  step = "create";
  if (tse_create(tasks, &spec, NULL, &task, &error)) goto done;
  tse_task_free(task);
  task = NULL;
  step = "start";
  if (tse_start(tasks, "z1", TSE_NTS, "t1", TSE_NTS, NULL, &task, &error)) goto done;
  tse_task_free(task);
  task = NULL;
  step = "complete";
  if (tse_complete(tasks, "z1", TSE_NTS, "t1", TSE_NTS, &update, NULL, &task, &error)) goto done;
  step = "decide";
  if (tse_answer_new(&answer, &error)) goto done;
  if (tse_decide(tasks, "z1", TSE_NTS, "t1", TSE_NTS, NULL, NULL, answer, &error)) goto done;
  if (tse_answer_get(answer, &view) || view.status != 303) goto done;
  step = "an error from inside";
  if (tse_start(tasks, "z1", TSE_NTS, "t1", TSE_NTS, NULL, NULL, &error) != TSE_ILLEGAL_TRANSITION || !error) goto done;
  tse_error_free(error);
  error = NULL;
  step = "close";
  if (tse_close(tasks, &error)) goto done;
  result = 0;

done:
  if (result) {
    tse_error_view why = TSE_ERROR_VIEW_INIT;
    if (error) tse_error_get(error, &why);
    fprintf(stderr, "failed at: %s: %s\n", step, why.message.data ? why.message.data : "surprising result");
  }
  tse_error_free(error);
  tse_answer_free(answer);
  tse_task_free(task);
  tse_engine_free(tasks);
  return result;
}

#endif

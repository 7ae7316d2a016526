#include <stdio.h>
#include <taskstate.h>

static int report(tse_error *err) {
  tse_error_view view = TSE_ERROR_VIEW_INIT;
  tse_error_get(err, &view);
  fprintf(stderr, "%s: %s\n", tse_code_name(view.code), view.message.data);
  tse_error_free(err);
  return 1;
}

int main(void) {
  tse_engine *tasks = NULL;
  tse_error *err = NULL;
  tse_answer *answer = NULL;
  if (tse_open("catalog.db", TSE_NTS, NULL, &tasks, &err)) return report(err);

  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z1");
  spec.id = tse_text("t1");
  spec.operation = tse_text("create");
  if (tse_create(tasks, &spec, NULL, NULL, &err)) return report(err);
  if (tse_start(tasks, "z1", TSE_NTS, "t1", TSE_NTS, NULL, NULL, &err)) return report(err);

  tse_update update = TSE_UPDATE_INIT;
  update.install_id = tse_text("ins_1");
  if (tse_complete(tasks, "z1", TSE_NTS, "t1", TSE_NTS, &update, NULL, NULL, &err)) return report(err);

  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  if (tse_answer_new(&answer, &err)) return report(err);
  if (tse_decide(tasks, "z1", TSE_NTS, "t1", TSE_NTS, NULL, NULL, answer, &err)) return report(err);
  tse_answer_get(answer, &view);
  printf("%d\n", view.status); /* 303, its headers in view.headers, its body in view.body */
  tse_answer_free(answer);
  tse_engine_free(tasks);
  return 0;
}

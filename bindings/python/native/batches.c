#include "internal.h"

static int32_t put_results(tspy_result *result, const tse_results *results) {
  const size_t count = tse_results_count(results);
  int32_t code = TSE_OK;
  for (size_t i = 0; !code && i < count; ++i) {
    tse_task_view task = TSE_TASK_VIEW_INIT;
    const int64_t refused = tse_results_get(results, i, &task, NULL);
    code = tspy_put_record(result, &refused, 1, NULL, 0);
    if (!code && !refused) code = tspy_put_task(result, &task);
  }
  return code;
}

int32_t tspy_run(tse_engine *engine, const tse_batch *batch, const tse_call *call, tse_results **results,
                 tspy_result *result) {
  tspy_clear(result);
  tse_results *given = NULL;
  int32_t code = tse_batch_run(engine, batch, call, &given, &result->error);
  if (!code) code = put_results(result, given);
  if (code) {
    tse_results_free(given);
  } else {
    *results = given;
  }
  return code;
}

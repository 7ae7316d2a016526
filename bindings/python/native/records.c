#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* A result that once held something large gives its buffer back at the next call. */
static const size_t kept_capacity = (size_t)1 << 16;

/* ---- Records ------------------------------------------------------------------------------- */

tspy_result *tspy_result_new(void) { return calloc(1, sizeof(tspy_result)); }

void tspy_clear(tspy_result *result) {
  tse_error_free(result->error);
  result->error = NULL;
  result->size = 0;
  if (result->capacity > kept_capacity) {
    free(result->data);
    result->data = NULL;
    result->capacity = 0;
  }
}

void tspy_result_free(tspy_result *result) {
  if (!result) return;
  tspy_clear(result);
  tse_answer_free(result->answer);
  free(result->data);
  free(result);
}

static int reserve(tspy_result *result, size_t more) {
  if (more <= result->capacity - result->size) return 1;
  size_t capacity = result->capacity ? result->capacity : 1024;
  while (capacity - result->size < more) capacity *= 2;
  char *data = realloc(result->data, capacity);
  if (!data) return 0;
  result->data = data;
  result->capacity = capacity;
  return 1;
}

static void put_number(tspy_result *result, int64_t number) {
  memcpy(result->data + result->size, &number, sizeof number);
  result->size += sizeof number;
}

int32_t tspy_put_record(tspy_result *result, const int64_t *numbers, size_t number_count, const tse_str *texts,
                        size_t text_count) {
  const size_t head = sizeof(int64_t) * (1 + number_count + 2 * text_count);
  size_t total = head;
  for (size_t i = 0; i < text_count; ++i) total += texts[i].data ? texts[i].size : 0;
  if (!reserve(result, total)) return TSE_NO_MEMORY;

  put_number(result, (int64_t)total);
  for (size_t i = 0; i < number_count; ++i) put_number(result, numbers[i]);
  size_t begin = head;
  for (size_t i = 0; i < text_count; ++i) {
    const size_t end = begin + texts[i].size;
    put_number(result, texts[i].data ? (int64_t)begin : -1);
    put_number(result, texts[i].data ? (int64_t)end : -1);
    if (texts[i].data) begin = end;
  }
  for (size_t i = 0; i < text_count; ++i) {
    if (!texts[i].data || !texts[i].size) continue;
    memcpy(result->data + result->size, texts[i].data, texts[i].size);
    result->size += texts[i].size;
  }
  return TSE_OK;
}

int32_t tspy_put_task(tspy_result *result, const tse_task_view *task) {
  const int64_t numbers[] = {task->created_at, task->updated_at, task->status,           task->package_version,
                             task->revision,   task->epoch,      task->attempt,          task->max_attempts,
                             task->not_before, task->start_by,   task->cancel_requested, task->replayed,
                             task->priority};
  const tse_str texts[] = {
      task->zone_id,      task->id,           task->operation,         task->error_message, task->install_id,
      task->links,        task->package_id,   task->package_slug,      task->warnings,      task->json,
      task->error_detail, task->failure_kind, task->client_request_id, task->traceparent,   task->payload,
      task->worker,       task->ref,          task->result_media_type};
  return tspy_put_record(result, numbers, COUNT(numbers), texts, COUNT(texts));
}

int32_t tspy_take_task(tspy_result *result, int32_t code, tse_task *task) {
  if (code || !task) return code;
  tse_task_view view = TSE_TASK_VIEW_INIT;
  code = tse_task_get(task, &view);
  if (!code) code = tspy_put_task(result, &view);
  tse_task_free(task);
  return code;
}

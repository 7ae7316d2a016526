/*
 * internal.h: what the helpers are made of: records out of the library's views, and calls.
 */
#ifndef TASKSTATE_PYTHON_INTERNAL_H
#define TASKSTATE_PYTHON_INTERNAL_H

#include "helpers.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline tse_str text(const char *data, size_t size) {
  const tse_str view = {data, size};
  return view;
}

/* Python's; only callbacks.c calls them. */
extern int64_t tspy_clock(void *user_data);
extern void tspy_id(void *user_data, int32_t kind, uint8_t *uuid16);
extern void tspy_log(void *user_data, int32_t level, const char *line, size_t size);
extern void tspy_destroy(void *user_data);

/* Each helper begins with it: forgets what the last call left. */
void tspy_clear(tspy_result *result);
/* Appends a record; TSE_NO_MEMORY is its only failure. */
int32_t tspy_put_record(tspy_result *result, const int64_t *numbers, size_t number_count, const tse_str *texts,
                        size_t text_count);
int32_t tspy_put_task(tspy_result *result, const tse_task_view *task);

/* Copies the task that a call gave, if any, and frees it. */
int32_t tspy_take_task(tspy_result *result, int32_t code, tse_task *task);

#endif

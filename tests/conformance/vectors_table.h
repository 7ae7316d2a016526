/* The conformance vectors as C data; vectors/to_c.py writes the table, vectors/README.md says what each field means. */
#ifndef TASKSTATE_TESTS_VECTORS_TABLE_H
#define TASKSTATE_TESTS_VECTORS_TABLE_H

#include <taskstate.h>

typedef enum vector_op {
  DO_CREATE,
  DO_START,
  DO_ANNOTATE,
  DO_COMPLETE,
  DO_FAIL,
  DO_GET,
  DO_LIST,
  DO_HISTORY,
  DO_DECIDE,
  DO_ACCEPT,
  DO_PARSE,
  DO_VALIDATE,
  DO_CLOSE
} vector_op;

typedef enum vector_kind {
  EXPECT_DONE,
  EXPECT_TASK,
  EXPECT_NO_TASK,
  EXPECT_ERROR,
  EXPECT_ANSWER,
  EXPECT_PAGE,
  EXPECT_EVENTS
} vector_kind;

typedef struct vector_options {
  tse_str location;
  tse_str status_url;
  int32_t completed;       /* TSE_COMPLETED_DEFAULT: not set */
  int32_t retry_after_min; /* s; -1: neither bound is set */
  int32_t retry_after_max;
  int32_t ignore_bad_request_id;
  const tse_str *operations;
  size_t operation_count;
} vector_options;

typedef struct vector_call {
  tse_str request_id;
  tse_str traceparent;
  tse_str actor;
} vector_call;

typedef struct vector_task {
  tse_str json;
  tse_str zone_id;
  int64_t revision;
  tse_str error_detail;
  tse_str failure_kind;
  tse_str client_request_id;
  tse_str traceparent;
  tse_str payload;
} vector_task;

typedef struct vector_event {
  tse_str kind;
  int32_t from_status;
  int32_t to_status;
  int64_t at;
  int64_t revision;
  int64_t attempt;
  tse_str worker;
  tse_str request_id;
  tse_str traceparent;
  tse_str message;
  tse_str detail;
} vector_event;

/* Which fields count depends on `kind`; `count` is that of the list which belongs to it. */
typedef struct vector_expect {
  vector_kind kind;
  size_t count;
  const vector_task *task;
  int32_t code; /* of an error; its fields are `texts` */
  int32_t outcome;
  int32_t status; /* of an answer */
  const tse_header *headers;
  tse_str body;
  const tse_str *texts; /* of a page: its tasks' wire forms */
  int has_after;
  int has_before;
  int64_t total_count;
  const vector_event *events;
} vector_expect;

typedef struct vector_step {
  int64_t now; /* us UTC */
  vector_op op;
  tse_str zone_id;
  tse_str id;
  tse_str json;
  const tse_new_task *new_task;
  const tse_update *update;
  const tse_list_query *query;
  const tse_request *request;
  const vector_call *call; /* NULL: none */
  int32_t flags;
  tse_str follow; /* "after" or "before": with that cursor of the page before */
  vector_expect expect;
} vector_step;

typedef struct vector_case {
  tse_str name;
  vector_options options;
  const vector_step *steps;
  size_t step_count;
} vector_case;

extern const vector_case vector_cases[];
extern const size_t vector_case_count;

#endif

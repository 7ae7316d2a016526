#include "vectors_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *current_case = "";
static size_t current_step = 0;
static size_t differences = 0;

void check_begins(const char *case_name, size_t step) {
  current_case = case_name;
  current_step = step;
}

size_t check_differences(void) { return differences; }

static void differs(const char *what) {
  ++differences;
  fprintf(stderr, "\"%s\", step %zu: %s\n", current_case, current_step + 1, what);
}

static void print_text(const char *name, tse_str text) {
  if (text.data == NULL) {
    fprintf(stderr, "  %s absent\n", name);
  } else {
    fprintf(stderr, "  %s %.*s\n", name, (int)(text.size > 2000 ? 2000 : text.size), text.data);
  }
}

static void check_text(const char *what, tse_str expected, tse_str got) {
  const int same = expected.data == NULL || got.data == NULL
                       ? expected.data == got.data
                       : expected.size == got.size && memcmp(expected.data, got.data, got.size) == 0;
  if (same) return;
  differs(what);
  print_text("expected", expected);
  print_text("got     ", got);
}

static void check_number(const char *what, int64_t expected, int64_t got) {
  if (expected == got) return;
  differs(what);
  fprintf(stderr, "  expected %" PRId64 "\n  got      %" PRId64 "\n", expected, got);
}

/* Whether the step expects this kind of outcome. */
static int is_kind(vector_kind kind, const vector_expect *expect, const char *otherwise) {
  if (expect->kind == kind) return 1;
  differs(otherwise);
  return 0;
}

static void check_task(const tse_task *task, const vector_expect *expect) {
  tse_task_view got = TSE_TASK_VIEW_INIT;
  if (tse_task_get(task, &got) != TSE_OK) differs("the task cannot be read");
  if (!is_kind(EXPECT_TASK, expect, "did not expect a task")) {
    print_text("got     ", got.json);
    return;
  }
  const vector_task *wanted = expect->task;
  check_text("wire form", wanted->json, got.json);
  check_text("zone_id", wanted->zone_id, got.zone_id);
  check_number("revision", wanted->revision, got.revision);
  check_text("error_detail", wanted->error_detail, got.error_detail);
  check_text("failure_kind", wanted->failure_kind, got.failure_kind);
  check_text("client_request_id", wanted->client_request_id, got.client_request_id);
  check_text("traceparent", wanted->traceparent, got.traceparent);
  check_text("payload", wanted->payload, got.payload);
}

static void check_error(const tse_error *error, const vector_expect *expect) {
  tse_error_view got = TSE_ERROR_VIEW_INIT;
  if (tse_error_get(error, &got) != TSE_OK) differs("the error cannot be read");
  if (!is_kind(EXPECT_ERROR, expect, "did not expect an error")) {
    print_text("got     ", got.message);
    return;
  }
  check_number("code", expect->code, got.code);
  check_number("outcome", expect->outcome, got.outcome);
  check_number("number of fields at fault", (int64_t)expect->count, (int64_t)got.detail_count);
  const tse_str none = {NULL, 0};
  check_text("first field at fault", expect->count > 0 ? expect->texts[0] : none, got.field);
  for (size_t index = 0; index < expect->count && index < got.detail_count; ++index) {
    tse_error_detail_view detail = TSE_ERROR_DETAIL_VIEW_INIT;
    if (tse_error_detail(error, index, &detail) != TSE_OK) differs("a detail cannot be read");
    check_text("field at fault", expect->texts[index], detail.field);
  }
}

void check_outcome(const tse_task *task, const tse_error *error, const vector_expect *expect) {
  if (error != NULL) {
    check_error(error, expect);
  } else if (task != NULL) {
    check_task(task, expect);
  } else if (expect->kind != EXPECT_NO_TASK && expect->kind != EXPECT_DONE) {
    differs("expected a task or an error, got neither");
  }
}

void check_answer(const tse_answer *answer, const vector_expect *expect) {
  tse_answer_view got = TSE_ANSWER_VIEW_INIT;
  if (!is_kind(EXPECT_ANSWER, expect, "did not expect an answer")) return;
  if (tse_answer_get(answer, &got) != TSE_OK) differs("the answer cannot be read");
  check_number("status", expect->status, got.status);
  check_number("number of headers", (int64_t)expect->count, (int64_t)got.header_count);
  for (size_t index = 0; index < expect->count && index < got.header_count; ++index) {
    check_text("name of a header", expect->headers[index].name, got.headers[index].name);
    check_text("value of a header", expect->headers[index].value, got.headers[index].value);
  }
  check_text("body", expect->body, got.body);
}

void check_page(const tse_page *page, const vector_expect *expect) {
  tse_page_view got = TSE_PAGE_VIEW_INIT;
  if (!is_kind(EXPECT_PAGE, expect, "did not expect a page")) return;
  if (tse_page_get(page, &got) != TSE_OK) differs("the page cannot be read");
  check_number("tasks on the page", (int64_t)expect->count, (int64_t)got.count);
  check_number("whether there is an after cursor", expect->has_after, got.after_cursor.data != NULL);
  check_number("whether there is a before cursor", expect->has_before, got.before_cursor.data != NULL);
  check_number("total count", expect->total_count, got.total_count);
  for (size_t index = 0; index < expect->count && index < got.count; ++index) {
    tse_task_view task = TSE_TASK_VIEW_INIT;
    if (tse_page_task(page, index, &task) != TSE_OK) differs("a task of the page cannot be read");
    check_text("task on the page", expect->texts[index], task.json);
  }
}

static void check_event(const vector_event *wanted, const tse_event_view *got) {
  check_text("kind", wanted->kind, got->kind);
  check_number("from", wanted->from_status, got->from_status);
  check_number("to", wanted->to_status, got->to_status);
  check_number("at", wanted->at, got->at);
  check_number("revision of the event", wanted->revision, got->revision);
  check_number("attempt", wanted->attempt, got->attempt);
  check_text("worker", wanted->worker, got->worker);
  check_text("request_id", wanted->request_id, got->request_id);
  check_text("traceparent of the event", wanted->traceparent, got->traceparent);
  check_text("message", wanted->message, got->message);
  check_text("detail", wanted->detail, got->detail);
}

void check_history(const tse_history *history, const vector_expect *expect) {
  if (!is_kind(EXPECT_EVENTS, expect, "did not expect a history")) return;
  check_number("number of events", (int64_t)expect->count, (int64_t)tse_history_count(history));
  int64_t last = 0;
  const size_t count = tse_history_count(history); /* newest first; the vectors begin with the oldest */
  for (size_t index = 0; index < expect->count && index < count; ++index) {
    tse_event_view got = TSE_EVENT_VIEW_INIT;
    if (tse_history_event(history, count - 1 - index, &got) != TSE_OK) differs("an event cannot be read");
    check_event(&expect->events[index], &got);
    if (got.sequence <= last) differs("sequence numbers do not grow");
    last = got.sequence;
  }
}

/* NUL and what is no UTF-8 in every text of every function: refused, and neither stored nor repeated in an error.
 *
 * Each function has one caller, which takes its texts from text_of() under the names that the header gives them; so the
 * program knows itself which texts there are, and `text --list` tells tests/abi/texts.py, which misses what is in
 * the header and not here. */
#include "check.h"

#include <unistd.h>

#define SECRET "canary"
#define URN "00000000-0000-4000-8000-000000000000"
#define WARNING_OF(text)                                                                                  \
  "[{\"code\":\"not_found\",\"details\":[],\"message\":\"" text "\",\"path\":\"/\",\"request_id\":\"" URN \
  "\",\"status\":404,\"timestamp\":\"2020-01-01T00:00:00.000Z\"}]"

/* ---- One text at a time is bad ---- */

static const char *chosen = NULL; /* the parameter whose text is bad now; NULL: none */
static char bad_text[512];
static size_t bad_size = 0;
static const char *bad_bytes = "";
static size_t bad_bytes_size = 0;

static const char *names[64]; /* the texts that the function of this moment was seen to take */
static size_t name_count = 0;

/* The text of a parameter: `good`, in which "@" marks the place where bad bytes are put; at its end if there is none.
 */
static tse_str text_of(const char *name, const char *good) {
  size_t known = 0;
  while (known < name_count && strcmp(names[known], name) != 0) ++known;
  if (known == name_count) names[name_count++] = name;
  const int is_chosen = chosen != NULL && strcmp(chosen, name) == 0;
  static char texts[64][512];
  char *text = is_chosen ? bad_text : texts[known];
  size_t size = 0;
  int placed = 0;
  for (const char *c = good; *c != '\0'; ++c) {
    if (*c != '@') {
      text[size++] = *c;
    } else if (is_chosen) {
      memcpy(text + size, bad_bytes, bad_bytes_size);
      size += bad_bytes_size;
      placed = 1;
    }
  }
  if (is_chosen && !placed) {
    memcpy(text + size, bad_bytes, bad_bytes_size);
    size += bad_bytes_size;
  }
  if (is_chosen) bad_size = size;
  tse_str view = {text, size};
  return view;
}

#define IN(name, good) text_of(name, good).data, text_of(name, good).size

/* ---- What they are called on ---- */

static char directory[] = "/tmp/taskstate-text-XXXXXX";
static tse_engine *tasks = NULL;
static tse_error *error = NULL;
static char token[600];
static char id[32]; /* of the task that the call of this moment is for */
static const tse_call *no_call = NULL;

static tse_call *new_call(void) {
  tse_call *call = NULL;
  MUST(tse_call_new(&call, NULL));
  return call;
}

static void create(const char *name) {
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z");
  spec.id = tse_text(name);
  spec.operation = tse_text("create");
  MUST(tse_create(tasks, &spec, NULL, NULL, NULL));
}

/* What is given for a task is judged once the task is found, so each call has a running one of its own. */
static void run_one(void) {
  static int count = 0;
  snprintf(id, sizeof id, "running%d", count++);
  create(id);
  MUST(tse_start(tasks, "z", 1, id, TSE_NTS, NULL, NULL, NULL));
}
static void hold_one(void) {
  static int count = 0;
  tse_leases *leases = NULL;
  tse_lease_view lease = TSE_LEASE_VIEW_INIT;
  snprintf(id, sizeof id, "held%d", count++);
  create(id);
  MUST(tse_start_leased(tasks, "z", 1, id, TSE_NTS, NULL, 0, 600000000, NULL, &leases, NULL));
  MUST(tse_leases_lease(leases, 0, &lease));
  snprintf(token, sizeof token, "%s", lease.token.data);
  tse_leases_free(leases);
}

static tse_new_task new_task(void) {
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = text_of("spec.zone_id", "z");
  spec.id = text_of("spec.id", SECRET);
  spec.operation = text_of("spec.operation", "create");
  spec.install_id = text_of("spec.install_id", SECRET);
  spec.package_id = text_of("spec.package_id", SECRET);
  spec.package_slug = text_of("spec.package_slug", SECRET);
  spec.links = text_of("spec.links", "[{\"href\":\"/" SECRET "\",\"rel\":\"x@\"}]");
  spec.warnings = text_of("spec.warnings", WARNING_OF(SECRET "@"));
  spec.payload = text_of("spec.payload", SECRET);
  spec.idempotency_key = text_of("spec.idempotency_key", SECRET);
  spec.retry_of = text_of("spec.retry_of", "failed");
  spec.ref = text_of("spec.ref", SECRET);
  return spec;
}

static tse_update new_update(int fails) {
  tse_update update = TSE_UPDATE_INIT;
  update.install_id = text_of("update.install_id", SECRET);
  update.package_id = text_of("update.package_id", SECRET);
  update.package_slug = text_of("update.package_slug", SECRET);
  update.links = text_of("update.links", "[{\"href\":\"/" SECRET "\",\"rel\":\"x@\"}]");
  update.warnings = text_of("update.warnings", WARNING_OF(SECRET "@"));
  const tse_str message = text_of("update.error_message", SECRET);
  const tse_str detail = text_of("update.error_detail", SECRET);
  if (fails || (chosen != NULL && strcmp(chosen, "update.error_message") == 0)) update.error_message = message;
  if (fails || (chosen != NULL && strcmp(chosen, "update.error_detail") == 0)) update.error_detail = detail;
  /* A result is a completion's; with a change of another kind it is refused, whatever its bytes. */
  const tse_str result = text_of("update.result", SECRET), media_type = text_of("update.media_type", "text/" SECRET);
  if (chosen != NULL && (strcmp(chosen, "update.result") == 0 || strcmp(chosen, "update.media_type") == 0)) {
    update.result = result;
    update.media_type = media_type;
  }
  if (!fails) return update;
  /* Only a few of a failure's fields are its own. */
  if (chosen == NULL || strncmp(chosen, "update.error", 12) == 0)
    update.install_id = update.package_id = update.package_slug = update.links = tse_text(NULL);
  return update;
}

static tse_claim_spec new_claim(void) {
  tse_claim_spec spec = TSE_CLAIM_SPEC_INIT;
  spec.zones = text_of("spec.zones", "empty");
  spec.operations = text_of("spec.operations", "create");
  spec.worker = text_of("spec.worker", SECRET);
  return spec;
}

static tse_request new_request(void) {
  tse_request request = TSE_REQUEST_INIT;
  request.method = text_of("request.method", "GET");
  request.client_request_id = text_of("request.client_request_id", URN);
  request.if_none_match = text_of("request.if_none_match", "\"x\"");
  request.path = text_of("request.path", "/" SECRET);
  request.prefer = text_of("request.prefer", "wait=0");
  return request;
}

/* ---- Answers: whatever was asked, what is to be copied into HTTP is clean ---- */

static int is_utf8(const char *text, size_t size);

static int32_t clean(int32_t code, const tse_answer *answer) {
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  if (code != TSE_OK) return code;
  MUST(tse_answer_get(answer, &view));
  CHECK(view.status >= 200 && view.status <= 503);
  for (size_t i = 0; i < view.header_count; ++i)
    for (size_t j = 0; j < view.headers[i].value.size; ++j) {
      const unsigned char byte = (unsigned char)view.headers[i].value.data[j];
      CHECK(byte >= 0x20 && byte < 0x7f);
    }
  CHECK(is_utf8(view.body.data, view.body.size));
  for (size_t i = 0; i < view.body.size; ++i) CHECK((unsigned char)view.body.data[i] >= 0x20);
  return code;
}

/* ---- The callers, one per function ---- */

#define SETTER(function, name, good)                                   \
  static int32_t call_##function(void) {                               \
    tse_call *call = new_call();                                       \
    const int32_t code = tse_##function(call, IN(name, good), &error); \
    tse_call_free(call);                                               \
    return code;                                                       \
  }
SETTER(call_set_request_id, "text", SECRET)
SETTER(call_set_traceparent, "text", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
SETTER(call_set_actor, "text", SECRET)

/* A statement is read when it runs. */
static int32_t run_statement(tse_call *call, int32_t code) {
  if (code == TSE_OK) {
    tse_new_task spec = TSE_NEW_TASK_INIT;
    spec.zone_id = tse_text("statements");
    spec.operation = tse_text("create");
    code = tse_create(tasks, &spec, call, NULL, &error);
  }
  tse_call_free(call);
  return code;
}
static int32_t call_call_also(void) {
  tse_call *call = new_call();
  return run_statement(call, tse_call_also(call, IN("sql", "SELECT 1 -- " SECRET), &error));
}
#define BINDER(function, ...)                                                              \
  static int32_t call_##function(void) {                                                   \
    tse_call *call = new_call();                                                           \
    MUST(tse_call_also(call, "SELECT :" SECRET, TSE_NTS, NULL));                           \
    return run_statement(call, tse_##function(call, IN("name", ":" SECRET), __VA_ARGS__)); \
  }
BINDER(call_bind_null, &error)
BINDER(call_bind_int64, 1, &error)
BINDER(call_bind_double, 1.5, &error)
BINDER(call_bind_text, IN("text", SECRET), &error)
BINDER(call_bind_blob, "\0", 1, &error)

#define OPTION(function, name, good)                                      \
  static int32_t call_##function(void) {                                  \
    tse_options *options = NULL;                                          \
    MUST(tse_options_new(&options, NULL));                                \
    const int32_t code = tse_##function(options, IN(name, good), &error); \
    tse_options_free(options);                                            \
    return code;                                                          \
  }
OPTION(options_add_operation, "name", SECRET)
OPTION(options_set_location, "path", "/" SECRET "@/{install_id}")
OPTION(options_set_status_url, "path", "/" SECRET "@/{task_id}")
OPTION(options_set_boot_id, "text", SECRET)

static int32_t call_options_set_log_file(void) {
  char path[128];
  tse_options *options = NULL;
  tse_engine *another = NULL;
  snprintf(path, sizeof path, "%s/" SECRET "@.log", directory);
  MUST(tse_options_new(&options, NULL));
  int32_t code = tse_options_set_log_file(options, IN("path", path), &error);
  if (code == TSE_OK) code = tse_open(":memory:", TSE_NTS, options, &another, &error);
  tse_engine_free(another);
  tse_options_free(options);
  return code;
}

static int32_t call_open(void) {
  char path[128];
  tse_engine *another = NULL;
  snprintf(path, sizeof path, "%s/" SECRET "@.db", directory);
  const int32_t code = tse_open(IN("path", path), NULL, &another, &error);
  tse_engine_free(another);
  return code;
}
static int32_t call_migrate(void) {
  char path[128];
  tse_engine *made = NULL;
  snprintf(path, sizeof path, "%s/" SECRET "@.older.db", directory);
  (void)tse_open(IN("path", path), NULL, &made, NULL); /* refused where the path is */
  tse_engine_free(made);
  return tse_migrate(IN("path", path), NULL, no_call, NULL, &error);
}
static int32_t call_backup(void) {
  char path[128];
  snprintf(path, sizeof path, "%s/" SECRET "@.copy", directory);
  return tse_backup(tasks, IN("path", path), no_call, &error);
}

static int32_t call_task_from_json(void) {
  const char *json =
      "{\"id\":\"a\",\"created_at\":\"2020-01-01T00:00:00.000Z\",\"operation\":\"create\",\"status\":\"pending\","
      "\"updated_at\":\"2020-01-01T00:00:00.000Z\",\"package_id\":\"" SECRET "@\"}";
  tse_task *task = NULL;
  int32_t code = tse_task_from_json(IN("zone_id", "z"), IN("json", json), &task, &error);
  if (code == TSE_OK) code = tse_task_validate(task, &error);
  tse_task_free(task);
  return code;
}

/* It must not be there afterwards; when all is good, the payload comes back as it was given. */
static int32_t call_create(void) {
  const tse_new_task spec = new_task();
  tse_task *task = NULL;
  const int32_t code = tse_create(tasks, &spec, no_call, NULL, &error);
  MUST(tse_get(tasks, "z", 1, SECRET, TSE_NTS, TSE_WITH_PAYLOAD, NULL, &task, NULL));
  CHECK((task != NULL) == (code == TSE_OK));
  if (task != NULL) {
    tse_task_view view = TSE_TASK_VIEW_INIT;
    MUST(tse_task_get(task, &view));
    CHECK(view.payload.size == spec.payload.size &&
          memcmp(view.payload.data, spec.payload.data, spec.payload.size) == 0);
    MUST(tse_cancel(tasks, "z", 1, SECRET, TSE_NTS, 0, NULL, 0, NULL, NULL, NULL));
    MUST(tse_erase(tasks, "z", 1, SECRET, TSE_NTS, NULL, NULL, NULL));
  }
  tse_task_free(task);
  return code;
}
static int32_t call_batch_create(void) {
  tse_batch *batch = NULL;
  tse_results *results = NULL;
  const tse_new_task spec = new_task();
  MUST(tse_batch_new(&batch, NULL));
  int32_t code = tse_batch_create(batch, &spec, &error);
  if (code == TSE_OK) {
    MUST(tse_batch_run(tasks, batch, NULL, &results, NULL));
    code = tse_results_get(results, 0, NULL, &error);
    tse_results_free(results);
    if (code == TSE_OK) {
      MUST(tse_cancel(tasks, "z", 1, SECRET, TSE_NTS, 0, NULL, 0, NULL, NULL, NULL));
      MUST(tse_erase(tasks, "z", 1, SECRET, TSE_NTS, NULL, NULL, NULL));
    }
  }
  tse_batch_free(batch);
  return code;
}

#define KEY IN("zone_id", "z"), IN("id", "nobody")
#define RUNNING IN("zone_id", "z"), IN("id", id)

static int32_t call_start(void) { return tse_start(tasks, KEY, no_call, NULL, &error); }
static int32_t call_annotate(void) {
  run_one();
  const tse_update update = new_update(0);
  return tse_annotate(tasks, RUNNING, &update, no_call, NULL, &error);
}
static int32_t call_complete(void) {
  run_one();
  const tse_update update = new_update(0);
  return tse_complete(tasks, RUNNING, &update, no_call, NULL, &error);
}
static int32_t call_fail(void) {
  run_one();
  const tse_update update = new_update(1);
  return tse_fail(tasks, RUNNING, &update, no_call, NULL, &error);
}
static int32_t call_cancel(void) {
  run_one();
  return tse_cancel(tasks, RUNNING, TSE_CANCEL_FORCE, IN("reason", SECRET), no_call, NULL, &error);
}
static int32_t call_get(void) {
  tse_task *task = NULL;
  const int32_t code = tse_get(tasks, KEY, 0, no_call, &task, &error);
  CHECK(task == NULL);
  return code;
}
static int32_t call_wait(void) {
  tse_task *task = NULL;
  const int32_t code = tse_wait(tasks, KEY, 0, 0, no_call, &task, &error);
  CHECK(task == NULL);
  return code;
}
static int32_t call_history_read(void) {
  tse_history *history = NULL;
  /* There is no good cursor before there was a page. */
  const tse_str after = text_of("after", SECRET);
  const int given = chosen != NULL && strcmp(chosen, "after") == 0;
  const int32_t code =
      tse_history_read(tasks, KEY, 0, given ? after.data : NULL, given ? after.size : 0, no_call, &history, &error);
  CHECK(tse_history_count(history) == 0);
  tse_history_free(history);
  return code;
}
static int32_t call_reprioritize(void) { return tse_reprioritize(tasks, KEY, 1, no_call, NULL, &error); }
static int32_t call_retry(void) { return tse_retry(tasks, KEY, 0, no_call, NULL, &error); }
static int32_t call_stored_result_read(void) {
  tse_stored_result *result = NULL;
  const int32_t code = tse_stored_result_read(tasks, KEY, no_call, &result, &error);
  CHECK(result == NULL);
  return code;
}
static tse_pause_spec new_pause(void) {
  tse_pause_spec spec = TSE_PAUSE_SPEC_INIT;
  const tse_str zone = text_of("spec.zone_id", "paused"), operation = text_of("spec.operation", "paused");
  if (chosen != NULL && strcmp(chosen, "spec.operation") == 0) {
    spec.operation = operation;
  } else {
    spec.zone_id = zone;
  }
  return spec;
}
static int32_t call_pause(void) {
  const tse_pause_spec spec = new_pause();
  return tse_pause(tasks, &spec, no_call, NULL, &error);
}
static int32_t call_unpause(void) {
  const tse_pause_spec spec = new_pause();
  return tse_unpause(tasks, &spec, no_call, NULL, &error);
}
static int32_t call_erase(void) { return tse_erase(tasks, KEY, no_call, NULL, &error); }

static int32_t call_claim(void) {
  const tse_claim_spec spec = new_claim();
  tse_leases *leases = NULL;
  const int32_t code = tse_claim(tasks, &spec, no_call, &leases, &error);
  CHECK(leases == NULL);
  return code;
}
static int32_t call_start_leased(void) {
  tse_leases *leases = NULL;
  return tse_start_leased(tasks, KEY, IN("worker", SECRET), TSE_NONE, no_call, &leases, &error);
}
static int32_t call_lease_heartbeat(void) {
  hold_one();
  return tse_lease_heartbeat(tasks, IN("token", token), TSE_NONE,
                             IN("progress", "{\"href\":\"/" SECRET "@\",\"rel\":\"progress\"}"), no_call, NULL, &error);
}
static int32_t call_lease_annotate(void) {
  hold_one();
  const tse_update update = new_update(0);
  return tse_lease_annotate(tasks, IN("token", token), &update, no_call, NULL, &error);
}
static int32_t call_lease_complete(void) {
  hold_one();
  const tse_update update = new_update(0);
  return tse_lease_complete(tasks, IN("token", token), &update, no_call, NULL, &error);
}
static int32_t call_lease_fail(void) {
  hold_one();
  const tse_update update = new_update(1);
  return tse_lease_fail(tasks, IN("token", token), &update, no_call, NULL, &error);
}
static int32_t call_lease_release(void) {
  hold_one();
  return tse_lease_release(tasks, IN("token", token), 0, no_call, NULL, &error);
}

/* What a batch holds is judged when it runs. */
static void nothing(void) {}
#define BATCHED(function, before, ...)                               \
  static int32_t call_batch_##function(void) {                       \
    tse_batch *batch = NULL;                                         \
    tse_results *results = NULL;                                     \
    before();                                                        \
    MUST(tse_batch_new(&batch, NULL));                               \
    int32_t code = tse_batch_##function(batch, __VA_ARGS__, &error); \
    if (code == TSE_OK) {                                            \
      MUST(tse_batch_run(tasks, batch, NULL, &results, NULL));       \
      code = tse_results_get(results, 0, NULL, &error);              \
      tse_results_free(results);                                     \
    }                                                                \
    tse_batch_free(batch);                                           \
    return code;                                                     \
  }
static tse_update update;
static const tse_update *filled(int fails) {
  update = new_update(fails);
  return &update;
}
BATCHED(start, nothing, KEY)
BATCHED(annotate, run_one, RUNNING, filled(0))
BATCHED(complete, run_one, RUNNING, filled(0))
BATCHED(fail, run_one, RUNNING, filled(1))
BATCHED(lease_complete, hold_one, IN("token", token), filled(0))
BATCHED(lease_fail, hold_one, IN("token", token), filled(1))

#define WATCHING(function, ...)                                            \
  static int32_t call_watch_##function(void) {                             \
    tse_watch *watch = NULL;                                               \
    MUST(tse_watch_new(tasks, &watch, NULL));                              \
    const int32_t code = tse_watch_##function(watch, __VA_ARGS__, &error); \
    tse_watch_free(watch);                                                 \
    return code;                                                           \
  }
static tse_claim_spec wanted;
static const tse_claim_spec *claim_filled(void) {
  wanted = new_claim();
  return &wanted;
}
WATCHING(claim, claim_filled())
WATCHING(task, KEY, 0, 1)
WATCHING(forget, KEY, 1)
WATCHING(changes, IN("zone_id", "z"))

static int32_t call_list(void) {
  tse_list_query query = TSE_LIST_QUERY_INIT;
  tse_page *page = NULL;
  query.zone_id = text_of("query.zone_id", "z");
  query.operation = text_of("query.operation", "create");
  query.install_id = text_of("query.install_id", SECRET);
  query.package_id = text_of("query.package_id", SECRET);
  query.worker = text_of("query.worker", SECRET);
  query.ref = text_of("query.ref", SECRET);
  query.client_request_id = text_of("query.client_request_id", "r");
  query.failure_kind = text_of("query.failure_kind", "lost");
  /* There is no good cursor before there was a page. */
  const tse_str after = text_of("query.after", SECRET), before = text_of("query.before", SECRET);
  if (chosen != NULL && strcmp(chosen, "query.after") == 0) query.after = after;
  if (chosen != NULL && strcmp(chosen, "query.before") == 0) query.before = before;
  const int32_t code = tse_list(tasks, &query, no_call, &page, &error);
  tse_page_free(page);
  return code;
}
static int32_t call_changes_read(void) {
  tse_changes_spec spec = TSE_CHANGES_SPEC_INIT;
  tse_changes *changes = NULL;
  spec.zone_id = text_of("spec.zone_id", "z");
  const tse_str after = text_of("spec.after", SECRET);
  if (chosen != NULL && strcmp(chosen, "spec.after") == 0) spec.after = after;
  const int32_t code = tse_changes_read(tasks, &spec, no_call, &changes, &error);
  tse_changes_free(changes);
  return code;
}
static int32_t call_purge(void) {
  tse_purge_spec spec = TSE_PURGE_SPEC_INIT;
  spec.zone_id = text_of("spec.zone_id", "empty");
  spec.older_than_us = 0;
  return tse_purge(tasks, &spec, no_call, NULL, &error);
}
static int32_t call_stats_read(void) {
  tse_stats *stats = NULL;
  const int32_t code = tse_stats_read(tasks, IN("zone_id", "z"), no_call, &stats, &error);
  tse_stats_free(stats);
  return code;
}

static int32_t call_decide(void) {
  const tse_request request = new_request();
  tse_answer *answer = NULL;
  MUST(tse_answer_new(&answer, NULL));
  const int32_t code = clean(tse_decide(tasks, KEY, &request, no_call, answer, &error), answer);
  tse_answer_free(answer);
  return code;
}
static int32_t call_accept(void) {
  const tse_request request = new_request();
  tse_answer *answer = NULL;
  tse_error *failure = NULL;
  MUST(tse_answer_new(&answer, NULL));
  CHECK(tse_start(tasks, "z", 1, "nobody", TSE_NTS, NULL, NULL, &failure) == TSE_NOT_FOUND);
  const int32_t code = clean(tse_accept(tasks, NULL, failure, &request, answer, &error), answer);
  tse_error_free(failure);
  tse_answer_free(answer);
  return code;
}

/* ---- What they answer ---- */

typedef struct function {
  const char *name;
  int32_t (*call)(void);
  int32_t good;    /* when all texts are good */
  int32_t bad_key; /* when zone_id or id is not; every other bad text is invalid_argument */
} function;

#define F(name, good, bad_key) \
  { "tse_" #name, call_##name, good, bad_key }
static const function functions[] = {
    F(call_set_request_id, TSE_OK, 0),
    F(call_set_traceparent, TSE_OK, 0),
    F(call_set_actor, TSE_OK, 0),
    F(call_also, TSE_OK, 0),
    F(call_bind_null, TSE_OK, 0),
    F(call_bind_int64, TSE_OK, 0),
    F(call_bind_double, TSE_OK, 0),
    F(call_bind_text, TSE_OK, 0),
    F(call_bind_blob, TSE_OK, 0),
    F(options_add_operation, TSE_OK, 0),
    F(options_set_location, TSE_OK, 0),
    F(options_set_status_url, TSE_OK, 0),
    F(options_set_log_file, TSE_OK, 0),
    F(options_set_boot_id, TSE_OK, 0),
    F(open, TSE_OK, 0),
    F(task_from_json, TSE_OK, TSE_INVALID_ARGUMENT),
    F(create, TSE_OK, 0),
    F(start, TSE_NOT_FOUND, TSE_NOT_FOUND),
    F(annotate, TSE_OK, TSE_NOT_FOUND),
    F(complete, TSE_OK, TSE_NOT_FOUND),
    F(fail, TSE_OK, TSE_NOT_FOUND),
    F(cancel, TSE_OK, TSE_NOT_FOUND),
    F(get, TSE_OK, TSE_OK),
    F(wait, TSE_OK, TSE_OK),
    F(claim, TSE_OK, 0),
    F(start_leased, TSE_NOT_FOUND, TSE_NOT_FOUND),
    F(lease_heartbeat, TSE_OK, 0),
    F(lease_annotate, TSE_OK, 0),
    F(lease_complete, TSE_OK, 0),
    F(lease_fail, TSE_OK, 0),
    F(lease_release, TSE_OK, 0),
    F(batch_create, TSE_OK, 0),
    F(batch_start, TSE_NOT_FOUND, TSE_NOT_FOUND),
    F(batch_annotate, TSE_OK, TSE_NOT_FOUND),
    F(batch_complete, TSE_OK, TSE_NOT_FOUND),
    F(batch_fail, TSE_OK, TSE_NOT_FOUND),
    F(batch_lease_complete, TSE_OK, 0),
    F(batch_lease_fail, TSE_OK, 0),
    F(watch_claim, TSE_OK, 0),
    F(watch_task, TSE_OK, TSE_OK),
    F(watch_forget, TSE_OK, TSE_OK),
    F(watch_changes, TSE_OK, TSE_INVALID_ARGUMENT),
    F(list, TSE_OK, 0),
    F(history_read, TSE_OK, TSE_OK),
    F(changes_read, TSE_OK, 0),
    F(purge, TSE_OK, 0),
    F(erase, TSE_OK, TSE_OK),
    F(reprioritize, TSE_NOT_FOUND, TSE_NOT_FOUND),
    F(retry, TSE_NOT_FOUND, TSE_NOT_FOUND),
    F(stored_result_read, TSE_NOT_FOUND, TSE_NOT_FOUND),
    F(pause, TSE_OK, 0),
    F(unpause, TSE_OK, 0),
    F(stats_read, TSE_OK, TSE_INVALID_ARGUMENT),
    F(migrate, TSE_OK, 0),
    F(backup, TSE_OK, 0),
    F(decide, TSE_OK, TSE_OK),
    F(accept, TSE_OK, 0),
};
enum { function_count = sizeof functions / sizeof functions[0] };

static int32_t expected(const function *of, const char *parameter) {
  const int is_path = strcmp(parameter, "path") == 0 && strncmp(of->name, "tse_options_set_l", 17) != 0;
  if (strcmp(parameter, "zone_id") == 0 || strcmp(parameter, "id") == 0) return of->bad_key;
  /* A host's own table takes NUL in a text, as SQLite does. */
  if (strcmp(of->name, "tse_call_bind_text") == 0 && strcmp(parameter, "text") == 0 && bad_bytes[0] == '\0')
    return TSE_OK;
  /* A result may be any bytes, where there can be one. */
  if (strcmp(parameter, "update.result") == 0 && strstr(of->name, "complete") != NULL) return TSE_OK;
  if (strcmp(parameter, "spec.payload") == 0 || strncmp(parameter, "request.", 8) == 0) return TSE_OK;
  /* Linux takes any bytes as the name of a file, except NUL. */
  const int names_file = is_path && strcmp(of->name, "tse_options_set_status_url") != 0;
  const int names_log = strcmp(of->name, "tse_options_set_log_file") == 0;
  if ((names_file || names_log) && memchr(bad_bytes, '\0', bad_bytes_size) == NULL) return TSE_OK;
  return TSE_INVALID_ARGUMENT;
}

/* ---- Bytes that are no text ---- */

typedef struct bytes {
  const char *data;
  size_t size;
  const char *what;
} bytes;
#define B(text, what) \
  { text, sizeof(text) - 1, what }
static const bytes corpus[] = {
    B("\0", "NUL"),
    B("\0tail", "NUL inside"),
    B("\x80", "a continuation alone"),
    B("\xbf\xbf", "two of them"),
    B("\xc3", "truncated, 2 bytes"),
    B("\xe2\x82", "truncated, 3 bytes"),
    B("\xf0\x9f\x98", "truncated, 4 bytes"),
    B("\xc3(", "no continuation"),
    B("\xc0\x80", "overlong NUL"),
    B("\xc1\xbf", "overlong, 2 bytes"),
    B("\xc0\xaf", "overlong slash"),
    B("\xe0\x80\xaf", "overlong, 3 bytes"),
    B("\xf0\x80\x80\xaf", "overlong, 4 bytes"),
    B("\xed\xa0\x80", "a high surrogate alone"),
    B("\xed\xbf\xbf", "a low surrogate alone"),
    B("\xed\xa0\xbd\xed\xb8\x80", "a pair of surrogates"),
    B("\xf4\x90\x80\x80", "U+110000"),
    B("\xf7\xbf\xbf\xbf", "U+1FFFFF"),
    B("\xf8\x88\x80\x80\x80", "5 bytes"),
    B("\xfe\xff", "a byte order mark of UTF-16"),
    B("\xff", "0xff"),
};
enum { corpus_size = sizeof corpus / sizeof corpus[0] };

/* A second opinion on UTF-8: decodes, and looks whether the number needs so many bytes. */
static int is_utf8(const char *text, size_t size) {
  for (size_t i = 0; i < size;) {
    const unsigned char lead = (unsigned char)text[i];
    size_t length = lead < 0x80             ? 1
                    : (lead & 0xe0) == 0xc0 ? 2
                    : (lead & 0xf0) == 0xe0 ? 3
                    : (lead & 0xf8) == 0xf0 ? 4
                                            : 0;
    if (length == 0 || i + length > size) return 0;
    uint32_t point = length == 1 ? lead : lead & (0xffu >> (length + 1));
    for (size_t j = 1; j < length; ++j) {
      if (((unsigned char)text[i + j] & 0xc0) != 0x80) return 0;
      point = point << 6 | ((unsigned char)text[i + j] & 0x3f);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return 0;
    i += length;
  }
  return 1;
}

static int contains(tse_str text, const char *part) {
  const size_t size = strlen(part);
  for (size_t i = 0; i + size <= text.size; ++i)
    if (memcmp(text.data + i, part, size) == 0) return 1;
  return 0;
}

static int is_clean(tse_str text) {
  for (size_t i = 0; i < text.size; ++i)
    if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f) return 0;
  return is_utf8(text.data, text.size) && !contains(text, SECRET);
}

/* The error says which text it was, and nothing of what was in it. */
static int tells_nothing(void) {
  tse_error_view view = TSE_ERROR_VIEW_INIT;
  if (error == NULL || tse_error_get(error, &view) != TSE_OK) return 0;
  int clean_all = is_clean(view.field) && is_clean(view.message) && view.message.size > 0;
  for (size_t i = 0; i < view.detail_count; ++i) {
    tse_error_detail_view detail = TSE_ERROR_DETAIL_VIEW_INIT;
    clean_all = clean_all && tse_error_detail(error, i, &detail) == TSE_OK && is_clean(detail.field) &&
                is_clean(detail.message);
  }
  return clean_all;
}

static const char *message(void) {
  static tse_error_view view;
  const tse_error_view none = TSE_ERROR_VIEW_INIT;
  view = none;
  return error != NULL && tse_error_get(error, &view) == TSE_OK ? view.message.data : "";
}

static void try_function(const function *of) {
  name_count = 0;
  chosen = NULL;
  const int32_t good = of->call();
  ++checks;
  if (good != of->good) {
    ++faults;
    fprintf(stderr, "%s with good texts: %s (%s)\n", of->name, tse_code_name(good), message());
  }
  tse_error_free(error);
  error = NULL;
  const size_t count = name_count;
  for (size_t i = 0; i < count; ++i)
    for (size_t j = 0; j < corpus_size; ++j) {
      chosen = names[i];
      bad_bytes = corpus[j].data;
      bad_bytes_size = corpus[j].size;
      const int32_t code = of->call();
      const int32_t wanted_code = expected(of, names[i]);
      ++checks;
      if (code != wanted_code || (code != TSE_OK && !tells_nothing())) {
        ++faults;
        fprintf(stderr, "%s, %s with %s: %s instead of %s (%s)\n", of->name, names[i], corpus[j].what,
                tse_code_name(code), tse_code_name(wanted_code), message());
      }
      tse_error_free(error);
      error = NULL;
    }
  chosen = NULL;
}

/* ---- The file that they are tried on ---- */

static void prepare(void) {
  char path[64];
  tse_options *options = NULL;
  snprintf(path, sizeof path, "%s/tasks.db", directory);
  MUST(tse_options_new(&options, NULL));
  MUST(tse_options_set_durability(options, TSE_DURABILITY_RELAXED, NULL));
  MUST(tse_options_set_timeout(options, 120000000, NULL));
  MUST(tse_open(path, TSE_NTS, options, &tasks, NULL));
  tse_options_free(options);
  tse_update failed = TSE_UPDATE_INIT;
  failed.error_message = tse_text("It broke.");
  create("failed");
  MUST(tse_start(tasks, "z", 1, "failed", TSE_NTS, NULL, NULL, NULL));
  MUST(tse_fail(tasks, "z", 1, "failed", TSE_NTS, &failed, NULL, NULL, NULL));
}

static void nothing_was_stored(void) {
  tse_report *report = NULL;
  tse_report_view view = TSE_REPORT_VIEW_INIT;
  MUST(tse_verify(tasks, NULL, &report, NULL));
  MUST(tse_report_get(report, &view));
  CHECK(view.ok == 1);
  tse_report_free(report);
}

int main(int count, char **arguments) {
  const int lists = count > 1 && strcmp(arguments[1], "--list") == 0;
  if (mkdtemp(directory) == NULL) return 1;
  prepare();
  for (size_t i = 0; i < function_count; ++i) {
    if (!lists) {
      try_function(&functions[i]);
      continue;
    }
    name_count = 0;
    functions[i].call();
    tse_error_free(error);
    error = NULL;
    for (size_t j = 0; j < name_count; ++j) printf("%s %s\n", functions[i].name, names[j]);
  }
  nothing_was_stored();
  tse_engine_free(tasks);
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", directory);
  CHECK(system(command) == 0);
  return lists ? 0 : finish("text");
}

/* Memory that runs out at each single allocation of each function of the C interface, once and from then on for ever:
 * malloc() and its kin fail, for the C++ inside and for SQLite. The code is TSE_NO_MEMORY or TSE_OK; what is said of
 * the outcome is so, also when the file is opened again or if the process ended at once; nothing is handed out by a
 * call that fails, all can be freed, nothing leaks; and with memory back the call succeeds. A function without a
 * scenario fails the test.
 *   TSE_SEED=1 build/release/tests/out_of_memory                               one pass: each 503rd allocation
 *   TSE_OUT_OF_MEMORY=1000000 TSE_SEED=1 build/release/tests/out_of_memory     so many failures, in several passes
 *   TSE_SECONDS=3600 TSE_SEED=1 build/release/tests/out_of_memory              for so long; prints where to go on
 *   TSE_SCENARIO=tse_create/file/once/17 build/release/tests/out_of_memory     one of them again */
#define _POSIX_C_SOURCE 200809L
#include "capi/check.h"
#include "oom/failing_memory.h"
#include "oom/scenarios.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum place { IN_FILE, IN_MEMORY };

static struct {
  char directory[128];
  char path[160];
  char token[520]; /* of the file's lease */
  char *file;      /* a file in which something is, closed */
  size_t file_size;
  tse_engine *donor;
} found;

static long failures = 0;
static long violations = 0;

/* ---- The place ---------------------------------------------------------------------------------- */

static void remove_files(void) {
  static const char *const suffixes[] = {"",      "-wal",     "-shm",         "-journal",     "-taskstate",
                                         "-copy", "-crashed", "-crashed-wal", "-crashed-shm", "-crashed-taskstate"};
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
    char path[sizeof found.path + 32];
    snprintf(path, sizeof path, "%s%s", found.path, suffixes[i]);
    remove(path);
  }
}

static tse_engine *open_at(const char *path) {
  tse_options *options = standing_options();
  tse_engine *tasks = NULL;
  MUST(tse_open(path, TSE_NTS, options, &tasks, NULL));
  tse_options_free(options);
  return tasks;
}

static void copy_file(const char *from, const char *to) {
  char bytes[65536];
  size_t size;
  FILE *in = fopen(from, "rb");
  FILE *out = fopen(to, "wb");
  CHECK(in != NULL && out != NULL);
  while (in != NULL && out != NULL && (size = fread(bytes, 1, sizeof bytes, in)) > 0)
    CHECK(fwrite(bytes, 1, size, out) == size);
  if (in != NULL) fclose(in);
  if (out != NULL) fclose(out);
}

/* Where memory stays short, there may be none to make certain what became of a commit: then the engine answers nothing
 * more until it is opened anew. */
static int is_poisoned(tse_engine *tasks) {
  tse_task *task = NULL;
  const int32_t code = tse_get(tasks, ZONE, TSE_NTS, ID("running"), TSE_NTS, 0, NULL, &task, NULL);
  tse_task_free(task);
  return code == TSE_IO_ERROR;
}

static void put_file(void) {
  FILE *file = fopen(found.path, "wb");
  CHECK(file != NULL && fwrite(found.file, 1, found.file_size, file) == found.file_size);
  if (file != NULL) fclose(file);
}

static void find_place(void) {
  struct stat there;
  const char *const quick = "/dev/shm"; /* where flushes take no time, if there is such a place */
  snprintf(found.directory, sizeof found.directory, "%s/taskstate-oom-XXXXXX",
           stat(quick, &there) == 0 ? quick : "/tmp");
  if (mkdtemp(found.directory) == NULL) exit(1);
  snprintf(found.path, sizeof found.path, "%s/tasks.db", found.directory);
  tse_engine *tasks = open_at(found.path);
  fill(tasks, found.token);
  tse_engine_free(tasks);
  FILE *file = fopen(found.path, "rb");
  if (file == NULL || stat(found.path, &there) != 0) exit(1);
  found.file_size = (size_t)there.st_size;
  found.file = malloc(found.file_size);
  if (found.file == NULL || fread(found.file, 1, found.file_size, file) != found.file_size) exit(1);
  fclose(file);
  char unused[sizeof found.token];
  found.donor = open_at(":memory:");
  fill(found.donor, unused);
}

static void leave_place(void) {
  tse_engine_free(found.donor);
  free(found.file);
  remove_files();
  rmdir(found.directory);
}

/* ---- One run ------------------------------------------------------------------------------------ */

static void free_out(struct out *out) {
  tse_engine_free(out->tasks);
  tse_options_free(out->options);
  tse_call_free(out->call);
  tse_cancel_token_free(out->cancel);
  tse_batch_free(out->batch);
  tse_watch_free(out->watch);
  tse_answer_free(out->answer);
  tse_task_free(out->task);
  tse_leases_free(out->leases);
  tse_results_free(out->results);
  tse_page_free(out->page);
  tse_history_free(out->history);
  tse_changes_free(out->changes);
  tse_stats_free(out->stats);
  tse_stored_result_free(out->stored);
  tse_report_free(out->report);
  memset(out, 0, sizeof *out);
}

static void set_up(struct world *w, const struct scenario *scenario, enum place place) {
  memset(w, 0, sizeof *w);
  remove_files();
  strcpy(w->path, found.path);
  strcpy(w->token, found.token);
  equip(w, found.donor, scenario->needs == NEEDS_NOTHING);
  if (scenario->needs == NEEDS_NOTHING) return;
  if (place == IN_FILE) put_file();
  if (scenario->needs == NEEDS_FILE) return;
  w->tasks = open_at(place == IN_FILE ? w->path : ":memory:");
  if (place == IN_MEMORY) fill(w->tasks, w->token);
  MUST(tse_watch_new(w->tasks, &w->watch, NULL));
  MUST(tse_watch_task(w->watch, ZONE, TSE_NTS, ID("leased"), TSE_NTS, 1000, 8, NULL));
  MUST(tse_watch_claim(w->watch, NULL, NULL));
  if (scenario->needs == NEEDS_LONG_LOG) lengthen_log(w);
}

static void tear_down(struct world *w) {
  free_out(&w->out);
  tse_watch_free(w->watch);
  tse_engine_free(w->tasks);
  unequip(w);
}

static void verify(tse_engine *tasks) {
  tse_report *report = NULL;
  tse_report_view view = TSE_REPORT_VIEW_INIT;
  MUST(tse_verify(tasks, NULL, &report, NULL));
  MUST(tse_report_get(report, &view));
  CHECK(view.ok);
  if (!view.ok) fprintf(stderr, "%s\n", view.text.data);
  tse_report_free(report);
}

static void open_anew(struct world *w) {
  tse_watch_free(w->watch);
  tse_engine_free(w->tasks);
  w->watch = NULL;
  w->tasks = open_at(w->path);
}

/* What is certainly not done is not done either if the process ends here: its files, as whoever comes then finds them.
 */
static void check_crash(struct world *w, const struct scenario *scenario) {
  char log[sizeof found.path + 8];
  char copy[sizeof found.path + 16];
  char copy_of_log[sizeof copy + 8];
  struct stat written;
  snprintf(log, sizeof log, "%s-wal", found.path);
  snprintf(copy, sizeof copy, "%s-crashed", found.path);
  snprintf(copy_of_log, sizeof copy_of_log, "%s-wal", copy);
  if (stat(log, &written) != 0 || written.st_size == 0) return;
  copy_file(found.path, copy);
  copy_file(log, copy_of_log);
  tse_engine *const tasks = w->tasks;
  w->tasks = open_at(copy);
  CHECK(!scenario->done(w));
  tse_engine_free(w->tasks);
  w->tasks = tasks;
}

/* With memory back: what was said is so, and the call succeeds. */
static void check_truth(struct world *w, const struct scenario *scenario, enum place place, int32_t code,
                        int32_t outcome, int may_be_poisoned) {
  const int is_file = scenario->needs >= NEEDS_ENGINE && w->tasks != NULL && place == IN_FILE;
  if (is_file && code != TSE_OK && outcome == TSE_NOT_DONE && scenario->done != NULL) check_crash(w, scenario);
  if (is_file && code != TSE_OK && outcome == TSE_UNKNOWN && may_be_poisoned && is_poisoned(w->tasks)) open_anew(w);
  int done = scenario->done == NULL || scenario->done(w);
  if (code == TSE_OK) CHECK(done);
  if (code != TSE_OK && outcome == TSE_NOT_DONE && scenario->done != NULL) CHECK(!done);
  if (code != TSE_OK && (scenario->done == NULL || !done)) {
    tse_error *error = NULL;
    const int32_t again = scenario->act(w, &error);
    CHECK(again == TSE_OK);
    if (again != TSE_OK) fprintf(stderr, "again: %s\n", tse_code_name(again));
    tse_error_free(error);
    done = scenario->done == NULL || scenario->done(w);
    CHECK(done);
  }
  if (!is_file || w->tasks == NULL) return;
  open_anew(w);
  if (scenario->done != NULL) CHECK(scenario->done(w));
  verify(w->tasks);
}

/* How many allocations failed. */
static long run(const struct scenario *scenario, enum place place, long after, long times) {
  static const struct out nothing;
  struct world w;
  set_up(&w, scenario, place);
  tse_error *error = NULL;
  memory_fail(after, times);
  const int32_t code = scenario->act(&w, &error);
  const long failed = memory_heal();
  CHECK(code == TSE_OK || code == TSE_NO_MEMORY);
  CHECK(failed > 0 || code == TSE_OK);
  int32_t outcome = TSE_NOT_DONE;
  if (code != TSE_OK) {
    CHECK(memcmp(&w.out, &nothing, sizeof nothing) == 0);
    tse_error_view view = TSE_ERROR_VIEW_INIT;
    if (error != NULL) {
      MUST(tse_error_get(error, &view));
      CHECK(view.code == code && view.message.size > 0);
      outcome = view.outcome;
    }
  }
  tse_error_free(error);
  check_truth(&w, scenario, place, code, outcome, times != 1);
  tear_down(&w);
  return failed;
}

static const char *const places[] = {"file", "memory"};

static const char *name_of(const struct scenario *scenario, enum place place, long after, long times) {
  static char name[160];
  char how[32] = "for ever";
  if (times == 1) strcpy(how, "once");
  if (times > 1) snprintf(how, sizeof how, "%ld", times);
  snprintf(name, sizeof name, "%s/%s/%s/%ld", scenario->name, places[place], how, after);
  return name;
}

/* Runs it, and looks whether it leaks: what is made at first use only is made once. Whether anything failed. */
static int run_and_count(const struct scenario *scenario, enum place place, long after, long times) {
  const int faults_before = faults;
  long before = memory_live();
  const long failed = run(scenario, place, after, times);
  for (int again = 0; memory_live() > before && again < 3; again++) {
    before = memory_live();
    run(scenario, place, after, times);
  }
  const long leaked = memory_live() - before;
  CHECK(leaked <= 0);
  if (failed > 0) ++failures;
  if (faults == faults_before) return failed > 0;
  ++violations;
  fprintf(stderr, "TSE_SCENARIO='%s'\n", name_of(scenario, place, after, times));
  return failed > 0 && after < 20000;
}

/* ---- All of them -------------------------------------------------------------------------------- */

static long setting(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text != NULL ? strtol(text, NULL, 10) : otherwise;
}

static time_t began;
static int has_time(void) {
  const long seconds = setting("TSE_SECONDS", 0);
  return seconds == 0 || time(NULL) - began < seconds;
}

/* One in `stride` of the allocations of what needs a file or an engine, there and in memory; the first pass has every
 * one of the rest. `stride` passes are all of them: each fails once, and from then on for ever. After that with more
 * and more behind it. */
static void pass(long number) {
  const long stride = 503;
  const long first = number % stride;
  const long round = number / stride;
  for (size_t i = 0; i < scenario_count; i++) {
    const struct scenario *scenario = &scenarios[i];
    const int is_short = scenario->needs == NEEDS_NOTHING && strncmp(scenario->name, "tse_open", 8) != 0;
    if (is_short && first != 0) continue;
    const enum place last = scenario->needs == NEEDS_ENGINE ? IN_MEMORY : IN_FILE;
    for (int place = IN_FILE; place <= (int)last; place++)
      for (int for_ever = 0; for_ever < (round == 0 ? 2 : 1); for_ever++) {
        long after = first;
        while (has_time() && run_and_count(scenario, (enum place)place, after, for_ever ? -1 : round + 1))
          after += is_short ? 1 : stride;
      }
  }
}

static void run_one(const char *wanted) {
  const char *const slash = strrchr(wanted, '/');
  const long after = slash != NULL ? strtol(slash + 1, NULL, 10) : 0;
  for (size_t i = 0; i < scenario_count; i++)
    for (int place = IN_FILE; place <= IN_MEMORY; place++)
      for (long times = -1; times < 1000; times++)
        if (times != 0 && strcmp(name_of(&scenarios[i], (enum place)place, after, times), wanted) == 0)
          run_and_count(&scenarios[i], (enum place)place, after, times);
  CHECK(failures == 1);
}

/* Every function that the library exports has a scenario. */
static void check_complete(void) {
  FILE *golden = fopen(TSE_GOLDEN, "r");
  char line[512];
  char name[128];
  int functions = 0;
  while (golden != NULL && fgets(line, sizeof line, golden) != NULL) {
    if (sscanf(line, "symbol %127[a-z0-9_]@", name) != 1) continue;
    ++functions;
    int is_there = 0;
    for (size_t i = 0; i < scenario_count; i++) is_there = is_there || strcmp(scenarios[i].function, name) == 0;
    CHECK(is_there);
    if (is_there) continue;
    ++violations;
    fprintf(stderr, "%s has no scenario\n", name);
  }
  CHECK(functions > 0);
  if (golden != NULL) fclose(golden);
}

int main(void) {
  const long seed = setting("TSE_SEED", 1);
  began = time(NULL);
  find_place();
  check_complete();
  const char *const one = getenv("TSE_SCENARIO");
  if (one != NULL) {
    run_one(one);
  } else {
    const long wanted = setting("TSE_OUT_OF_MEMORY", 1);
    const int is_timed = setting("TSE_SECONDS", 0) > 0;
    long number = seed - 1;
    for (; is_timed ? has_time() : failures < wanted; number++) pass(number);
    if (is_timed) printf("time is up within the pass of TSE_SEED=%ld\n", number);
  }
  leave_place();
  printf("campaign: out-of-memory: %ld failures, %ld violations, seed %ld\n", failures, violations, seed);
  return faults == 0 && violations == 0 ? 0 : 1;
}

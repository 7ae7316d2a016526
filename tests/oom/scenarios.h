/* One scenario for each function of the C interface: what must be there before, the call, and what shows that it was
 * carried out. */
#ifndef TSE_TESTS_SCENARIOS_H
#define TSE_TESTS_SCENARIOS_H

#include <taskstate.h>

/* What a scenario finds. All of it is freed after it. */
struct world {
  char path[256];    /* of the file; also "-copy" */
  tse_engine *tasks; /* has a task in every state; NULL for a scenario that needs no engine */
  char token[520];   /* of the lease of the task "leased" */
  tse_options *options;
  tse_call *call;
  tse_cancel_token *cancel;
  tse_batch *batch;
  tse_watch *watch;
  tse_answer *answer;
  tse_task *old_task; /* snapshots that were made before */
  tse_error *old_error;
  tse_leases *old_leases;
  tse_results *old_results;
  tse_page *old_page;
  tse_history *old_history;
  tse_changes *old_changes;
  tse_stats *old_stats;
  tse_stored_result *old_stored;
  tse_report *old_report;

  /* What the call hands out: untouched by a call that fails. */
  struct out {
    tse_engine *tasks;
    tse_options *options;
    tse_call *call;
    tse_cancel_token *cancel;
    tse_batch *batch;
    tse_watch *watch;
    tse_answer *answer;
    tse_task *task;
    tse_leases *leases;
    tse_results *results;
    tse_page *page;
    tse_history *history;
    tse_changes *changes;
    tse_stats *stats;
    tse_stored_result *stored;
    tse_report *report;
  } out;
};

enum needs {
  NEEDS_NOTHING, /* of the file: it is not there */
  NEEDS_FILE,    /* it is there, and closed */
  NEEDS_ENGINE,
  NEEDS_LONG_LOG /* the same, in a file: with so long a log that the next commit needs memory to say where it is */
};

struct scenario {
  const char *function;
  const char *name; /* of the scenario */
  enum needs needs;
  /* The call; its code. */
  int32_t (*act)(struct world *world, tse_error **error);
  /* Whether the change was carried out; NULL: the function changes nothing that could be seen. */
  int (*done)(struct world *world);
};

/* Options with a clock that stands still. */
tse_options *standing_options(void);
/* Fills an engine with a task in every state, and writes the token of the task "leased". */
void fill(tse_engine *tasks, char *token);
/* Commits until the log is that long. */
void lengthen_log(struct world *world);
/* Makes what a scenario finds besides the file and the engine: with all kinds of snapshots, or the usual ones. They
 * are made from the donor. */
void equip(struct world *world, tse_engine *donor, int all);
void unequip(struct world *world);

extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* Ids that are too long for a string object's own memory. */
#define ZONE "a-zone-whose-id-is-too-long-for-a-string-of-its-own"
#define ID(name) "a-task-whose-id-is-too-long-for-a-string-of-its-own-" name

#endif

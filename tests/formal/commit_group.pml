/* The commit group over the write-ahead log: nobody waits for ever, and what was acknowledged outlives a power cut.
 *
 * Callers of one process (CommitGroup::run) and a second process write to one file. An fsync may fail, once or a few
 * times; then the kernel has dropped what it was to write, calls those pages clean, and later fsyncs succeed without
 * them. At any moment the power may fail: of what was not flushed, each log entry and each page may be there or not.
 *
 * A step that the code does under CommitGroup::mutex_ is atomic. The log is one of commits, each with the set of
 * changes in it, and is valid up to the first commit that is missing (SQLite's running checksum). Each change touches two
 * pages of the database, so that a torn one can be told. Deadlines are not modelled (giving up by cancellation is), nor
 * CommitGroup::await_regulars(), which waits for a part of a commit's time at the most.
 *
 * Holds:
 *   - what was acknowledged, or could be read, is there after a power cut at any moment, and nothing is torn;
 *   - the change that is refused is never there, and never keeps its neighbours from being acknowledged;
 *   - every caller returns (liveness, under weak fairness).
 *
 * Controls, each of which must break one of these: ACKNOWLEDGE_UNFLUSHED, CHECKPOINT_OUTSIDE, NO_FENCE, LOG_NOT_ANEW,
 * FAIL_TOGETHER, WAKE_NOT, TAKEN_NOT_REQUEUED.
 */

#ifndef CALLERS
#define CALLERS 3
#endif
#ifndef MOST
#define MOST 2 /* changes in a group: most_changes, store_.max_group() */
#endif
#ifndef FAILURES
#define FAILURES 1
#endif
#ifndef STOPS
#define STOPS 1
#endif

/* The changes, a bit each: one of every caller, a second of caller 0, one of the other process, one of the engine that
 * is opened after a failure. That of the last caller is refused. */
#define FIRST(c) (1 << (c))
#define SECOND (1 << CALLERS)
#define OTHERS (1 << (CALLERS + 1))
#define REOPENED (1 << (CALLERS + 2))
#define REFUSED FIRST(CALLERS - 1)
#define COUNT(c) ((c) == 0 -> 2 : 1)
#define CHANGE(c, i) ((i) == 0 -> FIRST(c) : SECOND)

#ifndef LOG
#define LOG 6
#endif

mtype = { waiting, nudged, leading, taken, done };
mtype = { dirty, kept_on_disk, dropped };

/* ---- The files */

byte log_changes[LOG];
mtype log_state[LOG];
byte log_end;     /* commits that are in the file, as far as this boot sees */
byte log_visible; /* those that the WAL index tells of */
byte backfilled;  /* nBackfill */

byte page_a, page_b, disk_a, disk_b; /* as this boot sees them, and on the disk */
bool dirty_a, dirty_b;

byte failures;
byte seen;         /* what somebody was told, or could have read */
byte acknowledged;
byte lock = 255;   /* WriteLock, and Turn within a process */
bool others = true; /* another process has the file open */

inline union(into, upto) {
  into = 0;
  i = 0;
  do
  :: i < upto -> into = into | log_changes[i]; i++
  :: else -> break
  od;
  i = 0
}

/* Writer::run_transaction() up to the COMMIT's frames. Where all of the log is in the database, it begins anew. */
inline append(changes) {
  d_step {
    if
    :: log_visible > 0 && backfilled == log_visible -> log_visible = 0; log_end = 0; backfilled = 0
    :: else
    fi;
    log_changes[log_visible] = changes;
    log_state[log_visible] = dirty;
    log_end = log_visible + 1;
    /* What was behind it does not follow upon it. */
    i = log_end;
    do
    :: i < LOG -> log_changes[i] = 0; log_state[i] = 0; i++
    :: else -> break
    od;
    i = 0
  }
}

inline publish() {
  log_visible++;
  seen = seen | log_changes[log_visible - 1]
}

/* fsync of the log. What could not be written is on the disk, or will never be. */
inline flush_log(failed) {
  atomic {
    failed = false;
    if
    :: failures < FAILURES -> failed = true; failures++
    :: true
    fi;
    i = 0;
    do
    :: i < log_end ->
      if
      :: log_state[i] == dirty && failed -> log_state[i] = dropped
      :: log_state[i] == dirty -> log_state[i] = kept_on_disk
      :: else
      fi;
      i++
    :: else -> break
    od;
    i = 0
  }
}

inline flush_pages(failed) {
  atomic {
    failed = false;
    if
    :: failures < FAILURES -> failed = true; failures++
    :: true
    fi;
    if
    :: dirty_a -> if :: !failed -> disk_a = page_a :: failed fi
    :: else
    fi;
    /* One page of two may have come to the disk before the failure. */
    if
    :: dirty_b -> disk_b = page_b
    :: else
    fi;
    dirty_a = false;
    dirty_b = false
  }
}

/* checkpoint(): SQLite flushes the log, copies it page by page, flushes the database, and says how far it came. */
inline checkpoint(truncates, failed) {
  d_step { upto = log_visible; union(copied, upto) };
  flush_log(failed);
  if
  :: failed
  :: else ->
    d_step { page_a = page_a | copied; dirty_a = true };
    d_step { page_b = page_b | copied; dirty_b = true };
    flush_pages(failed);
    if
    :: failed
    :: else ->
      d_step {
        backfilled = upto;
        if
        :: truncates -> log_visible = 0; log_end = 0; backfilled = 0
        :: else
        fi;
        upto = 0;
        copied = 0
      }
    fi
  fi
}

/* ---- The power fails, at any one moment: whatever may be left must be right. */

proctype Power() {
  byte i, least, most, upto, in_log, a, b, choice;
  d_step {
    i = 0;
    do
    :: i < log_end && log_state[i] == kept_on_disk -> i++
    :: else -> break
    od;
    least = i;
    do
    :: i < log_end && log_state[i] != dropped -> i++
    :: else -> break
    od;
    most = i;
    for (upto : least .. most) {
      in_log = 0;
      i = 0;
      do
      :: i < upto -> in_log = in_log | log_changes[i]; i++
      :: else -> break
      od;
      for (choice : 0 .. 3) {
        a = ((choice & 1) && dirty_a -> page_a : disk_a) | in_log;
        b = ((choice & 2) && dirty_b -> page_b : disk_b) | in_log;
        assert(a == b);                       /* nothing is torn */
        assert((acknowledged & ~a) == 0);     /* nothing acknowledged is lost */
        assert((seen & ~a) == 0);             /* nothing that could be read is lost */
        assert((a & REFUSED) == 0)
      }
    }
  }
}

/* ---- The group of one engine */

chan queue = [CALLERS] of { byte };
bool led;
mtype state[CALLERS];
bool asleep[CALLERS];
bool stopped[CALLERS];
byte next[CALLERS];    /* Waiter::next */
byte returned;
byte done_changes;     /* whose error is none */
byte refused_changes;  /* whose own error is told */
bool poisoned;         /* Gate::poison() */

/* The group under way (CommitGroup::Group), of which there is one at a time. */
bool in_group[CALLERS];
byte group_size, group_waiters, group_changes;

/* futex::wait() and futex::wake_one(). The kernel compares and falls asleep at once. */
inline wait(c, expected) {
  atomic {
    if
    :: state[c] == expected -> asleep[c] = true
    :: else
    fi
  };
  !asleep[c]
}
inline wake(c) { asleep[c] = false }

/* CommitGroup::withdraw() */
inline withdraw(c) {
  atomic {
    if
    :: state[c] == waiting || state[c] == nudged ->
      queue ?? eval(c);
      next[c] = COUNT(c);
      state[c] = done
    :: else
    fi
  }
}

inline add(w) {
  in_group[w] = true;
  group_waiters++
}
inline add_change(w) {
  group_changes = group_changes | CHANGE(w, next[w]);
  next[w]++;
  group_size++
}

/* CommitGroup::take(): one change of each first, then of those that have more. */
inline take(c) {
  atomic {
    add(c);
    do
    :: group_waiters < MOST && len(queue) > 0 ->
      queue ? w;
      state[w] = taken;
      add(w)
    :: else -> break
    od;
    for (w : 0 .. CALLERS - 1) {
      if
      :: in_group[w] && group_size < MOST -> add_change(w)
      :: else
      fi
    }
    for (w : 0 .. CALLERS - 1) {
      if
      :: in_group[w] && group_size < MOST && next[w] < COUNT(w) -> add_change(w)
      :: else
      fi
    }
  }
}

/* Writer::commit(): a change that is refused is taken out (run_change), the others are committed. */
inline commit() {
#ifdef FAIL_TOGETHER
  if
  :: group_changes & REFUSED -> refused_changes = refused_changes | group_changes; group_changes = 0
  :: else
  fi;
#else
  d_step {
    refused_changes = refused_changes | (group_changes & REFUSED);
    group_changes = group_changes & ~REFUSED
  };
#endif
#ifdef ALONE
  done_changes = done_changes | group_changes;
#else
  if
  :: group_changes == 0
  :: else ->
    append(group_changes);
#ifdef ACKNOWLEDGE_UNFLUSHED
    failed = false;
#else
    flush_log(failed);
#endif
    if
    :: failed ->
      poisoned = true;
      failed = false
    :: else ->
      d_step {
        publish();
        done_changes = done_changes | group_changes
      };
#ifndef CHECKPOINT_OUTSIDE
      /* Writer::checkpoint_if_due(): RESTART */
      if
      :: true -> checkpoint(false, failed); poisoned = poisoned || failed; failed = false
      :: true
      fi
#endif
    fi
  fi
#endif
}

/* CommitGroup::settle() */
inline settle() {
  atomic {
    served = 0;
    for (w : 0 .. CALLERS - 1) {
      if
      :: in_group[w] && stopped[w] -> next[w] = COUNT(w)
      :: else
      fi;
      if
      :: in_group[w] && next[w] < COUNT(w) ->
        in_group[w] = false;
#ifndef TAKEN_NOT_REQUEUED
        queue ! w;
#endif
        state[w] = waiting;
        wake(w)
      :: in_group[w] && next[w] == COUNT(w) ->
        in_group[w] = false;
        served = served | (1 << w)
      :: else
      fi
    }
    group_size = 0;
    group_waiters = 0;
    group_changes = 0
  }
}

/* CommitGroup::end_lead(): the next leader is woken before those that are done. */
inline end_lead(c) {
  atomic {
    next_leader = CALLERS;
    if
    :: len(queue) > 0 -> queue ? next_leader; state[next_leader] = leading
    :: else -> led = false
    fi
  };
  if
  :: next_leader < CALLERS && next_leader != c -> wake(next_leader)
  :: else
  fi;
  for (w : 0 .. CALLERS - 1) {
    if
    :: served & (1 << w) ->
      state[w] = done;
#ifndef WAKE_NOT
      wake(w)
#endif
    :: else
    fi
  };
  atomic { served = 0; next_leader = 0; w = 0 }
}

/* CommitGroup::lead(). Without its turn the leader gives up what it has. */
inline lead(c) {
  if
  :: atomic { lock == 255 && !poisoned -> lock = c };
    take(c);
    commit();
    lock = 255
  :: atomic { poisoned || stopped[c] -> next[c] = COUNT(c); in_group[c] = true }
  fi;
  settle();
  end_lead(c)
}

/* CommitGroup::run() */
proctype Caller(byte c) {
  byte w, i, next_leader, served, upto, copied;
  bool failed;
  /* CommitGroup::enqueue() */
  atomic {
    if
    :: !led -> led = true; state[c] = leading
    :: else -> state[c] = waiting; queue ! c
    fi
  };
  do
  :: state[c] == done -> break
  :: state[c] == leading -> lead(c)
  :: state[c] == taken -> wait(c, taken)
  :: state[c] == waiting || state[c] == nudged ->
    if
    :: stopped[c] -> withdraw(c)
    :: !stopped[c] -> wait(c, waiting)
    fi
  od;
  atomic {
    acknowledged = acknowledged | (done_changes & FIRST(c));
    if
    :: c == 0 -> acknowledged = acknowledged | (done_changes & SECOND)
    :: else
    fi;
    /* Whose change is good is not told that it was refused. */
    assert((refused_changes & ~REFUSED) == 0);
    assert(!asleep[c]);
    returned++
  }
}

/* A stop is requested: std::stop_callback calls Waiter::nudge(). */
proctype Stopper(byte c) {
  bool was_waiting;
  stopped[c] = true;
  atomic {
    was_waiting = state[c] == waiting;
    if
    :: was_waiting -> state[c] = nudged
    :: else
    fi
  };
  if
  :: was_waiting -> wake(c)
  :: else
  fi
}

/* ---- Another process: its engine commits once, and checkpoints. */

proctype Other() {
  byte i, upto, copied;
  bool failed;
  atomic { lock == 255 -> lock = CALLERS };
  append(OTHERS);
  flush_log(failed);
  if
  :: failed
  :: else ->
    d_step { publish(); acknowledged = acknowledged | OTHERS };
#ifdef CHECKPOINT_OUTSIDE
    lock = 255;
    checkpoint(false, failed);
    checkpoint(false, failed)
#else
    checkpoint(false, failed)
#endif
  fi;
  if
  :: lock == CALLERS -> lock = 255
  :: else
  fi;
  others = false
}

/* ---- After a failure the host opens the file anew: set_up(), then a change. */

proctype Reopening() {
  byte i, upto, copied;
  bool failed;
end:
  atomic { poisoned && lock == 255 -> lock = CALLERS + 1 };
  /* Where no other process has the file open, SQLite recovers: it takes for committed what it finds in the log. */
  if
  :: !others -> d_step { log_visible = log_end }
  :: others
  fi;
#ifndef NO_FENCE
  /* end_doubt() */
#ifndef LOG_NOT_ANEW
  d_step {
    i = 0;
    do
    :: i < log_end ->
      if
      :: log_state[i] == dropped -> log_state[i] = dirty
      :: else
      fi;
      i++
    :: else -> break
    od;
    i = 0
  };
#endif
  append(0);
  flush_log(failed);
  if
  :: failed -> goto given_up
  :: else -> publish()
  fi;
  checkpoint(true, failed);
  if
  :: failed -> goto given_up
  :: else
  fi;
#endif
  /* From here on it answers. */
  d_step { union(copied, log_visible); seen = seen | copied | page_a; copied = 0 };
  append(REOPENED);
  flush_log(failed);
  if
  :: failed
  :: else -> d_step { publish(); acknowledged = acknowledged | REOPENED }
  fi;
given_up:
  lock = 255
}

init {
  byte c;
  atomic {
    for (c : 0 .. CALLERS - 1) { run Caller(c) }
#if STOPS > 0
    for (c : 1 .. STOPS) { run Stopper(c - 1) }
#endif
#ifndef ALONE
    run Other();
    run Reopening();
    run Power()
#endif
  }
}

#ifdef LIVENESS
ltl everyone_returns { <> (returned == CALLERS) }
#endif

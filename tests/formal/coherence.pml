/* Kept answers: a poll gives nothing older than what was acknowledged, or seen by an earlier poll, before it began.
 *
 * One task, whose state is the number of its latest change. Writers, in this process or another, commit changes; one
 * restores an older content, after which numbers are given out again (CONTENT times the content is added to them). The
 * WAL index's header is stored word by word (wal_index.hpp), and so is the published stamp, under a sequence lock
 * (AnswerCache::Published). Pollers are threads of one process that share the table (Engine::decide).
 *
 * Each commit makes all words of the stamp new. A row is read in one snapshot, which SQLite takes from a header that is
 * wholly stored; so a change can be read once both words are there, and is acknowledged after that.
 *
 * Controls, each of which must break it: NO_DROP, STAMP_AFTER_NEWS, KEEP_WRONG, NO_LANDMARK.
 */

#ifndef WRITES
#define WRITES 2
#endif
#ifndef POLLERS
#define POLLERS 2
#endif
#ifndef POLLS
#define POLLS 2
#endif

#ifndef RESTORES
#define RESTORES 1
#endif

#define NONE 255
#define CONTENT 16

/* The file. */
byte word_1, word_2; /* of the WAL index */
byte committed;      /* what a reader's snapshot shows, and the newest event */
byte known;          /* what somebody was told: no later poll may give less */
bool writing;        /* the write lock */

/* AnswerCache: the entry, the newest event that the table knows of, the stamp for which it is right. */
byte entry = NONE, latest, right_1, right_2;
bool busy; /* mutex_ */
byte turn, published_1, published_2;

inline commit(state) {
  word_1 = state;
  atomic { word_2 = state; committed = state };
  known = state;
  writing = false
}

proctype Writer() {
  byte i, next;
  for (i : 1 .. WRITES) {
    atomic { !writing -> writing = true; next = committed + 1 };
    commit(next)
  }
}

#if RESTORES > 0
/* Another content, in which nothing has happened yet. */
proctype Restorer() {
  byte i, next;
  for (i : 1 .. RESTORES) {
    atomic { !writing -> writing = true; next = (committed / CONTENT + 1) * CONTENT };
    commit(next)
  }
}
#endif

/* AnswerCache::find(): the stamp is read first, and then compared with the published one. */
inline find() {
  s_1 = word_1;
  s_2 = word_2;
  t = turn;
  result = NONE;
  if
  :: t == 0 || t % 2 == 1
  :: else ->
    p_1 = published_1;
    p_2 = published_2;
    if
    :: p_1 == s_1 && p_2 == s_2 && turn == t -> current = true
    :: else
    fi
  fi;
  if
  :: current -> result = entry
  :: else
  fi;
  p_1 = 0;
  p_2 = 0;
  t = 0
}

/* AnswerCache::catch_up() */
inline catch_up() {
  if
  :: atomic { !busy -> busy = true };
#ifndef STAMP_AFTER_NEWS
    s_1 = word_1;
    s_2 = word_2;
#endif
    if
    :: s_1 == right_1 && s_2 == right_2
    :: else ->
      /* Store::news(): one statement, so one snapshot. */
      news = committed;
#ifndef NO_DROP
      if
      :: news % CONTENT != latest % CONTENT -> entry = NONE
#ifndef NO_LANDMARK
      :: news / CONTENT != latest / CONTENT -> entry = NONE /* the event that was known is another one, or gone */
#endif
      :: else
      fi;
#endif
      latest = news;
#ifdef STAMP_AFTER_NEWS
      s_1 = word_1;
      s_2 = word_2;
#endif
      right_1 = s_1;
      right_2 = s_2;
      turn++;
      published_1 = s_1;
      published_2 = s_2;
      turn++;
      news = 0
    fi;
    busy = false
  :: busy /* another thread catches up; it is not waited for */
  fi
}

/* Engine::seek(): proven(), Store::answer(), keep(). */
inline seek() {
  current = false;
  find();
  result = committed;
  proven = current && word_1 == s_1;
  proven = proven && word_2 == s_2;
  if
  :: atomic { proven && !busy -> busy = true };
    if
#ifdef KEEP_WRONG
    :: entry == NONE -> entry = result
#else
    :: right_1 == s_1 && right_2 == s_2 && entry == NONE -> entry = result
#endif
    :: else
    fi;
    busy = false
  :: !proven || busy
  fi
}

proctype Poller() {
  byte floor, result, s_1, s_2, p_1, p_2, t, news, polls;
  bool current, proven;
  do
  :: polls == POLLS -> break
  :: polls < POLLS ->
    polls++;
    floor = known;
    find();
    if
    :: current
    :: else -> catch_up(); current = false; find()
    fi;
    if
    :: current && result != NONE
    :: else -> seek()
    fi;
    assert(result >= floor);
    d_step {
      if
      :: result > known -> known = result
      :: else
      fi
    };
    atomic {
      floor = 0;
      result = 0;
      s_1 = 0;
      s_2 = 0;
      current = false;
      proven = false
    }
  od
}

init {
  byte i;
  atomic {
    run Writer();
#if RESTORES > 0
    run Restorer();
#endif
    for (i : 1 .. POLLERS) { run Poller() }
  }
}

/* The write lock between processes: the turnstile, the lock, and the words in the sidecar on which one sleeps for each.
 *
 * WriteLock::lock() and unlock(). Both locks are the kernel's and go with their holder; the words only say when to try
 * again. A process may die at any step; it then tells nobody, and sleepers look by themselves after a millisecond. That
 * look is possible here only once somebody has died: without deaths the words alone must suffice.
 *
 * Holds:
 *   - one process at a time writes;
 *   - nobody sleeps for ever: every process comes to an end, without a look as long as nobody died.
 *
 * Controls, each of which must break one of these: READ_LATE, TELL_EARLY, TELL_WITHOUT_COUNTING, NO_LOOK, NO_LOCK.
 */

#ifndef PROCESSES
#define PROCESSES 3
#endif
#ifndef TURNS
#define TURNS 1
#endif
#ifndef DEATHS
#define DEATHS 1
#endif

#define FREE 255

byte turnstile = FREE; /* F_OFD_SETLK of byte 4,096 */
byte lock = FREE;      /* flock */
byte passed, freed;    /* the words; counted on for so long that no value comes back while one sleeps */
byte asleep_on[PROCESSES]; /* 0: awake, 1: on passed, 2: on freed */
bool killed[PROCESSES];
byte deaths;
byte writer = FREE;

#define PASSED 1
#define FREED 2

/* FUTEX_WAKE of one. The kernel wakes who has slept longest; here any one. */
inline wake(which) {
  atomic {
    if
    :: asleep_on[0] == which -> asleep_on[0] = 0
    :: asleep_on[1] == which -> asleep_on[1] = 0
#if PROCESSES > 2
    :: asleep_on[2] == which -> asleep_on[2] = 0
#endif
#if PROCESSES > 3
    :: asleep_on[3] == which -> asleep_on[3] = 0
#endif
    :: else
    fi
  }
}

/* WriteLock::tell() */
inline tell(word, which) {
#ifndef TELL_WITHOUT_COUNTING
  word++;
#endif
  wake(which)
}

/* FUTEX_WAIT: asleep only if the word is still what was seen; until it is woken, or looks by itself. */
inline sleep(word, which) {
  atomic {
    if
    :: word == seen -> asleep_on[me] = which
    :: else
    fi
  };
  do
  :: asleep_on[me] == 0 -> break
#ifndef NO_LOOK
  :: atomic { deaths > 0 && asleep_on[me] != 0 -> asleep_on[me] = 0 }
#endif
  od
}

#ifdef NO_LOCK
#define MAY_TAKE(held) true
#else
#define MAY_TAKE(held) (held == FREE)
#endif

/* The lambda `wait` in WriteLock::lock(): the word is read before the attempt. */
inline take(held, word, which) {
  do
  ::
#ifndef READ_LATE
    seen = word;
#endif
    if
    :: atomic { MAY_TAKE(held) -> held = me; seen = 0; break }
    :: held != FREE
    fi;
#ifdef READ_LATE
    seen = word;
#endif
    sleep(word, which)
  od
}

/* It may die wherever it is: asleep, with the turnstile, with the lock, or having let go without a word. */
proctype Process(byte me) {
  byte seen, turns;
  {
    do
    :: turns == TURNS -> break
    :: turns < TURNS ->
      turns++;
      take(turnstile, passed, PASSED);
      take(lock, freed, FREED);
      /* leave_turnstile() */
#ifdef TELL_EARLY
      tell(passed, PASSED);
      turnstile = FREE;
#else
      turnstile = FREE;
      tell(passed, PASSED);
#endif
      assert(writer == FREE);
      writer = me;
      /* unlock() */
      atomic { writer = FREE; lock = FREE };
      tell(freed, FREED)
    od
  } unless {
    atomic {
      killed[me] ->
      if
      :: turnstile == me -> turnstile = FREE
      :: else
      fi;
      if
      :: lock == me -> lock = FREE
      :: else
      fi;
      if
      :: writer == me -> writer = FREE
      :: else
      fi;
      asleep_on[me] = 0
    }
  }
}

proctype Killer() {
  byte victim;
end:
  do
  :: atomic { deaths < DEATHS -> deaths++; select(victim : 0 .. PROCESSES - 1); killed[victim] = true; victim = 0 }
  od
}

init {
  byte i;
  atomic {
    for (i : 0 .. PROCESSES - 1) { run Process(i) }
    run Killer()
  }
}

/* Leases: who may end a task, whatever dies, whichever clock jumps and whichever backup comes back.
 *
 * One task in one file. Every atomic step that touches the file is one write transaction, which the write lock and
 * BEGIN IMMEDIATE make of it (Writer::run_transaction). Any number of engines is the same as one here.
 *
 * The clock that decides when to give up on a worker is the boot clock (system_lease_clock); the time here is real time,
 * and a boot's clock begins at 0. The wall clock appears in the controls only: nothing in a lease reads it.
 *
 * Holds:
 *   - a task is completed once at the most, and only by the worker that holds it now;
 *   - no epoch is handed out twice under one generation of the file, and no two files have the same generation;
 *   - within one boot no lease ends before its time.
 *
 * Controls, each of which must break one of these: NO_EPOCH, NO_GENERATION, NO_HOLDER, EPOCH_OF_THE_TASK,
 * RELAXED_CLAIM, NO_TRANSACTION, WALL_CLOCK.
 */

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 2
#endif
#ifndef TIME
#define TIME 3
#endif
#ifndef LEASE
#define LEASE 1
#endif
#ifndef CUTS
#define CUTS 1
#endif
#ifndef RESTORES
#define RESTORES 1
#endif
#ifndef PURGES
#define PURGES 1
#endif

#define NOBODY 15

#define PENDING 0
#define RUNNING 1
#define COMPLETED 2
#define FAILED 3

/* taskstate_meta, and the row of the task. */
typedef File {
  byte generation;
  byte epochs;      /* taskstate_meta.epoch */
  byte status;
  byte epoch;       /* of the latest lease; 0: never leased */
  bool held;        /* lease_until is not NULL */
  byte until;       /* lease_until */
  byte boot;        /* lease_clock */
  byte attempt;
  bool has_outcome; /* outcome_digest is not NULL */
  /* What no file holds: */
  byte holder;      /* who was given the current lease by this very file */
  byte renewed_at;  /* the real time at which the lease was granted or prolonged */
  byte completions;
};

File now_;   /* what the next transaction reads */
File disk;   /* what a power cut leaves of it: a heartbeat is not flushed (Durability::relaxed) */
File backup;
bool has_backup;

byte time, booted_at, boot;
byte generations = 1;
byte cuts, restores, purges;

/* The epochs that were handed out, a bit for each, by generation. */
short given[RESTORES + 1];

#ifdef WALL_CLOCK
byte wall;
#define LEASE_NOW wall
#else
#define LEASE_NOW (time - booted_at)
#endif

inline copy(to, from) {
  to.generation = from.generation;
  to.epochs = from.epochs;
  to.status = from.status;
  to.epoch = from.epoch;
  to.held = from.held;
  to.until = from.until;
  to.boot = from.boot;
  to.attempt = from.attempt;
  to.has_outcome = from.has_outcome;
  to.holder = from.holder;
  to.renewed_at = from.renewed_at;
  to.completions = from.completions
}

inline commit() { copy(disk, now_) }

inline drop_lease() {
  now_.held = false;
  now_.until = 0;
  now_.boot = 0;
  now_.renewed_at = 0;
  now_.holder = NOBODY
}

/* keep_house(): the end of a lease of another boot has come; of this one, if the clock says so (EndLease). */
inline keep_house() {
  if
  :: now_.held && (now_.boot != boot || now_.until <= LEASE_NOW) ->
    assert(now_.boot != boot || time - now_.renewed_at >= LEASE);
    drop_lease();
    if
    :: now_.attempt >= ATTEMPTS -> now_.status = FAILED
    :: else
    fi
  :: else
  fi
}

/* Engine::take() and grant(): what is due comes first. The task is pending, or offered again (is_offered_again). */
inline claim() {
  keep_house();
  if
  :: now_.status == PENDING ||
     (now_.status == RUNNING && now_.epoch > 0 && !now_.held && now_.attempt < ATTEMPTS) ->
#ifdef EPOCH_OF_THE_TASK
    now_.epoch++;
#else
    now_.epochs++;
    now_.epoch = now_.epochs;
#endif
    assert(!(given[now_.generation] & (1 << now_.epoch)));
    given[now_.generation] = given[now_.generation] | (1 << now_.epoch);
    now_.status = RUNNING;
    now_.attempt++;
    now_.held = true;
    now_.until = LEASE_NOW + LEASE;
    now_.boot = boot;
    now_.holder = _pid;
    now_.renewed_at = time;
    generation = now_.generation;
    epoch = now_.epoch
  :: else
  fi;
#ifndef RELAXED_CLAIM
  commit()
#endif
}

/* Engine::lease_in() and is_current(). */
#ifdef NO_GENERATION
#define OF_THIS_FILE true
#else
#define OF_THIS_FILE (generation == now_.generation)
#endif
#ifdef NO_EPOCH
#define IS_LATEST true
#else
#define IS_LATEST (now_.epoch == epoch)
#endif
#ifdef NO_HOLDER
#define IS_HELD true
#else
#define IS_HELD now_.held
#endif
#define IS_CURRENT \
  (epoch > 0 && OF_THIS_FILE && IS_LATEST && (now_.status >= COMPLETED -> now_.has_outcome : IS_HELD))

/* Application::operator()(const Heartbeat&). It is not flushed. */
inline heartbeat() {
  if
  :: IS_CURRENT && now_.status == RUNNING ->
    now_.until = LEASE_NOW + LEASE;
    now_.boot = boot;
    now_.renewed_at = time
  :: else /* lease_lost */
  fi
}

/* Application::end(). The very same outcome once more changes nothing (is_repetition). */
inline complete() {
  assert(now_.holder == _pid);
  now_.completions++;
  assert(now_.completions == 1);
  now_.status = COMPLETED;
  now_.has_outcome = true;
  drop_lease();
  commit()
}

/* A worker keeps its last token for ever, dead or alive, and may show it at any moment. */
proctype Worker() {
  byte generation, epoch;
end:
  do
  :: atomic { now_.status < COMPLETED -> claim() }
  :: atomic { epoch > 0 && now_.held -> heartbeat() }
#ifdef NO_TRANSACTION
  :: atomic { IS_CURRENT && now_.status == RUNNING }; atomic { complete() }
#else
  :: atomic { IS_CURRENT && now_.status == RUNNING -> complete() }
#endif
  od
}

proctype Housekeeper() {
end:
  do
  :: atomic { now_.held -> keep_house(); commit() }
  od
}

proctype World() {
  byte jump;
end:
  do
  :: atomic { time < TIME -> time++ }
#ifdef WALL_CLOCK
  :: atomic { select(jump : 0 .. TIME); wall = jump }
#endif
  /* The power fails: what was not flushed is lost, and another boot begins. A token may outlive it on a disk. */
  :: atomic {
       cuts < CUTS ->
       cuts++;
       copy(now_, disk);
       boot++;
       booted_at = time
     }
  /* backup(): a copy with a generation of its own (make_its_own). */
  :: atomic {
       restores < RESTORES && !has_backup ->
       copy(backup, now_);
       backup.generation = generations;
       generations++;
       has_backup = true
     }
  /* It takes the file's place while no engine has it open. Nobody was given a lease by this very file. */
  :: atomic {
       has_backup ->
       copy(now_, backup);
       now_.holder = NOBODY;
       commit();
       has_backup = false;
       restores++
     }
  /* A task that has ended is purged, and its id used anew. */
  :: atomic {
       purges < PURGES && now_.status >= COMPLETED ->
       purges++;
       now_.status = PENDING;
       now_.epoch = 0;
       now_.attempt = 0;
       now_.has_outcome = false;
       now_.completions = 0;
       commit()
     }
  od
}

init {
  byte i;
  atomic {
    now_.holder = NOBODY;
    commit();
    for (i : 1 .. WORKERS) { run Worker() }
    run Housekeeper();
    run World()
  }
}

-- Schema version 1. Every rule that SQL can state is stated here, because any SQL client may write to the
-- file; what is only checkable with the whole task in hand is checked by the engine and by verify.
-- RAISE(ABORT) throughout, never ROLLBACK: a refused statement must not take its neighbours with it.
-- A NULL must not slip through a guard: a comparison with it is neither true nor false, and OR REPLACE puts the column's
-- default in its place once the guard has passed it. So guards say IS and IS NOT.
-- No IN with more than two values in what each change runs: SQLite would fill a table of its own with them each time.

CREATE TABLE taskstate_meta (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  schema      INTEGER NOT NULL,
  min_reader  INTEGER NOT NULL,
  min_writer  INTEGER NOT NULL,
  generation  TEXT NOT NULL CHECK (length(generation) = 32 AND generation NOT GLOB '*[^0-9a-f]*'),
  epoch       INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0),
  zone_turn   TEXT NOT NULL DEFAULT '',  -- the zone that a claim served last
  feed_floor  INTEGER NOT NULL DEFAULT 0 CHECK (feed_floor >= 0),  -- purges up to this event are no longer told
  purged_through INTEGER NOT NULL DEFAULT 0 CHECK (purged_through >= feed_floor),  -- no event behind it is missing
  purging_at  INTEGER,  -- the time of the purge under way; NULL: by the clock of whoever deletes
  fence       INTEGER NOT NULL DEFAULT 0 CHECK (fence >= 0)
) STRICT;

CREATE TABLE taskstate_tasks (
  seq INTEGER PRIMARY KEY CHECK (seq > 0),
  zone_id TEXT NOT NULL CHECK (length(CAST(zone_id AS BLOB)) BETWEEN 1 AND 128
    AND length(zone_id) = length(CAST(zone_id AS BLOB))
    AND zone_id NOT GLOB '*[^A-Za-z0-9._~-]*' AND zone_id NOT IN ('.', '..')),
  id TEXT NOT NULL CHECK (length(CAST(id AS BLOB)) BETWEEN 1 AND 128
    AND length(id) = length(CAST(id AS BLOB))
    AND id NOT GLOB '*[^A-Za-z0-9._~-]*' AND id NOT IN ('.', '..')),
  created_at INTEGER NOT NULL
    DEFAULT (CAST(strftime('%s', 'now') AS INTEGER) * 1000000 + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000)
    CHECK (created_at BETWEEN -62167219200000000 AND 253402300799999999),
  operation TEXT NOT NULL CHECK (length(CAST(operation AS BLOB)) BETWEEN 1 AND 32
    AND length(operation) = length(CAST(operation AS BLOB))
    AND operation GLOB '[a-z]*' AND operation NOT GLOB '*[^a-z0-9_]*'),
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status = 'pending' OR status = 'running' OR status = 'completed' OR status = 'failed'),
  updated_at INTEGER NOT NULL
    DEFAULT (CAST(strftime('%s', 'now') AS INTEGER) * 1000000 + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000)
    CHECK (updated_at <= 253402300799999999),
  error_message TEXT CHECK (length(CAST(error_message AS BLOB)) BETWEEN 1 AND 16384
    AND instr(CAST(error_message AS BLOB), x'00') = 0),
  install_id TEXT CHECK (length(CAST(install_id AS BLOB)) BETWEEN 1 AND 512
    AND instr(CAST(install_id AS BLOB), x'00') = 0 AND install_id NOT IN ('.', '..')
    AND install_id NOT GLOB '*[' || char(1, 45, 31, 127, 45, 159) || ']*'),
  links TEXT CHECK (length(CAST(links AS BLOB)) <= 1048576 AND links GLOB '[[]{*}]'),
  package_id TEXT CHECK (length(CAST(package_id AS BLOB)) BETWEEN 1 AND 512
    AND instr(CAST(package_id AS BLOB), x'00') = 0
    AND package_id NOT GLOB '*[' || char(1, 45, 31, 127, 45, 159) || ']*'),
  package_slug TEXT CHECK (length(CAST(package_slug AS BLOB)) BETWEEN 1 AND 512
    AND instr(CAST(package_slug AS BLOB), x'00') = 0
    AND package_slug NOT GLOB '*[' || char(1, 45, 31, 127, 45, 159) || ']*'),
  package_version INTEGER CHECK (package_version BETWEEN 0 AND 9007199254740991),
  warnings TEXT CHECK (length(CAST(warnings AS BLOB)) <= 1048576 AND warnings GLOB '[[]{*}]'),

  -- Hidden from the wire.
  result_href TEXT CHECK (length(result_href) = length(CAST(result_href AS BLOB))
    AND result_href GLOB '/*' AND result_href NOT GLOB '//*'
    AND result_href NOT GLOB '*[^!-~]*' AND instr(result_href, '\') = 0),
  revision INTEGER NOT NULL DEFAULT 1 CHECK (revision >= 1),
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= revision),
  epoch INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0),
  lease_until INTEGER,
  lease_clock TEXT CHECK (length(CAST(lease_clock AS BLOB)) BETWEEN 1 AND 128),
  worker TEXT CHECK (length(CAST(worker AS BLOB)) <= 512),
  attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  max_attempts INTEGER NOT NULL DEFAULT 1 CHECK (max_attempts BETWEEN 1 AND 1000),
  not_before INTEGER,
  start_by INTEGER,
  priority INTEGER NOT NULL DEFAULT 0,
  cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
  failure_kind TEXT CHECK (failure_kind = 'failed' OR failure_kind = 'cancelled' OR failure_kind = 'expired' OR failure_kind = 'lost'),
  error_detail TEXT CHECK (length(CAST(error_detail AS BLOB)) <= 1048576),
  client_request_id TEXT CHECK (length(CAST(client_request_id AS BLOB)) BETWEEN 1 AND 128),
  traceparent TEXT CHECK (length(CAST(traceparent AS BLOB)) BETWEEN 1 AND 128),
  outcome_digest INTEGER,

  -- What the event trigger reads: who made the row as it now is, and why.
  event_kind TEXT NOT NULL DEFAULT 'created' CHECK (length(CAST(event_kind AS BLOB)) BETWEEN 1 AND 32
    AND event_kind NOT GLOB '*[^a-z_]*'),
  event_worker TEXT CHECK (length(CAST(event_worker AS BLOB)) <= 512),
  event_request_id TEXT CHECK (length(CAST(event_request_id AS BLOB)) BETWEEN 1 AND 128),
  event_traceparent TEXT CHECK (length(CAST(event_traceparent AS BLOB)) BETWEEN 1 AND 128),
  event_message TEXT CHECK (length(CAST(event_message AS BLOB)) <= 16384),
  event_detail TEXT CHECK (length(CAST(event_detail AS BLOB)) <= 1048576),

  -- The rendered wire form; NULL, or of another format: rendered when read.
  body TEXT CHECK (length(CAST(body AS BLOB)) <= 1048576),
  body_format INTEGER NOT NULL DEFAULT 1,

  UNIQUE (zone_id, id),
  CHECK (created_at <= updated_at),
  CHECK ((status = 'failed') = (error_message IS NOT NULL)),
  CHECK (failure_kind IS NULL OR status = 'failed'),
  CHECK ((lease_until IS NULL) = (lease_clock IS NULL)),
  CHECK (status <> 'completed' OR install_id IS NOT NULL OR result_href IS NOT NULL),
  CHECK (operation <> 'delete' OR install_id IS NOT NULL)
) STRICT;

CREATE INDEX taskstate_tasks_list ON taskstate_tasks (zone_id, created_at, id);
CREATE INDEX taskstate_tasks_runnable ON taskstate_tasks (operation, zone_id, seq)
  WHERE status = 'pending' AND not_before IS NULL;
CREATE INDEX taskstate_tasks_released ON taskstate_tasks (operation, zone_id, seq)
  WHERE status = 'running' AND not_before IS NULL AND epoch > 0 AND lease_until IS NULL AND attempt < max_attempts;
CREATE INDEX taskstate_tasks_lease ON taskstate_tasks (lease_clock, lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX taskstate_tasks_not_before ON taskstate_tasks (not_before)
  WHERE not_before IS NOT NULL AND status IN ('pending', 'running');
CREATE INDEX taskstate_tasks_start_by ON taskstate_tasks (start_by)
  WHERE status = 'pending' AND start_by IS NOT NULL;
CREATE INDEX taskstate_tasks_ended ON taskstate_tasks (updated_at) WHERE status IN ('completed', 'failed');

CREATE TABLE taskstate_payloads (
  task_seq INTEGER PRIMARY KEY,
  payload BLOB NOT NULL CHECK (length(payload) <= 1048576)
) STRICT;

-- No seq is given twice, since the newest event is never deleted: AUTOINCREMENT would say the same, and write one page
-- more with each commit.
CREATE TABLE taskstate_events (
  seq INTEGER PRIMARY KEY CHECK (seq > 0),
  task_seq INTEGER,  -- NULL once the task is gone: its seq may be given to another
  zone_id TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  from_status TEXT,
  to_status TEXT NOT NULL,
  at INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0,
  worker TEXT,
  epoch INTEGER NOT NULL DEFAULT 0,
  request_id TEXT,
  traceparent TEXT,
  message TEXT,
  detail TEXT
) STRICT;

CREATE UNIQUE INDEX taskstate_events_history ON taskstate_events (task_seq, revision) WHERE task_seq IS NOT NULL;
CREATE INDEX taskstate_events_purged ON taskstate_events (at) WHERE task_seq IS NULL;

CREATE TABLE taskstate_idempotency (
  zone_id TEXT NOT NULL,
  key TEXT NOT NULL CHECK (length(CAST(key AS BLOB)) BETWEEN 1 AND 512),
  fingerprint_version INTEGER NOT NULL,
  fingerprint BLOB NOT NULL,
  task_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (zone_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX taskstate_idempotency_task ON taskstate_idempotency (zone_id, task_id);
CREATE INDEX taskstate_idempotency_expiry ON taskstate_idempotency (expires_at);

CREATE TABLE taskstate_tombstones (
  zone_id TEXT NOT NULL,
  id TEXT NOT NULL,
  purged_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (zone_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX taskstate_tombstones_expiry ON taskstate_tombstones (expires_at);

CREATE TABLE taskstate_counters (
  zone_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  pending INTEGER NOT NULL DEFAULT 0,
  running INTEGER NOT NULL DEFAULT 0,
  completed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (zone_id, operation)
) STRICT, WITHOUT ROWID;

-- Birth. The existing-key guard is what stops INSERT OR REPLACE, which fires no delete trigger.
CREATE TRIGGER taskstate_tasks_birth BEFORE INSERT ON taskstate_tasks
BEGIN
  SELECT CASE
    WHEN EXISTS (SELECT 1 FROM taskstate_tasks WHERE zone_id = NEW.zone_id AND id = NEW.id)
      OR EXISTS (SELECT 1 FROM taskstate_tasks WHERE seq = NEW.seq)
      THEN RAISE(ABORT, 'taskstate: this task exists already')
    WHEN NEW.status IS NOT 'pending' THEN RAISE(ABORT, 'taskstate: a task is born pending')
    WHEN NEW.revision IS NOT 1 OR NEW.version IS NOT 1 THEN RAISE(ABORT, 'taskstate: a task is born with revision 1 and version 1')
    WHEN NEW.created_at IS NOT NEW.updated_at THEN RAISE(ABORT, 'taskstate: a task is born with created_at = updated_at')
  END;
END;

CREATE TRIGGER taskstate_tasks_born AFTER INSERT ON taskstate_tasks
BEGIN
  INSERT INTO taskstate_events (task_seq, zone_id, id, kind, from_status, to_status, at, revision, attempt, worker,
                                epoch, request_id, traceparent, message, detail)
  VALUES (NEW.seq, NEW.zone_id, NEW.id, 'created', NULL, NEW.status, NEW.updated_at, NEW.revision, NEW.attempt,
          NEW.event_worker, NEW.epoch, NEW.event_request_id, NEW.event_traceparent, NEW.event_message, NEW.event_detail);
  INSERT INTO taskstate_counters (zone_id, operation, pending) VALUES (NEW.zone_id, NEW.operation, 1)
    ON CONFLICT (zone_id, operation) DO UPDATE SET pending = pending + 1;
END;

-- JSON is read with json_each alone, and in triggers only: SQLite 3.38 to 3.40 wrongly take the scalar JSON functions
-- for unsafe, and under trusted_schema=OFF a CHECK with one of them would make the whole file unreadable.
CREATE TRIGGER taskstate_tasks_birth_lists BEFORE INSERT ON taskstate_tasks
  WHEN NEW.links IS NOT NULL OR NEW.warnings IS NOT NULL OR NEW.result_href IS NOT NULL
BEGIN
  SELECT CASE
    WHEN NEW.links IS NOT NULL AND (SELECT count(*) NOT BETWEEN 1 AND 64 OR sum(type <> 'object') > 0 FROM json_each(NEW.links))
      THEN RAISE(ABORT, 'taskstate: links is a JSON array of 1 to 64 objects')
    WHEN NEW.warnings IS NOT NULL AND (SELECT count(*) NOT BETWEEN 1 AND 256 OR sum(type <> 'object') > 0 FROM json_each(NEW.warnings))
      THEN RAISE(ABORT, 'taskstate: warnings is a JSON array of 1 to 256 objects')
    WHEN NEW.result_href IS NOT (SELECT href.value FROM json_each(NEW.links) AS link, json_each(link.value) AS rel,
        json_each(link.value) AS href WHERE rel.key = 'rel' AND rel.value = 'result' AND href.key = 'href' LIMIT 1)
      THEN RAISE(ABORT, 'taskstate: result_href is the href of the link with rel "result"')
  END;
END;

CREATE TRIGGER taskstate_tasks_change_lists BEFORE UPDATE OF links, warnings, result_href ON taskstate_tasks
  WHEN NEW.links IS NOT OLD.links OR NEW.warnings IS NOT OLD.warnings OR NEW.result_href IS NOT OLD.result_href
BEGIN
  SELECT CASE
    WHEN NEW.links IS NOT NULL AND (SELECT count(*) NOT BETWEEN 1 AND 64 OR sum(type <> 'object') > 0 FROM json_each(NEW.links))
      THEN RAISE(ABORT, 'taskstate: links is a JSON array of 1 to 64 objects')
    WHEN NEW.warnings IS NOT NULL AND (SELECT count(*) NOT BETWEEN 1 AND 256 OR sum(type <> 'object') > 0 FROM json_each(NEW.warnings))
      THEN RAISE(ABORT, 'taskstate: warnings is a JSON array of 1 to 256 objects')
    WHEN NEW.result_href IS NOT (SELECT href.value FROM json_each(NEW.links) AS link, json_each(link.value) AS rel,
        json_each(link.value) AS href WHERE rel.key = 'rel' AND rel.value = 'result' AND href.key = 'href' LIMIT 1)
      THEN RAISE(ABORT, 'taskstate: result_href is the href of the link with rel "result"')
  END;
END;

-- Life. A row counts as terminal once its history says so: between a foreign UPDATE that ended the task and the
-- fix-up below the history still lags behind, and that instant, which no statement of a client can see, is what lets
-- the fix-up through.
CREATE TRIGGER taskstate_tasks_change BEFORE UPDATE ON taskstate_tasks
BEGIN
  SELECT CASE
    WHEN NEW.seq IS NOT OLD.seq OR NEW.zone_id IS NOT OLD.zone_id OR NEW.id IS NOT OLD.id
      OR NEW.created_at IS NOT OLD.created_at OR NEW.operation IS NOT OLD.operation
      THEN RAISE(ABORT, 'taskstate: seq, zone_id, id, created_at and operation never change')
    WHEN OLD.status IN ('completed', 'failed') AND coalesce(
        (SELECT to_status FROM taskstate_events WHERE task_seq = OLD.seq ORDER BY revision DESC LIMIT 1),
        OLD.status) IN ('completed', 'failed')
      THEN RAISE(ABORT, 'taskstate: a completed or failed task never changes')
    WHEN NEW.status IS NOT OLD.status AND NOT (OLD.status = 'pending' AND NEW.status IS 'running')
      AND NOT (OLD.status = 'running' AND (NEW.status IS 'completed' OR NEW.status IS 'failed'))
      THEN RAISE(ABORT, 'taskstate: illegal move; legal are pending to running, running to completed, running to failed')
    WHEN (OLD.install_id IS NOT NULL AND NEW.install_id IS NOT OLD.install_id)
      OR (OLD.package_id IS NOT NULL AND NEW.package_id IS NOT OLD.package_id)
      OR (OLD.package_slug IS NOT NULL AND NEW.package_slug IS NOT OLD.package_slug)
      THEN RAISE(ABORT, 'taskstate: install_id, package_id and package_slug are write-once')
    WHEN (NEW.epoch >= OLD.epoch AND NEW.attempt >= OLD.attempt) IS NOT TRUE
      THEN RAISE(ABORT, 'taskstate: epoch and attempt never go back')
    WHEN NEW.version = OLD.version AND NEW.revision = OLD.revision THEN NULL
    WHEN NEW.version IS NOT OLD.version + 1 OR (NEW.revision IS NOT OLD.revision AND NEW.revision IS NOT OLD.revision + 1)
      THEN RAISE(ABORT, 'taskstate: version and revision grow by one, or are left alone')
    WHEN (NEW.updated_at >= OLD.updated_at) IS NOT TRUE THEN RAISE(ABORT, 'taskstate: updated_at never goes back')
    WHEN NEW.revision = OLD.revision AND (NEW.status IS NOT OLD.status OR NEW.updated_at IS NOT OLD.updated_at
        OR NEW.error_message IS NOT OLD.error_message OR NEW.install_id IS NOT OLD.install_id
        OR NEW.links IS NOT OLD.links OR NEW.package_id IS NOT OLD.package_id
        OR NEW.package_slug IS NOT OLD.package_slug OR NEW.package_version IS NOT OLD.package_version
        OR NEW.warnings IS NOT OLD.warnings)
      THEN RAISE(ABORT, 'taskstate: a change that the wire shows raises the revision')
  END;
END;

-- An engine raises version and revision itself. For the change of a foreign client the step before it is read from
-- the history, since OLD is then already the row with the foreign change in it.
CREATE TRIGGER taskstate_tasks_changed AFTER UPDATE ON taskstate_tasks WHEN NEW.revision > OLD.revision
BEGIN
  INSERT INTO taskstate_events (task_seq, zone_id, id, kind, from_status, to_status, at, revision, attempt, worker,
                                epoch, request_id, traceparent, message, detail)
  VALUES (NEW.seq, NEW.zone_id, NEW.id, NEW.event_kind,
          CASE NEW.event_kind WHEN 'external'
            THEN (SELECT to_status FROM taskstate_events WHERE task_seq = NEW.seq ORDER BY revision DESC LIMIT 1)
            ELSE OLD.status END,
          NEW.status, NEW.updated_at, NEW.revision, NEW.attempt, NEW.event_worker, NEW.epoch, NEW.event_request_id,
          NEW.event_traceparent, NEW.event_message, NEW.event_detail);
END;

CREATE TRIGGER taskstate_tasks_external AFTER UPDATE ON taskstate_tasks WHEN NEW.version = OLD.version
BEGIN
  UPDATE taskstate_tasks SET
    version = OLD.version + 1,
    revision = OLD.revision + 1,
    updated_at = max(OLD.updated_at, NEW.updated_at,
      CAST(strftime('%s', 'now') AS INTEGER) * 1000000 + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000),
    body = NULL,
    body_format = 1,
    lease_until = iif(NEW.status IN ('completed', 'failed'), NULL, NEW.lease_until),
    lease_clock = iif(NEW.status IN ('completed', 'failed'), NULL, NEW.lease_clock),
    worker = iif(NEW.status IN ('completed', 'failed'), NULL, NEW.worker),
    failure_kind = iif(NEW.status = 'failed', coalesce(NEW.failure_kind, 'failed'), NULL),
    event_kind = 'external',
    event_worker = NULL,
    event_request_id = NULL,
    event_traceparent = NULL,
    event_message = NEW.error_message,
    event_detail = NULL
  WHERE seq = NEW.seq;
END;

CREATE TRIGGER taskstate_tasks_counted AFTER UPDATE OF status ON taskstate_tasks WHEN NEW.status <> OLD.status
BEGIN
  UPDATE taskstate_counters SET
    pending = pending - (OLD.status = 'pending'),
    running = running + (NEW.status = 'running') - (OLD.status = 'running'),
    completed = completed + (NEW.status = 'completed'),
    failed = failed + (NEW.status = 'failed')
  WHERE zone_id = OLD.zone_id AND operation = OLD.operation;
END;

-- Death.
CREATE TRIGGER taskstate_tasks_delete BEFORE DELETE ON taskstate_tasks WHEN OLD.status NOT IN ('completed', 'failed')
BEGIN
  SELECT RAISE(ABORT, 'taskstate: a pending or running task cannot be deleted');
END;

CREATE TRIGGER taskstate_tasks_deleted AFTER DELETE ON taskstate_tasks
BEGIN
  UPDATE taskstate_meta SET purged_through = max(purged_through,
    coalesce((SELECT max(seq) FROM taskstate_events WHERE task_seq = OLD.seq), 0));
  INSERT INTO taskstate_events (task_seq, zone_id, id, kind, from_status, to_status, at, revision)
  VALUES (NULL, OLD.zone_id, OLD.id, 'purged', OLD.status, OLD.status, max(OLD.updated_at,
      coalesce((SELECT purging_at FROM taskstate_meta),
        CAST(strftime('%s', 'now') AS INTEGER) * 1000000 + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000)),
    OLD.revision + 1);
  DELETE FROM taskstate_events WHERE task_seq = OLD.seq;  -- after the insertion: none of them is the newest
  DELETE FROM taskstate_payloads WHERE task_seq = OLD.seq;
  DELETE FROM taskstate_idempotency WHERE zone_id = OLD.zone_id AND task_id = OLD.id;
  UPDATE taskstate_counters SET completed = completed - (OLD.status = 'completed'), failed = failed - (OLD.status = 'failed')
    WHERE zone_id = OLD.zone_id AND operation = OLD.operation;
END;

-- The history of a task that is there is append-only; its payload is given once and kept until it ends.
CREATE TRIGGER taskstate_events_change BEFORE UPDATE ON taskstate_events
BEGIN
  SELECT RAISE(ABORT, 'taskstate: the history never changes');
END;

CREATE TRIGGER taskstate_events_delete BEFORE DELETE ON taskstate_events
  WHEN EXISTS (SELECT 1 FROM taskstate_tasks WHERE seq = OLD.task_seq)
BEGIN
  SELECT RAISE(ABORT, 'taskstate: the history of a task stays as long as the task');
END;

CREATE TRIGGER taskstate_events_delete_newest BEFORE DELETE ON taskstate_events
  WHEN OLD.seq = (SELECT max(seq) FROM taskstate_events)
BEGIN
  SELECT RAISE(ABORT, 'taskstate: the newest event stays, so that its number is not given again');
END;

CREATE TRIGGER taskstate_payloads_birth BEFORE INSERT ON taskstate_payloads
BEGIN
  SELECT CASE
    WHEN EXISTS (SELECT 1 FROM taskstate_payloads WHERE task_seq = NEW.task_seq)
      THEN RAISE(ABORT, 'taskstate: the payload is given once')
    WHEN NOT EXISTS (SELECT 1 FROM taskstate_tasks WHERE seq = NEW.task_seq AND status = 'pending')
      THEN RAISE(ABORT, 'taskstate: a payload belongs to a pending task')
  END;
END;

CREATE TRIGGER taskstate_payloads_change BEFORE UPDATE ON taskstate_payloads
BEGIN
  SELECT RAISE(ABORT, 'taskstate: a payload never changes');
END;

CREATE TRIGGER taskstate_payloads_delete BEFORE DELETE ON taskstate_payloads
  WHEN EXISTS (SELECT 1 FROM taskstate_tasks WHERE seq = OLD.task_seq AND status IN ('pending', 'running'))
BEGIN
  SELECT RAISE(ABORT, 'taskstate: a payload stays until its task ends');
END;

-- A key is given to one task and kept or dropped, never turned to another.
CREATE TRIGGER taskstate_idempotency_birth BEFORE INSERT ON taskstate_idempotency
  WHEN EXISTS (SELECT 1 FROM taskstate_idempotency WHERE zone_id = NEW.zone_id AND key = NEW.key)
BEGIN
  SELECT RAISE(ABORT, 'taskstate: the idempotency key is in use');
END;

CREATE TRIGGER taskstate_idempotency_change BEFORE UPDATE ON taskstate_idempotency
BEGIN
  SELECT RAISE(ABORT, 'taskstate: an idempotency key never changes');
END;

CREATE TRIGGER taskstate_tombstones_birth BEFORE INSERT ON taskstate_tombstones
  WHEN EXISTS (SELECT 1 FROM taskstate_tasks WHERE zone_id = NEW.zone_id AND id = NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'taskstate: a tombstone stands for a task that is gone');
END;

CREATE TRIGGER taskstate_tombstones_change BEFORE UPDATE OF zone_id, id ON taskstate_tombstones
BEGIN
  SELECT RAISE(ABORT, 'taskstate: a tombstone never moves');
END;

-- The one row of what belongs to the whole file: its counts only grow.
CREATE TRIGGER taskstate_meta_birth BEFORE INSERT ON taskstate_meta WHEN EXISTS (SELECT 1 FROM taskstate_meta)
BEGIN
  SELECT RAISE(ABORT, 'taskstate: the file has its row of taskstate_meta');
END;

CREATE TRIGGER taskstate_meta_epoch BEFORE UPDATE OF epoch ON taskstate_meta
  WHEN (NEW.epoch >= OLD.epoch) IS NOT TRUE
BEGIN
  SELECT RAISE(ABORT, 'taskstate: the source of epochs never goes back');
END;

CREATE TRIGGER taskstate_meta_feed BEFORE UPDATE OF feed_floor, purged_through, fence ON taskstate_meta
  WHEN (NEW.feed_floor >= OLD.feed_floor AND NEW.purged_through >= OLD.purged_through AND NEW.fence >= OLD.fence) IS NOT TRUE
BEGIN
  SELECT RAISE(ABORT, 'taskstate: feed_floor, purged_through and fence never go back');
END;

CREATE TRIGGER taskstate_meta_delete BEFORE DELETE ON taskstate_meta
BEGIN
  SELECT RAISE(ABORT, 'taskstate: the row of taskstate_meta stays');
END;

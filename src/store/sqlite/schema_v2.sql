-- Schema version 2. Every rule that SQL can state is stated here, because any SQL client may write to the file; what is
-- only checkable with the whole task in hand is checked by the engine and by verify.
--
-- An engine's own connection has triggers and CHECKs off and writes the event and the counters itself. With them on
-- (beside statements of the host's own, and in the tests) it writes the event first, and the triggers let that form
-- through; everything else is a foreign client's, for whom the triggers write event and counters.
--
-- RAISE(ABORT) throughout, never ROLLBACK: a refused statement must not take its neighbours with it.
-- A NULL must not slip through a guard: a comparison with it is neither true nor false, and OR REPLACE puts the column's
-- default in its place once the guard has passed it. So guards say IS and IS NOT.

CREATE TABLE taskstate_meta (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  schema      INTEGER NOT NULL,
  min_reader  INTEGER NOT NULL,
  min_writer  INTEGER NOT NULL,
  schema_hash TEXT NOT NULL CHECK (length(schema_hash) = 32 AND schema_hash NOT GLOB '*[^0-9a-f]*'),
  generation  TEXT NOT NULL CHECK (length(generation) = 32 AND generation NOT GLOB '*[^0-9a-f]*'),
  feed_floor  INTEGER NOT NULL DEFAULT 0 CHECK (feed_floor >= 0),  -- purges up to this event are trimmed
  purged_through INTEGER NOT NULL DEFAULT 0 CHECK (purged_through >= feed_floor),  -- no event behind it is missing
  counted_through INTEGER NOT NULL DEFAULT 0 CHECK (counted_through >= 0),  -- events up to it are in taskstate_metrics
  fence       INTEGER NOT NULL DEFAULT 0 CHECK (fence >= 0)
) STRICT;

CREATE TABLE taskstate_tasks (
  seq INTEGER PRIMARY KEY CHECK (seq > 0),  -- the number of its first event
  last_event INTEGER CHECK (last_event >= seq),  -- the number of its newest event, from where its history goes back
  zone_id TEXT NOT NULL CHECK (length(CAST(zone_id AS BLOB)) BETWEEN 1 AND 128
    AND length(zone_id) = length(CAST(zone_id AS BLOB))
    AND zone_id NOT GLOB '*[^A-Za-z0-9._~-]*' AND zone_id <> '.' AND zone_id <> '..'),
  id TEXT NOT NULL CHECK (length(CAST(id AS BLOB)) BETWEEN 1 AND 128
    AND length(id) = length(CAST(id AS BLOB))
    AND id NOT GLOB '*[^A-Za-z0-9._~-]*' AND id <> '.' AND id <> '..'),
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
  error_message TEXT CHECK (error_message IS NULL OR (length(CAST(error_message AS BLOB)) BETWEEN 1 AND 16384
    AND instr(CAST(error_message AS BLOB), x'00') = 0)),
  install_id TEXT CHECK (install_id IS NULL OR (length(CAST(install_id AS BLOB)) BETWEEN 1 AND 512
    AND instr(CAST(install_id AS BLOB), x'00') = 0 AND install_id <> '.' AND install_id <> '..'
    AND install_id NOT GLOB '*[' || char(1, 45, 31, 127, 45, 159) || ']*')),
  links TEXT CHECK (links IS NULL OR (length(CAST(links AS BLOB)) <= 1048576 AND links GLOB '[[]{*}]')),
  package_id TEXT CHECK (package_id IS NULL OR (length(CAST(package_id AS BLOB)) BETWEEN 1 AND 512
    AND instr(CAST(package_id AS BLOB), x'00') = 0
    AND package_id NOT GLOB '*[' || char(1, 45, 31, 127, 45, 159) || ']*')),
  package_slug TEXT CHECK (package_slug IS NULL OR (length(CAST(package_slug AS BLOB)) BETWEEN 1 AND 512
    AND instr(CAST(package_slug AS BLOB), x'00') = 0
    AND package_slug NOT GLOB '*[' || char(1, 45, 31, 127, 45, 159) || ']*')),
  package_version INTEGER CHECK (package_version IS NULL OR package_version BETWEEN 0 AND 9007199254740991),
  warnings TEXT CHECK (warnings IS NULL OR (length(CAST(warnings AS BLOB)) <= 1048576 AND warnings GLOB '[[]{*}]')),

  -- Hidden from the wire.
  result_href TEXT CHECK (result_href IS NULL OR (length(result_href) = length(CAST(result_href AS BLOB))
    AND result_href GLOB '/*' AND result_href NOT GLOB '//*'
    AND result_href NOT GLOB '*[^!-~]*' AND instr(result_href, '\') = 0)),
  result_media_type TEXT CHECK (result_media_type IS NULL OR (length(CAST(result_media_type AS BLOB)) BETWEEN 3 AND 256
    AND result_media_type GLOB '?*/?*' AND result_media_type NOT GLOB '*[^ -~]*')),
  revision INTEGER NOT NULL DEFAULT 1 CHECK (revision >= 1),
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= revision),
  epoch INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0),  -- the number of the event that began its latest lease
  lease_until INTEGER,
  lease_clock TEXT CHECK (lease_clock IS NULL OR length(CAST(lease_clock AS BLOB)) BETWEEN 1 AND 128),
  lease_duration INTEGER CHECK (lease_duration IS NULL OR lease_duration BETWEEN 1000 AND 2592000000000),
  worker TEXT CHECK (worker IS NULL OR (length(CAST(worker AS BLOB)) BETWEEN 1 AND 256
    AND instr(CAST(worker AS BLOB), x'00') = 0
    AND worker NOT GLOB '*[' || char(1, 45, 31, 127, 45, 159) || ']*')),
  attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  max_attempts INTEGER NOT NULL DEFAULT 1 CHECK (max_attempts BETWEEN 1 AND 1000),
  not_before INTEGER,
  start_by INTEGER,
  started_at INTEGER CHECK (started_at IS NULL OR started_at >= created_at),  -- its latest attempt
  progress_at INTEGER CHECK (progress_at IS NULL OR progress_at >= created_at),
  priority INTEGER NOT NULL DEFAULT 0 CHECK (priority BETWEEN -100 AND 100),
  ref TEXT CHECK (ref IS NULL OR (length(CAST(ref AS BLOB)) BETWEEN 1 AND 256
    AND instr(CAST(ref AS BLOB), x'00') = 0)),
  cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested = 0 OR cancel_requested = 1),
  failure_kind TEXT CHECK (failure_kind IS NULL OR failure_kind = 'failed' OR failure_kind = 'cancelled' OR failure_kind = 'expired'
    OR failure_kind = 'lost'),
  failure_reason TEXT CHECK (failure_reason IS NULL OR (length(CAST(failure_reason AS BLOB)) BETWEEN 1 AND 32
    AND failure_reason NOT GLOB '*[^a-z_]*')),
  error_detail TEXT CHECK (error_detail IS NULL OR (length(CAST(error_detail AS BLOB)) BETWEEN 0 AND 16384
    AND instr(CAST(error_detail AS BLOB), x'00') = 0)),
  client_request_id TEXT CHECK (client_request_id IS NULL OR (length(CAST(client_request_id AS BLOB)) BETWEEN 1 AND 128
    AND client_request_id NOT GLOB '*[^!-~]*')),
  traceparent TEXT CHECK (traceparent IS NULL OR (length(CAST(traceparent AS BLOB)) = 55
    AND traceparent NOT GLOB '*[^!-~]*')),
  outcome_digest BLOB CHECK (outcome_digest IS NULL OR length(outcome_digest) = 16),

  -- The rendered wire form; NULL, or of another format: rendered when read.
  body_format INTEGER NOT NULL DEFAULT 1,
  body TEXT CHECK (body IS NULL OR length(CAST(body AS BLOB)) <= 1048576),

  UNIQUE (zone_id, id),
  CHECK (created_at <= updated_at),
  CHECK ((status = 'failed') = (error_message IS NOT NULL)),
  CHECK (status = 'failed' OR (failure_kind IS NULL AND failure_reason IS NULL)),
  CHECK ((lease_until IS NULL) = (lease_clock IS NULL)),
  CHECK (lease_duration IS NULL OR lease_until IS NOT NULL),
  CHECK (status <> 'completed' OR install_id IS NOT NULL OR result_href IS NOT NULL OR result_media_type IS NOT NULL),
  CHECK (result_media_type IS NULL OR status = 'completed'),
  CHECK (operation <> 'delete' OR install_id IS NOT NULL OR result_href IS NOT NULL)
) STRICT;

CREATE INDEX taskstate_tasks_list ON taskstate_tasks (zone_id, created_at, id);
CREATE INDEX taskstate_tasks_runnable ON taskstate_tasks (operation, zone_id, priority DESC, seq)
  WHERE status = 'pending' AND not_before IS NULL;
CREATE INDEX taskstate_tasks_released ON taskstate_tasks (operation, zone_id, priority DESC, seq)
  WHERE status = 'running' AND not_before IS NULL AND epoch > 0 AND lease_until IS NULL AND attempt < max_attempts;
CREATE INDEX taskstate_tasks_lease ON taskstate_tasks (lease_clock, lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX taskstate_tasks_not_before ON taskstate_tasks (not_before)
  WHERE not_before IS NOT NULL AND status IN ('pending', 'running');
CREATE INDEX taskstate_tasks_start_by ON taskstate_tasks (start_by)
  WHERE status = 'pending' AND start_by IS NOT NULL;
CREATE INDEX taskstate_tasks_ended ON taskstate_tasks (updated_at) WHERE status IN ('completed', 'failed');
CREATE INDEX taskstate_tasks_ref ON taskstate_tasks (ref) WHERE ref IS NOT NULL;

CREATE TABLE taskstate_payloads (
  task_seq INTEGER PRIMARY KEY,
  payload BLOB NOT NULL CHECK (length(payload) <= 1048576)
) STRICT;

-- What completed tasks produced, as long as it is kept; tasks.result_media_type stays.
CREATE TABLE taskstate_results (
  task_seq INTEGER PRIMARY KEY,
  result BLOB NOT NULL CHECK (length(result) <= 1048576),
  until INTEGER CHECK (until IS NULL OR until <= 253402300799999999)
) STRICT;

CREATE INDEX taskstate_results_expiry ON taskstate_results (until) WHERE until IS NOT NULL;

-- No seq is given twice, since the newest event is never deleted: AUTOINCREMENT would say the same, and write one page
-- more with each commit. So the number of a task's first event names the task, and that of a claim's event its lease.
CREATE TABLE taskstate_events (
  seq INTEGER PRIMARY KEY CHECK (seq > 0),
  task_seq INTEGER,  -- NULL: the purge of a task
  prev INTEGER CHECK (prev < seq),  -- the task's event before this one
  zone_id TEXT NOT NULL CHECK (length(CAST(zone_id AS BLOB)) BETWEEN 1 AND 128
    AND length(zone_id) = length(CAST(zone_id AS BLOB))
    AND zone_id NOT GLOB '*[^A-Za-z0-9._~-]*' AND zone_id <> '.' AND zone_id <> '..'),
  id TEXT NOT NULL CHECK (length(CAST(id AS BLOB)) BETWEEN 1 AND 128
    AND length(id) = length(CAST(id AS BLOB))
    AND id NOT GLOB '*[^A-Za-z0-9._~-]*' AND id <> '.' AND id <> '..'),
  operation TEXT NOT NULL CHECK (length(CAST(operation AS BLOB)) BETWEEN 1 AND 32
    AND length(operation) = length(CAST(operation AS BLOB))
    AND operation GLOB '[a-z]*' AND operation NOT GLOB '*[^a-z0-9_]*'),
  kind TEXT NOT NULL CHECK (length(CAST(kind AS BLOB)) BETWEEN 1 AND 32 AND kind NOT GLOB '*[^a-z_]*'),
  from_status TEXT CHECK (from_status IS NULL OR from_status = 'pending' OR from_status = 'running' OR from_status = 'completed' OR from_status = 'failed'),
  to_status TEXT NOT NULL CHECK (to_status = 'pending' OR to_status = 'running' OR to_status = 'completed' OR to_status = 'failed'),
  at INTEGER NOT NULL CHECK (at BETWEEN -62167219200000000 AND 253402300799999999),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  epoch INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0),
  mark INTEGER NOT NULL DEFAULT (random()),  -- by which a content is known again
  took INTEGER CHECK (took IS NULL OR took >= 0),  -- us that the state which it ends has lasted
  failure_kind TEXT CHECK (failure_kind IS NULL OR failure_kind = 'failed' OR failure_kind = 'cancelled' OR failure_kind = 'expired'
    OR failure_kind = 'lost'),
  worker TEXT CHECK (worker IS NULL OR (length(CAST(worker AS BLOB)) BETWEEN 1 AND 256
    AND instr(CAST(worker AS BLOB), x'00') = 0
    AND worker NOT GLOB '*[' || char(1, 45, 31, 127, 45, 159) || ']*')),
  request_id TEXT CHECK (request_id IS NULL OR (length(CAST(request_id AS BLOB)) BETWEEN 1 AND 128
    AND request_id NOT GLOB '*[^!-~]*')),
  traceparent TEXT CHECK (traceparent IS NULL OR (length(CAST(traceparent AS BLOB)) = 55
    AND traceparent NOT GLOB '*[^!-~]*')),
  message TEXT CHECK (message IS NULL OR (length(CAST(message AS BLOB)) BETWEEN 0 AND 16384
    AND instr(CAST(message AS BLOB), x'00') = 0)),
  detail TEXT CHECK (detail IS NULL OR (length(CAST(detail AS BLOB)) BETWEEN 0 AND 16384
    AND instr(CAST(detail AS BLOB), x'00') = 0))
) STRICT;

CREATE INDEX taskstate_events_purged ON taskstate_events (at) WHERE task_seq IS NULL;

CREATE TABLE taskstate_idempotency (
  zone_id TEXT NOT NULL,
  key TEXT NOT NULL CHECK (length(CAST(key AS BLOB)) BETWEEN 1 AND 512),
  fingerprint_version INTEGER NOT NULL,
  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 16),
  task_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (zone_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX taskstate_idempotency_task ON taskstate_idempotency (zone_id, task_id);
CREATE INDEX taskstate_idempotency_expiry ON taskstate_idempotency (expires_at);

CREATE TABLE taskstate_tombstones (
  zone_id TEXT NOT NULL CHECK (length(CAST(zone_id AS BLOB)) BETWEEN 1 AND 128
    AND length(zone_id) = length(CAST(zone_id AS BLOB))
    AND zone_id NOT GLOB '*[^A-Za-z0-9._~-]*' AND zone_id <> '.' AND zone_id <> '..'),
  id TEXT NOT NULL CHECK (length(CAST(id AS BLOB)) BETWEEN 1 AND 128
    AND length(id) = length(CAST(id AS BLOB))
    AND id NOT GLOB '*[^A-Za-z0-9._~-]*' AND id <> '.' AND id <> '..'),
  purged_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (zone_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX taskstate_tombstones_expiry ON taskstate_tombstones (expires_at);

-- Histories of tasks that are gone, which are deleted in pieces, the newest events first.
CREATE TABLE taskstate_erasures (
  task_seq INTEGER PRIMARY KEY,
  head INTEGER NOT NULL CHECK (head >= task_seq)  -- the newest event that is left
) STRICT;

CREATE TABLE taskstate_counters (
  zone_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  pending INTEGER NOT NULL DEFAULT 0,
  running INTEGER NOT NULL DEFAULT 0,
  completed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  through INTEGER NOT NULL DEFAULT 0,  -- the last event that was counted
  PRIMARY KEY (zone_id, operation)
) STRICT, WITHOUT ROWID;

-- Sums over all events up to taskstate_meta.counted_through, which outlive the events.
CREATE TABLE taskstate_metrics (
  name TEXT NOT NULL CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 64 AND name NOT GLOB '*[^a-z_]*'),
  bucket INTEGER NOT NULL CHECK (bucket BETWEEN 0 AND 63),
  value INTEGER NOT NULL DEFAULT 0 CHECK (value >= 0),
  PRIMARY KEY (name, bucket)
) STRICT, WITHOUT ROWID;

-- What all processes on the file share: the settings that clients or workers see, and what claims pass over.
CREATE TABLE taskstate_settings (
  name TEXT NOT NULL PRIMARY KEY CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 64 AND name NOT GLOB '*[^a-z0-9_]*'),
  value TEXT NOT NULL CHECK (length(CAST(value AS BLOB)) <= 65536)
) STRICT, WITHOUT ROWID;

CREATE TABLE taskstate_pauses (
  kind TEXT NOT NULL CHECK (kind = 'zone' OR kind = 'operation'),
  name TEXT NOT NULL CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 128
    AND name NOT GLOB '*[^A-Za-z0-9._~-]*' AND name <> '.' AND name <> '..'),
  since INTEGER NOT NULL CHECK (since BETWEEN -62167219200000000 AND 253402300799999999),
  actor TEXT CHECK (actor IS NULL OR (length(CAST(actor AS BLOB)) BETWEEN 1 AND 256
    AND instr(CAST(actor AS BLOB), x'00') = 0
    AND actor NOT GLOB '*[' || char(1, 45, 31, 127, 45, 159) || ']*')),
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- Birth. The existing-key guard is what stops INSERT OR REPLACE, which fires no delete trigger. A foreign client leaves
-- seq and last_event to the file; then the row is moved to the number of its event.
CREATE TRIGGER taskstate_tasks_birth BEFORE INSERT ON taskstate_tasks
BEGIN
  SELECT CASE
    WHEN EXISTS (SELECT 1 FROM taskstate_tasks WHERE zone_id = NEW.zone_id AND id = NEW.id)
      OR EXISTS (SELECT 1 FROM taskstate_tasks WHERE seq = NEW.seq)
      THEN RAISE(ABORT, 'taskstate: this task exists already')
    WHEN NEW.status IS NOT 'pending' THEN RAISE(ABORT, 'taskstate: a task is born pending')
    WHEN NEW.revision IS NOT 1 OR NEW.version IS NOT 1 THEN RAISE(ABORT, 'taskstate: a task is born with revision 1 and version 1')
    WHEN NEW.created_at IS NOT NEW.updated_at THEN RAISE(ABORT, 'taskstate: a task is born with created_at = updated_at')
    WHEN NEW.epoch IS NOT 0 OR NEW.attempt IS NOT 0 OR NEW.lease_until IS NOT NULL OR NEW.worker IS NOT NULL
      OR NEW.started_at IS NOT NULL
      THEN RAISE(ABORT, 'taskstate: a task is born before its first attempt')
    WHEN NEW.last_event IS NULL AND NEW.seq IS NOT -1 THEN RAISE(ABORT, 'taskstate: seq is the number of the first event: leave it to the file')
    WHEN NEW.last_event IS NOT NULL AND NOT EXISTS (SELECT 1 FROM taskstate_events
        WHERE seq = (SELECT max(seq) FROM taskstate_events) AND seq = NEW.seq AND seq = NEW.last_event AND task_seq = NEW.seq
          AND revision = 1 AND zone_id IS NEW.zone_id AND id IS NEW.id AND operation IS NEW.operation AND at IS NEW.created_at)
      THEN RAISE(ABORT, 'taskstate: last_event is the file''s own')
  END;
END;

CREATE TRIGGER taskstate_tasks_born AFTER INSERT ON taskstate_tasks WHEN NEW.last_event IS NULL
BEGIN
  INSERT INTO taskstate_events (seq, task_seq, zone_id, id, operation, kind, from_status, to_status, at, revision)
  SELECT next, next, NEW.zone_id, NEW.id, NEW.operation, 'created', NULL, NEW.status, NEW.updated_at, 1
    FROM (SELECT coalesce(max(seq), 0) + 1 AS next FROM taskstate_events);
  UPDATE taskstate_tasks SET seq = (SELECT max(seq) FROM taskstate_events), last_event = (SELECT max(seq) FROM taskstate_events)
    WHERE seq = NEW.seq;
  INSERT INTO taskstate_counters (zone_id, operation) SELECT NEW.zone_id, NEW.operation
    WHERE NOT EXISTS (SELECT 1 FROM taskstate_counters WHERE zone_id = NEW.zone_id AND operation = NEW.operation);
  UPDATE taskstate_counters SET pending = pending + 1, through = (SELECT max(seq) FROM taskstate_events)
    WHERE zone_id = NEW.zone_id AND operation = NEW.operation;
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

-- Life. A row counts as ended once its history says so: between a foreign UPDATE that ended the task and the fix-up
-- below the history still lags behind, and that instant, which no statement of a client can see, is what lets the fix-up
-- through. last_event moves only onto the newest event, if that is this task's next and tells what the row now is.
CREATE TRIGGER taskstate_tasks_change BEFORE UPDATE ON taskstate_tasks
BEGIN
  SELECT CASE
    WHEN NEW.zone_id IS NOT OLD.zone_id OR NEW.id IS NOT OLD.id OR NEW.created_at IS NOT OLD.created_at
      OR NEW.operation IS NOT OLD.operation OR (NEW.seq IS NOT OLD.seq AND OLD.last_event IS NOT NULL)
      THEN RAISE(ABORT, 'taskstate: seq, zone_id, id, created_at and operation never change')
    WHEN OLD.last_event IS NULL THEN CASE WHEN NEW.seq IS NOT (SELECT max(seq) FROM taskstate_events) OR NEW.last_event IS NOT NEW.seq
      THEN RAISE(ABORT, 'taskstate: last_event is the file''s own') END
    WHEN (SELECT to_status FROM taskstate_events WHERE seq = OLD.last_event) IN ('completed', 'failed')
      THEN RAISE(ABORT, 'taskstate: a completed or failed task never changes')
    WHEN NEW.status IS NOT OLD.status AND NOT ((OLD.status = 'pending' AND NEW.status IS 'running')
      OR (OLD.status = 'running' AND (NEW.status IS 'completed' OR NEW.status IS 'failed')))
      THEN RAISE(ABORT, 'taskstate: illegal move; legal are pending to running, running to completed, running to failed')
    WHEN (OLD.install_id IS NOT NULL AND NEW.install_id IS NOT OLD.install_id)
      OR (OLD.package_id IS NOT NULL AND NEW.package_id IS NOT OLD.package_id)
      OR (OLD.package_slug IS NOT NULL AND NEW.package_slug IS NOT OLD.package_slug)
      THEN RAISE(ABORT, 'taskstate: install_id, package_id and package_slug are write-once')
    WHEN (NEW.attempt >= OLD.attempt) IS NOT TRUE THEN RAISE(ABORT, 'taskstate: attempt never goes back')
    WHEN NEW.epoch IS NOT OLD.epoch AND (NEW.epoch IS NOT NEW.last_event OR NEW.last_event IS OLD.last_event)
      THEN RAISE(ABORT, 'taskstate: an epoch is the number of the event that began the lease')
    WHEN NEW.last_event IS OLD.last_event AND NEW.version = OLD.version AND NEW.revision = OLD.revision THEN NULL
    WHEN (NEW.updated_at >= OLD.updated_at) IS NOT TRUE THEN RAISE(ABORT, 'taskstate: updated_at never goes back')
    WHEN NEW.version IS NOT OLD.version + 1 OR (NEW.revision IS NOT OLD.revision AND NEW.revision IS NOT OLD.revision + 1)
      THEN RAISE(ABORT, 'taskstate: version and revision grow by one, or are left alone')
    WHEN NEW.last_event IS NOT OLD.last_event AND NOT EXISTS (SELECT 1 FROM taskstate_events
        WHERE seq = (SELECT max(seq) FROM taskstate_events) AND seq = NEW.last_event AND task_seq = OLD.seq AND prev = OLD.last_event
          AND revision = OLD.revision + 1 AND revision IS NEW.revision AND to_status IS NEW.status AND at IS NEW.updated_at
          AND attempt IS NEW.attempt AND epoch IS NEW.epoch)
      THEN RAISE(ABORT, 'taskstate: last_event is the file''s own')
    WHEN NEW.last_event IS OLD.last_event AND (NEW.revision IS NOT OLD.revision OR NEW.status IS NOT OLD.status
        OR NEW.updated_at IS NOT OLD.updated_at OR NEW.attempt IS NOT OLD.attempt
        OR NEW.error_message IS NOT OLD.error_message OR NEW.install_id IS NOT OLD.install_id
        OR NEW.links IS NOT OLD.links OR NEW.package_id IS NOT OLD.package_id
        OR NEW.package_slug IS NOT OLD.package_slug OR NEW.package_version IS NOT OLD.package_version
        OR NEW.warnings IS NOT OLD.warnings)
      THEN RAISE(ABORT, 'taskstate: a change that the wire shows has an event')
  END;
END;

-- A foreign client leaves version, revision and last_event alone.
CREATE TRIGGER taskstate_tasks_external AFTER UPDATE ON taskstate_tasks
  WHEN NEW.last_event IS OLD.last_event AND NEW.version = OLD.version
BEGIN
  INSERT INTO taskstate_events (seq, task_seq, prev, zone_id, id, operation, kind, from_status, to_status, at, revision,
                                attempt, epoch, took, failure_kind, message)
  SELECT next, NEW.seq, OLD.last_event, NEW.zone_id, NEW.id, NEW.operation, 'external', OLD.status, NEW.status, at,
    OLD.revision + 1, NEW.attempt, NEW.epoch,
    CASE WHEN NEW.status = OLD.status THEN NULL WHEN OLD.status = 'pending' THEN at - max(OLD.created_at, coalesce(OLD.not_before, OLD.created_at))
      ELSE at - OLD.started_at END,
    iif(NEW.status = 'failed', coalesce(NEW.failure_kind, 'failed'), NULL), NEW.error_message
    FROM (SELECT max(seq) + 1 AS next, max(OLD.updated_at, NEW.updated_at,
      CAST(strftime('%s', 'now') AS INTEGER) * 1000000 + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000) AS at FROM taskstate_events);
  UPDATE taskstate_tasks SET
    last_event = (SELECT max(seq) FROM taskstate_events),
    version = OLD.version + 1,
    revision = OLD.revision + 1,
    updated_at = (SELECT at FROM taskstate_events ORDER BY seq DESC LIMIT 1),
    started_at = iif(NEW.status = 'running' AND OLD.status = 'pending',
      (SELECT at FROM taskstate_events ORDER BY seq DESC LIMIT 1), NEW.started_at),
    body = NULL,
    body_format = 1,
    not_before = iif(NEW.status IN ('completed', 'failed'), NULL, NEW.not_before),
    lease_until = iif(NEW.status IN ('completed', 'failed'), NULL, NEW.lease_until),
    lease_clock = iif(NEW.status IN ('completed', 'failed'), NULL, NEW.lease_clock),
    lease_duration = iif(NEW.status IN ('completed', 'failed'), NULL, NEW.lease_duration),
    worker = iif(NEW.status IN ('completed', 'failed'), NULL, NEW.worker),
    failure_kind = iif(NEW.status = 'failed', coalesce(NEW.failure_kind, 'failed'), NULL)
  WHERE seq = NEW.seq;
  UPDATE taskstate_counters SET
    pending = pending - (OLD.status = 'pending'),
    running = running + (NEW.status = 'running') - (OLD.status = 'running'),
    completed = completed + (NEW.status = 'completed'),
    failed = failed + (NEW.status = 'failed'),
    through = (SELECT max(seq) FROM taskstate_events)
  WHERE NEW.status <> OLD.status AND zone_id = OLD.zone_id AND operation = OLD.operation;
END;

-- Death. Its event is there before the row is gone.
CREATE TRIGGER taskstate_tasks_delete BEFORE DELETE ON taskstate_tasks
BEGIN
  SELECT RAISE(ABORT, 'taskstate: a pending or running task cannot be deleted')
    WHERE OLD.status IS NOT 'completed' AND OLD.status IS NOT 'failed';
  INSERT INTO taskstate_events (seq, zone_id, id, operation, kind, from_status, to_status, at, revision)
  SELECT max(seq) + 1, OLD.zone_id, OLD.id, OLD.operation, 'purged', OLD.status, OLD.status, max(OLD.updated_at,
      CAST(strftime('%s', 'now') AS INTEGER) * 1000000 + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000), OLD.revision + 1
    FROM taskstate_events HAVING NOT EXISTS (SELECT 1 FROM taskstate_events WHERE seq = (SELECT max(seq) FROM taskstate_events)
      AND task_seq IS NULL AND zone_id = OLD.zone_id AND id = OLD.id AND revision = OLD.revision + 1);
END;

CREATE TRIGGER taskstate_tasks_deleted AFTER DELETE ON taskstate_tasks
BEGIN
  UPDATE taskstate_meta SET purged_through = max(purged_through, OLD.last_event);
  INSERT INTO taskstate_erasures (task_seq, head) VALUES (OLD.seq, OLD.last_event);
  DELETE FROM taskstate_payloads WHERE task_seq = OLD.seq;
  DELETE FROM taskstate_results WHERE task_seq = OLD.seq;
  DELETE FROM taskstate_idempotency WHERE zone_id = OLD.zone_id AND task_id = OLD.id;
  UPDATE taskstate_counters SET completed = completed - (OLD.status = 'completed'), failed = failed - (OLD.status = 'failed'),
    through = (SELECT max(seq) FROM taskstate_events)
    WHERE zone_id = OLD.zone_id AND operation = OLD.operation;
END;

-- The history is a chain: an event is the first of a task that comes with it, the next of one that is there, or the purge
-- of one that has ended. It is append-only as long as the task is there.
CREATE TRIGGER taskstate_events_birth BEFORE INSERT ON taskstate_events
BEGIN
  SELECT CASE
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM taskstate_events)
      THEN RAISE(ABORT, 'taskstate: events are numbered without a gap, and no number is given twice')
    WHEN NEW.task_seq IS NULL THEN CASE WHEN NEW.prev IS NOT NULL OR NEW.kind IS NOT 'purged'
      OR NEW.from_status IS NOT NEW.to_status OR NOT EXISTS (SELECT 1 FROM taskstate_tasks
        WHERE zone_id = NEW.zone_id AND id = NEW.id AND operation IS NEW.operation AND status IS NEW.to_status
          AND status IN ('completed', 'failed') AND revision + 1 IS NEW.revision AND updated_at <= NEW.at)
      THEN RAISE(ABORT, 'taskstate: only what has ended is purged') END
    WHEN NEW.prev IS NULL THEN CASE WHEN NEW.task_seq IS NOT NEW.seq OR NEW.kind IS NOT 'created'
      OR NEW.from_status IS NOT NULL OR NEW.to_status IS NOT 'pending' OR NEW.revision IS NOT 1
      THEN RAISE(ABORT, 'taskstate: the first event of a task is its creation') END
    WHEN NEW.kind IS 'created' OR NEW.kind IS 'purged'
      OR NOT EXISTS (SELECT 1 FROM taskstate_tasks AS t JOIN taskstate_events AS p ON p.seq = t.last_event
        WHERE t.seq = NEW.task_seq AND t.last_event = NEW.prev AND t.zone_id IS NEW.zone_id AND t.id IS NEW.id
          AND t.operation IS NEW.operation AND t.revision + 1 IS NEW.revision
          AND p.to_status IS NEW.from_status AND p.at <= NEW.at AND p.attempt <= NEW.attempt AND p.epoch <= NEW.epoch)
      OR (NEW.from_status IS NOT NEW.to_status AND NOT ((NEW.from_status = 'pending' AND NEW.to_status IS 'running')
      OR (NEW.from_status = 'running' AND (NEW.to_status IS 'completed' OR NEW.to_status IS 'failed'))))
      OR NEW.from_status IS 'completed' OR NEW.from_status IS 'failed'
      THEN RAISE(ABORT, 'taskstate: an event is the next of its task')
  END;
END;

CREATE TRIGGER taskstate_events_change BEFORE UPDATE ON taskstate_events
BEGIN
  SELECT RAISE(ABORT, 'taskstate: the history never changes');
END;

CREATE TRIGGER taskstate_events_delete BEFORE DELETE ON taskstate_events
BEGIN
  SELECT CASE
    WHEN OLD.seq IS (SELECT max(seq) FROM taskstate_events)
      THEN RAISE(ABORT, 'taskstate: the newest event stays, so that its number is not given again')
    WHEN EXISTS (SELECT 1 FROM taskstate_tasks WHERE seq = OLD.task_seq)
      THEN RAISE(ABORT, 'taskstate: the history of a task stays as long as the task')
    WHEN OLD.task_seq IS NULL AND (OLD.seq <= (SELECT feed_floor FROM taskstate_meta)) IS NOT TRUE
      THEN RAISE(ABORT, 'taskstate: a purge is told until feed_floor has passed it')
    WHEN OLD.seq > (SELECT counted_through FROM taskstate_meta) AND OLD.task_seq IS NOT NULL
      THEN RAISE(ABORT, 'taskstate: an event stays until taskstate_metrics has counted it')
    WHEN EXISTS (SELECT 1 FROM taskstate_erasures WHERE task_seq = OLD.task_seq AND head >= OLD.seq)
      THEN RAISE(ABORT, 'taskstate: a history is deleted from its end')
  END;
END;

-- A payload is given once and kept until its task ends; a result comes with the completion.
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

CREATE TRIGGER taskstate_results_birth BEFORE INSERT ON taskstate_results
  WHEN EXISTS (SELECT 1 FROM taskstate_results WHERE task_seq = NEW.task_seq)
    OR NOT EXISTS (SELECT 1 FROM taskstate_tasks WHERE seq = NEW.task_seq AND status = 'completed'
      AND result_media_type IS NOT NULL AND last_event = (SELECT max(seq) FROM taskstate_events))
BEGIN
  SELECT RAISE(ABORT, 'taskstate: a result comes with the completion of its task');
END;

CREATE TRIGGER taskstate_results_change BEFORE UPDATE ON taskstate_results
BEGIN
  SELECT RAISE(ABORT, 'taskstate: a result never changes');
END;

-- A key is given to one task and kept or dropped, never turned to another.
CREATE TRIGGER taskstate_idempotency_birth BEFORE INSERT ON taskstate_idempotency
BEGIN
  SELECT CASE
    WHEN EXISTS (SELECT 1 FROM taskstate_idempotency WHERE zone_id = NEW.zone_id AND key = NEW.key)
      THEN RAISE(ABORT, 'taskstate: the idempotency key is in use')
    WHEN NOT EXISTS (SELECT 1 FROM taskstate_tasks WHERE zone_id = NEW.zone_id AND id = NEW.task_id)
      THEN RAISE(ABORT, 'taskstate: an idempotency key belongs to a task')
  END;
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

-- The one row of what belongs to the whole file: its counts only grow, and never past the newest event.
CREATE TRIGGER taskstate_meta_birth BEFORE INSERT ON taskstate_meta WHEN EXISTS (SELECT 1 FROM taskstate_meta)
BEGIN
  SELECT RAISE(ABORT, 'taskstate: the file has its row of taskstate_meta');
END;

CREATE TRIGGER taskstate_meta_change BEFORE UPDATE ON taskstate_meta
BEGIN
  SELECT CASE
    WHEN NEW.one IS NOT OLD.one OR NEW.schema IS NOT OLD.schema OR NEW.min_reader IS NOT OLD.min_reader
      OR NEW.min_writer IS NOT OLD.min_writer OR NEW.schema_hash IS NOT OLD.schema_hash
      THEN RAISE(ABORT, 'taskstate: only an engine migrates the file')
    WHEN (NEW.feed_floor >= OLD.feed_floor AND NEW.purged_through >= OLD.purged_through
        AND NEW.counted_through >= OLD.counted_through AND NEW.fence >= OLD.fence) IS NOT TRUE
      THEN RAISE(ABORT, 'taskstate: feed_floor, purged_through, counted_through and fence never go back')
    WHEN (max(NEW.feed_floor, NEW.purged_through, NEW.counted_through)
        <= max(OLD.feed_floor, OLD.purged_through, OLD.counted_through, coalesce((SELECT max(seq) FROM taskstate_events), 0))) IS NOT TRUE
      THEN RAISE(ABORT, 'taskstate: feed_floor, purged_through and counted_through name events that were')
  END;
END;

CREATE TRIGGER taskstate_meta_delete BEFORE DELETE ON taskstate_meta
BEGIN
  SELECT RAISE(ABORT, 'taskstate: the row of taskstate_meta stays');
END;

-- What is still to be deleted of a task that is gone is neither forgotten nor made up.
CREATE TRIGGER taskstate_erasures_birth BEFORE INSERT ON taskstate_erasures
  WHEN EXISTS (SELECT 1 FROM taskstate_tasks WHERE seq = NEW.task_seq)
    OR EXISTS (SELECT 1 FROM taskstate_erasures WHERE task_seq = NEW.task_seq)
    OR NOT EXISTS (SELECT 1 FROM taskstate_events WHERE seq = NEW.head AND task_seq = NEW.task_seq)
BEGIN
  SELECT RAISE(ABORT, 'taskstate: only the deletion of a task leaves an erasure');
END;

CREATE TRIGGER taskstate_erasures_change BEFORE UPDATE ON taskstate_erasures
  WHEN NEW.task_seq IS NOT OLD.task_seq OR (NEW.head < OLD.head) IS NOT TRUE
    OR NOT EXISTS (SELECT 1 FROM taskstate_events WHERE seq = NEW.head AND task_seq = OLD.task_seq)
BEGIN
  SELECT RAISE(ABORT, 'taskstate: an erasure goes down the history');
END;

CREATE TRIGGER taskstate_erasures_delete BEFORE DELETE ON taskstate_erasures
  WHEN OLD.head IS NOT OLD.task_seq
BEGIN
  SELECT RAISE(ABORT, 'taskstate: an erasure goes on until its events are deleted');
END;

-- A counter moves by what one event says, and by each event once.
CREATE TRIGGER taskstate_counters_birth BEFORE INSERT ON taskstate_counters
  WHEN EXISTS (SELECT 1 FROM taskstate_counters WHERE zone_id = NEW.zone_id AND operation = NEW.operation)
    OR NEW.pending IS NOT 0 OR NEW.running IS NOT 0 OR NEW.completed IS NOT 0 OR NEW.failed IS NOT 0 OR NEW.through IS NOT 0
BEGIN
  SELECT RAISE(ABORT, 'taskstate: counters begin with 0');
END;

CREATE TRIGGER taskstate_counters_change BEFORE UPDATE ON taskstate_counters
  WHEN NEW.zone_id IS NOT OLD.zone_id OR NEW.operation IS NOT OLD.operation OR (NEW.through > OLD.through) IS NOT TRUE
    OR NOT EXISTS (SELECT 1 FROM taskstate_events AS e WHERE e.seq = NEW.through AND e.zone_id = OLD.zone_id
      AND e.operation = OLD.operation
      AND NEW.pending IS OLD.pending + iif(e.task_seq IS NULL, 0, (e.to_status = 'pending') - (e.from_status IS 'pending'))
      AND NEW.running IS OLD.running + iif(e.task_seq IS NULL, 0, (e.to_status = 'running') - (e.from_status IS 'running'))
      AND NEW.completed IS OLD.completed
        + iif(e.task_seq IS NULL, -(e.to_status = 'completed'), (e.to_status = 'completed') - (e.from_status IS 'completed'))
      AND NEW.failed IS OLD.failed
        + iif(e.task_seq IS NULL, -(e.to_status = 'failed'), (e.to_status = 'failed') - (e.from_status IS 'failed')))
BEGIN
  SELECT RAISE(ABORT, 'taskstate: counters follow the events');
END;

CREATE TRIGGER taskstate_counters_delete BEFORE DELETE ON taskstate_counters
BEGIN
  SELECT RAISE(ABORT, 'taskstate: counters follow the events');
END;

CREATE TRIGGER taskstate_metrics_birth BEFORE INSERT ON taskstate_metrics
  WHEN NEW.value IS NOT 0 OR EXISTS (SELECT 1 FROM taskstate_metrics WHERE name = NEW.name AND bucket = NEW.bucket)
BEGIN
  SELECT RAISE(ABORT, 'taskstate: metrics begin with 0');
END;

CREATE TRIGGER taskstate_metrics_change BEFORE UPDATE ON taskstate_metrics
  WHEN NEW.name IS NOT OLD.name OR NEW.bucket IS NOT OLD.bucket OR (NEW.value >= OLD.value) IS NOT TRUE
BEGIN
  SELECT RAISE(ABORT, 'taskstate: metrics only grow');
END;

CREATE TRIGGER taskstate_metrics_delete BEFORE DELETE ON taskstate_metrics
BEGIN
  SELECT RAISE(ABORT, 'taskstate: metrics only grow');
END;

-- A setting is made, given another value or dropped, a pause made or ended: nothing takes another's place.
CREATE TRIGGER taskstate_settings_birth BEFORE INSERT ON taskstate_settings
  WHEN EXISTS (SELECT 1 FROM taskstate_settings WHERE name = NEW.name)
BEGIN
  SELECT RAISE(ABORT, 'taskstate: the setting is there; change its value');
END;

CREATE TRIGGER taskstate_settings_change BEFORE UPDATE OF name ON taskstate_settings WHEN NEW.name IS NOT OLD.name
BEGIN
  SELECT RAISE(ABORT, 'taskstate: a setting keeps its name');
END;

CREATE TRIGGER taskstate_pauses_birth BEFORE INSERT ON taskstate_pauses
  WHEN EXISTS (SELECT 1 FROM taskstate_pauses WHERE kind = NEW.kind AND name = NEW.name)
BEGIN
  SELECT RAISE(ABORT, 'taskstate: it is paused already');
END;

CREATE TRIGGER taskstate_pauses_change BEFORE UPDATE ON taskstate_pauses
BEGIN
  SELECT RAISE(ABORT, 'taskstate: a pause ends or stays as it is');
END;

package taskstate

import (
	"io/fs"
	"time"
)

// Mode says what [Open] may do with the file. Since 0.1.
type Mode int32

// The modes of [WithMode]. Since 0.1.
const (
	ModeCreate    Mode = 0 // read and write; a missing file is created (default)
	ModeReadWrite Mode = 1 // read and write; a missing file is an error
	ModeReadOnly  Mode = 2 // look-ups only; changes give ErrReadOnly
)

// CompletedPolicy says how a completed task is answered. Since 0.1.
type CompletedPolicy int32

// The policies of [WithCompleted] and Request.Completed. Since 0.1.
const (
	CompletedDefault  CompletedPolicy = 0 // in a request: as the engine says; of an engine: CompletedSeeOther
	CompletedSeeOther CompletedPolicy = 1 // 303 with Location
	CompletedOK       CompletedPolicy = 2 // 200 with Link rel="related", for clients that cannot take a 303
)

// LogLevel is the weight of a log line. Since 0.1.
type LogLevel int32

// The levels of [WithLogLevel]. Since 0.1.
const (
	LogTrace LogLevel = 0
	LogDebug LogLevel = 1
	LogInfo  LogLevel = 2
	LogWarn  LogLevel = 3
	LogError LogLevel = 4
	LogOff   LogLevel = 5
)

// IDKind says what an id is for. Since 0.1.
type IDKind int32

// The kinds of id that [WithIDs] is asked for. Since 0.1.
const (
	IDTask    IDKind = 0 // of a task that the host did not name
	IDRequest IDKind = 1 // the request_id of an error answer without a client request id
)

// Option is a setting of [Open]. Later options win over earlier ones of the same name.
//
// What clients and other processes see is stored in the file, so that all who have it open agree: [WithOperations],
// [WithLocation], [WithStatusURL], [WithCompleted], [WithRetryAfter], [WithLenientRequestIDs], [WithAdoptRequestID],
// [WithPendingLimit], [WithRunningLimit], [WithIdempotencyRetention], [WithRetention], [WithResultRetention], [WithTombstones] and
// [WithFeedRetention]. Of these, what is left out is the file's, and the default in a new one; what differs from the file's is
// [ErrInvalidArgument], unless [WithReconfigure] is given. Since 0.1.
type Option func(*config)

// config holds what was set; nil and false mean the library's default, or what the file holds.
type config struct {
	mode             *Mode
	adopt            bool
	reconfigure      bool
	timeout          *time.Duration
	operations       []string
	location         *string
	statusURL        *string
	completed        CompletedPolicy
	retryAfter       *[2]time.Duration
	ignoreRequestIDs *bool
	anyFilesystem    bool
	logLevel         *LogLevel
	logFile          *string
	log              func(LogLevel, string)
	clock            func() time.Time
	bootClock        func() time.Time
	ids              func(IDKind) [16]byte
	housekeeping     *time.Duration
	runningLimit     *int
	bootID           *string

	pendingLimit                      *int
	idempotencyRetention, longestWait *time.Duration
	adoptRequestID                    *bool
	retention, resultRetention        *time.Duration
	tombstones, feedRetention         *time.Duration
	durability                        *Durability
	migration                         *MigrationPolicy
	maxBytes, checkpointBytes         *int64
	answerCacheBytes                  *int64
	fileMode                          *fs.FileMode
}

// WithMode says whether a missing file is created and whether changes are possible. Since 0.1.
func WithMode(mode Mode) Option { return func(c *config) { c.mode = &mode } }

// WithAdopt lets an existing SQLite database of the host's that holds no taskstate tables get them. Without it such a
// file is [ErrNotATaskstateFile] and stays untouched. Since 0.1.
func WithAdopt() Option { return func(c *config) { c.adopt = true } }

// WithReconfigure writes into the file what is given of the settings that are stored there. It holds for every engine that has
// the file open from its next look at it on. Since 0.1.
func WithReconfigure() Option { return func(c *config) { c.reconfigure = true } }

// WithTimeout sets how long calls whose context has no deadline may wait for their turn; 5 s unless set. Negative is
// [ErrInvalidArgument]; 0 tries once. Since 0.1.
func WithTimeout(timeout time.Duration) Option { return func(c *config) { c.timeout = &timeout } }

// WithOperations allows more operations beside [OpCreate] and [OpDelete], each [a-z][a-z0-9_]{0,31}. It adds to
// earlier ones. OpCreate alone: there are none beside the two. Since 0.1.
func WithOperations(names ...string) Option {
	return func(c *config) { c.operations = append(c.operations, names...) }
}

// WithLocation sets where a completed task leads: an absolute path whose segments may be {zone_id}, {task_id} or
// {install_id}. Default /zones/{zone_id}/installs/{install_id}. Since 0.1.
func WithLocation(template string) Option { return func(c *config) { c.location = &template } }

// WithStatusURL sets the template of the status URL. Default /zones/{zone_id}/catalog_tasks/{task_id}. Since 0.1.
func WithStatusURL(template string) Option { return func(c *config) { c.statusURL = &template } }

// WithCompleted sets how completed tasks are answered; a request may say otherwise. Since 0.1.
func WithCompleted(policy CompletedPolicy) Option { return func(c *config) { c.completed = policy } }

// WithRetryAfter sets the bounds of Retry-After, whole seconds, 0 <= min <= max <= 24 h; 1 s and 30 s unless set.
// Since 0.1.
func WithRetryAfter(min, max time.Duration) Option {
	return func(c *config) { c.retryAfter = &[2]time.Duration{min, max} }
}

// WithLenientRequestIDs says whether an X-Client-Request-ID that is no UUID is ignored, or answered with 400 (default). Since 0.1.
func WithLenientRequestIDs(lenient bool) Option {
	return func(c *config) { c.ignoreRequestIDs = &lenient }
}

// WithAnyFilesystem opens also on a network, FUSE, virtiofs or 9p file system, where SQLite's locks and shared memory
// are not to be trusted; without it that is [ErrUnsupported]. Since 0.1.
func WithAnyFilesystem() Option { return func(c *config) { c.anyFilesystem = true } }

// WithLogLevel sets the least level that is logged; [LogWarn] unless set. Since 0.1.
func WithLogLevel(level LogLevel) Option { return func(c *config) { c.logLevel = &level } }

// WithLogFile appends log lines to a file instead of writing them to stderr. Since 0.1.
func WithLogFile(path string) Option { return func(c *config) { c.logFile = &path } }

// WithLogger hands log lines, without their newline, to log instead of stderr. As every callback, log may be called
// from any goroutine or thread, several at once, and must not use the engine. A panic stops at the callback, and the first
// is told on the standard error: a line of the log is lost, the time of a clock stands still, an id is random. A call of
// [runtime.Goexit] ends the process. The engine holds its callbacks until it is collected: one that refers to the engine
// keeps the memory of both for good. Since 0.1.
func WithLogger(log func(level LogLevel, line string)) Option { return func(c *config) { c.log = log } }

// WithClock takes the time from now, for tests. The rules of [WithLogger] hold. Since 0.1.
func WithClock(now func() time.Time) Option { return func(c *config) { c.clock = now } }

// WithBootClock takes from now, for tests, the clock that leases are held in: it runs evenly whatever [WithClock] tells. The
// rules of [WithLogger] hold. Since 0.1.
func WithBootClock(now func() time.Time) Option { return func(c *config) { c.bootClock = now } }

// WithHousekeeping sets how often the engine looks by itself for leases that have ended, tasks that nobody started in time
// and tasks that were held back: every 10 ms to 1 h; 1 s unless set, and never with [WithClock]. 0: never, see
// [Engine.Tick]. Since 0.1.
func WithHousekeeping(interval time.Duration) Option {
	return func(c *config) { c.housekeeping = &interval }
}

// WithRunningLimit sets how many tasks of one zone claims let run at once; 0: no limit. Since 0.1.
func WithRunningLimit(tasks int) Option { return func(c *config) { c.runningLimit = &tasks } }

// WithPendingLimit sets how many tasks of one zone may be pending: [Engine.Create] gives [ErrLimitExceeded] in a zone that has as
// many; 0: no limit. Since 0.1.
func WithPendingLimit(tasks int) Option { return func(c *config) { c.pendingLimit = &tasks } }

// WithIdempotencyRetention sets how long an idempotency key is kept, 1 s - 10 years; 24 h unless set. Since 0.1.
func WithIdempotencyRetention(retention time.Duration) Option {
	return func(c *config) { c.idempotencyRetention = &retention }
}

// WithAdoptRequestID says whether Create takes the call's request id, if that is a UUID, for the idempotency key where none is given:
// for clients that repeat a request under the same X-Client-Request-ID. Since 0.1.
func WithAdoptRequestID(adopt bool) Option { return func(c *config) { c.adoptRequestID = &adopt } }

// WithLongestWait sets the longest that a status request may wait by its Prefer header (RFC 7240, section 4.3), up to 1 h;
// 0: none does. Since 0.1.
func WithLongestWait(wait time.Duration) Option { return func(c *config) { c.longestWait = &wait } }

// WithRetention sets how long after it has ended a task is kept before the engine purges it by itself, 1 s - 100 years; 0: for
// good. Since 0.1.
func WithRetention(retention time.Duration) Option {
	return func(c *config) { c.retention = &retention }
}

// WithResultRetention sets how long a completed task's stored result is kept, 1 s - 100 years; as long as the task unless
// it is given. Since 0.2.
func WithResultRetention(retention time.Duration) Option {
	return func(c *config) { c.resultRetention = &retention }
}

// WithTombstones sets how long a purged task leaves a tombstone, 1 s - 100 years: it is answered with 410 and its id is not
// used again; 0: none. Since 0.1.
func WithTombstones(retention time.Duration) Option {
	return func(c *config) { c.tombstones = &retention }
}

// WithFeedRetention sets how long the feed tells of a purge, 1 s - 100 years; 7 days unless set. Since 0.1.
func WithFeedRetention(retention time.Duration) Option {
	return func(c *config) { c.feedRetention = &retention }
}

// Durability says when a change has reached the disk. Since 0.1.
type Durability int32

// The durabilities of [WithDurability]. Since 0.1.
const (
	DurabilityFull    Durability = 0 // when its call returns (default)
	DurabilityRelaxed Durability = 1 // it outlives the process at once, a power cut only some moments later
)

// WithDurability says when this engine's changes have reached the disk. Since 0.1.
func WithDurability(durability Durability) Option {
	return func(c *config) { c.durability = &durability }
}

// WithMaxBytes sets how large the database file may become by this engine's changes, 64 KiB and up: what would make it larger
// is [ErrDiskFull] and rolled back whole. Its -wal is not counted. 0: no limit. Since 0.1.
func WithMaxBytes(bytes int64) Option { return func(c *config) { c.maxBytes = &bytes } }

// WithCheckpointBytes sets the size of the -wal from which on a change moves it into the database file, 64 KiB - 1 GiB; 4 MiB
// unless set. Since 0.1.
func WithCheckpointBytes(bytes int64) Option {
	return func(c *config) { c.checkpointBytes = &bytes }
}

// WithAnswerCacheBytes sets how much memory the answers of [Engine.Decide] may take that are kept rendered, 0 - 64 GiB; 64 MiB
// unless set. They are as current as if they were read. 0: none are kept. Since 0.1.
func WithAnswerCacheBytes(bytes int64) Option {
	return func(c *config) { c.answerCacheBytes = &bytes }
}

// WithFileMode sets the mode of new files: 0600 (default) with any of 0066 added. Since 0.1.
func WithFileMode(mode fs.FileMode) Option { return func(c *config) { c.fileMode = &mode } }

// MigrationPolicy says what becomes of a file of an older schema. Since 0.2.
type MigrationPolicy int32

// The policies of [WithMigration]. Since 0.2.
const (
	MigrateAuto   MigrationPolicy = 0 // opening it for writing migrates it, as [Migrate] does, within the timeout (default)
	MigrateManual MigrationPolicy = 1 // opening it is [ErrSchemaTooOld]; only [Migrate] migrates it
	MigrateRefuse MigrationPolicy = 2 // [ErrSchemaTooOld], and it stays as it is, also for [Migrate]
)

// WithMigration says what becomes of a file of an older schema. A new file is made in any case. Since 0.2.
func WithMigration(policy MigrationPolicy) Option { return func(c *config) { c.migration = &policy } }

// WithBootID names this boot of the machine instead of the kernel: 1-64 of A-Z a-z 0-9 - . _ ~. A lease taken under another
// boot id has ended, unless a process that uses that one has the file open: give it to all processes or to none. For tests of a reboot, and for systems where no boot id can be read. Since 0.1.
func WithBootID(id string) Option { return func(c *config) { c.bootID = &id } }

// WithIDs takes the bytes of new UUIDs from next, for tests. The rules of [WithLogger] hold. Since 0.1.
func WithIDs(next func(kind IDKind) [16]byte) Option { return func(c *config) { c.ids = next } }

// The engine: one open file of tasks, and everything that can be done with it.
#pragma once

#include <taskstate.h>
#include <taskstate/answer.hpp>
#include <taskstate/batch.hpp>
#include <taskstate/detail/check.hpp>
#include <taskstate/error.hpp>
#include <taskstate/feed.hpp>
#include <taskstate/lease.hpp>
#include <taskstate/list.hpp>
#include <taskstate/options.hpp>
#include <taskstate/task.hpp>
#include <taskstate/watch.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace taskstate {

/// Whether get() also reads the payload. @since 0.1
enum class Payload : bool { omit = false, read = true };

/// Whether retry() makes another task where one retries it already. @since 0.2
enum class Retry : bool { once = false, again = true };

/// How Engine::cancel() goes about it. @since 0.1
struct Cancel {
  bool force = false;                   ///< fail a running task at once, whoever holds it
  std::optional<std::string> reason{};  ///< the public message, 1-16384 bytes UTF-8 ["The task was cancelled."]
};

/// What migrate() did. @since 0.2
struct Migration {
  std::int64_t from_schema = 0;  ///< what the file had
  std::int64_t to_schema = 0;    ///< what it has now; the same: there was nothing to do
  std::int64_t copy_bytes = 0;   ///< of the copy beside it, FILE.schemaN
  std::int64_t wal_bytes = 0;    ///< to which the -wal grew
};

/// Brings a file to this library's schema, in one transaction, and closes it; before that it is copied to FILE.schemaN
/// beside it (N: its old schema). Without a timeout it takes as long as it takes; it can be cancelled until it commits.
/// How far it is goes to the log, level info.
/// @throws Error busy (also while an engine of an older release has the file open that could not go on: its process is
/// named), already_exists (the copy would take the place of what is no earlier state of the file), disk_full (how much
/// is needed), schema_too_old, schema_too_new, unavailable (no such file), cancelled, and what Engine() throws.
/// @since 0.2
Migration migrate(std::string_view path, const Options& options = {}, const Call& call = {});

/// One open file of tasks. Any number of threads may use an engine at once, and any number of threads
/// and processes may have the same file open. Moving and destroying are for one thread, when no call is
/// running; a moved-from engine may only be assigned to, destroyed, or asked to decide(), which answers 503.
///
///     taskstate::Engine tasks("catalog.db");
///     auto task = tasks.create({.zone_id = "z1", .operation = "create", .package_id = "pkg_1"});
///     tasks.start("z1", task.id);
///     tasks.complete("z1", task.id, {.install_id = "ins_1"});
///     auto answer = tasks.decide("z1", task.id);  // 303, headers, body
///
/// Every call that changes something returns the task as it now is, and returns only when the change is
/// durable. Calls block until their turn comes, at most for their timeout (Call::timeout), and for their
/// own reading and writing. What is returned is owned by the caller and holds no engine.
///
/// Beside what is listed there, a change can throw Error with `invalid_argument` (also for a bad Call),
/// `busy`, `closed`, `forked`, `read_only`, `disk_full`, `io_error`, `moved`, `corrupt`, `schema_too_new`,
/// `no_memory` or `internal`, and a look-up the same without `read_only` and `disk_full`. Error::outcome()
/// says whether a failed change may have happened all the same. @since 0.1
class Engine {
 public:
  /// Opens, and by default creates with mode 0600, the file at `path`; ":memory:" is a private database
  /// in memory. An older file is migrated or refused, as Options::migrate says.
  /// @throws Error not_a_taskstate_file, schema_too_new, schema_too_old, corrupt, access_denied, read_only, unsupported
  /// (the file system), unavailable, busy, disk_full, io_error, invalid_argument.
  explicit Engine(std::string_view path, const Options& options = {});

  /// Closes at once: calls that wait for their turn and later calls throw `closed`; a change that is
  /// being committed runs to its end first. Closing again does nothing. Any thread.
  /// @throws Error what the last write to the file met, such as io_error.
  void close();

  /// Creates a pending task.
  /// @throws Error invalid_argument with one detail for each bad field, already_exists, idempotency_mismatch,
  /// limit_exceeded (Options::pending_limit), not_found and illegal_transition (of retry_of: unknown, not failed).
  Task create(const NewTask& spec, const Call& call = {});
  /// pending -> running. @throws Error not_found, illegal_transition.
  Task start(std::string_view zone_id, std::string_view id, const Call& call = {});
  /// Adds to a pending or running task. Adding only what is already there changes nothing.
  /// @throws Error not_found, illegal_transition.
  Task annotate(std::string_view zone_id, std::string_view id, const Update& update, const Call& call = {});
  /// running -> completed. The task must then have a result: one link rel="result", an install_id, or a stored result;
  /// it leads to the first of these, to a stored result at its status URL with "/result" behind the path.
  /// Repeating the very same outcome succeeds and changes nothing.
  /// @throws Error not_found, illegal_transition (also for another outcome).
  Task complete(std::string_view zone_id, std::string_view id, const Update& update = {}, const Call& call = {});
  /// running -> failed. Repetition as for complete(). @throws Error not_found, illegal_transition.
  Task fail(std::string_view zone_id, std::string_view id, const Failure& failure, const Call& call = {});

  /// Cancels a task. A pending one fails, and so does one that is requeued. A running one is marked: its worker
  /// hears of it with its next heartbeat, and its outcome stands, unless `force` ends it at once.
  /// @throws Error not_found, illegal_transition for a task that has ended otherwise.
  Task cancel(std::string_view zone_id, std::string_view id, const Cancel& how = {}, const Call& call = {});
  /// Gives a task another priority, -100 ... 100, while nobody holds it: it is pending, or it is requeued. The history
  /// tells it as "reprioritized", with the detail "0 → 50". @throws Error not_found, illegal_transition for a task that
  /// somebody holds (release or cancel it first) or that has ended. @since 0.2
  Task reprioritize(std::string_view zone_id, std::string_view id, std::int64_t priority, const Call& call = {});
  /// Makes a new task like one that failed, of whatever kind: its operation, install_id, package fields, payload,
  /// priority, max_attempts and ref, and as long to be started in as it had from its creation. A link rel="predecessor"
  /// leads to the failed one, as with NewTask::retry_of, which counts as a retry, too. @throws Error not_found,
  /// illegal_transition (it did not fail), already_exists (another task, which the message names, retries it already),
  /// limit_exceeded. @since 0.2
  Task retry(std::string_view zone_id, std::string_view id, Retry how = Retry::once, const Call& call = {});

  /// From now on claims of every process pass over the zone or the operation, until unpause(). Kept in the file; told
  /// by stats() with the call's actor. What is named, as by start(), is not held up. No task changes, so Call::also
  /// must be empty. False if it was paused already. @throws Error invalid_argument. @since 0.2
  bool pause(const PauseTarget& what, const Call& call = {});
  /// Ends a pause, and wakes the claims that wait. False if it was not paused. @since 0.2
  bool unpause(const PauseTarget& what, const Call& call = {});

  /// Carries out the batch's changes in order, in as few transactions as the log's budget allows: for a fraction of
  /// what they cost one by one. Each is on its own: results[i] tells of the i-th. What was not begun when the timeout
  /// passed is `busy` there. The call's own statements run with each change that changes its task.
  /// @throws Error only if nothing was begun: invalid_argument, closed, forked, no_memory.
  [[nodiscard]] std::vector<Result> run(const Batch& batch, const Call& call = {});
  /// create() of each, as a batch. @throws Error as run() and Batch do.
  [[nodiscard]] std::vector<Result> create_many(const std::vector<NewTask>& specs, const Call& call = {});
  /// complete() of each, as a batch. @throws Error as run() and Batch do.
  [[nodiscard]] std::vector<Result> complete_many(const std::vector<Completion>& completions, const Call& call = {});

  /// Takes the oldest task of the zone whose turn it is, under a lease; nothing if there is none, also after the wait.
  /// @throws Error invalid_argument, cancelled.
  [[nodiscard]] std::optional<Lease> claim(const Claim& what = {}, const Call& call = {});
  /// Up to `limit` (1-64) at once, each under a lease of its own; waits for the first only.
  [[nodiscard]] std::vector<Lease> claim_many(std::int64_t limit, const Claim& what = {}, const Call& call = {});
  /// Takes the one task that the host names, pending or requeued. @throws Error not_found, illegal_transition,
  /// unsupported (it is held on a clock that cannot be compared with this process's, so it may be free or not).
  [[nodiscard]] Lease start_leased(std::string_view zone_id, std::string_view id, const LeaseTerms& terms = {},
                                   const Call& call = {});
  /// The lease that another process holds, by its token. @throws Error lease_lost, invalid_argument.
  [[nodiscard]] Lease lease(std::string_view token, const Call& call = {});
  /// Ends leases whose time is over, fails what nobody started in time, lets be claimed what was held back: what the
  /// housekeeper does, now. How many tasks that was.
  std::int64_t tick(const Call& call = {});
  /// A watch of nothing yet. @throws Error unavailable if the system has no descriptor left.
  [[nodiscard]] Watch watch();

  /// The task as it is now, or nothing; ids outside the grammar are simply not found.
  [[nodiscard]] std::optional<Task> get(std::string_view zone_id, std::string_view id, Payload payload = Payload::omit,
                                        const Call& call = {}) const;
  /// What a completed task has stored as its result. @throws Error not_found, whose message says why there is none.
  /// @since 0.2
  [[nodiscard]] StoredResult result(std::string_view zone_id, std::string_view id, const Call& call = {}) const;
  /// One page of tasks, newest first, of one zone or of all. Cursors are opaque, bound to their file and filter.
  /// @throws Error invalid_argument for a foreign or altered cursor.
  [[nodiscard]] Page list(const ListQuery& query, const Call& call = {}) const;
  /// One page of a task's events, newest first; none for an unknown one. The cursor is opaque, bound to the file and
  /// the task. @throws Error invalid_argument for a foreign or altered cursor.
  [[nodiscard]] History history(std::string_view zone_id, std::string_view id, const HistoryQuery& query = {},
                                const Call& call = {}) const;
  /// Waits, at most `longest`, until the task has moved past `revision`, or is completed or failed; without a revision,
  /// until it is completed or failed. The task as it is by then, or nothing. Woken within milliseconds of a change by
  /// any process.
  /// @throws Error cancelled, unavailable (no descriptor left).
  [[nodiscard]] std::optional<Task> wait(std::string_view zone_id, std::string_view id,
                                         std::optional<std::int64_t> revision, std::chrono::microseconds longest,
                                         const Call& call = {}) const;
  /// What was committed after a position in the feed. A task that is purged takes its events along and leaves one,
  /// "purged".
  /// @throws Error restored (the position is of another file: this one is a restored backup, or its content was
  /// replaced), behind (purges after the position are no longer told), invalid_argument, cancelled.
  [[nodiscard]] Changes changes(const ChangesQuery& query = {}, const Call& call = {}) const;
  /// Removes tasks that ended long ago, with payloads and histories, a few in each transaction. A task whose
  /// idempotency key is still kept stays. How many; when its turn does not come in time or the call is cancelled, those
  /// so far.
  std::int64_t purge(const Purge& which, const Call& call = {});
  /// Erases one completed or failed task, whatever its age: neither the file nor its -wal holds a byte of it any more
  /// but its key. False: there was none. @throws Error illegal_transition (cancel it first), unavailable with outcome
  /// unknown (it is gone, but a reader did not let the -wal be emptied in time: call again).
  bool erase(std::string_view zone_id, std::string_view id, const Call& call = {});
  /// The wall clock is right, however far it has leapt on the boot clock: what expires by it does again, for all
  /// processes on the file.
  void clock_ok(const Call& call = {});
  /// Figures; counts of all zones, or of one. Costs the same however many tasks there are.
  [[nodiscard]] Stats stats(const std::optional<std::string>& zone_id = {}, const Call& call = {}) const;
  /// Copies the file as it is at one moment; others go on writing. The copy takes its name when it is whole and on the
  /// disk; an earlier backup there, or an empty file, is replaced, and nothing else. Without a timeout it takes as long
  /// as it takes. @throws Error already_exists (there stands anything else, or a -wal, -shm or -journal lies there),
  /// invalid_argument (it is the file itself, a companion of it or of another, or no regular file).
  void backup(std::string_view path, const Call& call = {}) const;
  /// Examines the whole file in one snapshot: SQLite's integrity check and every invariant of tasks,
  /// events and counters. Writers go on. Problems are a result, not an error.
  [[nodiscard]] Report verify(const Call& call = {}) const;

  /// The answer to the status request (RFC 9110). Every failure of the look-up is an answer too: 404, 503,
  /// 500 ... Blocks at most for one read. @throws Error invalid_argument for a bad Call only; no_memory.
  [[nodiscard]] Answer decide(std::string_view zone_id, std::string_view id, const Request& request = {},
                              const Call& call = {}) const;
  /// The answer to the request that created the task: 202 with the status URL as Location. The task is
  /// answered as its `json` says, whatever became of it since. @throws Error invalid_argument if that is no
  /// task or the task has no zone.
  [[nodiscard]] Answer accept(const Task& task, const Request& request = {}) const;
  /// The same for a create() that threw: 400, 409, 429, 503 or 500.
  /// @throws Error invalid_argument if the error is one that no engine threw.
  [[nodiscard]] Answer accept(const Error& failure, const Request& request = {}) const;

 private:
  [[nodiscard]] std::vector<Lease> leases_from(const tse_leases* granted) const;
  detail::SharedEngine engine_;
};

}  // namespace taskstate

#include <taskstate/detail/engine.hpp>

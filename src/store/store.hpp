// The seam between the engine and a database. Keys, rows and the hidden version cross it, nothing of
// SQL, files or connections. A store never judges: it compares and replaces.
#pragma once

#include "core/cursor.hpp"
#include "core/error.hpp"
#include "core/task.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tse::store {

using Deadline = std::chrono::steady_clock::time_point;

/// How long a call waits for its turn: until a time, or until somebody cancels it. Copied freely.
struct Patience {
  // NOLINTNEXTLINE(google-explicit-constructor): a time alone is a patience
  Patience(Deadline time = {}, std::function<bool()> asked = {}) : until(time), cancelled(std::move(asked)) {}
  Deadline until;
  std::function<bool()> cancelled;  ///< asked while waiting; empty: never. Must not block or throw

  /// Throws Failure: cancelled, or busy with `why` once the time is over.
  void require(const char* why) const;
  /// Until when to sleep before asking again: `until`, or soon if somebody may cancel.
  [[nodiscard]] Deadline next_look() const;
};

/// What can be asked of one snapshot of the store.
class View {
 public:
  virtual ~View() = default;
  virtual std::optional<core::Row> read(const core::Key& key) = 0;
  virtual std::optional<std::string> payload(const core::Key& key) = 0;

  /// The first zone after `after`, in byte order, in which there is something to claim: pending and not held back, or
  /// offered again. Empty `operations`: of any operation.
  virtual std::optional<std::string> next_runnable_zone(std::string_view after,
                                                        std::span<const std::string> operations) = 0;
  /// The oldest task to claim in a zone; `offered_again`: only one that had a holder already.
  virtual std::optional<core::Key> oldest_runnable(std::string_view zone_id, std::span<const std::string> operations,
                                                   bool offered_again) = 0;
  /// The zone that was served last; empty at first.
  virtual std::string zone_turn() = 0;
  /// How many tasks of a zone have a status; from the counters.
  virtual std::int64_t count(std::string_view zone_id, core::Status status) = 0;

  /// The distinct clocks that leases are held in.
  virtual std::vector<std::string> lease_clocks() = 0;
  /// Tasks whose lease on that clock ends at `until` or before, the earliest first.
  virtual std::vector<core::Key> ended_leases(std::string_view clock, std::int64_t until, std::size_t limit) = 0;
  /// Pending tasks with start_by at `now` or before.
  virtual std::vector<core::Key> overdue_starts(std::int64_t now, std::size_t limit) = 0;
  /// Tasks that wait for a not_before, at `now` or before.
  virtual std::vector<core::Key> ripe(std::int64_t now, std::size_t limit) = 0;
};

/// Where a change reads and writes. What it reads is current until the change ends; what it writes is
/// durable only when Store::commit() says so.
class Session : public View {
 public:
  /// Stores a new task with its first event. False: the key is taken.
  virtual bool insert(const core::Row& row, std::optional<std::string_view> payload) = 0;
  /// Replaces the row whose version is still `expected`, and appends its event if the revision grew.
  /// False: the row moved on or is gone; read again.
  virtual bool replace(std::int64_t expected, const core::Row& next) = 0;
  /// An epoch that this file never gave out before.
  virtual std::int64_t next_epoch() = 0;
  virtual void set_zone_turn(std::string_view zone_id) = 0;
};

/// Whether a change must have reached the disk when commit() returns. One that need not is still atomic and in order.
enum class Durability { full, relaxed };

/// One change. May be run more than once, each time from the start: only the last run counts. Throws
/// Failure to refuse; then nothing of it is kept.
struct Change {
  std::function<void(Session&)> run;
  Durability durability = Durability::full;
};

/// What an answer needs, and no more.
struct AnswerRow {
  core::Status status = core::Status::pending;
  std::int64_t created_at = 0;
  std::int64_t revision = 0;
  std::string body;
  core::Text install_id;
  core::Text result_href;
};

struct PageQuery {
  std::string zone_id;
  std::vector<core::Status> statuses;  ///< empty: all
  core::Text operation;
  core::Text install_id;
  core::Text package_id;
  std::optional<std::int64_t> created_from;   ///< inclusive
  std::optional<std::int64_t> created_until;  ///< exclusive
  std::size_t limit = 50;
  std::optional<core::Position> from;  ///< exclusive
  bool newer = false;                  ///< the direction from `from`: towards newer rows
};

/// Files that change, in place, with commits; empty if there are none (in memory).
struct CommitFiles {
  std::string announced;  ///< once a commit of an engine can be seen
  std::string written;    ///< with every commit of whatever program, but before it can be seen
};

struct VerifyReport {
  std::vector<std::string> problems;
  std::int64_t tasks = 0;
  std::int64_t events = 0;
};

/// One open database. Any number of threads. Everything throws core::Failure.
class Store {
 public:
  virtual ~Store() = default;

  /// Runs the changes in order and makes those that succeed durable (or, if all
  /// are relaxed, visible). results[i] is empty if changes[i] is. When the patience ends before the turn came, every
  /// result is `busy` or `cancelled`.
  virtual std::vector<std::optional<core::Error>> commit(std::span<const Change* const> changes,
                                                         const Patience& patience) = 0;
  /// How many changes one commit() profits from; 1 where changes share nothing.
  [[nodiscard]] virtual std::size_t max_group() const noexcept = 0;

  /// Asks several things of one snapshot.
  virtual void view(const std::function<void(View&)>& ask, const Patience& patience) = 0;
  virtual std::optional<core::Row> read(const core::Key& key, const Patience& patience) = 0;
  virtual std::optional<std::string> payload(const core::Key& key, const Patience& patience) = 0;
  virtual std::optional<AnswerRow> answer(const core::Key& key, const Patience& patience) = 0;
  /// Rows in the order of travel: newest first, or oldest first when `newer`.
  virtual std::vector<core::Row> page(const PageQuery& query, const Patience& patience) = 0;
  virtual std::int64_t count(const PageQuery& query, const Patience& patience) = 0;  ///< limit and from do not count
  virtual std::vector<core::Event> history(const core::Key& key, const Patience& patience) = 0;
  virtual VerifyReport verify(const Patience& patience) = 0;

  /// For whoever wants to be told of the commits of other processes.
  [[nodiscard]] virtual CommitFiles commit_files() const = 0;

  /// Identifies this file and no copy of it; 16 bytes as hex.
  [[nodiscard]] virtual const std::string& generation() const noexcept = 0;

  /// Refuses everything from now on with `closed`, waits for a commit under way, lets go of the file.
  virtual void close() noexcept = 0;

  /// Around fork(): before() lets our own transaction finish and keeps others from beginning; then
  /// parent() resumes. child() only marks the store and drops its lock file: every call gives `forked`.
  /// abandon() later closes what the child inherited; it must run before the child opens anything.
  virtual void before_fork() noexcept = 0;
  virtual void after_fork_parent() noexcept = 0;
  virtual void after_fork_child() noexcept = 0;
  virtual void abandon() noexcept = 0;
};

}  // namespace tse::store

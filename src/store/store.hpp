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
#include <vector>

namespace tse::store {

using Deadline = std::chrono::steady_clock::time_point;

/// Where a change reads and writes. What it reads is current until the change ends; what it writes is
/// durable only when Store::commit() says so.
class Session {
 public:
  virtual ~Session() = default;
  virtual std::optional<core::Row> read(const core::Key& key) = 0;
  /// Stores a new task with its first event. False: the key is taken.
  virtual bool insert(const core::Row& row, std::optional<std::string_view> payload) = 0;
  /// Replaces the row whose version is still `expected`, and appends its event if the revision grew.
  /// False: the row moved on or is gone; read again.
  virtual bool replace(std::int64_t expected, const core::Row& next) = 0;
};

/// One change. May be run more than once, each time from the start: only the last run counts. Throws
/// Failure to refuse; then nothing of it is kept.
using Change = std::function<void(Session&)>;

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

struct VerifyReport {
  std::vector<std::string> problems;
  std::int64_t tasks = 0;
  std::int64_t events = 0;
};

/// One open database. Any number of threads. Everything throws core::Failure.
class Store {
 public:
  virtual ~Store() = default;

  /// Runs the changes in order and makes those that succeed durable. results[i] is empty if
  /// changes[i] is durable. Waits for its turn until `deadline`, then every result is `busy`.
  virtual std::vector<std::optional<core::Error>> commit(std::span<const Change* const> changes, Deadline deadline) = 0;
  /// How many changes one commit() profits from; 1 where changes share nothing.
  [[nodiscard]] virtual std::size_t max_group() const noexcept = 0;

  virtual std::optional<core::Row> read(const core::Key& key, Deadline deadline) = 0;
  virtual std::optional<std::string> payload(const core::Key& key, Deadline deadline) = 0;
  virtual std::optional<AnswerRow> answer(const core::Key& key, Deadline deadline) = 0;
  /// Rows in the order of travel: newest first, or oldest first when `newer`.
  virtual std::vector<core::Row> page(const PageQuery& query, Deadline deadline) = 0;
  virtual std::int64_t count(const PageQuery& query, Deadline deadline) = 0;  ///< limit and from do not count
  virtual std::vector<core::Event> history(const core::Key& key, Deadline deadline) = 0;
  virtual VerifyReport verify(Deadline deadline) = 0;

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

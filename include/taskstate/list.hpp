// Reading many: pages of a zone, a task's history, the report on a file.
#pragma once

#include <taskstate/state_machine.hpp>
#include <taskstate/task.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace taskstate {

/// Which tasks to list. @since 0.1
struct ListQuery {
  std::optional<std::string> zone_id{};  ///< absent: all zones, for operators: a client must never choose
  std::vector<Status> statuses{};        ///< empty: all
  std::optional<std::string> operation{};
  std::optional<std::string> install_id{};
  std::optional<std::string> package_id{};
  std::optional<std::string> failure_kind{};  ///< "failed", "cancelled", "expired" or "lost"
  std::optional<std::string> worker{};        ///< who holds the task's lease
  std::optional<std::string> ref{};
  std::optional<std::string> client_request_id{};
  std::optional<Time> created_from{};   ///< inclusive
  std::optional<Time> created_until{};  ///< exclusive
  std::optional<std::int64_t> limit{};  ///< 1-1000; absent: 50
  std::optional<std::string> after{};   ///< a cursor: what is older than it; not together with `before`
  std::optional<std::string> before{};  ///< a cursor: what is newer than it
  bool with_total = false;              ///< count all that match, which reads them all
};

/// A page of tasks, newest first. One without a cursor in the direction of travel is the last; one with, but with fewer
/// tasks than asked for, was not full by the deadline. @since 0.1
struct Page {
  std::vector<Task> tasks{};
  std::optional<std::string> after_cursor{};   ///< for the next (older) page; absent if there is none
  std::optional<std::string> before_cursor{};  ///< for the previous (newer) page; absent if there is none
  std::optional<std::int64_t> total_count{};   ///< only if asked for
};

/// One entry of a task's history. @since 0.1
struct Event {
  std::int64_t sequence = 0;  ///< grows over the whole file, in commit order; never reused
  std::string zone_id{};
  std::string id{};
  /// "created", "started", "annotated", "progress", "cancel_requested", "reprioritized", "released", "lost",
  /// "cancelled", "expired", "completed", "failed", "external"; in the feed also "purged"
  std::string kind{};
  std::optional<Status> from{};  ///< absent for the first event
  Status to = Status::pending;
  Time at{};
  std::int64_t revision = 0;
  std::int64_t attempt = 0;
  std::optional<std::string> worker{};  ///< the call's actor
  std::int64_t epoch = 0;               ///< 0: none
  std::optional<std::string> request_id{};
  std::optional<std::string> traceparent{};
  std::optional<std::string> message{};
  std::optional<std::string> detail{};
  std::optional<std::string> position{};  ///< in the feed: where to go on after this event
  bool operator==(const Event&) const = default;
};

/// Which page of a task's history Engine::history() gives. @since 0.1
struct HistoryQuery {
  std::optional<std::int64_t> limit{};  ///< 1-1000; absent: 50
  std::optional<std::string> after{};   ///< a cursor: what is older than it
};

/// A page of a task's history, newest first. @since 0.1
struct History {
  std::vector<Event> events{};
  std::optional<std::string> after_cursor{};  ///< for the next (older) page; absent if there is none
};

/// What Engine::verify() found. @since 0.1
struct Report {
  bool ok = false;                      ///< nothing is wrong
  std::vector<std::string> problems{};  ///< one sentence each
  std::int64_t task_count = 0;          ///< tasks examined
  std::int64_t event_count = 0;         ///< events examined
  std::string text{};                   ///< the whole report for a person, several lines
};

}  // namespace taskstate

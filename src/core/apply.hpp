// The rules of change. Pure: row + intent + context in; new row, "nothing to do" or a refusal out.
#pragma once

#include "core/additions.hpp"
#include "core/error.hpp"
#include "core/location.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace tse::core {

/// Who asks, and when.
struct Context {
  std::int64_t now = 0;  ///< us UTC
  Text request_id;
  Text traceparent;
  Text actor;
  std::optional<std::int64_t> epoch{};  ///< of the lease under which it is asked; none: by nobody who holds one
};

/// What a new task is made of.
struct NewTask {
  std::string zone_id;
  Text id{};  ///< none: one is to be made
  std::string operation;
  Text install_id;
  Text package_id;
  Text package_slug;
  std::optional<std::int64_t> package_version;
  std::vector<Link> links;
  std::vector<Warning> warnings;
  Text payload;
  std::optional<std::int64_t> not_before{};    ///< us UTC
  std::optional<std::int64_t> start_within{};  ///< us, from creation or not_before, whichever is later
  std::int64_t max_attempts = 1;
  Text idempotency_key{};
  Text retry_of{};            ///< the id of a failed task of the zone
  std::int64_t priority = 0;  ///< higher first
  Text ref{};                 ///< what the host calls it
};

/// The terms of a lease. `until` is on the clock that `clock` names.
struct Grant {
  std::int64_t epoch = 0;
  std::int64_t until = 0;
  std::string clock;
  Text worker;
  std::int64_t duration = 0;  ///< us; 0: not told
};

/// Begins an attempt: of a pending task, or, under a lease, of one that is offered again.
struct Start {
  std::optional<Grant> grant{};
};
struct Annotate {
  Additions additions;
};
struct Complete {
  Additions additions;
  std::optional<StoredResult> result{};  ///< kept by whoever carries it out, in the same transaction
};
struct Fail {
  std::string error_message;
  Text error_detail;
  Additions additions;
};
/// Moves the lease's end; progress replaces the link rel="progress", at most once a second.
struct Heartbeat {
  std::int64_t until = 0;
  std::string clock;
  std::optional<Link> progress{};
};
/// The holder gives the task back; if an attempt is left it is offered again, not before `not_before`.
struct Release {
  std::optional<std::int64_t> not_before{};
};
struct Cancel {
  bool force = false;  ///< a running task fails, too, whoever holds it
  Text reason{};       ///< the public message; none: a fixed sentence
};
/// Which task of a zone is claimed first, while nobody holds it.
struct Reprioritize {
  std::int64_t priority = 0;
};
/// Ends a lease on this clock whose end is not after `until`.
struct EndLease {
  std::string clock;
  std::int64_t until = 0;
};
/// Fails a pending task whose start_by has passed.
struct ExpireStart {};
/// Lets a task be claimed whose not_before has come.
struct Ripen {};

using Intent = std::variant<Start, Annotate, Complete, Fail, Heartbeat, Release, Cancel, Reprioritize, EndLease,
                            ExpireStart, Ripen>;

/// The rows that a task passes through, in order, each a change with an event of its own; the last is what it
/// becomes. Two where a pending task ends, since no move leads from pending to failed.
using Steps = std::vector<Row>;

/// The intent asks for what is already so.
struct Unchanged {};

/// The pending row of a new task, or every rule that its fields break. `operations` are those allowed.
/// A "delete" needs an install_id. Who tries a task again gets a link to it, below `status_url`.
[[nodiscard]] std::variant<Row, Error> create(const NewTask& spec, std::span<const std::string> operations,
                                              const PathTemplate& status_url, const Context& context);

/// Whether the task may be tried again: not_found, illegal_transition if it did not fail.
[[nodiscard]] std::optional<Error> check_predecessor(const std::optional<Row>& predecessor);

/// Why nothing can be done with a task that is not there: not_found, or lease_lost where it was asked under a lease.
[[nodiscard]] Error missing_task(const Context& context);

/// The rows after the intent, or why not. Every rule of change is here:
/// - moves only as state_machine.hpp lists them; an illegal one names from, to and since when;
/// - a terminal task never changes; repeating the very outcome that ended it is Unchanged;
/// - what is asked under a lease that is not the task's current one is lease_lost, whatever the state; a task that was
///   started under a lease is completed or failed by its holder only;
/// - a lease that is released or runs out leaves the task running and offered again while attempts are left and
///   nobody asked to cancel it; else it fails, kind `lost` or `cancelled`;
/// - a priority changes where nobody holds the task: it is pending, or waits for another attempt;
/// - install_id, package_id, package_slug are write-once; links and warnings are appended, exact
///   duplicates ignored;
/// - completed needs a result (an install_id, a link or a stored one), failed a message, nothing else may have one;
/// - updated_at never goes back, whatever `context.now` says; version grows by one with every step, revision
///   with every step that the wire or the history shows;
/// - where the row itself breaks a rule, the refusal is `corrupt` and not the caller's.
[[nodiscard]] std::variant<Steps, Unchanged, Error> apply(const Row& row, const Intent& intent, const Context& context);

}  // namespace tse::core

// What callers ask for, as plain values. Their defaults are what a caller gets who says nothing; check() judges them.
#pragma once

#include "core/range.hpp"
#include "core/statement.hpp"
#include "core/task.hpp"

#include <taskstate/contract/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tse::core {

/// What a call says besides its arguments.
struct CallInfo {
  std::optional<std::chrono::microseconds> timeout{};
  Text request_id{};
  Text traceparent{};
  Text actor{};
  std::vector<Statement> also{};  ///< the host's own, run with each change
};

/// One of a call's statements apart from its parameters, and one parameter; `index`: the statement's place in the call.
struct StatementText {
  std::size_t index = 0;
  std::string_view sql;
};
struct Parameter {
  std::size_t index = 0;
  std::optional<std::string_view> name;
  const Value& value;
};

inline constexpr std::chrono::microseconds usual_lease = usual_duration(contract::argument::lease);

/// Who holds a task, and for how long without a heartbeat.
struct LeaseTerms {
  Text worker{};
  std::chrono::microseconds lease = usual_lease;
};

/// Which tasks a claim looks at; sorted, without duplicates, so that equal filters are equal.
struct ClaimFilter {
  std::vector<std::string> zones;                        ///< empty: all
  std::vector<std::string> operations;                   ///< empty: all
  auto operator<=>(const ClaimFilter&) const = default;  // NOLINT(modernize-use-nullptr): that of <=> itself
  [[nodiscard]] bool matches(std::string_view zone_id, std::string_view operation) const noexcept;
};

/// Which tasks to claim, and on which terms.
struct ClaimSpec {
  ClaimFilter filter{};
  Text worker{};
  std::chrono::microseconds lease = usual_lease;
  std::int64_t limit = usual(contract::argument::leases);
  std::chrono::microseconds wait{0};
};

/// What a heartbeat says. Whether the progress is a link is judged with the task's others.
struct HeartbeatTerms {
  std::optional<std::chrono::microseconds> lease{};  ///< none: the duration that was granted
};

struct ReleaseTerms {
  std::chrono::microseconds delay{0};
};

struct WaitTerms {
  std::chrono::microseconds wait{0};
};

/// Of what statistics tell, or which zone a watch is for. None: all.
struct ZoneFilter {
  Text zone_id{};
};

/// What claims are to pass over: a zone or an operation, exactly one of them.
struct PauseTarget {
  Text zone_id{};
  Text operation{};
};

struct ListQuery {
  Text zone_id{};                ///< none: all zones, by the numbers of their tasks instead of (created_at, id)
  std::vector<Status> statuses;  ///< empty: all
  Text operation;
  Text install_id;
  Text package_id;
  Text failure_kind;
  Text worker;  ///< who holds it
  Text ref;
  Text client_request_id;
  std::optional<std::int64_t> created_from;   ///< inclusive
  std::optional<std::int64_t> created_until;  ///< exclusive
  std::int64_t limit = usual(contract::argument::list_limit);
  Text after;
  Text before;
  bool with_total = false;
};

/// A page of a task's history.
struct HistoryQuery {
  Text after{};  ///< a cursor; none: from the newest event on
  std::int64_t limit = usual(contract::argument::history_limit);
};

struct ChangesQuery {
  Text zone_id{};       ///< none: all
  Text after{};         ///< a position; none: from the beginning
  bool latest = false;  ///< from here and now
  bool allow_gap = false;
  std::int64_t limit = usual(contract::argument::changes_limit);
  std::chrono::microseconds wait{0};
};

struct PurgeQuery {
  Text zone_id{};                                               ///< none: all
  std::optional<std::chrono::microseconds> older_than{};        ///< required
  std::int64_t limit = usual(contract::argument::purge_limit);  ///< 0: all
};

}  // namespace tse::core

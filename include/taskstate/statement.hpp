// Statements of the host's own that run in the same transaction as a change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace taskstate {

/// Bytes, as opposed to text. @since 0.1
struct Blob {
  std::string bytes{};
};

/// What a parameter is bound to; std::monostate is NULL. @since 0.1
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

/// One SQL statement, to run with each change that a call makes to a task, after it: what it writes to the host's
/// tables and what happens to the task are one transaction. It never runs when nothing changes (a replay, a
/// repetition). SELECT, INSERT, UPDATE and DELETE on tables not named taskstate_* or sqlite_*. Parameters named
/// :taskstate_zone_id, :taskstate_id and :taskstate_now (us UTC) get the task's key and the time of the change; all
/// others need a value. What is refused or fails throws `invalid_argument` with the field "also[0]" and so on, and
/// nothing is done. @since 0.1
struct Statement {
  std::string sql{};                                   ///< at most 64 KiB
  std::vector<Value> values{};                         ///< in order, for the parameters that are not named :taskstate_*
  std::vector<std::pair<std::string, Value>> named{};  ///< for parameters by their names, prefix included (":at")
};

}  // namespace taskstate

// What is due: leases that have ended, pending tasks that nobody started in time, tasks whose not_before has come.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/sqlite/timekeeper.hpp"

#include <cstdint>

namespace tse::store::sqlite {

[[nodiscard]] Due find_due(Connection& connection, Timekeeper& time, const DueQuery& query);

/// Leases whose end cannot be told from here, and the clocks that they are held in.
struct Incomparable {
  std::int64_t clocks = 0;
  std::int64_t leases = 0;
};
[[nodiscard]] Incomparable find_incomparable(Connection& connection, Timekeeper& time);

}  // namespace tse::store::sqlite

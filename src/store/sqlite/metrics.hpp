// Metrics of the whole file: sums over all events there ever were. What the events of the last changes say is added
// when it is read; from time to time it is folded into taskstate_metrics, so that a change need not write them.
#pragma once

#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tse::store::sqlite {

/// After how many events a commit folds them.
inline constexpr std::int64_t metrics_fold = 256;

[[nodiscard]] FileMetrics read_metrics(Connection& connection);
/// Counts the events up to `through` for good, within the open write transaction. Must be done before they are deleted.
void fold_metrics(Connection& connection, std::int64_t through);
/// The event up to which they are counted.
[[nodiscard]] std::int64_t read_counted_through(Connection& connection);
/// Numbers of taskstate_metrics that are less than what the events that are left say, for verify.
[[nodiscard]] std::vector<std::string> find_short_metrics(Connection& connection);

}  // namespace tse::store::sqlite

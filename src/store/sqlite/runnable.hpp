// What can be claimed, and what is due. Each question is answered by an index alone, however many tasks there are.
#pragma once

#include "store/sqlite/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tse::store::sqlite {

[[nodiscard]] std::vector<std::string> find_runnable_operations(Connection& connection,
                                                                std::span<const std::string> asked);
[[nodiscard]] std::optional<std::string> find_some_zone(Connection& connection, std::uint64_t random);
[[nodiscard]] std::optional<std::string> find_runnable_zone(Connection& connection, std::string_view after,
                                                            std::span<const std::string> operations);
[[nodiscard]] std::optional<core::Key> find_oldest_runnable(Connection& connection, std::string_view zone_id,
                                                            std::span<const std::string> operations,
                                                            bool offered_again);
[[nodiscard]] std::vector<std::string> find_lease_clocks(Connection& connection);
[[nodiscard]] std::vector<core::Key> find_ended_leases(Connection& connection, std::string_view clock,
                                                       std::int64_t until, std::size_t limit);
[[nodiscard]] std::int64_t count_leases(Connection& connection, std::string_view clock);
/// The first moments after those given at which something is due: a not_before or a start_by, by the wall clock; the
/// end of a lease, on a clock.
struct NextDue {
  std::optional<std::int64_t> wall;
  std::optional<std::int64_t> lease;
};
[[nodiscard]] NextDue find_next_due(Connection& connection, std::int64_t wall, std::string_view clock,
                                    std::int64_t lease);
[[nodiscard]] std::vector<core::Key> find_overdue_starts(Connection& connection, std::int64_t now, std::size_t limit);
[[nodiscard]] std::vector<core::Key> find_ripe(Connection& connection, std::int64_t now, std::size_t limit);

/// Every statement of the above, for the tests that look at their plans.
[[nodiscard]] std::vector<std::string> runnable_sql();

}  // namespace tse::store::sqlite

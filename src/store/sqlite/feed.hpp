// The event log as a feed, and as the news for those who wait.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/sqlite/lineage.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace tse::store::sqlite {

[[nodiscard]] Feed find_feed(Connection& connection, const FeedQuery& query);
[[nodiscard]] std::int64_t find_latest_event(Connection& connection);
/// As Store::news(), but for the content.
[[nodiscard]] News find_news(Connection& connection, std::optional<std::int64_t> after, std::size_t limit,
                             const Origin& origin);

}  // namespace tse::store::sqlite

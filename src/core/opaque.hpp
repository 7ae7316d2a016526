// The opaque texts that callers hand back, read and judged: leases, places in a list, positions in the feed.
#pragma once

#include "core/cursor.hpp"
#include "core/error.hpp"
#include "core/feed.hpp"
#include "core/lease.hpp"
#include "core/query.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace tse::core {

[[nodiscard]] std::variant<LeaseToken, Error> read_lease(std::string_view text);
/// lease_lost unless the lease is of this file, with this content: which can change at any time, so it is asked within
/// the transaction.
[[nodiscard]] std::optional<Error> check_origin(std::string_view lease_generation, std::string_view generation);

/// What the cursors of a list are bound to: the file, and everything of the query that decides which rows there are.
[[nodiscard]] std::uint64_t binding_of(const ListQuery& query, std::string_view generation);
/// `field`: "after" or "before".
[[nodiscard]] std::variant<Position, Error> read_cursor(std::string_view text, std::string_view field,
                                                        std::uint64_t binding);
[[nodiscard]] std::variant<std::int64_t, Error> read_number_cursor(std::string_view text, std::string_view field,
                                                                   std::uint64_t binding);

/// What the cursors of a task's history are bound to.
[[nodiscard]] std::uint64_t binding_of_history(const Key& key, std::string_view generation);
/// The number of the event that the page before ended with.
[[nodiscard]] std::variant<std::int64_t, Error> read_history_cursor(std::string_view text, std::uint64_t binding);

[[nodiscard]] std::variant<FeedPosition, Error> read_position(std::string_view text);
/// What a feed is now.
struct FeedState {
  std::string_view generation;
  std::int64_t latest = 0;  ///< the newest event
  std::int64_t floor = 0;   ///< purge events up to it are trimmed
};
/// Whether the feed can go on after the position: restored, invalid_argument, behind.
[[nodiscard]] std::optional<Error> check_position(const FeedPosition& position, const FeedState& feed, bool allow_gap);

}  // namespace tse::core

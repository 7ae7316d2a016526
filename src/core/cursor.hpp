// A place in a list, as the opaque text that clients carry around: checksummed, bound to file and filter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tse::core {

/// The row that a page begins or ends with, in the order (created_at, id).
struct Position {
  std::int64_t created_at = 0;
  std::string id;
  bool operator==(const Position&) const = default;
};

/// base64url text. `binding` is a digest of the file's generation and of the query's filter.
[[nodiscard]] std::string encode_cursor(const Position& position, std::uint64_t binding);
/// Nothing if the text is malformed, altered, or bound to something else.
[[nodiscard]] std::optional<Position> decode_cursor(std::string_view text, std::uint64_t binding);

/// The same for a place that is named by the number of an event: a task's first, or one of its history.
[[nodiscard]] std::string encode_cursor(std::int64_t number, std::uint64_t binding);
[[nodiscard]] std::optional<std::int64_t> decode_number_cursor(std::string_view text, std::uint64_t binding);

}  // namespace tse::core

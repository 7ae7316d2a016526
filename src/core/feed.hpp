// A place in the feed, as the opaque text that readers keep: bound to the file, so that a restored copy is noticed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tse::core {

struct FeedPosition {
  std::string generation;  ///< the file's
  std::int64_t sequence = 0;
  bool operator==(const FeedPosition&) const = default;
};

/// Printable ASCII, at most 128 bytes.
[[nodiscard]] std::string format_position(const FeedPosition& position);
/// Nothing for text that no format_position() made.
[[nodiscard]] std::optional<FeedPosition> parse_position(std::string_view text);

}  // namespace tse::core

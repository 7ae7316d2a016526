// The parts that opaque texts are made of: numbers with one spelling, a file's generation, parts between colons.
#pragma once

#include "core/ascii.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tse::core {

// Ids and generations never hold a colon, so tokens need no escaping.
inline constexpr char token_separator = ':';

/// A number from 0 on as std::to_string() writes it: "007" is none.
[[nodiscard]] inline std::optional<std::int64_t> parse_token_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  if (text != std::to_string(value)) return std::nullopt;
  return value;
}

/// 16 bytes as lower-case hex.
[[nodiscard]] inline bool is_generation(std::string_view text) noexcept {
  return text.size() == 32 && all_of(text, is_lower_hex);
}

/// Exactly N parts, the last of which is the rest.
template <std::size_t N>
[[nodiscard]] std::optional<std::array<std::string_view, N>> split_token(std::string_view text) {
  std::array<std::string_view, N> parts;
  for (std::size_t i = 0; i + 1 < N; ++i) {
    const std::size_t end = text.find(token_separator);
    if (end == std::string_view::npos) return std::nullopt;
    parts[i] = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  parts.back() = text;
  return parts;
}

}  // namespace tse::core

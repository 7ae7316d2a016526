// Text across the C interface: views in, copies out.
#pragma once

#include <taskstate.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace taskstate::detail {

/// A present value, even when it is empty: a default string_view has no pointer, which would mean "absent".
[[nodiscard]] inline tse_str view(std::string_view text) noexcept {
  return {text.data() != nullptr ? text.data() : "", text.size()};
}
template <typename Text>
[[nodiscard]] tse_str view(const std::optional<Text>& text) noexcept {
  return text ? view(std::string_view(*text)) : tse_str{nullptr, 0};
}

[[nodiscard]] inline std::string string(const tse_str& text) {
  return text.data != nullptr ? std::string(text.data, text.size) : std::string();
}
[[nodiscard]] inline std::optional<std::string> optional_string(const tse_str& text) {
  return text.data != nullptr ? std::optional<std::string>(std::in_place, text.data, text.size) : std::nullopt;
}

/// The one number that the C interface reads as "absent" goes in as its neighbour, which no rule allows.
[[nodiscard]] inline std::int64_t number(const std::optional<std::int64_t>& value) noexcept {
  if (!value) return TSE_NONE;
  return *value == TSE_NONE ? TSE_NONE + 1 : *value;
}
[[nodiscard]] inline std::optional<std::int64_t> optional_number(std::int64_t value) noexcept {
  return value != TSE_NONE ? std::optional<std::int64_t>(value) : std::nullopt;
}

[[nodiscard]] inline std::chrono::sys_time<std::chrono::microseconds> time(std::int64_t us) noexcept {
  return std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(us));
}

[[nodiscard]] inline std::optional<std::chrono::sys_time<std::chrono::microseconds>> optional_time(
    std::int64_t us) noexcept {
  return us != TSE_NONE ? std::optional(time(us)) : std::nullopt;
}

}  // namespace taskstate::detail

// Character classes of ASCII, independent of any locale.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace tse::core {

[[nodiscard]] constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_alpha(char c) noexcept { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }
[[nodiscard]] constexpr bool is_alphanumeric(char c) noexcept { return is_alpha(c) || is_digit(c); }
[[nodiscard]] constexpr bool is_lower_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f'); }
[[nodiscard]] constexpr bool is_hex(char c) noexcept { return is_lower_hex(to_lower(c)); }
[[nodiscard]] constexpr bool is_visible(char c) noexcept { return c > 0x20 && c < 0x7f; }

/// A class of characters as a table: for what each poll looks at.
class CharacterClass {
 public:
  template <typename Is>
  constexpr explicit CharacterClass(Is is) noexcept {
    for (std::size_t c = 0; c < has_.size(); ++c) has_[c] = is(static_cast<char>(c));
  }
  [[nodiscard]] constexpr bool operator()(char c) const noexcept { return has_[static_cast<unsigned char>(c)]; }

 private:
  std::array<bool, 256> has_{};
};

/// RFC 3986, section 2.3.
inline constexpr CharacterClass is_unreserved([](char c) {
  return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
});

/// RFC 9110, section 5.6.2.
[[nodiscard]] constexpr bool is_token_character(char c) noexcept {
  return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

template <typename Class>
[[nodiscard]] constexpr bool all_of(std::string_view text, const Class& is) noexcept {
  for (const char c : text)
    if (!is(c)) return false;
  return true;
}

[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) return false;
  for (std::size_t index = 0; index < left.size(); ++index)
    if (to_lower(left[index]) != to_lower(right[index])) return false;
  return true;
}

}  // namespace tse::core

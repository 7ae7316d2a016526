#include "core/prefer.hpp"

#include "core/ascii.hpp"

#include <algorithm>
#include <limits>

namespace tse::core {

namespace {

/// Reads a field value from its front; every take_*() skips the white space behind what it took.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) { skip_white_space(); }

  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  bool take(char c) noexcept {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    skip_white_space();
    return true;
  }
  std::string_view take_token() noexcept {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_character);
    return take_front(static_cast<std::size_t>(end - rest_.begin()));
  }
  /// A token, or what stands between quotes; empty if there is neither. An escape in it is left as it is.
  std::string_view take_word() noexcept {
    if (!rest_.starts_with('"')) return take_token();
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size()) return take_front(rest_.size()).substr(0, 0);
    const std::string_view quoted = take_front(end + 1);
    return quoted.substr(1, quoted.size() - 2);
  }

 private:
  std::string_view take_front(std::size_t size) noexcept {
    const std::string_view front = rest_.substr(0, size);
    rest_.remove_prefix(size);
    skip_white_space();
    return front;
  }
  void skip_white_space() noexcept { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }
  std::string_view rest_;
};

std::optional<std::int64_t> whole_seconds(std::string_view text) noexcept {
  if (text.empty() || !all_of(text, is_digit)) return std::nullopt;
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  std::int64_t value = 0;
  for (const char digit : text) value = std::min(value * 10 + (digit - '0'), most);
  return value;
}

}  // namespace

std::optional<std::int64_t> preferred_wait(std::string_view field) noexcept {
  Reader reader(field);
  while (!reader.at_end()) {
    if (reader.take(',')) continue;
    const std::string_view name = reader.take_token();
    if (name.empty()) return std::nullopt;
    const std::string_view value = reader.take('=') ? reader.take_word() : std::string_view();
    if (equal_ignoring_case(name, "wait")) return whole_seconds(value);
    while (reader.take(';'))
      if (!reader.take_token().empty() && reader.take('=')) reader.take_word();
    if (!reader.at_end() && !reader.take(',')) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace tse::core

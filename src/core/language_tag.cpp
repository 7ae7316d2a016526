// Language tags (RFC 5646, section 2.1): whether one is well-formed.
#include "core/ascii.hpp"
#include "core/validate.hpp"

#include <array>

namespace tse::core {

namespace {

/// Walks over the subtags of a tag.
class Subtags {
 public:
  explicit Subtags(std::string_view tag) noexcept : rest_(tag) { next(); }

  [[nodiscard]] std::string_view current() const noexcept { return current_; }
  [[nodiscard]] bool at_end() const noexcept { return at_end_; }

  /// Consumes the current subtag if it has that many characters, all of the class.
  template <typename Class>
  bool take(std::size_t least, std::size_t most, Class is) noexcept {
    if (at_end_ || current_.size() < least || current_.size() > most || !all_of(current_, is)) return false;
    next();
    return true;
  }

 private:
  void next() noexcept {
    at_end_ = done_;
    const std::size_t dash = rest_.find('-');
    current_ = rest_.substr(0, dash);
    done_ = dash == std::string_view::npos;
    rest_ = done_ ? std::string_view{} : rest_.substr(dash + 1);
  }

  std::string_view rest_;
  std::string_view current_;
  bool done_ = false;
  bool at_end_ = false;
};

bool take_variant(Subtags& tags) noexcept {
  const std::string_view subtag = tags.current();
  if (subtag.size() == 4 && !is_digit(subtag.front())) return false;
  return tags.take(4, 8, is_alphanumeric);
}

/// *("-" singleton 1*("-" 2*8alphanum)); false if one has no subtags of its own.
bool take_extensions(Subtags& tags) noexcept {
  while (tags.take(1, 1, [](char c) { return is_alphanumeric(c) && to_lower(c) != 'x'; })) {
    if (!tags.take(2, 8, is_alphanumeric)) return false;
    while (tags.take(2, 8, is_alphanumeric)) continue;
  }
  return true;
}

/// ["-" "x" 1*("-" 1*8alphanum)] up to the end of the tag.
bool take_private_use_to_end(Subtags& tags) noexcept {
  if (!tags.take(1, 1, [](char c) { return to_lower(c) == 'x'; })) return tags.at_end();
  if (!tags.take(1, 8, is_alphanumeric)) return false;
  while (tags.take(1, 8, is_alphanumeric)) continue;
  return tags.at_end();
}

/// The grandfathered tags that fit no other production; the regular ones fit langtag's.
bool is_irregular(std::string_view text) noexcept {
  static constexpr std::array<std::string_view, 17> tags{
      "en-GB-oed", "i-ami", "i-bnn", "i-default", "i-enochian", "i-hak",     "i-klingon", "i-lux",    "i-mingo",
      "i-navajo",  "i-pwn", "i-tao", "i-tay",     "i-tsu",      "sgn-BE-FR", "sgn-BE-NL", "sgn-CH-DE"};
  for (const std::string_view tag : tags)
    if (equal_ignoring_case(tag, text)) return true;
  return false;
}

}  // namespace

bool is_language_tag(std::string_view text) noexcept {
  if (is_irregular(text)) return true;
  Subtags tags(text);
  if (tags.current().size() == 1) return take_private_use_to_end(tags);

  const bool may_extend = tags.current().size() <= 3;
  if (!tags.take(2, 8, is_alpha)) return false;
  for (int count = 0; may_extend && count < 3 && tags.take(3, 3, is_alpha); ++count) continue;
  tags.take(4, 4, is_alpha);                                  // script
  if (!tags.take(2, 2, is_alpha)) tags.take(3, 3, is_digit);  // region
  while (take_variant(tags)) continue;
  return take_extensions(tags) && take_private_use_to_end(tags);
}

}  // namespace tse::core

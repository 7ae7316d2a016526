// A reader for the JSON that the library itself writes. It meets no foreign text: what does not parse
// is a defect, and is reported as one.
#pragma once

#include <taskstate/error.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace taskstate::detail {

[[noreturn]] inline void malformed(std::size_t offset) {
  throw Error(Errc::internal, "the library's JSON cannot be read at offset " + std::to_string(offset));
}

inline void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

/// Where the value that begins at `at` ends, or npos. Follows strings and brackets, and nothing else.
[[nodiscard]] inline std::size_t end_of_value(std::string_view text, std::size_t at) noexcept {
  std::size_t depth = 0;
  bool in_string = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c != '"') continue;
      in_string = false;
    } else if (c == '"') {
      in_string = true;
      continue;
    } else if (c == '{' || c == '[') {
      ++depth;
      continue;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;  // the end of what surrounds a number, true, false or null
      --depth;
    } else if (c == ',' && depth == 0) {
      return at;
    } else {
      continue;
    }
    if (depth == 0) return at + 1;
  }
  return depth == 0 && !in_string ? text.size() : std::string_view::npos;
}

/// Whether the text is a single JSON object to its end, as far as brackets and strings go.
[[nodiscard]] inline bool is_one_object(std::string_view text) noexcept {
  constexpr std::string_view space = " \t\r\n";
  const std::size_t first = text.find_first_not_of(space);
  if (first == std::string_view::npos || text[first] != '{') return false;
  const std::size_t end = end_of_value(text, first);
  return end != std::string_view::npos && text.find_first_not_of(space, end) == std::string_view::npos;
}

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  /// Calls `member` with each name; it must read the value.
  template <typename Member>
  void object(Member member) {
    expect('{');
    if (take('}')) return;
    do {
      const std::string name = string();
      expect(':');
      member(std::string_view(name));
    } while (take(','));
    expect('}');
  }

  /// Calls `element` before each element; it must read it.
  template <typename Element>
  void array(Element element) {
    expect('[');
    if (take(']')) return;
    do {
      element();
    } while (take(','));
    expect(']');
  }

  [[nodiscard]] std::string string() {
    expect('"');
    std::string out;
    while (!take('"')) {
      const char c = next();
      if (c == '\\') {
        escape(out);
      } else {
        out += c;
      }
    }
    return out;
  }

  [[nodiscard]] std::int64_t integer() {
    std::int64_t number = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), number);
    if (error != std::errc{}) malformed(at_);
    at_ += static_cast<std::size_t>(end - begin);
    return number;
  }

  /// The text of any value, as it is.
  [[nodiscard]] std::string_view value() {
    const std::size_t begin = at_;
    const std::size_t end = end_of_value(text_, begin);
    if (end == std::string_view::npos || end == begin) malformed(begin);
    at_ = end;
    return text_.substr(begin, end - begin);
  }

  void end() const {
    if (at_ != text_.size()) malformed(at_);
  }

 private:
  [[nodiscard]] bool take(char c) noexcept {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) malformed(at_);
  }
  [[nodiscard]] char next() {
    if (at_ == text_.size()) malformed(at_);
    return text_[at_++];
  }

  void escape(std::string& out) {
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const char c = next();
    if (c == 'u') return append_utf8(out, code_point());
    const std::size_t index = names.find(c);
    if (index == std::string_view::npos) malformed(at_);
    out += meanings[index];
  }

  /// After "\u": one unit of UTF-16, or two where the first begins a surrogate pair (RFC 8259, section 7).
  [[nodiscard]] std::uint32_t code_point() {
    const std::uint32_t high = unit();
    if (high < 0xd800 || high > 0xdfff) return high;
    expect('\\');
    expect('u');
    const std::uint32_t low = unit();
    if (high > 0xdbff || low < 0xdc00 || low > 0xdfff) malformed(at_);
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  }

  [[nodiscard]] std::uint32_t unit() {
    if (text_.size() - at_ < 4) malformed(at_);
    std::uint32_t number = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, begin + 4, number, 16);
    if (error != std::errc{} || end != begin + 4) malformed(at_);
    at_ += 4;
    return number;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace taskstate::detail

// JSON text in and out. Reading goes through Boost.JSON's parser, but into this small tree, because
// boost::json::value loses what must survive: the spelling of numbers and duplicate keys.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tse::core {

inline constexpr std::size_t max_json_bytes = std::size_t{1} << 20;
inline constexpr std::size_t max_json_depth = 32;

struct Json {
  enum class Kind { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  bool boolean = false;
  std::string text;  ///< a number's own spelling, or a string's value
  std::vector<Json> items;
  std::vector<std::pair<std::string, Json>> members;  ///< in the order they came; keys are unique
};

/// Reads one JSON text (RFC 8259) of at most max_json_bytes, nested at most max_json_depth deep, valid
/// UTF-8, no duplicate key. Throws Failure(invalid_argument) naming `field`, the rule and the offset.
[[nodiscard]] Json parse_json(std::string_view text, std::string_view field);

/// The minified text of a value; numbers as they were spelled.
void append_json(std::string& out, const Json& value);
/// A JSON string with its quotes: escapes ", \ and C0 controls only; everything else as it is.
void append_json_string(std::string& out, std::string_view value);

/// "null", "a boolean", "a number" ... for messages.
[[nodiscard]] std::string_view kind_name(Json::Kind kind) noexcept;

}  // namespace tse::core

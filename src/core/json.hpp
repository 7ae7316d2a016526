// JSON text in and out. Reading goes through Boost.JSON's parser, but into this small tree, because
// boost::json::value loses what must survive: the spelling of numbers and duplicate keys.
#pragma once

#include "core/error.hpp"

#include <taskstate/contract/limits.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tse::core {

inline constexpr std::size_t max_json_bytes{taskstate::contract::limit::task.most};
inline constexpr std::size_t max_json_depth{taskstate::contract::limit::json_depth.most};

struct Json {
  enum class Kind { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  bool boolean = false;
  std::string text;  ///< a number's own spelling, or a string's value
  std::vector<Json> items;
  struct Member;
  std::vector<Member> members;  ///< in the order they came; keys are unique
};

struct Json::Member {
  std::string key;
  Json value;
};

/// Reads one JSON text (RFC 8259) of at most max_json_bytes, nested at most max_json_depth deep, valid
/// UTF-8, no duplicate key. Throws Failure(invalid_argument) naming the field, the rule and the offset.
/// `field` is what errors call the text, and the beginning of the paths in it; if it is empty, the text
/// is called "json" and paths begin with a member's key.
[[nodiscard]] Json parse_json(std::string_view text, std::string_view field);

/// The minified text of a value; numbers as they were spelled.
void append_json(std::string& out, const Json& value);
/// A JSON string with its quotes: escapes ", \ and C0 controls only; everything else as it is.
void append_json_string(std::string& out, std::string_view value);

/// Extends a path in errors: "links" -> "links[3]".
void append_index(std::string& path, std::size_t index);
/// Extends a path in errors: "links[0]" -> "links[0].href". A key that is no plain name stands as the
/// member's index, since errors never repeat what they were given.
void append_member(std::string& path, std::string_view key, std::size_t index);

/// "null", "a boolean", "a number" ... for messages.
[[nodiscard]] std::string_view kind_name(Json::Kind kind) noexcept;

}  // namespace tse::core

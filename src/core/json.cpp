#include "core/json.hpp"

#include "core/ascii.hpp"
#include "core/validate.hpp"

// The only file that includes Boost.JSON: compiled in, it costs more than all the rest of this folder.
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace tse::core {

namespace {

using boost::json::error_code;
using Chunk = boost::json::string_view;

/// Receives the parser's events and builds the tree. Returning false stops the parser; fault() says why.
class Builder {
 public:
  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;

  explicit Builder(std::string_view field) : field_(field) {}

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_array_begin(error_code& ec) { return open(Json::Kind::array, ec); }
  bool on_array_end(std::size_t, error_code&) {
    open_.pop_back();
    return true;
  }
  bool on_object_begin(error_code& ec) { return open(Json::Kind::object, ec); }
  bool on_object_end(std::size_t, error_code& ec) {
    if (!keys_are_unique(ec)) return false;
    open_.pop_back();
    return true;
  }
  bool on_string_part(Chunk part, std::size_t, error_code&) { return append(part); }
  bool on_string(Chunk part, std::size_t, error_code&) { return scalar(Json::Kind::string, part); }
  bool on_key_part(Chunk part, std::size_t, error_code&) { return append(part); }
  bool on_key(Chunk part, std::size_t, error_code&) {
    append(part);
    open_.back()->members.push_back({std::move(text_), {}});
    text_.clear();
    return true;
  }
  bool on_number_part(Chunk part, error_code&) { return append(part); }
  bool on_int64(std::int64_t, Chunk part, error_code&) { return scalar(Json::Kind::number, part); }
  bool on_uint64(std::uint64_t, Chunk part, error_code&) { return scalar(Json::Kind::number, part); }
  bool on_double(double, Chunk part, error_code&) { return scalar(Json::Kind::number, part); }
  bool on_bool(bool value, error_code&) {
    add({Json::Kind::boolean, value, {}, {}, {}});
    return true;
  }
  bool on_null(error_code&) {
    add({});
    return true;
  }
  bool on_comment_part(Chunk, error_code&) { return true; }
  bool on_comment(Chunk, error_code&) { return true; }

  Json take() { return std::move(root_); }
  [[nodiscard]] const std::optional<Detail>& fault() const { return fault_; }

 private:
  bool append(Chunk part) {
    text_.append(part.data(), part.size());
    return true;
  }

  bool scalar(Json::Kind kind, Chunk last) {
    append(last);
    add({kind, false, std::move(text_), {}, {}});
    text_.clear();
    return true;
  }

  /// Puts the value where it belongs. The place stays where it is until the container around it ends.
  Json* add(Json value) {
    Json* place = &root_;
    if (!open_.empty()) {
      Json& parent = *open_.back();
      place = parent.kind == Json::Kind::array ? &parent.items.emplace_back() : &parent.members.back().value;
    }
    *place = std::move(value);
    return place;
  }

  bool open(Json::Kind kind, error_code& ec) {
    if (open_.size() == max_json_depth)
      return stop(std::string(field_), "must be nested at most " + std::to_string(max_json_depth) + " deep", ec);
    open_.push_back(add({kind, false, {}, {}, {}}));
    return true;
  }

  /// Sorted, and only once all are there: the cost of a large object stays below quadratic.
  bool keys_are_unique(error_code& ec) {
    const auto& members = open_.back()->members;
    std::vector<std::pair<std::string_view, std::size_t>> keys;
    keys.reserve(members.size());
    for (std::size_t index = 0; index < members.size(); ++index) keys.emplace_back(members[index].key, index);
    std::sort(keys.begin(), keys.end());
    for (std::size_t index = 1; index < keys.size(); ++index) {
      if (keys[index - 1].first != keys[index].first) continue;
      std::string path = path_of_open();
      append_member(path, keys[index].first, keys[index].second);
      return stop(std::move(path), "must not repeat a key of the same object", ec);
    }
    return true;
  }

  [[nodiscard]] std::string path_of_open() const {
    std::string path(field_);
    for (std::size_t level = 0; level + 1 < open_.size(); ++level) {
      const Json& container = *open_[level];
      if (container.kind == Json::Kind::array) {
        append_index(path, container.items.size() - 1);
      } else {
        append_member(path, container.members.back().key, container.members.size() - 1);
      }
    }
    return path;
  }

  bool stop(std::string path, std::string rule, error_code& ec) {
    fault_ = Detail{std::move(path), std::move(rule)};
    ec = boost::json::make_error_code(boost::json::error::exception);
    return false;
  }

  std::string_view field_;
  Json root_;
  std::vector<Json*> open_;
  std::string text_;
  std::optional<Detail> fault_;
};

using Parser = boost::json::basic_parser<Builder>;

Parser make_parser(std::string_view field) {
  boost::json::parse_options options;
  options.max_depth = max_json_depth + 1;  // one more than allowed, so that Builder is the one to refuse
  return Parser(options, field);
}

/// Where a text that does not parse goes wrong. The parser itself does not say, so it is fed again, in
/// ever smaller steps from the last place that was still right.
std::size_t fault_offset(std::string_view text) {
  std::size_t good = 0;
  for (const std::size_t step : {std::size_t{4096}, std::size_t{64}, std::size_t{1}}) {
    Parser parser = make_parser({});
    error_code ec;
    parser.write_some(true, text.data(), good, ec);
    while (!ec && good < text.size()) {
      const std::size_t size = std::min(step, text.size() - good);
      parser.write_some(true, text.data() + good, size, ec);
      if (!ec) good += size;
    }
  }
  return good;
}

[[noreturn]] void refuse(std::string_view field, const std::string& rule) {
  throw Failure(invalid(std::string(field.empty() ? "json" : field), rule));
}

std::string at_byte(std::size_t offset) { return ", fault at byte " + std::to_string(offset); }

}  // namespace

void append_index(std::string& path, std::size_t index) { path.append("[").append(std::to_string(index)).append("]"); }

void append_member(std::string& path, std::string_view key, std::size_t index) {
  constexpr std::size_t longest_name = 32;
  const bool is_name = !key.empty() && key.size() <= longest_name &&
                       all_of(key, [](char c) { return is_alphanumeric(c) || c == '_' || c == '-'; });
  if (!is_name) return append_index(path, index);
  if (!path.empty()) path += '.';
  path += key;
}

Json parse_json(std::string_view text, std::string_view field) {
  if (text.size() > max_json_bytes)
    refuse(field,
           "must be at most " + std::to_string(max_json_bytes) + " bytes of JSON, has " + std::to_string(text.size()));
  if (const std::size_t good = utf8_prefix(text); good < text.size())
    refuse(field, "must be valid UTF-8" + at_byte(good));

  Parser parser = make_parser(field);
  error_code ec;
  const std::size_t consumed = parser.write_some(false, text.data(), text.size(), ec);
  if (const auto& fault = parser.handler().fault()) refuse(fault->field, fault->message + at_byte(fault_offset(text)));
  if (ec == boost::json::error::exponent_overflow)
    refuse(field, "must not hold a number with so large an exponent" + at_byte(fault_offset(text)));
  if (ec) refuse(field, "must be JSON (RFC 8259)" + at_byte(fault_offset(text)));
  if (consumed < text.size()) refuse(field, "must be one JSON value and nothing after it" + at_byte(consumed));
  return parser.handler().take();
}

namespace {

constexpr CharacterClass is_escaped([](char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
});

void append_escaped(std::string& out, char c) {
  constexpr char digits[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\b': out += "\\b"; break;
    case '\f': out += "\\f"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default:
      out += "\\u00";
      out += digits[c >> 4];
      out += digits[c & 0x0f];
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view value) {
  out += '"';
  for (;;) {
    const auto plain = static_cast<std::size_t>(std::find_if(value.begin(), value.end(), is_escaped) - value.begin());
    out.append(value, 0, plain);
    if (plain == value.size()) break;
    append_escaped(out, value[plain]);
    value.remove_prefix(plain + 1);
  }
  out += '"';
}

void append_json(std::string& out, const Json& value) {
  switch (value.kind) {
    case Json::Kind::null: out += "null"; break;
    case Json::Kind::boolean: out += value.boolean ? "true" : "false"; break;
    case Json::Kind::number: out += value.text; break;
    case Json::Kind::string: append_json_string(out, value.text); break;
    case Json::Kind::array: {
      char before = '[';
      for (const Json& item : value.items) {
        out += std::exchange(before, ',');
        append_json(out, item);
      }
      out += value.items.empty() ? "[]" : "]";
      break;
    }
    case Json::Kind::object: {
      char before = '{';
      for (const auto& [key, member] : value.members) {
        out += std::exchange(before, ',');
        append_json_string(out, key);
        out += ':';
        append_json(out, member);
      }
      out += value.members.empty() ? "{}" : "}";
      break;
    }
  }
}

std::string_view kind_name(Json::Kind kind) noexcept {
  switch (kind) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return "a boolean";
    case Json::Kind::number: return "a number";
    case Json::Kind::string: return "a string";
    case Json::Kind::array: return "an array";
    case Json::Kind::object: return "an object";
  }
  return {};
}

}  // namespace tse::core

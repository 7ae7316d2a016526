// Links and warnings as JSON text. The library checks what goes in and writes what comes out, so this
// only has to be exact about escaping, and to keep a host's JSON from reaching beyond its own value.
#pragma once

#include <taskstate/detail/json_reader.hpp>
#include <taskstate/detail/rfc3339.hpp>
#include <taskstate/link.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace taskstate::detail {

inline void append_string(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += hex[byte >> 4];
      out += hex[byte & 0xf];
    } else {
      out += c;
    }
  }
  out += '"';
}

/// `"name":"text"`, after a comma unless it is an object's first member.
inline void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (out.back() != '{') out += ',';
  append_string(out, name);
  out += ':';
  append_string(out, text);
}

inline void append(std::string& out, const Link& link) {
  out += '{';
  append_member(out, "href", link.href);
  append_member(out, "rel", link.rel);
  if (link.properties) {
    // Text that is not one object would be read as members or elements of its surroundings. As a
    // string it is refused by the library, which names the field.
    out += ",\"properties\":";
    if (is_one_object(*link.properties)) {
      out += *link.properties;
    } else {
      append_string(out, *link.properties);
    }
  }
  if (!link.titles.empty()) {
    out += ",\"titles\":{";
    for (const auto& [language, title] : link.titles) append_member(out, language, title);
    out += '}';
  }
  if (link.type) append_member(out, "type", *link.type);
  out += '}';
}

inline void append(std::string& out, const WarningDetail& detail) {
  out += '{';
  append_member(out, "code", detail.code);
  append_member(out, "field", detail.field);
  append_member(out, "message", detail.message);
  out += '}';
}

inline void append(std::string& out, const Warning& warning);

template <typename Item>
void append(std::string& out, const std::vector<Item>& items) {
  out += '[';
  for (const Item& item : items) {
    if (out.back() != '[') out += ',';
    append(out, item);
  }
  out += ']';
}

inline void append(std::string& out, const Warning& warning) {
  out += '{';
  append_member(out, "code", warning.code);
  out += ",\"details\":";
  append(out, warning.details);
  append_member(out, "message", warning.message);
  append_member(out, "path", warning.path);
  append_member(out, "request_id", warning.request_id);
  out += ",\"status\":" + std::to_string(warning.status);
  // A time that RFC 3339 cannot spell goes in as a number, which the library refuses.
  const std::optional<std::string> timestamp = format_time(warning.timestamp);
  if (timestamp) {
    append_member(out, "timestamp", *timestamp);
  } else {
    out += ",\"timestamp\":" + std::to_string(warning.timestamp.time_since_epoch().count());
  }
  out += '}';
}

/// A Link, a Warning or a list of them.
template <typename Value>
[[nodiscard]] std::string encode(const Value& value) {
  std::string out;
  append(out, value);
  return out;
}

[[nodiscard]] inline Link read_link(JsonReader& reader) {
  Link link;
  reader.object([&](std::string_view name) {
    if (name == "href") {
      link.href = reader.string();
    } else if (name == "rel") {
      link.rel = reader.string();
    } else if (name == "properties") {
      link.properties = std::string(reader.value());
    } else if (name == "titles") {
      reader.object([&](std::string_view language) { link.titles.emplace_back(language, reader.string()); });
    } else if (name == "type") {
      link.type = reader.string();
    } else {
      static_cast<void>(reader.value());
    }
  });
  return link;
}

[[nodiscard]] inline WarningDetail read_warning_detail(JsonReader& reader) {
  WarningDetail detail;
  reader.object([&](std::string_view name) {
    if (name == "code") {
      detail.code = reader.string();
    } else if (name == "field") {
      detail.field = reader.string();
    } else if (name == "message") {
      detail.message = reader.string();
    } else {
      static_cast<void>(reader.value());
    }
  });
  return detail;
}

[[nodiscard]] inline Warning read_warning(JsonReader& reader) {
  Warning warning;
  reader.object([&](std::string_view name) {
    if (name == "code") {
      warning.code = reader.string();
    } else if (name == "details") {
      reader.array([&] { warning.details.push_back(read_warning_detail(reader)); });
    } else if (name == "message") {
      warning.message = reader.string();
    } else if (name == "path") {
      warning.path = reader.string();
    } else if (name == "request_id") {
      warning.request_id = reader.string();
    } else if (name == "status") {
      warning.status = reader.integer();
    } else if (name == "timestamp") {
      warning.timestamp = read_time(reader.string());
    } else {
      static_cast<void>(reader.value());
    }
  });
  return warning;
}

template <typename Item>
[[nodiscard]] std::vector<Item> decode(std::string_view json, Item (*read)(JsonReader&)) {
  std::vector<Item> items;
  JsonReader reader(json);
  reader.array([&] { items.push_back(read(reader)); });
  reader.end();
  return items;
}

[[nodiscard]] inline std::vector<Link> decode_links(std::string_view json) { return decode(json, read_link); }
[[nodiscard]] inline std::vector<Warning> decode_warnings(std::string_view json) { return decode(json, read_warning); }

}  // namespace taskstate::detail

#include "core/location.hpp"

#include "core/ascii.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace tse::core {

namespace {

/// RFC 3986, section 3.3: pchar, apart from the percent sign of an encoded octet.
constexpr CharacterClass is_path_character([](char c) {
  return is_unreserved(c) || std::string_view("!$&'()*+,;=:@").find(c) != std::string_view::npos;
});

/// Whether `text` consists of pchar and the characters `also`, every percent sign followed by two digits.
bool is_made_of_pchar(std::string_view text, std::string_view also) noexcept {
  for (std::size_t index = 0; index < text.size(); ++index) {
    const char c = text[index];
    if (c == '%') {
      if (text.size() - index < 3 || !is_hex(text[index + 1]) || !is_hex(text[index + 2])) return false;
      index += 2;
    } else if (!is_path_character(c) && also.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

/// Whether a URL parser takes the segment for "." or "..": it decodes %2e before it looks.
bool is_dot_segment(std::string_view segment) noexcept {
  std::size_t dots = 0;
  while (!segment.empty()) {
    if (segment.front() == '.') {
      segment.remove_prefix(1);
    } else if (segment.size() >= 3 && segment[0] == '%' && segment[1] == '2' && to_lower(segment[2]) == 'e') {
      segment.remove_prefix(3);
    } else {
      return false;
    }
    ++dots;
  }
  return dots == 1 || dots == 2;
}

/// Removes and returns what stands before the end, which itself stays.
std::string_view take_until(std::string_view& text, char end) noexcept {
  const std::string_view taken = text.substr(0, text.find(end));
  text.remove_prefix(taken.size());
  return taken;
}

/// The same, before the first of `ends`.
std::string_view take_until(std::string_view& text, std::string_view ends) noexcept {
  const std::string_view taken = text.substr(0, text.find_first_of(ends));
  text.remove_prefix(taken.size());
  return taken;
}

bool is_query_and_fragment(std::string_view text) noexcept {
  if (!text.empty() && text.front() == '?') {
    text.remove_prefix(1);
    if (!is_made_of_pchar(take_until(text, '#'), "/?")) return false;
  }
  if (text.empty()) return true;
  text.remove_prefix(1);
  return is_made_of_pchar(text, "/?");
}

bool is_authority(std::string_view authority) noexcept {
  if (!is_made_of_pchar(authority, "[]")) return false;
  const std::size_t at = authority.rfind('@');
  const std::string_view host = at == std::string_view::npos ? authority : authority.substr(at + 1);
  return !host.empty() && host.front() != ':';
}

/// Takes "http://" or "https://" from the front, in any case.
bool take_http_scheme(std::string_view& text) noexcept {
  for (const std::string_view scheme : {std::string_view("http://"), std::string_view("https://")}) {
    if (!equal_ignoring_case(text.substr(0, scheme.size()), scheme)) continue;
    text.remove_prefix(scheme.size());
    return true;
  }
  return false;
}

}  // namespace

void append_percent_encoded(std::string& out, std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 0x0f];
  }
}

bool is_safe_path(std::string_view path) noexcept {
  std::string_view rest = path;
  std::string_view segments = take_until(rest, '?');
  if (segments.empty()) return false;
  while (!segments.empty()) {
    if (segments.front() != '/') return false;
    segments.remove_prefix(1);
    const std::string_view segment = take_until(segments, '/');
    if (segment.empty() || is_dot_segment(segment) || !is_made_of_pchar(segment, "")) return false;
  }
  return rest.empty() || is_made_of_pchar(rest.substr(1), "/?");
}

bool is_href(std::string_view href) noexcept {
  std::string_view rest = href;
  if (rest.starts_with('#')) return rest.size() > 1 && is_query_and_fragment(rest);
  if (take_http_scheme(rest)) {
    if (!is_authority(take_until(rest, "/?#"))) return false;
  } else if (!rest.starts_with('/') || rest.starts_with("//")) {
    return false;  // "//host" names another origin
  }
  return is_made_of_pchar(take_until(rest, "?#"), "/") && is_query_and_fragment(rest);
}

PathTemplate::PathTemplate(std::string_view text, std::string_view field, Install install) {
  const auto refuse = [field](std::string_view message) {
    throw Failure(invalid(std::string(field), std::string(message)));
  };
  while (!text.empty()) {
    const std::string_view literal = take_until(text, '{');
    if (!literal.empty()) parts_.push_back({std::string(literal), Hole::none});
    if (text.empty()) break;
    text.remove_prefix(1);
    const std::string_view name = take_until(text, '}');
    if (text.empty()) refuse("has an opening brace without a closing one");
    text.remove_prefix(1);
    if (name == "zone_id") {
      parts_.push_back({{}, Hole::zone_id});
    } else if (name == "task_id") {
      parts_.push_back({{}, Hole::task_id});
    } else if (name == "install_id" && install == Install::allowed) {
      parts_.push_back({{}, Hole::install_id});
    } else {
      refuse(install == Install::allowed ? "may only have the holes {zone_id}, {task_id} and {install_id}"
                                         : "may only have the holes {zone_id} and {task_id}");
    }
  }
  if (!fill({"x", "x", "x"}))
    refuse(
        "must be an absolute path of RFC 3986 characters, with or without a query, without empty or dot segments, "
        "backslashes or a fragment");
}

std::string PathTemplate::text() const {
  std::string text;
  for (const Part& part : parts_) {
    switch (part.hole) {
      case Hole::none: text += part.literal; break;
      case Hole::zone_id: text += "{zone_id}"; break;
      case Hole::task_id: text += "{task_id}"; break;
      case Hole::install_id: text += "{install_id}"; break;
    }
  }
  return text;
}

std::optional<std::string> PathTemplate::fill(const Values& values) const {
  std::string path;
  for (const Part& part : parts_) {
    switch (part.hole) {
      case Hole::none: path += part.literal; break;
      case Hole::zone_id: append_percent_encoded(path, values.zone_id); break;
      case Hole::task_id: append_percent_encoded(path, values.task_id); break;
      case Hole::install_id:
        if (!values.install_id) return std::nullopt;
        append_percent_encoded(path, *values.install_id);
        break;
    }
  }
  if (!is_safe_path(path)) return std::nullopt;
  return path;
}

std::optional<std::string> result_path(const PathTemplate& status_url, std::string_view zone_id, std::string_view id) {
  std::optional<std::string> path = status_url.fill({zone_id, id, {}});
  if (path) path->insert(std::min(path->find('?'), path->size()), "/result");
  return path;
}

}  // namespace tse::core

#include "target.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace catalog {
namespace {

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(at + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (error != std::errc{} || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
    out += static_cast<char>(static_cast<unsigned char>(byte));
    at += 2;
  }
  return out;
}

/// Calls `part` with each part between separators; false as soon as one call says so.
template <typename Part>
bool for_each_part(std::string_view text, char separator, Part part) {
  for (;;) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (!part(text.substr(0, end))) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

bool printable(char c) { return c > ' ' && c < 0x7f; }

/// What follows "http://host"; the text itself if it does not begin so.
std::string_view without_authority(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    const bool same =
        text.size() > scheme.size() && std::ranges::equal(text.substr(0, scheme.size()), scheme, {}, [](char c) {
          return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        });
    if (!same) continue;
    const std::string_view authority =
        text.substr(scheme.size(), text.find_first_of("/?", scheme.size()) - scheme.size());
    if (authority.empty() || authority.find('@') != std::string_view::npos) return text;
    return text.substr(scheme.size() + authority.size());
  }
  return text;
}

}  // namespace

std::optional<std::string> Target::parameter(std::string_view name) const {
  const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
  return found == query.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Target> parse_target(std::string_view text, std::string_view prefix) {
  if (!std::ranges::all_of(text, printable) || text.find('#') != std::string_view::npos) return std::nullopt;
  const std::string_view local = without_authority(text);
  const std::size_t mark = std::min(local.find('?'), local.size());
  std::string_view path = local.substr(0, mark);
  // "http://host?query" has an empty path, which is "/".
  if (path.empty() && local.size() != text.size()) path = "/";
  if (!path.starts_with('/')) return std::nullopt;
  if (path.starts_with(prefix) && path.substr(prefix.size()).starts_with('/')) path.remove_prefix(prefix.size());
  Target target{.path = std::string(prefix).append(path), .segments = {}, .query = {}};

  const bool segments_good = for_each_part(path.substr(1), '/', [&](std::string_view segment) {
    const auto decoded = percent_decode(segment);
    if (decoded) target.segments.push_back(*decoded);
    return decoded.has_value();
  });
  if (!segments_good) return std::nullopt;
  if (mark == local.size()) return target;

  const bool query_good = for_each_part(local.substr(mark + 1), '&', [&](std::string_view parameter) {
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    const auto name = percent_decode(parameter.substr(0, equals));
    const auto value = percent_decode(parameter.substr(std::min(equals + 1, parameter.size())));
    if (name && value) target.query.emplace_back(*name, *value);
    return name && value;
  });
  return query_good ? std::optional(target) : std::nullopt;
}

std::string shown_path(std::string_view target) {
  const std::string_view local = without_authority(target);
  std::string shown;
  for (const char c : local.substr(0, local.find_first_of("?#"))) {
    if (printable(c)) {
      shown += c;
      continue;
    }
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    shown.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
  return shown.empty() ? "/" : shown;
}

}  // namespace catalog

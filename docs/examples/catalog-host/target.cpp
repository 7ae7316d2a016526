#include "target.hpp"

#include <algorithm>
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

}  // namespace

std::optional<std::string> Target::parameter(std::string_view name) const {
  const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
  return found == query.end() ? std::nullopt : std::optional(found->second);
}

bool Target::has(std::string_view name, std::string_view value) const {
  return std::ranges::any_of(query, [&](const auto& pair) { return pair.first == name && pair.second == value; });
}

std::optional<Target> parse_target(std::string_view text) {
  const std::size_t mark = std::min(text.find('?'), text.size());
  Target target{.path = std::string(text.substr(0, mark)), .segments = {}, .query = {}};
  if (!target.path.starts_with('/')) return std::nullopt;

  const bool segments_good = for_each_part(text.substr(1, mark - 1), '/', [&](std::string_view segment) {
    const auto decoded = percent_decode(segment);
    if (decoded) target.segments.push_back(*decoded);
    return decoded.has_value();
  });
  if (!segments_good) return std::nullopt;
  if (mark == text.size()) return target;

  const bool query_good = for_each_part(text.substr(mark + 1), '&', [&](std::string_view parameter) {
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    const auto name = percent_decode(parameter.substr(0, equals));
    const auto value = percent_decode(parameter.substr(std::min(equals + 1, parameter.size())));
    if (name && value) target.query.emplace_back(*name, *value);
    return name && value;
  });
  return query_good ? std::optional(target) : std::nullopt;
}

}  // namespace catalog

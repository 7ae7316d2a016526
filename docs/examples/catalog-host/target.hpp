// What a request asks for: the path's segments and the query's parameters, percent-decoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace catalog {

struct Target {
  std::string path;                   ///< as the client knows it, not decoded: with the prefix, without the query
  std::vector<std::string> segments;  ///< those after the prefix
  std::vector<std::pair<std::string, std::string>> query;

  /// The first parameter of that name.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

/// A path or an http(s) URL (RFC 9112, sections 3.2.1 and 3.2.2); nothing if it is neither, or is encoded badly. The
/// prefix is what a reverse proxy has before the API's paths; whether it leaves it there or takes it away, both are
/// fine.
std::optional<Target> parse_target(std::string_view text, std::string_view prefix);

/// The path of any target, good or bad, in printable ASCII.
std::string shown_path(std::string_view target);

}  // namespace catalog

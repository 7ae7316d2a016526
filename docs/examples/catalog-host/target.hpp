// What a request asks for: the path's segments and the query's parameters, percent-decoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace catalog {

struct Target {
  std::string path;  ///< as it was received, without the query
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;

  /// The first parameter of that name.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name, std::string_view value) const;
};

/// Nothing if the target is no absolute path or is encoded badly.
std::optional<Target> parse_target(std::string_view text);

}  // namespace catalog

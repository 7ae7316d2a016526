// Where a Location may lead: same-origin absolute paths, made from a template or taken from a result link.
#pragma once

#include "core/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tse::core {

/// Everything but RFC 3986 unreserved characters as %XX, upper case.
void append_percent_encoded(std::string& out, std::string_view text);

/// An absolute path, optionally with a query, that a browser resolves to this origin and nowhere else:
/// printable ASCII of RFC 3986, no empty and no dot segment (also not as %2e), no backslash, no fragment.
[[nodiscard]] bool is_safe_path(std::string_view path) noexcept;

/// What a link's href may be: an absolute path, an http or https URL, or a #fragment; ASCII, no white space.
[[nodiscard]] bool is_href(std::string_view href) noexcept;

/// A path with {zone_id}, {task_id} and {install_id} to be filled in, percent-encoded.
class PathTemplate {
 public:
  struct Values {
    std::string_view zone_id;
    std::string_view task_id;
    std::optional<std::string_view> install_id;
  };

  enum class Install { allowed, refused };

  /// Checks that every filling gives a safe path. A status URL is needed before there is an install, so it
  /// must do without {install_id}. Throws Failure(invalid_argument) naming `field`.
  PathTemplate(std::string_view text, std::string_view field, Install install = Install::allowed);

  /// As it was given.
  [[nodiscard]] std::string text() const;
  /// The filled path, or nothing if it needs an absent value or would not be safe.
  [[nodiscard]] std::optional<std::string> fill(const Values& values) const;

 private:
  enum class Hole { none, zone_id, task_id, install_id };
  struct Part {
    std::string literal;
    Hole hole = Hole::none;
  };
  std::vector<Part> parts_;
};

/// Where a task's stored result is: one segment below its status URL, before any query.
[[nodiscard]] std::optional<std::string> result_path(const PathTemplate& status_url, std::string_view zone_id,
                                                     std::string_view id);

}  // namespace tse::core

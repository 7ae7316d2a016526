// A request as the catalog sees it, whatever the HTTP library.
#pragma once

#include <optional>
#include <string>

namespace catalog {

struct Incoming {
  std::string method;
  std::string target;
  std::string path = "/";  ///< for error bodies: printable ASCII
  std::string body;
  std::optional<std::string> client_request_id;  ///< X-Client-Request-ID
  std::optional<std::string> if_none_match;      ///< If-None-Match, its lines joined
};

}  // namespace catalog

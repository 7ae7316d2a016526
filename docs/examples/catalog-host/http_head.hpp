// The head of an HTTP/1.1 request: where it ends, and what RFC 9112 asks of it beyond what Boost.Beast checks.
#pragma once

#include <boost/beast/http.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace catalog {

/// What the bytes received so far are.
struct HeadScan {
  enum class State { incomplete, complete, malformed };
  State state = State::incomplete;
  std::size_t skipped = 0;  ///< empty lines before the head, which a server ignores (RFC 9112, section 2.2)
  std::size_t end = 0;      ///< when complete: one past the empty line that ends the head
};

/// Looks for the end of the head. Malformed are bytes on which two servers could disagree where a line ends: a CR or LF
/// alone, a line that continues another, control characters.
HeadScan scan_head(std::string_view received) noexcept;

/// Why a request is not answered by the catalog. The connection ends with it, since nothing tells where the next
/// begins.
struct Refusal {
  int status = 400;
  std::string_view message;
};

/// The rules on framing, Host, Expect and the version's features; nothing if the head obeys them all.
std::optional<Refusal> refusal_of(const boost::beast::http::request_header<>& head);

/// Whether the client waits for a 100 before it sends the body.
bool expects_continue(const boost::beast::http::request_header<>& head);

}  // namespace catalog

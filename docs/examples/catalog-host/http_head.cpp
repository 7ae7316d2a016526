#include "http_head.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <cctype>

namespace catalog {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;

bool control(char c) noexcept { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }
bool digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr std::string_view host_marks = "-._~%!$&'()*+,;=";

/// host [":" port], without user information (RFC 9110, sections 4.2.4 and 7.2).
bool is_host(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const bool address = std::ranges::all_of(text.substr(1, end - 1), [](char c) {
      return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '.';
    });
    text.remove_prefix(end + 1);
    return address && (text.empty() || (text.front() == ':' && std::ranges::all_of(text.substr(1), digit)));
  }
  const std::size_t colon = std::min(text.find(':'), text.size());
  const bool name = std::ranges::all_of(text.substr(0, colon), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || host_marks.find(c) != std::string_view::npos;
  });
  return name && std::ranges::all_of(text.substr(std::min(colon + 1, text.size())), digit);
}

std::optional<Refusal> host_refusal(const http::request_header<>& head) {
  const auto hosts = head.count(http::field::host);
  if (hosts == 0 && head.version() >= 11) return Refusal{400, "A request needs a Host."};
  if (hosts > 1) return Refusal{400, "A request has one Host only."};
  if (hosts == 1 && !is_host(head[http::field::host])) return Refusal{400, "The Host is none."};
  return std::nullopt;
}

/// Where the body ends (RFC 9112, section 6.3) is told by one length or by chunks, and by nothing else. Beast reads
/// what it does not know as "no body", and the body would be taken for the next request.
std::optional<Refusal> framing_refusal(const http::request_header<>& head) {
  const auto lengths = head.count(http::field::content_length);
  const auto codings = head.count(http::field::transfer_encoding);
  if (lengths > 1) return Refusal{400, "A request has one Content-Length only."};
  if (lengths == 1) {
    const std::string_view length = head[http::field::content_length];
    if (length.empty() || !std::ranges::all_of(length, digit)) return Refusal{400, "The Content-Length is no number."};
  }
  if (codings == 0) return std::nullopt;
  if (lengths > 0) return Refusal{400, "A request has a Content-Length or a Transfer-Encoding, never both."};
  if (head.version() < 11) return Refusal{400, "HTTP/1.0 has no Transfer-Encoding."};
  const std::string_view coding = head[http::field::transfer_encoding];
  if (codings == 1 && iequals(coding, "chunked")) return std::nullopt;
  std::string_view last = coding.substr(coding.rfind(',') + 1);
  last.remove_prefix(std::min(last.find_first_not_of(" \t"), last.size()));
  if (codings == 1 && iequals(last, "chunked")) return Refusal{501, "The only Transfer-Encoding here is chunked."};
  return Refusal{400, "The Transfer-Encoding must be chunked."};
}

}  // namespace

HeadScan scan_head(std::string_view received) noexcept {
  using State = HeadScan::State;
  std::size_t skipped = 0;
  while (received.substr(skipped).starts_with("\r\n")) skipped += 2;
  bool line_begins = true;
  for (std::size_t at = skipped; at < received.size(); ++at) {
    const char c = received[at];
    if (c == '\r') {
      if (at + 1 == received.size()) break;
      if (received[++at] != '\n') return {State::malformed, skipped, 0};
      if (line_begins) return {State::complete, skipped, at + 1};
      line_begins = true;
      continue;
    }
    if (control(c) || (line_begins && (c == ' ' || c == '\t'))) return {State::malformed, skipped, 0};
    line_begins = false;
  }
  return {State::incomplete, skipped, 0};
}

std::optional<Refusal> refusal_of(const http::request_header<>& head) {
  if (auto refusal = framing_refusal(head)) return refusal;
  if (auto refusal = host_refusal(head)) return refusal;
  if (head.version() >= 11 && head.count(http::field::expect) > 0 && !expects_continue(head))
    return Refusal{417, "The only expectation here is 100-continue."};
  return std::nullopt;
}

bool expects_continue(const http::request_header<>& head) {
  return head.version() >= 11 && head.count(http::field::expect) == 1 &&
         iequals(head[http::field::expect], "100-continue");
}

}  // namespace catalog

// HTTP answers: what of a request they depend on, and what they are.
#pragma once

#include <taskstate/options.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace taskstate {

/// What of the HTTP request an answer depends on; every field may be left out. Header values as they
/// were received; several lines of one header are joined with ", " (RFC 9110, section 5.3). The texts
/// are borrowed and must live until the call returns. @since 0.1
struct Request {
  std::optional<std::string_view> method{};             ///< "HEAD": no body; everything else is as GET
  std::optional<std::string_view> client_request_id{};  ///< X-Client-Request-ID
  std::optional<std::string_view> if_none_match{};      ///< If-None-Match (RFC 9110, section 13.1.2)
  std::optional<std::string_view> path{};               ///< for error bodies; absent: the status URL
  std::optional<Completed> completed{};                 ///< absent: as the options say
  std::optional<std::string_view> prefer{};  ///< Prefer (RFC 7240); of it "wait" counts, if the options allow it
  bool wait_elsewhere = false;               ///< decide() does not wait itself, but tells for how long to
  bool kept_only = false;  ///< decide() never blocks: status 0 unless the answer is kept in memory and current
};

/// A header to be copied as it is; never holds CR or LF. @since 0.1
struct Header {
  std::string name{};
  std::string value{};
  bool operator==(const Header&) const = default;
};

/// An HTTP answer, to be sent as it is. @since 0.1
struct Answer {
  int status = 0;                 ///< 0 (Request::kept_only), 200, 202, 303, 304, 400, 404, 409, 410, 429, 500 or 503
  std::vector<Header> headers{};  ///< no name comes twice
  std::optional<std::string> body{};  ///< absent if there is none: HEAD, 304
  /// With Request::wait_elsewhere: wait so long for the task to move past `revision` (Watch::task()), then decide
  /// again, until the time is over; 0: this is the answer
  std::chrono::microseconds wait{0};
  std::int64_t revision = 0;  ///< of the task in the answer; 0: none

  /// The value of a header, its name in any case; nothing if there is none. Borrowed from this answer.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    for (const Header& header : headers)
      if (std::ranges::equal(header.name, name, {}, lower, lower)) return header.value;
    return std::nullopt;
  }
};

}  // namespace taskstate

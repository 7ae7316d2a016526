// What a task carries besides its own fields: links and warnings.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace taskstate {

/// A moment, UTC, to the microsecond. @since 0.1
using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// A link (RFC 7033, section 4.4.4). A task holds at most 64. @since 0.1
struct Link {
  std::string href{};                       ///< required; an absolute path, an http(s) URL or a "#fragment"
  std::string rel{};                        ///< required; "result" on a completed task says where it leads
  std::optional<std::string> properties{};  ///< a JSON object as text; its numbers keep their spelling
  std::vector<std::pair<std::string, std::string>> titles{};  ///< BCP 47 language tag, title; empty: absent
  std::optional<std::string> type{};                          ///< a media type
  bool operator==(const Link&) const = default;
};

/// One part of a warning. All fields are required. @since 0.1
struct WarningDetail {
  std::string code{};   ///< as Warning::code
  std::string field{};  ///< a JSON path into the request's body
  std::string message{};
  bool operator==(const WarningDetail&) const = default;
};

/// Something that the client should know about the task's outcome. All fields are required; a task
/// holds at most 256. The same shape is the body of an error answer. @since 0.1
struct Warning {
  std::string code{};  ///< one of the nine: "validation_error", "bad_request", "unauthorized", "forbidden",
                       ///< "not_found", "conflict", "rate_limit_exceeded", "internal_error", "service_unavailable"
  std::vector<WarningDetail> details{};
  std::string message{};
  std::string path{};
  std::string request_id{};  ///< a UUID
  std::int64_t status = 0;   ///< an HTTP status code, 0-999
  Time timestamp{};          ///< shown to the millisecond
  bool operator==(const Warning&) const = default;
};

}  // namespace taskstate

// What the tests of the rules share: sample values, and errors as text.
#pragma once

#include "core/apply.hpp"
#include "core/error.hpp"
#include "core/task.hpp"
#include "unit/printing.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tse::core::test {

inline constexpr std::int64_t noon = 1577448000000000;  // 2019-12-27T12:00:00Z
inline constexpr std::int64_t second = 1000000;
inline constexpr std::string_view uuid = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e";

/// Text that must never reach a header or a path as it is.
inline const std::vector<std::string> hostile_texts{"a\rb",
                                                    "a\nb",
                                                    "a\r\nSet-Cookie: x=1",
                                                    std::string("a\0b", 3),
                                                    "a\tb",
                                                    "a\x7f"
                                                    "b",
                                                    "\xc2\x85",
                                                    "\xff",
                                                    "\xc0\xaf",
                                                    "\xed\xa0\x80",
                                                    "\xe2\x80\xa8",  // U+2028
                                                    "//evil.org",
                                                    "/\\evil",
                                                    "..",
                                                    ".",
                                                    "%2e%2e",
                                                    "%2E",
                                                    "a/../b",
                                                    "a b",
                                                    "a\"b",
                                                    "<a>",
                                                    "{zone_id}",
                                                    "\xf0\x9f\x92\xa3"};

/// The details of an error as "field: message" lines.
inline std::vector<std::string> lines(const std::vector<Detail>& details) {
  std::vector<std::string> result;
  for (const Detail& detail : details) result.push_back(detail.field + ": " + detail.message);
  return result;
}

/// The fields of an error's details, joined by blanks.
inline std::string fields(const std::vector<Detail>& details) {
  std::string result;
  for (const Detail& detail : details) result.append(result.empty() ? "" : " ").append(detail.field);
  return result;
}

/// The message of the Failure that the call ends with; "no failure" if it ends without.
template <typename Call>
std::string failure_of(Call call) {
  try {
    static_cast<void>(call());
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "no failure";
}

inline Link link_to(std::string href, std::string rel = "related") {
  Link link;
  link.href = std::move(href);
  link.rel = std::move(rel);
  return link;
}

inline Warning warning_saying(std::string message) {
  Warning warning;
  warning.code = "conflict";
  warning.message = std::move(message);
  warning.path = "/zones/z1";
  warning.request_id = uuid;
  warning.status = 409;
  warning.timestamp = noon;
  return warning;
}

inline const std::vector<std::string>& usual_operations() {
  static const std::vector<std::string> operations{"create", "delete"};
  return operations;
}

inline Context at_time(std::int64_t now) {
  Context context;
  context.now = now;
  return context;
}

inline const PathTemplate& status_url() {
  static const PathTemplate path("/zones/{zone_id}/catalog_tasks/{task_id}", "status_url");
  return path;
}

inline NewTask usual_task() {
  NewTask spec;
  spec.zone_id = "z1";
  spec.id = "t1";
  spec.operation = "create";
  spec.package_id = "pkg_1";
  return spec;
}

inline Row pending_row() {
  return std::get<Row>(create(usual_task(), usual_operations(), status_url(), at_time(noon)));
}

inline Row next(const Row& row, const Intent& intent, std::int64_t now = noon + second) {
  return std::get<Steps>(apply(row, intent, at_time(now))).back();
}

inline Row running_row() { return next(pending_row(), Start{}); }

inline Complete completing(std::string install_id = "ins_1") {
  Complete intent;
  intent.additions.install_id = std::move(install_id);
  return intent;
}

inline Fail failing(std::string message = "It did not fit.") {
  Fail intent;
  intent.error_message = std::move(message);
  return intent;
}

inline Row completed_row() { return next(running_row(), completing(), noon + 2 * second); }
inline Row failed_row() { return next(running_row(), failing(), noon + 2 * second); }

inline Row row_in(Status status) {
  switch (status) {
    case Status::pending: return pending_row();
    case Status::running: return running_row();
    case Status::completed: return completed_row();
    case Status::failed: return failed_row();
  }
  return {};
}

}  // namespace tse::core::test

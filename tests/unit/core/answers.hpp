// What the tests of the answers share: how to ask, and answers as text.
#pragma once

#include "core/answer.hpp"
#include "core/codec.hpp"
#include "unit/core/support.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tse::core::test {

inline constexpr std::string_view made_id = "00000000-0000-4000-8000-000000000000";
inline const std::string json = "Content-Type: application/json\n";
inline const std::string cache = "Cache-Control: private, no-cache\n";

inline std::string make_id() { return std::string(made_id); }

/// "200\nName: value\n..." and so on.
inline std::string head(const Answer& answer) {
  std::string text = std::to_string(answer.status) + "\n";
  for (const auto& [name, value] : answer.headers) text += std::string(name) + ": " + std::string(value) + "\n";
  return text;
}

inline std::string header(const Answer& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers)
    if (key == name) return std::string(value);
  return "none";
}

Answerable answerable(Row&& row) = delete;  // an Answerable borrows from its row
inline Answerable answerable(const Row& row) {
  Answerable task;
  task.status = row.task.status;
  task.created_at = row.task.created_at;
  task.revision = row.revision;
  task.body = row.body;
  if (row.task.install_id) task.install_id = *row.task.install_id;
  task.result_href = result_href(row.task);
  return task;
}

inline Answer ask(const Lookup& found, const Request& request = {}, const Policy& policy = {},
                  std::int64_t now = noon) {
  return decide("z1", "t1", found, request, policy, now, make_id);
}

inline Answer ask(const Row& row, const Request& request = {}, const Policy& policy = {}, std::int64_t now = noon) {
  return ask(Lookup{answerable(row)}, request, policy, now);
}

inline std::optional<Answer> refused(std::string_view zone_id, std::string_view id, const Request& request = {},
                                     const Policy& policy = {}) {
  return refuse(zone_id, id, request, policy, noon, make_id);
}

inline Answer accepted(const Error& failure, const Request& request = {}, const Policy& policy = {}) {
  return accept(failure, request, policy, noon, make_id);
}

inline std::string error_body(std::string_view code, int status, std::string_view message,
                              std::string_view path = "/zones/z1/catalog_tasks/t1", std::string_view details = "[]",
                              std::string_view id = made_id) {
  std::string body = R"({"code":")" + std::string(code) + R"(","details":)" + std::string(details);
  body += R"(,"message":")" + std::string(message) + R"(","path":")" + std::string(path);
  body += R"(","request_id":")" + std::string(id) + R"(","status":)" + std::to_string(status);
  return body + R"(,"timestamp":"2019-12-27T12:00:00.000Z"})";
}

inline const std::string not_found_body = error_body("not_found", 404, "There is no such task.");

/// What holds of every answer whatever came in.
inline void check_sound(const Answer& answer) {
  BOOST_TEST(answer.status >= 200);
  std::vector<std::string> names;
  for (const auto& [name, value] : answer.headers) {
    names.emplace_back(name);
    for (const char c : value) BOOST_REQUIRE_MESSAGE(c >= 0x20 && c < 0x7f, head(answer));
  }
  std::sort(names.begin(), names.end());
  BOOST_TEST((std::adjacent_find(names.begin(), names.end()) == names.end()));
  if (answer.status >= 400 && answer.body)
    BOOST_CHECK_NO_THROW((void)parse_warnings("[" + std::string(*answer.body) + "]"));
}

}  // namespace tse::core::test

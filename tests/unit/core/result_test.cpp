#include "core/result.hpp"

#include "core/apply.hpp"
#include "core/time.hpp"
#include "core/validate.hpp"
#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace tse::core;
using namespace tse::core::test;

namespace {

Complete storing(std::string bytes = "id,name\n", std::string media_type = "text/csv") {
  Complete intent;
  intent.result = StoredResult{std::move(bytes), std::move(media_type)};
  return intent;
}

std::string broken(const StoredResult& result) {
  std::vector<Detail> details;
  check_result(details, result);
  return details.empty() ? "" : lines(details).front();
}

Error refused(const Row& row, const Intent& intent) { return std::get<Error>(apply(row, intent, at_time(noon))); }

}  // namespace

BOOST_AUTO_TEST_SUITE(core_result)

BOOST_AUTO_TEST_CASE(a_media_type_has_the_grammar_of_rfc_9110) {
  for (const char* good :
       {"a/b", "text/plain", "text/csv;charset=utf-8", "text/csv; charset=\"utf-8\"", "application/vnd.a+json",
        "text/plain ; a=b ; c=\"d\\\"; e\"", "text/plain;", "text/plain;;a=b", "text/plain; ;a=b", "!#$/%&'*+-.^_`|~"})
    BOOST_TEST(is_media_type(good), good);
  for (const char* bad : {"",
                          "/",
                          "text",
                          "text/",
                          "/plain",
                          "text /plain",
                          "text/ plain",
                          "text/plain a=b",
                          "text/plain;a",
                          "text/plain;=b",
                          "text/plain;a=",
                          "text/plain;a =b",
                          "text/plain;a=\"b",
                          "text/plain;a=\"b\\\"",
                          "text/plain;a=\"b\"c",
                          "text/plain\t;a=b",
                          "text/plain\r\nX: y",
                          "text/pl\xc3\xa4in",
                          "text/plain;a=\"\x7f\"",
                          "text/plain "})
    BOOST_TEST(!is_media_type(bad), bad);
}

BOOST_AUTO_TEST_CASE(a_result_has_its_size_and_needs_a_media_type) {
  BOOST_TEST(broken({"", "a/b"}) == "");
  BOOST_TEST(broken({std::string(1 << 20, 'x'), "a/" + std::string(254, 'b')}) == "");
  BOOST_TEST(broken({std::string((1 << 20) + 1, 'x'), "a/b"}) == "result: must be at most 1 MiB, is 1048577 bytes");
  BOOST_TEST(broken({"", "a/" + std::string(255, 'b')}) ==
             "media_type: must be type/subtype with any parameters (RFC 9110), 3 to 256 bytes of printable ASCII, and "
             "comes with each result; has 257 bytes");
  BOOST_TEST(broken({"", ""}).ends_with("has 0 bytes"));
  BOOST_TEST(broken({"", "text"}).ends_with("has 4 bytes"));
}

BOOST_AUTO_TEST_CASE(a_stored_result_completes_a_task_and_is_not_on_the_wire) {
  const Row done = next(running_row(), storing());
  BOOST_TEST(done.task.status == Status::completed);
  BOOST_TEST(done.result_media_type.value() == "text/csv");
  BOOST_TEST(!done.task.install_id.has_value());
  BOOST_TEST(done.body.find("csv") == std::string::npos);
  BOOST_TEST(validate(done).empty());
  BOOST_TEST(fields(validate(done.task)) == "install_id");
}

BOOST_AUTO_TEST_CASE(a_stored_result_is_part_of_the_outcome) {
  const auto is_repetition = [](const Row& row, const Intent& intent) {
    return std::holds_alternative<Unchanged>(apply(row, intent, at_time(noon)));
  };
  const Row done = next(running_row(), storing());
  BOOST_TEST(is_repetition(done, storing()));
  for (const Complete& other : {storing("id,name"), storing("id,name\n", "text/plain"), Complete{}, completing()})
    BOOST_TEST(refused(done, other).code == Code::illegal_transition);
  BOOST_TEST(refused(completed_row(), storing()).code == Code::illegal_transition);
}

BOOST_AUTO_TEST_CASE(a_broken_result_is_refused_with_what_else_is) {
  Complete intent = storing(std::string((1 << 20) + 1, 'x'), "");
  intent.additions.package_slug = "";
  BOOST_TEST(fields(refused(running_row(), intent).details) == "package_slug result media_type");
}

BOOST_AUTO_TEST_CASE(a_result_is_kept_for_its_retention_or_as_long_as_its_task) {
  BOOST_TEST(!result_kept_until(noon, 0));
  BOOST_TEST(result_kept_until(noon, second).value() == noon + second);
  BOOST_TEST(result_kept_until(max_time, second).value() == max_time);
}

BOOST_AUTO_TEST_CASE(a_missing_result_says_why) {
  const auto why = [](const std::optional<Row>& row) {
    const Error error = missing_result(row);
    BOOST_TEST(error.code == Code::not_found);
    return error.message;
  };
  BOOST_TEST(why(std::nullopt) == "no such task in this zone");
  BOOST_TEST(why(pending_row()) == "the task is pending and has no result yet");
  BOOST_TEST(why(running_row()) == "the task is running and has no result yet");
  BOOST_TEST(why(failed_row()) == "the task has failed, so there is no result");
  BOOST_TEST(why(completed_row()).starts_with("the task was completed without a stored result: it leads to"));
  BOOST_TEST(why(next(running_row(), storing())) == "the stored result is kept no longer: its retention is over");
}

BOOST_AUTO_TEST_SUITE_END()

#include "core/codec.hpp"

#include "core/time.hpp"
#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

using namespace tse::core;

BOOST_AUTO_TEST_SUITE(core_codec)

namespace {

/// A task with every field there is.
const std::string full =
    R"({"id":"id","created_at":"2019-12-27T18:11:19.117Z","operation":"create","status":"pending",)"
    R"("updated_at":"2019-12-27T18:11:19.117Z","error_message":"error_message","install_id":"install_id",)"
    R"("links":[{"href":"href","rel":"rel","properties":{"foo":"bar"},"titles":{"foo":"string"},"type":"type"}],)"
    R"("package_id":"package_id","package_slug":"package_slug","package_version":0,)"
    R"("warnings":[{"code":"validation_error","details":[{"code":"validation_error","field":"field",)"
    R"("message":"message"}],"message":"message","path":"path",)"
    R"("request_id":"182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e","status":0,"timestamp":"2019-12-27T18:11:19.117Z"}]})";

const std::string least =
    R"({"id":"id","created_at":"2019-12-27T18:11:19.117Z","operation":"create","status":"pending",)"
    R"("updated_at":"2019-12-27T18:11:19.117Z"})";

const std::string warning = R"({"code":"c","details":[],"message":"m","path":"p","request_id":"r","status":1,)"
                            R"("timestamp":"2019-12-27T18:11:19.117Z"})";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t place = text.find(from);
  BOOST_REQUIRE(place != std::string::npos);
  return text.replace(place, from.size(), to);
}

std::string task_failure(const std::string& text) {
  return test::failure_of([&] { return parse_task(text); });
}
std::string links_failure(const std::string& text) {
  return test::failure_of([&] { return parse_links(text); });
}
std::string warnings_failure(const std::string& text) {
  return test::failure_of([&] { return parse_warnings(text); });
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_task_with_every_field_round_trips_byte_for_byte) {
  const Task task = parse_task(full);
  BOOST_TEST(render(task) == full);
  BOOST_TEST(task.zone_id.empty());
  BOOST_TEST(task.created_at == 1577470279117000);
  BOOST_TEST(task.links.at(0).properties.value() == R"({"foo":"bar"})");
  BOOST_TEST(task.links.at(0).titles.value().at(0).second == "string");
  BOOST_TEST(task.package_version.value() == 0);
  BOOST_TEST(task.warnings.at(0).details.at(0).field == "field");
}

BOOST_AUTO_TEST_CASE(absent_optionals_and_empty_lists_are_omitted) {
  BOOST_TEST(render(parse_task(least)) == least);
  BOOST_TEST(render(parse_task(replaced(least, "117Z\"}", R"(117Z","links":[],"warnings":[]})"))) == least);
}

BOOST_AUTO_TEST_CASE(every_status_round_trips) {
  for (const char* status : {"pending", "running", "completed", "failed"}) {
    const std::string text = replaced(least, "pending", status);
    BOOST_TEST(render(parse_task(text)) == text);
  }
  BOOST_TEST(task_failure(replaced(least, "pending", "done")) ==
             "status: must be pending, running, completed or failed; has 4 bytes");
}

BOOST_AUTO_TEST_CASE(white_space_and_other_spellings_of_a_time_are_read) {
  BOOST_TEST(render(parse_task(replaced(replaced(least, ",", " ,\n"), "18:11:19.117Z", "20:11:19.117999+02:00"))) ==
             least);
}

BOOST_AUTO_TEST_CASE(each_field_must_come_in_its_place) {
  BOOST_TEST(task_failure(replaced(least, R"("operation":"create","status":"pending")",
                                   R"("status":"pending","operation":"create")"))
                 .starts_with("operation: must come in the order id, created_at, operation"));
  BOOST_TEST(task_failure(replaced(full, R"("href":"href","rel":"rel")", R"("rel":"rel","href":"href")")) ==
             "links[0].href: must come in the order href, rel, properties, titles, type");
  BOOST_TEST(task_failure(replaced(full, R"("code":"validation_error","field":"field")",
                                   R"("field":"field","code":"validation_error")")) ==
             "warnings[0].details[0].code: must come in the order code, field, message");
  BOOST_TEST(task_failure(replaced(full, R"("request_id":"182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e","status":0)",
                                   R"("status":0,"request_id":"182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e")"))
                 .starts_with("warnings[0].request_id: must come in the order code, details"));
}

BOOST_AUTO_TEST_CASE(each_required_field_is_missed) {
  BOOST_TEST(task_failure("{}") == "id: is required");
  for (const char* field : {"id", "created_at", "operation", "status", "updated_at"}) {
    std::string text = replaced(least, "117Z\"}", R"(117Z","install_id":"i"})");
    const std::size_t begin = text.find("\"" + std::string(field) + "\"");
    text.erase(begin, text.find(',', begin) + 1 - begin);
    BOOST_TEST(task_failure(text) == std::string(field) + ": is required");
  }
  BOOST_TEST(links_failure(R"([{"href":"/a","rel":"b"},{"rel":"b"}])") == "links[1].href: is required");
  BOOST_TEST(links_failure(R"([{"href":"/a"}])") == "links[0].rel: is required");
  BOOST_TEST(warnings_failure("[{}]") == "warnings[0].code: is required");
  const std::vector<std::pair<std::string, std::string>> members{
      {"details", R"("details":[],)"}, {"message", R"("message":"m",)"},
      {"path", R"("path":"p",)"},      {"request_id", R"("request_id":"r",)"},
      {"status", R"("status":1,)"},    {"timestamp", R"(,"timestamp":"2019-12-27T18:11:19.117Z")"}};
  for (const auto& [field, text] : members)
    BOOST_TEST(warnings_failure("[" + replaced(warning, text, "") + "]") == "warnings[0]." + field + ": is required");
  BOOST_TEST(warnings_failure("[" + replaced(warning, "[]", R"([{"code":"c","field":"f"}])") + "]") ==
             "warnings[0].details[0].message: is required");
}

BOOST_AUTO_TEST_CASE(each_type_is_checked) {
  BOOST_TEST(task_failure("[]") == "json: must be an object, not an array");
  BOOST_TEST(task_failure(replaced(least, "\"id\":\"id\"", "\"id\":1")) == "id: must be a string, not a number");
  BOOST_TEST(task_failure(replaced(least, "\"2019-12-27T18:11:19.117Z\"", "0")) ==
             "created_at: must be a string, not a number");
  BOOST_TEST(task_failure(replaced(least, "2019-12-27T18:11:19.117Z", "yesterday")) ==
             "created_at: must be a date-time (RFC 3339); has 9 bytes");
  BOOST_TEST(task_failure(replaced(full, "\"error_message\":\"error_message\"", "\"error_message\":null")) ==
             "error_message: must be a string, not null");
  BOOST_TEST(task_failure(replaced(full, "\"package_version\":0", "\"package_version\":\"0\"")) ==
             "package_version: must be a number, not a string");
  BOOST_TEST(links_failure("{}") == "links: must be an array, not an object");
  BOOST_TEST(links_failure("[true]") == "links[0]: must be an object, not a boolean");
  BOOST_TEST(links_failure(R"([{"href":"/a","rel":"b","properties":[]}])") ==
             "links[0].properties: must be an object, not an array");
  BOOST_TEST(links_failure(R"([{"href":"/a","rel":"b","titles":"x"}])") ==
             "links[0].titles: must be an object, not a string");
  BOOST_TEST(links_failure(R"([{"href":"/a","rel":"b","titles":{"en":1}}])") ==
             "links[0].titles.en: must be a string, not a number");
  BOOST_TEST(links_failure(R"([{"href":"/a","rel":"b","type":null}])") == "links[0].type: must be a string, not null");
  BOOST_TEST(warnings_failure("[0]") == "warnings[0]: must be an object, not a number");
  BOOST_TEST(warnings_failure("[" + replaced(warning, "[]", "{}") + "]") ==
             "warnings[0].details: must be an array, not an object");
  BOOST_TEST(warnings_failure("[" + replaced(warning, "[]", R"([{"code":1,"field":"f","message":"m"}])") + "]") ==
             "warnings[0].details[0].code: must be a string, not a number");
}

BOOST_AUTO_TEST_CASE(integers_are_spelled_as_such_and_fit_64_bits) {
  for (const char* good : {"0", "1", "-1", "9223372036854775807", "-9223372036854775808"})
    BOOST_TEST(
        std::to_string(parse_task(replaced(full, "\"package_version\":0", "\"package_version\":" + std::string(good)))
                           .package_version.value()) == good);
  for (const char* bad : {"1.0", "1e0", "9223372036854775808", "-9223372036854775809", "1.5"})
    BOOST_TEST(task_failure(replaced(full, "\"package_version\":0", "\"package_version\":" + std::string(bad)))
                   .starts_with("package_version: must be an integer of 64 bits; has "),
               bad);
  BOOST_TEST(warnings_failure("[" + replaced(warning, "\"status\":1", "\"status\":1.0") + "]") ==
             "warnings[0].status: must be an integer of 64 bits; has 3 characters");
}

BOOST_AUTO_TEST_CASE(unknown_and_repeated_members_are_refused_without_their_content) {
  BOOST_TEST(task_failure(replaced(least, "{", R"({"secret":"x",)"))
                 .starts_with("json: must not have unknown members; number 1 is none of id, created_at"));
  BOOST_TEST(links_failure(R"([{"href":"/a","rel":"b","hreflang":"x"}])") ==
             "links[0]: must not have unknown members; number 3 is none of href, rel, properties, titles, type");
  BOOST_TEST(
      task_failure(replaced(least, "{", R"({"id":"x",)")).starts_with("id: must not repeat a key of the same object"));
  BOOST_TEST(links_failure(R"([{"href":"/a","rel":"b","titles":{"en":"x","en":"y"}}])")
                 .starts_with("links[0].titles.en: must not repeat a key"));
}

BOOST_AUTO_TEST_CASE(hosts_may_give_members_in_any_order) {
  const auto links = parse_links(R"([{"type":"t","titles":{"de":"D","en":"E"},"rel":"b","href":"/a"}])");
  BOOST_TEST(render(links) == R"([{"href":"/a","rel":"b","titles":{"de":"D","en":"E"},"type":"t"}])");
  const auto warnings = parse_warnings(
      R"([{"timestamp":"2019-12-27T19:11:19.117+01:00","status":1,"request_id":"r","path":"p","message":"m",)"
      R"("details":[{"message":"m","field":"f","code":"d"}],"code":"c"}])");
  BOOST_TEST(render(warnings) == "[" + replaced(warning, "[]", R"([{"code":"d","field":"f","message":"m"}])") + "]");
  BOOST_TEST(render(warnings.at(0)) == render(warnings).substr(1, render(warnings).size() - 2));
}

BOOST_AUTO_TEST_CASE(the_field_names_the_input) {
  BOOST_TEST(test::failure_of([] { return parse_links("[{}]", "l"); }) == "l[0].href: is required");
  BOOST_TEST(test::failure_of([] { return parse_warnings("[{}]", "w"); }) == "w[0].code: is required");
  BOOST_TEST(test::failure_of([] { return parse_links("", "l"); }) == "l: must be JSON (RFC 8259), fault at byte 0");
}

BOOST_AUTO_TEST_CASE(properties_keep_their_numbers_and_order_and_lose_white_space) {
  const auto links = parse_links(
      R"([{"href":"/a","rel":"b","properties":{ "z" : [1.5, -0, 1e400, 12345678901234567890123, 0.1000], "a":{} }}])");
  BOOST_TEST(links.at(0).properties.value() == R"({"z":[1.5,-0,1e400,12345678901234567890123,0.1000],"a":{}})");
  BOOST_TEST(render(parse_links(render(links))) == render(links));
}

BOOST_AUTO_TEST_CASE(present_but_empty_is_not_absent) {
  const std::string text = R"([{"href":"","rel":"","properties":{},"titles":{},"type":""}])";
  BOOST_TEST(render(parse_links(text)) == text);
  BOOST_TEST(render(std::vector<Link>{}) == "[]");
  BOOST_TEST(render(std::vector<Warning>{}) == "[]");
  BOOST_TEST(parse_links("[]").empty());
  BOOST_TEST(parse_warnings("[]").empty());
}

BOOST_AUTO_TEST_CASE(several_links_and_warnings_keep_their_order) {
  const std::string links = R"([{"href":"/a","rel":"1"},{"href":"/b","rel":"2"},{"href":"/c","rel":"3"}])";
  BOOST_TEST(render(parse_links(links)) == links);
  const std::string warnings = "[" + warning + "," + replaced(warning, "\"m\"", "\"n\"") + "]";
  BOOST_TEST(render(parse_warnings(warnings)) == warnings);
}

BOOST_AUTO_TEST_CASE(a_warning_read_back_equals_the_one_given) {
  for (const char* fraction : {"2019-12-27T18:11:19.117999Z", "1969-12-31T23:59:59.9999Z"}) {
    const auto given = parse_warnings("[" + replaced(warning, "2019-12-27T18:11:19.117Z", fraction) + "]");
    BOOST_TEST((parse_warnings(render(given)) == given));
  }
}

BOOST_AUTO_TEST_CASE(text_is_escaped) {
  Task task = parse_task(least);
  task.id = "a\"\\\n\x01\xe2\x80\xa8";
  BOOST_TEST(render(task).starts_with("{\"id\":\"a\\\"\\\\\\n\\u0001\xe2\x80\xa8\",\"created_at\""));
  BOOST_TEST((parse_task(render(task)) == task));
}

BOOST_AUTO_TEST_SUITE_END()

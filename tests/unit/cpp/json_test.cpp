#include <taskstate/detail/json.hpp>

#include "unit/cpp/throws.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using namespace taskstate;
using namespace taskstate::detail;
using taskstate_test::error_of;

namespace {

Warning example_warning() {
  return {.code = "conflict",
          .details = {{.code = "conflict", .field = "inputs", .message = "m"}},
          .message = "kept",
          .path = "/p",
          .request_id = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e",
          .status = 409,
          .timestamp = Time(1577470279117ms)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(links_are_written_with_every_field) {
  const std::vector<Link> links{
      {.href = "/a", .rel = "r", .properties = "{\"n\":1.50}", .titles = {{"en", "T"}, {"de", "U"}}, .type = "a/b"},
      {.href = "#x", .rel = "s"}};
  BOOST_TEST(encode(links) ==
             R"([{"href":"/a","rel":"r","properties":{"n":1.50},"titles":{"en":"T","de":"U"},"type":"a/b"},)"
             R"({"href":"#x","rel":"s"}])");
  BOOST_TEST((decode_links(encode(links)) == links));
}

BOOST_AUTO_TEST_CASE(warnings_are_written_with_every_field) {
  BOOST_TEST(encode(std::vector{example_warning()}) ==
             R"([{"code":"conflict","details":[{"code":"conflict","field":"inputs","message":"m"}],"message":"kept",)"
             R"("path":"/p","request_id":"182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e","status":409,)"
             R"("timestamp":"2019-12-27T18:11:19.117000Z"}])");
}

BOOST_AUTO_TEST_CASE(warnings_are_read_as_the_library_writes_them) {
  Warning bare = example_warning();
  bare.details.clear();
  const std::string text =
      R"([{"code":"conflict","details":[{"code":"conflict","field":"inputs","message":"m"}],"message":"kept",)"
      R"("path":"/p","request_id":"182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e","status":409,)"
      R"("timestamp":"2019-12-27T18:11:19.117Z"},{"code":"conflict","details":[],"message":"kept",)"
      R"("path":"/p","request_id":"182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e","status":409,)"
      R"("timestamp":"2019-12-27T18:11:19.117Z"}])";
  BOOST_TEST((decode_warnings(text) == std::vector{example_warning(), bare}));
}

BOOST_AUTO_TEST_CASE(strings_are_escaped_and_unescaped) {
  std::string out;
  append_string(out, std::string_view("q\" b\\ n\n z\0 \x1f \u00e9", 16));
  BOOST_TEST(out == "\"q\\\" b\\\\ n\\u000a z\\u0000 \\u001f \u00e9\"");
  JsonReader all(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00")");
  BOOST_TEST(all.string() == "\"\\/\b\f\n\r\tA\u00e9\u20ac\U0001f600");
}

BOOST_AUTO_TEST_CASE(values_of_any_kind_are_passed_over_whole) {
  for (const std::string_view value :
       {R"("a,]\"}")", "12.5e3", "true", "null", R"({"a":[1,{"b":"}"}]})", "[]", "[[1],[2]]"}) {
    const std::string surrounded =
        R"([{"unknown":)" + std::string(value) + R"(,"href":"/a","other":)" + std::string(value) + R"(,"rel":"r"}])";
    BOOST_TEST((decode_links(surrounded) == std::vector<Link>{{.href = "/a", .rel = "r"}}), "with " << value);
  }
}

BOOST_AUTO_TEST_CASE(text_that_is_not_the_librarys_is_a_defect) {
  for (const std::string_view text :
       {"", "[", "[{", R"([{"href"}])", R"([{"href":"/a"])", R"([{"href":"/a)", R"([{"href":"\x"}])",
        R"([{"href":"\u12"}])", R"([{"href":"\u12g4"}])", R"([{"href":"\ud800"}])", R"([{"href":"\ud800\u0041"}])",
        R"([{"href":"\udc00\udc00"}])", R"([{"properties":{"a":"}])", R"([{"properties":}])", "[] ", "[]]", "{}"}) {
    BOOST_TEST((error_of([&] { (void)decode_links(text); }).code() == Errc::internal), "for " << text);
  }
  for (const std::string_view text : {R"([{"status":x}])", R"([{"status":"1"}])", R"([{"details":{}}])"})
    BOOST_TEST((error_of([&] { (void)decode_warnings(text); }).code() == Errc::internal), "for " << text);
}

BOOST_AUTO_TEST_CASE(properties_cannot_reach_beyond_their_own_value) {
  for (const std::string_view good : {"{}", " {\"a\":\"}\"}\n", R"({"a":"\"}{"})", R"({"a":[{"b":{}}]})"})
    BOOST_TEST(is_one_object(good), "for " << good);
  for (const std::string_view bad :
       {"", " ", "[]", "1", "\"x\"", "{", "{}}", "{},{}", R"({}},{"href":"/evil","rel":"result")", R"({"a":"})",
        R"({"a":"\"})", "{\"a\":1]]"})
    BOOST_TEST(!is_one_object(bad), "for " << bad);
  const std::vector<Link> links{{.href = "/a", .rel = "r", .properties = R"({}},{"href":"/evil","rel":"result")"}};
  BOOST_TEST(encode(links) == R"([{"href":"/a","rel":"r","properties":"{}},{\"href\":\"/evil\",\"rel\":\"result\""}])");
}

BOOST_AUTO_TEST_CASE(times_are_spelled_by_rfc_3339) {
  BOOST_TEST(format_time(Time(0us)).value() == "1970-01-01T00:00:00.000000Z");
  BOOST_TEST(format_time(Time(-1us)).value() == "1969-12-31T23:59:59.999999Z");
  BOOST_TEST(format_time(Time(std::chrono::microseconds(min_time_us))).value() == "0000-01-01T00:00:00.000000Z");
  BOOST_TEST(format_time(Time(std::chrono::microseconds(max_time_us))).value() == "9999-12-31T23:59:59.999999Z");
  BOOST_TEST(!format_time(Time(std::chrono::microseconds(min_time_us - 1))));
  BOOST_TEST(!format_time(Time(std::chrono::microseconds(max_time_us + 1))));
  BOOST_TEST((read_time("2024-02-29T23:59:59.001Z") == Time(1709251199001ms)));
  for (const std::string_view bad : {"2024-02-30T00:00:00.000Z", "2024-02-29T00:00:00Z", "2024-02-29 00:00:00.000Z",
                                     "2024-02-29T00:00:00.0x0Z", "2024-02-29T00:00:00.000z"})
    BOOST_TEST((error_of([&] { (void)read_time(bad); }).code() == Errc::internal), "for " << bad);
}

BOOST_AUTO_TEST_CASE(a_time_that_cannot_be_spelled_is_written_as_a_number) {
  Warning warning = example_warning();
  warning.timestamp = Time(std::chrono::microseconds(std::numeric_limits<std::int64_t>::max()));
  BOOST_TEST(encode(std::vector{warning}).ends_with(R"("timestamp":9223372036854775807}])"));
}

BOOST_AUTO_TEST_SUITE_END()

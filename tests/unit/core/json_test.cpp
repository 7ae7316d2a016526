#include "core/json.hpp"

#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>
#include <ctime>

using namespace tse::core;

BOOST_AUTO_TEST_SUITE(core_json)

namespace {

/// The minified text, or the message of the refusal.
std::string through(std::string_view text, std::string_view field = "f") {
  std::string out;
  const std::string failure = test::failure_of([&] {
    append_json(out, parse_json(text, field));
    return 0;
  });
  return failure == "no failure" ? out : failure;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t index = 0; index < times; ++index) result += text;
  return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_kind_of_value_survives) {
  const std::string text = R"({"n":null,"t":true,"f":false,"i":-12,"s":"x","a":[1,[],{}],"o":{"b":{}}})";
  BOOST_TEST(through(text) == text);
  for (const char* scalar : {"null", "true", "false", "0", "\"\"", "[]", "{}"}) BOOST_TEST(through(scalar) == scalar);
}

BOOST_AUTO_TEST_CASE(white_space_goes) { BOOST_TEST(through(" \t\r\n{ \"a\" : [ 1 , 2 ] } \n") == R"({"a":[1,2]})"); }

BOOST_AUTO_TEST_CASE(numbers_keep_their_spelling) {
  for (const char* number :
       {"1.5", "-0", "-0.0", "1e400", "-1E+400", "12345678901234567890123", "0.1000", "1E2", "9223372036854775808",
        "-9223372036854775809", "18446744073709551616", "0.1000000000000000055511151231257827", "5e-324", "1e-400"}) {
    BOOST_TEST(through(number) == number);
    BOOST_TEST(through("[" + std::string(number) + "]") == "[" + std::string(number) + "]");
  }
  const std::string digits = "1" + std::string(5000, '0') + ".5";
  BOOST_TEST(through("[" + digits + "]") == "[" + digits + "]");
}

BOOST_AUTO_TEST_CASE(an_exponent_beyond_measure_is_refused_as_such) {
  BOOST_TEST(through("[1e99999999999]") == "f: must not hold a number with so large an exponent, fault at byte 12");
}

BOOST_AUTO_TEST_CASE(strings_are_escaped_no_more_than_needed) {
  BOOST_TEST(through(R"("\u0041\/\"\\\b\f\n\r\t\u001f\u007f\u00e4\u2028\ud83d\ude00")") ==
             "\"A/\\\"\\\\\\b\\f\\n\\r\\t\\u001f\x7f\xc3\xa4\xe2\x80\xa8\xf0\x9f\x98\x80\"");
  BOOST_TEST(through(R"({"\u0000":"\u0000"})") == R"({"\u0000":"\u0000"})");
  const std::string text = "\"" + repeated("\xc3\xa4\\n", 20000) + "\"";
  BOOST_TEST(through(text) == text);
}

BOOST_AUTO_TEST_CASE(what_is_not_json_is_refused_with_its_place) {
  BOOST_TEST(through("") == "f: must be JSON (RFC 8259), fault at byte 0");
  BOOST_TEST(through("[1,]") == "f: must be JSON (RFC 8259), fault at byte 3");
  BOOST_TEST(through("[1,2") == "f: must be JSON (RFC 8259), fault at byte 4");
  BOOST_TEST(through("{\"a\" 1}") == "f: must be JSON (RFC 8259), fault at byte 5");
  BOOST_TEST(through("[01]") == "f: must be JSON (RFC 8259), fault at byte 2");
  BOOST_TEST(through("\xef\xbb\xbf[]") == "f: must be JSON (RFC 8259), fault at byte 0");
  BOOST_TEST(through("[" + repeated("1,", 10000) + "x]") == "f: must be JSON (RFC 8259), fault at byte 20001");
  for (const char* text : {"nul", "[1 2]", "{a:1}", "{'a':1}", "[1,/**/2]", "// x\n1", "+1", ".5", "1.", "[0x10]",
                           "NaN", "Infinity", "\"\n\"", "\"\\x\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "{\"a\":1,}"})
    BOOST_TEST(through(text).starts_with("f: must be JSON (RFC 8259)"), text);
}

BOOST_AUTO_TEST_CASE(nothing_may_follow_the_value) {
  BOOST_TEST(through("1 x") == "f: must be one JSON value and nothing after it, fault at byte 2");
  BOOST_TEST(through("{}{}") == "f: must be one JSON value and nothing after it, fault at byte 2");
  BOOST_TEST(through(std::string("[]\0", 3)) == "f: must be one JSON value and nothing after it, fault at byte 2");
}

BOOST_AUTO_TEST_CASE(invalid_utf8_is_refused_with_its_place) {
  for (const std::string bad : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3"})
    BOOST_TEST(through("[\"" + bad + "\"]") == "f: must be valid UTF-8, fault at byte 2");
}

BOOST_AUTO_TEST_CASE(duplicate_keys_are_refused_wherever_they_are) {
  BOOST_TEST(through(R"({"a":1,"a":2})") == "f.a: must not repeat a key of the same object, fault at byte 12");
  BOOST_TEST(through(R"([0,{"en":{"x":1,"\u0078":2}}])") ==
             "f[1].en.x: must not repeat a key of the same object, fault at byte 26");
  BOOST_TEST(through(R"({"a b":0,"a b":1})", "") == "[1]: must not repeat a key of the same object, fault at byte 16");
  std::string many = "{";
  for (int index = 0; index < 1000; ++index) many += "\"k" + std::to_string(index) + "\":0,";
  BOOST_TEST(through(many + "\"k7\":0}").starts_with("f.k7: must not repeat a key of the same object"));
  BOOST_TEST(through(R"({"a":{"a":1},"b":{"a":2}})") == R"({"a":{"a":1},"b":{"a":2}})");
}

BOOST_AUTO_TEST_CASE(a_large_object_does_not_cost_quadratic_time) {
  // Processor time, which other programs do not stretch.
  const auto cost = [](int members) {
    std::string text = "{";
    for (int index = 0; index < members; ++index) text += "\"" + std::to_string(index) + "\":0,";
    text += "\"x\":0}";
    const std::clock_t begin = std::clock();
    BOOST_TEST(parse_json(text, "f").members.size() == static_cast<std::size_t>(members) + 1);
    return static_cast<double>(std::clock() - begin);
  };
  const double small = std::min({cost(10000), cost(10000), cost(10000)});
  // Eight times the members: about 10 times the work, or 64 times if each key were compared with each.
  BOOST_TEST(cost(80000) < 30 * small);
}

BOOST_AUTO_TEST_CASE(nesting_ends_at_32) {
  const auto arrays = [](std::size_t depth) { return repeated("[", depth) + repeated("]", depth); };
  const auto objects = [](std::size_t depth) {
    return repeated("{\"a\":", depth - 1) + "{}" + repeated("}", depth - 1);
  };
  BOOST_TEST(through(arrays(32)) == arrays(32));
  BOOST_TEST(through(arrays(33)) == "f: must be nested at most 32 deep, fault at byte 32");
  BOOST_TEST(through(objects(32)) == objects(32));
  BOOST_TEST(through(objects(33)) == "f: must be nested at most 32 deep, fault at byte 160");
  BOOST_TEST(through(repeated("[", 1000000)) == "f: must be nested at most 32 deep, fault at byte 32");
}

BOOST_AUTO_TEST_CASE(size_ends_at_one_mebibyte) {
  const std::string text = "\"" + std::string(max_json_bytes - 2, 'x') + "\"";
  BOOST_TEST((through(text) == text));
  BOOST_TEST(through(text + " ") == "f: must be at most 1048576 bytes of JSON, has 1048577");
}

BOOST_AUTO_TEST_CASE(a_text_without_a_field_is_called_json) {
  BOOST_TEST(through("[", "") == "json: must be JSON (RFC 8259), fault at byte 1");
  BOOST_TEST(through(R"({"a":{"b":1,"b":1}})", "") ==
             "a.b: must not repeat a key of the same object, fault at byte 17");
}

BOOST_AUTO_TEST_CASE(paths_name_keys_only_if_they_are_plain_names) {
  const auto path = [](std::string_view before, std::string_view key) {
    std::string result(before);
    append_member(result, key, 7);
    return result;
  };
  BOOST_TEST(path("links[0]", "href") == "links[0].href");
  BOOST_TEST(path("", "zh-Hant_1") == "zh-Hant_1");
  BOOST_TEST(path("a", std::string(32, 'k')) == "a." + std::string(32, 'k'));
  BOOST_TEST(path("a", std::string(33, 'k')) == "a[7]");
  for (const char* key : {"", "a b", "a.b", "a\n", "\xc3\xa4", "a[0]"}) BOOST_TEST(path("a", key) == "a[7]");
}

BOOST_AUTO_TEST_CASE(kinds_have_names) {
  BOOST_TEST(kind_name(Json::Kind::null) == "null");
  BOOST_TEST(kind_name(Json::Kind::boolean) == "a boolean");
  BOOST_TEST(kind_name(Json::Kind::number) == "a number");
  BOOST_TEST(kind_name(Json::Kind::string) == "a string");
  BOOST_TEST(kind_name(Json::Kind::array) == "an array");
  BOOST_TEST(kind_name(Json::Kind::object) == "an object");
  BOOST_TEST(kind_name(static_cast<Json::Kind>(9)).empty());
}

BOOST_AUTO_TEST_SUITE_END()

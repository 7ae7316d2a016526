#include "core/validate.hpp"

#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

using namespace tse::core;

BOOST_AUTO_TEST_SUITE(core_grammar)

BOOST_AUTO_TEST_CASE(uuids_are_8_4_4_4_12_hexadecimal_digits) {
  BOOST_TEST(is_uuid("182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"));
  BOOST_TEST(is_uuid("182BD5E5-6E1A-4FE4-A799-AA6D9A6AB26E"));
  BOOST_TEST(is_uuid("00000000-0000-0000-0000-000000000000"));
  for (const char* text : {"", "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26", "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e0",
                           "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26g", "182bd5e56-e1a-4fe4-a799-aa6d9a6ab26e",
                           "182bd5e5-6e1a-4fe4-a799aaa6d9a6ab26e", "{82bd5e5-6e1a-4fe4-a799-aa6d9a6ab26}",
                           "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26\n", "182bd5e56e1a4fe4a799aa6d9a6ab26e"})
    BOOST_TEST(!is_uuid(text), text);
  for (const std::string& text : test::hostile_texts) BOOST_TEST(!is_uuid(text), text);
}

BOOST_AUTO_TEST_CASE(utf8_is_that_of_rfc_3629) {
  for (const std::string text : {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                 "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    BOOST_TEST(is_utf8(text), text);
  BOOST_TEST(is_utf8(std::string("\0", 1)));
  for (const std::string text : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xe2\x82",
                                 "\xe2\x82\x41", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80",
                                 "\xf0\x90\x80\x41", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe", "\xff"})
    BOOST_TEST(!is_utf8(text), text);
}

BOOST_AUTO_TEST_CASE(the_valid_part_in_front_is_measured) {
  BOOST_TEST(utf8_prefix("abc") == 3U);
  BOOST_TEST(utf8_prefix("ab\xff") == 2U);
  BOOST_TEST(utf8_prefix("\xc3\xa4\xc3") == 2U);
  BOOST_TEST(utf8_prefix("\xff") == 0U);
}

BOOST_AUTO_TEST_CASE(the_api_has_nine_codes) {
  for (const char* code : {"validation_error", "bad_request", "unauthorized", "forbidden", "not_found", "conflict",
                           "rate_limit_exceeded", "internal_error", "service_unavailable"})
    BOOST_TEST(is_api_code(code), code);
  for (const char* code : {"", "Conflict", "conflict ", "gone", "internal"}) BOOST_TEST(!is_api_code(code), code);
}

BOOST_AUTO_TEST_CASE(traceparents_are_those_of_version_00) {
  const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  BOOST_TEST(is_traceparent(good));
  BOOST_TEST(!is_traceparent(""));
  BOOST_TEST(!is_traceparent(good + "-"));
  BOOST_TEST(!is_traceparent(good.substr(0, 54)));
  for (const std::size_t place : {0U, 1U, 2U, 3U, 20U, 34U, 35U, 36U, 51U, 52U, 53U, 54U})
    for (const char other : {'g', 'A', '\n', '_'}) {
      std::string bad = good;
      bad[place] = other;
      BOOST_TEST(!is_traceparent(bad), bad);
    }
  BOOST_TEST(!is_traceparent("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  BOOST_TEST(!is_traceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
  BOOST_TEST(!is_traceparent("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
}

BOOST_AUTO_TEST_CASE(request_ids_are_1_to_128_visible_characters) {
  BOOST_TEST(is_request_id("!"));
  BOOST_TEST(is_request_id("~"));
  BOOST_TEST(is_request_id(std::string(128, 'x')));
  BOOST_TEST(!is_request_id(""));
  BOOST_TEST(!is_request_id(std::string(129, 'x')));
  for (const std::string text : {"a b", "a\n", "\x7f", "\x1f", "\x80", "\xc3\xa4"}) BOOST_TEST(!is_request_id(text));
}

BOOST_AUTO_TEST_SUITE_END()

#include "core/cursor.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

using namespace tse::core;

BOOST_AUTO_TEST_SUITE(core_cursor)

namespace {

constexpr std::uint64_t binding = 0x0123456789abcdefULL;

}  // namespace

BOOST_AUTO_TEST_CASE(positions_survive_a_round_trip) {
  for (std::size_t size = 1; size <= 128; ++size)
    for (const std::int64_t at : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1577470279117000},
                                  std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
      const Position position{at, std::string(size, 'x')};
      BOOST_REQUIRE((decode_cursor(encode_cursor(position, binding), binding) == position));
    }
}

BOOST_AUTO_TEST_CASE(the_text_needs_no_escaping_in_a_url) {
  const std::string text = encode_cursor({-1, "~~~~"}, ~binding);
  BOOST_TEST(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(another_binding_is_refused) {
  const std::string text = encode_cursor({7, "t1"}, binding);
  BOOST_TEST(decode_cursor(text, binding).has_value());
  BOOST_TEST(!decode_cursor(text, binding + 1).has_value());
}

BOOST_AUTO_TEST_CASE(every_altered_character_is_noticed) {
  for (const char* id : {"t", "t1", "t12"}) {
    const std::string text = encode_cursor({7, id}, binding);
    for (std::size_t index = 0; index < text.size(); ++index)
      for (const char other : std::string_view("ABQgw-_09z=+/ \n\xff")) {
        std::string altered = text;
        altered[index] = other;
        if (altered != text) BOOST_REQUIRE(!decode_cursor(altered, binding).has_value());
      }
  }
}

BOOST_AUTO_TEST_CASE(shortened_and_lengthened_texts_are_refused) {
  const std::string text = encode_cursor({7, "t1"}, binding);
  for (std::size_t size = 0; size < text.size(); ++size)
    BOOST_TEST(!decode_cursor(text.substr(0, size), binding).has_value());
  BOOST_TEST(!decode_cursor(text + "A", binding).has_value());
  BOOST_TEST(!decode_cursor(text + "AA", binding).has_value());
  BOOST_TEST(!decode_cursor(text + "=", binding).has_value());
  BOOST_TEST(!decode_cursor(std::string(100000, 'A'), binding).has_value());
}

BOOST_AUTO_TEST_CASE(an_id_outside_the_grammar_is_refused_though_the_checksum_holds) {
  for (const std::string& id : {std::string(), std::string(".."), std::string("a b"), std::string(129, 'x')})
    BOOST_TEST(!decode_cursor(encode_cursor({7, id}, binding), binding).has_value());
}

BOOST_AUTO_TEST_CASE(numbers_survive_a_round_trip) {
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{1}, std::numeric_limits<std::int64_t>::max()}) {
    const std::string text = encode_cursor(number, binding);
    BOOST_REQUIRE((decode_number_cursor(text, binding) == number));
    BOOST_TEST(!decode_number_cursor(text, binding + 1).has_value());
    BOOST_TEST(!decode_cursor(text, binding).has_value());
    for (std::size_t size = 0; size < text.size(); ++size)
      BOOST_TEST(!decode_number_cursor(text.substr(0, size), binding).has_value());
    BOOST_TEST(!decode_number_cursor(text + "AA", binding).has_value());
  }
  BOOST_TEST(!decode_number_cursor(encode_cursor({7, "t"}, binding), binding).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

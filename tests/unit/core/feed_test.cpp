#include "core/feed.hpp"

#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

using namespace tse::core;
using namespace tse::core::test;

BOOST_AUTO_TEST_SUITE(core_feed)

namespace {

const std::string generation(32, 'a');

FeedPosition at(std::int64_t sequence) { return {generation, sequence}; }

}  // namespace

BOOST_AUTO_TEST_CASE(a_position_reads_as_it_was_written) {
  for (const std::int64_t sequence : {std::int64_t{0}, std::int64_t{1}, std::numeric_limits<std::int64_t>::max()}) {
    const std::string text = format_position(at(sequence));
    BOOST_TEST(text.size() <= 128U);
    const auto again = parse_position(text);
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(again->generation == generation);
    BOOST_TEST(again->sequence == sequence);
  }
}

BOOST_AUTO_TEST_CASE(what_was_made_by_nobody_is_no_position) {
  const std::string text = format_position(at(7));
  for (std::size_t length = 0; length < text.size(); ++length)
    BOOST_TEST(!parse_position(text.substr(0, length)), text.substr(0, length));
  for (const std::string& other : {text + " ", text + "x", " " + text, "2" + text.substr(1), text + text.substr(1)})
    BOOST_TEST(!parse_position(other), other);
  for (const std::string& other : hostile_texts) BOOST_TEST(!parse_position(other), other);
  const std::string negative = format_position(at(-1));
  BOOST_TEST(!parse_position(negative), negative);
}

BOOST_AUTO_TEST_SUITE_END()

#include <taskstate/contract.hpp>

#include <boost/test/unit_test.hpp>

using namespace taskstate::contract;

BOOST_AUTO_TEST_SUITE(core_contract)

BOOST_AUTO_TEST_CASE(a_number_is_told_in_the_largest_unit_that_leaves_a_whole_one) {
  BOOST_TEST(tell(1000, Unit::number) == "1000");
  BOOST_TEST(tell(64, Unit::items) == "64");
  BOOST_TEST(tell(mebibyte, Unit::bytes) == "1 MiB");
  BOOST_TEST(tell(kibibyte + 1, Unit::bytes) == "1025 bytes");
  BOOST_TEST(tell(0, Unit::bytes) == "0 bytes");
  BOOST_TEST(tell(0, Unit::microseconds) == "0");
  BOOST_TEST(tell(1, Unit::microseconds) == "1 us");
  BOOST_TEST(tell(30 * second, Unit::microseconds) == "30 s");
  BOOST_TEST(tell(day, Unit::microseconds) == "24 h");
  BOOST_TEST(tell(30 * day, Unit::microseconds) == "30 days");
  BOOST_TEST(tell(100 * year, Unit::microseconds) == "100 years");
  BOOST_TEST(tell(86400, Unit::seconds) == "86400 s");
}

BOOST_AUTO_TEST_CASE(a_range_is_told_with_its_unit_once) {
  BOOST_TEST(tell(Range{"", Unit::number, -100, 100}) == "-100 to 100");
  BOOST_TEST(tell(Range{"", Unit::items, 0, 64}) == "at most 64");
  BOOST_TEST(tell(Range{"", Unit::bytes, 0, mebibyte}) == "at most 1 MiB");
  BOOST_TEST(tell(Range{"", Unit::bytes, 1, 512}) == "1 to 512 bytes");
  BOOST_TEST(tell(Range{"", Unit::bytes, 1, 16 * kibibyte}) == "1 to 16384 bytes");
  BOOST_TEST(tell(Range{"", Unit::bytes, 64 * kibibyte, gibibyte}) == "64 KiB to 1 GiB");
  BOOST_TEST(tell(Range{"", Unit::bytes, 55, 55}) == "55 bytes");
  BOOST_TEST(tell(Range{"", Unit::microseconds, 0, 30 * day}) == "0 to 30 days");
  BOOST_TEST(tell(Range{"", Unit::microseconds, millisecond, hour}) == "1 ms to 1 h");
  BOOST_TEST(tell(Range{"", Unit::bytes, 64 * kibibyte, unbounded, 0, true}) == "0, or 64 KiB and up");
}

BOOST_AUTO_TEST_CASE(a_range_allows_its_ends_and_zero_where_that_switches_off) {
  constexpr Range range{"", Unit::number, 3, 5};
  static_assert(!range.allows(2) && range.allows(3) && range.allows(5) && !range.allows(6) && !range.allows(0));
  static_assert(Range{"", Unit::number, 3, 5, {}, true}.allows(0));
  BOOST_TEST(option::housekeeping.allows(0));
  BOOST_TEST(!option::housekeeping.allows(1));
}

BOOST_AUTO_TEST_CASE(what_is_usual_is_allowed) {
  const auto check = [](const auto& table) {
    for (const Range& range : table)
      if (range.usual) BOOST_TEST(range.allows(*range.usual), range.name);
  };
  check(limits);
  check(options);
  check(arguments);
}

BOOST_AUTO_TEST_CASE(a_failure_kind_is_found_by_its_word) {
  for (const std::string_view word : failure_kinds) BOOST_TEST(to_string(*failure_kind_from_string(word)) == word);
  BOOST_TEST(!failure_kind_from_string("created"));
  BOOST_TEST(to_string(static_cast<FailureKind>(failure_kinds.size())).empty());
}

BOOST_AUTO_TEST_SUITE_END()

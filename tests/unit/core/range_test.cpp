#include "core/range.hpp"

#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace tse::core;

namespace {

std::string fault(std::int64_t value, const contract::Range& range) {
  std::vector<Detail> broken;
  check_range(broken, value, range);
  return broken.empty() ? "" : test::lines(broken).front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_range)

BOOST_AUTO_TEST_CASE(a_refusal_names_the_field_the_range_and_the_value_with_its_unit) {
  using contract::Unit;
  BOOST_TEST(fault(1, {"n", Unit::number, 1, 2}) == "");
  BOOST_TEST(fault(2, {"n", Unit::number, 1, 2}) == "");
  BOOST_TEST(fault(0, {"n", Unit::number, 1, 2}) == "n: must be 1 to 2, is 0");
  BOOST_TEST(fault(3, {"n", Unit::items, 0, 2}) == "n: must be at most 2, is 3");
  BOOST_TEST(fault(0, {"n", Unit::bytes, 1024, 2048, {}, true}) == "");
  BOOST_TEST(fault(1, {"n", Unit::bytes, 1024, 2048, {}, true}) == "n: must be 0, or 1 to 2 KiB, is 1 bytes");
  BOOST_TEST(fault(2, {"n", Unit::microseconds, 1000, 1000000}) == "n: must be 1 ms to 1 s, is 2 us");
  BOOST_TEST(fault(-1, {"n", Unit::seconds}) == "n: must be 0 and up, is -1 s");
  BOOST_TEST(fault(-1, {"n", static_cast<Unit>(9)}) == "n: must be 0 and up, is -1");
  std::vector<Detail> broken;
  check_range(broken, std::chrono::microseconds(0), {"d", Unit::microseconds, 1});
  check_range(broken, "other", 0, {"d", Unit::number, 1});
  BOOST_TEST(test::fields(broken) == "d other");
}

BOOST_AUTO_TEST_CASE(what_nobody_gave_has_its_default_or_is_0) {
  BOOST_TEST(usual({"n", contract::Unit::number, 1, 9, 5}) == 5);
  BOOST_TEST(usual({"n", contract::Unit::number, 1, 9}) == 0);
  BOOST_TEST(usual_duration({"n", contract::Unit::microseconds, 1, 9, 5}).count() == 5);
}

BOOST_AUTO_TEST_SUITE_END()

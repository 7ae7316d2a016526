#include "core/query.hpp"

#include <boost/test/unit_test.hpp>

using namespace tse::core;

BOOST_AUTO_TEST_SUITE(core_query)

BOOST_AUTO_TEST_CASE(a_claim_looks_at_the_zones_and_operations_that_it_names_or_at_all) {
  const ClaimFilter all;
  BOOST_TEST(all.matches("z", "create"));
  const ClaimFilter some{{"a", "c"}, {"create", "delete"}};
  BOOST_TEST(some.matches("a", "create"));
  BOOST_TEST(some.matches("c", "delete"));
  BOOST_TEST(!some.matches("b", "create"));
  BOOST_TEST(!some.matches("a", "archive"));
  const ClaimFilter zones{{"a"}, {}};
  BOOST_TEST(zones.matches("a", "archive"));
  BOOST_TEST(!zones.matches("b", "archive"));
}

BOOST_AUTO_TEST_SUITE_END()

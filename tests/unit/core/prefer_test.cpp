#include "core/prefer.hpp"

#include <boost/test/unit_test.hpp>

using tse::core::preferred_wait;

BOOST_AUTO_TEST_SUITE(core_prefer)

BOOST_AUTO_TEST_CASE(wait_is_found_wherever_it_stands) {
  BOOST_TEST((preferred_wait("wait=10") == 10));
  BOOST_TEST((preferred_wait("respond-async, wait=10") == 10));
  BOOST_TEST((preferred_wait("WAIT = \"7\"") == 7));
  BOOST_TEST((preferred_wait("  handling=lenient;a=b;c ; d=\"x, wait=1\" ,, wait=0") == 0));
  BOOST_TEST((preferred_wait("return=\"a\\\"b\", wait=3;foo") == 3));
  BOOST_TEST((preferred_wait("wait=5, wait=6") == 5));
  BOOST_TEST((preferred_wait("foo;;a, wait=4") == 4));
  BOOST_TEST((preferred_wait("wait=99999999999999999999") == 2147483647));
}

BOOST_AUTO_TEST_CASE(what_is_no_wait_is_none) {
  for (const char* field : {"", "respond-async", "wait", "wait=", "wait=x", "wait=-1", "wait=1.5", "awaits=3", "=3",
                            "a b, wait=3", "a=\"open, wait=3", "@, wait=3"})
    BOOST_TEST(!preferred_wait(field), field);
}

BOOST_AUTO_TEST_SUITE_END()

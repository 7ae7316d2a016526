#include "store/lock_order.hpp"

#include "support.hpp"

#include <signal.h>
#include <sys/resource.h>

using namespace store_test;
using store::Ordered;
using store::Rank;

BOOST_AUTO_TEST_SUITE(lock_order)

BOOST_AUTO_TEST_CASE(in_order_and_again_is_right) {
  const Ordered lead(Rank::lead);
  const Ordered transaction(Rank::transaction);
  const Ordered same(Rank::transaction);
  const Ordered readers(Rank::readers);
  BOOST_TEST(true);
}

// Where assertions are compiled in: in the builds with sanitizers, and in a debug build.
BOOST_AUTO_TEST_CASE(against_the_order_ends_a_debug_build) {
  const int status = in_child([] {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::signal(SIGABRT, SIG_DFL);
    [[maybe_unused]] const int quiet = ::close(2);
    const Ordered transaction(Rank::transaction);
    const Ordered lead(Rank::lead);
    return 0;
  });
#ifdef NDEBUG
  BOOST_TEST(status == 0);
#else
  BOOST_TEST(status == 128 + SIGABRT);
#endif
}

BOOST_AUTO_TEST_SUITE_END()

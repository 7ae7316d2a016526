#include "engine/watch.hpp"

#include "core/error.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>

#include <memory>
#include <vector>

using tse::core::Code;
using tse::core::Failure;
using tse::engine::ClaimFilter;
using tse::engine::Watch;
using tse::engine::Watches;

namespace {

bool is_readable(const Watch& watch) {
  pollfd ready{watch.descriptor(), POLLIN, 0};
  return ::poll(&ready, 1, 0) == 1;
}

struct Fixture {
  std::shared_ptr<Watches> watches = std::make_shared<Watches>(tse::engine::NewsSource{});

  // One that waits and has looked already.
  std::unique_ptr<Watch> waiting(const ClaimFilter& filter = {}) {
    auto watch = std::make_unique<Watch>(watches);
    watch->await_claim(filter);
    watch->reset();
    return watch;
  }
  static std::size_t readable(const std::vector<std::unique_ptr<Watch>>& all) {
    std::size_t count = 0;
    for (const auto& watch : all) count += is_readable(*watch) ? 1 : 0;
    return count;
  }
};

const ClaimFilter zone_a{{"a"}, {}};
const ClaimFilter deletes{{}, {"delete"}};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(watch, Fixture)

BOOST_AUTO_TEST_CASE(a_filter_matches_what_it_names) {
  BOOST_TEST(ClaimFilter().matches("any", "create"));
  BOOST_TEST(zone_a.matches("a", "create"));
  BOOST_TEST(!zone_a.matches("b", "create"));
  BOOST_TEST(deletes.matches("b", "delete"));
  BOOST_TEST(!deletes.matches("b", "create"));
}

BOOST_AUTO_TEST_CASE(it_is_readable_at_first_and_until_it_is_reset) {
  Watch watch(watches);
  BOOST_TEST(!is_readable(watch));
  watch.await_claim({});
  BOOST_TEST(is_readable(watch));
  watch.reset();
  BOOST_TEST(!is_readable(watch));
  watches->signal_all();
  BOOST_TEST(is_readable(watch));
}

BOOST_AUTO_TEST_CASE(only_those_are_woken_that_it_is_for) {
  const auto all = waiting();
  const auto of_a = waiting(zone_a);
  const auto of_deletes = waiting(deletes);
  watches->signal("b", "create");
  BOOST_TEST(is_readable(*all));
  BOOST_TEST(!is_readable(*of_a));
  BOOST_TEST(!is_readable(*of_deletes));
  watches->signal("a", "delete");
  BOOST_TEST(is_readable(*of_a));
  BOOST_TEST(is_readable(*of_deletes));
}

BOOST_AUTO_TEST_CASE(of_equals_one_is_woken_and_then_the_next) {
  std::vector<std::unique_ptr<Watch>> equals;
  for (int i = 0; i < 3; ++i) equals.push_back(waiting());
  watches->signal("a", "create");
  BOOST_TEST(readable(equals) == 1U);
  watches->signal_next({});
  BOOST_TEST(readable(equals) == 2U);
  watches->signal_next(zone_a);
  BOOST_TEST(readable(equals) == 2U);
  watches->signal("a", "create");
  watches->signal("a", "create");
  BOOST_TEST(readable(equals) == 3U);
}

BOOST_AUTO_TEST_CASE(the_woken_one_may_be_woken_again_after_it_looked) {
  const auto first = waiting();
  const auto second = waiting();
  watches->signal_all();
  BOOST_TEST(is_readable(*first));
  first->reset();
  watches->signal_all();
  BOOST_TEST(is_readable(*second));
  watches->signal_all();
  BOOST_TEST(is_readable(*first));
}

BOOST_AUTO_TEST_CASE(one_that_goes_without_looking_hands_its_call_on) {
  auto first = waiting();
  const auto second = waiting();
  watches->signal_all();
  BOOST_TEST(!is_readable(*second));
  first.reset();
  BOOST_TEST(is_readable(*second));
}

BOOST_AUTO_TEST_CASE(one_that_looked_and_goes_wakes_nobody) {
  auto first = waiting();
  const auto second = waiting();
  first.reset();
  BOOST_TEST(!is_readable(*second));
}

BOOST_AUTO_TEST_CASE(several_filters_share_one_descriptor) {
  const auto watch = waiting(zone_a);
  watch->await_claim(deletes);
  watch->await_claim(deletes);  // again is nothing
  watch->reset();
  watches->signal("b", "delete");
  BOOST_TEST(is_readable(*watch));
  watch->reset();
  watches->signal("b", "create");
  BOOST_TEST(!is_readable(*watch));
}

BOOST_AUTO_TEST_CASE(whether_anybody_waits_is_known) {
  BOOST_TEST(!watches->any());
  {
    const auto watch = waiting();
    BOOST_TEST(watches->any());
  }
  BOOST_TEST(!watches->any());
}

BOOST_AUTO_TEST_CASE(closing_wakes_all_for_good) {
  std::vector<std::unique_ptr<Watch>> equals;
  for (int i = 0; i < 3; ++i) equals.push_back(waiting());
  watches->close();
  BOOST_TEST(readable(equals) == 3U);
  for (const auto& watch : equals) watch->reset();
  BOOST_TEST(readable(equals) == 3U);
  Watch late(watches);
  BOOST_CHECK_EXCEPTION(late.await_claim({}), Failure,
                        [](const Failure& failure) { return failure.error().code == Code::closed; });
}

BOOST_AUTO_TEST_SUITE_END()

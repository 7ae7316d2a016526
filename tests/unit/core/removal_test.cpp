#include "core/removal.hpp"

#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

using namespace tse::core;
using namespace tse::core::test;

BOOST_AUTO_TEST_SUITE(core_removal)

BOOST_AUTO_TEST_CASE(a_purge_takes_what_ended_long_enough_ago_and_is_named_by_no_key) {
  const Task task = completed_row().task;
  const std::int64_t ended = task.updated_at;
  BOOST_TEST(may_purge(task, {}, {ended, 0}));
  BOOST_TEST(!may_purge(task, {}, {ended - 1, 0}));
  BOOST_TEST(may_purge(task, noon, {ended, noon}));
  BOOST_TEST(!may_purge(task, noon + 1, {ended, noon}));
  BOOST_TEST(may_purge(failed_row().task, {}, {ended, 0}));
  BOOST_TEST(!may_purge(pending_row().task, {}, {ended, 0}));
  BOOST_TEST(!may_purge(running_row().task, {}, {ended, 0}));
}

BOOST_AUTO_TEST_CASE(only_what_has_ended_is_erased) {
  BOOST_TEST(!check_erasure(completed_row().task).has_value());
  BOOST_TEST(!check_erasure(failed_row().task).has_value());
  BOOST_TEST((check_erasure(running_row().task)->code == Code::illegal_transition));
  BOOST_TEST(check_erasure(pending_row().task)->message == "a pending task cannot be erased; cancel it first");
}

BOOST_AUTO_TEST_SUITE_END()

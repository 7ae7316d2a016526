#include "core/moved.hpp"

#include <boost/test/unit_test.hpp>

using namespace tse::core;

BOOST_AUTO_TEST_SUITE(core_moved)

BOOST_AUTO_TEST_CASE(a_task_has_moved_past_a_revision_or_to_its_end) {
  BOOST_TEST(!has_moved(Status::pending, 1, std::nullopt));
  BOOST_TEST(!has_moved(Status::running, 9, std::nullopt));
  BOOST_TEST(!has_moved(Status::running, 2, 2));
  BOOST_TEST(has_moved(Status::running, 3, 2));
  BOOST_TEST(has_moved(Status::completed, 3, 3));
  BOOST_TEST(has_moved(Status::failed, 3, std::nullopt));
  BOOST_TEST(has_moved(true, 1, 5));
  BOOST_TEST(!has_moved(false, 1, 5));
}

BOOST_AUTO_TEST_SUITE_END()

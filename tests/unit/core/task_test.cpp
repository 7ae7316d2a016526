#include "core/task.hpp"

#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

using namespace tse::core;

BOOST_AUTO_TEST_SUITE(core_task)

BOOST_AUTO_TEST_CASE(failure_kinds_have_names_both_ways) {
  for (const char* name : {"failed", "cancelled", "expired", "lost"}) {
    const auto kind = failure_kind_from_string(name);
    BOOST_REQUIRE(kind.has_value());
    BOOST_TEST(to_string(*kind) == name);
  }
  BOOST_TEST(!failure_kind_from_string("Failed").has_value());
  BOOST_TEST(!failure_kind_from_string("").has_value());
  BOOST_TEST(to_string(static_cast<FailureKind>(4)).empty());
  BOOST_TEST(to_string(static_cast<FailureKind>(-1)).empty());
}

BOOST_AUTO_TEST_CASE(result_href_is_that_of_the_result_link) {
  Task task;
  BOOST_TEST(!result_href(task).has_value());
  task.links = {test::link_to("/a"), test::link_to("/b", "result")};
  BOOST_TEST(result_href(task).value() == "/b");
}

BOOST_AUTO_TEST_CASE(a_row_is_found_by_zone_and_id) { BOOST_TEST((test::pending_row().key() == Key{"z1", "t1"})); }

BOOST_AUTO_TEST_CASE(the_table_lists_three_moves_and_two_ends) {
  using taskstate::can_transition;
  int legal = 0;
  for (const Status from : taskstate::all_statuses)
    for (const Status to : taskstate::all_statuses) legal += can_transition(from, to) ? 1 : 0;
  BOOST_TEST(legal == 3);
  BOOST_TEST(can_transition(Status::pending, Status::running));
  BOOST_TEST(can_transition(Status::running, Status::completed));
  BOOST_TEST(can_transition(Status::running, Status::failed));
  BOOST_TEST(!taskstate::is_terminal(Status::pending));
  BOOST_TEST(!taskstate::is_terminal(Status::running));
  BOOST_TEST(taskstate::is_terminal(Status::completed));
  BOOST_TEST(taskstate::is_terminal(Status::failed));
}

BOOST_AUTO_TEST_CASE(statuses_have_names_both_ways) {
  for (const Status status : taskstate::all_statuses)
    BOOST_TEST((taskstate::status_from_string(taskstate::to_string(status)) == status));
  BOOST_TEST(!taskstate::status_from_string("done").has_value());
  BOOST_TEST(taskstate::to_string(static_cast<Status>(4)).empty());
}

BOOST_AUTO_TEST_SUITE_END()

#include <taskstate/version.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(version)

BOOST_AUTO_TEST_CASE(the_linked_library_is_the_headers_one) {
  const std::string expected = std::to_string(TSE_VERSION_MAJOR) + "." + std::to_string(TSE_VERSION_MINOR) + "." +
                               std::to_string(TSE_VERSION_PATCH);
  BOOST_TEST(taskstate::version() == expected);
  BOOST_TEST(taskstate::abi() == TSE_ABI);
  BOOST_TEST(taskstate::compatible());
}

BOOST_AUTO_TEST_CASE(the_state_machine_is_constexpr) {
  using taskstate::Status;
  static_assert(taskstate::can_transition(Status::pending, Status::running));
  static_assert(!taskstate::can_transition(Status::pending, Status::completed));
  static_assert(taskstate::is_terminal(Status::failed) && !taskstate::is_terminal(Status::running));
  static_assert(taskstate::status_from_string("completed") == Status::completed);
  static_assert(!taskstate::status_from_string("done"));
  BOOST_TEST(taskstate::to_string(Status::running) == "running");
}

BOOST_AUTO_TEST_SUITE_END()

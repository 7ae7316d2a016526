#include "core/error.hpp"

#include "unit/printing.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

using namespace tse::core;

BOOST_AUTO_TEST_SUITE(core_error)

BOOST_AUTO_TEST_CASE(codes_have_distinct_names_and_are_numbered_from_1) {
  std::set<std::string_view> names;
  std::int32_t number = 0;
  for (const auto& [code, name, meaning] : taskstate::contract::codes) {
    BOOST_TEST(static_cast<std::int32_t>(code) == ++number);
    BOOST_TEST(to_string(code) == name);
    BOOST_TEST(!meaning.empty());
    names.insert(name);
  }
  BOOST_TEST(names.size() == taskstate::contract::codes.size());
}

BOOST_AUTO_TEST_CASE(a_number_that_is_no_code_has_no_name) {
  BOOST_TEST(to_string(static_cast<Code>(0)).empty());
  const auto after_last = static_cast<std::int32_t>(taskstate::contract::codes.back().code) + 1;
  BOOST_TEST(to_string(static_cast<Code>(after_last)).empty());
}

BOOST_AUTO_TEST_CASE(invalid_speaks_of_the_first_field_and_keeps_all) {
  const Error error = invalid({{"a", "is wrong"}, {"b", "is worse"}});
  BOOST_TEST(error.code == Code::invalid_argument);
  BOOST_TEST(error.outcome == Outcome::not_done);
  BOOST_TEST(error.message == "a: is wrong");
  BOOST_TEST((error.details == std::vector<Detail>{{"a", "is wrong"}, {"b", "is worse"}}));
}

BOOST_AUTO_TEST_CASE(invalid_without_details_still_has_a_message) {
  BOOST_TEST(invalid(std::vector<Detail>{}).message == "invalid argument");
}

BOOST_AUTO_TEST_CASE(failure_carries_its_error) {
  const Failure failure(Code::io_error, "the disk failed", Outcome::unknown);
  BOOST_TEST(failure.what() == "the disk failed");
  BOOST_TEST(failure.error().code == Code::io_error);
  BOOST_TEST(failure.error().outcome == Outcome::unknown);
  BOOST_TEST((Failure(invalid("f", "is wrong")).error().details == std::vector<Detail>{{"f", "is wrong"}}));
}

BOOST_AUTO_TEST_SUITE_END()

#include <taskstate/engine.hpp>

#include "unit/cpp/throws.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

using namespace taskstate;
using taskstate_test::error_of;

BOOST_AUTO_TEST_SUITE(error)

BOOST_AUTO_TEST_CASE(every_code_has_its_name) {
  BOOST_TEST(to_string(Errc::invalid_argument) == "invalid_argument");
  BOOST_TEST(to_string(Errc::not_a_taskstate_file) == "not_a_taskstate_file");
  BOOST_TEST(to_string(Errc::internal) == "internal");
  std::set<std::string_view> names;
  for (std::int32_t code = TSE_INVALID_ARGUMENT; code <= TSE_BEHIND; ++code)
    names.insert(to_string(static_cast<Errc>(code)));
  BOOST_TEST(names.size() == 26u);
  BOOST_TEST(!names.contains(""));
  BOOST_TEST(to_string(Errc{}) == "");
  BOOST_TEST(to_string(static_cast<Errc>(TSE_BEHIND + 1)) == "");
}

BOOST_AUTO_TEST_CASE(the_category_is_taskstates) {
  const std::error_code code = Errc::busy;
  BOOST_TEST(std::string_view(code.category().name()) == "taskstate");
  BOOST_TEST(code.message() == "busy");
  BOOST_TEST(error_category().message(99) == "no taskstate code");
  BOOST_TEST((code != Errc::closed));
}

BOOST_AUTO_TEST_CASE(an_engines_error_says_everything) {
  Engine tasks(":memory:");
  const Error error = error_of([&] { tasks.create({.zone_id = "z 1", .operation = "create", .package_id = ""}); });
  BOOST_TEST((error.code() == Errc::invalid_argument));
  BOOST_TEST((error.outcome() == Outcome::not_done));
  BOOST_TEST(error.field().value() == "zone_id");
  BOOST_REQUIRE(error.details().size() == 2u);
  BOOST_TEST(error.details()[0].field == "zone_id");
  BOOST_TEST(error.details()[1].field == "package_id");
  BOOST_TEST(!error.details()[1].message.empty());
  BOOST_TEST(error.message().find("z 1") == std::string::npos);
  BOOST_TEST(std::string(error.what()) == error.message() + ": invalid_argument");
}

BOOST_AUTO_TEST_CASE(an_error_outlives_its_engine) {
  std::optional<Error> kept;
  {
    Engine tasks(":memory:");
    kept = error_of([&] { tasks.start("z1", "nobody"); });
  }
  BOOST_TEST((kept->code() == Errc::not_found));
  BOOST_TEST(!kept->field());
  BOOST_TEST(kept->details().empty());
  BOOST_TEST(!kept->message().empty());
}

BOOST_AUTO_TEST_CASE(a_hosts_own_error_has_a_code_and_a_message) {
  const Error error(Errc::disk_full, "no room");
  BOOST_TEST((error.code() == Errc::disk_full));
  BOOST_TEST(error.message() == "no room");
  BOOST_TEST((error.outcome() == Outcome::not_done));
  BOOST_CHECK_THROW(throw Error(error), std::system_error);
}

BOOST_AUTO_TEST_SUITE_END()

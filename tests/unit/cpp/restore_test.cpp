// The content of an open file is replaced by the sqlite3 shell, through the C++ API.
#include "scratch_file.hpp"
#include "throws.hpp"

#include <boost/test/unit_test.hpp>
#include <taskstate/taskstate.hpp>

#include <chrono>
#include <cstdlib>
#include <string>

using namespace taskstate;
using namespace taskstate_test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(restore)

namespace {

void shell(const ScratchFile& file, const std::string& command) {
  const std::string line =
      "sqlite3 -cmd '.timeout 60000' " + file.path() + " '" + command + " " + file.path("copy.db") + "'";
  BOOST_REQUIRE(std::system(line.c_str()) == 0);
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_engine_is_told_once_and_a_lease_from_before_is_lost) {
  const ScratchFile file;
  Engine tasks(file.path());
  Engine other(file.path());
  tasks.create({.zone_id = "z", .id = "t", .operation = "create", .max_attempts = 3});
  shell(file, ".backup");
  auto old = tasks.claim({.worker = "old", .lease = 1h});
  BOOST_REQUIRE(old.has_value());
  const std::string position = tasks.changes().position;
  shell(file, ".restore");
  BOOST_TEST(tasks.decide("z", "t").status == 200);
  const Error told = error_of([&] { (void)other.claim({.worker = "new", .lease = 1h}); });
  BOOST_TEST((told.code() == Errc::restored));
  BOOST_TEST((told.outcome() == Outcome::not_done));
  auto lease = other.claim({.worker = "new", .lease = 1h});
  BOOST_REQUIRE(lease.has_value());
  BOOST_TEST((error_of([&] { (void)tasks.changes({.after = position}); }).code() == Errc::restored));
  BOOST_TEST((error_of([&] { (void)old->complete({.install_id = "old"}); }).code() == Errc::lease_lost));
  lease->complete({.install_id = "new"});
  BOOST_TEST(tasks.get("z", "t")->install_id.value() == "new");
}

BOOST_AUTO_TEST_SUITE_END()

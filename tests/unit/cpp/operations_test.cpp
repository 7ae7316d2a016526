// What an operator does with tasks, and what a completed one has stored.
#include <taskstate/taskstate.hpp>
#include <taskstate/testing.hpp>

#include "unit/cpp/throws.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

using namespace std::chrono_literals;
using namespace taskstate;
using taskstate_test::error_of;

namespace {

struct Fixture {
  taskstate::testing::ManualClock clock;
  Engine tasks{":memory:", options()};

  Options options() {
    Options chosen = taskstate::testing::options(clock);
    chosen.result_retention = 1min;
    return chosen;
  }
  void running(const std::string& id) {
    tasks.create({.zone_id = "z1", .id = id, .operation = "create"});
    tasks.start("z1", id);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(operations, Fixture)

BOOST_AUTO_TEST_CASE(a_completed_task_stores_what_it_produced) {
  running("t1");
  BOOST_TEST((error_of([&] { static_cast<void>(tasks.result("z1", "t1")); }).code() == Errc::not_found));
  const std::string bytes("id\0name", 7);
  const Task done = tasks.complete("z1", "t1", {.result = bytes, .media_type = "text/csv"});
  BOOST_TEST(done.result_media_type.value() == "text/csv");
  BOOST_TEST(!done.install_id);
  BOOST_TEST((tasks.result("z1", "t1") == StoredResult{bytes, "text/csv"}));
  BOOST_TEST(tasks.decide("z1", "t1").status == 303);
  tasks.create({.zone_id = "z1", .id = "t2", .operation = "create"});
  tasks.claim()->complete({.result = "", .media_type = "a/b"});
  BOOST_TEST((tasks.result("z1", "t2") == StoredResult{"", "a/b"}));
  running("t3");
  const Error refused = error_of([&] { tasks.complete("z1", "t3", {.result = "x"}); });
  BOOST_TEST(refused.field().value() == "media_type");
  clock.advance(1min);
  tasks.tick();
  const Error over = error_of([&] { static_cast<void>(tasks.result("z1", "t1")); });
  BOOST_TEST(std::string(over.what()).find("its retention is over") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_failed_task_is_retried_once_unless_again) {
  tasks.create({.zone_id = "z1", .id = "t1", .operation = "create", .payload = "{}", .priority = 50, .ref = "order 7"});
  BOOST_TEST((error_of([&] { tasks.retry("z1", "t1"); }).code() == Errc::illegal_transition));
  tasks.cancel("z1", "t1");
  const Task first = tasks.retry("z1", "t1");
  BOOST_TEST((first.status == Status::pending));
  BOOST_TEST(first.priority == 50);
  BOOST_TEST(first.ref.value() == "order 7");
  BOOST_TEST(first.links.at(0).rel == "predecessor");
  BOOST_TEST(tasks.get("z1", first.id, Payload::read)->payload.value() == "{}");
  const Error already = error_of([&] { tasks.retry("z1", "t1"); });
  BOOST_TEST((already.code() == Errc::already_exists));
  BOOST_TEST(std::string(already.what()).find(first.id) != std::string::npos);
  BOOST_TEST(tasks.retry("z1", "t1", Retry::again).id != first.id);
}

BOOST_AUTO_TEST_CASE(claims_pass_over_what_is_paused) {
  tasks.create({.zone_id = "z1", .id = "t1", .operation = "create"});
  BOOST_TEST(tasks.pause({.zone_id = "z1"}, {.actor = "operator"}));
  BOOST_TEST(!tasks.pause({.zone_id = "z1"}));
  BOOST_TEST(tasks.pause({.operation = "create"}));
  BOOST_TEST(!tasks.claim());
  const Stats stats = tasks.stats();
  BOOST_REQUIRE(stats.pauses.size() == 2U);
  BOOST_TEST((stats.pauses[0].what == PauseTarget{.zone_id = "z1"}));
  BOOST_TEST((stats.pauses[0].since == clock.now()));
  BOOST_TEST(stats.pauses[0].actor.value() == "operator");
  BOOST_TEST((stats.pauses[1].what == PauseTarget{.operation = "create"}));
  BOOST_TEST(tasks.unpause({.zone_id = "z1"}));
  BOOST_TEST(tasks.unpause({.operation = "create"}));
  BOOST_TEST(!tasks.unpause({.operation = "create"}));
  BOOST_TEST(tasks.claim().has_value());
  BOOST_TEST(error_of([&] { tasks.pause({}); }).field().value() == "zone_id");
}

BOOST_AUTO_TEST_SUITE_END()

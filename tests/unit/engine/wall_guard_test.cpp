// A wall clock that leaps within one boot: nothing expires by it until the host says that it is right, or a day has
// passed on the clock that runs evenly.
#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <string>

using namespace std::chrono_literals;
using namespace tse;
using namespace tse::engine;
using tse::test::code_name;

namespace {

constexpr std::int64_t second = test::host_second;
constexpr std::int64_t hour = 3600 * second;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t years = 50 * 365 * day;

struct Fixture : test::Host {
  std::shared_ptr<std::atomic<std::int64_t>> boot = std::make_shared<std::atomic<std::int64_t>>(hour);

  Fixture() {
    settings.boot_clock = [boot = boot] { return boot->load(); };
    settings.retention = 24h;
    settings.tombstones = 24h;
    settings.idempotency_retention = 24h;
    open();
  }
  void pass(std::int64_t us) {
    *now += us;
    *boot += us;
  }
  void leap() { *now += years; }
  [[nodiscard]] bool is_paused() const { return engine::stats(*tasks, {}, {}).store.expiry_paused; }
  Created create_with_key(const std::string& key) {
    core::NewTask made = spec("");
    made.id.reset();
    made.idempotency_key = key;
    return engine::create(*tasks, made, {});
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(wall_guard, Fixture)

BOOST_AUTO_TEST_CASE(time_that_passes_on_both_clocks_is_no_leap) {
  completed("t");
  pass(day);
  BOOST_TEST(!is_paused());
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
}

BOOST_AUTO_TEST_CASE(a_step_of_an_hour_is_no_leap_and_a_longer_one_is) {
  BOOST_TEST(!is_paused());
  *now += hour;
  BOOST_TEST(!is_paused());
  *now += 1;
  BOOST_TEST(is_paused());
  const std::string text = to_open_metrics(engine::stats(*tasks, {}, {}));
  BOOST_TEST(text.find("taskstate_expiry_paused 1\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(steps_add_up_and_a_step_back_is_taken_for_where_it_began) {
  *now += hour - second;
  BOOST_TEST(!is_paused());
  *now += 2 * second;
  BOOST_TEST(is_paused());
  *now -= 5 * hour;
  BOOST_TEST(!is_paused());
  *now += hour + second;
  BOOST_TEST(is_paused());
}

BOOST_AUTO_TEST_CASE(a_leap_purges_nothing_until_the_host_says_that_the_clock_is_right) {
  completed("t");
  leap();
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  BOOST_TEST(engine::get(*tasks, {"z", "t"}, {}).has_value());
  engine::clock_ok(*tasks, {});
  BOOST_TEST(!is_paused());
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
  BOOST_TEST(!engine::get(*tasks, {"z", "t"}, {}));
}

BOOST_AUTO_TEST_CASE(a_day_of_boot_time_after_it_was_noticed_is_enough) {
  completed("t");
  leap();
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  pass(day - 1);
  BOOST_TEST(is_paused());
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  pass(1);
  BOOST_TEST(!is_paused());
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
}

BOOST_AUTO_TEST_CASE(a_second_leap_pauses_again) {
  BOOST_TEST(!is_paused());
  leap();
  engine::clock_ok(*tasks, {});
  BOOST_TEST(!is_paused());
  leap();
  BOOST_TEST(is_paused());
  pass(day);
  BOOST_TEST(!is_paused());
}

BOOST_AUTO_TEST_CASE(an_idempotency_key_is_kept_over_a_leap) {
  const std::string id = create_with_key("k").row.task.id;
  leap();
  const Created again = create_with_key("k");
  BOOST_TEST(again.replayed);
  BOOST_TEST(again.row.task.id == id);
  engine::tick(*tasks, {});
  BOOST_TEST(create_with_key("k").replayed);
  engine::clock_ok(*tasks, {});
  BOOST_TEST(!create_with_key("k").replayed);
}

BOOST_AUTO_TEST_CASE(a_task_with_a_key_is_not_purged_by_hand_either) {
  const std::string id = create_with_key("k").row.task.id;
  start(id);
  complete(id);
  leap();
  BOOST_TEST(engine::purge(*tasks, {{}, 1h, 0}, {}) == 0);
  engine::clock_ok(*tasks, {});
  BOOST_TEST(engine::purge(*tasks, {{}, 1h, 0}, {}) == 1);
}

BOOST_AUTO_TEST_CASE(a_tombstone_stands_over_a_leap) {
  completed("t");
  BOOST_TEST(engine::erase(*tasks, {"z", "t"}, {}));
  leap();
  BOOST_TEST(code_name([&] { create("t"); }) == "already_exists");
  core::Answer answer;
  engine::decide(*tasks, answer, {"z", "t"}, {}, Waiting::here, {});
  BOOST_TEST(answer.status == 410);
  engine::tick(*tasks, {});
  engine::decide(*tasks, answer, {"z", "t"}, {}, Waiting::here, {});
  BOOST_TEST(answer.status == 410);
  engine::clock_ok(*tasks, {});
  engine::decide(*tasks, answer, {"z", "t"}, {}, Waiting::here, {});
  BOOST_TEST(answer.status == 404);
}

BOOST_AUTO_TEST_CASE(a_deadline_to_start_does_not_pass_with_a_leap_and_a_not_before_comes) {
  core::NewTask late = spec("late");
  late.start_within = 10 * second;
  engine::create(*tasks, late, {});
  core::NewTask planned = spec("planned");
  planned.not_before = now->load() + hour;
  engine::create(*tasks, planned, {});
  leap();
  BOOST_TEST(engine::tick(*tasks, {}) == 1);  // the planned one may be claimed
  BOOST_TEST((engine::get(*tasks, {"z", "late"}, {})->task.status == core::Status::pending));
  engine::clock_ok(*tasks, {});
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
  BOOST_TEST((engine::get(*tasks, {"z", "late"}, {})->task.status == core::Status::failed));
}

BOOST_AUTO_TEST_CASE(the_feed_tells_of_a_purge_over_a_leap) {
  completed("t");
  completed("u");
  const std::string before = engine::changes(*tasks, {}, {}).position;
  BOOST_TEST(engine::purge(*tasks, {{}, 0s, 1}, {}) == 1);
  create("v");
  leap();
  engine::tick(*tasks, {});
  ChangesQuery query;
  query.after = before;
  BOOST_TEST(engine::changes(*tasks, query, {}).events.front().kind == "purged");
  engine::clock_ok(*tasks, {});
  engine::tick(*tasks, {});
  BOOST_TEST(code_name([&] { engine::changes(*tasks, query, {}); }) == "behind");
}

BOOST_AUTO_TEST_CASE(whoever_opens_the_file_after_the_leap_knows_of_it_and_what_one_says_holds_for_all) {
  completed("t");
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  leap();
  const Engine::Ptr later = another();
  BOOST_TEST(engine::stats(*later, {}, {}).store.expiry_paused);
  BOOST_TEST(engine::tick(*later, {}) == 0);
  BOOST_TEST(is_paused());
  engine::clock_ok(*later, {});
  BOOST_TEST(!is_paused());
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
}

BOOST_AUTO_TEST_CASE(another_boot_begins_anew) {
  completed("t");
  tasks.reset();
  leap();
  *boot = 1;
  settings.boot_id = "boot-2";
  open();
  BOOST_TEST(!is_paused());
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
}

BOOST_AUTO_TEST_CASE(without_a_second_clock_there_is_no_leap) {
  settings.boot_clock = {};
  settings.boot_id = "single";
  open();
  completed("t");
  leap();
  BOOST_TEST(!is_paused());
  engine::clock_ok(*tasks, {});
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
}

BOOST_AUTO_TEST_CASE(it_is_so_in_memory_too) {
  tasks = Engine::open(":memory:", settings);
  completed("t");
  leap();
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  engine::clock_ok(*tasks, {});
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

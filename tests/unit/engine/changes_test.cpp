#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>

#include <chrono>
#include <stop_token>
#include <thread>

using namespace std::chrono_literals;
using namespace tse;
using test::code_name;
using test::host_second;

namespace {
struct Fixture : test::Host {
  static std::string told(const engine::Changes& part) {
    std::string text;
    for (const core::Event& event : part.events)
      text += event.key.zone_id + "/" + event.key.id + " " + event.kind + "\n";
    return text;
  }
  engine::Changes after(const std::string& position, const std::string& zone = "") {
    engine::ChangesQuery query;
    query.after = position;
    if (!zone.empty()) query.zone_id = zone;
    return engine::changes(*tasks, query, {});
  }
  std::string position() {
    engine::ChangesQuery query;
    query.latest = true;
    return engine::changes(*tasks, query, {}).position;
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(changes, Fixture)

BOOST_AUTO_TEST_CASE(all_events_come_in_commit_order_and_go_on_where_they_ended) {
  create("a");
  create("b", "y");
  start("a");
  const auto first = engine::changes(*tasks, {}, {});
  BOOST_TEST(told(first) == "z/a created\ny/b created\nz/a started\n");
  BOOST_TEST(told(after(first.position)) == "");
  complete("a");
  const auto second = after(first.position);
  BOOST_TEST(told(second) == "z/a completed\n");
  BOOST_TEST(second.events[0].sequence == 4);
  BOOST_TEST(told(after(first.position)) == told(second));
}

BOOST_AUTO_TEST_CASE(one_zone_alone_and_in_parts) {
  for (int i = 0; i < 5; ++i) {
    create(std::to_string(i));
    create(std::to_string(i), "y");
  }
  engine::ChangesQuery query;
  query.zone_id = "y";
  query.limit = 2;
  std::string ids;
  for (int part = 0; part < 4; ++part) {
    const auto changes = engine::changes(*tasks, query, {});
    for (const core::Event& event : changes.events) ids += event.key.id;
    query.after = changes.position;
  }
  BOOST_TEST(ids == "01234");
}

BOOST_AUTO_TEST_CASE(from_here_and_now_only_what_comes) {
  create("a");
  const std::string here = position();
  create("b");
  BOOST_TEST(told(after(here)) == "z/b created\n");
}

BOOST_AUTO_TEST_CASE(it_waits_for_the_first) {
  const auto theirs = another();
  std::jthread other([&] {
    while (engine::stats(*tasks, {}, {}).waiters == 0) std::this_thread::yield();
    engine::create(*theirs, spec("b", "y"), {});
    engine::create(*theirs, spec("a"), {});
  });
  engine::ChangesQuery query;
  query.zone_id = "z";
  query.wait = 20s;
  BOOST_TEST(told(engine::changes(*tasks, query, {})) == "z/a created\n");
  query.latest = true;
  query.wait = 5ms;
  BOOST_TEST(told(engine::changes(*tasks, query, {})) == "");
}

BOOST_AUTO_TEST_CASE(waiting_ends_when_cancelled_or_closed) {
  std::stop_source source;
  engine::Call call;
  call.stop = source.get_token();
  engine::ChangesQuery query;
  query.wait = 20s;
  const auto when_waiting = [&](const std::function<void()>& act) {
    while (engine::stats(*tasks, {}, {}).waiters == 0) std::this_thread::yield();
    act();
  };
  std::jthread canceller([&] { when_waiting([&] { source.request_stop(); }); });
  BOOST_TEST(code_name([&] { engine::changes(*tasks, query, call); }) == "cancelled");
  canceller.join();
  std::jthread closer([&] { when_waiting([&] { tasks->close(); }); });
  BOOST_TEST(code_name([&] { engine::changes(*tasks, query, {}); }) == "closed");
}

BOOST_AUTO_TEST_CASE(a_purged_task_leaves_one_event_and_explains_the_holes) {
  completed("a");  // 1, 2, 3
  create("b");     // 4
  const std::string before = position();
  *now += host_second;
  BOOST_TEST(engine::purge(*tasks, {{}, 1s, 0}, {}) == 1);  // 5
  const auto all = engine::changes(*tasks, {}, {});
  BOOST_TEST(told(all) == "z/b created\nz/a purged\n");
  BOOST_TEST(all.events[1].sequence == 5);
  BOOST_TEST(all.events[1].at == now->load());
  BOOST_TEST(all.purged_through == 3);
  BOOST_TEST(told(after(before)) == "z/a purged\n");
}

BOOST_AUTO_TEST_CASE(a_late_reader_is_told_that_it_is_behind) {
  settings.feed_retention = std::chrono::seconds(60);
  open();
  completed("a");
  const std::string early = position();
  engine::erase(*tasks, {"z", "a"}, {});
  const std::string late = position();
  *now += 61 * host_second;
  create("b");
  engine::tick(*tasks, {});
  BOOST_TEST(code_name([&] { after(early); }) == "behind");
  BOOST_TEST(told(after(late)) == "z/b created\n");
  engine::ChangesQuery query;
  query.after = early;
  query.allow_gap = true;
  const auto rest = engine::changes(*tasks, query, {});
  BOOST_TEST(told(rest) == "z/b created\n");
  BOOST_TEST(rest.purged_through == 4);
  BOOST_TEST(told(engine::changes(*tasks, {}, {})) == "z/b created\n");
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(a_position_of_another_file_is_refused) {
  create("a");
  const std::string here = position();
  engine::backup(*tasks, directory.path("copy.db"), {});
  const auto copy = engine::Engine::open(directory.path("copy.db"), settings);
  engine::ChangesQuery query;
  query.after = here;
  BOOST_TEST(code_name([&] { engine::changes(*copy, query, {}); }) == "restored");
}

BOOST_AUTO_TEST_CASE(bad_questions_are_refused) {
  const auto refused = [&](const std::function<void(engine::ChangesQuery&)>& spoil) {
    engine::ChangesQuery query;
    spoil(query);
    return code_name([&] { engine::changes(*tasks, query, {}); });
  };
  const std::string here = position();
  BOOST_TEST(refused([](auto& query) { query.after = "x"; }) == "invalid_argument");
  BOOST_TEST(refused([&](auto& query) { query.after = here + "0"; }) == "invalid_argument");
  BOOST_TEST(refused([&](auto& query) { query.after = here, query.latest = true; }) == "invalid_argument");
  BOOST_TEST(refused([](auto& query) { query.limit = 0; }) == "invalid_argument");
  BOOST_TEST(refused([](auto& query) { query.limit = 1001; }) == "invalid_argument");
  BOOST_TEST(refused([](auto& query) { query.wait = -1us; }) == "invalid_argument");
  BOOST_TEST(refused([](auto& query) { query.zone_id = "a/b"; }) == "invalid_argument");
}

BOOST_AUTO_TEST_SUITE_END()

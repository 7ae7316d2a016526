#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <latch>
#include <stop_token>
#include <thread>

using namespace std::chrono_literals;
using namespace tse;
using test::code_name;

namespace {

bool becomes_readable(const engine::Watch& watch, int milliseconds = 20000) {
  pollfd ready{watch.descriptor(), POLLIN, 0};
  return ::poll(&ready, 1, milliseconds) == 1;
}

std::vector<std::int64_t> take(engine::Watch& watch) {
  std::vector<std::int64_t> tags(100);
  tags.resize(watch.take(tags));
  return tags;
}

struct Fixture : test::Host {
  // Who waits comes first: the change is made once it is registered.
  void once_somebody_waits(const std::function<void()>& act) {
    while (engine::stats(*tasks, {}, {}).waiters == 0) std::this_thread::yield();
    act();
  }
  std::optional<core::Row> wait_for(const std::string& id, std::optional<std::int64_t> revision = {},
                                    std::chrono::microseconds longest = 20s, const engine::Call& call = {}) {
    return engine::wait(*tasks, {"z", id}, revision, longest, call);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(waiting, Fixture)

BOOST_AUTO_TEST_CASE(it_returns_when_the_task_moves_past_the_revision) {
  create("a");
  std::jthread other([&] { once_somebody_waits([&] { start("a"); }); });
  BOOST_TEST(wait_for("a", 1)->revision == 2);
}

BOOST_AUTO_TEST_CASE(without_a_revision_it_returns_when_the_task_has_ended) {
  create("a");
  std::jthread other([&] {
    once_somebody_waits([&] {
      start("a");
      complete("a");
    });
  });
  BOOST_TEST((wait_for("a")->task.status == core::Status::completed));
}

BOOST_AUTO_TEST_CASE(what_another_engine_does_is_seen_too) {
  create("a");
  const auto theirs = another();
  std::jthread other([&] { once_somebody_waits([&] { engine::change(*theirs, {"z", "a"}, core::Start{}, {}); }); });
  BOOST_TEST(wait_for("a", 1)->revision == 2);
}

BOOST_AUTO_TEST_CASE(what_the_sqlite_shell_does_is_seen_too) {
  create("a");
  std::jthread other(
      [&] { once_somebody_waits([&] { shell("UPDATE taskstate_tasks SET status = 'running' WHERE id = 'a'"); }); });
  BOOST_TEST(wait_for("a", 1)->revision == 2);
}

BOOST_AUTO_TEST_CASE(it_returns_at_once_when_there_is_nothing_to_wait_for) {
  completed("a");
  create("b");
  BOOST_TEST(wait_for("a").has_value());
  BOOST_TEST(wait_for("b", 0).has_value());
  BOOST_TEST(!wait_for("unknown").has_value());
  BOOST_TEST(!wait_for("a/b").has_value());
  BOOST_TEST(wait_for("b", 1, 0s)->revision == 1);
  BOOST_TEST(wait_for("b", 1, 5ms)->revision == 1);  // the time is over
  BOOST_TEST(code_name([&] { wait_for("b", 1, -1us); }) == "invalid_argument");
}

BOOST_AUTO_TEST_CASE(it_ends_when_cancelled_or_closed) {
  create("a");
  std::stop_source source;
  engine::Call call;
  call.stop = source.get_token();
  std::jthread canceller([&] { once_somebody_waits([&] { source.request_stop(); }); });
  BOOST_TEST(code_name([&] { wait_for("a", 1, 20s, call); }) == "cancelled");
  canceller.join();
  std::jthread closer([&] { once_somebody_waits([&] { tasks->close(); }); });
  BOOST_TEST(code_name([&] { wait_for("a", 1); }) == "closed");
}

BOOST_AUTO_TEST_CASE(a_task_that_is_purged_wakes_whoever_waits_for_it) {
  create("a");
  std::jthread other([&] {
    once_somebody_waits([&] {
      start("a");
      fail("a");
      engine::erase(*tasks, {"z", "a"}, {});
    });
  });
  const auto row = wait_for("a");
  BOOST_TEST((!row || row->task.status == core::Status::failed));
}

BOOST_AUTO_TEST_CASE(one_watch_tells_of_many_tasks_each_once) {
  const auto watch = engine::watch(*tasks);
  for (const char* id : {"a", "b", "c"}) create(id);
  watch->await_task({"z", "a"}, 1, 10);
  watch->await_task({"z", "a"}, 2, 11);
  watch->await_task({"z", "b"}, std::nullopt, 20);
  watch->await_task({"z", "c"}, 1, 30);
  BOOST_TEST(!becomes_readable(*watch, 0));
  BOOST_TEST(engine::stats(*tasks, {}, {}).waiters == 4);
  watch->forget_task({"z", "c"}, 30);
  start("c");
  start("b");
  start("a");
  BOOST_TEST(becomes_readable(*watch));
  watch->reset();
  BOOST_TEST(take(*watch) == std::vector<std::int64_t>{10});
  complete("a");
  fail("b");
  for (std::vector<std::int64_t> told; told.size() < 2;) {
    BOOST_REQUIRE(becomes_readable(*watch));
    watch->reset();
    for (const std::int64_t tag : take(*watch)) told.push_back(tag);
    BOOST_TEST(told.front() == 11);
  }
  BOOST_TEST(engine::stats(*tasks, {}, {}).waiters == 0);
}

BOOST_AUTO_TEST_CASE(a_watch_tells_at_once_what_is_so_already) {
  completed("a");
  create("b");
  const auto watch = engine::watch(*tasks);
  watch->await_task({"z", "a"}, std::nullopt, 1);
  watch->await_task({"z", "b"}, 0, 2);
  watch->await_task({"z", "nobody"}, 0, 3);
  BOOST_TEST(becomes_readable(*watch, 0));
  BOOST_TEST(take(*watch) == (std::vector<std::int64_t>{1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(a_watch_that_goes_takes_its_registrations_along) {
  create("a");
  {
    const auto watch = engine::watch(*tasks);
    watch->await_task({"z", "a"}, 1, 1);
    watch->await_changes("");
    BOOST_TEST(engine::stats(*tasks, {}, {}).waiters == 2);
  }
  BOOST_TEST(engine::stats(*tasks, {}, {}).waiters == 0);
  start("a");
}

BOOST_AUTO_TEST_CASE(no_change_slips_through_between_registering_and_looking) {
  constexpr int rounds = 300;
  for (int i = 0; i < rounds; ++i) create(std::to_string(i));
  const auto theirs = another();
  std::jthread other([&] {
    for (int i = 0; i < rounds; ++i) engine::change(*theirs, {"z", std::to_string(i)}, core::Start{}, {});
  });
  for (int i = 0; i < rounds; ++i) BOOST_REQUIRE(wait_for(std::to_string(i), 1)->revision == 2);
}

// ---- Prefer: wait

BOOST_AUTO_TEST_CASE(a_status_request_waits_as_long_as_it_prefers_and_the_host_allows) {
  settings.policy.longest_wait = std::chrono::microseconds(20s).count();
  open();
  create("a");
  core::Request request;
  request.prefer = "wait=60";
  std::jthread other([&] {
    once_somebody_waits([&] {
      start("a");
      complete("a");
    });
  });
  const auto decided = tse::test::decide(*tasks, {"z", "a"}, request);
  BOOST_TEST(decided.answer.status == 303);
  BOOST_TEST(decided.wait == 0);
  const auto& headers = decided.answer.headers;
  BOOST_TEST(std::any_of(headers.begin(), headers.end(), [](const core::Answer::Header& header) {
    return header.name == "Preference-Applied" && header.value == "wait=20";
  }));
}

BOOST_AUTO_TEST_CASE(with_a_matching_etag_it_waits_for_news) {
  settings.policy.longest_wait = std::chrono::microseconds(20s).count();
  open();
  create("a");
  const auto etag_of = [](const core::Answer& answer) {
    for (const auto& [name, value] : answer.headers)
      if (name == "ETag") return std::string(value);
    return std::string();
  };
  const std::string etag = etag_of(tse::test::decide(*tasks, {"z", "a"}, {}).answer);
  core::Request request;
  request.prefer = "wait=20";
  request.if_none_match = etag;
  std::jthread other([&] { once_somebody_waits([&] { start("a"); }); });
  BOOST_TEST(tse::test::decide(*tasks, {"z", "a"}, request).answer.status == 200);
  other.join();
  // What the client has is old: there is news already.
  BOOST_TEST(tse::test::decide(*tasks, {"z", "a"}, request).answer.status == 200);
  request.prefer = "wait=0";
  const std::string current = etag_of(tse::test::decide(*tasks, {"z", "a"}, {}).answer);
  request.if_none_match = current;
  BOOST_TEST(tse::test::decide(*tasks, {"z", "a"}, request).answer.status == 304);
}

BOOST_AUTO_TEST_CASE(a_tag_that_a_proxy_marked_waits_like_its_original) {
  settings.policy.longest_wait = std::chrono::microseconds(20s).count();
  open();
  create("a");
  std::string etag;
  for (const auto& [name, value] : tse::test::decide(*tasks, {"z", "a"}, {}).answer.headers)
    if (name == "ETag") etag = value;
  const std::string marked = etag.substr(0, etag.size() - 1) + "-gzip\"";
  core::Request request;
  request.prefer = "wait=20";
  request.if_none_match = marked;
  bool started = false;
  std::jthread other([&] {
    once_somebody_waits([&] {
      started = true;
      start("a");
    });
  });
  BOOST_TEST(tse::test::decide(*tasks, {"z", "a"}, request).answer.status == 200);
  BOOST_TEST(started);
  other.join();
}

BOOST_AUTO_TEST_CASE(who_waits_elsewhere_is_told_how_long) {
  settings.policy.longest_wait = std::chrono::microseconds(20s).count();
  open();
  create("a");
  core::Request request;
  request.prefer = "wait=5";
  const auto decided = tse::test::decide(*tasks, {"z", "a"}, request, engine::Waiting::elsewhere);
  BOOST_TEST(decided.wait == 5000000);
  BOOST_TEST(decided.answer.revision == 1);
  BOOST_TEST(decided.answer.status == 200);
  start("a");
  complete("a");
  BOOST_TEST(tse::test::decide(*tasks, {"z", "a"}, request, engine::Waiting::elsewhere).wait == 0);
}

BOOST_AUTO_TEST_CASE(nobody_waits_where_the_host_does_not_allow_it) {
  create("a");
  core::Request request;
  request.prefer = "wait=20";
  const auto decided = tse::test::decide(*tasks, {"z", "a"}, request);
  BOOST_TEST(decided.answer.status == 200);
  for (const auto& [name, value] : decided.answer.headers) BOOST_TEST(name != "Preference-Applied");
}

BOOST_AUTO_TEST_SUITE_END()

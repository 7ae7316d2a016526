// Ten thousand wait in one process for what another process does.
#include "support.hpp"

#include <boost/test/unit_test.hpp>

#include <malloc.h>
#include <poll.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <thread>
#include <vector>

using namespace tse;
using namespace tse::test;

namespace {

std::int64_t now_ns(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
}

// Creates, says so, and when the others wait starts one task after the other, noting when each start was durable.
int change(const std::string& path, std::size_t count, std::atomic<int>& phase, Shared<std::int64_t>& at) {
  const engine::Engine::Ptr tasks = open(path);
  std::vector<std::thread> crew;
  constexpr std::size_t clerks = 16;
  for (std::size_t clerk = 0; clerk < clerks; ++clerk)
    crew.emplace_back([&, clerk] {
      for (std::size_t i = clerk; i < count; i += clerks)
        engine::create(*tasks, new_task("z", std::to_string(i)), patient());
    });
  for (std::thread& member : crew) member.join();
  phase = 1;
  while (phase != 2) ::usleep(1000);
  for (std::size_t i = 0; i < count; ++i) {
    engine::change(*tasks, {"z", std::to_string(i)}, core::Start{}, patient());
    at[i] = now_ns(CLOCK_MONOTONIC);
    if (i % 50 == 49) ::usleep(5000);
  }
  return 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(many_waiters)

BOOST_AUTO_TEST_CASE(each_is_woken_soon_and_waiting_costs_next_to_nothing) {
  const std::size_t count = setting("TSE_WAITERS", 10000);
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  Shared<std::atomic<int>> phase;
  Shared<std::int64_t> changed(count);
  const pid_t child = spawn([&] { return change(path, count, phase[0], changed); });
  while (phase[0] != 1) ::usleep(1000);

  const engine::Engine::Ptr tasks = open(path);
  const auto watch = engine::watch(*tasks);
  watch->await_task({"z", "0"}, 1, 0);  // what is made for the first is not counted
  const std::size_t before = ::mallinfo2().uordblks;
  for (std::size_t i = 1; i < count; ++i) watch->await_task({"z", std::to_string(i)}, 1, static_cast<std::int64_t>(i));
  const std::size_t bytes = (::mallinfo2().uordblks - before) / count;
  BOOST_TEST(engine::stats(*tasks, {}, {}).waiters == static_cast<std::int64_t>(count));

  constexpr std::int64_t idle_ns = 1000000000;
  const std::int64_t cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
  std::this_thread::sleep_for(std::chrono::nanoseconds(idle_ns));
  const double idle = 100.0 * static_cast<double>(now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / idle_ns;

  phase[0] = 2;
  std::vector<std::int64_t> told(count, 0);
  std::vector<std::int64_t> tags(256);
  for (std::size_t woken = 0; woken < count;) {
    pollfd ready{watch->descriptor(), POLLIN, 0};
    BOOST_REQUIRE(::poll(&ready, 1, 60000) == 1);
    watch->reset();
    for (std::size_t some = tags.size(); some == tags.size();) {
      some = watch->take(tags);
      const std::int64_t now = now_ns(CLOCK_MONOTONIC);
      for (std::size_t i = 0; i < some; ++i) {
        BOOST_REQUIRE(told[static_cast<std::size_t>(tags[i])] == 0);
        told[static_cast<std::size_t>(tags[i])] = now;
      }
      woken += some;
    }
  }
  BOOST_TEST(wait_for(child) == 0);
  // Told before the changing process could note that its change was durable: at once.
  for (std::size_t i = 0; i < count; ++i) told[i] = std::max<std::int64_t>(told[i] - changed[i], 0);
  std::sort(told.begin(), told.end());
  const auto at = [&](double share) {
    return static_cast<double>(told[static_cast<std::size_t>(share * static_cast<double>(count - 1))]) / 1e6;
  };
  BOOST_TEST(bytes < 1024U);
  std::cout << "measured: " << count
            << " tasks waited for on one descriptor, changed by another process: all told, p50 " << at(0.5)
            << " ms, p99 " << at(0.99) << " ms, max " << at(1) << " ms; idle " << idle << " % of a CPU; " << bytes
            << " bytes each\n";
}

BOOST_AUTO_TEST_SUITE_END()

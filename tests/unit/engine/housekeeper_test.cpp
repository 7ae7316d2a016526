#include "engine/housekeeper.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

using namespace std::chrono_literals;
using tse::engine::Housekeeper;

namespace {

struct Fixture {
  std::mutex mutex;
  std::condition_variable changed;
  int rounds = 0;

  Housekeeper::Round counting(bool go_on = true) {
    return [this, go_on](const std::stop_token&) {
      const std::lock_guard lock(mutex);
      ++rounds;
      changed.notify_all();
      return go_on;
    };
  }
  void wait_for_rounds(int count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return rounds >= count; });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(housekeeper, Fixture)

BOOST_AUTO_TEST_CASE(it_does_round_after_round) {
  Housekeeper keeper(1ms, counting());
  keeper.start();
  wait_for_rounds(3);
}

BOOST_AUTO_TEST_CASE(the_next_round_is_when_the_next_moment_comes) {
  const auto plan = [](bool after_round, const std::stop_token&) {
    BOOST_TEST(after_round);
    return std::chrono::microseconds(10ms);
  };
  Housekeeper keeper(1h, counting(), plan);
  keeper.start();
  wait_for_rounds(3);
}

BOOST_AUTO_TEST_CASE(what_is_due_sooner_than_planned_wakes_it) {
  Housekeeper keeper(1h, counting());
  keeper.start();
  wait_for_rounds(1);
  keeper.wake_in(2h);  // later than the interval: nothing
  for (int round = 2; round < 5; ++round) {
    keeper.wake_in(5ms);
    wait_for_rounds(round);
  }
  keeper.wake_in(-1h);
  wait_for_rounds(5);
}

BOOST_AUTO_TEST_CASE(it_plans_again_when_asked_to_and_makes_no_round_for_that) {
  std::atomic<int> plans{0};
  std::atomic<bool> due{false};
  Housekeeper keeper(1h, counting(), [&](bool after_round, const std::stop_token&) {
    if (!after_round) ++plans;
    return due && !after_round ? 0us : std::chrono::microseconds(1h);
  });
  keeper.start();
  wait_for_rounds(1);
  while (plans < 3) {
    keeper.reconsider();
    std::this_thread::sleep_for(1ms);
  }
  {
    const std::lock_guard lock(mutex);
    BOOST_TEST(rounds == 1);
  }
  due = true;
  keeper.reconsider();
  wait_for_rounds(2);
}

BOOST_AUTO_TEST_CASE(who_asks_all_the_time_does_not_keep_it_busy) {
  std::atomic<int> plans{0};
  Housekeeper keeper(1h, counting(), [&](bool, const std::stop_token&) {
    ++plans;
    return std::chrono::microseconds(1h);
  });
  keeper.start();
  wait_for_rounds(1);
  const auto began = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() < began + 100ms) keeper.reconsider();
  const auto took = std::chrono::steady_clock::now() - began;
  BOOST_TEST(plans <= 3 + took / 5ms);
}

BOOST_AUTO_TEST_CASE(it_ends_with_rounds_when_told_so) {
  Housekeeper keeper(1ms, counting(false));
  keeper.start();
  wait_for_rounds(1);
  keeper.stop();
  BOOST_TEST(rounds == 1);
}

BOOST_AUTO_TEST_CASE(stopping_asks_a_round_under_way_to_stop) {
  std::atomic<bool> entered{false};
  Housekeeper keeper(1ms, [&](const std::stop_token& stop) {
    entered = true;
    while (!stop.stop_requested()) std::this_thread::yield();
    return true;
  });
  keeper.start();
  while (!entered) std::this_thread::yield();
  keeper.stop();  // returns: that is the test
  BOOST_TEST(entered);
}

BOOST_AUTO_TEST_CASE(no_round_is_under_way_while_it_is_paused) {
  std::atomic<bool> inside{false};
  std::atomic<int> stopped{0};
  Housekeeper keeper(1ms, [&](const std::stop_token& stop) {
    inside = true;
    while (!stop.stop_requested()) std::this_thread::yield();
    inside = false;
    ++stopped;
    return true;
  });
  keeper.start();
  for (int i = 0; i < 20; ++i) {
    while (!inside) std::this_thread::yield();
    keeper.pause();
    BOOST_TEST(!inside);
    std::this_thread::sleep_for(1ms);
    BOOST_TEST(!inside);
    keeper.resume();
  }
  BOOST_TEST(stopped >= 20);
}

BOOST_AUTO_TEST_CASE(the_hosts_signals_do_not_come_to_its_thread) {
  std::atomic<bool> blocked{false};
  std::atomic<bool> asked{false};
  Housekeeper keeper(1ms, [&](const std::stop_token&) {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked = ::sigismember(&mask, SIGTERM) == 1 && ::sigismember(&mask, SIGINT) == 1;
    asked = true;
    return true;
  });
  keeper.start();
  while (!asked) std::this_thread::yield();
  BOOST_TEST(blocked);
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  BOOST_TEST(::sigismember(&mask, SIGTERM) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

#include "engine/housekeeper.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using tse::engine::Housekeeper;
using tse::engine::Watch;
using tse::engine::Watches;

namespace {

struct Fixture {
  std::shared_ptr<Watches> watches = std::make_shared<Watches>();
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

bool becomes_readable(const Watch& watch) {
  pollfd ready{watch.descriptor(), POLLIN, 0};
  return ::poll(&ready, 1, 30000) == 1;
}

class ScratchFile {
 public:
  ScratchFile() : descriptor_(::mkstemp(path.data())) {}
  ~ScratchFile() {
    ::close(descriptor_);
    ::unlink(path.c_str());
  }
  void write() const { BOOST_REQUIRE(::write(descriptor_, "x", 1) == 1); }
  std::string path = "/tmp/taskstate-housekeeper-XXXXXX";

 private:
  int descriptor_;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(housekeeper, Fixture)

BOOST_AUTO_TEST_CASE(it_does_round_after_round) {
  Housekeeper keeper(1ms, counting(), watches, {});
  keeper.start();
  keeper.start();  // again is nothing
  wait_for_rounds(3);
}

BOOST_AUTO_TEST_CASE(it_ends_with_rounds_when_told_so) {
  Housekeeper keeper(1ms, counting(false), watches, {});
  keeper.start();
  wait_for_rounds(1);
  keeper.stop();
  BOOST_TEST(rounds == 1);
}

BOOST_AUTO_TEST_CASE(stopping_asks_a_round_under_way_to_stop) {
  std::atomic<bool> entered{false};
  Housekeeper keeper(1ms,
                     [&](const std::stop_token& stop) {
                       entered = true;
                       while (!stop.stop_requested()) std::this_thread::yield();
                       return true;
                     },
                     watches, {});
  keeper.start();
  while (!entered) std::this_thread::yield();
  keeper.stop();  // returns: that is the test
  keeper.start();
  BOOST_TEST(entered);
}

BOOST_AUTO_TEST_CASE(no_round_is_under_way_while_it_is_paused) {
  std::atomic<bool> inside{false};
  std::atomic<int> stopped{0};
  Housekeeper keeper(1ms,
                     [&](const std::stop_token& stop) {
                       inside = true;
                       while (!stop.stop_requested()) std::this_thread::yield();
                       inside = false;
                       ++stopped;
                       return true;
                     },
                     watches, {});
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
  Housekeeper keeper(1ms,
                     [&](const std::stop_token&) {
                       sigset_t mask;
                       ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
                       blocked = ::sigismember(&mask, SIGTERM) == 1 && ::sigismember(&mask, SIGINT) == 1;
                       asked = true;
                       return true;
                     },
                     watches, {});
  keeper.start();
  while (!asked) std::this_thread::yield();
  BOOST_TEST(blocked);
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  BOOST_TEST(::sigismember(&mask, SIGTERM) == 0);
}

BOOST_AUTO_TEST_CASE(a_write_to_either_file_wakes_who_waits) {
  const ScratchFile announced;
  const ScratchFile written;
  Housekeeper keeper(0us, counting(), watches, {announced.path, written.path});
  keeper.start();
  Watch watch(watches);
  watch.await_claim({});
  for (const ScratchFile* file : {&announced, &written, &announced, &written}) {
    BOOST_TEST(becomes_readable(watch));
    watch.reset();
    file->write();
  }
  BOOST_TEST(becomes_readable(watch));
  BOOST_TEST(rounds == 0);
}

BOOST_AUTO_TEST_SUITE_END()

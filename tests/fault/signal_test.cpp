// Signals that interrupt system calls all the time, as profilers and timers of the host send them: nothing fails, and
// nothing is done twice.
#include "support.hpp"
#include "unit/engine/decided.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/time.h>
#include <csignal>
#include <cstdio>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

using namespace tse;
using namespace tse::test;
using namespace std::chrono_literals;

namespace {

std::atomic<std::size_t> delivered{0};
static_assert(std::atomic<std::size_t>::is_always_lock_free);

/// While it lives, a signal comes every half a millisecond, and interrupts what is under way.
class Storm {
 public:
  Storm() {
    struct sigaction action {};
    action.sa_handler = [](int) { ++delivered; };  // without SA_RESTART
    ::sigaction(SIGALRM, &action, &before_);
    constexpr itimerval every{{0, 500}, {0, 500}};
    ::setitimer(ITIMER_REAL, &every, nullptr);
  }
  ~Storm() {
    constexpr itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    ::sigaction(SIGALRM, &before_, nullptr);
  }
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;

 private:
  struct sigaction before_ {};
};

/// A task from its creation to its end, with all that waits on the way.
void one_life(engine::Engine& own, engine::Engine& other, const std::string& zone) {
  const core::Key key{zone, "t"};
  std::jthread creator([&] {
    std::this_thread::sleep_for(2ms);
    engine::create(other, new_task(zone, key.id), patient());
  });
  engine::ClaimSpec wanted;
  wanted.filter.zones = {zone};
  wanted.wait = long_enough;
  const auto leases = engine::claim(own, wanted, patient());
  if (leases.size() != 1) throw std::runtime_error("no lease");
  std::jthread worker([&] {
    std::this_thread::sleep_for(2ms);
    engine::heartbeat(other, leases[0].token, {}, {}, patient());
    engine::change_leased(other, leases[0].token, complete_with("ins"), patient());
  });
  const auto ended = engine::wait(own, key, {}, long_enough, patient());
  if (!ended || ended->task.status != core::Status::completed || ended->revision != 3)
    throw std::runtime_error("the task did not end as it should");
  if (tse::test::decide(own, tse::test::view(key)).answer.status != 303) throw std::runtime_error("no 303");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(signals)

BOOST_AUTO_TEST_CASE(a_storm_of_them_fails_nothing) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const std::size_t count = setting("TSE_SIGNAL_ROUNDS", 20);
  const std::uint64_t seed = setting("TSE_SEED", 1);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(setting("TSE_SECONDS", 0));
  std::size_t violations = 0;
  std::size_t round = 0;
  delivered = 0;
  {
    const Storm storm;
    for (; round < count || std::chrono::steady_clock::now() < until; ++round) {
      try {
        const engine::Engine::Ptr own = open(path);
        const engine::Engine::Ptr other = open(path);
        one_life(*own, *other, "z" + std::to_string(round));
        engine::backup(*own, path + "-copy", patient());
        engine::purge(*own, {{}, 0us, 0}, patient());
        if (!engine::verify(*own, patient()).problems.empty()) throw std::runtime_error("verify finds problems");
      } catch (const std::exception& error) {
        ++violations;
        std::printf("violation: round %zu: %s\n", round, error.what());
      }
    }
  }
  BOOST_TEST(delivered > 0U);  // or it was no storm
  std::printf("campaign: signals: %zu signals, %zu violations, seed %llu\n", delivered.load(), violations,
              static_cast<unsigned long long>(seed));
  BOOST_TEST(violations == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

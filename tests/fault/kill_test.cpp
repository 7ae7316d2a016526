// A process killed with -9 at any instant: every acknowledged change is there, an unacknowledged one whole or absent.
#include "support.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <random>
#include <thread>
#include <vector>

using namespace tse;
using namespace tse::test;

namespace {

constexpr std::size_t threads = 4;
constexpr std::size_t tasks_per_thread = 4096;

// The furthest revision of each task that was acknowledged to the child's callers.
using Acknowledged = Shared<std::atomic<std::int64_t>>;

std::string id_of(std::size_t round, std::size_t task) {
  return "r" + std::to_string(round) + "-" + std::to_string(task);
}

int work_until_killed(const std::string& path, Acknowledged& acknowledged, std::size_t round) {
  const engine::Engine::Ptr tasks = open(path);
  std::vector<std::thread> crew;
  for (std::size_t thread = 0; thread < threads; ++thread)
    crew.emplace_back([&, thread] {
      for (std::size_t i = 0; i < tasks_per_thread; ++i) {
        const std::size_t task = thread * tasks_per_thread + i;
        const core::Key key{"z", id_of(round, task)};
        acknowledged[task] = tasks->create(new_task(key.zone_id, key.id), patient()).row.revision;
        acknowledged[task] = tasks->change(key, core::Start{}, patient()).revision;
        acknowledged[task] = tasks->change(key, complete_with("ins"), patient()).revision;
      }
    });
  for (std::thread& member : crew) member.join();
  for (;;) ::pause();  // finished before the kill: wait for it
}

}  // namespace

BOOST_AUTO_TEST_SUITE(killed_processes)

BOOST_AUTO_TEST_CASE(killed_at_random_instants_nothing_acknowledged_is_lost) {
  const std::size_t rounds = setting("TSE_KILLS", 15);
  const std::size_t seed = setting("TSE_SEED", std::random_device{}());
  std::mt19937_64 random(seed);
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  std::size_t total = 0;
  std::size_t lost_in_all = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    Acknowledged acknowledged(threads * tasks_per_thread);
    const pid_t child = spawn([&] { return work_until_killed(path, acknowledged, round); });
    std::this_thread::sleep_for(std::chrono::microseconds(5000 + random() % 300000));
    ::kill(child, SIGKILL);
    BOOST_TEST(wait_for(child) == 128 + SIGKILL);

    const engine::Engine::Ptr tasks = open(path);
    std::size_t lost = 0;
    for (std::size_t task = 0; task < threads * tasks_per_thread; ++task) {
      const std::int64_t seen = acknowledged[task];
      if (seen == 0) continue;
      total += static_cast<std::size_t>(seen);
      const auto row = tasks->get({"z", id_of(round, task)}, patient());
      // One more than acknowledged is possible: durable, but the reply did not come.
      if (!row || row->revision < seen || row->revision > seen + 1) ++lost;
    }
    lost_in_all += lost;
    BOOST_TEST(lost == 0U, "seed " << seed << ", round " << round);
    const store::VerifyReport report = tasks->verify(patient());
    BOOST_TEST(report.problems.empty(), "seed " << seed << ", round " << round);
  }
  std::cout << "measured: " << rounds << " kills with -9, " << total << " acknowledged changes, " << lost_in_all
            << " lost (seed " << seed << ")\n";
}

BOOST_AUTO_TEST_SUITE_END()

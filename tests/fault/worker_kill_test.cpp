// Workers killed with -9 at any instant: no acknowledged outcome is lost, and nothing they held stays held.
#include "support.hpp"

#include "core/lease.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <random>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace tse;
using namespace tse::test;

namespace {

constexpr std::size_t threads = 4;
constexpr auto lease_time = 200ms;

// By the number of a task: how often its completion was acknowledged.
using Acknowledged = Shared<std::atomic<unsigned>>;

std::string id_of(std::size_t task) { return "t" + std::to_string(task); }

// Half of what is claimed is completed, the rest is released or just kept.
int work_until_killed(const std::string& path, Acknowledged& acknowledged) {
  const engine::Engine::Ptr tasks = open(path);
  std::vector<std::thread> crew;
  for (std::size_t thread = 0; thread < threads; ++thread)
    crew.emplace_back([&] {
      engine::ClaimSpec spec;
      spec.lease = lease_time;
      spec.limit = 3;
      spec.wait = 1h;
      for (std::size_t turn = 0;; ++turn)
        for (const engine::Lease& lease : tasks->claim(spec, patient())) {
          const std::size_t task = std::stoul(lease.row.task.id.substr(1));
          try {
            tasks->heartbeat(lease.token, {}, {}, patient());
            if (turn % 4 == 0) tasks->release(lease.token, {}, patient());
            if (turn % 4 != 1) continue;
            tasks->change_leased(lease.token, complete_with("ins_" + std::to_string(task)), patient());
            ++acknowledged[task];
          } catch (const core::Failure& failure) {
            if (failure.error().code != core::Code::lease_lost) throw;  // it was too slow, as it may be
          }
        }
    });
  for (std::thread& member : crew) member.join();
  return 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(killed_workers)

BOOST_AUTO_TEST_CASE(killed_at_random_instants_they_lose_nothing_and_hold_nothing) {
  const std::size_t rounds = setting("TSE_KILLS", 15);
  const std::size_t seed = setting("TSE_SEED", std::random_device{}());
  constexpr std::size_t count = 1500;
  std::mt19937_64 random(seed);
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  {
    const engine::Engine::Ptr tasks = open(path);
    for (std::size_t task = 0; task < count; ++task) {
      core::NewTask spec = new_task("z" + std::to_string(task % 10), id_of(task));
      spec.max_attempts = 1000;
      tasks->create(std::move(spec), patient());
    }
  }
  Acknowledged acknowledged(count);
  for (std::size_t round = 0; round < rounds; ++round) {
    const pid_t child = spawn([&] { return work_until_killed(path, acknowledged); });
    std::this_thread::sleep_for(std::chrono::microseconds(20000 + random() % 200000));
    ::kill(child, SIGKILL);
    BOOST_TEST(wait_for(child) == 128 + SIGKILL);
  }
  std::this_thread::sleep_for(lease_time);
  const engine::Engine::Ptr tasks = open(path);
  tasks->tick(patient());
  std::size_t total = 0;
  std::size_t lost = 0;
  std::size_t held = 0;
  for (std::size_t task = 0; task < count; ++task) {
    const core::Row row = tasks->get({"z" + std::to_string(task % 10), id_of(task)}, patient()).value();
    total += acknowledged[task];
    const bool completed = row.task.status == core::Status::completed;
    if (acknowledged[task] > 1 || (acknowledged[task] == 1 && !completed)) ++lost;
    if (row.task.status == core::Status::running && !core::is_offered_again(row)) ++held;
  }
  BOOST_TEST(lost == 0U, "seed " << seed);
  BOOST_TEST(held == 0U, "seed " << seed);
  BOOST_TEST(tasks->verify(patient()).problems.empty(), "seed " << seed);
  std::cout << "measured: " << rounds << " workers killed with -9, " << total << " acknowledged outcomes, " << lost
            << " lost or double, " << held << " tasks left in the hands of the dead (seed " << seed << ")\n";
}

BOOST_AUTO_TEST_SUITE_END()

// Many workers of many processes drain one file: each task claimed once, oldest first, no zone forgotten.
#include "support.hpp"
#include "unit/engine/history_of.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <thread>
#include <vector>

using namespace tse;
using namespace tse::test;

namespace {

constexpr std::size_t processes = 8;
constexpr std::size_t workers = 4;
constexpr std::size_t zones = 100;

using Counts = Shared<std::atomic<unsigned>>;

std::string zone_of(std::size_t task) { return "z" + std::to_string(task % zones); }
std::size_t number_of(const core::Row& row) { return std::stoul(row.task.id.substr(1)); }

// Runs one piece of work in so many threads at once.
void in_threads(std::size_t count, const std::function<void(std::size_t)>& body) {
  std::vector<std::thread> crew;
  for (std::size_t i = 0; i < count; ++i) crew.emplace_back([&, i] { body(i); });
  for (std::thread& member : crew) member.join();
}

void fill(engine::Engine& tasks, std::size_t count) {
  constexpr std::size_t clerks = 32;
  in_threads(clerks, [&](std::size_t clerk) {
    for (std::size_t task = clerk; task < count; task += clerks)
      engine::create(tasks, new_task(zone_of(task), "t" + std::to_string(task)), patient());
  });
}

// Every other worker claims in batches.
void drain(engine::Engine& tasks, Counts& claimed, std::size_t worker) {
  engine::ClaimSpec spec;
  spec.worker = "w" + std::to_string(worker);
  spec.lease = std::chrono::minutes(10);
  spec.limit = worker % 2 == 0 ? 1 : 16;
  for (;;) {
    const std::vector<engine::Lease> leases = engine::claim(tasks, spec, patient());
    if (leases.empty()) return;
    for (const engine::Lease& lease : leases) {
      ++claimed[number_of(lease.row)];
      engine::change_leased(tasks, lease.token, complete_with("ins"), patient());
    }
  }
}

int run_process(const std::string& path, Counts& claimed) {
  const engine::Engine::Ptr tasks = open(path);
  std::atomic<int> failed{0};
  in_threads(workers, [&](std::size_t worker) {
    try {
      drain(*tasks, claimed, worker);
    } catch (const core::Failure& failure) {
      std::cerr << to_string(failure.error().code) << ": " << failure.error().message << '\n';
      ++failed;
    }
  });
  return failed;
}

// When a task was created and started, as positions in the file's one order of events.
struct Life {
  std::int64_t created = 0;
  std::int64_t started = 0;
  std::size_t zone = 0;
};

Life life_of(engine::Engine& tasks, std::size_t task) {
  Life life;
  life.zone = task % zones;
  for (const core::Event& event : test::history_of(tasks, {zone_of(task), "t" + std::to_string(task)}, patient())) {
    if (event.kind == "created") life.created = event.sequence;
    if (event.kind == "started") life.started = event.sequence;
  }
  return life;
}

std::size_t out_of_order(std::vector<Life> lives) {
  std::sort(lives.begin(), lives.end(), [](const Life& a, const Life& b) { return a.created < b.created; });
  std::vector<std::int64_t> last(zones, 0);
  std::size_t wrong = 0;
  for (const Life& life : lives) {
    wrong += life.started < last[life.zone] ? 1 : 0;
    last[life.zone] = life.started;
  }
  return wrong;
}

// How far the best served zone was ever ahead of the worst, in tasks, while both still had some.
std::size_t largest_lead(std::vector<Life> lives) {
  std::sort(lives.begin(), lives.end(), [](const Life& a, const Life& b) { return a.started < b.started; });
  std::vector<std::size_t> served(zones, 0);
  std::size_t lead = 0;
  for (const Life& life : lives) {
    ++served[life.zone];
    const auto [least, most] = std::minmax_element(served.begin(), served.end());
    lead = std::max(lead, *most - *least);
  }
  return lead;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(drain)

BOOST_AUTO_TEST_CASE(eight_processes_of_four_workers_claim_each_task_once) {
  const std::size_t count = setting("TSE_DRAIN", 5000) / zones * zones;
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  fill(*open(path), count);
  Counts claimed(count);
  const auto begin = std::chrono::steady_clock::now();
  std::vector<pid_t> children;
  for (std::size_t process = 0; process < processes; ++process)
    children.push_back(spawn([&] { return run_process(path, claimed); }));
  for (const pid_t child : children) BOOST_TEST(wait_for(child) == 0);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;

  const engine::Engine::Ptr tasks = open(path);
  std::size_t not_once = 0;
  std::size_t left = 0;
  std::vector<Life> lives;
  for (std::size_t task = 0; task < count; ++task) {
    not_once += claimed[task] == 1 ? 0 : 1;
    const auto row = engine::get(*tasks, {zone_of(task), "t" + std::to_string(task)}, patient());
    left += row && row->task.status == core::Status::completed && row->revision == 3 ? 0 : 1;
    lives.push_back(life_of(*tasks, task));
  }
  BOOST_TEST(not_once == 0U);
  BOOST_TEST(left == 0U);
  BOOST_TEST(out_of_order(lives) == 0U);
  BOOST_TEST(engine::verify(*tasks, patient()).problems.empty());
  std::cout << "measured: " << processes << " processes x " << workers << " workers drained " << count << " tasks over "
            << zones << " zones in " << seconds.count() << " s (" << static_cast<double>(count) / seconds.count()
            << " tasks/s), " << not_once << " not claimed exactly once, " << out_of_order(lives) << " out of order, "
            << left << " left, largest difference in progress between zones " << largest_lead(lives) << " tasks\n";
}

BOOST_AUTO_TEST_SUITE_END()

// Several processes with several threads each on one file: no error, none lost, none double.
#include "support.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <iostream>
#include <thread>
#include <vector>

using namespace tse;
using namespace tse::test;

namespace {

constexpr std::size_t processes = 4;
constexpr std::size_t threads = 8;

// How often each move of a task was acknowledged, over all processes.
struct Acknowledged {
  std::atomic<unsigned> created;
  std::atomic<unsigned> started;
  std::atomic<unsigned> completed;
};

std::string zone_of(std::size_t task) { return "z" + std::to_string(task % 10); }
std::string id_of(std::size_t task) { return "t" + std::to_string(task); }

// Tries a change; an illegal_transition or already_exists means that somebody else was first.
template <class Change>
void attempt(std::atomic<unsigned>& count, Change&& change) {
  try {
    change();
    ++count;
  } catch (const core::Failure& failure) {
    const core::Code code = failure.error().code;
    if (code != core::Code::illegal_transition && code != core::Code::already_exists) throw;
  }
}

// Takes every task through its life. Each task is contended for by two threads of different processes.
void drive(engine::Engine& tasks, Shared<Acknowledged>& acknowledged, std::size_t count, std::size_t worker,
           std::size_t workers) {
  for (std::size_t task = 0; task < count; ++task) {
    const std::size_t owner = task % workers;
    const std::size_t rival = (owner + threads) % workers;
    if (worker != owner && worker != rival) continue;
    Acknowledged& seen = acknowledged[task];
    const core::Key key{zone_of(task), id_of(task)};
    attempt(seen.created, [&] { engine::create(tasks, new_task(key.zone_id, key.id), patient()); });
    attempt(seen.started, [&] { engine::change(tasks, key, core::Start{}, patient()); });
    // Each has an outcome of its own, so that the second is no repetition of the first.
    attempt(seen.completed,
            [&] { engine::change(tasks, key, complete_with("by-" + std::to_string(worker)), patient()); });
  }
}

int run_process(const std::string& path, Shared<Acknowledged>& acknowledged, std::size_t count, std::size_t process) {
  const engine::Engine::Ptr tasks = open(path);
  std::atomic<int> failed{0};
  std::vector<std::thread> crew;
  for (std::size_t thread = 0; thread < threads; ++thread)
    crew.emplace_back([&, thread] {
      try {
        drive(*tasks, acknowledged, count, process * threads + thread, processes * threads);
      } catch (const core::Failure& failure) {
        std::cerr << to_string(failure.error().code) << ": " << failure.error().message << '\n';
        ++failed;
      }
    });
  for (std::thread& member : crew) member.join();
  return failed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(contention)

BOOST_AUTO_TEST_CASE(four_processes_of_eight_threads_lose_nothing_and_double_nothing) {
  const std::size_t count = setting("TSE_TRANSITIONS", 100000) / 2;
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  Shared<Acknowledged> acknowledged(count);
  const auto begin = std::chrono::steady_clock::now();
  std::vector<pid_t> children;
  for (std::size_t process = 0; process < processes; ++process)
    children.push_back(spawn([&] { return run_process(path, acknowledged, count, process); }));
  for (const pid_t child : children) BOOST_TEST(wait_for(child) == 0);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;

  const engine::Engine::Ptr tasks = open(path);
  std::size_t wrong = 0;
  for (std::size_t task = 0; task < count; ++task) {
    const Acknowledged& seen = acknowledged[task];
    const auto row = engine::get(*tasks, {zone_of(task), id_of(task)}, patient());
    const bool right = seen.created == 1 && seen.started == 1 && seen.completed == 1 && row &&
                       row->task.status == core::Status::completed && row->revision == 3;
    wrong += right ? 0 : 1;
  }
  BOOST_TEST(wrong == 0U);
  const store::VerifyReport report = engine::verify(*tasks, patient());
  for (const std::string& problem : report.problems) BOOST_TEST_MESSAGE(problem);
  BOOST_TEST(report.problems.empty());
  BOOST_TEST(report.tasks == static_cast<std::int64_t>(count));
  BOOST_TEST(report.events == static_cast<std::int64_t>(3 * count));
  std::cout << "measured: " << 2 * count << " transitions and " << count << " creates by " << processes
            << " processes x " << threads << " threads in " << seconds.count() << " s ("
            << static_cast<double>(3 * count) / seconds.count() << " changes/s), " << wrong << " lost or double\n";
}

BOOST_AUTO_TEST_CASE(processes_that_open_a_new_file_at_once_all_get_it) {
  constexpr std::size_t rounds = 20;
  for (std::size_t round = 0; round < rounds; ++round) {
    const TemporaryDirectory directory;
    const std::string path = directory.file("tasks.db");
    Shared<std::atomic<std::size_t>> ready;
    std::vector<pid_t> children;
    for (std::size_t process = 0; process < processes; ++process)
      children.push_back(spawn([&, process] {
        ++ready[0];
        while (ready[0] < processes) std::this_thread::yield();
        engine::create(*open(path), new_task("z", id_of(process)), patient());
        return 0;
      }));
    for (const pid_t child : children) BOOST_TEST(wait_for(child) == 0);
    BOOST_TEST(engine::verify(*open(path), patient()).tasks == static_cast<std::int64_t>(processes));
  }
}

BOOST_AUTO_TEST_CASE(of_sixty_four_that_race_for_an_outcome_exactly_one_wins) {
  constexpr std::size_t rivals = 16;
  const std::size_t rounds = setting("TSE_RACES", 60);
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  struct Race {
    std::atomic<unsigned> ready;
    std::atomic<unsigned> won;
    std::atomic<unsigned> refused;
  };
  Shared<Race> races(rounds);
  {
    const engine::Engine::Ptr tasks = open(path);
    for (std::size_t round = 0; round < rounds; ++round) {
      engine::create(*tasks, new_task("z", id_of(round)), patient());
      engine::change(*tasks, {"z", id_of(round)}, core::Start{}, patient());
    }
  }
  const auto race = [&](engine::Engine& tasks, std::size_t rival) {
    for (std::size_t round = 0; round < rounds; ++round) {
      Race& here = races[round];
      ++here.ready;
      while (here.ready < processes * rivals) std::this_thread::yield();
      core::Intent outcome = complete_with("ins-" + std::to_string(rival));
      if (rival % 2 == 0) outcome = core::Fail{"failed by " + std::to_string(rival), {}, {}};
      try {
        engine::change(tasks, {"z", id_of(round)}, outcome, patient());
        ++here.won;
      } catch (const core::Failure& failure) {
        if (failure.error().code == core::Code::illegal_transition) ++here.refused;
      }
    }
  };
  std::vector<pid_t> children;
  for (std::size_t process = 0; process < processes; ++process)
    children.push_back(spawn([&, process] {
      const engine::Engine::Ptr tasks = open(path);
      std::vector<std::thread> crew;
      for (std::size_t thread = 0; thread < rivals; ++thread)
        crew.emplace_back([&, thread] { race(*tasks, process * rivals + thread); });
      for (std::thread& member : crew) member.join();
      return 0;
    }));
  for (const pid_t child : children) BOOST_TEST(wait_for(child) == 0);
  for (std::size_t round = 0; round < rounds; ++round) {
    BOOST_TEST(races[round].won == 1U);
    BOOST_TEST(races[round].refused == processes * rivals - 1);
  }
  BOOST_TEST(engine::verify(*open(path), patient()).problems.empty());
}

BOOST_AUTO_TEST_SUITE_END()

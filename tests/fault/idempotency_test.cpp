// The same request from many threads of many processes at once: one task.
#include "support.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

using namespace tse;
using namespace tse::test;

namespace {

constexpr std::size_t processes = 4;
constexpr std::size_t threads = 13;

struct Outcome {
  std::atomic<int> made, replayed, refused, other;
};

// Every fourth asks for something else under the same key.
void ask(engine::Engine& tasks, Outcome& outcome, std::size_t round, std::size_t thread) {
  core::NewTask spec = new_task("z", "");
  spec.idempotency_key = "key-" + std::to_string(round);
  spec.package_id = thread % 4 == 3 ? "other" : "pkg_1";
  try {
    ++(engine::create(tasks, spec, patient()).replayed ? outcome.replayed : outcome.made);
  } catch (const core::Failure& failure) {
    ++(failure.error().code == core::Code::idempotency_mismatch ? outcome.refused : outcome.other);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(idempotent_creation)

BOOST_AUTO_TEST_CASE(fifty_at_once_make_one_task) {
  const std::size_t rounds = setting("TSE_ROUNDS", 30);
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  Shared<Outcome> outcomes(rounds);
  Shared<std::atomic<unsigned>> arrived(rounds);
  std::vector<pid_t> children;
  for (std::size_t process = 0; process < processes; ++process)
    children.push_back(spawn([&] {
      const engine::Engine::Ptr tasks = open(path);
      std::vector<std::thread> crew;
      for (std::size_t thread = 0; thread < threads; ++thread)
        crew.emplace_back([&, thread] {
          for (std::size_t round = 0; round < rounds; ++round) {
            ++arrived[round];
            while (arrived[round] < processes * threads) std::this_thread::yield();
            ask(*tasks, outcomes[round], round, thread);
          }
        });
      for (std::thread& member : crew) member.join();
      return 0;
    }));
  for (const pid_t child : children) BOOST_TEST(wait_for(child) == 0);

  std::size_t wrong = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    const Outcome& outcome = outcomes[round];
    const int all = static_cast<int>(processes * threads);
    // Whichever content came first has it; every other one is refused each time.
    const bool usual = outcome.refused == static_cast<int>(processes) * 3;
    const bool unusual = outcome.refused == static_cast<int>(processes) * 10;
    const bool right = outcome.made == 1 && outcome.other == 0 && (usual || unusual) &&
                       outcome.made + outcome.replayed + outcome.refused == all;
    wrong += right ? 0 : 1;
  }
  BOOST_TEST(wrong == 0U);
  const engine::Engine::Ptr tasks = open(path);
  BOOST_TEST(engine::stats(*tasks, {}, {}).store.totals[0] == static_cast<std::int64_t>(rounds));
  BOOST_TEST(engine::verify(*tasks, {}).problems.empty());
  std::cout << "measured: " << rounds << " creates, each tried by " << processes * threads << " threads of "
            << processes << " processes at once: " << wrong << " wrong\n";
}

BOOST_AUTO_TEST_SUITE_END()

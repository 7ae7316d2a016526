// A process killed with -9 at any instant: the host's rows and the tasks always agree.
#include "sql.hpp"
#include "support.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <random>
#include <thread>

using namespace tse;
using namespace tse::test;

namespace {

engine::Call with(const char* sql) {
  engine::Call call = patient();
  call.also = {{sql, {}, {}}};
  return call;
}

int work_until_killed(const std::string& path, std::size_t round, std::atomic<unsigned>& done) {
  const engine::Engine::Ptr tasks = open(path);
  std::vector<std::thread> crew;
  for (std::size_t thread = 0; thread < 3; ++thread)
    crew.emplace_back([&, thread] {
      for (std::size_t i = 0;; ++i) {
        const core::Key key{"z", std::to_string(round) + "-" + std::to_string(thread) + "-" + std::to_string(i)};
        tasks->create(new_task(key.zone_id, key.id), with("INSERT INTO installs VALUES (:taskstate_id, 'pending')"));
        tasks->change(key, core::Start{}, with("UPDATE installs SET state = 'running' WHERE task = :taskstate_id"));
        tasks->change(key, complete_with("ins"),
                      with("UPDATE installs SET state = 'completed' WHERE task = :taskstate_id"));
        ++done;
      }
    });
  for (std::thread& member : crew) member.join();
  return 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(host_rows)

BOOST_AUTO_TEST_CASE(killed_at_random_instants_they_agree_with_the_tasks) {
  const std::size_t kills = setting("TSE_ALSO_KILLS", 60);
  const std::size_t seed = setting("TSE_SEED", std::random_device{}());
  std::mt19937_64 random(seed);
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  run_sql(path, "PRAGMA journal_mode = WAL; CREATE TABLE installs (task TEXT PRIMARY KEY, state TEXT)");
  engine::Settings settings = patient_settings();
  settings.adopt = true;
  engine::Engine::open(path, settings)->close();
  Shared<std::atomic<unsigned>> done;
  std::int64_t apart = 0;
  for (std::size_t round = 0; round < kills; ++round) {
    const unsigned before = done[0];
    const pid_t child = spawn([&] { return work_until_killed(path, round, done[0]); });
    while (done[0] == before) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 15000));
    ::kill(child, SIGKILL);
    BOOST_TEST(wait_for(child) == 128 + SIGKILL);
    apart += run_sql(path,
                     "SELECT count(*) FROM (SELECT id, status FROM taskstate_tasks "
                     "EXCEPT SELECT task, state FROM installs)");
    apart += run_sql(path,
                     "SELECT count(*) FROM (SELECT task, state FROM installs "
                     "EXCEPT SELECT id, status FROM taskstate_tasks)");
    BOOST_TEST(apart == 0, "seed " << seed << ", round " << round);
  }
  BOOST_TEST(open(path)->verify({}).problems.empty());
  std::cout << "measured: " << kills << " kills with -9, " << done[0] << " tasks with a host's row: " << apart
            << " that do not agree (seed " << seed << ")\n";
}

BOOST_AUTO_TEST_SUITE_END()

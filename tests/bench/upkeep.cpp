// What upkeep costs: figures of a small and a large file, and writers beside a purge.
//   TSE_BENCH_TASKS=2000000 build/release/tests/bench_upkeep
#include "fault/sql.hpp"
#include "fault/support.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

using namespace tse;
using namespace tse::test;
using Clock = std::chrono::steady_clock;

namespace {

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double at(std::vector<double>& values, double share) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

// Tasks of ten zones, the first half of which has ended.
void fill(const std::string& path, std::size_t from, std::size_t until) {
  const std::string range = std::to_string(from) + " AND " + std::to_string(until);
  run_sql(path, "BEGIN; WITH RECURSIVE n(i) AS (SELECT " + std::to_string(from) +
                    " UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(until) +
                    ") INSERT INTO taskstate_tasks (seq, zone_id, id, operation, package_id) "
                    "SELECT i, 'z' || (i % 10), printf('task-%012d', i), 'create', 'pkg_1' FROM n;"
                    "UPDATE taskstate_tasks SET status = 'running' WHERE seq BETWEEN " +
                    range +
                    " AND seq % 2 = 0;"
                    "UPDATE taskstate_tasks SET status = 'completed', install_id = 'ins_1' WHERE seq BETWEEN " +
                    range + " AND seq % 2 = 0; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}

void measure_stats(engine::Engine& tasks, std::size_t count) {
  std::vector<double> times;
  for (int i = 0; i < 2000; ++i) {
    const auto begin = Clock::now();
    (void)engine::stats(tasks, {}, {});
    times.push_back(milliseconds_since(begin) * 1000);
  }
  std::printf("stats of %zu tasks: median %.1f us, p99 %.1f us\n", count, at(times, 0.5), at(times, 0.99));
}

// Eight threads change tasks until they are told to stop; how long each change took.
std::vector<double> write_until(engine::Engine& tasks, const std::atomic<bool>& stop, const std::string& name) {
  constexpr std::size_t writers = 8;
  std::vector<std::vector<double>> times(writers);
  std::vector<std::thread> crew;
  for (std::size_t writer = 0; writer < writers; ++writer)
    crew.emplace_back([&, writer] {
      const auto timed = [&](const auto& act) {
        const auto begin = Clock::now();
        act();
        times[writer].push_back(milliseconds_since(begin));
      };
      for (std::size_t i = 0; !stop; ++i) {
        const core::Key key{"w", name + std::to_string(writer) + "-" + std::to_string(i)};
        timed([&] { engine::create(tasks, new_task(key.zone_id, key.id), patient()); });
        timed([&] { engine::change(tasks, key, core::Start{}, patient()); });
        timed([&] { engine::change(tasks, key, complete_with("ins"), patient()); });
      }
    });
  for (std::thread& member : crew) member.join();
  std::vector<double> all;
  for (const auto& some : times) all.insert(all.end(), some.begin(), some.end());
  return all;
}

std::vector<double> write_for(engine::Engine& tasks, std::chrono::seconds time, const std::string& name) {
  std::atomic<bool> stop{false};
  std::jthread timer([&] {
    std::this_thread::sleep_for(time);
    stop = true;
  });
  return write_until(tasks, stop, name);
}

void print(const char* what, std::vector<double> times, double seconds) {
  std::printf("%s: %.0f changes/s, median %.2f ms, p99 %.2f ms, max %.2f ms\n", what,
              static_cast<double>(times.size()) / seconds, at(times, 0.5), at(times, 0.99), at(times, 1));
}

void measure_purge(engine::Engine& tasks) {
  constexpr std::chrono::seconds alone(10);
  print("8 writers alone", write_for(tasks, alone, "before-"), 10);
  std::atomic<bool> stop{false};
  std::vector<double> times;
  std::thread writers([&] { times = write_until(tasks, stop, "during-"); });
  const auto begin = Clock::now();
  std::int64_t removed = 0;
  for (int zone = 0; zone < 10; ++zone)
    removed += engine::purge(tasks, {"z" + std::to_string(zone), std::chrono::microseconds(0), 0}, patient());
  const double seconds = milliseconds_since(begin) / 1000;
  stop = true;
  writers.join();
  std::printf("purged %lld tasks in %.1f s: %.0f tasks/s\n", static_cast<long long>(removed), seconds,
              static_cast<double>(removed) / seconds);
  print("8 writers beside the purge", times, seconds);
  print("8 writers alone again", write_for(tasks, alone, "after-"), 10);
}

}  // namespace

int main() {
  const std::size_t count = setting("TSE_BENCH_TASKS", 200000);
  constexpr std::size_t few = 1000;
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  engine::Engine::Ptr tasks = engine::Engine::open(path, {});
  fill(path, 1, few);
  measure_stats(*tasks, few);
  fill(path, few + 1, count);
  measure_stats(*tasks, count);
  measure_purge(*tasks);
  return engine::verify(*tasks, {}).problems.empty() ? 0 : 1;
}

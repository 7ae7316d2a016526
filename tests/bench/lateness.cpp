// How late a waiting claim gets a task whose not_before has come: made by the same process, and by another one, which
// does no housekeeping. And what an idle engine costs.
//   TSE_BENCH_TASKS=200 build/release/tests/bench_lateness
#include "engine/clock.hpp"
#include "fault/support.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace tse;
using namespace tse::test;

namespace {

constexpr std::chrono::microseconds delay = 30ms;

double at(std::vector<double>& values, double share) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

engine::Engine::Ptr open_with(const std::string& path, std::chrono::microseconds housekeeping) {
  engine::Settings settings = patient_settings();
  settings.housekeeping = housekeeping;
  return engine::Engine::open(path, settings);
}

void measure(const char* what, engine::Engine& makes, engine::Engine& claims, std::size_t count) {
  std::vector<double> late;
  for (std::size_t i = 0; i < count; ++i) {
    core::NewTask spec = new_task("z", std::string(what) + std::to_string(i));
    const std::int64_t due = engine::system_now() + delay.count();
    spec.not_before = due;
    std::vector<engine::Lease> leases;
    std::thread worker([&] {
      engine::ClaimSpec claim;
      claim.wait = 10s;
      leases = engine::claim(claims, claim, patient());
      late.push_back(static_cast<double>(engine::system_now() - due) / 1000);
    });
    engine::create(makes, spec, patient());
    worker.join();
    if (leases.size() != 1) std::printf("%s: not claimed\n", what);
    engine::change_leased(claims, leases.at(0).token, complete_with("ins_1"), patient());
  }
  std::printf("lateness, %s: median %.2f ms, p99 %.2f ms, most %.2f ms of %zu\n", what, at(late, 0.5), at(late, 0.99),
              at(late, 1), count);
}

double cpu_ms() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1000 + static_cast<double>(time.tv_usec) / 1000;
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

}  // namespace

int main() {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const std::size_t count = setting("TSE_BENCH_TASKS", 100);
  const auto tasks = open_with(path, 1s);
  measure("same-process", *tasks, *tasks, count);
  // Another engine with files of its own is another process to the first.
  const auto other = open_with(path, 0us);
  measure("another-process", *other, *tasks, count);
  const auto seconds = static_cast<int>(setting("TSE_SECONDS", 5));
  const double before = cpu_ms();
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  std::printf("an idle engine: %.3f ms of CPU a second\n", (cpu_ms() - before) / seconds);
}

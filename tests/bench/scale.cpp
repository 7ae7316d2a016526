// Whether it costs more in a large file: changes and polls in a file of 10,000 tasks and one of many, and opening one.
//   build/release/tests/bench_scale [case...]      cases: claim, hit, open
// TSE_BENCH_SECONDS for each side (3), TSE_BENCH_ROUNDS (5); the sides take turns. TSE_BENCH_LARGE tasks (5000000) in
// the large file, a fifth of them in the one to open; large files are kept in TSE_BENCH_FILES or the working directory.
//
// "claim" is one caller who creates a task, claims the oldest pending one and completes it, over and over; a third of
// the file's tasks are pending. Relaxed: without the fsync, which hides what grows.
#include "bench/support/load.hpp"
#include "bench/support/polls.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace {

using bench::Clock;

constexpr std::int64_t small = 10'000;
constexpr std::int64_t hot = 1'000;

std::string filled(std::int64_t tasks) {
  const char* const base = std::getenv("TSE_BENCH_FILES");
  const std::string directory = std::string(base != nullptr ? base : ".") + "/filled-" + std::to_string(tasks);
  const std::string file = "/tasks.db";
  if (std::filesystem::exists(directory)) return directory + file;
  std::fprintf(stderr, "filling a file with %lld tasks\n", static_cast<long long>(tasks));
  const std::string unfinished = directory + ".part";
  std::filesystem::remove_all(unfinished);
  std::filesystem::create_directories(unfinished);
  bench::fill(unfinished + file, 1, tasks);
  std::filesystem::rename(unfinished, directory);
  return directory + file;
}

struct Side {
  std::string name;
  std::string path;
};

void claim(const Side& side, taskstate::Durability durability, const std::string& kind) {
  taskstate::Engine engine(side.path, {.durability = durability});
  bench::Samples created(4'000'000), claimed(4'000'000), completed(4'000'000);
  const auto timed = [](bench::Samples& samples, const auto& act) {
    try {
      const auto begin = Clock::now();
      if (act()) {
        samples.add(Clock::now() - begin);
      } else {
        samples.fail();
      }
    } catch (const taskstate::Error&) {
      samples.fail();
    }
  };
  const auto until = Clock::now() + std::chrono::duration<double>(bench::seconds_each());
  while (Clock::now() < until) {
    timed(created, [&] {
      (void)engine.create({.zone_id = bench::zone, .operation = "create", .package_id = "pkg_1"});
      return true;
    });
    std::optional<taskstate::Lease> lease;
    timed(claimed, [&] { return (lease = engine.claim()).has_value(); });
    if (!lease) continue;
    timed(completed, [&] {
      (void)lease->complete({.install_id = "ins_1"});
      return true;
    });
  }
  const auto print = [&](const char* what, const bench::Samples& samples) {
    const std::vector<float> times = samples.times();
    const double median = times.empty() ? 0 : static_cast<double>(times[times.size() / 2]);
    bench::print(what + kind, side.name.c_str(), median, "us", samples);
  };
  print("create", created);
  print("claim", claimed);
  print("complete", completed);
}

void hit(const Side& side) {
  const bench::Engine engine(side.path);
  bench::Asker asker(engine);
  bench::Keys keys(hot);
  for (std::size_t i = 0; i < 3 * keys.size(); ++i) asker.ask(keys.take());
  std::size_t polls = 0;
  Clock::duration passed{};
  const auto begin = Clock::now();
  do {
    for (std::size_t i = 0; i < keys.size(); ++i) asker.ask(keys.take());
    polls += keys.size();
    passed = Clock::now() - begin;
  } while (std::chrono::duration<double>(passed).count() < bench::seconds_each());
  bench::print("hit", side.name.c_str(),
               std::chrono::duration<double, std::nano>(passed).count() / static_cast<double>(polls), "ns", 0);
}

void open(const std::string& path) {
  constexpr std::size_t most = 100'000;
  bench::Samples opened(most), both(most);
  const auto until = Clock::now() + std::chrono::duration<double>(bench::seconds_each());
  while (Clock::now() < until) {
    const auto begin = Clock::now();
    {
      const taskstate::Engine engine(path);
      opened.add(Clock::now() - begin);
    }
    both.add(Clock::now() - begin);
  }
  const auto print = [](const char* side, const bench::Samples& samples) {
    const std::vector<float> times = samples.times();
    bench::print("open", side, static_cast<double>(times[times.size() / 2]) / 1000, "ms", samples);
  };
  print("open", opened);
  print("open and close", both);
}

}  // namespace

int main(int count, char** arguments) {
  const std::int64_t large = bench::setting("TSE_BENCH_LARGE", 5'000'000);
  const auto wanted = [&](const std::string& name) {
    return count < 2 || std::find(arguments + 1, arguments + count, name) != arguments + count;
  };
  const auto both_files = [&](const auto& measure) {
    const bench::Directory directory;
    bench::fill(directory.file("tasks.db"), 1, small);
    measure(Side{"small", directory.file("tasks.db")});
    measure(Side{"large", filled(large)});
  };
  for (std::int64_t round = 0; round < bench::setting("TSE_BENCH_ROUNDS", 5); ++round) {
    if (wanted("claim")) {
      both_files([](const Side& side) { claim(side, taskstate::Durability::full, ""); });
      both_files([](const Side& side) { claim(side, taskstate::Durability::relaxed, ", relaxed"); });
    }
    if (wanted("hit")) both_files(hit);
    if (wanted("open")) open(filled(large / 5));
  }
  return 0;
}

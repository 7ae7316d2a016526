// All operations at once, four processes, for as long as is asked: what must stay flat, stays flat.
//   TSE_SECONDS=1800 TSE_SEED=1 soak
// Everything ends, is purged and forgotten within a second or two, so that after a quarter of the time the second
// quarter and the last must look the same: memory, descriptors, threads, the sizes of the database and its log, and
// the latency of changes and polls.
#include <taskstate/taskstate.hpp>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t processes = 4;
constexpr std::size_t quarters = 4;
constexpr std::int64_t log_limit = 1 << 20;

/// How long calls took: counts by powers of two of a microsecond's eighth.
struct Latencies {
  std::array<std::atomic<std::int64_t>, 40> counts;

  void add(Clock::duration took) {
    const auto eighths = std::chrono::duration_cast<std::chrono::nanoseconds>(took).count() / 125;
    std::size_t bucket = 0;
    while (bucket + 1 < counts.size() && (std::int64_t{1} << bucket) < eighths) ++bucket;
    ++counts[bucket];
  }
  [[nodiscard]] double median_us() const {
    std::int64_t all = 0;
    for (const auto& count : counts) all += count;
    std::int64_t below = 0;
    for (std::size_t bucket = 0; bucket < counts.size(); ++bucket) {
      below += counts[bucket];
      if (below * 2 >= all) return static_cast<double>(std::int64_t{1} << bucket) / 8;
    }
    return 0;
  }
};

/// What was seen in one quarter of the time: the largest values.
struct Quarter {
  std::array<std::atomic<std::int64_t>, processes> memory, descriptors, threads;
  std::atomic<std::int64_t> database, log;
  Latencies change, poll;
};

/// Shared by all processes.
struct Board {
  std::array<Quarter, quarters> quarter;
  std::atomic<std::int64_t> operations, failures;
};

std::int64_t setting(const char* name, std::int64_t otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoll(text, nullptr, 10) : otherwise;
}

void raise_to(std::atomic<std::int64_t>& largest, std::int64_t value) {
  std::int64_t before = largest;
  while (before < value && !largest.compare_exchange_weak(before, value)) {
  }
}

std::int64_t entries(const char* directory) {
  return std::distance(std::filesystem::directory_iterator(directory), std::filesystem::directory_iterator());
}

std::int64_t resident_bytes() {
  std::int64_t size = 0;
  std::int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

class Process {
 public:
  Process(Board& board, std::string path, std::size_t number, Clock::time_point begin, Clock::duration length)
      : board_(board), path_(std::move(path)), number_(number), begin_(begin), length_(length) {}

  int run(std::uint64_t seed) {
    taskstate::Engine tasks(path_, {.timeout = 2min,
                                    .housekeeping = 200ms,
                                    .idempotency_retention = 1s,
                                    .longest_wait = 1s,
                                    .retention = 1s,
                                    .tombstones = 1s,
                                    .feed_retention = 1s,
                                    .checkpoint_bytes = log_limit,
                                    .answer_cache_bytes = 1 << 20});
    std::thread worker([&] { guarded([&] { work(tasks, seed + 1); }); });
    std::thread follower([&] { guarded([&] { follow(tasks); }); });
    guarded([&] { ask(tasks, seed); });
    worker.join();
    follower.join();
    return failed_ ? 1 : 0;
  }

 private:
  bool over() const { return Clock::now() >= begin_ + length_; }

  Quarter& now() {
    const auto passed = std::clamp<std::int64_t>((Clock::now() - begin_) * quarters / length_, 0, quarters - 1);
    return board_.quarter.at(static_cast<std::size_t>(passed));
  }

  template <class Act>
  auto timed(Latencies Quarter::*kind, const Act& act) {
    const auto from = Clock::now();
    auto result = act();
    (now().*kind).add(Clock::now() - from);
    ++board_.operations;
    return result;
  }

  template <class Act>
  void guarded(const Act& act) {
    try {
      act();
    } catch (const std::exception& error) {
      std::cerr << "process " << number_ << ": " << error.what() << '\n';
      ++board_.failures;
      failed_ = true;
    }
  }

  /// A call that may come too late or twice: another process was quicker.
  template <class Act>
  void contested(const Act& act) {
    ++board_.operations;
    try {
      act();
    } catch (const taskstate::Error& error) {
      using taskstate::Errc;
      for (const Errc code : {Errc::not_found, Errc::illegal_transition, Errc::lease_lost, Errc::already_exists})
        if (error.code() == code) return;
      throw;
    }
  }

  /// The clients: they create, poll, list, cancel, and now and then all the rest.
  void ask(taskstate::Engine& tasks, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const std::string zone = "z" + std::to_string(number_);
    for (std::int64_t round = 0; !over(); ++round) {
      const std::string id = "t" + std::to_string(round);
      const std::string key = "k" + std::to_string(round);
      timed(&Quarter::change, [&] {
        return tasks.create({.zone_id = zone,
                             .id = id,
                             .operation = "create",
                             .payload = R"({"size":)" + std::to_string(random() % 1000) + "}",
                             .max_attempts = 3,
                             .idempotency_key = key});
      });
      for (int poll = 0; poll < 20; ++poll) timed(&Quarter::poll, [&] { return tasks.decide(zone, id); });
      const taskstate::Answer seen = tasks.decide(zone, id);
      contested([&] { tasks.annotate(zone, id, {.package_slug = "slug"}); });
      switch (random() % 16) {
        case 0: contested([&] { tasks.cancel(zone, id); }); break;
        case 1: contested([&] { tasks.cancel(zone, id, {.force = true}); }); break;
        case 2: contested([&] { static_cast<void>(tasks.list({.zone_id = zone, .limit = 20})); }); break;
        case 3: contested([&] { static_cast<void>(tasks.history(zone, id)); }); break;
        case 4: contested([&] { static_cast<void>(tasks.stats(zone)); }); break;
        case 5: contested([&] { tasks.erase(zone, id); }); break;
        case 6: contested([&] { tasks.purge({.zone_id = zone}); }); break;
        case 7:
          contested([&] {
            static_cast<void>(tasks.decide(zone, id, {.if_none_match = seen.header("ETag"), .prefer = "wait=1"}));
          });
          break;
        case 8: many(tasks, zone, id); break;
        case 9: contested([&] { static_cast<void>(tasks.wait(zone, id, std::nullopt, 20ms)); }); break;
        case 10:
          contested([&] { tasks.start_leased(zone, id, {.worker = "by hand"}).complete({.install_id = "i"}); });
          break;
        default: break;
      }
      if (round % 400 == 399) {
        tasks.backup(path_ + "-copy" + std::to_string(number_));
        std::filesystem::remove(path_ + "-copy" + std::to_string(number_));
        if (!tasks.verify().ok) throw std::runtime_error("the file is not sound");
      }
      look();
    }
  }

  void many(taskstate::Engine& tasks, const std::string& zone, const std::string& id) {
    taskstate::Batch batch;
    for (int i = 0; i < 8; ++i) {
      const std::string each = id + "-" + std::to_string(i);
      batch.create({.zone_id = zone, .id = each, .operation = "create"}).start(zone, each);
    }
    board_.operations += static_cast<std::int64_t>(tasks.run(batch).size());
    std::vector<taskstate::Completion> completions;
    for (int i = 0; i < 8; ++i)
      completions.push_back({.zone_id = zone, .id = id + "-" + std::to_string(i), .update = {.install_id = "i"}});
    board_.operations += static_cast<std::int64_t>(tasks.complete_many(completions).size());
  }

  /// A worker: it claims, beats, and brings every kind of end.
  void work(taskstate::Engine& tasks, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    while (!over()) {
      auto lease = tasks.claim({.worker = "w" + std::to_string(number_), .lease = 500ms, .wait = 100ms});
      ++board_.operations;
      if (!lease) continue;
      const auto kind = random() % 10;
      contested([&] { lease->heartbeat(); });
      contested([&] {
        if (kind == 0) {
          lease->fail({.error_message = "It broke."});
        } else if (kind == 1) {
          lease->release(10ms);
        } else if (kind == 2) {
          lease.reset();
        } else {
          lease->complete({.install_id = "ins_1"});
        }
      });
    }
  }

  /// One who reads the feed and waits for more of it.
  void follow(taskstate::Engine& tasks) {
    taskstate::ChangesQuery from{.latest = true, .allow_gap = true, .limit = 1000, .wait = 100ms};
    while (!over()) {
      const taskstate::Changes part = tasks.changes(from);
      from.after = part.position;
      from.latest = false;
      ++board_.operations;
    }
  }

  void look() {
    Quarter& quarter = now();
    raise_to(quarter.memory.at(number_), resident_bytes());
    raise_to(quarter.descriptors.at(number_), entries("/proc/self/fd"));
    raise_to(quarter.threads.at(number_), entries("/proc/self/task"));
    std::error_code ignored;
    raise_to(quarter.database, static_cast<std::int64_t>(std::filesystem::file_size(path_, ignored)));
    raise_to(quarter.log, static_cast<std::int64_t>(std::filesystem::file_size(path_ + "-wal", ignored)));
  }

  Board& board_;
  std::string path_;
  std::size_t number_;
  Clock::time_point begin_;
  Clock::duration length_;
  std::atomic<bool> failed_ = false;
};

/// Prints a line per property, and counts those that are not flat.
class Verdict {
 public:
  void flat(const char* what, double early, double late, double limit) {
    const bool good = late <= limit;
    if (!good) ++violations_;
    std::printf("%-24s %12.1f %12.1f   at most %12.1f%s\n", what, early, late, limit, good ? "" : "   NOT FLAT");
  }
  [[nodiscard]] int violations() const { return violations_; }

 private:
  int violations_ = 0;
};

}  // namespace

int main() try {
  const auto seed = static_cast<std::uint64_t>(setting("TSE_SEED", 1));
  const auto length = std::chrono::seconds(setting("TSE_SECONDS", 10));
  std::string directory = (std::filesystem::temp_directory_path() / "taskstate-soak-XXXXXX").string();
  if (::mkdtemp(directory.data()) == nullptr) throw std::runtime_error("mkdtemp");
  const std::string path = directory + "/tasks.db";
  auto* const board =
      static_cast<Board*>(::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  if (board == MAP_FAILED) throw std::runtime_error("mmap");

  std::vector<pid_t> children;
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < processes; ++i) {
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("fork");
    if (child == 0) ::_exit(Process(*board, path, i, begin, length).run(seed * 1000 + i * 10));
    children.push_back(child);
  }
  Verdict verdict;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    verdict.flat("a process's exit code", 0, status, 0);
  }
  std::filesystem::remove_all(directory);

  constexpr double mib = 1 << 20;
  const Quarter& early = board->quarter[1];
  const Quarter& late = board->quarter[3];
  std::printf("%-24s %12s %12s\n", "", "2nd quarter", "4th quarter");
  for (std::size_t i = 0; i < processes; ++i) {
    const auto memory = static_cast<double>(early.memory[i]) / mib;
    verdict.flat("memory, MiB", memory, static_cast<double>(late.memory[i]) / mib, memory * 1.1 + 4);
    // Readers are opened as they are needed, up to a bound; each has the database and its log.
    const auto descriptors = static_cast<double>(early.descriptors[i]);
    verdict.flat("descriptors", descriptors, static_cast<double>(late.descriptors[i]), descriptors + 8);
    const auto threads = static_cast<double>(early.threads[i]);
    verdict.flat("threads", threads, static_cast<double>(late.threads[i]), threads);
  }
  const auto database = static_cast<double>(early.database) / mib;
  verdict.flat("database, MiB", database, static_cast<double>(late.database) / mib, database * 1.5 + 1);
  verdict.flat("log, MiB", static_cast<double>(early.log) / mib, static_cast<double>(late.log) / mib,
               8 * log_limit / mib);
  verdict.flat("change, median us", early.change.median_us(), late.change.median_us(), early.change.median_us() * 4);
  verdict.flat("poll, median us", early.poll.median_us(), late.poll.median_us(), early.poll.median_us() * 4);
  std::cout << "campaign: soak: " << board->operations << " operations, " << verdict.violations() + board->failures
            << " violations, seed " << seed << '\n';
  return verdict.violations() == 0 && board->failures == 0 ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}

// The status answer while another process commits changes to the tasks that are asked for.
//   build/release/tests/bench_beside
// TSE_BENCH_SECONDS for each side (3), TSE_BENCH_ROUNDS (5); the sides take turns.
//
// The other process is an engine with relaxed durability, which changes one task after the other at a given pace, every
// second one a hot one; each change is one commit, and the wire shows it. Side "writer" is the pace that it reached.
// The polls are timed in bulk. How long single ones take, and whether one tells less than what had been acknowledged
// before it began, is looked at in a pass of its own. Such stale answers are the failures.
#include "bench/support/load.hpp"
#include "bench/support/polls.hpp"

#include <sys/prctl.h>

#include <array>
#include <new>
#include <random>
#include <string>
#include <thread>

namespace {

using bench::Clock;

constexpr std::int64_t most_keys = 20'000;

// In memory that both processes map.
struct Shared {
  std::atomic<bool> ready{false}, stop{false};
  std::atomic<std::uint64_t> commits{0}, failures{0};
  std::array<std::atomic<std::int64_t>, most_keys> acknowledged{};  // revisions
};

// The file holds as many tasks again as are hot.
void write(Shared& shared, const std::string& path, std::int64_t hot, double pace) {
  ::prctl(PR_SET_TIMERSLACK, 1);
  taskstate::Engine engine(path, {.durability = taskstate::Durability::relaxed});
  std::minstd_rand random(1);
  shared.ready = true;
  const auto begin = Clock::now();
  for (std::int64_t i = 1; !shared.stop; ++i) {
    const std::int64_t key = (i % 2 == 0 ? 0 : hot) + static_cast<std::int64_t>(random()) % hot;
    try {
      const auto task = engine.annotate(bench::zone, bench::id_of(key + 1), {.package_version = i});
      shared.acknowledged.at(static_cast<std::size_t>(key)) = task.revision;
      ++shared.commits;
    } catch (const taskstate::Error&) {
      ++shared.failures;
    }
    std::this_thread::sleep_until(begin + std::chrono::duration_cast<Clock::duration>(
                                              std::chrono::duration<double>(static_cast<double>(i) / pace)));
  }
}

/// The other process, for as long as this lives.
class Writer {
 public:
  Writer(const std::string& path, std::int64_t hot, double pace) : shared_(map()) {
    child_ = ::fork();
    if (child_ == 0) {
      write(*shared_, path, hot, pace);
      ::_exit(0);
    }
    while (!shared_->ready) {
      if (::waitpid(child_, nullptr, WNOHANG) != 0) bench::give_up("the writing process failed");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    begin_ = Clock::now();
    before_ = shared_->commits;
  }
  ~Writer() {
    shared_->stop = true;
    ::waitpid(child_, nullptr, 0);
    ::munmap(shared_, sizeof(Shared));
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  [[nodiscard]] std::int64_t acknowledged(std::size_t key) const { return shared_->acknowledged.at(key); }
  [[nodiscard]] double rate() const {
    return static_cast<double>(shared_->commits - before_) /
           std::chrono::duration<double>(Clock::now() - begin_).count();
  }
  [[nodiscard]] std::size_t failures() const { return shared_->failures; }

 private:
  static Shared* map() {
    void* const memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) bench::give_up("no memory to share");
    return new (memory) Shared;
  }
  Shared* shared_;
  pid_t child_ = 0;
  Clock::time_point begin_;
  std::uint64_t before_ = 0;
};

template <typename Side>
void measure(const std::string& what, const char* name, Side& side, const Writer& writer, bench::Keys& keys) {
  for (std::size_t i = 0; i < keys.size(); ++i) side.ask(keys.take());
  const auto length = std::chrono::duration<double>(bench::seconds_each() / 2);

  constexpr std::size_t bulk = 500;
  std::size_t polls = 0;
  const auto begin = Clock::now();
  Clock::duration passed{};
  do {
    for (std::size_t i = 0; i < bulk; ++i) side.ask(keys.take());
    polls += bulk;
    passed = Clock::now() - begin;
  } while (passed < length);
  const double each = std::chrono::duration<double, std::nano>(passed).count() / static_cast<double>(polls);

  bench::Samples samples(16'000'000);
  const auto until = Clock::now() + length;
  for (std::size_t key = 0;; key = (key + 1) % keys.size()) {
    const std::int64_t known = writer.acknowledged(key);
    const auto before = Clock::now();
    side.ask(keys[key]);
    const auto after = Clock::now();
    samples.add(after - before);
    if (side.revision() < known) samples.fail();
    if (after >= until) break;
  }
  bench::print(what, name, each, "ns", samples);
}

// The writer is given to each side anew, so that each has a process, a file and a log of the same age.
void run(const std::string& what, std::int64_t hot, double pace) {
  const auto beside_writer = [&](const char* name, const auto& make) {
    const bench::Directory directory;
    const std::string path = directory.file("tasks.db");
    {
      taskstate::Engine engine(path, {.durability = taskstate::Durability::relaxed});
      for (std::int64_t i = 1; i <= 2 * hot; ++i) bench::make_pending(engine, i);
    }
    const Writer writer(path, hot, pace);
    bench::Keys keys(hot);
    make(path, [&](auto& side) { measure(what, name, side, writer, keys); });
    bench::print(what + ", " + name, "writer", writer.rate(), "1/s", writer.failures());
  };
  beside_writer("taskstate", [](const std::string& path, const auto& measure_side) {
    const bench::Engine engine(path);
    bench::Asker asker(engine);
    measure_side(asker);
  });
  beside_writer("raw", [](const std::string& path, const auto& measure_side) {
    bench::Selector selector(path);
    measure_side(selector);
  });
}

}  // namespace

int main() {
  for (std::int64_t round = 0; round < bench::setting("TSE_BENCH_ROUNDS", 5); ++round) {
    run("1000 hot, 1000 commits/s", 1'000, 1'000);
    run("10000 hot, 5000 commits/s", 10'000, 5'000);
  }
  return 0;
}

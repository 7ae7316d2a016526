// The status answer against a prepared SELECT of the rendered body from the same file, in one process.
//   build/release/tests/bench_reads [--benchmark_filter=...]
// TSE_BENCH_HOT hot tasks (1000) in a file of TSE_BENCH_TASKS (10000). Both sides copy the body out; the SELECT's side
// makes no headers.
#include "bench/support/polls.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace {

class File {
 public:
  static File& get() {
    static File file;
    return file;
  }
  std::int64_t hot = bench::setting("TSE_BENCH_HOT", 1000);
  std::string path;

 private:
  File() {
    const char* const given = std::getenv("TSE_BENCH_FILE");
    path = given != nullptr ? given : directory_.file("tasks.db");
    if (given != nullptr) return;
    bench::fill(path, hot + 1, bench::setting("TSE_BENCH_TASKS", 10000));
    taskstate::Engine engine(path, {.durability = taskstate::Durability::relaxed});
    bench::make(engine, 1, hot);
  }
  bench::Directory directory_;
};

template <typename Side>
void ask(benchmark::State& state, Side& side) {
  bench::Keys keys(File::get().hot);
  keys.skip(static_cast<std::size_t>(state.thread_index()) * keys.size() / 7);
  for (std::size_t i = 0; i < keys.size(); ++i) side.ask(keys.take());
  for (auto _ : state) benchmark::DoNotOptimize(side.ask(keys.take()));
}

// One engine for all threads.
void hit(benchmark::State& state) {
  static const bench::Engine engine(File::get().path);
  bench::Asker asker(engine);
  ask(state, asker);
}
BENCHMARK(hit)->Name("hit/taskstate")->Threads(1)->Threads(2)->UseRealTime();

// A connection for each thread.
void raw(benchmark::State& state) {
  bench::Selector selector(File::get().path);
  ask(state, selector);
}
BENCHMARK(raw)->Name("hit/raw")->Threads(1)->Threads(2)->UseRealTime();

// Each pass asks for all tasks once, in a cache too small to keep any until the next pass.
void miss(benchmark::State& state) {
  const bench::Engine engine(File::get().path, 64 * 1024);
  bench::Asker asker(engine);
  ask(state, asker);
  tse_stats* stats = nullptr;
  if (tse_stats_read(engine.handle(), nullptr, 0, nullptr, &stats, nullptr) != TSE_OK) bench::give_up("no figures");
  tse_stats_view view = TSE_STATS_VIEW_INIT;
  tse_stats_get(stats, &view);
  if (view.cache_hits > view.cache_misses / 100) state.SkipWithError("these were no misses");
  tse_stats_free(stats);
}
BENCHMARK(miss)->Name("miss/taskstate")->UseRealTime();

// Without any cache every poll reads: what a miss costs, apart from keeping it.
void uncached(benchmark::State& state) {
  const bench::Engine engine(File::get().path, 0);
  bench::Asker asker(engine);
  ask(state, asker);
}
BENCHMARK(uncached)->Name("uncached/taskstate")->UseRealTime();

}  // namespace

BENCHMARK_MAIN();

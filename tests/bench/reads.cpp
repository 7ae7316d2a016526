// The status answer against a prepared SELECT of the rendered body from the same file, in one process.
//   build/release/tests/bench_reads [--benchmark_filter=...]
// TSE_BENCH_HOT hot tasks (1000) in a file of TSE_BENCH_TASKS (10000). Both sides copy the body out; the SELECT's side
// makes no headers.
#include "bench/support/files.hpp"

#include <taskstate.h>

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace {

struct Keys {
  std::vector<std::string> ids;
  std::size_t next = 0;
  explicit Keys(std::int64_t count, std::int64_t first = 1) {
    for (std::int64_t i = 0; i < count; ++i) ids.push_back(bench::id_of(first + i));
  }
  const std::string& take() {
    if (next == ids.size()) next = 0;
    return ids[next++];
  }
};

class File {
 public:
  static File& get() {
    static File file;
    return file;
  }
  std::int64_t hot = bench::setting("TSE_BENCH_HOT", 1000);
  std::int64_t tasks = bench::setting("TSE_BENCH_TASKS", 10000);
  std::string path;

 private:
  File() {
    const char* const given = std::getenv("TSE_BENCH_FILE");
    path = given != nullptr ? given : directory_.file("tasks.db");
    if (given != nullptr) return;
    bench::fill(path, hot + 1, tasks);
    taskstate::Engine engine(path, {.durability = taskstate::Durability::relaxed});
    bench::make(engine, 1, hot);
  }
  bench::Directory directory_;
};

tse_engine* open(const std::string& path) {
  tse_engine* engine = nullptr;
  if (tse_open(path.c_str(), TSE_NTS, nullptr, &engine, nullptr) != TSE_OK) bench::give_up("cannot open " + path);
  return engine;
}

struct Asker {
  explicit Asker(tse_engine* from) : engine(from) { tse_answer_new(&answer, nullptr); }
  ~Asker() { tse_answer_free(answer); }
  std::size_t ask(const std::string& id) {
    tse_decide(engine, bench::zone, 6, id.data(), id.size(), nullptr, nullptr, answer, nullptr);
    tse_answer_view view = TSE_ANSWER_VIEW_INIT;
    tse_answer_get(answer, &view);
    if (view.status != 200 && view.status != 303) bench::give_up("no such task: " + id);
    return view.body.size;
  }
  tse_engine* engine;
  tse_answer* answer = nullptr;
};

void decide_hit(benchmark::State& state) {
  static tse_engine* const engine = open(File::get().path);
  Keys keys(File::get().hot);
  keys.next = static_cast<std::size_t>(state.thread_index()) * keys.ids.size() / 7;
  Asker asker(engine);
  for (std::size_t i = 0; i < keys.ids.size(); ++i) asker.ask(keys.take());
  for (auto _ : state) benchmark::DoNotOptimize(asker.ask(keys.take()));
}
BENCHMARK(decide_hit)->Threads(1)->Threads(2)->UseRealTime();

void raw_select(benchmark::State& state) {
  bench::Sqlite sqlite(File::get().path);
  const auto statement =
      sqlite.prepare("SELECT status, revision, body FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2");
  Keys keys(File::get().hot);
  std::string body;
  for (auto _ : state) {
    const std::string& id = keys.take();
    sqlite3_bind_text(statement.get(), 1, bench::zone, 6, SQLITE_STATIC);
    sqlite3_bind_text(statement.get(), 2, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
    if (sqlite3_step(statement.get()) != SQLITE_ROW) bench::give_up("no such task: " + id);
    benchmark::DoNotOptimize(sqlite3_column_int64(statement.get(), 1));
    const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(statement.get(), 2));
    body.assign(text == nullptr ? "" : text, static_cast<std::size_t>(sqlite3_column_bytes(statement.get(), 2)));
    benchmark::DoNotOptimize(body.data());
    sqlite3_reset(statement.get());
  }
}
BENCHMARK(raw_select)->UseRealTime();

// Without any cache every poll reads: what a miss costs, apart from keeping it.
void decide_uncached(benchmark::State& state) {
  tse_options* options = nullptr;
  tse_options_new(&options, nullptr);
  tse_options_set_answer_cache_bytes(options, 0, nullptr);
  tse_engine* engine = nullptr;
  if (tse_open(File::get().path.c_str(), TSE_NTS, options, &engine, nullptr) != TSE_OK) bench::give_up("cannot open");
  tse_options_free(options);
  Keys keys(File::get().hot);
  Asker asker(engine);
  for (auto _ : state) benchmark::DoNotOptimize(asker.ask(keys.take()));
  tse_engine_free(engine);
}
BENCHMARK(decide_uncached)->UseRealTime();

// Each pass asks for all tasks once, in a cache too small to keep them until the next pass.
void decide_miss(benchmark::State& state) {
  tse_options* options = nullptr;
  tse_options_new(&options, nullptr);
  tse_options_set_answer_cache_bytes(options, 64 * 1024, nullptr);
  tse_engine* engine = nullptr;
  if (tse_open(File::get().path.c_str(), TSE_NTS, options, &engine, nullptr) != TSE_OK) bench::give_up("cannot open");
  tse_options_free(options);
  Keys keys(File::get().hot);
  Asker asker(engine);
  for (auto _ : state) benchmark::DoNotOptimize(asker.ask(keys.take()));
  tse_engine_free(engine);
}
BENCHMARK(decide_miss)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();

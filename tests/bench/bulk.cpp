// Batches against the same statements by hand on the same schema, in transactions of the same size.
//   build/release/tests/bench_bulk [round count]
// TSE_BENCH_TASKS tasks (20000) over 1 and 100 zones, in batches of 1,000; the sides take turns, or one of them alone
// (TSE_BENCH_SIDE). Durable: with a fsync for each transaction, on both sides.
#include "bench/support/files.hpp"

#include "bench/support/load.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace {

constexpr std::int64_t batch_size = 1000;
constexpr std::int64_t transaction_size = 200;  // about what the library puts into one

struct Figures {
  double create = 0, start = 0, complete = 0;  // per second
};

std::string zone_of(std::int64_t number, std::int64_t zones) { return "zone-" + std::to_string(number % zones); }

/// Calls `act` with each range of `size` numbers, and tells how many numbers that were per second.
template <class Act>
double rate(std::int64_t tasks, std::int64_t size, Act act) {
  const auto begin = bench::Clock::now();
  for (std::int64_t from = 0; from < tasks; from += size) act(from, std::min(from + size, tasks));
  return static_cast<double>(tasks) / std::chrono::duration<double>(bench::Clock::now() - begin).count();
}

Figures by_library(const std::string& path, std::int64_t tasks, std::int64_t zones) {
  taskstate::Engine engine(path);
  // Through C, so that what is measured is not the making of C++ values.
  tse_engine* c_engine = nullptr;
  if (tse_open(path.c_str(), TSE_NTS, nullptr, &c_engine, nullptr) != TSE_OK) bench::give_up("cannot open " + path);
  engine.close();
  tse_batch* batch = nullptr;
  tse_batch_new(&batch, nullptr);
  const auto run = [&] {
    tse_results* results = nullptr;
    if (tse_batch_run(c_engine, batch, nullptr, &results, nullptr) != TSE_OK) bench::give_up("a batch failed");
    for (std::size_t i = 0; i < tse_results_count(results); ++i)
      if (tse_results_get(results, i, nullptr, nullptr) != TSE_OK) bench::give_up("an item failed");
    tse_results_free(results);
    tse_batch_clear(batch, nullptr);
  };
  const auto each = [&](std::int64_t from, std::int64_t until, const auto& add) {
    for (std::int64_t i = from; i < until; ++i) add(zone_of(i, zones), bench::id_of(i));
    run();
  };
  Figures figures;
  figures.create = rate(tasks, batch_size, [&](std::int64_t from, std::int64_t until) {
    each(from, until, [&](const std::string& zone, const std::string& id) {
      tse_new_task spec = TSE_NEW_TASK_INIT;
      spec.zone_id = {zone.data(), zone.size()};
      spec.id = {id.data(), id.size()};
      spec.operation = {"create", 6};
      spec.package_id = {"pkg_1", 5};
      tse_batch_create(batch, &spec, nullptr);
    });
  });
  figures.start = rate(tasks, batch_size, [&](std::int64_t from, std::int64_t until) {
    each(from, until, [&](const std::string& zone, const std::string& id) {
      tse_batch_start(batch, zone.data(), zone.size(), id.data(), id.size(), nullptr);
    });
  });
  figures.complete = rate(tasks, batch_size, [&](std::int64_t from, std::int64_t until) {
    each(from, until, [&](const std::string& zone, const std::string& id) {
      tse_update update = TSE_UPDATE_INIT;
      update.install_id = {"ins_1", 5};
      tse_batch_complete(batch, zone.data(), zone.size(), id.data(), id.size(), &update, nullptr);
    });
  });
  tse_batch_free(batch);
  tse_engine_free(c_engine);
  return figures;
}

// What the library runs, with the columns that it names.
Figures by_hand(const std::string& path, std::int64_t tasks, std::int64_t zones) {
  { const taskstate::Engine make(path); }
  bench::Sqlite sqlite(path);
  sqlite.run("PRAGMA synchronous = FULL; PRAGMA cache_size = -16384");
  bench::use_no_rules(sqlite);
  const auto savepoint = sqlite.prepare("SAVEPOINT change");
  const auto release = sqlite.prepare("RELEASE change");
  const auto step = [](const bench::Sqlite::Statement& statement) {
    int code = sqlite3_step(statement.get());
    while (code == SQLITE_ROW) code = sqlite3_step(statement.get());
    if (code != SQLITE_DONE) bench::give_up("a statement failed");
    sqlite3_reset(statement.get());
  };
  const auto run = [&](const std::vector<std::string>& sql) {
    std::vector<bench::Sqlite::Statement> statements;
    statements.push_back(sqlite.prepare("SELECT * FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2"));
    for (const std::string& each : sql) statements.push_back(sqlite.prepare(each));
    return rate(tasks, transaction_size, [&](std::int64_t from, std::int64_t until) {
      sqlite.run("BEGIN IMMEDIATE");
      for (std::int64_t i = from; i < until; ++i) {
        const std::string zone = zone_of(i, zones);
        const std::string id = bench::id_of(i);
        step(savepoint);
        for (const auto& each : statements) {
          sqlite3_bind_text(each.get(), 1, zone.data(), static_cast<int>(zone.size()), SQLITE_STATIC);
          sqlite3_bind_text(each.get(), 2, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
          step(each);
        }
        step(release);
      }
      sqlite.run("COMMIT");
    });
  };
  const auto changes = bench::same_changes();
  Figures figures;
  figures.create = run(changes[0]);
  figures.start = run(changes[1]);
  figures.complete = run(changes[2]);
  return figures;
}

void print(const char* what, std::int64_t zones, const char* side, double value) {
  std::printf("{\"case\": \"%s %lld zone%s\", \"side\": \"%s\", \"value\": %.1f, \"unit\": \"1/s\"}\n", what,
              static_cast<long long>(zones), zones == 1 ? "" : "s", side, value);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : static_cast<int>(bench::setting("TSE_BENCH_ROUNDS", 5));
  const std::int64_t tasks = bench::setting("TSE_BENCH_TASKS", 20000);
  for (const std::int64_t zones : {1, 100})
    for (int round = 0; round < rounds; ++round)
      for (const auto& [side, measure] : {std::pair("taskstate", &by_library), std::pair("same", &by_hand)}) {
        if (const char* const only = std::getenv("TSE_BENCH_SIDE"); only != nullptr && only != std::string(side))
          continue;
        const bench::Directory directory;
        const Figures figures = measure(directory.file("tasks.db"), tasks, zones);
        print("create_many", zones, side, figures.create);
        print("start_many", zones, side, figures.start);
        print("complete_many", zones, side, figures.complete);
      }
  return 0;
}

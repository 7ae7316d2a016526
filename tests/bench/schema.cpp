// What each index, trigger and rule of the schema costs: batches of changes with all of them, and without each in turn.
//   build/release/tests/bench_schema [rounds]      (3)
// TSE_BENCH_TASKS tasks (50000) over TSE_BENCH_ZONES zones (100), in transactions of 256, without fsync: what is
// counted is processor time and pages. "saved" is how much faster it is without, by the medians; the last column is
// the size of what was written to the log.
#include "bench/support/files.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Variant {
  std::string name;
  std::string without;  // SQL
};

struct Figures {
  double create = 0, start = 0, complete = 0;  // us each
  double log_bytes = 0;                        // of all three, for a task
};

const std::int64_t tasks = bench::setting("TSE_BENCH_TASKS", 50000);
const std::int64_t zones = bench::setting("TSE_BENCH_ZONES", 100);

std::vector<Variant> variants_of(const std::string& path) {
  std::vector<Variant> all{{"everything", ""}};
  bench::Sqlite sqlite(path);
  const auto each = sqlite.prepare(
      "SELECT type, name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'taskstate_%' AND "
      "(tbl_name IN ('taskstate_tasks', 'taskstate_events')) AND sql IS NOT NULL ORDER BY type, name");
  while (sqlite3_step(each.get()) == SQLITE_ROW) {
    const std::string type = reinterpret_cast<const char*>(sqlite3_column_text(each.get(), 0));
    const std::string name = reinterpret_cast<const char*>(sqlite3_column_text(each.get(), 1));
    all.push_back({type + " " + name, "DROP " + type + " " + name});
  }
  return all;
}

double run(bench::Sqlite& sqlite, const std::vector<std::string>& sql) {
  constexpr std::int64_t batch = 256;
  std::vector<bench::Sqlite::Statement> statements;
  for (const std::string& each : sql) statements.push_back(sqlite.prepare(each));
  const auto begin = Clock::now();
  for (std::int64_t i = 0; i < tasks;) {
    sqlite.run("BEGIN IMMEDIATE");
    for (std::int64_t end = std::min(i + batch, tasks); i < end; ++i) {
      const std::string zone = "zone-" + std::to_string(i % zones);
      const std::string id = bench::id_of(i * 7919 % tasks);
      for (const auto& statement : statements) {
        sqlite3_bind_text(statement.get(), 1, zone.data(), static_cast<int>(zone.size()), SQLITE_STATIC);
        sqlite3_bind_text(statement.get(), 2, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
        if (sqlite3_step(statement.get()) != SQLITE_DONE) bench::give_up(sqlite3_errmsg(sqlite.handle()));
        sqlite3_reset(statement.get());
      }
    }
    sqlite.run("COMMIT");
  }
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count() / static_cast<double>(tasks);
}

Figures measure(const Variant& variant) {
  const bench::Directory directory;
  const std::string path = directory.file("tasks.db");
  { const taskstate::Engine engine(path); }
  bench::Sqlite sqlite(path);
  sqlite.run("PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -100000");
  bench::use_no_rules(sqlite);
  if (!variant.without.empty()) sqlite.run(variant.without);
  const auto changes = bench::same_changes();
  Figures figures;
  figures.create = run(sqlite, changes[0]);
  figures.start = run(sqlite, changes[1]);
  figures.complete = run(sqlite, changes[2]);
  figures.log_bytes = static_cast<double>(std::filesystem::file_size(path + "-wal")) / static_cast<double>(tasks);
  return figures;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : 3;
  std::vector<Variant> variants;
  {
    const bench::Directory directory;
    const std::string path = directory.file("tasks.db");
    { const taskstate::Engine engine(path); }
    variants = variants_of(path);
  }
  std::vector<std::vector<Figures>> all(variants.size());
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < variants.size(); ++i) all[i].push_back(measure(variants[i]));
  const auto of = [&](std::size_t i, double Figures::*figure) {
    std::vector<double> values;
    for (const Figures& each : all[i]) values.push_back(each.*figure);
    return median(values);
  };
  std::printf("%-38s %8s %8s %8s %7s %10s\n", "without", "create", "start", "complete", "saved", "log bytes");
  const auto sum = [&](std::size_t i) {
    return of(i, &Figures::create) + of(i, &Figures::start) + of(i, &Figures::complete);
  };
  for (std::size_t i = 0; i < variants.size(); ++i)
    std::printf("%-38s %6.1fus %6.1fus %6.1fus %6.1f%% %10.0f\n", i == 0 ? "(nothing)" : variants[i].name.c_str(),
                of(i, &Figures::create), of(i, &Figures::start), of(i, &Figures::complete), 100 * (1 - sum(i) / sum(0)),
                of(i, &Figures::log_bytes));
  return 0;
}

// Durable changes a second, and how long each takes, against what teams write by hand.
//   build/release/tests/bench_writes [case[/side]...]      cases: alone, 8, 32, 2x8
// TSE_BENCH_SECONDS for each side (3), TSE_BENCH_ROUNDS (5); the sides take turns. TSE_BENCH_DIRECTORY: on which disk.
// TSE_BENCH_CHECKPOINT_BYTES: the library's checkpoint_bytes, other than usual.
//
// A change is create, start or complete of a task, in turn, each durable (fdatasync) when its call returns.
//   taskstate  the library, one engine for each process
//   same       the statements that the library runs, on its own schema, by one connection
//   naive      a table and a history by hand: a connection for each thread, busy_timeout of 5 s, BEGIN IMMEDIATE, a
//              guarded statement, a line of history, COMMIT; synchronous=FULL; fewer columns, rules, indexes
//   fdatasync  a 4 KiB write at a file's end and fdatasync, nothing else
#include "bench/support/files.hpp"
#include "bench/support/load.hpp"

#include <fcntl.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace {

using bench::MakeAct;

std::atomic<std::uint64_t> last_name{0};
std::string new_id() { return std::to_string(::getpid()) + "-" + std::to_string(++last_name); }

MakeAct taskstate_acts(const std::string& path) {
  taskstate::Options options{.timeout = std::chrono::minutes(1)};
  if (const auto bytes = bench::setting("TSE_BENCH_CHECKPOINT_BYTES", 0); bytes > 0) options.checkpoint_bytes = bytes;
  auto engine = std::make_shared<taskstate::Engine>(path, options);
  return [engine](std::size_t caller) {
    return [engine, zone = "zone-" + std::to_string(caller % 10), id = std::string(), step = 0]() mutable {
      try {
        switch (step % 3) {
          case 0: id = engine->create({.zone_id = zone, .operation = "create", .package_id = "pkg_1"}).id; break;
          case 1: (void)engine->start(zone, id); break;
          default: (void)engine->complete(zone, id, {.install_id = "ins_1"}); break;
        }
      } catch (const taskstate::Error&) {
        return false;
      }
      ++step;
      return true;
    };
  };
}

constexpr const char* usual = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL";
constexpr const char* without_rules = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ";

struct Steps {
  bench::Sqlite::Statement begin, commit, rollback;
  std::array<std::vector<bench::Sqlite::Statement>, 3> acts;
};

MakeAct by_hand(const std::string& path, const std::array<std::vector<std::string>, 3>& sql, const char* before) {
  return [=](std::size_t caller) {
    auto sqlite = std::make_shared<bench::Sqlite>(path);
    sqlite->run(before);
    if (before == without_rules) bench::use_no_rules(*sqlite);
    auto steps = std::make_shared<Steps>();
    steps->begin = sqlite->prepare("BEGIN IMMEDIATE");
    steps->commit = sqlite->prepare("COMMIT");
    steps->rollback = sqlite->prepare("ROLLBACK");
    for (std::size_t i = 0; i < sql.size(); ++i)
      for (const std::string& each : sql[i]) steps->acts[i].push_back(sqlite->prepare(each));
    const auto run = [](const bench::Sqlite::Statement& statement) {
      int code = sqlite3_step(statement.get());
      while (code == SQLITE_ROW) code = sqlite3_step(statement.get());
      sqlite3_reset(statement.get());
      return code == SQLITE_DONE;
    };
    return [=, zone = "zone-" + std::to_string(caller % 10), id = std::string(), step = std::size_t{0}]() mutable {
      if (step % 3 == 0) id = new_id();
      if (!run(steps->begin)) return false;
      for (const auto& statement : steps->acts[step % 3]) {
        sqlite3_bind_text(statement.get(), 1, zone.data(), static_cast<int>(zone.size()), SQLITE_TRANSIENT);
        sqlite3_bind_text(statement.get(), 2, id.data(), static_cast<int>(id.size()), SQLITE_TRANSIENT);
        const bool writes = sqlite3_stmt_readonly(statement.get()) == 0;
        if (!run(statement) || (writes && sqlite3_changes(sqlite->handle()) != 1)) {
          run(steps->rollback);
          return false;
        }
      }
      if (!run(steps->commit)) {
        run(steps->rollback);
        return false;
      }
      ++step;
      return true;
    };
  };
}

// What the engine runs, with its columns.
MakeAct same_acts(const std::string& path) {
  auto changes = bench::same_changes();
  for (std::vector<std::string>& change : changes)
    change.insert(change.begin(), {"SELECT min_reader, min_writer FROM taskstate_meta WHERE one = 1",
                                   "SELECT * FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2"});
  return by_hand(path, changes, without_rules);
}

MakeAct naive_acts(const std::string& path) {
  const auto history = [](const char* status) {
    return std::string("INSERT INTO history (zone_id, id, status, at) VALUES (?1, ?2, '") + status + "', 1)";
  };
  return by_hand(
      path,
      {{{"INSERT INTO tasks (zone_id, id, status, revision, package_id, at) VALUES (?1, ?2, 'pending', 1, 'pkg_1', 1)",
         history("pending")},
        {"UPDATE tasks SET status = 'running', revision = revision + 1 WHERE zone_id = ?1 AND id = ?2 AND status = "
         "'pending'",
         history("running")},
        {"UPDATE tasks SET status = 'completed', install_id = 'ins_1', revision = revision + 1 WHERE zone_id = ?1 AND "
         "id "
         "= ?2 AND status = 'running'",
         history("completed")}}},
      usual);
}

void make_naive(const std::string& path) {
  bench::Sqlite sqlite(path);
  sqlite.run(usual);
  sqlite.run(
      "CREATE TABLE tasks (zone_id TEXT, id TEXT, status TEXT NOT NULL, revision INTEGER NOT NULL, package_id TEXT, "
      "install_id TEXT, at INTEGER, PRIMARY KEY (zone_id, id));"
      "CREATE INDEX pending ON tasks (status) WHERE status = 'pending';"
      "CREATE TABLE history (seq INTEGER PRIMARY KEY, zone_id TEXT, id TEXT, status TEXT, at INTEGER)");
}

MakeAct sync_acts(const std::string& path) {
  return [path](std::size_t caller) {
    const int file = ::open((path + std::to_string(caller)).c_str(), O_RDWR | O_CREAT | O_APPEND, 0600);
    return [file, page = std::string(4096, 'x')] {
      return ::write(file, page.data(), page.size()) == static_cast<ssize_t>(page.size()) && ::fdatasync(file) == 0;
    };
  };
}

struct Side {
  const char* name;
  std::function<void(const std::string&)> prepare;
  std::function<MakeAct(const std::string&)> acts;
};

using Wanted = std::vector<std::string>;

bool is_wanted(const Wanted& wanted, const std::string& name, const std::string& side) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end() ||
         std::find(wanted.begin(), wanted.end(), name + "/" + side) != wanted.end();
}

void measure(const Wanted& wanted, const char* name, std::size_t processes, std::size_t threads,
             const std::vector<Side>& sides) {
  const double seconds = bench::seconds_each();
  for (std::int64_t round = 0; round < bench::setting("TSE_BENCH_ROUNDS", 5); ++round)
    for (const Side& side : sides) {
      if (!is_wanted(wanted, name, side.name)) continue;
      const bench::Directory directory;
      const std::string path = directory.file("tasks.db");
      side.prepare(path);
      bench::Samples samples(4'000'000);
      bench::run_callers(samples, processes, threads, seconds, [&] { return side.acts(path); });
      bench::print(name, side.name, samples, seconds);
    }
}

}  // namespace

int main(int count, char** arguments) {
  const auto open_once = [](const std::string& path) { taskstate::Engine engine(path); };
  const Side ours{"taskstate", open_once, taskstate_acts};
  const Side same{"same", open_once, same_acts};
  const Side naive{"naive", make_naive, naive_acts};
  const Side sync{"fdatasync", [](const std::string&) {}, sync_acts};
  const Wanted wanted(arguments + 1, arguments + count);
  measure(wanted, "alone", 1, 1, {ours, same, naive, sync});
  measure(wanted, "8", 1, 8, {ours, naive});
  measure(wanted, "32", 1, 32, {ours, naive});
  measure(wanted, "2x8", 2, 8, {ours, naive});
  return 0;
}

// Files to measure on: tasks in bulk, and the same file through plain SQLite.
#pragma once

#include "bench/support/basics.hpp"

#include "taskstate/taskstate.hpp"

#include <sqlite3.h>
#include <array>
#include <vector>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace bench {

/// A connection of plain SQLite, as somebody sets it up who knows SQLite.
class Sqlite {
 public:
  explicit Sqlite(const std::string& path) {
    if (sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        nullptr) != SQLITE_OK)
      give_up(sqlite3_errmsg(handle_));
    sqlite3_busy_timeout(handle_, 5000);
  }
  ~Sqlite() { sqlite3_close_v2(handle_); }
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  void run(const std::string& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) give_up(sqlite3_errmsg(handle_));
  }
  [[nodiscard]] sqlite3* handle() const noexcept { return handle_; }

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
  [[nodiscard]] Statement prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                           nullptr) != SQLITE_OK)
      give_up(sqlite3_errmsg(handle_));
    return Statement(statement);
  }

 private:
  sqlite3* handle_ = nullptr;
};

/// What the engine runs to create, start and complete a task, by hand: each statement writes one row, of zone ?1 and id
/// ?2; the body stands for the rendered one. On a connection without triggers and CHECKs, as the engine's is.
inline std::array<std::vector<std::string>, 3> same_changes() {
  const std::string body(300, 'b'), where = " WHERE zone_id = ?1 AND id = ?2";
  const std::string newest = "(SELECT max(seq) FROM taskstate_events)";
  const auto count = [](const std::string& set) {
    return "UPDATE taskstate_counters SET through = through + 1, " + set +
           " WHERE zone_id = ?1 AND operation = 'create'";
  };
  const auto change = [&](const std::string& kind, const std::string& from, const std::string& to,
                          const std::string& set) {
    return std::vector<std::string>{
        "INSERT INTO taskstate_events (seq, task_seq, prev, zone_id, id, operation, kind, from_status, to_status, at, "
        "revision, attempt, took) SELECT " +
            newest + " + 1, seq, last_event, zone_id, id, operation, '" + kind + "', status, '" + to +
            "', updated_at + 1, revision + 1, 1, 1 FROM taskstate_tasks" + where,
        "UPDATE taskstate_tasks SET last_event = " + newest +
            ", revision = revision + 1, version = version + 1, updated_at = updated_at + 1, body = '" + body +
            "', status = '" + to + "', " + set + where,
        count(from + " = " + from + " - 1, " + to + " = " + to + " + 1")};
  };
  return {{{"INSERT INTO taskstate_events (seq, task_seq, zone_id, id, operation, kind, to_status, at, revision) "
            "SELECT n, n, ?1, ?2, 'create', 'created', 'pending', 1, 1 "
            "FROM (SELECT coalesce(max(seq), 0) + 1 AS n FROM taskstate_events)",
            "INSERT INTO taskstate_tasks (seq, last_event, zone_id, id, operation, package_id, body) "
            "SELECT n, n, ?1, ?2, 'create', 'pkg_1', '" +
                body + "' FROM (SELECT max(seq) AS n FROM taskstate_events)",
            "INSERT INTO taskstate_counters (zone_id, operation, pending) VALUES (?1, 'create', 1) "
            "ON CONFLICT DO UPDATE SET pending = pending + 1"},
           change("started", "pending", "running", "attempt = 1, started_at = updated_at + 1"),
           change("completed", "running", "completed", "install_id = 'ins_1', outcome_digest = zeroblob(16)")}};
}

inline void use_no_rules(Sqlite& sqlite) {
  sqlite3_db_config(sqlite.handle(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite.run("PRAGMA ignore_check_constraints = ON");
}

inline std::string id_of(std::int64_t number) {
  char text[64];
  std::snprintf(text, sizeof text, "0192f0a1-7c3e-7000-8000-%012lld", static_cast<long long>(number));
  return text;
}

inline constexpr const char* zone = "zone-1";

/// Adds a task by an engine, with a rendered body of some 600 bytes.
inline void make_pending(taskstate::Engine& engine, std::int64_t number) {
  const std::string id = id_of(number);
  (void)engine.create({.zone_id = zone,
                       .id = id,
                       .operation = "create",
                       .package_id = "pkg_0192f0a1-7c3e-7000-8000-0192f0a17c3e",
                       .package_slug = "a-package-of-some-length",
                       .package_version = 42,
                       .links = {{.href = "https://example.com/docs/a-page-about-it", .rel = "help"},
                                 {.href = "/zones/zone-1/catalog_tasks/" + id + "/log", .rel = "log"}}});
}

/// Adds such tasks, a third of them pending, running and completed.
inline void make(taskstate::Engine& engine, std::int64_t from, std::int64_t until) {
  for (std::int64_t i = from; i <= until; ++i) {
    const std::string id = id_of(i);
    make_pending(engine, i);
    if (i % 3 > 0) (void)engine.start(zone, id);
    if (i % 3 > 1) (void)engine.complete(zone, id, {.install_id = "ins_" + id});
  }
}

/// Adds tasks with the numbers from..until, a third of them pending, running and completed, by SQL: fast, but their
/// bodies are not rendered.
inline void fill(const std::string& path, std::int64_t from, std::int64_t until) {
  taskstate::Engine make(path);
  Sqlite sqlite(path);
  sqlite.run("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA wal_autocheckpoint = 20000");
  constexpr std::int64_t step = 50000;
  for (std::int64_t first = from; first <= until; first += step) {
    const std::int64_t last = std::min(first + step - 1, until);
    const std::string range = std::to_string(first) + " AND " + std::to_string(last);
    sqlite.run("BEGIN; WITH RECURSIVE n(i) AS (SELECT " + std::to_string(first) +
               " UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(last) +
               ") INSERT INTO taskstate_tasks (seq, zone_id, id, operation, package_id, package_slug, package_version) "
               "SELECT i, 'zone-1', printf('0192f0a1-7c3e-7000-8000-%012d', i), 'create', 'pkg_0192f0a1', "
               "'a-package-of-some-length', 42 FROM n;"
               "UPDATE taskstate_tasks SET status = 'running' WHERE seq BETWEEN " +
               range +
               " AND seq % 3 > 0;"
               "UPDATE taskstate_tasks SET status = 'completed', install_id = 'ins_' || id WHERE seq BETWEEN " +
               range + " AND seq % 3 = 2; COMMIT");
  }
  sqlite.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace bench

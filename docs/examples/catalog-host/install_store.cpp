#include "install_store.hpp"

#include "values.hpp"

#include <algorithm>
#include <utility>

namespace catalog {
namespace {

// Checkpoints are the engine's: SQLite's own can lose commits before 3.51.3.
constexpr const char* schema = R"sql(
  PRAGMA wal_autocheckpoint = 0;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS installs (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    zone_id TEXT NOT NULL,
    id TEXT NOT NULL,
    package_id TEXT NOT NULL,
    package_slug TEXT NOT NULL,
    package_version INTEGER,
    inputs TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'deleting', 'failed', 'deleted')),
    status_before TEXT,  -- while it is being deleted: what it is again if that fails
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (zone_id, id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS installs_by_zone ON installs (zone_id, sequence);
)sql";

constexpr std::string_view zone_parameter = "?3";
constexpr std::string_view creation_failed =
    "UPDATE installs SET status = 'failed', updated_at = ?1 WHERE id = ?2 AND zone_id = ?3 AND status = 'pending'";
constexpr std::string_view deletion_failed =
    "UPDATE installs SET status = coalesce(status_before, 'active'), updated_at = ?1"
    " WHERE id = ?2 AND zone_id = ?3 AND status = 'deleting'";

bool deletes(const taskstate::Task& task) { return task.operation == "delete"; }

constexpr std::string_view columns =
    "SELECT sequence, zone_id, id, package_id, package_slug, package_version, inputs, status, created_at, updated_at"
    " FROM installs ";

Install read(const Statement& row) {
  return {.sequence = row.number(0),
          .id = row.text(2),
          .zone_id = row.text(1),
          .package_id = row.text(3),
          .package_slug = row.text(4),
          .package_version = row.null(5) ? std::nullopt : std::optional(row.number(5)),
          .inputs = row.text(6),
          .status = row.text(7),
          .created_at = row.text(8),
          .updated_at = row.text(9)};
}

std::vector<Install> read_all(Statement& rows) {
  std::vector<Install> installs;
  while (rows.step()) installs.push_back(read(rows));
  return installs;
}

std::string select(std::string_view rest) { return std::string(columns).append(rest); }

}  // namespace

taskstate::Statement insertion(const Install& install) {
  const std::string now = now_text();
  taskstate::Statement statement = taskstate::sql(
      "INSERT INTO installs (zone_id, id, package_id, package_slug, package_version, inputs, status, created_at,"
      " updated_at) VALUES (:taskstate_zone_id, ?, ?, ?, :version, ?, ?, ?, ?)",
      install.id, install.package_id, install.package_slug, install.inputs, install.status, now, now);
  auto& version = statement.named.emplace_back();  // NULL
  version.first = ":version";
  if (install.package_version) version.second = *install.package_version;
  return statement;
}

taskstate::Statement mark_deleting(std::string_view install_id) {
  return taskstate::sql(
      "UPDATE installs SET status_before = status, status = 'deleting', updated_at = ?"
      " WHERE zone_id = :taskstate_zone_id AND id = ?",
      now_text(), install_id);
}

taskstate::Statement completion(const taskstate::Task& task) {
  return taskstate::sql("UPDATE installs SET status = ?, updated_at = ? WHERE zone_id = :taskstate_zone_id AND id = ?",
                        deletes(task) ? "deleted" : "active", now_text(), task.install_id.value());
}

taskstate::Statement failure(const taskstate::Task& task) {
  std::string sql(deletes(task) ? deletion_failed : creation_failed);
  sql.replace(sql.find(zone_parameter), zone_parameter.size(), ":taskstate_zone_id");
  return taskstate::sql(std::move(sql), now_text(), task.install_id.value());
}

InstallStore::InstallStore(const std::string& path) : database_(path) { database_.execute(schema); }

void InstallStore::settle_failure(const taskstate::Task& task) {
  const std::lock_guard lock(mutex_);
  Statement(database_, deletes(task) ? deletion_failed : creation_failed)
      .bind(now_text())
      .bind(task.install_id.value())
      .bind(task.zone_id)
      .step();
}

std::optional<Install> InstallStore::find(std::string_view zone_id, std::string_view id) {
  const std::lock_guard lock(mutex_);
  Statement row(database_, select("WHERE zone_id = ? AND id = ?"));
  if (!row.bind(zone_id).bind(id).step()) return std::nullopt;
  return read(row);
}

InstallPage InstallStore::list(std::string_view zone_id, std::int64_t limit, std::optional<std::int64_t> after,
                               std::optional<std::int64_t> before) {
  const std::lock_guard lock(mutex_);
  Statement rows(database_, before ? select("WHERE zone_id = ? AND sequence > ? ORDER BY sequence LIMIT ?")
                                   : select("WHERE zone_id = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?"));
  // One more than asked for tells whether anything follows.
  rows.bind(zone_id).bind(before ? *before : after.value_or(INT64_MAX)).bind(limit + 1);
  InstallPage page{.items = read_all(rows)};
  const bool more = page.items.size() > static_cast<std::size_t>(limit);
  if (more) page.items.pop_back();
  page.older = before ? true : more;
  page.newer = before ? more : after.has_value();
  if (before) std::ranges::reverse(page.items);
  return page;
}

std::int64_t InstallStore::count(std::string_view zone_id) {
  const std::lock_guard lock(mutex_);
  Statement row(database_, "SELECT count(*) FROM installs WHERE zone_id = ?");
  row.bind(zone_id).step();
  return row.number(0);
}

std::vector<Install> InstallStore::unsettled() {
  const std::lock_guard lock(mutex_);
  Statement rows(database_, select("WHERE status IN ('pending', 'deleting') ORDER BY sequence"));
  return read_all(rows);
}

}  // namespace catalog

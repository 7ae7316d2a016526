#include "store/sqlite/stats.hpp"

#include "core/no_destructor.hpp"
#include "store/sqlite/due.hpp"
#include "store/sqlite/feed.hpp"
#include "store/sqlite/metrics.hpp"
#include "store/sqlite/pauses.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/row_io.hpp"
#include "store/sqlite/vfs.hpp"

namespace tse::store::sqlite {
namespace {

std::int64_t size_of(const std::string& path) {
  const auto file = look(path);
  return file ? file->st_size : 0;
}

void read_totals(Stats& stats, Connection& connection) {
  Query query(connection, "SELECT sum(pending), sum(running), sum(completed), sum(failed) FROM taskstate_counters");
  if (!query.step()) return;
  int column = 0;
  for (const core::Status status :
       {core::Status::pending, core::Status::running, core::Status::completed, core::Status::failed})
    stats.totals.at(static_cast<std::size_t>(status)) = query.integer(column++);
}

void read_counts(Stats& stats, Connection& connection, std::string_view zone_id) {
  static const core::NoDestructor<std::string> select(std::string("SELECT zone_id, operation, status, count FROM ") +
                                                      counts_table + " WHERE count > 0");
  static const core::NoDestructor<std::string> of_zone(*select + " AND zone_id = ?1");
  Query query(connection, zone_id.empty() ? *select : *of_zone);
  if (!zone_id.empty()) query.bind(1, zone_id);
  while (query.step())
    stats.counts.push_back({query.text(0), query.text(1), read_status(query.view(2)), query.integer(3)});
}

/// What stands before the colon in a lease clock's name.
std::string kind_of(const std::string& clock) { return clock.substr(0, clock.find(':')); }

}  // namespace

Stats read_stats(Connection& connection, Database& database, std::string_view zone_id) {
  Stats stats;
  read_totals(stats, connection);
  read_counts(stats, connection, zone_id);
  stats.pauses = find_pauses(connection);
  stats.metrics = read_metrics(connection);
  const std::int64_t page_size = connection.integer("PRAGMA page_size");
  stats.free_bytes = connection.integer("PRAGMA freelist_count") * page_size;
  stats.file_bytes =
      database.memory ? connection.integer("PRAGMA page_count") * page_size : size_of(database.paths.database);
  if (!database.memory) stats.wal_bytes = size_of(database.paths.wal);
  stats.last_sequence = find_latest_event(connection);
  const Incomparable incomparable = find_incomparable(connection, database.time);
  stats.clocks_incomparable = incomparable.clocks;
  stats.leases_incomparable = incomparable.leases;
  stats.expiry_paused = database.time.is_paused();
  stats.lease_clock = kind_of(database.time.lease_clock());
  stats.engine = sqlite3_libversion();
  stats.locks = database.memory ? "none" : vfs::locks() == vfs::Locks::ofd ? "ofd" : "posix";
  return stats;
}

}  // namespace tse::store::sqlite

#include "store/sqlite/retention.hpp"

#include "core/no_destructor.hpp"

namespace tse::store::sqlite {
namespace {

constexpr const char* has_no_live_key =
    " AND NOT EXISTS (SELECT 1 FROM taskstate_idempotency AS kept WHERE kept.zone_id = taskstate_tasks.zone_id "
    "AND kept.task_id = taskstate_tasks.id AND kept.expires_at > ?2)";
// The newest event stays in any case.
constexpr const char* is_told_no_longer =
    " WHERE task_seq IS NULL AND at <= ?1 AND seq < (SELECT max(seq) FROM taskstate_events)";
constexpr const char* has_ended = " AND status IN ('completed', 'failed') AND updated_at <= ?1";

std::size_t changed(Connection& connection) { return static_cast<std::size_t>(sqlite3_changes(connection.handle())); }

/// Runs a DELETE of tasks; the events "purged" that it leaves have this time.
std::size_t remove_at(Connection& connection, std::int64_t now, Query& deletion) {
  Query(connection, "UPDATE taskstate_meta SET purging_at = ?1").bind(1, now).run();
  deletion.run();
  const std::size_t removed = changed(connection);
  Query(connection, "UPDATE taskstate_meta SET purging_at = NULL").run();
  return removed;
}

}  // namespace

std::optional<core::Replay> find_replay(Connection& connection, std::string_view zone_id, std::string_view key) {
  Query query(connection,
              "SELECT fingerprint_version, fingerprint, task_id, expires_at FROM taskstate_idempotency "
              "WHERE zone_id = ?1 AND key = ?2");
  query.bind(1, zone_id).bind(2, key);
  if (!query.step()) return std::nullopt;
  return core::Replay{query.integer(0), query.blob(1), query.text(2), query.integer(3)};
}

void keep_replay(Connection& connection, std::string_view zone_id, std::string_view key, const core::Replay& replay) {
  Query query(connection,
              "INSERT INTO taskstate_idempotency (zone_id, key, fingerprint_version, fingerprint, task_id, expires_at) "
              "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  query.bind(1, zone_id).bind(2, key).bind(3, replay.version).bind_blob(4, replay.fingerprint);
  query.bind(5, replay.task_id).bind(6, replay.expires_at).run();
}

void drop_replay(Connection& connection, std::string_view zone_id, std::string_view key) {
  Query query(connection, "DELETE FROM taskstate_idempotency WHERE zone_id = ?1 AND key = ?2");
  query.bind(1, zone_id).bind(2, key).run();
}

std::optional<std::int64_t> find_tombstone(Connection& connection, const core::Key& key) {
  Query query(connection, "SELECT expires_at FROM taskstate_tombstones WHERE zone_id = ?1 AND id = ?2");
  query.bind(1, key.zone_id).bind(2, key.id);
  if (!query.step()) return std::nullopt;
  return query.integer(0);
}

void entomb(Connection& connection, const core::Key& key, std::int64_t now, std::int64_t until) {
  Query query(connection,
              "INSERT INTO taskstate_tombstones (zone_id, id, purged_at, expires_at) VALUES (?1, ?2, ?3, ?4) "
              "ON CONFLICT DO UPDATE SET purged_at = excluded.purged_at, expires_at = excluded.expires_at");
  query.bind(1, key.zone_id).bind(2, key.id).bind(3, now).bind(4, until).run();
}

// A zone's tasks are found by their creation, which is not later than their end.
std::vector<core::Key> find_ended(Connection& connection, EndedQuery& query) {
  static const core::NoDestructor<std::string> columns(
      "SELECT id, zone_id, seq, updated_at, created_at FROM taskstate_tasks INDEXED BY ");
  static const core::NoDestructor<std::string> everywhere(
      *columns + "taskstate_tasks_ended WHERE (updated_at, seq) > (?3, ?4)" + has_ended + has_no_live_key +
      " ORDER BY updated_at, seq LIMIT ?5");
  static const core::NoDestructor<std::string> in_zone(*columns +
                                                       "taskstate_tasks_list WHERE zone_id = ?6 AND created_at <= ?1 "
                                                       "AND (created_at, id) > (?3, ?4)" +
                                                       has_ended + has_no_live_key +
                                                       " ORDER BY created_at, id LIMIT ?5");
  const bool all = query.zone_id.empty();
  Query select(connection, all ? *everywhere : *in_zone);
  select.bind(1, query.ended_until).bind(2, query.now).bind(3, query.at.value_or(INT64_MIN));
  if (all) {
    select.bind(4, query.seq);
  } else {
    select.bind(4, query.id).bind(6, query.zone_id);
  }
  select.bind(5, static_cast<std::int64_t>(query.limit));
  std::vector<core::Key> keys;
  std::optional<std::int64_t> at;
  std::string id;
  std::int64_t seq = 0;
  while (select.step()) {
    id = select.text(0);
    keys.push_back({select.text(1), id});
    seq = select.integer(2);
    at = select.integer(all ? 3 : 4);
  }
  if (at) {  // not before: the statement still reads its place
    query.at = at;
    query.id = std::move(id);
    query.seq = seq;
  }
  return keys;
}

bool remove_task(Connection& connection, const core::Key& key, std::int64_t now) {
  Query deletion(connection,
                 "DELETE FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2 AND status IN ('completed', 'failed')");
  deletion.bind(1, key.zone_id).bind(2, key.id);
  return remove_at(connection, now, deletion) == 1;
}

bool remove_ended(Connection& connection, const core::Key& key, const EndedQuery& query) {
  static const core::NoDestructor<std::string> sql(
      std::string("DELETE FROM taskstate_tasks WHERE zone_id = ?3 AND id = ?4") + has_ended + has_no_live_key);
  Query deletion(connection, *sql);
  deletion.bind(1, query.ended_until).bind(2, query.now).bind(3, key.zone_id).bind(4, key.id);
  return remove_at(connection, query.now, deletion) == 1;
}

bool has_expired(Connection& connection, const Expiry& expiry) {
  static const core::NoDestructor<std::string> sql(
      std::string("SELECT EXISTS (SELECT 1 FROM taskstate_events") + is_told_no_longer +
      ") OR EXISTS (SELECT 1 FROM taskstate_idempotency WHERE expires_at <= ?2) "
      "OR EXISTS (SELECT 1 FROM taskstate_tombstones WHERE expires_at <= ?2)");
  Query query(connection, *sql);
  query.bind(1, expiry.purged_until).bind(2, expiry.now);
  return query.step() && query.integer(0) != 0;
}

std::size_t drop_expired(Connection& connection, const Expiry& expiry, std::size_t limit) {
  const auto most = static_cast<std::int64_t>(limit);
  std::size_t dropped = 0;
  const auto drop = [&](const char* sql, std::int64_t until) {
    Query query(connection, sql);
    query.bind(1, until).bind(2, most).run();
    dropped += changed(connection);
  };
  drop(
      "DELETE FROM taskstate_idempotency WHERE (zone_id, key) IN "
      "(SELECT zone_id, key FROM taskstate_idempotency WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
      expiry.now);
  drop(
      "DELETE FROM taskstate_tombstones WHERE (zone_id, id) IN "
      "(SELECT zone_id, id FROM taskstate_tombstones WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
      expiry.now);
  static const core::NoDestructor<std::string> purges(std::string("SELECT seq FROM taskstate_events") +
                                                      is_told_no_longer + " ORDER BY at LIMIT ?2");
  static const core::NoDestructor<std::string> raise_floor(
      "UPDATE taskstate_meta SET feed_floor = max(feed_floor, last), purged_through = max(purged_through, last) "
      "FROM (SELECT max(seq) AS last FROM (" +
      *purges + ")) WHERE last IS NOT NULL");
  Query floor(connection, *raise_floor);
  floor.bind(1, expiry.purged_until).bind(2, most).run();
  static const core::NoDestructor<std::string> drop_purges("DELETE FROM taskstate_events WHERE seq IN (" + *purges +
                                                           ")");
  drop(drop_purges->c_str(), expiry.purged_until);
  return dropped;
}

}  // namespace tse::store::sqlite

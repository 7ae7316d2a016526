#include "store/sqlite/retention.hpp"

#include "core/no_destructor.hpp"
#include "core/removal.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/metrics.hpp"

#include <algorithm>
#include <utility>

namespace tse::store::sqlite {
namespace {

constexpr const char* has_no_live_key =
    " AND NOT EXISTS (SELECT 1 FROM taskstate_idempotency AS kept WHERE kept.zone_id = taskstate_tasks.zone_id "
    "AND kept.task_id = taskstate_tasks.id AND kept.expires_at > ?2 AND kept.expires_at <> 9223372036854775807)";
static_assert(core::kept_with_its_task == 9223372036854775807);
// The newest event stays in any case.
constexpr const char* is_told_no_longer =
    " WHERE task_seq IS NULL AND at <= ?1 AND seq < (SELECT max(seq) FROM taskstate_events)";
constexpr const char* has_ended = " AND status IN ('completed', 'failed') AND updated_at <= ?1";

std::int64_t keys_expired_until(const EndedQuery& query) { return query.expired_until.value_or(query.now); }

std::size_t changed(Connection& connection) { return static_cast<std::size_t>(sqlite3_changes(connection.handle())); }

}  // namespace

std::optional<core::Replay> find_replay(Connection& connection, std::string_view zone_id, std::string_view key) {
  static const core::NoDestructor<Sql> sql(
      "SELECT fingerprint_version, fingerprint, task_id, expires_at FROM taskstate_idempotency "
      "WHERE zone_id = ?1 AND key = ?2");
  Query query(connection, *sql);
  query.bind(1, zone_id).bind(2, key);
  if (!query.step()) return std::nullopt;
  return core::Replay{query.integer(0), query.blob(1), query.text(2), query.integer(3)};
}

void keep_replay(Connection& connection, std::string_view zone_id, std::string_view key, const core::Replay& replay) {
  static const core::NoDestructor<Sql> sql(
      "INSERT INTO taskstate_idempotency (zone_id, key, fingerprint_version, fingerprint, task_id, expires_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  Query query(connection, *sql);
  query.bind(1, zone_id).bind(2, key).bind(3, replay.version).bind_blob(4, replay.fingerprint);
  query.bind(5, replay.task_id).bind(6, replay.expires_at).run();
}

void drop_replay(Connection& connection, std::string_view zone_id, std::string_view key) {
  Query query(connection, "DELETE FROM taskstate_idempotency WHERE zone_id = ?1 AND key = ?2");
  query.bind(1, zone_id).bind(2, key).run();
}

std::optional<std::int64_t> find_tombstone(Connection& connection, const core::Key& key) {
  static const core::NoDestructor<Sql> sql(
      "SELECT expires_at FROM taskstate_tombstones WHERE zone_id = ?1 AND id = ?2");
  Query query(connection, *sql);
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
  select.bind(1, query.ended_until).bind(2, keys_expired_until(query)).bind(3, query.at.value_or(INT64_MIN));
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

namespace {

/// Deletes the newest of what is left of a history, at most `limit` events. How many that was, and the newest of the
/// rest; 0: all are gone.
std::pair<std::size_t, std::int64_t> drop_chain(Connection& connection, std::int64_t head, std::size_t limit) {
  static const core::NoDestructor<Sql> select("SELECT prev FROM taskstate_events WHERE seq = ?1");
  static const core::NoDestructor<Sql> remove("DELETE FROM taskstate_events WHERE seq = ?1");
  std::size_t dropped = 0;
  for (; head != 0 && dropped < limit; ++dropped) {
    std::int64_t previous = 0;
    {
      Query query(connection, *select);
      query.bind(1, head);
      if (query.step()) previous = query.integer(0);
    }
    Query(connection, *remove).bind(1, head).run();
    head = previous < head ? previous : 0;  // in a damaged file
  }
  return {dropped, head};
}

void keep_erasure(Connection& connection, std::int64_t number, std::int64_t head) {
  static const core::NoDestructor<Sql> sql("INSERT INTO taskstate_erasures (task_seq, head) VALUES (?1, ?2)");
  Query(connection, *sql).bind(1, number).bind(2, head).run();
}

/// Deletes so many events of a task that is gone, or fewer. Under the schema's own rules, an erasure goes down the
/// history before the events go, and is gone before the last one is.
std::size_t drop_erasure(Connection& connection, std::int64_t number, std::int64_t head, std::size_t limit) {
  fold_metrics(connection, head);
  static const core::NoDestructor<Sql> piece(
      "WITH RECURSIVE taskstate_chain(seq, prev) AS (SELECT seq, prev FROM taskstate_events WHERE seq = ?1 UNION ALL "
      "SELECT e.seq, e.prev FROM taskstate_chain AS c CROSS JOIN taskstate_events AS e ON e.seq = c.prev LIMIT ?2) "
      "SELECT min(seq) FROM taskstate_chain");
  std::int64_t rest = 0;
  {
    Query query(connection, *piece);
    query.bind(1, head).bind(2, static_cast<std::int64_t>(limit) + 1);
    if (query.step()) rest = query.integer(0);
  }
  const bool is_last = rest <= number;
  if (rest != 0 && rest != head)
    Query(connection, "UPDATE taskstate_erasures SET head = ?2 WHERE task_seq = ?1")
        .bind(1, number)
        .bind(2, rest)
        .run();
  if (is_last) Query(connection, "DELETE FROM taskstate_erasures WHERE task_seq = ?1").bind(1, number).run();
  return std::max(drop_chain(connection, head, is_last ? limit + 1 : limit).first, std::size_t{1});
}

/// Deletes so many events of tasks that are gone, or fewer. How many that was.
std::size_t drop_left_over(Connection& connection, std::size_t limit) {
  std::int64_t number = 0, head = 0;
  {
    Query left(connection, "SELECT task_seq, head FROM taskstate_erasures LIMIT 1");
    if (!left.step()) return 0;
    number = left.integer(0);
    head = left.integer(1);
  }
  return drop_erasure(connection, number, head, limit);
}

/// All but the row and the history. Under the schema's own rules a trigger does it.
void remove_rest(Connection& connection, const core::Row& row) {
  static const core::NoDestructor<Sql> purged(
      "UPDATE taskstate_meta SET purged_through = max(purged_through, ?1) WHERE one = 1");
  static const core::NoDestructor<Sql> payload("DELETE FROM taskstate_payloads WHERE task_seq = ?1");
  static const core::NoDestructor<Sql> result("DELETE FROM taskstate_results WHERE task_seq = ?1");
  static const core::NoDestructor<Sql> key("DELETE FROM taskstate_idempotency WHERE zone_id = ?1 AND task_id = ?2");
  Query(connection, *purged).bind(1, row.last_event).run();
  Query(connection, *payload).bind(1, row.number).run();
  if (row.result_media_type) Query(connection, *result).bind(1, row.number).run();
  Query(connection, *key).bind(1, row.task.zone_id).bind(2, row.task.id).run();
}

// What is left of a long history goes later, lest others wait for it.
void remove_row(Connection& connection, Ledger& ledger, const core::Row& row, std::int64_t now) {
  constexpr std::size_t at_once = 256;
  static const core::NoDestructor<Sql> sql("DELETE FROM taskstate_tasks WHERE seq = ?1");
  ledger.append_purge(connection, row, std::max(now, row.task.updated_at));
  Query(connection, *sql).bind(1, row.number).run();
  fold_metrics(connection, row.last_event);
  if (connection.is_guarded()) {
    drop_erasure(connection, row.number, row.last_event, at_once);
    return;
  }
  remove_rest(connection, row);
  const auto [dropped, left] = drop_chain(connection, row.last_event, at_once);
  if (left != 0) keep_erasure(connection, row.number, left);
}

bool remove_found(Connection& connection, Ledger& ledger, Query& found, std::int64_t now) {
  core::Row row;
  if (!found.step()) return false;
  row.number = found.integer(0);
  row.last_event = found.integer(1);
  row.task.zone_id = found.text(2);
  row.task.id = found.text(3);
  row.task.operation = found.text(4);
  row.task.status = read_status(found.view(5));
  row.task.updated_at = found.integer(6);
  row.revision = found.integer(7);
  row.result_media_type = found.optional_text(8);
  found.run();
  remove_row(connection, ledger, row, now);
  return true;
}

constexpr const char* select_ended =
    "SELECT seq, last_event, zone_id, id, operation, status, updated_at, revision, result_media_type "
    "FROM taskstate_tasks WHERE zone_id = ?3 AND id = ?4";

}  // namespace

bool remove_task(Connection& connection, Ledger& ledger, const core::Key& key, std::int64_t now) {
  static const core::NoDestructor<Sql> sql(std::string(select_ended) + " AND status IN ('completed', 'failed')");
  Query found(connection, *sql);
  found.bind(3, key.zone_id).bind(4, key.id);
  return remove_found(connection, ledger, found, now);
}

bool remove_ended(Connection& connection, Ledger& ledger, const core::Key& key, const EndedQuery& query) {
  static const core::NoDestructor<Sql> sql(std::string(select_ended) + has_ended + has_no_live_key);
  Query found(connection, *sql);
  found.bind(1, query.ended_until).bind(2, keys_expired_until(query)).bind(3, key.zone_id).bind(4, key.id);
  return remove_found(connection, ledger, found, query.now);
}

std::optional<Stored> find_result(Connection& connection, const core::Key& key) {
  static const core::NoDestructor<Sql> sql(
      "SELECT result, until FROM taskstate_results WHERE task_seq = "
      "(SELECT seq FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2)");
  Query query(connection, *sql);
  query.bind(1, key.zone_id).bind(2, key.id);
  if (!query.step()) return std::nullopt;
  return Stored{query.blob(0), query.optional_integer(1)};
}

void keep_result(Connection& connection, const core::Key& key, std::string_view result,
                 std::optional<std::int64_t> until) {
  static const core::NoDestructor<Sql> sql(
      "INSERT INTO taskstate_results (task_seq, result, until) "
      "SELECT seq, ?3, ?4 FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2");
  Query query(connection, *sql);
  query.bind(1, key.zone_id).bind(2, key.id).bind_blob(3, result).bind(4, until).run();
}

bool has_expired(Connection& connection, const Expiry& expiry) {
  static const core::NoDestructor<std::string> sql(
      std::string("SELECT EXISTS (SELECT 1 FROM taskstate_erasures) OR EXISTS (SELECT 1 FROM taskstate_events") +
      is_told_no_longer +
      ") OR EXISTS (SELECT 1 FROM taskstate_idempotency WHERE expires_at <= ?2) "
      "OR EXISTS (SELECT 1 FROM taskstate_results WHERE until <= ?2) "
      "OR EXISTS (SELECT 1 FROM taskstate_tombstones WHERE expires_at <= ?2)");
  Query query(connection, *sql);
  query.bind(1, expiry.purged_until).bind(2, expiry.now);
  return query.step() && query.integer(0) != 0;
}

std::size_t drop_expired(Connection& connection, const Expiry& expiry, std::size_t limit) {
  const auto most = static_cast<std::int64_t>(limit);
  std::size_t dropped = drop_left_over(connection, limit);
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
      "DELETE FROM taskstate_results WHERE task_seq IN "
      "(SELECT task_seq FROM taskstate_results WHERE until <= ?1 ORDER BY until LIMIT ?2)",
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

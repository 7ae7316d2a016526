#include "store/sqlite/runnable.hpp"

#include <algorithm>
#include <array>

namespace tse::store::sqlite {
namespace {

/// A partial index over tasks that can be claimed, by (zone_id, operation, seq).
struct Pool {
  std::string next_zone;       // ?1 zone
  std::string next_operation;  // ?1 zone, ?2 operation
  std::string oldest;          // ?1 zone, ?2 operation

  Pool(const std::string& index, const std::string& condition) {
    const std::string from = " FROM taskstate_tasks INDEXED BY " + index + " WHERE " + condition;
    next_zone = "SELECT zone_id" + from + " AND zone_id > ?1 ORDER BY zone_id LIMIT 1";
    next_operation = "SELECT operation" + from + " AND zone_id = ?1 AND operation > ?2 ORDER BY operation LIMIT 1";
    oldest = "SELECT seq, id" + from + " AND zone_id = ?1 AND operation = ?2 ORDER BY seq LIMIT 1";
  }
};

const Pool& pending() {
  static const Pool pool("taskstate_tasks_runnable", "status = 'pending' AND not_before IS NULL");
  return pool;
}

const Pool& released() {
  static const Pool pool("taskstate_tasks_released",
                         "status = 'running' AND not_before IS NULL AND epoch > 0 AND lease_until IS NULL "
                         "AND attempt < max_attempts");
  return pool;
}

struct Candidate {
  std::int64_t seq;
  std::string id;
};

/// The next text after another. What is no text, in a damaged file, comes after all texts again and again.
std::optional<std::string> next_text(Query& query, std::string_view after) {
  if (!query.step()) return std::nullopt;
  std::string next = query.text(0);
  if (next <= after) throw core::Failure(core::Code::corrupt, "an index over tasks is not in order");
  return next;
}

std::optional<std::string> next_zone(Connection& connection, const Pool& pool, std::string_view after) {
  Query query(connection, pool.next_zone);
  query.bind(1, after);
  return next_text(query, after);
}

std::optional<std::string> next_operation(Connection& connection, const Pool& pool, std::string_view zone_id,
                                          std::string_view after) {
  Query query(connection, pool.next_operation);
  query.bind(1, zone_id).bind(2, after);
  return next_text(query, after);
}

void improve(std::optional<Candidate>& best, Connection& connection, const Pool& pool, std::string_view zone_id,
             std::string_view operation) {
  Query query(connection, pool.oldest);
  query.bind(1, zone_id).bind(2, operation);
  if (query.step() && (!best || query.integer(0) < best->seq)) best = Candidate{query.integer(0), query.text(1)};
}

/// The index is ordered by operation first, so the oldest is the oldest of those of each operation.
void improve(std::optional<Candidate>& best, Connection& connection, const Pool& pool, std::string_view zone_id,
             std::span<const std::string> operations) {
  for (const std::string& operation : operations) improve(best, connection, pool, zone_id, operation);
  if (!operations.empty()) return;
  std::string last;
  while (auto operation = next_operation(connection, pool, zone_id, last)) {
    improve(best, connection, pool, zone_id, *operation);
    last = std::move(*operation);
  }
}

constexpr const char* lease_clock_sql =
    "SELECT lease_clock FROM taskstate_tasks INDEXED BY taskstate_tasks_lease "
    "WHERE lease_until IS NOT NULL AND lease_clock > ?1 ORDER BY lease_clock LIMIT 1";
constexpr const char* ended_sql =
    "SELECT zone_id, id FROM taskstate_tasks INDEXED BY taskstate_tasks_lease "
    "WHERE lease_until IS NOT NULL AND lease_clock = ?3 AND lease_until <= ?1 ORDER BY lease_until LIMIT ?2";
constexpr const char* held_sql =
    "SELECT count(*) FROM taskstate_tasks INDEXED BY taskstate_tasks_lease "
    "WHERE lease_until IS NOT NULL AND lease_clock = ?1";
constexpr const char* next_end_sql =
    "SELECT lease_until FROM taskstate_tasks INDEXED BY taskstate_tasks_lease "
    "WHERE lease_until IS NOT NULL AND lease_clock = ?2 AND lease_until > ?1 ORDER BY lease_until LIMIT 1";
constexpr const char* next_start_by_sql =
    "SELECT start_by FROM taskstate_tasks INDEXED BY taskstate_tasks_start_by "
    "WHERE status = 'pending' AND start_by IS NOT NULL AND start_by > ?1 ORDER BY start_by LIMIT 1";
constexpr const char* next_ripe_sql =
    "SELECT not_before FROM taskstate_tasks INDEXED BY taskstate_tasks_not_before "
    "WHERE not_before IS NOT NULL AND status IN ('pending', 'running') AND not_before > ?1 "
    "ORDER BY not_before LIMIT 1";
constexpr const char* overdue_sql =
    "SELECT zone_id, id FROM taskstate_tasks INDEXED BY taskstate_tasks_start_by "
    "WHERE status = 'pending' AND start_by IS NOT NULL AND start_by <= ?1 ORDER BY start_by LIMIT ?2";
constexpr const char* ripe_sql =
    "SELECT zone_id, id FROM taskstate_tasks INDEXED BY taskstate_tasks_not_before "
    "WHERE not_before IS NOT NULL AND status IN ('pending', 'running') AND not_before <= ?1 "
    "ORDER BY not_before LIMIT ?2";

std::vector<core::Key> keys_until(Query& query, std::int64_t until, std::size_t limit) {
  query.bind(1, until).bind(2, static_cast<std::int64_t>(limit));
  std::vector<core::Key> keys;
  while (query.step()) keys.push_back({query.text(0), query.text(1)});
  return keys;
}

}  // namespace

std::optional<std::string> find_runnable_zone(Connection& connection, std::string_view after,
                                              std::span<const std::string> operations) {
  std::string last(after);
  for (;;) {
    auto zone = next_zone(connection, pending(), last);
    auto other = next_zone(connection, released(), last);
    if (!zone || (other && *other < *zone)) zone = std::move(other);
    if (!zone || operations.empty()) return zone;
    if (find_oldest_runnable(connection, *zone, operations, false)) return zone;
    last = std::move(*zone);
  }
}

std::optional<core::Key> find_oldest_runnable(Connection& connection, std::string_view zone_id,
                                              std::span<const std::string> operations, bool offered_again) {
  std::optional<Candidate> best;
  improve(best, connection, released(), zone_id, operations);
  if (!offered_again) improve(best, connection, pending(), zone_id, operations);
  if (!best) return std::nullopt;
  return core::Key{std::string(zone_id), std::move(best->id)};
}

std::vector<std::string> find_lease_clocks(Connection& connection) {
  std::vector<std::string> clocks;
  for (std::string last;;) {
    Query query(connection, lease_clock_sql);
    query.bind(1, last);
    auto clock = next_text(query, last);
    if (!clock) return clocks;
    last = *clock;
    clocks.push_back(std::move(*clock));
  }
}

std::vector<core::Key> find_ended_leases(Connection& connection, std::string_view clock, std::int64_t until,
                                         std::size_t limit) {
  Query query(connection, ended_sql);
  query.bind(3, clock);
  return keys_until(query, until, limit);
}

std::int64_t count_leases(Connection& connection, std::string_view clock) {
  Query query(connection, held_sql);
  query.bind(1, clock);
  return query.step() ? query.integer(0) : 0;
}

NextDue find_next_due(Connection& connection, const DueAfter& after) {
  const auto first = [](Query& query) { return query.step() ? std::optional(query.integer(0)) : std::nullopt; };
  NextDue due;
  for (const char* sql : {next_ripe_sql, next_start_by_sql}) {
    Query query(connection, sql);
    query.bind(1, after.wall);
    const auto found = first(query);
    if (found && (!due.wall || *found < *due.wall)) due.wall = found;
  }
  Query query(connection, next_end_sql);
  query.bind(1, after.lease).bind(2, after.lease_clock);
  due.lease = first(query);
  return due;
}

std::vector<core::Key> find_overdue_starts(Connection& connection, std::int64_t now, std::size_t limit) {
  Query query(connection, overdue_sql);
  return keys_until(query, now, limit);
}

std::vector<core::Key> find_ripe(Connection& connection, std::int64_t now, std::size_t limit) {
  Query query(connection, ripe_sql);
  return keys_until(query, now, limit);
}

std::vector<std::string> runnable_sql() {
  std::vector<std::string> all{lease_clock_sql, ended_sql,    overdue_sql,       ripe_sql,
                               held_sql,        next_end_sql, next_start_by_sql, next_ripe_sql};
  for (const Pool* pool : {&pending(), &released()})
    all.insert(all.end(), {pool->next_zone, pool->next_operation, pool->oldest});
  return all;
}

}  // namespace tse::store::sqlite

#include "store/sqlite/runnable.hpp"

#include "core/no_destructor.hpp"
#include "store/sqlite/pauses.hpp"

#include <algorithm>
#include <array>

namespace tse::store::sqlite {
namespace {

/// A partial index over tasks that can be claimed, by (operation, zone_id, priority, seq): whether there is anything of
/// an operation is one look, however many zones there are.
struct Pool {
  Sql next_operation;  // ?1 operation
  Sql next_zone;       // ?1 operation, ?2 zone
  Sql first;           // ?1 operation, ?2 zone

  Pool(const std::string& index, const std::string& condition)
      : Pool(" FROM taskstate_tasks INDEXED BY " + index + " WHERE " + condition) {}
  explicit Pool(const std::string& from)
      : next_operation("SELECT operation" + from + " AND operation > ?1 ORDER BY operation LIMIT 1"),
        next_zone("SELECT zone_id" + from + " AND operation = ?1 AND zone_id > ?2 ORDER BY zone_id LIMIT 1"),
        first("SELECT priority, seq, id" + from +
              " AND operation = ?1 AND zone_id = ?2 ORDER BY priority DESC, seq LIMIT 1") {}
};

const Pool& pending() {
  static const core::NoDestructor<Pool> pool("taskstate_tasks_runnable", "status = 'pending' AND not_before IS NULL");
  return *pool;
}

const Pool& released() {
  static const core::NoDestructor<Pool> pool(
      "taskstate_tasks_released",
      "status = 'running' AND not_before IS NULL AND epoch > 0 AND lease_until IS NULL "
      "AND attempt < max_attempts");
  return *pool;
}

struct Candidate {
  std::int64_t priority;
  std::int64_t seq;
  std::string id;
  [[nodiscard]] bool goes_before(const Candidate& other) const {
    return priority != other.priority ? priority > other.priority : seq < other.seq;
  }
};

/// The next text after another. What is no text, in a damaged file, comes after all texts again and again.
std::optional<std::string> next_text(Query& query, std::string_view after) {
  if (!query.step()) return std::nullopt;
  std::string next = query.text(0);
  if (next <= after) throw core::Failure(core::Code::corrupt, "an index over tasks is not in order");
  return next;
}

std::optional<std::string> next_operation(Connection& connection, const Pool& pool, std::string_view after) {
  Query query(connection, pool.next_operation);
  query.bind(1, after);
  return next_text(query, after);
}

std::optional<std::string> next_zone(Connection& connection, const Pool& pool, std::string_view operation,
                                     std::string_view after) {
  Query query(connection, pool.next_zone);
  query.bind(1, operation).bind(2, after);
  return next_text(query, after);
}

/// The first of two texts, each of which may be missing.
std::optional<std::string> first_of(std::optional<std::string> one, std::optional<std::string> other) {
  if (!one || (other && *other < *one)) return other;
  return one;
}

void improve(std::optional<Candidate>& best, Connection& connection, const Pool& pool, std::string_view zone_id,
             std::string_view operation) {
  Query query(connection, pool.first);
  query.bind(1, operation).bind(2, zone_id);
  if (!query.step()) return;
  Candidate found{query.integer(0), query.integer(1), query.text(2)};
  if (!best || found.goes_before(*best)) best = std::move(found);
}

std::vector<std::string> all_runnable_operations(Connection& connection) {
  std::vector<std::string> operations;
  for (std::string last;; last = operations.back()) {
    auto next = first_of(next_operation(connection, pending(), last), next_operation(connection, released(), last));
    if (!next) return operations;
    operations.push_back(std::move(*next));
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

std::vector<std::string> find_runnable_operations(Connection& connection, std::span<const std::string> asked) {
  std::vector<std::string> found;
  if (asked.empty()) found = all_runnable_operations(connection);
  for (const std::string& operation : asked)
    if (next_zone(connection, pending(), operation, "") || next_zone(connection, released(), operation, ""))
      found.push_back(operation);
  std::erase_if(found, [&connection](const std::string& operation) {
    return is_paused(connection, Pause::What::operation, operation);
  });
  return found;
}

std::optional<std::string> find_some_zone(Connection& connection, std::uint64_t random) {
  static const core::NoDestructor<Sql> sql(
      "SELECT zone_id FROM taskstate_tasks WHERE seq >= (SELECT min(seq) FROM taskstate_tasks) + ?1 % "
      "((SELECT max(seq) FROM taskstate_tasks) - (SELECT min(seq) FROM taskstate_tasks) + 1) ORDER BY seq LIMIT 1");
  Query query(connection, *sql);
  query.bind(1, static_cast<std::int64_t>(random >> 1));
  if (!query.step()) return std::nullopt;
  return query.text(0);
}

std::optional<std::string> find_runnable_zone(Connection& connection, std::string_view after,
                                              std::span<const std::string> operations) {
  std::optional<std::string> first;
  for (const std::string& operation : operations)
    for (const Pool* pool : {&pending(), &released()})
      first = first_of(std::move(first), next_zone(connection, *pool, operation, after));
  return first;
}

std::optional<core::Key> find_oldest_runnable(Connection& connection, std::string_view zone_id,
                                              std::span<const std::string> operations, bool offered_again) {
  std::optional<Candidate> best;
  for (const std::string& operation : operations) {
    improve(best, connection, released(), zone_id, operation);
    if (!offered_again) improve(best, connection, pending(), zone_id, operation);
  }
  if (!best || is_paused(connection, Pause::What::zone, zone_id)) return std::nullopt;
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

NextDue find_next_due(Connection& connection, std::int64_t wall, std::string_view clock, std::int64_t lease) {
  const auto first = [](Query& query) { return query.step() ? std::optional(query.integer(0)) : std::nullopt; };
  NextDue due;
  for (const char* sql : {next_ripe_sql, next_start_by_sql}) {
    Query query(connection, sql);
    query.bind(1, wall);
    const auto found = first(query);
    if (found && (!due.wall || *found < *due.wall)) due.wall = found;
  }
  Query query(connection, next_end_sql);
  query.bind(1, lease).bind(2, clock);
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
    all.insert(all.end(), {pool->next_operation.text(), pool->next_zone.text(), pool->first.text()});
  return all;
}

}  // namespace tse::store::sqlite

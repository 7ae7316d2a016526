#include "store/sqlite/queries.hpp"

#include "core/no_destructor.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/retention.hpp"
#include "store/sqlite/row_io.hpp"

#include <algorithm>
#include <span>

namespace tse::store::sqlite {

namespace {

// Parameters keep their numbers whatever parts a query has, so that one function binds them all.
enum Parameter : int {
  p_zone = 1,
  p_operation,
  p_install,
  p_package,
  p_created_from,
  p_created_until,
  p_at,
  p_id,
  p_limit,
  p_status
};

std::string filter_sql(const PageQuery& query) {
  std::string sql = " WHERE zone_id = ?1";
  if (query.operation) sql += " AND operation = ?2";
  if (query.install_id) sql += " AND install_id = ?3";
  if (query.package_id) sql += " AND package_id = ?4";
  if (query.created_from) sql += " AND created_at >= ?5";
  if (query.created_until) sql += " AND created_at < ?6";
  if (!query.statuses.empty()) {
    sql += " AND status IN (";
    for (std::size_t i = 0; i < query.statuses.size(); ++i)
      sql += (i == 0 ? "?" : ", ?") + std::to_string(p_status + static_cast<int>(i));
    sql += ")";
  }
  return sql;
}

void bind_filter(Query& bound, const PageQuery& query) {
  bound.bind(p_zone, query.zone_id);
  if (query.operation) bound.bind(p_operation, *query.operation);
  if (query.install_id) bound.bind(p_install, *query.install_id);
  if (query.package_id) bound.bind(p_package, *query.package_id);
  if (query.created_from) bound.bind(p_created_from, *query.created_from);
  if (query.created_until) bound.bind(p_created_until, *query.created_until);
  int parameter = p_status;
  for (const core::Status status : query.statuses) bound.bind(parameter++, taskstate::to_string(status));
}

}  // namespace

std::optional<core::Row> find_row(Connection& connection, const core::Key& key) {
  static const core::NoDestructor<Sql> sql("SELECT " + row_columns() +
                                           " FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2");
  Query query(connection, *sql);
  query.bind(1, key.zone_id).bind(2, key.id);
  if (!query.step()) return std::nullopt;
  return read_row(query);
}

std::string find_generation(Connection& connection) {
  static const core::NoDestructor<Sql> sql("SELECT generation FROM taskstate_meta WHERE one = 1");
  Query query(connection, *sql);
  return query.step() ? query.text(0) : std::string();
}

std::optional<std::string> find_payload(Connection& connection, const core::Key& key) {
  static const core::NoDestructor<Sql> sql(
      "SELECT payload FROM taskstate_payloads WHERE task_seq = "
      "(SELECT seq FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2)");
  Query query(connection, *sql);
  query.bind(1, key.zone_id).bind(2, key.id);
  if (!query.step()) return std::nullopt;
  return query.blob(0);
}

namespace {

// The first column is left to whoever asks.
constexpr std::string_view answer_columns =
    "status, created_at, revision, body, body_format, install_id, result_href, result_media_type IS NOT NULL";

AnswerRow read_answer(Connection& connection, const core::Key& key, const Query& query, int column) {
  AnswerRow answer;
  answer.status = read_status(query.view(column++));
  answer.created_at = query.integer(column++);
  answer.revision = query.integer(column++);
  const int body = column++;
  const bool is_rendered = query.integer(column++) == body_format && !query.is_null(body);
  answer.install_id = query.optional_text(column++);
  answer.result_href = query.optional_text(column++);
  answer.has_stored_result = query.integer(column++) != 0;
  if (is_rendered) {
    answer.body = query.text(body);
  } else if (const auto row = find_row(connection, key)) {
    answer.body = row->body;
  }
  return answer;
}

}  // namespace

Found find_answer(Connection& connection, const core::Key& key) {
  static const core::NoDestructor<Sql> sql("SELECT min_reader, " + std::string(answer_columns) +
                                           " FROM taskstate_meta LEFT JOIN taskstate_tasks ON zone_id = ?1 AND id = ?2 "
                                           "WHERE one = 1");
  Query query(connection, *sql);
  query.bind(1, key.zone_id).bind(2, key.id);
  if (!query.step()) throw core::Failure(core::Code::corrupt, "taskstate_meta has no row");
  check_minimum(query.integer(0));
  if (query.is_null(1)) return {{}, find_tombstone(connection, key)};  // the statement still holds the snapshot
  return {read_answer(connection, key, query, 1), {}};
}

Found find_answer_unchecked(Connection& connection, const core::Key& key) {
  static const core::NoDestructor<Sql> sql("SELECT " + std::string(answer_columns) +
                                           " FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2");
  Query query(connection, *sql);
  query.bind(1, key.zone_id).bind(2, key.id);
  if (!query.step()) return {{}, find_tombstone(connection, key)};
  return {read_answer(connection, key, query, 0), {}};
}

std::string page_sql(const PageQuery& query) {
  std::string sql = "SELECT " + row_columns() + " FROM taskstate_tasks INDEXED BY taskstate_tasks_list";
  sql += filter_sql(query);
  if (query.from) sql += query.newer ? " AND (created_at, id) > (?7, ?8)" : " AND (created_at, id) < (?7, ?8)";
  sql += query.newer ? " ORDER BY created_at, id" : " ORDER BY created_at DESC, id DESC";
  return sql + " LIMIT ?9";
}

std::vector<core::Row> find_page(Connection& connection, const PageQuery& query) {
  Query bound(connection, page_sql(query));
  bind_filter(bound, query);
  if (query.from) bound.bind(p_at, query.from->created_at).bind(p_id, query.from->id);
  bound.bind(p_limit, static_cast<std::int64_t>(query.limit));
  std::vector<core::Row> rows;
  while (bound.step()) rows.push_back(read_row(bound));
  return rows;
}

namespace {

// What the counters know needs no walk over the zone.
bool is_counted(const PageQuery& query) {
  return !query.install_id && !query.package_id && !query.created_from && !query.created_until;
}

/// The same, but for the statuses: the counters have a column for each.
PageQuery without_statuses(PageQuery query) {
  query.statuses.clear();
  return query;
}

/// The sum of the counters' columns of these statuses; of all, if none are given.
std::string sum_of(std::span<const core::Status> statuses) {
  std::string sum;
  for (const core::Status status :
       {core::Status::pending, core::Status::running, core::Status::completed, core::Status::failed})
    if (statuses.empty() || std::find(statuses.begin(), statuses.end(), status) != statuses.end())
      sum.append(sum.empty() ? "" : " + ").append(taskstate::to_string(status));
  return "SELECT coalesce(sum(" + sum + "), 0) FROM taskstate_counters";
}

}  // namespace

std::string count_sql(const PageQuery& query) {
  if (is_counted(query)) return sum_of(query.statuses) + filter_sql(without_statuses(query));
  return "SELECT count(*) FROM taskstate_tasks INDEXED BY taskstate_tasks_list" + filter_sql(query);
}

std::int64_t count_rows(Connection& connection, const PageQuery& query) {
  Query bound(connection, count_sql(query));
  const PageQuery counted = without_statuses(query);
  bind_filter(bound, is_counted(query) ? counted : query);
  return bound.step() ? bound.integer(0) : 0;
}

std::int64_t count_in_zone(Connection& connection, std::string_view zone_id, core::Status status) {
  Query query(connection, sum_of({&status, 1}) + " WHERE zone_id = ?1");
  query.bind(1, zone_id);
  return query.step() ? query.integer(0) : 0;
}

// From the newest event back, each naming the one before it.
const std::string& history_sql() {
  static const core::NoDestructor<std::string> sql(
      "WITH RECURSIVE taskstate_chain(event, next, number) AS ("
      "SELECT last_event, NULL, revision FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2 UNION ALL "
      "SELECT e.prev, e.seq, c.number - 1 FROM taskstate_chain AS c CROSS JOIN taskstate_events AS e ON e.seq = "
      "c.event "
      "WHERE e.prev < e.seq) "
      "SELECT " +
      event_columns() +
      " FROM taskstate_chain AS c CROSS JOIN taskstate_events ON seq = c.event WHERE c.number < ?3 LIMIT ?4");
  return *sql;
}

std::vector<core::Event> find_history(Connection& connection, const core::Key& key,
                                      std::optional<std::int64_t> before_revision, std::size_t limit) {
  Query query(connection, history_sql());
  query.bind(1, key.zone_id).bind(2, key.id).bind(3, before_revision.value_or(INT64_MAX));
  query.bind(4, static_cast<std::int64_t>(limit));
  std::vector<core::Event> events;
  while (query.step()) events.push_back(read_event(query));
  return events;
}

}  // namespace tse::store::sqlite

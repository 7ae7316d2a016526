#include "store/sqlite/queries.hpp"

#include "core/no_destructor.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/retention.hpp"
#include "store/sqlite/row_io.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

namespace tse::store::sqlite {

namespace {

// Parameters keep their numbers whatever parts a query has, so that one function binds them all.
enum Parameter : int {
  p_zone = 1,
  p_operation,
  p_install,
  p_package,
  p_failure_kind,
  p_worker,
  p_ref,
  p_request,
  p_created_from,
  p_created_until,
  p_at,
  p_id,
  p_status
};

std::string statuses_sql(const std::vector<core::Status>& statuses) {
  std::string sql = "status IN (";
  for (std::size_t i = 0; i < statuses.size(); ++i)
    sql += (i == 0 ? "?" : ", ?") + std::to_string(p_status + static_cast<int>(i));
  return sql + ")";
}

/// What every row must be: "TRUE" and then each condition.
std::string filter_sql(const PageQuery& query) {
  std::string sql = "TRUE";
  if (!query.zone_id.empty()) sql += " AND zone_id = ?1";
  if (query.operation) sql += " AND operation = ?2";
  if (query.install_id) sql += " AND install_id = ?3";
  if (query.package_id) sql += " AND package_id = ?4";
  if (query.failure_kind) sql += " AND failure_kind IS ?5";
  if (query.worker) sql += " AND worker IS ?6";
  if (query.ref) sql += " AND ref = ?7";
  if (query.client_request_id) sql += " AND client_request_id IS ?8";
  if (query.created_from) sql += " AND created_at >= ?9";
  if (query.created_until) sql += " AND created_at < ?10";
  if (!query.statuses.empty()) sql += " AND " + statuses_sql(query.statuses);
  return sql;
}

void bind_filter(Query& bound, const PageQuery& query) {
  const auto bind = [&](int parameter, const auto& value) {
    if (value) bound.bind(parameter, *value);
  };
  if (!query.zone_id.empty()) bound.bind(p_zone, query.zone_id);
  bind(p_operation, query.operation);
  bind(p_install, query.install_id);
  bind(p_package, query.package_id);
  bind(p_failure_kind, query.failure_kind);
  bind(p_worker, query.worker);
  bind(p_ref, query.ref);
  bind(p_request, query.client_request_id);
  bind(p_created_from, query.created_from);
  bind(p_created_until, query.created_until);
  int parameter = p_status;
  for (const core::Status status : query.statuses) bound.bind(parameter++, taskstate::to_string(status));
}

/// The index that leads to what is asked for, or a walk over all rows.
const char* way_to(const PageQuery& query) {
  if (query.ref) return " FROM taskstate_tasks INDEXED BY taskstate_tasks_ref";
  return query.zone_id.empty() ? " FROM taskstate_tasks NOT INDEXED"
                               : " FROM taskstate_tasks INDEXED BY taskstate_tasks_list";
}

/// The conditions that an index of the walk answers: rows outside of them are not even looked at.
std::string range_sql(const PageQuery& query) {
  const std::string beyond = query.newer ? " > " : " < ";
  std::string sql = " WHERE TRUE";
  if (query.ref) sql += " AND ref = ?7";
  if (query.zone_id.empty()) return query.from ? sql + " AND seq" + beyond + "?11" : sql;
  sql += " AND zone_id = ?1";
  if (query.created_from) sql += " AND created_at >= ?9";
  if (query.created_until) sql += " AND created_at < ?10";
  return query.from ? sql + " AND (created_at, id)" + beyond + "(?11, ?12)" : sql;
}

void bind_place(Query& bound, const PageQuery& query) {
  if (!query.from) return;
  if (query.zone_id.empty()) {
    bound.bind(p_at, query.from->number);
  } else {
    bound.bind(p_at, query.from->position.created_at).bind(p_id, query.from->position.id);
  }
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

std::optional<Stored> find_payload(Connection& connection, const core::Key& key) {
  static const core::NoDestructor<Sql> sql(
      "SELECT payload FROM taskstate_payloads WHERE task_seq = "
      "(SELECT seq FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2)");
  Query query(connection, *sql);
  query.bind(1, key.zone_id).bind(2, key.id);
  if (!query.step()) return std::nullopt;
  return Stored{query.blob(0), {}};
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

Found find_answer(Connection& connection, const core::Key& key, std::int64_t& settings) {
  static const core::NoDestructor<Sql> sql(
      "SELECT min_reader, (SELECT value FROM taskstate_settings WHERE name = 'stamp'), " + std::string(answer_columns) +
      " FROM taskstate_meta LEFT JOIN taskstate_tasks ON zone_id = ?1 AND id = ?2 "
      "WHERE one = 1");
  Query query(connection, *sql);
  query.bind(1, key.zone_id).bind(2, key.id);
  if (!query.step()) throw core::Failure(core::Code::corrupt, "taskstate_meta has no row");
  check_minimum(query.integer(0));
  settings = query.integer(1);
  if (query.is_null(2)) return {{}, find_tombstone(connection, key)};  // the statement still holds the snapshot
  return {read_answer(connection, key, query, 2), {}};
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
  const std::string order = query.newer ? "" : " DESC";
  return "SELECT seq, created_at, id, " + filter_sql(query) + way_to(query) + range_sql(query) + " ORDER BY " +
         (query.zone_id.empty() ? "seq" + order : "created_at" + order + ", id" + order);
}

namespace {

core::Row row_of(Connection& connection, std::int64_t number) {
  static const core::NoDestructor<Sql> sql("SELECT " + row_columns() + " FROM taskstate_tasks WHERE seq = ?1");
  Query query(connection, *sql);
  query.bind(1, number);
  if (!query.step()) throw core::Failure(core::Code::corrupt, "an index names a task that is not there");
  return read_row(query);
}

}  // namespace

// The rows are walked over one by one, so that it is known how far the walk came when its time is over.
Page find_page(Connection& connection, const PageQuery& query, const Patience& patience) {
  Query walk(connection, page_sql(query));
  bind_filter(walk, query);
  bind_place(walk, query);
  Page page;
  std::optional<Place> last;
  try {
    while (page.rows.size() < query.limit && walk.step()) {
      if (walk.integer(3) != 0) page.rows.push_back(row_of(connection, walk.integer(0)));
      last = Place{{walk.integer(1), walk.text(2)}, walk.integer(0)};
    }
  } catch (const core::Failure& failure) {
    const bool interrupted = failure.error().code == core::Code::cancelled;
    const bool is_late = std::chrono::steady_clock::now() >= patience.until;
    if (!last || !interrupted || !is_late || (patience.cancelled && patience.cancelled())) throw;
    page.reached = std::move(last);
  }
  return page;
}

namespace {

// What the counters know needs no walk over the tasks.
bool is_counted(const PageQuery& query) {
  return !query.install_id && !query.package_id && !query.failure_kind && !query.worker && !query.ref &&
         !query.client_request_id && !query.created_from && !query.created_until;
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
  if (is_counted(query)) return sum_of(query.statuses) + " WHERE " + filter_sql(without_statuses(query));
  return std::string("SELECT count(*)") + way_to(query) + " WHERE " + filter_sql(query);
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

// From the newest event, or from the one before another, back: each names the one before it.
const std::string& history_sql(bool from_newest) {
  const auto chain_from = [](const std::string& first) {
    return "WITH RECURSIVE taskstate_chain(event) AS (" + first +
           " UNION ALL SELECT e.prev FROM taskstate_chain AS c CROSS JOIN taskstate_events AS e ON e.seq = c.event "
           "WHERE e.prev < e.seq) SELECT " +
           event_columns() + " FROM taskstate_chain AS c CROSS JOIN taskstate_events ON seq = c.event LIMIT ?3";
  };
  static const core::NoDestructor<std::string> newest(
      chain_from("SELECT last_event FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2"));
  static const core::NoDestructor<std::string> older(
      chain_from("SELECT e.prev FROM taskstate_tasks AS t CROSS JOIN taskstate_events AS e ON e.seq = ?4 "
                 "WHERE t.zone_id = ?1 AND t.id = ?2 AND e.task_seq = t.seq AND e.prev < e.seq"));
  return from_newest ? *newest : *older;
}

std::vector<core::Event> find_history(Connection& connection, const core::Key& key, std::optional<std::int64_t> before,
                                      std::size_t limit) {
  Query query(connection, history_sql(!before));
  query.bind(1, key.zone_id).bind(2, key.id).bind(3, static_cast<std::int64_t>(limit));
  if (before) query.bind(4, *before);
  std::vector<core::Event> events;
  while (query.step()) events.push_back(read_event(query));
  return events;
}

}  // namespace tse::store::sqlite

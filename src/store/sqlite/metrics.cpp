#include "store/sqlite/metrics.hpp"

#include "core/no_destructor.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace tse::store::sqlite {
namespace {

void add(Histogram& histogram, std::int64_t took) {
  const auto bound = std::lower_bound(Histogram::bounds.begin(), Histogram::bounds.end(), took);
  ++histogram.counts.at(static_cast<std::size_t>(bound - Histogram::bounds.begin()));
  histogram.sum += took;
}

/// What the events in (after, through] say.
void add_events(FileMetrics& metrics, Connection& connection, std::int64_t after, std::int64_t through) {
  static const core::NoDestructor<Sql> sql(
      "SELECT kind = 'lost', from_status = 'pending', from_status <> to_status, took, failure_kind "
      "FROM taskstate_events WHERE seq > ?1 AND seq <= ?2 AND "
      "(took IS NOT NULL OR failure_kind IS NOT NULL OR kind = 'lost')");
  Query query(connection, *sql);
  query.bind(1, after).bind(2, through);
  while (query.step()) {
    if (query.integer(0) != 0) ++metrics.leases_lost;
    if (!query.is_null(3) && query.integer(2) != 0)
      add(query.integer(1) != 0 ? metrics.waiting : metrics.running, query.integer(3));
    if (const auto kind = core::failure_kind_from_string(query.view(4)))
      ++metrics.failures.at(static_cast<std::size_t>(*kind));
  }
}

/// Every number of the metrics under the name and bucket that it is stored by.
template <class Metrics, class Visit>
void each_number(Metrics& metrics, Visit visit) {
  visit("leases_lost", std::size_t{0}, metrics.leases_lost);
  for (std::size_t kind = 0; kind < metrics.failures.size(); ++kind) visit("failures", kind, metrics.failures[kind]);
  const auto histogram = [&](auto& of, const char* name, const char* sum) {
    for (std::size_t bucket = 0; bucket < of.counts.size(); ++bucket) visit(name, bucket, of.counts[bucket]);
    visit(sum, std::size_t{0}, of.sum);
  };
  histogram(metrics.waiting, "waiting", "waiting_sum");
  histogram(metrics.running, "running", "running_sum");
}

void read_folded(FileMetrics& metrics, Connection& connection) {
  static const core::NoDestructor<Sql> sql("SELECT name, bucket, value FROM taskstate_metrics");
  Query query(connection, *sql);
  while (query.step())
    each_number(metrics, [&](std::string_view name, std::size_t bucket, std::int64_t& value) {
      if (query.view(0) == name && query.integer(1) == static_cast<std::int64_t>(bucket)) value = query.integer(2);
    });
}

void write_one(Connection& connection, std::string_view name, std::size_t bucket, std::int64_t value) {
  static const core::NoDestructor<Sql> update(
      "UPDATE taskstate_metrics SET value = value + ?3 WHERE name = ?1 AND bucket = ?2");
  static const core::NoDestructor<Sql> insert("INSERT INTO taskstate_metrics (name, bucket) VALUES (?1, ?2)");
  const auto number = static_cast<std::int64_t>(bucket);
  const auto increase = [&] {
    Query(connection, *update).bind(1, name).bind(2, number).bind(3, value).run();
    return sqlite3_changes(connection.handle()) == 1;
  };
  if (increase()) return;
  Query(connection, *insert).bind(1, name).bind(2, number).run();
  increase();
}

}  // namespace

std::int64_t read_counted_through(Connection& connection) {
  static const core::NoDestructor<Sql> sql("SELECT counted_through FROM taskstate_meta WHERE one = 1");
  Query query(connection, *sql);
  return query.step() ? query.integer(0) : 0;
}

FileMetrics read_metrics(Connection& connection) {
  FileMetrics metrics;
  read_folded(metrics, connection);
  add_events(metrics, connection, read_counted_through(connection), INT64_MAX);
  return metrics;
}

void fold_metrics(Connection& connection, std::int64_t through) {
  const std::int64_t after = read_counted_through(connection);
  if (through <= after) return;
  FileMetrics metrics;
  add_events(metrics, connection, after, through);
  each_number(metrics, [&](std::string_view name, std::size_t bucket, std::int64_t value) {
    if (value != 0) write_one(connection, name, bucket, value);
  });
  static const core::NoDestructor<Sql> sql("UPDATE taskstate_meta SET counted_through = ?1 WHERE one = 1");
  Query(connection, *sql).bind(1, through).run();
}

std::vector<std::string> find_short_metrics(Connection& connection) {
  FileMetrics folded, there;
  read_folded(folded, connection);
  add_events(there, connection, 0, read_counted_through(connection));
  std::vector<std::int64_t> numbers;
  each_number(folded, [&](std::string_view, std::size_t, std::int64_t value) { numbers.push_back(value); });
  std::vector<std::string> found;
  auto number = numbers.begin();
  each_number(there, [&](std::string_view name, std::size_t bucket, std::int64_t value) {
    if (*number++ < value) found.push_back(std::string(name) + " " + std::to_string(bucket));
  });
  return found;
}

}  // namespace tse::store::sqlite

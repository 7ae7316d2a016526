#include "store/sqlite/ledger.hpp"

#include "core/no_destructor.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tse::store::sqlite {
namespace {

std::int64_t random_mark() noexcept {
  std::int64_t mark = 0;
  sqlite3_randomness(sizeof mark, &mark);
  return mark;
}

std::size_t index_of(core::Status status) noexcept { return static_cast<std::size_t>(status); }

}  // namespace

void Ledger::begin(const Landmark& newest) {
  newest_ = newest;
  counts_.clear();
  moved_ = {};
  has_removed_ = false;
}

void Ledger::append(Connection& connection, const EventOf& event) {
  static const core::NoDestructor<Sql> sql(
      "INSERT INTO taskstate_events (seq, task_seq, prev, zone_id, id, operation, kind, from_status, to_status, at, "
      "revision, attempt, epoch, mark, took, failure_kind, worker, request_id, traceparent, message, detail) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)");
  const core::Row& row = event.row;
  const core::EventNote& note = row.note;
  const std::int64_t mark = random_mark();
  Count count;
  {
    Query query(connection, *sql);
    query.bind(1, next()).bind(2, event.from ? row.number : next());
    if (event.from) query.bind(3, event.previous).bind(8, taskstate::to_string(*event.from));
    query.bind(4, row.task.zone_id).bind(5, row.task.id).bind(6, row.task.operation).bind(7, note.kind);
    query.bind(9, taskstate::to_string(row.task.status)).bind(10, row.task.updated_at).bind(11, row.revision);
    query.bind(12, row.attempt).bind(13, row.epoch).bind(14, mark);
    if (note.took) query.bind(15, *note.took);
    if (row.failure_kind) query.bind(16, core::to_string(*row.failure_kind));
    int parameter = 17;
    for (const core::Text* text : {&note.worker, &note.request_id, &note.traceparent, &note.message, &note.detail}) {
      if (*text) query.bind(parameter, **text);
      ++parameter;
    }
    query.run();
  }
  if (event.from != row.task.status) {
    if (event.from) --count.by.at(index_of(*event.from));
    ++count.by.at(index_of(row.task.status));
  }
  wrote(connection, row.task, mark, std::move(count));
}

void Ledger::append_purge(Connection& connection, const core::Row& row, std::int64_t at) {
  static const core::NoDestructor<Sql> sql(
      "INSERT INTO taskstate_events (seq, zone_id, id, operation, kind, from_status, to_status, at, revision, mark) "
      "VALUES (?1, ?2, ?3, ?4, 'purged', ?5, ?5, ?6, ?7, ?8)");
  const std::int64_t mark = random_mark();
  Query query(connection, *sql);
  query.bind(1, next()).bind(2, row.task.zone_id).bind(3, row.task.id).bind(4, row.task.operation);
  query.bind(5, taskstate::to_string(row.task.status)).bind(6, at).bind(7, row.revision + 1).bind(8, mark).run();
  Count count;
  count.is_purge = true;
  --count.by.at(index_of(row.task.status));
  wrote(connection, row.task, mark, std::move(count));
}

void Ledger::wrote(Connection& connection, const core::Task& task, std::int64_t mark, Count&& count) {
  newest_ = {next(), mark};
  if (count.by == Count().by) return;
  count.zone_id = task.zone_id;
  count.operation = task.operation;
  count.through = newest_.sequence;
  if (!connection.is_guarded()) {
    counts_.push_back(std::move(count));
  } else if (!count.is_purge) {  // which is counted with its row, by a trigger
    write(connection, count);
  }
}

std::int64_t Ledger::head_of(const core::Row& row) const noexcept {
  const bool was_moved = moved_.number == row.number && moved_.version == row.version;
  return was_moved ? moved_.last_event : row.last_event;
}

void Ledger::moved(std::int64_t number, std::int64_t version, std::int64_t last_event) noexcept {
  moved_ = {number, version, last_event};
}

std::int64_t Ledger::counted(std::string_view zone_id, core::Status status) const noexcept {
  std::int64_t sum = 0;
  for (const Count& count : counts_)
    if (count.zone_id == zone_id) sum += count.by.at(index_of(status));
  return sum;
}

void Ledger::settle(Connection& connection) {
  const auto key = [](const Count& count) { return std::tie(count.zone_id, count.operation); };
  if (counts_.size() > 1)
    std::stable_sort(counts_.begin(), counts_.end(),
                     [&](const Count& one, const Count& other) { return key(one) < key(other); });
  for (auto first = counts_.begin(); first != counts_.end();) {
    auto end = first + 1;
    for (; end != counts_.end() && key(*end) == key(*first); ++end) {
      for (std::size_t i = 0; i < first->by.size(); ++i) first->by.at(i) += end->by.at(i);
      first->through = end->through;
    }
    write(connection, *first);
    first = end;
  }
  counts_.clear();
}

void Ledger::write(Connection& connection, const Count& count) {
  static const core::NoDestructor<Sql> update(
      "UPDATE taskstate_counters SET pending = pending + ?3, running = running + ?4, completed = completed + ?5, "
      "failed = failed + ?6, through = ?7 WHERE zone_id = ?1 AND operation = ?2");
  static const core::NoDestructor<Sql> insert("INSERT INTO taskstate_counters (zone_id, operation) VALUES (?1, ?2)");
  const auto add = [&] {
    Query query(connection, *update);
    query.bind(1, count.zone_id).bind(2, count.operation).bind(3, count.by[0]).bind(4, count.by[1]);
    query.bind(5, count.by[2]).bind(6, count.by[3]).bind(7, count.through).run();
    return sqlite3_changes(connection.handle()) == 1;
  };
  if (add()) return;
  Query(connection, *insert).bind(1, count.zone_id).bind(2, count.operation).run();
  add();
}

void Ledger::go_back(const Place& place) {
  newest_ = place.newest;
  counts_.resize(place.counts);
  moved_ = {};
}

}  // namespace tse::store::sqlite

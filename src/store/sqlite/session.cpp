#include "store/sqlite/session.hpp"

#include "core/no_destructor.hpp"
#include "store/sqlite/host_statement.hpp"
#include "store/sqlite/pauses.hpp"
#include "store/sqlite/retention.hpp"
#include "store/sqlite/row_io.hpp"

namespace tse::store::sqlite {

namespace {

constexpr std::size_t page_bytes = 4096;
// The leaf pages of the table, the history and the indexes that a write touches. Some of those that a task's creation
// or change touches are the same for all of them: the newest rows of the table and of the history.
constexpr int frames_per_write = 12;
constexpr int frames_per_change = 4;

bool exists(Connection& connection, const core::Key& key) {
  static const core::NoDestructor<Sql> sql("SELECT 1 FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2");
  Query query(connection, *sql);
  query.bind(1, key.zone_id).bind(2, key.id);
  return query.step();
}

/// Whether a row is as it was.
bool stands(Connection& connection, const core::Row& row, std::int64_t last_event) {
  static const core::NoDestructor<Sql> sql(
      "SELECT 1 FROM taskstate_tasks WHERE seq = ?1 AND version = ?2 AND last_event = ?3");
  Query query(connection, *sql);
  query.bind(1, row.number).bind(2, row.version).bind(3, last_event);
  return query.step();
}

}  // namespace

// Under the schema's own rules the event stands before the row that it tells of.
bool SqliteSession::insert(const core::Row& row, std::optional<std::string_view> payload) {
  const std::int64_t number = ledger_.next();
  if (connection_.is_guarded()) {
    if (exists(connection_, row.key())) return false;
    ledger_.append(connection_, {row});
  }
  const Columns columns = birth_columns(row);
  RowValues values = values_of(row, columns);
  values.number = values.last_event = number;
  try {
    Query query(connection_, insert_row_sql(columns));
    bind_row(query, row, values, columns);
    query.run();
  } catch (const core::Failure&) {
    if (exists(connection_, row.key())) return false;
    throw;
  }
  if (!connection_.is_guarded()) ledger_.append(connection_, {row});
  count_frames(frames_per_change, bytes_of(row) + (payload ? payload->size() : 0));
  if (!payload) return true;
  static const core::NoDestructor<Sql> sql("INSERT INTO taskstate_payloads (task_seq, payload) VALUES (?1, ?2)");
  Query(connection_, *sql).bind(1, number).bind_blob(2, *payload).run();
  return true;
}

Replaced SqliteSession::replace(const core::Row& before, const core::Row& next) {
  const std::int64_t head = ledger_.head_of(before);
  const bool has_event = next.revision != before.revision;
  const EventOf event{next, before.task.status, head};
  if (connection_.is_guarded()) {
    if (!stands(connection_, before, head)) return Replaced::moved;
    if (has_event) ledger_.append(connection_, event);
  }
  const std::int64_t number = connection_.is_guarded() ? ledger_.newest().sequence : ledger_.next();
  const Columns changed = changed_columns(before, next);
  RowValues values = values_of(next, changed);
  values.last_event = number;
  {
    Query query(connection_, update_row_sql(changed));
    bind_row(query, next, values, changed);
    bind_place(query, before, head);
    query.run();
  }
  if (sqlite3_changes(connection_.handle()) != 1) return Replaced::moved;
  if (has_event && !connection_.is_guarded()) ledger_.append(connection_, event);
  ledger_.moved(before.number, next.version, has_event ? number : head);
  count_frames(frames_per_change, bytes_of(next));
  return Replaced::done;
}

// The number of the next event, with which the lease begins.
LeaseStart SqliteSession::lease(std::int64_t duration) {
  LeaseStart start = time_.lease(duration);
  start.epoch = ledger_.next();
  return start;
}

std::int64_t SqliteSession::count(std::string_view zone_id, core::Status status) {
  return Answering::count(zone_id, status) + ledger_.counted(zone_id, status);
}

void SqliteSession::keep_result(const core::Key& key, std::string_view result, std::optional<std::int64_t> until) {
  sqlite::keep_result(connection_, key, result, until);
  count_frames(frames_per_write, result.size());
}

bool SqliteSession::set_paused(const Pause& pause, bool paused) {
  count_frames(frames_per_write, 0);
  return sqlite::set_paused(connection_, pause, paused);
}

void SqliteSession::set_replay(std::string_view zone_id, std::string_view key, const core::Replay* replay) {
  if (replay == nullptr) return drop_replay(connection_, zone_id, key);
  keep_replay(connection_, zone_id, key, *replay);
  count_frames(frames_per_write, 0);
}

bool SqliteSession::remove(const Removal& removal) {
  ledger_.note_removal();
  count_frames(frames_per_write, 0);
  if (removal.of != nullptr) return remove_ended(connection_, ledger_, removal.key, *removal.of);
  return remove_task(connection_, ledger_, removal.key, removal.now);
}

void SqliteSession::entomb(const core::Key& key, std::int64_t now, std::int64_t until) {
  sqlite::entomb(connection_, key, now, until);
}

std::size_t SqliteSession::drop_expired(const Expiry& expiry, std::size_t limit) {
  ledger_.note_removal();
  const std::size_t dropped = sqlite::drop_expired(connection_, expiry, limit);
  frames_ += static_cast<int>(dropped);
  return dropped;
}

void SqliteSession::run(const Statement& statement, const core::Key& key, std::int64_t now) {
  if (!connection_.is_guarded())
    throw core::Failure(core::Code::internal, "a change runs statements and did not say so");
  const int before = sqlite3_total_changes(connection_.handle());
  run_host_statement(connection_, statement, key, now, patience_);
  frames_ += frames_per_write * (sqlite3_total_changes(connection_.handle()) - before);
}

void SqliteSession::count_frames(int pages, std::size_t bytes) noexcept {
  frames_ += pages + static_cast<int>(bytes / page_bytes);
}

}  // namespace tse::store::sqlite

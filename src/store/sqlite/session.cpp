#include "store/sqlite/session.hpp"

#include "store/sqlite/host_statement.hpp"
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
  Query query(connection, "SELECT 1 FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2");
  query.bind(1, key.zone_id).bind(2, key.id);
  return query.step();
}

}  // namespace

bool SqliteSession::insert(const core::Row& row, std::optional<std::string_view> payload) {
  const RowText text = text_of(row, every_column());
  {
    Query query(connection_, insert_row_sql());
    bind_row(query, row, text, every_column());
    try {
      query.run();
    } catch (const core::Failure&) {
      // The file's own rule has looked for the key, so only what it refuses is asked for.
      if (exists(connection_, row.key())) return false;
      throw;
    }
  }
  count_frames(frames_per_change, bytes_of(row) + (payload ? payload->size() : 0));
  if (!payload) return true;
  Query query(connection_, "INSERT INTO taskstate_payloads (task_seq, payload) VALUES (?1, ?2)");
  query.bind(1, sqlite3_last_insert_rowid(connection_.handle())).bind_blob(2, *payload).run();
  return true;
}

bool SqliteSession::replace(const core::Row& before, const core::Row& next) {
  const Columns changed = changed_columns(before, next);
  const RowText text = text_of(next, changed);
  Query query(connection_, update_row_sql(changed));
  bind_row(query, next, text, changed);
  bind_key_and_version(query, before);
  query.run();
  count_frames(frames_per_change, bytes_of(next));
  return sqlite3_changes(connection_.handle()) == 1;
}

std::int64_t SqliteSession::next_epoch() {
  Query query(connection_, "UPDATE taskstate_meta SET epoch = epoch + 1 WHERE one = 1 RETURNING epoch");
  if (!query.step()) throw core::Failure(core::Code::corrupt, "taskstate_meta has no row");
  const std::int64_t epoch = query.integer(0);
  query.run();
  return epoch;
}

std::string SqliteSession::generation() {
  return connection_.text("SELECT generation FROM taskstate_meta WHERE one = 1");
}

void SqliteSession::set_zone_turn(std::string_view zone_id) {
  Query(connection_, "UPDATE taskstate_meta SET zone_turn = ?1 WHERE one = 1").bind(1, zone_id).run();
}

void SqliteSession::keep_replay(std::string_view zone_id, std::string_view key, const core::Replay& replay) {
  sqlite::keep_replay(connection_, zone_id, key, replay);
  count_frames(frames_per_write, 0);
}

void SqliteSession::drop_replay(std::string_view zone_id, std::string_view key) {
  sqlite::drop_replay(connection_, zone_id, key);
}

bool SqliteSession::remove(const core::Key& key, std::int64_t now) {
  count_frames(frames_per_write, 0);
  return remove_task(connection_, key, now);
}

bool SqliteSession::remove_ended(const core::Key& key, const EndedQuery& query) {
  count_frames(frames_per_write, 0);
  return sqlite::remove_ended(connection_, key, query);
}

void SqliteSession::entomb(const core::Key& key, std::int64_t now, std::int64_t until) {
  sqlite::entomb(connection_, key, now, until);
}

std::size_t SqliteSession::drop_expired(const Expiry& expiry, std::size_t limit) {
  const std::size_t dropped = sqlite::drop_expired(connection_, expiry, limit);
  frames_ += static_cast<int>(dropped);
  return dropped;
}

void SqliteSession::run(const Statement& statement, const core::Key& key, std::int64_t now) {
  const int before = sqlite3_total_changes(connection_.handle());
  run_host_statement(connection_, statement, key, now, patience_);
  frames_ += frames_per_write * (sqlite3_total_changes(connection_.handle()) - before);
}

void SqliteSession::count_frames(int pages, std::size_t bytes) noexcept {
  frames_ += pages + static_cast<int>(bytes / page_bytes);
}

}  // namespace tse::store::sqlite

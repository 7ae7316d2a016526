#include "store/sqlite/doubt.hpp"

#include "store/sqlite/failure.hpp"
#include "store/sqlite/migrate.hpp"

#include <algorithm>
#include <vector>

namespace tse::store::sqlite {

namespace {

void require(Connection& connection, int code) {
  if (code != SQLITE_OK) raise(connection.handle(), code, "write the -wal anew");
}

// Byte for byte, where it stands: only what has been written since is written by the next flush. Not without need,
// since a disk whose sectors are not written as a whole could lose what it has. Nobody else writes to the log
// meanwhile, as the transaction holds SQLite's own lock.
void write_log_anew(Connection& connection) {
  constexpr sqlite3_int64 most = 65536;
  sqlite3_file* log = nullptr;
  require(connection, sqlite3_file_control(connection.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log));
  if (log == nullptr || log->pMethods == nullptr) return;  // there is none yet
  sqlite3_int64 size = 0;
  require(connection, log->pMethods->xFileSize(log, &size));
  std::vector<char> bytes(most);
  for (sqlite3_int64 at = 0; at < size; at += most) {
    const int count = static_cast<int>(std::min(most, size - at));
    require(connection, log->pMethods->xRead(log, bytes.data(), count, at));
    require(connection, log->pMethods->xWrite(log, bytes.data(), count, at));
  }
}

}  // namespace

void end_doubt(Connection& connection, WriteLock& lock) {
  connection.execute("BEGIN IMMEDIATE", "begin the fence write");
  try {
    check_schema(connection, Intent::write);
    const bool in_doubt = lock.in_doubt();
    if (in_doubt) write_log_anew(connection);
    connection.execute("UPDATE taskstate_meta SET fence = fence + 1", "write the fence");
    connection.execute("COMMIT", "commit the fence write");
    if (in_doubt) lock.set_in_doubt(false);
  } catch (...) {
    connection.rollback();
    throw;
  }
}

}  // namespace tse::store::sqlite

#include "store/sqlite/checkpoint.hpp"

#include "store/sqlite/clean_pages.hpp"
#include "store/sqlite/failure.hpp"

#include <chrono>
#include <utility>

namespace tse::store::sqlite {

namespace {
// Our own reads are shorter than this; a foreign reader is not waited for.
constexpr std::chrono::milliseconds patience{20};
}  // namespace

bool checkpoint(Connection& connection, Checkpoint mode) {
  const int kind = mode == Checkpoint::restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_TRUNCATE;
  connection.wait_until(std::chrono::steady_clock::now() + patience);
  CleanPages clean(connection);
  const int code = sqlite3_wal_checkpoint_v2(connection.handle(), "main", kind, nullptr, nullptr);
  connection.wait_until({});
  const int primary = code & 0xff;
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED || primary == SQLITE_FULL) return false;
  if (code == SQLITE_OK) return true;
  core::Error error = to_error(connection.handle(), code, "checkpoint", Writes::database);
  if (error.code == core::Code::disk_full) return false;
  throw core::Failure(std::move(error));
}

}  // namespace tse::store::sqlite

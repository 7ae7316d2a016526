// What SQLite's result codes and the system's errno mean to the engine.
#pragma once

#include "core/error.hpp"

#include <sqlite3.h>

#include <string>

namespace tse::store::sqlite {

/// Which file a step writes first of all.
enum class Writes { log, database };

/// `doing` names the step at fault ("commit"). The message holds no SQL and no values. `database` may be NULL.
[[nodiscard]] core::Error to_error(sqlite3* database, int code, const std::string& doing, Writes writes = Writes::log);
[[noreturn]] void raise(sqlite3* database, int code, const std::string& doing);

/// For a failed system call on a file: access_denied, read_only, disk_full, io_error or unavailable.
[[nodiscard]] core::Error errno_error(int number, const std::string& doing);

}  // namespace tse::store::sqlite

// SQL as a foreign program would run it, on a connection of its own.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace tse::test {

/// Runs it, and gives the first column of the last row as a number; 0 if there is none.
inline std::int64_t run_sql(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  if (sqlite3_open(path.c_str(), &database) != SQLITE_OK) throw std::runtime_error("sqlite3_open");
  sqlite3_busy_timeout(database, 10000);
  int persist = 1;  // or closing would take the -wal from under an engine that opens at this moment
  sqlite3_file_control(database, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
  std::int64_t result = 0;
  char* message = nullptr;
  const auto take = [](void* to, int, char** values, char**) {
    *static_cast<std::int64_t*>(to) = values[0] != nullptr ? std::strtoll(values[0], nullptr, 10) : 0;
    return 0;
  };
  const int code = sqlite3_exec(database, sql.c_str(), take, &result, &message);
  const std::string problem = message != nullptr ? message : "";
  sqlite3_free(message);
  sqlite3_close(database);
  if (code != SQLITE_OK) throw std::runtime_error(problem);
  return result;
}

}  // namespace tse::test

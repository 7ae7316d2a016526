// A connection to the database, and one use of a statement on it.
#pragma once

#include "store/sqlite/sql.hpp"
#include "store/store.hpp"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tse::store::sqlite {

/// Owns an sqlite3 handle and its prepared statements. One thread at a time (SQLITE_OPEN_NOMUTEX).
class Connection {
 public:
  /// `uri` as file_uri() makes it, or ":memory:"; `flags` of sqlite3_open_v2. Throws Failure.
  Connection(const std::string& uri, int flags);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] sqlite3* handle() const noexcept { return handle_; }
  /// The settings that every connection has but one that only looks at what a file is.
  void configure();
  /// Whether the triggers and CHECKs of the schema judge what is written here, as at first. Another connection has its
  /// own. Prepared statements are made anew. Throws Failure: unsupported, where the setting does not hold.
  void guard(bool on);
  [[nodiscard]] bool is_guarded() const noexcept { return guarded_; }
  /// From now on a busy lock is waited for until the deadline; without a call it is not waited for at all.
  void wait_until(Deadline deadline) noexcept { deadline_ = deadline; }

  /// Whether commits from now on are flushed to the disk, as at first. One that is not goes with the next that is. Not
  /// within a transaction. Throws Failure.
  void flush_commits(bool flushed);

  /// Runs statements that give no rows and have no parameters. Throws Failure.
  void execute(const char* sql, const char* doing);
  /// Prepared once and kept. Throws Failure.
  sqlite3_stmt* prepare(std::string_view sql);
  /// The same without looking for the text.
  sqlite3_stmt* prepare(const Sql& sql);
  /// Runs a statement that gives no rows; its SQLite result code.
  [[nodiscard]] int attempt(const Sql& sql);
  [[nodiscard]] std::int64_t integer(std::string_view sql);
  [[nodiscard]] std::string text(std::string_view sql);
  /// Ends a read transaction, or gives up a write transaction; nothing if none is open.
  void rollback() noexcept;
  [[nodiscard]] bool in_transaction() const noexcept { return sqlite3_get_autocommit(handle_) == 0; }
  /// Frames in the -wal after the last commit of this connection.
  [[nodiscard]] int wal_frames() const noexcept { return wal_frames_; }
  void forget_wal_frames() noexcept { wal_frames_ = 0; }
  /// What another connection to the same file has written.
  void note_wal_frames(int frames) noexcept { wal_frames_ = frames; }

  bool runs_host_statement = false;  ///< read by the authorizer

 private:
  sqlite3_stmt* make(std::string_view sql);
  static int on_busy(void* self, int count);
  static int on_commit(void* self, sqlite3* database, const char* name, int frames);

  sqlite3* handle_ = nullptr;
  // Most are long and begin alike, so that comparing takes longer than hashing.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view sql) const noexcept;
  };
  std::unordered_map<std::string, sqlite3_stmt*, Hash, std::equal_to<>> statements_;
  std::vector<sqlite3_stmt*> numbered_;  // by Sql::number()
  Deadline deadline_{};
  bool flushed_ = true;
  bool guarded_ = true;
  int wal_frames_ = 0;
};

/// "file:" URI of an absolute path; `parameters` such as "mode=ro". modeof gives a new file's mode.
[[nodiscard]] std::string file_uri(std::string_view path, std::string_view parameters, std::string_view modeof = {});

/// One use of a prepared statement: bound, stepped, and reset at the end of the scope. Everything throws Failure.
class Query {
 public:
  Query(Connection& connection, std::string_view sql);
  Query(Connection& connection, const Sql& sql);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Text and blobs are borrowed until the scope ends. Parameters count from 1.
  Query& bind(int index, std::int64_t value);
  Query& bind(int index, std::string_view value);
  Query& bind(int index, const std::string& value) { return bind(index, std::string_view(value)); }
  Query& bind(int index, const core::Text& value);
  Query& bind(int index, std::string&& value) = delete;
  Query& bind(int index, core::Text&& value) = delete;
  Query& bind(int index, const std::optional<std::int64_t>& value);
  Query& bind_blob(int index, std::string_view value);
  Query& bind_null(int index);

  /// Whether there is a row.
  bool step();
  void run();
  [[nodiscard]] sqlite3_stmt* statement() const noexcept { return statement_; }

  // Columns count from 0. Views live until the next step.
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string_view view(int column) const;
  [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
  [[nodiscard]] std::string blob(int column) const;
  [[nodiscard]] core::Text optional_text(int column) const;
  [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const;

 private:
  void check(int code);
  void require_memory() const;
  Connection& connection_;
  sqlite3_stmt* statement_;
};

/// A read transaction: one snapshot until the end of the scope.
class Snapshot {
 public:
  explicit Snapshot(Connection& connection);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  Connection& connection_;
};

}  // namespace tse::store::sqlite

// A connection to the database, and one use of a statement on it.
#pragma once

#include "store/store.hpp"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

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
  /// From now on a busy lock is waited for until the deadline; without a call it is not waited for at all.
  void wait_until(Deadline deadline) noexcept { deadline_ = deadline; }

  /// Whether commits from now on are flushed to the disk, as at first. One that is not goes with the next that is. Not
  /// within a transaction. Throws Failure.
  void flush_commits(bool flushed);

  /// Runs statements that give no rows and have no parameters. Throws Failure.
  void execute(const char* sql, const char* doing);
  /// Prepared once and kept. Throws Failure.
  sqlite3_stmt* prepare(std::string_view sql);
  [[nodiscard]] std::int64_t integer(std::string_view sql);
  [[nodiscard]] std::string text(std::string_view sql);
  /// Ends a read transaction, or gives up a write transaction; nothing if none is open.
  void rollback() noexcept;
  [[nodiscard]] bool in_transaction() const noexcept { return sqlite3_get_autocommit(handle_) == 0; }
  /// Frames in the -wal after the last commit of this connection.
  [[nodiscard]] int wal_frames() const noexcept { return wal_frames_; }
  void forget_wal_frames() noexcept { wal_frames_ = 0; }

  bool runs_host_statement = false;  ///< read by the authorizer

 private:
  static int on_busy(void* self, int count);
  static int on_commit(void* self, sqlite3* database, const char* name, int frames);

  sqlite3* handle_ = nullptr;
  // Most are long and begin alike, so that comparing takes longer than hashing.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view sql) const noexcept;
  };
  std::unordered_map<std::string, sqlite3_stmt*, Hash, std::equal_to<>> statements_;
  Deadline deadline_{};
  bool flushed_ = true;
  int wal_frames_ = 0;
};

/// "file:" URI of an absolute path; `parameters` such as "mode=ro". modeof gives a new file's mode.
[[nodiscard]] std::string file_uri(std::string_view path, std::string_view parameters, std::string_view modeof = {});

/// One use of a prepared statement: bound, stepped, and reset at the end of the scope. Everything throws Failure.
class Query {
 public:
  Query(Connection& connection, std::string_view sql);
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

// What one open file consists of, and what its parts share.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/sqlite/files.hpp"
#include "store/sqlite/gate.hpp"
#include "store/sqlite/identity.hpp"
#include "store/sqlite/lineage.hpp"
#include "store/sqlite/presence.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/sqlite/timekeeper.hpp"
#include "store/sqlite/transaction_lock.hpp"
#include "store/sqlite/wal_index.hpp"
#include "store/sqlite/write_lock.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace tse::store::sqlite {

inline constexpr std::int64_t wal_frame_bytes = 4096 + 24;

struct Database {
  explicit Database(Options chosen) : options(std::move(chosen)), memory(options.path == ":memory:") {}

  const Options options;
  const bool memory;
  Timekeeper time{options.clocks};
  Paths paths;  ///< empty for memory
  Gate gate;
  WriteLock lock;     ///< not opened for memory or read-only
  Presence presence;  ///< not shown for memory
  Migrated migrated;  ///< what opening it did
  Identity identity;
  std::atomic<std::int64_t> identity_checked{0};  ///< steady clock, ns
  Lineage lineage;
  std::atomic<std::int64_t> settings_stamp{0};  ///< as Store::settings_stamp()
  std::unique_ptr<Connection> writer;           ///< the only connection of a database in memory; none if read-only
  std::unique_ptr<Connection> host_writer;  ///< for what runs the host's statements, whose triggers and CHECKs must run
  std::unique_ptr<Connection> observer;     ///< keeps the mapping, where there is no writer
  bool immutable = false;                   ///< on media that nobody can write, and whole by itself: read without locks
  std::optional<WalIndex> wal_index;
  std::atomic<std::uint64_t> commits{0};  ///< into memory
  TransactionLock transaction{gate};

  [[nodiscard]] Proof proof() const noexcept {
    if (memory) return Proof::own_commits;
    return wal_index ? Proof::wal_index : Proof::none;
  }
  [[nodiscard]] bool read_only() const noexcept { return options.mode == Mode::read_only; }
  /// How SQLite is to open it for reading.
  [[nodiscard]] const char* read_parameters() const noexcept {
    if (!read_only()) return "mode=rw";
    return immutable ? "mode=ro&immutable=1" : "mode=ro";
  }
  /// From how many frames in the -wal on a commit copies them into the database file.
  [[nodiscard]] int checkpoint_frames() const noexcept {
    return static_cast<int>(options.checkpoint_bytes / wal_frame_bytes);
  }
  void log(LogLevel level, const std::string& line) const {
    if (options.log) options.log(level, line);
  }
  /// The connection for a transaction without statements of the host's own, or with some: on this one the triggers and
  /// CHECKs of all tables are at work. Under `transaction`. Throws Failure.
  [[nodiscard]] Connection& plain_writer();
  [[nodiscard]] Connection& guarded_writer();
  /// Throws Failure: moved, now and ever after, when the files on the paths are not those that were opened;
  /// access_denied or unsupported when that cannot be told.
  void require_identity();
  /// As Lineage::observe(), and says so in the log when the content was replaced.
  [[nodiscard]] std::optional<Generation> observe(const Lineage::Known& before, const Origin& found, bool has_newest);
  /// As Store::stamp().
  [[nodiscard]] std::optional<Stamp> stamp() const noexcept;
  /// As require_identity(), but looks at the files once a second at most.
  void require_recent_identity();
};

/// Where there are only POSIX locks: throws Failure(unsupported) for a build with an SQLite of its own, since two
/// copies in a process drop each other's.
void refuse_locks_without_use(bool own_sqlite);

/// Opens, creates or migrates the file, or makes the database in memory. Throws Failure.
[[nodiscard]] std::unique_ptr<Database> open_database(Options options, const Patience& patience);

}  // namespace tse::store::sqlite

// The store over one SQLite file (or :memory:).
#pragma once

#include "store/clocks.hpp"
#include "store/sqlite/guards.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace tse::store::sqlite {

enum class Mode : std::int32_t { create = 0, read_write = 1, read_only = 2 };

/// What becomes of a file with an older schema.
enum class Migrate : std::int32_t { automatic = 0, manual = 1, refuse = 2 };

enum class LogLevel : std::int32_t { trace, debug, info, warn, error };

struct Options {
  std::string path;  ///< ":memory:" for a private database in memory
  Mode mode = Mode::create;
  bool adopt = false;           ///< put our tables into an existing database that has none
  bool any_filesystem = false;  ///< skip the refusal of network, FUSE, virtiofs and 9p file systems
  Migrate migrate = Migrate::automatic;
  std::int64_t max_bytes = 0;  ///< of the database file; 0: no limit
  std::int64_t checkpoint_bytes = std::int64_t{4} << 20;
  bool guards = guards_by_default();  ///< the schema's own rules judge every write
  std::uint32_t file_mode = 0600;     ///< of new files
  Clocks clocks{};                    ///< empty: the system's, and no other process sees that ours lives
  /// Told what is stored of the settings, says what to write of them; throws Failure to refuse the open. Empty: none.
  std::function<core::StoredSettings(const core::StoredSettings&)> settle;
  std::function<void(LogLevel, const std::string&)> log;
  /// The file system type (statfs f_type) of a directory; replaced by tests.
  std::function<std::int64_t(const std::string&)> filesystem_type;
  /// How many bytes can still be written into a directory; replaced by tests.
  std::function<std::int64_t(const std::string&)> free_space{};
};

/// Opens, creates or migrates. Throws core::Failure as taskstate.h lists for tse_open().
[[nodiscard]] std::unique_ptr<Store> open(Options options, const Patience& patience);

struct Migrated {
  std::int64_t from = 0, to = 0;  ///< the schema before and after; equal if there was nothing to do
  std::int64_t copy_bytes = 0;    ///< of the file's copy beside it
  std::int64_t wal_bytes = 0;     ///< to which the -wal grew
};
/// Brings an existing file to the newest schema, also where `migrate` is manual, and closes it. Throws core::Failure as
/// open() does, and as upgrade() says.
Migrated migrate_file(Options options, const Patience& patience);

}  // namespace tse::store::sqlite

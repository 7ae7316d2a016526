// The store over one SQLite file (or :memory:).
#pragma once

#include "store/sqlite/guards.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace tse::store::sqlite {

struct Migration;

enum class Mode : std::int32_t { create = 0, read_write = 1, read_only = 2 };

enum class LogLevel : std::int32_t { trace, debug, info, warn, error };

struct Options {
  std::string path;  ///< ":memory:" for a private database in memory
  Mode mode = Mode::create;
  bool adopt = false;           ///< put our tables into an existing database that has none
  bool any_filesystem = false;  ///< skip the refusal of network, FUSE, virtiofs and 9p file systems
  bool refuse_migration = false;
  std::int64_t max_bytes = 0;  ///< of the database file; 0: no limit
  std::int64_t checkpoint_bytes = std::int64_t{4} << 20;
  bool guards = guards_by_default();      ///< the schema's own rules judge every write
  std::uint32_t file_mode = 0600;         ///< of new files
  std::string lease_clock{};              ///< that leases are held in: others can see that it lives. Empty: none
  std::span<const Migration> migrations;  ///< empty: those there are; replaced by tests
  /// Told what is stored of the settings, says what to write of them; throws Failure to refuse the open. Empty: none.
  std::function<core::StoredSettings(const core::StoredSettings&)> settle;
  std::function<void(LogLevel, const std::string&)> log;
  /// The file system type (statfs f_type) of a directory; replaced by tests.
  std::function<std::int64_t(const std::string&)> filesystem_type;
};

/// Opens, creates or migrates. Throws core::Failure as taskstate.h lists for tse_open().
[[nodiscard]] std::unique_ptr<Store> open(Options options, const Patience& patience);

}  // namespace tse::store::sqlite

// The database as SQLite sees it: its locks and its -shm.
#pragma once

#include "store/sqlite/vfs/handles.hpp"

#include <sqlite3.h>

#include <cstdint>

namespace tse::store::sqlite::vfs {

struct WalFile;

/// Of one connection, which SQLite lets use it one thread at a time. SQLite allocates it.
struct DatabaseFile : sqlite3_file {
  Handle* handle = nullptr;         ///< data and locks
  Handle* shared_handle = nullptr;  ///< of the -shm: locks alone
  SharedMap* map = nullptr;
  WalFile* wal = nullptr;
  const char* path = nullptr;  ///< SQLite's own copy, whose address names the connection
  int lock = SQLITE_LOCK_NONE;
  std::uint16_t exclusive = 0, shared = 0;  ///< locks on the -shm, a bit each
  bool shared_read_only = false;
  bool keeps_wal = false;
  bool power_safe = true;  ///< a write damages nothing beside it
  DatabaseFile* next = nullptr;

  [[nodiscard]] bool is_inherited() const noexcept { return handle->descriptor < 0; }
  /// Whether this connection alone may append to the log.
  [[nodiscard]] bool has_write_lock() const noexcept { return map != nullptr && (exclusive & 1U) != 0; }
};

/// As sqlite3_io_methods::xShmMap and so on.
int map_shared(sqlite3_file* file, int region, int size, int extend, void volatile** out) noexcept;
int lock_shared(sqlite3_file* file, int offset, int count, int flags) noexcept;
void order_shared(sqlite3_file* file) noexcept;
int unmap_shared(sqlite3_file* file, int remove) noexcept;
/// Whether anybody else has the -shm open; -1 if the kernel does not say.
[[nodiscard]] int is_shared_elsewhere(const DatabaseFile& file) noexcept;

extern const sqlite3_io_methods database_methods;

}  // namespace tse::store::sqlite::vfs

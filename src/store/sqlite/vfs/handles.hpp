// The open files of the VFS: one open file description for each use, kept when it is given back, closed in a child of
// fork(). What is kept is closed when its file has no name any more, or, beyond 64, when nobody has locked its file.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace tse::store::sqlite::vfs {

/// One open file description. Its members are written under the registry's mutex only.
struct Handle {
  int descriptor = -1;  ///< -1: inherited through fork(), and closed
  dev_t device = 0;
  ino_t inode = 0;
  bool writable = false;
  bool kept = false;  ///< not closed when given back, since closing would drop the POSIX locks of others
  bool idle = false;
  Handle* next = nullptr;

  /// Whether the number still stands for the file: a host may have closed all and opened its own. One statx().
  [[nodiscard]] bool is_ours() const noexcept;
};

/// The memory of a -shm, shared by the connections of this process.
struct SharedMap {
  static constexpr std::size_t most_regions = 1 << 16;
  static constexpr std::size_t chunk = 256;

  Handle* handle = nullptr;  ///< never locked: a child that inherits the mapping would keep its locks alive
  std::size_t users = 0;
  bool read_only = false;
  std::size_t count = 0;
  std::array<void**, most_regions / chunk> chunks{};  ///< of `chunk` regions each
  SharedMap* next = nullptr;

  [[nodiscard]] void* region(std::size_t at) const noexcept { return chunks[at / chunk][at % chunk]; }
  /// False when memory runs out.
  [[nodiscard]] bool append(void* region) noexcept;
  ~SharedMap();
};

struct Counters {
  std::atomic<std::uint64_t> flushes{0}, frames{0}, passed{0}, discarded{0}, early{0}, opened{0}, reused{0};
};

struct DatabaseFile;

/// All of the process. Never held while SQLite is called, but over fork().
struct Registry {
  std::mutex mutex;
  Handle* handles = nullptr;
  SharedMap* maps = nullptr;
  DatabaseFile* databases = nullptr;
  Counters counters;
};
[[nodiscard]] Registry& registry() noexcept;

struct Opening {
  const char* path;
  bool writable = false;
  bool create = false;
  bool exclusive = false;  ///< it must not be there yet
  bool kept = true;
  mode_t mode = 0;  ///< of a new file
};
/// Under the mutex. nullptr, and errno, on failure; `created` is told. Regular files only.
[[nodiscard]] Handle* open_handle(const Opening& opening, bool* created = nullptr) noexcept;
/// Under the mutex. Drops its locks. A no-op for nullptr and in a child that inherited it.
void give_back(Handle* handle) noexcept;

/// Registers what closes the descriptors in a child of fork(). Once; before whoever waits for threads that may be
/// opening files, since the handlers before fork() run in reverse order. False when memory runs out.
[[nodiscard]] bool handle_forks() noexcept;

}  // namespace tse::store::sqlite::vfs

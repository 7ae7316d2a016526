#include "store/sqlite/vfs/database_file.hpp"

#include "store/sqlite/vfs.hpp"
#include "store/sqlite/vfs/io.hpp"
#include "store/sqlite/vfs/locks.hpp"
#include "store/sqlite/vfs/wal_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace tse::store::sqlite::vfs {
namespace {

// Where SQLite's locks lie, the same for every program (https://www.sqlite.org/src/file/src/os.h, "PENDING_BYTE").
constexpr off_t pending_byte = 0x40000000;
constexpr off_t reserved_byte = pending_byte + 1;
constexpr off_t shared_first = pending_byte + 2;
constexpr off_t shared_size = 510;

DatabaseFile& of(sqlite3_file* file) noexcept { return *static_cast<DatabaseFile*>(file); }
int descriptor_of(sqlite3_file* file) noexcept { return of(file).handle->descriptor; }

// Each first looks whether the number still stands for the file: a host may have closed it, and opened another. What
// would be read there may even be a database.
int read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) noexcept {
  return of(file).handle->is_ours() ? read_all(descriptor_of(file), data, static_cast<std::size_t>(size), offset)
                                    : not_ours(SQLITE_IOERR_READ);
}

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) noexcept {
  return of(file).handle->is_ours() ? write_all(descriptor_of(file), data, static_cast<std::size_t>(size), offset)
                                    : not_ours(SQLITE_IOERR_WRITE);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) noexcept {
  return of(file).handle->is_ours() ? truncate_to(descriptor_of(file), size) : not_ours(SQLITE_IOERR_TRUNCATE);
}

int sync(sqlite3_file* file, int) noexcept {
  return of(file).handle->is_ours() ? flush_to_disk(descriptor_of(file)) : not_ours(SQLITE_IOERR_FSYNC);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) noexcept {
  return of(file).handle->is_ours() ? size_of(descriptor_of(file), size) : not_ours(SQLITE_IOERR_FSTAT);
}

// PENDING keeps new readers out only while one is asked for.
int lock_for_reading(int descriptor) noexcept {
  if (const int code = set_lock(descriptor, F_RDLCK, pending_byte, 1); code != SQLITE_OK) return code;
  const int code = set_lock(descriptor, F_RDLCK, shared_first, shared_size);
  const int undone = set_lock(descriptor, F_UNLCK, pending_byte, 1);
  return code != SQLITE_OK ? code : undone;
}

int lock_for_all(DatabaseFile& file) noexcept {
  const int descriptor = file.handle->descriptor;
  if (file.lock == SQLITE_LOCK_RESERVED) {
    if (const int code = set_lock(descriptor, F_WRLCK, pending_byte, 1); code != SQLITE_OK) return code;
    file.lock = SQLITE_LOCK_PENDING;
  }
  // Who leaves WAL mode must be the last that uses the -shm.
  if (file.shared_handle != nullptr && is_shared_elsewhere(file) != 0) return SQLITE_BUSY;
  return set_lock(descriptor, F_WRLCK, shared_first, shared_size);
}

int lock(sqlite3_file* file, int level) noexcept {
  DatabaseFile& self = of(file);
  if (self.lock >= level) return SQLITE_OK;
  if (!self.handle->is_ours()) return not_ours(SQLITE_IOERR_LOCK);
  int code = SQLITE_OK;
  switch (level) {
    case SQLITE_LOCK_SHARED: code = lock_for_reading(descriptor_of(file)); break;
    case SQLITE_LOCK_RESERVED: code = set_lock(descriptor_of(file), F_WRLCK, reserved_byte, 1); break;
    default: code = lock_for_all(self); break;
  }
  if (code == SQLITE_OK) self.lock = level;
  return code;
}

int unlock(sqlite3_file* file, int level) noexcept {
  DatabaseFile& self = of(file);
  if (self.lock <= level) return SQLITE_OK;
  const bool held_more = self.lock > SQLITE_LOCK_SHARED;
  if (!self.is_inherited()) {
    const int descriptor = descriptor_of(file);
    if (held_more && level == SQLITE_LOCK_SHARED &&
        set_lock(descriptor, F_RDLCK, shared_first, shared_size) != SQLITE_OK)
      return SQLITE_IOERR_RDLOCK;
    if (held_more && set_lock(descriptor, F_UNLCK, pending_byte, 2) != SQLITE_OK) return SQLITE_IOERR_UNLOCK;
    if (level == SQLITE_LOCK_NONE && set_lock(descriptor, F_UNLCK, 0, 0) != SQLITE_OK) return SQLITE_IOERR_UNLOCK;
  }
  self.lock = level;
  return SQLITE_OK;
}

int check_reserved(sqlite3_file* file, int* out) noexcept {
  *out = 1;
  if (of(file).lock > SQLITE_LOCK_SHARED) return SQLITE_OK;
  const int conflict = of(file).is_inherited() ? -1 : conflict_at(descriptor_of(file), reserved_byte);
  if (conflict < 0) return SQLITE_IOERR_CHECKRESERVEDLOCK;
  *out = conflict != F_UNLCK ? 1 : 0;
  return SQLITE_OK;
}

bool has_moved(const DatabaseFile& file) noexcept {
  struct stat info {};
  return ::stat(file.path, &info) != 0 || info.st_ino != file.handle->inode || info.st_dev != file.handle->device;
}

/// A setting that is asked for with a negative value.
int ask_or_set(int* value, bool& setting) noexcept {
  if (*value < 0) {
    *value = setting ? 1 : 0;
  } else {
    setting = *value != 0;
  }
  return SQLITE_OK;
}

int control(sqlite3_file* file, int operation, void* argument) noexcept {
  auto* const value = static_cast<int*>(argument);
  switch (operation) {
    case SQLITE_FCNTL_LOCKSTATE: *value = of(file).lock; return SQLITE_OK;
    case SQLITE_FCNTL_SIZE_HINT:
    case SQLITE_FCNTL_CHUNK_SIZE: return SQLITE_OK;
    case SQLITE_FCNTL_PERSIST_WAL: return ask_or_set(value, of(file).keeps_wal);
    case SQLITE_FCNTL_POWERSAFE_OVERWRITE: return ask_or_set(value, of(file).power_safe);
    case SQLITE_FCNTL_HAS_MOVED: *value = has_moved(of(file)) ? 1 : 0; return SQLITE_OK;
    case SQLITE_FCNTL_VFSNAME: *static_cast<char**>(argument) = sqlite3_mprintf("%s", name()); return SQLITE_OK;
    default: return SQLITE_NOTFOUND;
  }
}

int sector_size(sqlite3_file*) noexcept { return 4096; }
int characteristics(sqlite3_file* file) noexcept { return of(file).power_safe ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0; }

int close(sqlite3_file* file) noexcept {
  DatabaseFile& self = of(file);
  unmap_shared(file, 0);
  const std::lock_guard lock(registry().mutex);
  if (self.wal != nullptr) self.wal->owner = nullptr;
  for (DatabaseFile** at = &registry().databases; *at != nullptr; at = &(*at)->next) {
    if (*at != &self) continue;
    *at = self.next;
    break;
  }
  give_back(self.handle);
  return SQLITE_OK;
}

}  // namespace

// Version 2: without xFetch, since a mapping in a child of fork() would keep the locks of its parent alive.
const sqlite3_io_methods database_methods{2,
                                          close,
                                          read,
                                          write,
                                          truncate,
                                          sync,
                                          file_size,
                                          lock,
                                          unlock,
                                          check_reserved,
                                          control,
                                          sector_size,
                                          characteristics,
                                          map_shared,
                                          lock_shared,
                                          order_shared,
                                          unmap_shared,
                                          nullptr,
                                          nullptr};

}  // namespace tse::store::sqlite::vfs

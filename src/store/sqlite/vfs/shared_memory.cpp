// The -shm: memory that all connections of all processes map, and the locks that say who may do what with the log.
#include "store/descriptor.hpp"
#include "store/sqlite/vfs/database_file.hpp"
#include "store/sqlite/vfs/io.hpp"
#include "store/sqlite/vfs/locks.hpp"
#include "store/sqlite/vfs/wal_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <new>
#include <utility>

namespace tse::store::sqlite::vfs {
namespace {

// As in SQLite's own VFS (https://www.sqlite.org/src/file/src/os_unix.c, "UNIX_SHM_BASE").
constexpr off_t first_lock = 120;
constexpr off_t users_byte = first_lock + SQLITE_SHM_NLOCK;  // whoever uses the memory holds it for reading
constexpr int region_size = 32768;
constexpr sqlite3_int64 page = 4096;

DatabaseFile& of(sqlite3_file* file) noexcept { return *static_cast<DatabaseFile*>(file); }

/// SQLite lets no path be longer than mxPathname, 512 bytes.
struct ShmPath {
  explicit ShmPath(const DatabaseFile& file) noexcept {
    sqlite3_snprintf(static_cast<int>(sizeof text), text, "%s-shm", file.path);
  }
  char text[1024];
};

// Under the registry's mutex, so that two that begin at once do not take each other for busy. The first empties what a
// crash has left.
int join_users(const DatabaseFile& file) noexcept {
  const int descriptor = file.shared_handle->descriptor;
  const int others = conflict_at(descriptor, users_byte);
  if (others < 0) return SQLITE_IOERR_LOCK;
  if (others == F_WRLCK) return SQLITE_BUSY;
  if (others == F_UNLCK) {
    if (file.shared_read_only) return SQLITE_READONLY_CANTINIT;
    if (const int code = set_lock(descriptor, F_WRLCK, users_byte, 1); code != SQLITE_OK) return code;
    if (truncate_to(descriptor, 3) != SQLITE_OK) return SQLITE_IOERR_SHMOPEN;
  }
  return set_lock(descriptor, F_RDLCK, users_byte, 1);
}

Handle* open_shm(DatabaseFile& file, const char* path) noexcept {
  struct stat like {};
  if (stat_open(file.handle->descriptor, like) != 0) return nullptr;
  Handle* handle = nullptr;
  file.shared_read_only = sqlite3_uri_boolean(file.path, "readonly_shm", 0) != 0;
  if (!file.shared_read_only) {
    bool created = false;
    handle = open_handle({path, true, true, false, true, like.st_mode & 0777}, &created);
    // Whoever may write the database must be able to use it; where that cannot be given, those who may not are told.
    if (created) {
      (void)::fchmod(handle->descriptor, like.st_mode & 0777);
      if (::geteuid() == 0) (void)!::fchown(handle->descriptor, like.st_uid, like.st_gid);
    }
  }
  if (handle != nullptr) return handle;
  file.shared_read_only = true;
  return open_handle({path});
}

SharedMap* find_map(const DatabaseFile& file) noexcept {
  for (SharedMap* each = registry().maps; each != nullptr; each = each->next) {
    const bool same = each->handle->device == file.shared_handle->device &&
                      each->handle->inode == file.shared_handle->inode && each->read_only == file.shared_read_only;
    if (same) return each;
  }
  return nullptr;
}

SharedMap* make_map(const DatabaseFile& file, const char* path) noexcept {
  auto* const map = new (std::nothrow) SharedMap;
  Handle* const handle = map == nullptr ? nullptr : open_handle({path, !file.shared_read_only, false, false, true, 0});
  if (handle == nullptr || handle->inode != file.shared_handle->inode || handle->device != file.shared_handle->device) {
    give_back(handle);
    delete map;
    return nullptr;
  }
  map->handle = handle;
  map->read_only = file.shared_read_only;
  map->next = registry().maps;
  registry().maps = map;
  return map;
}

void leave_map(SharedMap* map) noexcept {
  if (--map->users > 0) return;
  for (std::size_t each = 0; each < map->count; ++each) ::munmap(map->region(each), region_size);
  give_back(map->handle);
  for (SharedMap** at = &registry().maps; *at != nullptr; at = &(*at)->next) {
    if (*at != map) continue;
    *at = map->next;
    break;
  }
  delete map;
}

// SQLITE_READONLY_CANTINIT: the memory holds nothing to go by, and may not be written. Then the file stays open: SQLite
// locks it, reads the log by itself, and asks again whether somebody who may write has come.
int join(DatabaseFile& file) noexcept {
  const ShmPath path(file);
  if (file.shared_handle == nullptr) file.shared_handle = open_shm(file, path.text);
  if (file.shared_handle == nullptr) return SQLITE_CANTOPEN;
  int code = join_users(file);
  if (code == SQLITE_READONLY_CANTINIT) return code;
  if (code == SQLITE_OK) {
    file.map = find_map(file);
    if (file.map == nullptr) file.map = make_map(file, path.text);
    if (file.map != nullptr) {
      ++file.map->users;
      return SQLITE_OK;
    }
    code = SQLITE_CANTOPEN;
  }
  give_back(std::exchange(file.shared_handle, nullptr));
  return code;
}

// A byte of each page is written, so that room is taken now: a page that has none when it is touched ends the process.
// Also a reader may come here, who keeps no signal away.
int grow(int descriptor, sqlite3_int64 from, sqlite3_int64 to) noexcept {
  if (exceeds_size_limit(to)) return SQLITE_FULL;
  for (sqlite3_int64 at = from / page; at < to / page; ++at) {
    const int code = write_all(descriptor, "", 1, at * page + page - 1);
    if (code != SQLITE_OK) return code == SQLITE_FULL ? SQLITE_FULL : SQLITE_IOERR_SHMSIZE;
  }
  return SQLITE_OK;
}

/// SQLITE_OK without a region where there is none yet and none is to be made.
int add_region(SharedMap& map, bool extend) noexcept {
  const int descriptor = map.handle->descriptor;
  const auto begin = static_cast<off_t>(map.count) * region_size;
  sqlite3_int64 size = 0;
  if (size_of(descriptor, &size) != SQLITE_OK) return SQLITE_IOERR_SHMSIZE;
  if (size < begin + region_size) {
    if (!extend) return SQLITE_DONE;
    if (!map.handle->is_ours()) return SQLITE_IOERR_SHMSIZE;
    if (const int code = grow(descriptor, size, begin + region_size); code != SQLITE_OK) return code;
  }
  const int access = map.read_only ? PROT_READ : PROT_READ | PROT_WRITE;
  void* const memory = ::mmap(nullptr, region_size, access, MAP_SHARED, descriptor, begin);
  if (memory == MAP_FAILED) return SQLITE_IOERR_SHMMAP;
  if (map.append(memory)) return SQLITE_OK;
  ::munmap(memory, region_size);
  return SQLITE_NOMEM;
}

}  // namespace

int is_shared_elsewhere(const DatabaseFile& file) noexcept {
  const int conflict = conflict_at(file.shared_handle->descriptor, users_byte);
  return conflict < 0 ? -1 : conflict != F_UNLCK ? 1 : 0;
}

int map_shared(sqlite3_file* file, int region, int size, int extend, void volatile** out) noexcept {
  DatabaseFile& self = of(file);
  *out = nullptr;
  if (self.is_inherited() || size != region_size) return SQLITE_IOERR_SHMMAP;
  const std::lock_guard lock(registry().mutex);
  if (self.map == nullptr) {
    if (const int code = join(self); code != SQLITE_OK) return code;
  }
  const int found = self.shared_read_only ? SQLITE_READONLY : SQLITE_OK;
  while (self.map->count <= static_cast<std::size_t>(region)) {
    const int code = add_region(*self.map, extend != 0);
    if (code == SQLITE_DONE) return found;
    if (code != SQLITE_OK) return code;
  }
  *out = self.map->region(static_cast<std::size_t>(region));
  return found;
}

int lock_shared(sqlite3_file* file, int offset, int count, int flags) noexcept {
  DatabaseFile& self = of(file);
  if (self.shared_handle == nullptr || self.shared_handle->descriptor < 0)
    return (flags & SQLITE_SHM_UNLOCK) != 0 ? SQLITE_OK : SQLITE_IOERR_SHMLOCK;
  const auto mask = static_cast<std::uint16_t>((1U << (offset + count)) - (1U << offset));
  const bool writes = (mask & 1U) != 0;
  const bool releases = (flags & SQLITE_SHM_UNLOCK) != 0;
  const bool for_reading = (flags & SQLITE_SHM_SHARED) != 0;
  if (releases && ((self.exclusive | self.shared) & mask) == 0) return SQLITE_OK;
  if (!releases && for_reading && (self.shared & mask) != 0) return SQLITE_OK;
  // A lock on what a host has opened in its place would keep nobody away.
  if (!releases && !self.shared_handle->is_ours()) return not_ours(SQLITE_IOERR_SHMLOCK);
  // Frames of a transaction that was rolled back must not reach the log once another may append to it.
  if (releases && writes && (self.exclusive & 1U) != 0 && self.wal != nullptr) discard_frames(*self.wal);
  const int type = releases ? F_UNLCK : for_reading ? F_RDLCK : F_WRLCK;
  const int code = set_lock(self.shared_handle->descriptor, type, first_lock + offset, count);
  if (code != SQLITE_OK) return code == SQLITE_BUSY ? code : SQLITE_IOERR_SHMLOCK;
  const auto without = static_cast<std::uint16_t>(~mask);
  if (releases) {
    self.exclusive &= without;
    self.shared &= without;
  } else if (for_reading) {
    self.shared |= mask;
  } else {
    self.exclusive |= mask;
  }
  return SQLITE_OK;
}

void order_shared(sqlite3_file*) noexcept { std::atomic_thread_fence(std::memory_order_seq_cst); }

int unmap_shared(sqlite3_file* file, int remove) noexcept {
  DatabaseFile& self = of(file);
  SharedMap* const map = std::exchange(self.map, nullptr);
  Handle* const handle = std::exchange(self.shared_handle, nullptr);
  self.exclusive = self.shared = 0;
  if (handle == nullptr || handle->descriptor < 0) return SQLITE_OK;
  const std::lock_guard lock(registry().mutex);
  // Whoever removes it has the database to itself.
  if (remove != 0 && map != nullptr && map->users == 1) ::unlink(ShmPath(self).text);
  give_back(handle);
  if (map != nullptr) leave_map(map);
  return SQLITE_OK;
}

}  // namespace tse::store::sqlite::vfs

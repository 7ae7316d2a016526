#include "store/sqlite/vfs.hpp"

#include "store/descriptor.hpp"
#include "store/sqlite/vfs/database_file.hpp"
#include "store/sqlite/vfs/handles.hpp"
#include "store/sqlite/vfs/locks.hpp"
#include "store/sqlite/vfs/wal_file.hpp"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <new>

namespace tse::store::sqlite::vfs {
namespace {

constinit sqlite3_vfs* system_vfs = nullptr;
constinit sqlite3_vfs own_vfs{};
constinit char own_name[32] = "taskstate";

/// Whose mode and owner a new file gets; nothing: those of whoever makes it.
struct Model {
  bool found = false;
  struct stat info {};
};

/// What the URI names.
Model model_of_database(const char* path) noexcept {
  Model model;
  if (const char* const like = sqlite3_uri_parameter(path, "modeof")) model.found = ::stat(like, &model.info) == 0;
  return model;
}

void make_alike(const Handle& handle, const Model& model, bool owner) noexcept {
  if (!model.found) return;
  (void)::fchmod(handle.descriptor, model.info.st_mode & 0777);  // whatever the umask took away
  if (owner && ::geteuid() == 0) (void)!::fchown(handle.descriptor, model.info.st_uid, model.info.st_gid);
}

Handle* open_or_read_only(const Opening& opening, bool& created, bool& writable) noexcept {
  Handle* const handle = open_handle(opening, &created);
  const bool may_be_read = errno == EACCES || errno == EPERM || errno == EROFS;
  if (handle != nullptr || !opening.writable || opening.exclusive || !may_be_read) return handle;
  writable = false;
  return open_handle({opening.path});
}

Opening opening_of(const char* path, int flags, const Model& model, bool kept) noexcept {
  constexpr mode_t usual = 0644;
  return {path,
          (flags & SQLITE_OPEN_READWRITE) != 0,
          (flags & SQLITE_OPEN_CREATE) != 0,
          (flags & SQLITE_OPEN_EXCLUSIVE) != 0,
          kept,
          model.found ? model.info.st_mode & 0777 : usual};
}

int flags_of(int flags, bool writable) noexcept {
  return writable ? flags : (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
}

int open_database(const char* path, sqlite3_file* memory, int flags, int* out_flags) noexcept {
  const Model model = model_of_database(path);
  const Opening opening = opening_of(path, flags, model, true);
  const std::lock_guard lock(registry().mutex);
  bool created = false;
  bool writable = opening.writable;
  Handle* const handle = open_or_read_only(opening, created, writable);
  if (handle == nullptr) return SQLITE_CANTOPEN;
  if (created) make_alike(*handle, model, false);
  auto* const file = new (memory) DatabaseFile;
  file->pMethods = &database_methods;
  file->handle = handle;
  file->path = path;
  file->power_safe = sqlite3_uri_boolean(path, "psow", 1) != 0;
  file->next = registry().databases;
  registry().databases = file;
  if (out_flags != nullptr) *out_flags = flags_of(flags, writable);
  return SQLITE_OK;
}

/// The database of the same connection: SQLite gives both their names out of one piece of memory.
DatabaseFile* owner_of(const char* wal_path) noexcept {
  const char* const path = sqlite3_filename_database(wal_path);
  for (DatabaseFile* each = registry().databases; each != nullptr; each = each->next)
    if (each->path == path) return each;
  return nullptr;
}

int open_wal(const char* path, sqlite3_file* memory, int flags, int* out_flags) noexcept {
  const std::lock_guard lock(registry().mutex);
  DatabaseFile* const owner = owner_of(path);
  Model model;
  model.found = owner != nullptr && stat_open(owner->handle->descriptor, model.info) == 0;
  const Opening opening = opening_of(path, flags, model, false);
  bool created = false;
  bool writable = opening.writable;
  Handle* const handle = open_or_read_only(opening, created, writable);
  if (handle == nullptr) return SQLITE_CANTOPEN;
  if (created) make_alike(*handle, model, true);
  auto* const file = new (memory) WalFile;
  file->pMethods = &wal_methods;
  file->handle = handle;
  file->owner = owner;
  file->path = path;
  if (owner != nullptr) owner->wal = file;
  if (out_flags != nullptr) *out_flags = flags_of(flags, writable);
  return SQLITE_OK;
}

// Journals of transactions before WAL mode, and temporary files, are SQLite's own: nobody locks them.
int open(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out_flags) noexcept {
  const bool database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  const bool wal = (flags & SQLITE_OPEN_WAL) != 0;
  file->pMethods = nullptr;
  if (path == nullptr || (!database && !wal) || (flags & SQLITE_OPEN_DELETEONCLOSE) != 0 ||
      (database && sqlite3_uri_boolean(path, "nolock", 0) != 0))
    return system_vfs->xOpen(system_vfs, path, file, flags, out_flags);
  return database ? open_database(path, file, flags, out_flags) : open_wal(path, file, flags, out_flags);
}

Locks find_out() noexcept {
  system_vfs = sqlite3_vfs_find("unix");
  if (system_vfs == nullptr || !has_description_locks() || !handle_forks()) return Locks::posix;
  own_vfs = *system_vfs;  // all but opening is the system's
  own_vfs.pNext = nullptr;
  // Another copy of this library in the process has files, and handlers of fork(), of its own.
  if (sqlite3_vfs_find(own_name) != nullptr)
    sqlite3_snprintf(static_cast<int>(sizeof own_name), own_name, "taskstate-%p", &own_vfs);
  own_vfs.zName = own_name;
  own_vfs.szOsFile = std::max(own_vfs.szOsFile, static_cast<int>(std::max(sizeof(DatabaseFile), sizeof(WalFile))));
  own_vfs.xOpen = open;
  return sqlite3_vfs_register(&own_vfs, 0) == SQLITE_OK ? Locks::ofd : Locks::posix;
}

}  // namespace

Locks locks() noexcept {
  static const Locks found = find_out();
  return found;
}

const char* name() noexcept { return locks() == Locks::ofd ? own_name : nullptr; }

namespace {

constinit std::atomic<int> open_count{0};
constinit std::atomic<pid_t> opened_by{0};

}  // namespace

bool may_open() noexcept {
  if (locks() == Locks::ofd) return true;
  const pid_t self = ::getpid();
  pid_t before = 0;
  if (opened_by.compare_exchange_strong(before, self) || before == self) return true;
  if (open_count != 0) return false;
  opened_by = self;
  return true;
}

void count_open(int difference) noexcept { open_count.fetch_add(difference, std::memory_order_relaxed); }

Counts counts() noexcept {
  const Counters& all = registry().counters;
  Counts counts{all.flushes, all.frames, all.passed, all.discarded, all.early, all.opened, all.reused, 0};
  const std::lock_guard lock(registry().mutex);
  for (const Handle* each = registry().handles; each != nullptr; each = each->next) counts.idle += each->idle ? 1 : 0;
  return counts;
}

}  // namespace tse::store::sqlite::vfs

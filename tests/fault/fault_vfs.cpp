#include "fault/fault_vfs.hpp"

#include "store/sqlite/vfs.hpp"

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <new>

namespace fault {

namespace {

// SQLite allocates szOsFile bytes: ours, then those of the file below.
struct File {
  sqlite3_file base;
  int kind;  // 1 database, 2 -wal, 0 other
  bool mapped;
  sqlite3_file* below() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File* own(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* below(sqlite3_file* file) { return own(file)->below(); }
const sqlite3_io_methods& methods(sqlite3_file* file) { return *below(file)->pMethods; }

sqlite3_vfs* system_vfs = nullptr;
std::atomic<int> changed_byte{-1};
std::atomic<Observer*> observer{nullptr};

/// Passes the result on, and what was done to whom it concerns.
template <typename Tell>
int told(sqlite3_file* file, int code, Tell tell) {
  Observer* const to = observer;
  if (to != nullptr && code == SQLITE_OK && own(file)->kind != 0) tell(*to, own(file)->kind);
  return code;
}

bool fails(Operation operation, int kind) {
  Plan& current = plan();
  if (current.operation != operation || (current.files & kind) == 0) return false;
  const std::int64_t call = current.calls++;
  return call >= current.after && (current.times < 0 || call < current.after + current.times);
}

int close_file(sqlite3_file* file) { return methods(file).xClose(below(file)); }
int read_file(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  if (fails(Operation::read, own(file)->kind)) return plan().result;
  return methods(file).xRead(below(file), data, size, offset);
}
int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  if (fails(Operation::write, own(file)->kind)) return plan().result;
  return told(file, methods(file).xWrite(below(file), data, size, offset), [&](Observer& to, int kind) {
    to.wrote(kind, offset, {static_cast<const char*>(data), static_cast<std::size_t>(size)});
  });
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  if (fails(Operation::truncate, own(file)->kind)) return plan().result;
  return told(file, methods(file).xTruncate(below(file), size),
              [&](Observer& to, int kind) { to.truncated(kind, size); });
}
int sync_file(sqlite3_file* file, int flags) {
  if (fails(Operation::sync, own(file)->kind)) return plan().result;
  return told(file, methods(file).xSync(below(file), flags), [](Observer& to, int kind) { to.synced(kind); });
}
int file_size(sqlite3_file* file, sqlite3_int64* size) { return methods(file).xFileSize(below(file), size); }
int lock_file(sqlite3_file* file, int level) { return methods(file).xLock(below(file), level); }
int unlock_file(sqlite3_file* file, int level) { return methods(file).xUnlock(below(file), level); }
int check_reserved(sqlite3_file* file, int* out) { return methods(file).xCheckReservedLock(below(file), out); }
int file_control(sqlite3_file* file, int operation, void* argument) {
  return methods(file).xFileControl(below(file), operation, argument);
}
int sector_size(sqlite3_file* file) { return methods(file).xSectorSize(below(file)); }
int characteristics(sqlite3_file* file) { return methods(file).xDeviceCharacteristics(below(file)); }
int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  const int code = methods(file).xShmMap(below(file), page, size, extend, out);
  if (page != 0 || code != SQLITE_OK || *out == nullptr) return code;
  const int changed = changed_byte;
  if (own(file)->mapped && changed >= 0) {
    static std::array<unsigned char, 32768> copy;
    std::memcpy(copy.data(), const_cast<const void*>(*out), copy.size());
    copy.at(static_cast<std::size_t>(changed)) ^= 0x55;
    *out = copy.data();
  }
  own(file)->mapped = true;
  return code;
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  return methods(file).xShmLock(below(file), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) { methods(file).xShmBarrier(below(file)); }
int shm_unmap(sqlite3_file* file, int remove) {
  own(file)->mapped = false;
  return methods(file).xShmUnmap(below(file), remove);
}

// Version 2: without xFetch, so that every read and write comes through here.
constexpr sqlite3_io_methods own_methods{
    2,         close_file,  read_file,      write_file,   truncate_file, sync_file,       file_size,
    lock_file, unlock_file, check_reserved, file_control, sector_size,   characteristics, shm_map,
    shm_lock,  shm_barrier, shm_unmap,      nullptr,      nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  File* mine = own(file);
  mine->base.pMethods = nullptr;
  mine->mapped = false;
  mine->kind = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? 1 : (flags & SQLITE_OPEN_WAL) != 0 ? 2 : 0;
  if (fails(Operation::open, mine->kind)) return plan().result;
  const int code = system_vfs->xOpen(system_vfs, name, mine->below(), flags, out_flags);
  if (mine->below()->pMethods != nullptr) mine->base.pMethods = &own_methods;
  return code;
}

sqlite3_vfs own_vfs;

}  // namespace

Plan& plan() {
  static Plan only;
  return only;
}

void observe(Observer* to) { observer = to; }

void change_mapped(int byte) { changed_byte = byte; }

void set(Operation operation, int result, std::int64_t after, std::int64_t times, int files) {
  Plan& current = plan();
  current.operation = Operation::none;
  current.result = result;
  current.after = after;
  current.times = times;
  current.files = files;
  current.calls = 0;
  current.operation = operation;
}

Installed::Installed() {
  using tse::store::sqlite::vfs::name;
  system_vfs = sqlite3_vfs_find(name());
  own_vfs = *system_vfs;  // all but opening is the engine's, under whose name it stands before that
  own_vfs.szOsFile = static_cast<int>(sizeof(File)) + system_vfs->szOsFile;
  own_vfs.pNext = nullptr;
  own_vfs.xOpen = open_file;
  sqlite3_vfs_register(&own_vfs, name() == nullptr ? 1 : 0);
}

Installed::~Installed() {
  set(Operation::none);
  sqlite3_vfs_unregister(&own_vfs);
}

}  // namespace fault

#include "store/sqlite/vfs/wal_file.hpp"

#include "store/descriptor.hpp"
#include "store/sqlite/vfs.hpp"
#include "store/sqlite/vfs/database_file.hpp"
#include "store/sqlite/vfs/io.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace tse::store::sqlite::vfs {
namespace {

constexpr int header_size = 24;
constexpr int smallest_page = 512;

WalFile& of(sqlite3_file* file) noexcept { return *static_cast<WalFile*>(file); }

void count(std::atomic<std::uint64_t>& counter) noexcept { counter.fetch_add(1, std::memory_order_relaxed); }

// Whatever becomes of it, nothing stays collected: SQLite is told, and rolls back. The number is looked at first, so
// that what a host has opened in its place is not written over.
int flush(WalFile& file) noexcept {
  if (file.size == 0) return SQLITE_OK;
  const std::size_t size = std::exchange(file.size, 0);
  file.awaits_page = false;
  count(registry().counters.flushes);
  if (!file.handle->is_ours()) return not_ours(SQLITE_IOERR_WRITE);
  return write_all(file.handle->descriptor, file.buffer, size, file.begin);
}

int flush_early(WalFile& file) noexcept {
  if (file.size > 0) count(registry().counters.early);
  return flush(file);
}

bool append(WalFile& file, const void* data, int size) noexcept {
  const std::size_t needed = file.size + static_cast<std::size_t>(size);
  if (needed > file.room) {
    const std::size_t room = std::max({needed, file.room * 2, std::size_t{64} << 10});
    auto* const grown = static_cast<char*>(sqlite3_realloc64(file.buffer, room));
    if (grown == nullptr) return false;
    file.buffer = grown;
    file.room = room;
  }
  std::memcpy(file.buffer + file.size, data, static_cast<std::size_t>(size));
  file.size = needed;
  file.end += size;
  return true;
}

bool is_collected(const WalFile& file) noexcept {
  return file.owner != nullptr && file.owner->has_write_lock() && file.owner->power_safe;
}

/// Bytes 4 to 7: the size of the database after the commit, in the last frame of a transaction alone.
bool ends_transaction(const void* header) noexcept {
  constexpr char zero[4]{};
  return std::memcmp(static_cast<const char*>(header) + 4, zero, sizeof zero) != 0;
}

bool begins_frame(const WalFile& file, int size, sqlite3_int64 offset) noexcept {
  return !file.awaits_page && size == header_size && offset >= file.appended;
}

bool completes_frame(const WalFile& file, int size) noexcept {
  return file.awaits_page && file.size > 0 && size >= smallest_page && (size & (size - 1)) == 0;
}

int collect_header(WalFile& file, const void* data, sqlite3_int64 offset) noexcept {
  if (file.size == 0) file.begin = file.end = offset;
  if (!append(file, data, header_size)) return SQLITE_IOERR_NOMEM;
  file.awaits_page = true;
  file.commits = ends_transaction(data);
  return SQLITE_OK;
}

int collect_page(WalFile& file, const void* data, int size) noexcept {
  if (!append(file, data, size)) {
    discard_frames(file);
    return SQLITE_IOERR_NOMEM;
  }
  file.awaits_page = false;
  file.appended = file.end;
  count(registry().counters.frames);
  if (file.commits) return flush(file);
  return file.size >= WalFile::most_collected ? flush_early(file) : SQLITE_OK;
}

int write(sqlite3_file* base, const void* data, int size, sqlite3_int64 offset) noexcept {
  WalFile& file = of(base);
  if (file.handle->descriptor < 0) return SQLITE_IOERR_WRITE;
  if (is_collected(file)) {
    if (file.size > 0 && offset != file.end) {
      if (const int code = flush_early(file); code != SQLITE_OK) return code;
    }
    if (begins_frame(file, size, offset)) return collect_header(file, data, offset);
    if (completes_frame(file, size)) return collect_page(file, data, size);
  }
  if (const int code = flush_early(file); code != SQLITE_OK) return code;
  count(registry().counters.passed);
  if (!file.handle->is_ours()) return not_ours(SQLITE_IOERR_WRITE);
  return write_all(file.handle->descriptor, data, static_cast<std::size_t>(size), offset);
}

int read(sqlite3_file* base, void* data, int size, sqlite3_int64 offset) noexcept {
  WalFile& file = of(base);
  if (!file.handle->is_ours()) return not_ours(SQLITE_IOERR_READ);
  if (file.size > 0 && offset + size > file.begin && offset < file.end) {
    if (const int code = flush_early(file); code != SQLITE_OK) return code;
  }
  return read_all(file.handle->descriptor, data, static_cast<std::size_t>(size), offset);
}

int truncate(sqlite3_file* base, sqlite3_int64 size) noexcept {
  WalFile& file = of(base);
  if (file.handle->descriptor < 0) return SQLITE_IOERR_TRUNCATE;
  if (const int code = flush_early(file); code != SQLITE_OK) return code;
  file.appended = 0;
  if (!file.handle->is_ours()) return not_ours(SQLITE_IOERR_TRUNCATE);
  return truncate_to(file.handle->descriptor, size);
}

// As far as it can be opened: a directory may be used without being read.
int flush_directory(const char* path) noexcept {
  char directory[1024];
  const std::size_t length = std::string_view(path).rfind('/') + 1;
  if (length >= sizeof directory) return SQLITE_CANTOPEN;
  std::memcpy(directory, path, length);
  directory[length] = '\0';
  const OwnDescriptor opened(open_high(directory, O_RDONLY | O_DIRECTORY));
  if (!opened) return SQLITE_OK;
  return ::fsync(opened.get()) == 0 || errno == EINVAL ? SQLITE_OK : SQLITE_IOERR_DIR_FSYNC;
}

int sync(sqlite3_file* base, int) noexcept {
  WalFile& file = of(base);
  if (!file.handle->is_ours()) return not_ours(SQLITE_IOERR_FSYNC);
  if (const int code = flush_early(file); code != SQLITE_OK) return code;
  if (const int code = flush_to_disk(file.handle->descriptor); code != SQLITE_OK) return code;
  if (file.directory_is_flushed) return SQLITE_OK;
  const int code = flush_directory(file.path);
  file.directory_is_flushed = code == SQLITE_OK;
  return code;
}

int file_size(sqlite3_file* base, sqlite3_int64* size) noexcept {
  WalFile& file = of(base);
  if (!file.handle->is_ours()) return not_ours(SQLITE_IOERR_FSTAT);
  if (const int code = flush_early(file); code != SQLITE_OK) return code;
  return size_of(file.handle->descriptor, size);
}

// Nobody locks a log; its descriptor is really closed, since no locks go with it.
int ignore(sqlite3_file*, int) noexcept { return SQLITE_OK; }
int check_reserved(sqlite3_file*, int* out) noexcept {
  *out = 0;
  return SQLITE_OK;
}

int control(sqlite3_file*, int operation, void* argument) noexcept {
  switch (operation) {
    case SQLITE_FCNTL_SIZE_HINT:
    case SQLITE_FCNTL_CHUNK_SIZE: return SQLITE_OK;
    case SQLITE_FCNTL_VFSNAME: *static_cast<char**>(argument) = sqlite3_mprintf("%s", name()); return SQLITE_OK;
    default: return SQLITE_NOTFOUND;
  }
}

int sector_size(sqlite3_file*) noexcept { return 4096; }
int characteristics(sqlite3_file*) noexcept { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int close(sqlite3_file* base) noexcept {
  WalFile& file = of(base);
  discard_frames(file);
  sqlite3_free(file.buffer);
  file.buffer = nullptr;
  const std::lock_guard lock(registry().mutex);
  if (file.owner != nullptr) file.owner->wal = nullptr;
  give_back(file.handle);
  return SQLITE_OK;
}

}  // namespace

void discard_frames(WalFile& file) noexcept {
  if (file.size > 0) count(registry().counters.discarded);
  file.size = 0;
  file.awaits_page = false;
  file.appended = 0;
}

const sqlite3_io_methods wal_methods{
    1,       close,          read,    write,       truncate,        sync,    file_size, ignore,
    ignore,  check_reserved, control, sector_size, characteristics, nullptr, nullptr,   nullptr,
    nullptr, nullptr,        nullptr};

}  // namespace tse::store::sqlite::vfs

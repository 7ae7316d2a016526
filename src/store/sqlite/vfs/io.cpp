#include "store/sqlite/vfs/io.hpp"
#include "store/descriptor.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tse::store::sqlite::vfs {
namespace {

int write_error() noexcept {
  return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

}  // namespace

int write_all(int descriptor, const void* data, std::size_t size, sqlite3_int64 offset) noexcept {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::pwrite(descriptor, at, size, offset);
    if (written < 0 && errno == EINTR) continue;
    if (written == 0) errno = ENOSPC;
    if (written <= 0) return write_error();
    at += written;
    size -= static_cast<std::size_t>(written);
    offset += written;
  }
  return SQLITE_OK;
}

int read_all(int descriptor, void* data, std::size_t size, sqlite3_int64 offset) noexcept {
  char* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = ::pread(descriptor, at, size, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SQLITE_IOERR_READ;
    if (got == 0) {
      std::memset(at, 0, size);
      return SQLITE_IOERR_SHORT_READ;
    }
    at += got;
    size -= static_cast<std::size_t>(got);
    offset += got;
  }
  return SQLITE_OK;
}

int not_ours(int code) noexcept {
  errno = EBADF;
  return code;
}

bool exceeds_size_limit(sqlite3_int64 end) noexcept {
  struct rlimit limit {};
  return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
         static_cast<rlim_t>(end) > limit.rlim_cur;
}

int truncate_to(int descriptor, sqlite3_int64 size) noexcept {
  while (::ftruncate(descriptor, size) != 0)
    if (errno != EINTR) return SQLITE_IOERR_TRUNCATE;
  return SQLITE_OK;
}

int flush_to_disk(int descriptor) noexcept { return ::fdatasync(descriptor) == 0 ? SQLITE_OK : SQLITE_IOERR_FSYNC; }

int size_of(int descriptor, sqlite3_int64* size) noexcept {
  struct statx info {};
  if (::statx(descriptor, "", AT_EMPTY_PATH, STATX_SIZE, &info) == 0) {
    *size = static_cast<sqlite3_int64>(info.stx_size);
    return SQLITE_OK;
  }
  struct stat plain {};  // where a sandbox refuses the other
  if (stat_open(descriptor, plain) != 0) return SQLITE_IOERR_FSTAT;
  *size = plain.st_size;
  return SQLITE_OK;
}

}  // namespace tse::store::sqlite::vfs

#include "store/sqlite/vfs/locks.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace tse::store::sqlite::vfs {
namespace {

struct flock range(int type, off_t start, off_t length) noexcept {
  struct flock lock {};  // l_pid is 0, as such locks require
  lock.l_type = static_cast<short>(type);
  lock.l_whence = SEEK_SET;
  lock.l_start = start;
  lock.l_len = length;
  return lock;
}

}  // namespace

int set_lock(int descriptor, int type, off_t start, off_t length) noexcept {
  struct flock lock = range(type, start, length);
  for (;;) {
    if (::fcntl(descriptor, F_OFD_SETLK, &lock) == 0) return SQLITE_OK;
    if (errno == EAGAIN || errno == EACCES) return SQLITE_BUSY;
    if (errno != EINTR) return SQLITE_IOERR_LOCK;
  }
}

int conflict_at(int descriptor, off_t start, off_t length) noexcept {
  struct flock lock = range(F_WRLCK, start, length);
  return ::fcntl(descriptor, F_OFD_GETLK, &lock) == 0 ? lock.l_type : -1;
}

bool has_description_locks() noexcept {
  const int descriptor = ::memfd_create("taskstate-locks", MFD_CLOEXEC);
  if (descriptor < 0) return true;  // no way to try; a lock that is refused later says so itself
  const bool works = set_lock(descriptor, F_WRLCK, 0, 1) == SQLITE_OK && conflict_at(descriptor, 0) == F_UNLCK;
  ::close(descriptor);
  return works;
}

}  // namespace tse::store::sqlite::vfs

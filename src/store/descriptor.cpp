#include "store/descriptor.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace tse::store {
namespace {

constexpr int first_high = 3;

void fill_standard() noexcept {
  for (int each = 0; each < first_high; ++each) {
    if (::fcntl(each, F_GETFD) >= 0 || errno != EBADF) continue;
    // Not O_CLOEXEC: a program that is started is to find 0, 1 and 2 open, too.
    const int taken = ::open("/dev/null", O_RDWR);
    if (taken >= first_high) ::close(taken);
  }
}

}  // namespace

int open_high(const char* path, int flags, mode_t mode) noexcept {
  for (;;) {
    fill_standard();
    const int descriptor = ::open(path, flags | O_CLOEXEC, mode);
    if (descriptor >= first_high) return descriptor;
    if (descriptor < 0 && errno != EINTR) return -1;
    // Somebody closed a low one in between, and it is the file's now. It stays open, since closing it would drop locks.
    if (descriptor >= 0) flags &= ~(O_EXCL | O_TRUNC);
  }
}

int move_high(int descriptor) noexcept {
  if (descriptor < 0 || descriptor >= first_high) return descriptor;
  const int high = ::fcntl(descriptor, F_DUPFD_CLOEXEC, first_high);
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return high;
}

int stat_open(int descriptor, struct stat& info) noexcept {
  const int code = ::fstat(descriptor, &info);
#if defined(SYS_fstat) && __WORDSIZE == 64
  if (code != 0 && errno != EBADF) return static_cast<int>(::syscall(SYS_fstat, descriptor, &info));
#endif
  return code;
}

OwnDescriptor::OwnDescriptor(int descriptor) noexcept : descriptor_(descriptor) {
  struct stat info {};
  if (descriptor_ < 0 || stat_open(descriptor_, info) != 0) return;
  device_ = info.st_dev;
  inode_ = info.st_ino;
}

bool OwnDescriptor::is_ours() const noexcept {
  struct stat info {};
  return is_ours(info);
}

bool OwnDescriptor::is_ours(struct stat& info) const noexcept {
  return descriptor_ >= 0 && stat_open(descriptor_, info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
}

void OwnDescriptor::close() noexcept {
  const int error = errno;
  if (is_ours()) ::close(descriptor_);
  descriptor_ = -1;
  errno = error;
}

}  // namespace tse::store

// Descriptors that the library opens: never 0, 1 or 2, which a host may have closed and which whatever writes to its
// standard error would find again.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <utility>

namespace tse::store {

/// Opens like open(2), O_CLOEXEC added, and gives a descriptor >= 3. Closes nothing that stands for the file: where 0,
/// 1 or 2 are free they are taken by /dev/null first and stay so. -1 and errno on failure.
[[nodiscard]] int open_high(const char* path, int flags, mode_t mode = 0) noexcept;

/// Moves a descriptor that was just made (eventfd, inotify) above 2 and closes the low one. Not for a database or its
/// companions: closing one drops the POSIX locks that other code of the process has on the file. -1 stays -1; on
/// failure -1 and errno, and the low one is closed.
[[nodiscard]] int move_high(int descriptor) noexcept;

/// As fstat(2). A C library may make a call by path of that, which a sandbox can refuse: then the plain call is tried.
[[nodiscard]] int stat_open(int descriptor, struct stat& info) noexcept;

/// An open file that knows which one it is. A host may close all descriptors and open files of its own, which get the
/// same numbers: those are never closed here.
class OwnDescriptor {
 public:
  OwnDescriptor() noexcept = default;
  explicit OwnDescriptor(int descriptor) noexcept;
  ~OwnDescriptor() { close(); }
  OwnDescriptor(OwnDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), device_(other.device_), inode_(other.inode_) {}
  OwnDescriptor& operator=(OwnDescriptor&& other) noexcept {
    if (this != &other) {
      close();
      descriptor_ = std::exchange(other.descriptor_, -1);
      device_ = other.device_;
      inode_ = other.inode_;
    }
    return *this;
  }

  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] explicit operator bool() const noexcept { return descriptor_ >= 0; }
  /// Whether the number still stands for the file that was opened. One fstat().
  [[nodiscard]] bool is_ours() const noexcept;
  /// The same; `info` is what fstat() says of it.
  [[nodiscard]] bool is_ours(struct stat& info) const noexcept;
  /// Closes it if it is ours still, and forgets it in any case.
  void close() noexcept;

 private:
  int descriptor_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace tse::store

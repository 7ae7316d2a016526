// Writing past the limit on the size of files (RLIMIT_FSIZE) is an error, EFBIG, and beside it a signal, SIGXFSZ, which
// ends a process that has not asked for it. The error is all that a library needs.
#pragma once

namespace tse::store {

/// While it lives, such a write of this thread is an error alone. What the process does with signals stays as it is.
class NoSizeSignal {
 public:
  NoSizeSignal() noexcept;
  ~NoSizeSignal();
  NoSizeSignal(const NoSizeSignal&) = delete;
  NoSizeSignal& operator=(const NoSizeSignal&) = delete;

 private:
  bool blocked_ = false;
};

}  // namespace tse::store

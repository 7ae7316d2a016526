#include "store/size_signal.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <cerrno>
#include <ctime>

namespace tse::store {
namespace {

sigset_t size_signal() noexcept {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGXFSZ);
  return set;
}

}  // namespace

// Most processes have no limit, and pay one call for the question.
NoSizeSignal::NoSizeSignal() noexcept {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY) return;
  const sigset_t set = size_signal();
  sigset_t before;
  blocked_ = ::pthread_sigmask(SIG_BLOCK, &set, &before) == 0 && ::sigismember(&before, SIGXFSZ) == 0;
}

// The kernel sends it to the thread that writes, so that the one which waits here is that of a write of ours.
NoSizeSignal::~NoSizeSignal() {
  if (!blocked_) return;
  const int error = errno;
  const sigset_t set = size_signal();
  const timespec at_once{};
  while (::sigtimedwait(&set, nullptr, &at_once) > 0 || errno == EINTR) {
  }
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  errno = error;
}

}  // namespace tse::store

// What a child process ran: one that ends by _exit() writes none of it down, unless it is asked to.
#pragma once

#include <sys/resource.h>

#include <csignal>

// Of the compiler's runtime, and only in a build for coverage.
extern "C" int __llvm_profile_write_file(void) __attribute__((weak));

namespace tse::test {

inline void write_coverage() {
  if (__llvm_profile_write_file == nullptr) return;
  std::signal(SIGXFSZ, SIG_IGN);  // the child may have limited its files
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  __llvm_profile_write_file();
}

}  // namespace tse::test

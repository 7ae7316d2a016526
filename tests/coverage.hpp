// What a child process ran: one that ends by _exit() writes none of it down, unless it is asked to.
#pragma once

// Of the compiler's runtime, and only in a build for coverage.
extern "C" int __llvm_profile_write_file(void) __attribute__((weak));

namespace tse::test {

inline void write_coverage() {
  if (__llvm_profile_write_file != nullptr) __llvm_profile_write_file();
}

}  // namespace tse::test

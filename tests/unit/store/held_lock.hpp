// The write lock of a file, held as by any process that commits.
#pragma once

#include "store/sqlite/files.hpp"
#include "store/sqlite/write_lock.hpp"

#include <chrono>
#include <string>

namespace tse::store_test {

class HeldLock {
 public:
  /// The file is there, with its companions.
  explicit HeldLock(const std::string& path) {
    const store::sqlite::Paths paths = store::sqlite::resolve(path);
    lock_.open(paths.sidecar, paths.database, 0600);
    lock_.lock({std::chrono::steady_clock::now() + std::chrono::minutes(1), {}}, [] {});
  }
  ~HeldLock() { release(); }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;
  void release() noexcept {
    if (held_) lock_.unlock();
    held_ = false;
  }

 private:
  store::sqlite::WriteLock lock_;
  bool held_ = true;
};

}  // namespace tse::store_test

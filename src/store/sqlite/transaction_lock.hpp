// Held from BEGIN to COMMIT and for checkpoints, so that no fork() falls into them, and by whoever asks a database in
// memory, which has one connection.
#pragma once

#include "store/sqlite/gate.hpp"
#include "store/store.hpp"

#include <condition_variable>
#include <mutex>

namespace tse::store::sqlite {

/// One holder at a time. Meets the standard's BasicLockable.
class TransactionLock {
 public:
  explicit TransactionLock(const Gate& gate) : gate_(gate) {}

  /// Waits however long.
  void lock() noexcept;
  void unlock() noexcept;
  /// Throws Failure: busy, cancelled, or what the gate says.
  void lock(const Patience& patience);
  /// Wakes those who wait, so that they look at the gate.
  void wake() noexcept;

  /// Around fork(): waits until nobody holds it, and lets nobody so much as look at it, so that a child finds it whole.
  /// Waits however long.
  void hold() noexcept;
  /// In the parent and in the child.
  void resume() noexcept { mutex_.unlock(); }

 private:
  const Gate& gate_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool taken_ = false;
};

}  // namespace tse::store::sqlite

#include "store/sqlite/transaction_lock.hpp"

#include "store/lock_order.hpp"

namespace tse::store::sqlite {

void TransactionLock::lock() noexcept {
  enter(Rank::transaction);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !taken_; });
  taken_ = true;
}

void TransactionLock::lock(const Patience& patience) {
  enter(Rank::transaction);
  try {
    std::unique_lock lock(mutex_);
    while (taken_) {
      gate_.require();
      if (changed_.wait_until(lock, patience.next_look()) == std::cv_status::timeout && taken_)
        patience.require("other changes of this process took until the deadline");
    }
    gate_.require();
    taken_ = true;
  } catch (...) {
    leave(Rank::transaction);
    throw;
  }
}

void TransactionLock::unlock() noexcept {
  leave(Rank::transaction);
  const std::lock_guard lock(mutex_);
  taken_ = false;
  changed_.notify_all();
}

void TransactionLock::wake() noexcept {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void TransactionLock::hold() noexcept {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !taken_; });
  (void)lock.release();
}

}  // namespace tse::store::sqlite

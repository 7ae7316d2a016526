#include "store/sqlite/turn.hpp"

namespace tse::store::sqlite {

Turn::Held::Held(Turn& turn, const Patience& patience) : turn_(turn) { turn_.acquire(patience); }

void Turn::acquire(const Patience& patience) {
  std::unique_lock lock(mutex_);
  while (taken_) {
    gate_.require();
    if (changed_.wait_until(lock, patience.next_look()) == std::cv_status::timeout && taken_)
      patience.require("other changes of this process took until the deadline");
  }
  gate_.require();
  taken_ = true;
}

void Turn::release() noexcept {
  const std::lock_guard lock(mutex_);
  taken_ = false;
  changed_.notify_one();
}

void Turn::wake() noexcept {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void Turn::end() noexcept {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !taken_; });
  taken_ = true;
}

}  // namespace tse::store::sqlite

// One at a time within the process, with patience and an end.
#pragma once

#include "store/sqlite/gate.hpp"
#include "store/store.hpp"

#include <condition_variable>
#include <mutex>

namespace tse::store::sqlite {

class Turn {
 public:
  explicit Turn(const Gate& gate) : gate_(gate) {}

  /// Held until the end of the scope. Throws Failure: busy, cancelled, or what the gate says.
  class Held {
   public:
    Held(Turn& turn, const Patience& patience);
    ~Held() { turn_.release(); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    Turn& turn_;
  };

  /// Waits for whoever has the turn, however long, and keeps it from everybody else for good.
  void end() noexcept;
  /// Wakes those who wait, so that they look at the gate.
  void wake() noexcept;

 private:
  void acquire(const Patience& patience);
  void release() noexcept;
  const Gate& gate_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool taken_ = false;
};

}  // namespace tse::store::sqlite

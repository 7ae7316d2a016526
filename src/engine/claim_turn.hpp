// Whose turn it is among the zones.
#pragma once

#include "store/store.hpp"

#include <mutex>
#include <utility>

namespace tse::engine {

using store::ClaimTurn;

/// The turn of an engine's claims. Any thread.
class SharedClaimTurn {
 public:
  [[nodiscard]] ClaimTurn get() const {
    const std::lock_guard lock(mutex_);
    return turn_;
  }
  void set(ClaimTurn&& turn) noexcept {
    const std::lock_guard lock(mutex_);
    turn_ = std::move(turn);
  }

 private:
  mutable std::mutex mutex_;
  ClaimTurn turn_;
};

}  // namespace tse::engine

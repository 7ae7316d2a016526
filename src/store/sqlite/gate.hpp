// Whether the store may still be used, and why not.
#pragma once

#include "core/error.hpp"

#include <atomic>

namespace tse::store::sqlite {

/// Any thread. A reason once given is final.
class Gate {
 public:
  /// Throws the Failure that stands for the state; nothing while all is well.
  void require() const;
  /// The same, but being closed is none of its business.
  void require_sound() const;
  [[nodiscard]] bool forked() const noexcept { return state_.load(std::memory_order_acquire) == State::forked; }
  [[nodiscard]] bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }
  /// Whether the file is still the one that was opened, and none of its writes is in doubt.
  [[nodiscard]] bool sound() const noexcept { return state_.load(std::memory_order_acquire) == State::sound; }

  /// False if it was closed before.
  bool close() noexcept { return !closed_.exchange(true, std::memory_order_acq_rel); }
  void poison() noexcept { leave(State::poisoned); }
  void move() noexcept { leave(State::moved); }
  void fork() noexcept { state_.store(State::forked, std::memory_order_release); }

 private:
  enum class State { sound, poisoned, moved, forked };
  void leave(State to) noexcept {
    State from = State::sound;
    state_.compare_exchange_strong(from, to, std::memory_order_acq_rel);
  }

  std::atomic<State> state_{State::sound};
  std::atomic<bool> closed_{false};
};

}  // namespace tse::store::sqlite

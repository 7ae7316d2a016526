// Whether an engine may still be used: not closed, and not brought into this process by a fork().
#pragma once

#include "core/error.hpp"
#include "engine/fork_guard.hpp"

#include <atomic>
#include <cstdint>

namespace tse::engine {

inline constexpr core::FixedError closed_error{core::Code::closed, "the engine is closed"};
inline constexpr core::FixedError forked_error{core::Code::forked,
                                               "the engine was opened before fork(); open it again in this process"};

/// Any thread.
class Lifetime {
 public:
  /// Throws Failure: closed, forked.
  void require() const {
    if (is_inherited()) throw core::Failure(core::copy_of(forked_error));
    if (is_closed()) throw core::Failure(core::copy_of(closed_error));
  }
  [[nodiscard]] bool is_closed() const noexcept { return closed_.load(std::memory_order_acquire); }
  [[nodiscard]] bool is_inherited() const noexcept { return generation_ != fork_guard::generation(); }
  /// False if it was closed before.
  bool close() noexcept { return !closed_.exchange(true, std::memory_order_acq_rel); }

 private:
  const std::uint64_t generation_ = fork_guard::generation();
  std::atomic<bool> closed_{false};
};

}  // namespace tse::engine

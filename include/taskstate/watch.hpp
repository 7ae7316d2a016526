// Tells an event loop when to look.
#pragma once

#include <taskstate.h>
#include <taskstate/detail/check.hpp>
#include <taskstate/detail/lease.hpp>

#include <cstdint>
#include <utility>

namespace taskstate {

/// A descriptor that becomes readable when there may be something to do; made by Engine::watch(). One thread at a
/// time. It may outlive the engine. @since 0.1
class Watch {
 public:
  /// From now on also readable when there may be a task for such a claim (its zones and operations count); at once if
  /// there is already. Of several that wait for the same thing one is woken, and when it claims, the next.
  /// @throws Error invalid_argument, closed, forked.
  void claim(const Claim& claim) {
    const detail::ClaimSpec spec(claim, 1);
    detail::check(tse_watch_claim, handle_.get(), spec.get());
  }
  /// For poll(), epoll and the like: wait until it is readable, nothing else. Readable for good once the engine is
  /// closed.
  [[nodiscard]] std::intptr_t descriptor() const noexcept { return tse_watch_descriptor(handle_.get()); }
  /// Makes it unreadable again. Call it first, then look. @throws Error forked.
  void reset() { detail::check(tse_watch_reset, handle_.get()); }

 private:
  friend class Engine;
  explicit Watch(detail::WatchHandle handle) noexcept : handle_(std::move(handle)) {}
  detail::WatchHandle handle_;
};

}  // namespace taskstate

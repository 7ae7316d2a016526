// Who waits for something to claim, and how they are woken: a descriptor each, no thread and no polling.
//
// Of those that wait for the same thing one is woken, and when it found something, the next: a hundred idle
// workers do not all run for one task.
#pragma once

#include "core/task.hpp"

#include <atomic>
#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tse::engine {

/// Which tasks a claim looks at; sorted, without duplicates, so that equal filters are equal.
struct ClaimFilter {
  std::vector<std::string> zones;                        ///< empty: all
  std::vector<std::string> operations;                   ///< empty: all
  auto operator<=>(const ClaimFilter&) const = default;  // NOLINT(modernize-use-nullptr): that of <=> itself
  [[nodiscard]] bool matches(std::string_view zone_id, std::string_view operation) const;
};

/// An eventfd(2): readable from signal() to drain().
class Signal {
 public:
  /// Throws Failure(unavailable).
  Signal();
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  void raise() const noexcept;
  void drain() const noexcept;
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

class Watch;

/// All that wait on one engine. Any thread. It outlives the engine as long as somebody has a watch.
class Watches {
 public:
  /// Something may have come that can be claimed: wakes one of each kind that it is for.
  void signal(std::string_view zone_id, std::string_view operation);
  /// The same, when it is not known what came.
  void signal_all();
  /// A claim with this filter found something, so there may be more: wakes the next.
  void signal_next(const ClaimFilter& filter);
  /// Wakes all, for good.
  void close() noexcept;

  /// Whether anybody waits. One relaxed load.
  [[nodiscard]] bool any() const noexcept { return count_.load(std::memory_order_relaxed) > 0; }
  /// Raised when the first begins to wait and when the last stops.
  [[nodiscard]] const Signal& attention() const noexcept { return attention_; }

 private:
  friend class Watch;
  using Queue = std::deque<Watch*>;
  static void wake_one(Queue& queue);
  void add(Watch& watch, const ClaimFilter& filter);
  void remove(Watch& watch, const std::vector<ClaimFilter>& filters) noexcept;

  std::mutex mutex_;
  std::map<ClaimFilter, Queue> queues_;  // those woken last are at the back
  std::atomic<std::size_t> count_{0};
  Signal attention_;
  bool closed_ = false;
};

/// A descriptor that becomes readable when there may be something to do. Any thread, one at a time.
class Watch {
 public:
  explicit Watch(std::shared_ptr<Watches> watches);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Also readable, from now on, when there may be something for this filter; at first at once. Throws Failure: closed,
  /// forked.
  void await_claim(const ClaimFilter& filter);
  [[nodiscard]] int descriptor() const noexcept { return signal_.descriptor(); }
  /// Unreadable again, unless the engine is closed. Throws Failure(forked).
  void reset();
  /// Readable, for a reason of the caller's own.
  void raise() const noexcept { signal_.raise(); }

 private:
  friend class Watches;
  [[nodiscard]] bool is_inherited() const noexcept;

  const std::shared_ptr<Watches> watches_;
  const std::uint64_t generation_;
  std::vector<ClaimFilter> filters_;
  Signal signal_;
  bool woken_ = false;  // under the mutex of watches_
};

}  // namespace tse::engine

// Who waits for something, and how they are woken: by a descriptor each, without a thread and without polling.
//
// Who waits for a task is told once, by a tag of its own choice; who waits for the feed is told every time. Of those
// that wait for the same thing one is woken, and when it found something, the next: a hundred idle workers do not all
// run for one task.
#pragma once

#include "core/moved.hpp"
#include "core/query.hpp"
#include "core/task.hpp"
#include "store/descriptor.hpp"
#include "store/store.hpp"

#include <atomic>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tse::engine {

using core::ClaimFilter;

/// An eventfd(2): readable from signal() to drain(). Neither writes to a file that a host has since opened under the
/// same number.
class Signal {
 public:
  /// Throws Failure(unavailable).
  Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  void raise() const noexcept;
  void drain() const noexcept;
  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }
  /// Whether the number still stands for it: a host may have closed all descriptors.
  [[nodiscard]] bool is_open() const noexcept { return descriptor_.is_ours(); }

 private:
  store::OwnDescriptor descriptor_;
};

class Watch;

/// What is asked of the engine's file, until the engine is closed.
struct NewsSource {
  std::function<std::int64_t()> latest;  ///< the newest event's sequence number
  /// Where a task stands; nothing if there is none.
  std::function<std::optional<store::Move>(const core::Key&)> look;
};

/// All that wait on one engine. Any thread. It outlives the engine as long as somebody has a watch.
class Watches {
 public:
  explicit Watches(NewsSource source) : source_(std::move(source)) {}

  /// Something may have come that can be claimed: wakes one of each kind that it is for.
  void signal(std::string_view zone_id, std::string_view operation);
  /// The same, when it is not known what came.
  void signal_all();
  /// A claim with this filter found something, so there may be more: wakes the next.
  void signal_next(const ClaimFilter& filter);
  /// After which event those who wait for tasks or for the feed want to hear; nothing if nobody does.
  [[nodiscard]] std::optional<std::int64_t> following() const;
  /// What has moved after that event, oldest first: wakes whom it concerns.
  void tell(std::span<const store::Move> moves);
  /// Anything may have become of what they wait for: wakes all, and tells all tags. `latest`: the newest event now.
  void tell_all(std::int64_t latest);
  /// Wakes all, for good.
  void close() noexcept;

  /// Whether anybody waits for something to claim. One relaxed load.
  [[nodiscard]] bool any() const noexcept { return claims_.load(std::memory_order_relaxed) > 0; }
  /// Whether anybody waits for a task or for the feed. One relaxed load.
  [[nodiscard]] bool follows() const noexcept { return followers_.load(std::memory_order_relaxed) > 0; }
  [[nodiscard]] std::size_t count() const noexcept { return claims_ + followers_; }
  /// Raised when the first begins to wait and when the last stops, and by the engine when something may have moved.
  [[nodiscard]] const Signal& attention() const noexcept { return attention_; }

 private:
  friend class Watch;
  using Queue = std::deque<Watch*>;
  struct Follower {
    Watch* watch;
    std::optional<std::int64_t> revision;  // nothing: until the task has ended
    std::int64_t tag;
    [[nodiscard]] bool concerns(const store::Move& move) const {
      return core::has_moved(move.ended, move.revision, revision);
    }
  };
  struct KeyHash {
    std::size_t operator()(const core::Key& key) const noexcept {
      return std::hash<std::string>()(key.id) * 31 + std::hash<std::string>()(key.zone_id);
    }
  };

  static void wake_one(Queue& queue);
  void add(Watch& watch, const ClaimFilter& filter);
  /// Reads the store, unless somebody follows already; so what was committed before need not be told.
  void follow(const std::function<void()>& enroll);
  void add(Watch& watch, const core::Key& key, std::optional<std::int64_t> revision, std::int64_t tag);
  void add(Watch& watch, const std::string& zone_id);
  template <class Predicate>
  void remove_followers(const core::Key& key, Predicate predicate);
  void left(std::size_t followers) noexcept;
  void remove(Watch& watch) noexcept;

  mutable std::mutex mutex_;
  std::map<ClaimFilter, Queue> queues_;  // those woken last are at the back
  std::unordered_map<core::Key, std::vector<Follower>, KeyHash> tasks_;
  std::multimap<std::string, Watch*> feeds_;  // by zone; "": all
  std::atomic<std::size_t> claims_{0};
  std::atomic<std::size_t> followers_{0};
  std::int64_t told_ = 0;  // the last event that was told; counts while somebody follows
  Signal attention_;
  bool closed_ = false;
  std::shared_mutex asking_;  // held to ask the source
  NewsSource source_;
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
  /// Tells the tag, once, when the task has moved past the revision or has ended; without a revision, when it has
  /// ended. At once if that is so or there is no such task. Throws Failure: closed, forked, and what reading throws.
  void await_task(const core::Key& key, std::optional<std::int64_t> revision, std::int64_t tag);
  void forget_task(const core::Key& key, std::int64_t tag);
  /// Tags that are to be told, at most as many as there is room for. How many.
  std::size_t take(std::span<std::int64_t> tags);
  /// Also readable, from now on, when there may be something new in the feed of the zone; empty: of all.
  void await_changes(const std::string& zone_id);
  [[nodiscard]] int descriptor() const noexcept { return signal_.descriptor(); }
  /// Unreadable again, unless the engine is closed. Throws Failure(forked).
  void reset();
  /// Readable, for a reason of the caller's own.
  void raise() const noexcept { signal_.raise(); }
  /// Returns at `until`, or when it is readable. Throws Failure(unavailable) if the host has closed the descriptor.
  void sleep_until(std::chrono::steady_clock::time_point until) const;

 private:
  friend class Watches;
  [[nodiscard]] bool is_inherited() const noexcept;
  void refuse_inherited() const;
  void make_room_to_tell();

  const std::shared_ptr<Watches> watches_;
  const std::uint64_t generation_;
  Signal signal_;
  // Under the mutex of watches_:
  std::vector<ClaimFilter> filters_;
  std::size_t tasks_ = 0;
  std::size_t feeds_ = 0;
  std::vector<std::int64_t> told_;  // tags that nobody took yet
  bool woken_ = false;
};

}  // namespace tse::engine

// Tells an event loop when to look.
#pragma once

#include <taskstate.h>
#include <taskstate/detail/check.hpp>
#include <taskstate/detail/lease.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  /// Also readable once the task has moved past `revision` or has ended; without a revision, once it has ended. At once
  /// if that is so or there is no such task. take() then gives `tag`, and the registration is over. Any number of them,
  /// less than 1 KiB each. @throws Error closed, forked, and what reading throws.
  void task(std::string_view zone_id, std::string_view id, std::optional<std::int64_t> revision, std::int64_t tag) {
    const tse_str zone = detail::view(zone_id);
    const tse_str key = detail::view(id);
    detail::check(tse_watch_task, handle_.get(), zone.data, zone.size, key.data, key.size, detail::number(revision),
                  tag);
  }
  /// Ends a registration. @throws Error forked.
  void forget(std::string_view zone_id, std::string_view id, std::int64_t tag) {
    const tse_str zone = detail::view(zone_id);
    const tse_str key = detail::view(id);
    detail::check(tse_watch_forget, handle_.get(), zone.data, zone.size, key.data, key.size, tag);
  }
  /// The tags of tasks that have moved since the last call, each once. @throws Error forked.
  [[nodiscard]] std::vector<std::int64_t> take() {
    std::vector<std::int64_t> tags;
    for (std::size_t room = 64;; room *= 2) {
      const std::size_t before = tags.size();
      std::size_t count = 0;
      tags.resize(before + room);
      detail::check(tse_watch_take, handle_.get(), tags.data() + before, room, &count);
      tags.resize(before + count);
      if (count < room) return tags;
    }
  }
  /// Also readable when there may be something new for Engine::changes() of the zone; absent: of all. @throws Error
  /// invalid_argument, closed, forked.
  void changes(const std::optional<std::string>& zone_id = {}) {
    const tse_str zone = detail::view(zone_id);
    detail::check(tse_watch_changes, handle_.get(), zone.data, zone.size);
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

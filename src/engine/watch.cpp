#include "engine/watch.hpp"

#include "core/error.hpp"
#include "engine/fork_guard.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace tse::engine {
Signal::Signal() : descriptor_(store::move_high(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
  if (!descriptor_) throw core::Failure(core::Code::unavailable, "the system has no descriptor left (eventfd)");
}

void Signal::raise() const noexcept {
  if (!is_open()) return;
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then it is readable already.
  [[maybe_unused]] const ssize_t written = ::write(descriptor(), &one, sizeof one);
}

void Signal::drain() const noexcept {
  if (!is_open()) return;
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(descriptor(), &count, sizeof count);
}

void Watches::wake_one(Queue& queue) {
  const auto found = std::find_if(queue.begin(), queue.end(), [](const Watch* each) { return !each->woken_; });
  if (found == queue.end()) return;  // all are about to look
  Watch* const watch = *found;
  watch->woken_ = true;
  watch->signal_.raise();
  std::rotate(found, found + 1, queue.end());
}

void Watches::signal(std::string_view zone_id, std::string_view operation) {
  if (!any()) return;
  const std::lock_guard lock(mutex_);
  for (auto& [filter, queue] : queues_)
    if (filter.matches(zone_id, operation)) wake_one(queue);
}

void Watches::signal_all() {
  if (!any()) return;
  const std::lock_guard lock(mutex_);
  for (auto& [filter, queue] : queues_) wake_one(queue);
}

void Watches::signal_next(const ClaimFilter& filter) {
  if (!any()) return;
  const std::lock_guard lock(mutex_);
  const auto found = queues_.find(filter);
  if (found != queues_.end()) wake_one(found->second);
}

std::optional<std::int64_t> Watches::following() const {
  const std::lock_guard lock(mutex_);
  if (followers_ == 0) return std::nullopt;
  return told_;
}

void Watches::tell(std::span<const store::Move> moves) {
  const std::lock_guard lock(mutex_);
  for (const store::Move& move : moves) {
    remove_followers(move.key, [&](const Follower& follower) {
      if (!follower.concerns(move)) return false;
      follower.watch->told_.push_back(follower.tag);
      follower.watch->signal_.raise();
      return true;
    });
    for (const auto& zone : {move.key.zone_id, std::string()}) {
      const auto [begin, end] = feeds_.equal_range(zone);
      std::for_each(begin, end, [](const auto& each) { each.second->signal_.raise(); });
    }
    told_ = std::max(told_, move.sequence);
  }
}

void Watches::tell_all(std::int64_t latest) {
  const std::lock_guard lock(mutex_);
  while (!tasks_.empty()) {
    const core::Key key = tasks_.begin()->first;
    remove_followers(key, [](const Follower& follower) {
      follower.watch->told_.push_back(follower.tag);
      follower.watch->signal_.raise();
      return true;
    });
  }
  for (const auto& [zone, watch] : feeds_) watch->signal_.raise();
  for (auto& [filter, queue] : queues_) wake_one(queue);
  told_ = latest;
}

// Whoever asks the source is let finish; nobody does any more when this returns.
void Watches::close() noexcept {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (auto& [filter, queue] : queues_)
      for (const Watch* watch : queue) watch->signal_.raise();
    for (auto& [key, followers] : tasks_)
      for (const Follower& each : followers) each.watch->signal_.raise();
    for (auto& [zone, watch] : feeds_) watch->signal_.raise();
  }
  const std::unique_lock asking(asking_);
  source_ = {};
}

void Watches::add(Watch& watch, const ClaimFilter& filter) {
  const std::lock_guard lock(mutex_);
  if (closed_) throw core::Failure(core::Code::closed, "the engine is closed");
  queues_[filter].push_back(&watch);
  if (claims_.fetch_add(1, std::memory_order_relaxed) == 0) attention_.raise();
}

void Watches::follow(const std::function<void()>& enroll) {
  const std::shared_lock asking(asking_);
  const auto refuse_closed = [this] {
    if (closed_) throw core::Failure(core::Code::closed, "the engine is closed");
  };
  for (;;) {
    std::optional<std::int64_t> latest;
    if (!follows() && source_.latest) latest = source_.latest();
    const std::lock_guard lock(mutex_);
    refuse_closed();
    if (followers_ == 0) {
      if (!latest) continue;  // the last one has just left
      told_ = *latest;
    }
    enroll();
    if (followers_.fetch_add(1, std::memory_order_relaxed) == 0) attention_.raise();
    return;
  }
}

// First enrolled, then looked at: what happens in between is told or seen.
void Watches::add(Watch& watch, const core::Key& key, std::optional<std::int64_t> revision, std::int64_t tag) {
  follow([&] {
    watch.make_room_to_tell();
    tasks_[key].push_back({&watch, revision, tag});
    ++watch.tasks_;
  });
  const std::shared_lock asking(asking_);
  if (!source_.look) return;
  std::optional<store::Move> found;
  try {
    found = source_.look(key);
  } catch (...) {
    watch.forget_task(key, tag);
    throw;
  }
  const store::Move gone{0, key, 0, true};
  const std::lock_guard lock(mutex_);
  remove_followers(key, [&](const Follower& each) {
    if (each.watch != &watch || each.tag != tag || !each.concerns(found.value_or(gone))) return false;
    watch.told_.push_back(tag);
    watch.signal_.raise();
    return true;
  });
}

void Watches::add(Watch& watch, const std::string& zone_id) {
  follow([&] {
    feeds_.emplace(zone_id, &watch);
    ++watch.feeds_;
  });
  watch.signal_.raise();
}

template <class Predicate>
void Watches::remove_followers(const core::Key& key, Predicate predicate) {
  const auto found = tasks_.find(key);
  if (found == tasks_.end()) return;
  left(std::erase_if(found->second, [&](const Follower& each) {
    const bool leaves = predicate(each);
    if (leaves) --each.watch->tasks_;
    return leaves;
  }));
  if (found->second.empty()) tasks_.erase(found);
}

void Watches::left(std::size_t followers) noexcept {
  if (followers > 0 && followers_.fetch_sub(followers, std::memory_order_relaxed) == followers) attention_.raise();
}

// Who was woken and goes without having looked hands its call on.
void Watches::remove(Watch& watch) noexcept {
  const std::lock_guard lock(mutex_);
  for (auto each = tasks_.begin(); watch.tasks_ > 0;) {
    const core::Key& key = (each++)->first;  // the entry may go
    remove_followers(key, [&](const Follower& follower) { return follower.watch == &watch; });
  }
  left(std::erase_if(feeds_, [&](const auto& each) { return each.second == &watch; }));
  for (const ClaimFilter& filter : watch.filters_) {
    const auto found = queues_.find(filter);
    Queue& queue = found->second;
    queue.erase(std::find(queue.begin(), queue.end(), &watch));
    if (watch.woken_) wake_one(queue);
    if (queue.empty()) queues_.erase(found);
    if (claims_.fetch_sub(1, std::memory_order_relaxed) == 1) attention_.raise();
  }
}

Watch::Watch(std::shared_ptr<Watches> watches) : watches_(std::move(watches)), generation_(fork_guard::generation()) {}

// In a child of fork() the others' mutex may be held by a thread that is not there.
Watch::~Watch() {
  if (!is_inherited()) watches_->remove(*this);
}

bool Watch::is_inherited() const noexcept { return generation_ != fork_guard::generation(); }

void Watch::refuse_inherited() const {
  if (is_inherited()) throw core::Failure(core::Code::forked, "the watch was made before fork()");
}

void Watch::await_claim(const ClaimFilter& filter) {
  refuse_inherited();
  if (std::find(filters_.begin(), filters_.end(), filter) != filters_.end()) return raise();
  filters_.push_back(filter);
  try {
    watches_->add(*this, filter);
  } catch (...) {
    filters_.pop_back();
    throw;
  }
  raise();
}

void Watch::await_task(const core::Key& key, std::optional<std::int64_t> revision, std::int64_t tag) {
  refuse_inherited();
  watches_->add(*this, key, revision, tag);
}

// Beforehand, for all that it waits for: who tells has nobody to tell of want of memory.
void Watch::make_room_to_tell() {
  const std::size_t most = told_.size() + tasks_ + 1;
  if (told_.capacity() < most) told_.reserve(std::max(most, 2 * told_.capacity()));
}

void Watch::forget_task(const core::Key& key, std::int64_t tag) {
  refuse_inherited();
  const std::lock_guard lock(watches_->mutex_);
  watches_->remove_followers(key, [&](const Watches::Follower& each) { return each.watch == this && each.tag == tag; });
}

std::size_t Watch::take(std::span<std::int64_t> tags) {
  refuse_inherited();
  const std::lock_guard lock(watches_->mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(tags.size(), told_.size()));
  std::copy_n(told_.begin(), count, tags.begin());
  told_.erase(told_.begin(), told_.begin() + count);
  return static_cast<std::size_t>(count);
}

void Watch::await_changes(const std::string& zone_id) {
  refuse_inherited();
  watches_->add(*this, zone_id);
}

void Watch::sleep_until(std::chrono::steady_clock::time_point until) const {
  if (!signal_.is_open())
    throw core::Failure(core::Code::unavailable,
                        "the descriptor that this call waits on was closed by the host; open the engine again");
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  constexpr std::int64_t hour = 3600000;
  pollfd ready{descriptor(), POLLIN, 0};
  ::poll(&ready, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, hour)));
}

void Watch::reset() {
  refuse_inherited();
  const std::lock_guard lock(watches_->mutex_);
  if (watches_->closed_) return;
  woken_ = false;
  signal_.drain();
}

}  // namespace tse::engine

#include "engine/watch.hpp"

#include "core/error.hpp"
#include "engine/fork_guard.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace tse::engine {
namespace {

bool is_among(const std::vector<std::string>& sorted, std::string_view value) {
  return sorted.empty() || std::binary_search(sorted.begin(), sorted.end(), value);
}

}  // namespace

bool ClaimFilter::matches(std::string_view zone_id, std::string_view operation) const {
  return is_among(zones, zone_id) && is_among(operations, operation);
}

Signal::Signal() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) throw core::Failure(core::Code::unavailable, "the system has no descriptor left (eventfd)");
}

Signal::~Signal() { ::close(descriptor_); }

void Signal::raise() const noexcept {
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then it is readable already.
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, &one, sizeof one);
}

void Signal::drain() const noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(descriptor_, &count, sizeof count);
}

void Watches::wake_one(Queue& queue) {
  const auto found = std::find_if(queue.begin(), queue.end(), [](const Watch* each) { return !each->woken_; });
  if (found == queue.end()) return;  // all are about to look
  Watch* const watch = *found;
  watch->woken_ = true;
  watch->signal_.raise();
  queue.erase(found);
  queue.push_back(watch);
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

void Watches::close() noexcept {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (auto& [filter, queue] : queues_)
    for (const Watch* watch : queue) watch->signal_.raise();
}

void Watches::add(Watch& watch, const ClaimFilter& filter) {
  const std::lock_guard lock(mutex_);
  if (closed_) throw core::Failure(core::Code::closed, "the engine is closed");
  queues_[filter].push_back(&watch);
  if (count_.fetch_add(1, std::memory_order_relaxed) == 0) attention_.raise();
}

// Who was woken and goes without having looked hands its call on.
void Watches::remove(Watch& watch, const std::vector<ClaimFilter>& filters) noexcept {
  const std::lock_guard lock(mutex_);
  for (const ClaimFilter& filter : filters) {
    const auto found = queues_.find(filter);
    Queue& queue = found->second;
    queue.erase(std::find(queue.begin(), queue.end(), &watch));
    if (watch.woken_) wake_one(queue);
    if (queue.empty()) queues_.erase(found);
    if (count_.fetch_sub(1, std::memory_order_relaxed) == 1) attention_.raise();
  }
}

Watch::Watch(std::shared_ptr<Watches> watches) : watches_(std::move(watches)), generation_(fork_guard::generation()) {}

// In a child of fork() the others' mutex may be held by a thread that is not there.
Watch::~Watch() {
  if (!is_inherited()) watches_->remove(*this, filters_);
}

bool Watch::is_inherited() const noexcept { return generation_ != fork_guard::generation(); }

void Watch::await_claim(const ClaimFilter& filter) {
  if (is_inherited()) throw core::Failure(core::Code::forked, "the watch was made before fork()");
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

void Watch::reset() {
  if (is_inherited()) throw core::Failure(core::Code::forked, "the watch was made before fork()");
  const std::lock_guard lock(watches_->mutex_);
  if (watches_->closed_) return;
  woken_ = false;
  signal_.drain();
}

}  // namespace tse::engine

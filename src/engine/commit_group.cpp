#include "engine/commit_group.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>
#include <vector>

namespace tse::engine {
namespace {

core::Error closed_error() { return {core::Code::closed, "the engine is closed"}; }
core::Error busy_error() { return {core::Code::busy, "another writer was at work until the deadline passed"}; }
core::Error cancelled_error() { return {core::Code::cancelled, "the caller cancelled before its turn came"}; }

}  // namespace

void CommitGroup::run(const store::Change& change, store::Deadline deadline, const std::stop_token& stop) {
  Waiter self(change, deadline, stop);
  const std::stop_callback wake(stop, [this, &self] {
    const std::lock_guard lock(mutex_);
    self.turn.notify_one();
  });
  std::unique_lock lock(mutex_);
  if (closed_) throw core::Failure(closed_error());
  queue_.push_back(self);
  if (!led_) {
    led_ = true;
    self.state = State::leading;
  }
  while (self.state != State::done) {
    if (self.state == State::leading) {
      lead(lock);
    } else if (self.state == State::taken) {
      self.turn.wait(lock);
    } else if (stop.stop_requested()) {
      queue_.erase(queue_.iterator_to(self));
      settle(self, cancelled_error());
    } else if (self.turn.wait_until(lock, deadline) == std::cv_status::timeout && self.state == State::waiting) {
      queue_.erase(queue_.iterator_to(self));
      settle(self, busy_error());
    }
  }
  lock.unlock();
  if (self.error) throw core::Failure(std::move(*self.error));
}

// Commits one group, beginning with the caller, who is at the queue's front. Then another leads: a leader
// serves its neighbours once, so its own latency stays bounded.
void CommitGroup::lead(std::unique_lock<std::mutex>& lock) {
  Group group;
  take(group);
  lock.unlock();
  std::vector<std::optional<core::Error>> results;
  std::optional<core::Error> failed_whole;
  try {
    const store::Patience patience{group.earliest, [&group] { return group.is_asked_to_stop(); }};
    results = store_.commit({group.changes.data(), group.size}, patience);
  } catch (const core::Failure& failure) {
    failed_whole = failure.error();
  } catch (const std::bad_alloc&) {
    failed_whole = core::Error{core::Code::no_memory, "out of memory", {}, core::Outcome::unknown};
  }
  lock.lock();
  give_back(group, results, failed_whole);
  pass_the_lead();
}

void CommitGroup::take(Group& group) {
  const std::size_t most = std::min(Group::max_size, store_.max_group());
  while (group.size < most && !queue_.empty()) {
    Waiter& waiter = queue_.front();
    queue_.pop_front();
    waiter.state = State::taken;
    group.members[group.size] = &waiter;
    group.changes[group.size] = waiter.change;
    group.earliest = std::min(group.earliest, waiter.deadline);
    ++group.size;
  }
}

bool CommitGroup::Group::is_asked_to_stop() const {
  return std::any_of(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(size),
                     [](const Waiter* member) { return member->stop->stop_requested(); });
}

// The store waited no longer than the least patient of the group. Whoever has more patience waits on, in place.
void CommitGroup::give_back(const Group& group, std::span<std::optional<core::Error>> results,
                            const std::optional<core::Error>& failed_whole) {
  const auto now = std::chrono::steady_clock::now();
  for (std::size_t i = group.size; i-- > 0;) {
    Waiter& waiter = *group.members[i];
    std::optional<core::Error> error = failed_whole;  // then there are no results
    if (!error) error = std::move(results[i]);
    const bool gave_up = error && (error->code == core::Code::busy || error->code == core::Code::cancelled);
    if (!gave_up || closed_) {
      settle(waiter, std::move(error));
    } else if (waiter.stop->stop_requested()) {
      settle(waiter, cancelled_error());
    } else if (waiter.deadline <= now) {
      settle(waiter, busy_error());
    } else {
      waiter.state = State::waiting;
      queue_.push_front(waiter);
      waiter.turn.notify_one();  // it waited without a deadline while taken
    }
  }
}

void CommitGroup::settle(Waiter& waiter, std::optional<core::Error> error) noexcept {
  waiter.error = std::move(error);
  waiter.state = State::done;
  waiter.turn.notify_one();
}

void CommitGroup::pass_the_lead() noexcept {
  led_ = !queue_.empty();
  if (!led_) return;
  queue_.front().state = State::leading;
  queue_.front().turn.notify_one();
}

void CommitGroup::close() noexcept {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  while (!queue_.empty()) {
    Waiter& waiter = queue_.front();
    queue_.pop_front();
    settle(waiter, closed_error());
  }
}

}  // namespace tse::engine

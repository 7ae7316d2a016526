#include "store/commit_group.hpp"

#include "core/error.hpp"
#include "store/lock_order.hpp"

#include <taskstate/contract/limits.hpp>

#include <algorithm>
#include <array>
#include <new>
#include <vector>

namespace tse::store {

using std::chrono::steady_clock;

namespace {

constexpr std::size_t most_changes{taskstate::contract::pace::group};

// Fixed words, since whoever gives up may do so when memory runs out.
constexpr core::FixedError closed_error{core::Code::closed, "the engine is closed"};
constexpr core::FixedError busy_error{core::Code::busy, "another writer was at work until the deadline passed"};
constexpr core::FixedError cancelled_error{core::Code::cancelled, "the caller cancelled before its turn came"};

// A change that gave up by itself says in a detail where.
bool is_given_up(const std::optional<core::Error>& error) {
  return error && error->details.empty() && (error->code == core::Code::busy || error->code == core::Code::cancelled);
}

}  // namespace

/// Hands the lead on when work that was done alone is over.
class CommitGroup::EndOfLead {
 public:
  EndOfLead(CommitGroup& group, const Waiter& leader) : group_(group), leader_(leader) {}
  ~EndOfLead() { group_.end_lead({}, leader_); }
  EndOfLead(const EndOfLead&) = delete;
  EndOfLead& operator=(const EndOfLead&) = delete;

 private:
  CommitGroup& group_;
  const Waiter& leader_;
};

/// The callers whose changes are committed together.
struct CommitGroup::Group {
  struct Member {
    Waiter* owner;
    std::size_t index;  // among its changes
  };
  Waiters waiters;
  std::array<Member, most_changes> members;
  std::array<const Change*, most_changes> changes;
  std::size_t size = 0;
  Deadline earliest = Deadline::max();

  void add(Waiter& waiter, std::size_t share, std::size_t most) {
    for (; share > 0 && size < most && waiter.next < waiter.changes.size(); --share, ++size, ++waiter.next) {
      members[size] = {&waiter, waiter.next};
      changes[size] = &waiter.changes[waiter.next];
    }
  }
  [[nodiscard]] bool is_asked_to_stop() const {
    return std::any_of(waiters.begin(), waiters.end(),
                       [](const Waiter& waiter) { return waiter.stop->stop_requested(); });
  }
};

void CommitGroup::Waiter::nudge() noexcept {
  std::uint32_t expected = waiting;
  if (state.compare_exchange_strong(expected, nudged)) futex::wake_one(state, futex::Scope::process);
}

bool CommitGroup::Waiter::is_asked_to_stop() const {
  return stop->stop_requested() || (alone != nullptr && alone->cancelled && alone->cancelled());
}

void CommitGroup::Waiter::give_up(const core::Error& error) noexcept {
  if (alone != nullptr) errors.front() = core::copy_of(error);
  for (; next < changes.size(); ++next) errors[next] = core::copy_of(error);
}

void CommitGroup::run(const Change& change, Deadline deadline, const std::stop_token& stop) {
  std::optional<core::Error> error;
  run({&change, 1}, {&error, 1}, deadline, stop);
  if (error) throw core::Failure(std::move(*error));
}

void CommitGroup::run(std::span<const Change> changes, std::span<std::optional<core::Error>> errors, Deadline deadline,
                      const std::stop_token& stop) {
  if (changes.empty()) return;
  Waiter self(changes, errors, deadline, stop);
  const std::stop_callback wake(stop, [&self] { self.nudge(); });
  enqueue(self);
  while (await_lead(self)) lead(self);
}

void CommitGroup::exclusively(const std::function<void()>& work, const Patience& patience) {
  std::optional<core::Error> error;
  const std::stop_token never;
  Waiter self({}, {&error, 1}, patience.until, never);
  self.alone = &patience;
  enqueue(self);
  if (!await_lead(self)) throw core::Failure(std::move(*error));
  const Ordered ordered(Rank::lead);
  const EndOfLead end(*this, self);
  work();
}

bool CommitGroup::await_lead(Waiter& self) {
  for (;;) {
    switch (self.state.load(std::memory_order_acquire)) {
      case done: return false;
      case leading: return true;
      case taken: futex::wait(self.state, taken, Deadline::max(), futex::Scope::process); break;
      default:
        if (self.is_asked_to_stop()) {
          withdraw(self, cancelled_error);
        } else if (steady_clock::now() >= self.deadline) {
          withdraw(self, busy_error);
        } else {
          futex::wait(self.state, waiting, self.next_look(), futex::Scope::process);
        }
    }
  }
}

void CommitGroup::enqueue(Waiter& waiter) {
  const std::lock_guard lock(mutex_);
  if (closed_) throw core::Failure(core::copy_of(closed_error));
  if (!led_) {
    led_ = true;
    waiter.state.store(leading, std::memory_order_relaxed);
    return;
  }
  queue_.push_back(waiter);
  if (complete_at_ == 0 || queue_.size() < complete_at_) return;
  complete_at_ = 0;
  complete_.store(1, std::memory_order_relaxed);
  futex::wake_one(complete_, futex::Scope::process);
}

void CommitGroup::withdraw(Waiter& waiter, const core::FixedError& error) {
  const std::lock_guard lock(mutex_);
  const std::uint32_t state = waiter.state.load(std::memory_order_relaxed);
  if (state != waiting && state != nudged) return;
  queue_.erase(queue_.iterator_to(waiter));
  waiter.give_up(core::copy_of(error));
  waiter.state.store(done, std::memory_order_relaxed);
}

// Commits one group, beginning with the caller. Then another leads: a leader serves its neighbours once, so its own
// latency stays bounded.
void CommitGroup::lead(Waiter& self) {
  const Ordered ordered(Rank::lead);
  await_regulars();
  Group group;
  std::vector<std::optional<core::Error>> results;
  std::optional<core::Error> failed_whole;
  try {
    const auto turn = writer_.turn({self.deadline, [&self] { return self.stop->stop_requested(); }});
    take(group, self);
    const auto begin = steady_clock::now();
    results = turn->commit({group.changes.data(), group.size},
                           {group.earliest, [&group] { return group.is_asked_to_stop(); }});
    last_commit_ = steady_clock::now() - begin;
  } catch (const core::Failure& failure) {
    failed_whole = core::copy_of(failure.error());
  } catch (const std::bad_alloc&) {
    failed_whole = core::Error{core::Code::no_memory, "out of memory", {}, core::Outcome::unknown};
  }
  if (group.size == 0) {  // the turn did not come
    self.give_up(*failed_whole);
    group.waiters.push_back(self);
  }
  end_lead(settle(group, results, failed_whole), self);
}

// Those of the last group are served and about to be woken, or awake and on their way back.
void CommitGroup::await_regulars() {
  std::unique_lock lock(mutex_);
  if (regulars_ < 2 || queue_.size() + 1 >= regulars_) return;
  if (leads_until_next_wait_ > 0) {
    --leads_until_next_wait_;
    return;
  }
  complete_.store(0, std::memory_order_relaxed);
  complete_at_ = regulars_ - 1;
  lock.unlock();
  const Deadline until = steady_clock::now() + last_commit_ / 2;
  while (complete_.load(std::memory_order_relaxed) == 0 && steady_clock::now() < until)
    futex::wait(complete_, 0, until, futex::Scope::process);
  lock.lock();
  const bool came = complete_at_ == 0;
  complete_at_ = 0;
  constexpr std::uint32_t longest = 63;
  disappointments_ = came ? 0 : std::min(2 * disappointments_ + 1, longest);
  leads_until_next_wait_ = disappointments_;
}

// One change of each first, then of those that have more, in order of arrival.
void CommitGroup::take(Group& group, Waiter& leader) {
  const std::size_t most = std::min(most_changes, writer_.max_group());
  const std::lock_guard lock(mutex_);
  group.waiters.push_back(leader);
  while (group.waiters.size() < most && !queue_.empty() && queue_.front().alone == nullptr) {
    Waiter& waiter = queue_.front();
    queue_.pop_front();
    waiter.state.store(taken, std::memory_order_relaxed);
    group.waiters.push_back(waiter);
  }
  for (const std::size_t share : {std::size_t{1}, most})
    for (Waiter& waiter : group.waiters) group.add(waiter, share, most);
  for (const Waiter& waiter : group.waiters) group.earliest = std::min(group.earliest, waiter.deadline);
}

// Gives each its results. Whoever has more to do goes to the queue's end; whoever has more patience than the least
// patient of the group, for whose sake the store gave up, stays at its front. Deadlines are for waiting: who has begun
// and is alone goes on. Those that remain are done.
CommitGroup::Waiters CommitGroup::settle(Group& group, std::span<std::optional<core::Error>> results,
                                         const std::optional<core::Error>& failed_whole) noexcept {
  const std::lock_guard lock(mutex_);
  // The store gives up from somewhere on. What is `busy` before that has had its turn.
  std::size_t begun = group.size;
  while (begun > 0 && !failed_whole && !closed_ && is_given_up(results[begun - 1])) --begun;
  const bool gave_up = begun < group.size;
  for (std::size_t i = group.size; i-- > 0;) {
    const auto [waiter, index] = group.members[i];
    if (i >= begun) {
      waiter->next = index;
    } else if (failed_whole) {
      waiter->errors[index] = core::copy_of(*failed_whole);
    } else {
      waiter->errors[index] = std::move(results[i]);
    }
  }
  const auto now = steady_clock::now();
  Waiters served;
  while (!group.waiters.empty()) {
    Waiter& waiter = group.waiters.back();
    group.waiters.pop_back();
    if (closed_) {
      waiter.give_up(core::copy_of(closed_error));
    } else if (waiter.stop->stop_requested()) {
      waiter.give_up(core::copy_of(cancelled_error));
    } else if (waiter.deadline <= now && (gave_up || !queue_.empty())) {
      waiter.give_up(core::copy_of(busy_error));
    }
    if (waiter.next == waiter.changes.size()) {
      served.push_front(waiter);
      continue;
    }
    gave_up ? queue_.push_front(waiter) : queue_.push_back(waiter);
    waiter.state.store(waiting, std::memory_order_release);
    futex::wake_one(waiter.state, futex::Scope::process);  // it waited without a deadline while taken
  }
  return served;
}

// Once its word says `done`, a waiter may be gone.
void CommitGroup::end_lead(Waiters served, const Waiter& self) {
  Waiter* next = nullptr;
  {
    const std::lock_guard lock(mutex_);
    regulars_ = served.size() + queue_.size();
    next = choose_leader();
  }
  if (next != nullptr && next != &self) futex::wake_one(next->state, futex::Scope::process);
  while (!served.empty()) {
    Waiter& waiter = served.front();
    served.pop_front();
    waiter.state.store(done, std::memory_order_release);
    if (&waiter != &self) futex::wake_one(waiter.state, futex::Scope::process);
  }
}

CommitGroup::Waiter* CommitGroup::choose_leader() noexcept {
  led_ = !queue_.empty();
  if (!led_) {
    if (closed_) idle_.notify_all();
    return nullptr;
  }
  Waiter& next = queue_.front();
  queue_.pop_front();
  next.state.store(leading, std::memory_order_release);
  return &next;
}

void CommitGroup::close() noexcept {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  while (!queue_.empty()) {
    Waiter& waiter = queue_.front();
    queue_.pop_front();
    waiter.give_up(core::copy_of(closed_error));
    waiter.state.store(done, std::memory_order_release);
    futex::wake_one(waiter.state, futex::Scope::process);
  }
}

void CommitGroup::await_end() noexcept {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return !led_; });
}

std::size_t CommitGroup::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

}  // namespace tse::store

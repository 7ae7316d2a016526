// Group commit, leader and followers: whoever comes first commits for all that wait, in one transaction
// and one fsync. A lone caller commits its own change inline.
//
// Hot path. A group is taken only once the store's turn has come, so that whoever came while another process wrote goes
// along. Callers that were just served are likely to be back at once: a leader waits for them, for less than a commit
// takes, and not again for a while if they did not come. Otherwise the first of them to be back would commit alone
// while all others wait. Each caller sleeps on a word of its own, and the next leader is woken before those that are
// done: no two threads contend for more than the queue.
#pragma once

#include "store/futex.hpp"
#include "store/store.hpp"

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <utility>

namespace tse::engine {

/// Any number of threads. The store outlives it.
class CommitGroup {
 public:
  explicit CommitGroup(store::Store& store) : store_(store) {}
  CommitGroup(const CommitGroup&) = delete;
  CommitGroup& operator=(const CommitGroup&) = delete;

  /// Returns when the change is durable. Throws Failure otherwise: what the change itself threw, or
  /// `busy` when the deadline passed, or `cancelled` when it was asked to stop, before the change's turn
  /// came, which is certainly not done. A change whose turn has come runs to its end.
  void run(const store::Change& change, store::Deadline deadline, const std::stop_token& stop = {});
  /// The same for several changes, in order, each on its own: errors[i] tells why changes[i] was not done. They may
  /// go in several groups, between those of others. Throws Failure(closed) if it was closed before.
  void run(std::span<const store::Change> changes, std::span<std::optional<core::Error>> errors,
           store::Deadline deadline, const std::stop_token& stop = {});

  /// Those that wait for their turn, and all that come later, get `closed`.
  void close() noexcept;

  /// How many callers wait for their turn, without the one that leads.
  [[nodiscard]] std::size_t queued() const;

 private:
  // What a caller's word says. `nudged` is `waiting` with a reason to look whether it was asked to stop.
  enum State : std::uint32_t { waiting, nudged, leading, taken, done };

  // Lives on its caller's stack and is linked in place: queueing allocates nothing, so it cannot fail.
  struct Waiter : boost::intrusive::list_base_hook<> {
    Waiter(std::span<const store::Change> what, std::span<std::optional<core::Error>> results, store::Deadline until,
           const std::stop_token& asked)
        : changes(what), errors(results), deadline(until), stop(&asked) {}
    void nudge() noexcept;
    /// What is left of its changes fails.
    void give_up(const core::Error& error) noexcept;
    std::span<const store::Change> changes;
    std::span<std::optional<core::Error>> errors;
    std::size_t next = 0;  // the first change that is in no group
    store::Deadline deadline;
    const std::stop_token* stop;
    store::futex::Word state = waiting;
  };
  using Waiters = boost::intrusive::list<Waiter>;
  struct Group;

  void enqueue(Waiter& waiter);
  void withdraw(Waiter& waiter, const core::FixedError& error);
  void lead(Waiter& self);
  void await_regulars();
  void take(Group& group, Waiter& leader);
  Waiters settle(Group& group, std::span<std::optional<core::Error>> results,
                 const std::optional<core::Error>& failed_whole) noexcept;
  void end_lead(Waiters served, const Waiter& self);
  [[nodiscard]] Waiter* choose_leader() noexcept;

  store::Store& store_;
  mutable std::mutex mutex_;
  Waiters queue_;  // in order of arrival; neither the leader nor those of the current group are in it
  bool led_ = false;
  bool closed_ = false;

  // What a leader waits for: so many in the queue.
  std::size_t regulars_ = 0;
  std::size_t complete_at_ = 0;  // 0: no leader waits
  store::futex::Word complete_{0};
  std::chrono::steady_clock::duration last_commit_{0};
  std::uint32_t disappointments_ = 0, leads_until_next_wait_ = 0;
};

}  // namespace tse::engine

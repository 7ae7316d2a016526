// Group commit, leader and followers: whoever comes first commits for all that wait, in one transaction
// and one fsync. A lone caller commits its own change inline.
//
// Hot path. A group is taken only once the write lock is held, so that whoever came while another process wrote goes
// along. Callers that were just served are likely to be back at once: a leader waits for them, for less than a commit
// takes, and not again for a while if they did not come. Otherwise the first of them to be back would commit alone
// while all others wait. Each caller sleeps on a word of its own, and the next leader is woken before those that are
// done: no two threads contend for more than the queue.
#pragma once

#include "store/futex.hpp"
#include "store/store.hpp"

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

namespace tse::store {

/// The right to write, until it is destroyed. For one thread, and one commit().
class WriteTurn {
 public:
  virtual ~WriteTurn() = default;
  /// Runs the changes in order and makes those that succeed durable (or, if all
  /// are relaxed, visible). results[i] is empty if changes[i] is. What was not begun when the patience ended is `busy`
  /// or `cancelled`.
  virtual std::vector<std::optional<core::Error>> commit(std::span<const Change* const> changes,
                                                         const Patience& patience) = 0;
};

/// Who carries out the groups.
class GroupWriter {
 public:
  virtual ~GroupWriter() = default;
  /// Waits until no other process writes. What to write is best gathered after that: the more, the cheaper. Called by
  /// one thread at a time.
  [[nodiscard]] virtual std::unique_ptr<WriteTurn> turn(const Patience& patience) = 0;
  /// How many changes one commit() profits from; 1 where changes share nothing.
  [[nodiscard]] virtual std::size_t max_group() const noexcept = 0;
};

/// Any number of threads. The writer outlives it.
class CommitGroup {
 public:
  explicit CommitGroup(GroupWriter& writer) : writer_(writer) {}
  CommitGroup(const CommitGroup&) = delete;
  CommitGroup& operator=(const CommitGroup&) = delete;

  /// Returns when the change is durable. Throws Failure otherwise: what the change itself threw, or
  /// `busy` when the deadline passed, or `cancelled` when it was asked to stop, before the change's turn
  /// came, which is certainly not done. A change whose turn has come runs to its end.
  void run(const Change& change, Deadline deadline, const std::stop_token& stop = {});
  /// The same for several changes, in order, each on its own: errors[i] tells why changes[i] was not done. They may
  /// go in several groups, between those of others. Throws Failure(closed) if it was closed before.
  void run(std::span<const Change> changes, std::span<std::optional<core::Error>> errors, Deadline deadline,
           const std::stop_token& stop = {});

  /// Does something while nobody commits. Throws Failure as run() does, and what the work throws.
  void exclusively(const std::function<void()>& work, const Patience& patience);

  /// Those that wait for their turn, and all that come later, get `closed`.
  void close() noexcept;
  /// After close(): returns once nobody commits. Not for whoever does.
  void await_end() noexcept;

  /// How many callers wait for their turn, without the one that leads.
  [[nodiscard]] std::size_t queued() const;

 private:
  // What a caller's word says. `nudged` is `waiting` with a reason to look whether it was asked to stop.
  enum State : std::uint32_t { waiting, nudged, leading, taken, done };

  // Lives on its caller's stack and is linked in place: queueing allocates nothing, so it cannot fail.
  struct Waiter : boost::intrusive::list_base_hook<> {
    Waiter(std::span<const Change> what, std::span<std::optional<core::Error>> results, Deadline until,
           const std::stop_token& asked)
        : changes(what), errors(results), deadline(until), stop(&asked) {}
    void nudge() noexcept;
    /// What is left of its changes fails.
    void give_up(const core::Error& error) noexcept;
    std::span<const Change> changes;
    std::span<std::optional<core::Error>> errors;
    std::size_t next = 0;  // the first change that is in no group
    [[nodiscard]] bool is_asked_to_stop() const;
    [[nodiscard]] Deadline next_look() const { return alone != nullptr ? alone->next_look() : deadline; }
    const Patience* alone = nullptr;  // of what is done in no group
    Deadline deadline;
    const std::stop_token* stop;
    futex::Word state = waiting;
  };
  using Waiters = boost::intrusive::list<Waiter>;
  struct Group;
  class EndOfLead;

  /// Returns once its word says `done`, or when it leads.
  [[nodiscard]] bool await_lead(Waiter& self);
  void enqueue(Waiter& waiter);
  void withdraw(Waiter& waiter, const core::FixedError& error);
  void lead(Waiter& self);
  void await_regulars();
  void take(Group& group, Waiter& leader);
  Waiters settle(Group& group, std::span<std::optional<core::Error>> results,
                 const std::optional<core::Error>& failed_whole) noexcept;
  void end_lead(Waiters served, const Waiter& self);
  [[nodiscard]] Waiter* choose_leader() noexcept;

  GroupWriter& writer_;
  mutable std::mutex mutex_;
  std::condition_variable idle_;  // told when nobody leads
  Waiters queue_;                 // in order of arrival; neither the leader nor those of the current group are in it
  bool led_ = false;
  bool closed_ = false;

  // What a leader waits for: so many in the queue.
  std::size_t regulars_ = 0;
  std::size_t complete_at_ = 0;  // 0: no leader waits
  futex::Word complete_{0};
  std::chrono::steady_clock::duration last_commit_{0};
  std::uint32_t disappointments_ = 0, leads_until_next_wait_ = 0;
};

}  // namespace tse::store

// Group commit, leader and followers: whoever comes first commits for all that wait, in one transaction
// and one fsync. A lone caller commits its own change inline.
#pragma once

#include "store/store.hpp"

#include <boost/intrusive/list.hpp>

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>

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

  /// Those that wait for their turn, and all that come later, get `closed`.
  void close() noexcept;

 private:
  enum class State { waiting, leading, taken, done };

  // Lives on its caller's stack and is linked in place: queueing allocates nothing, so it cannot fail.
  struct Waiter : boost::intrusive::list_base_hook<> {
    Waiter(const store::Change& what, store::Deadline until, const std::stop_token& asked)
        : change(&what), deadline(until), stop(&asked) {}
    const store::Change* change;
    store::Deadline deadline;
    const std::stop_token* stop;
    State state = State::waiting;
    std::optional<core::Error> error;
    std::condition_variable turn;
  };

  /// The callers whose changes are committed together; at the most as many as max_size.
  struct Group {
    static constexpr std::size_t max_size = 256;
    std::array<Waiter*, max_size> members;
    std::array<const store::Change*, max_size> changes;
    std::size_t size = 0;
    store::Deadline earliest = store::Deadline::max();
    [[nodiscard]] bool is_asked_to_stop() const;
  };

  void lead(std::unique_lock<std::mutex>& lock);
  void take(Group& group);
  void give_back(const Group& group, std::span<std::optional<core::Error>> results,
                 const std::optional<core::Error>& failed_whole);
  void settle(Waiter& waiter, std::optional<core::Error> error) noexcept;
  void pass_the_lead() noexcept;

  store::Store& store_;
  std::mutex mutex_;
  boost::intrusive::list<Waiter> queue_;  // in order of arrival; those of the current group are not in it
  bool led_ = false;
  bool closed_ = false;
};

}  // namespace tse::engine

// Keeps a lease while its worker works.
#pragma once

#include <taskstate/cancel_token.hpp>
#include <taskstate/lease.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace taskstate {

/// Sends a heartbeat every third of the lease's duration from a thread of its own, until it is destroyed. Whoever
/// works asks stop_token() now and then: it is stopped when the lease is lost or cancelling was asked for.
///
///     LeaseKeeper keeper(*lease);
///     while (!keeper.stop_token().stop_requested() && do_a_bit()) {}
///
/// It may outlive the lease object; it does not end the lease. Destroying it does not block long. @since 0.1
class LeaseKeeper {
 public:
  explicit LeaseKeeper(const Lease& lease) : state_(std::make_shared<State>(lease)) {
    thread_ = std::jthread([state = state_](const std::stop_token& end) { state->run(end); });
  }
  LeaseKeeper(LeaseKeeper&&) noexcept = default;
  LeaseKeeper& operator=(LeaseKeeper&&) = delete;
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;
  ~LeaseKeeper() {
    if (state_) state_->cancel.cancel();
  }

  /// Another holder may have the task already: whatever this one does under the lease is refused.
  [[nodiscard]] bool lost() const noexcept { return state_->lost; }
  /// The client or the host asked the task to stop.
  [[nodiscard]] bool cancel_requested() const noexcept { return state_->cancel_requested; }
  /// Stopped when either comes true.
  [[nodiscard]] std::stop_token stop_token() const noexcept { return state_->stop.get_token(); }

 private:
  struct State {
    explicit State(const Lease& from)
        : lease(from.engine_, from.task_, from.token_, from.duration_, from.expires_at_) {}
    ~State() { lease.engine_.reset(); }  // it only borrows the lease's name

    void run(const std::stop_token& end) {
      std::unique_lock lock(mutex);
      auto pause = lease.duration() / 3;
      while (!ended.wait_for(lock, end, pause, [&end] { return end.stop_requested(); })) {
        pause = beat() ? lease.duration() / 3 : lease.duration() / 10;
        if (lost) return;
      }
    }

    /// False: it did not get its turn in time and shall try again soon.
    bool beat() {
      try {
        if (lease.heartbeat({}, {.timeout = lease.duration() / 3, .cancel = cancel}).cancel_requested) {
          cancel_requested = true;
          stop.request_stop();
        }
        return true;
      } catch (const Error& error) {
        if (error.code() == Errc::busy || error.code() == Errc::cancelled || error.code() == Errc::no_memory)
          return false;
        lost = true;
        stop.request_stop();
        return false;
      }
    }

    Lease lease;
    CancelToken cancel;
    std::stop_source stop;
    std::atomic<bool> lost{false};
    std::atomic<bool> cancel_requested{false};
    std::mutex mutex;
    std::condition_variable_any ended;
  };

  std::shared_ptr<State> state_;
  std::jthread thread_;
};

}  // namespace taskstate

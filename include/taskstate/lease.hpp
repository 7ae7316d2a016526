// A lease: the right to work on one task, and to say how it ended.
#pragma once

#include <taskstate.h>
#include <taskstate/contract/options.hpp>
#include <taskstate/detail/check.hpp>
#include <taskstate/error.hpp>
#include <taskstate/options.hpp>
#include <taskstate/task.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace taskstate {

/// What Engine::claim() shall find, and on which terms. @since 0.1
struct Claim {
  std::optional<std::string> worker{};  ///< who claims, 1-256 bytes UTF-8, no control characters; never on the wire
  std::chrono::microseconds lease{*contract::argument::lease.usual};  ///< without a heartbeat; 1 ms - 30 days
  std::vector<std::string> zones{};                                   ///< empty: all
  std::vector<std::string> operations{};                              ///< empty: all
  std::chrono::microseconds wait{0};                                  ///< for the first task; 0: not at all
};

/// The terms of Engine::start_leased(). @since 0.1
struct LeaseTerms {
  std::optional<std::string> worker{};
  std::chrono::microseconds lease{*contract::argument::lease.usual};
};

/// What a heartbeat tells the worker. @since 0.1
struct Heartbeat {
  bool cancel_requested = false;         ///< stop; what the worker reports all the same stands
  std::chrono::microseconds duration{};  ///< how long the lease lasts from now on
  Time expires_at{};                     ///< by the wall clock of the moment
};

/// Holds one task. It ends with complete(), fail() or release(); one that is destroyed before releases the task,
/// without throwing and within a second. Everything done under a lease that has ended throws Errc::lease_lost and
/// changes nothing. Movable. One thread at a time, but heartbeat() from any thread. It keeps what it needs of the
/// engine; once that is closed, its calls throw Errc::closed, and the lease runs out. @since 0.1
class Lease {
 public:
  Lease(Lease&& other) noexcept
      : engine_(std::move(other.engine_)),
        task_(std::move(other.task_)),
        token_(std::move(other.token_)),
        duration_(other.duration_),
        expires_at_(other.expires_at_) {}
  Lease& operator=(Lease&& other) noexcept {
    Lease(std::move(other)).swap(*this);
    return *this;
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() { release_quietly(); }

  /// The task as it was when it was claimed, or as this lease last changed it.
  [[nodiscard]] const Task& task() const noexcept { return task_; }
  /// What the host gave at create(); empty if nothing.
  [[nodiscard]] const std::string& payload() const noexcept;
  /// Names the lease in every process that has the file open; see Engine::lease(). Opaque, printable ASCII.
  [[nodiscard]] const std::string& token() const noexcept { return token_; }
  [[nodiscard]] std::int64_t epoch() const noexcept { return task_.epoch; }
  [[nodiscard]] std::int64_t attempt() const noexcept { return task_.attempt; }
  /// What a heartbeat prolongs it by.
  [[nodiscard]] std::chrono::microseconds duration() const noexcept { return duration_; }
  /// When it ends unless there is a heartbeat; by the wall clock of the moment it was granted.
  [[nodiscard]] Time expires_at() const noexcept { return expires_at_; }
  /// Whether it still has to be ended: false after complete(), fail(), release() and for a moved-from one.
  [[nodiscard]] bool open() const noexcept { return engine_ != nullptr; }

  /// Moves the lease's end. Progress, a Link of rel "progress", replaces the task's link of that rel, at most once a
  /// second. Any thread. @throws Error lease_lost, invalid_argument.
  Heartbeat heartbeat(const std::optional<Link>& progress = {}, const Call& call = {}) const;
  /// Adds to the task. @throws Error lease_lost.
  const Task& annotate(const Update& update, const Call& call = {});
  /// running -> completed, as Engine::complete(). The lease is over unless it throws.
  /// @throws Error lease_lost, illegal_transition (it ended with another outcome).
  const Task& complete(const Update& update = {}, const Call& call = {});
  /// running -> failed, whatever attempts are left. Its kind is "cancelled" if cancelling was asked for, else
  /// "failed". @throws as complete().
  const Task& fail(const Failure& failure, const Call& call = {});
  /// Gives the task back: requeued after `delay` if an attempt is left and cancelling was not asked for; else it
  /// fails, kind "lost" or "cancelled". @throws Error lease_lost.
  const Task& release(std::chrono::microseconds delay = std::chrono::microseconds(0), const Call& call = {});

 private:
  friend class Engine;
  friend class LeaseKeeper;
  Lease(std::shared_ptr<tse_engine> engine, Task task, std::string token, std::chrono::microseconds duration,
        Time expires_at)
      : engine_(std::move(engine)),
        task_(std::move(task)),
        token_(std::move(token)),
        duration_(duration),
        expires_at_(expires_at) {}
  void swap(Lease& other) noexcept;
  void release_quietly() noexcept;
  template <typename Function, typename Change>
  const Task& change(Function function, const Change& change, const Call& call);

  std::shared_ptr<tse_engine> engine_;  // none once the lease is over
  Task task_;
  std::string token_;
  std::chrono::microseconds duration_;
  Time expires_at_;
};

}  // namespace taskstate

#include <taskstate/detail/lease.hpp>

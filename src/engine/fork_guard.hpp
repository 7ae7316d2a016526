// fork(): what an engine's open connections mean to a child that inherits them.
//
// Before the fork our own transactions are let finish. In the child everything inherited is only marked;
// its connections are closed at the child's first taskstate call, before anything is opened. Closing them
// inside the handler deadlocks if another thread was inside SQLite; opening while they are still open makes
// SQLite believe that the child holds locks which only the parent has.
#pragma once

#include <cstdint>

namespace tse::engine::fork_guard {

/// Who takes part in fork().
class Participant {
 public:
  virtual ~Participant() = default;
  /// Lets what is under way end, and keeps more from beginning, until parent() or child().
  virtual void before_fork() noexcept = 0;
  virtual void after_fork_parent() noexcept = 0;
  /// In the child: only marks, and closes what holds a lock of the parent's.
  virtual void after_fork_child() noexcept = 0;
  /// In the child, at its first taskstate call: closes the inherited connections.
  virtual void abandon() noexcept = 0;
};

/// From now on it takes part in fork(). It must be withdrawn before it is destroyed.
void enroll(Participant& participant);
/// Takes out one that this process enrolled itself.
void withdraw(Participant& participant) noexcept;

/// How many forks lie between the first process and this one. What was made in another generation is
/// inherited: it must not be used, nor destroyed, since its mutexes may be held by threads that do not
/// exist here. One relaxed load.
[[nodiscard]] std::uint64_t generation() noexcept;

/// To be called first by everything that may touch a store: in a forked child, the first call closes
/// what was inherited. Otherwise one relaxed load.
void enter() noexcept;

}  // namespace tse::engine::fork_guard

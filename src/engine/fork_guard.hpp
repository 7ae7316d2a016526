// fork(): what an engine's open connections mean to a child that inherits them.
//
// Before the fork our own transactions are let finish. In the child everything inherited is only marked: its
// descriptors are closed by the store's own handler (store/sqlite/vfs/handles.hpp), and its memory is left as it is,
// since threads that do not exist here may have been in the midst of it.
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
};

/// From now on it takes part in fork(). It must be withdrawn before it is destroyed.
void enroll(Participant& participant);
/// Takes out one that this process enrolled itself.
void withdraw(Participant& participant) noexcept;

/// How many forks lie between the first process and this one. What was made in another generation is
/// inherited: it must not be used, nor destroyed, since its mutexes may be held by threads that do not
/// exist here. One relaxed load.
[[nodiscard]] std::uint64_t generation() noexcept;

}  // namespace tse::engine::fork_guard

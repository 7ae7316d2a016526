// Notices commits of other processes by the files that they write to, with inotify(7).
#pragma once

#include "store/descriptor.hpp"
#include "store/store.hpp"

namespace tse::engine {

/// One thread. Where the kernel gives no inotify, or no watch of one of the files (none is left, or the file cannot be
/// read), it is not `available`, and the caller has to look now and then.
class CommitNotice {
 public:
  /// The files outlive it: a thread that begins may have no memory for a copy.
  explicit CommitNotice(const store::CommitFiles& files) noexcept;
  CommitNotice(const CommitNotice&) = delete;
  CommitNotice& operator=(const CommitNotice&) = delete;

  /// Begins or stops to notice; what could not begin is tried again each time. True: it has just begun, and what was
  /// before went unnoticed.
  bool enable(bool wanted) noexcept;
  /// Whether every commit is noticed.
  [[nodiscard]] bool available() const noexcept { return announced_ >= 0 && written_ >= 0; }
  /// Readable after a commit; -1 if there is none.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }

  struct Seen {
    bool announced = false;  ///< there is a commit to see
    bool written = false;    ///< there is one now or soon
  };
  /// What was noticed since the last call.
  Seen take() noexcept;

 private:
  void start() noexcept;
  void stop() noexcept;

  const store::CommitFiles& files_;
  store::OwnDescriptor descriptor_;
  int announced_ = -1;
  int written_ = -1;
};

}  // namespace tse::engine

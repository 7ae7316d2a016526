// Notices commits of other processes: the -wal is written to with every commit, and inotify(7) tells.
#pragma once

#include <string>

namespace tse::engine {

/// One thread. Where the kernel gives no inotify, it is not `available`, and the caller has to look now and then.
class CommitNotice {
 public:
  explicit CommitNotice(std::string file);
  ~CommitNotice();
  CommitNotice(const CommitNotice&) = delete;
  CommitNotice& operator=(const CommitNotice&) = delete;

  /// Begins or stops to notice. True: it has just begun, and what was before went unnoticed.
  bool enable(bool wanted) noexcept;
  [[nodiscard]] bool available() const noexcept { return descriptor_ >= 0; }
  /// Readable after a commit; -1 if there is none.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  void drain() const noexcept;

 private:
  const std::string file_;
  int descriptor_ = -1;
  int watched_ = -1;
};

}  // namespace tse::engine

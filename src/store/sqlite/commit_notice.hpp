// Notices commits of other processes by the files that they write to, with inotify(7).
#pragma once

#include "store/descriptor.hpp"
#include "store/store.hpp"

#include <string>

namespace tse::store::sqlite {

/// One thread. Where the kernel gives no inotify, or no watch of one of the files (none is left, or the file cannot be
/// read), what it sees is not complete; what could not begin is tried again at each look.
class CommitNotice final : public Notices {
 public:
  /// `announced` changes once a commit of an engine can be seen; `written` with every commit of whatever program, but
  /// before it can be seen.
  CommitNotice(std::string announced, std::string written) noexcept
      : announced_file_(std::move(announced)), written_file_(std::move(written)) {}
  CommitNotice(const CommitNotice&) = delete;
  CommitNotice& operator=(const CommitNotice&) = delete;

  Seen look(bool wanted) noexcept override;

 private:
  [[nodiscard]] bool is_complete() const noexcept { return announced_ >= 0 && written_ >= 0; }
  void start() noexcept;
  void stop() noexcept;
  void take(Seen& seen) noexcept;

  const std::string announced_file_;
  const std::string written_file_;
  OwnDescriptor descriptor_;
  int announced_ = -1;
  int written_ = -1;
};

}  // namespace tse::store::sqlite

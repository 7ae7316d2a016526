#include "engine/commit_notice.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace tse::engine {

CommitNotice::CommitNotice(const store::CommitFiles& files) noexcept : files_(files) {
  if (!files_.announced.empty()) descriptor_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

CommitNotice::~CommitNotice() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool CommitNotice::enable(bool wanted) noexcept {
  if (descriptor_ < 0 || wanted == (announced_ >= 0)) return false;
  if (!wanted) {
    stop();
    return false;
  }
  announced_ = ::inotify_add_watch(descriptor_, files_.announced.c_str(), IN_MODIFY);
  written_ = ::inotify_add_watch(descriptor_, files_.written.c_str(), IN_MODIFY);
  return announced_ >= 0;
}

void CommitNotice::stop() noexcept {
  ::inotify_rm_watch(descriptor_, announced_);
  if (written_ >= 0) ::inotify_rm_watch(descriptor_, written_);
  announced_ = written_ = -1;
  take();
}

CommitNotice::Seen CommitNotice::take() const noexcept {
  Seen seen;
  alignas(inotify_event) std::array<char, 4096> events{};
  for (;;) {
    const ssize_t size = ::read(descriptor_, events.data(), events.size());
    if (size <= 0) return seen;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, events.data() + at, sizeof event);
      at += sizeof event + event.len;
      // A queue that overflowed has no watch to tell, and may have lost either.
      seen.announced = seen.announced || event.wd == announced_ || event.wd < 0;
      seen.written = seen.written || event.wd == written_;
    }
  }
}

}  // namespace tse::engine

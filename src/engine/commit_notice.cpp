#include "engine/commit_notice.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace tse::engine {

CommitNotice::CommitNotice(const store::CommitFiles& files) noexcept : files_(files) {}

bool CommitNotice::enable(bool wanted) noexcept {
  if (!wanted) {
    if (announced_ >= 0 || written_ >= 0) stop();
    return false;
  }
  if (available() || files_.announced.empty()) return false;
  start();
  return available();
}

void CommitNotice::start() noexcept {
  if (!descriptor_) descriptor_ = store::OwnDescriptor(store::move_high(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)));
  if (!descriptor_.is_ours()) return;
  const auto watch = [this](int& into, const std::string& file) {
    if (into < 0) into = ::inotify_add_watch(descriptor(), file.c_str(), IN_MODIFY);
  };
  watch(announced_, files_.announced);
  watch(written_, files_.written);
}

void CommitNotice::stop() noexcept {
  for (int* const each : {&announced_, &written_}) {
    if (*each >= 0 && descriptor_.is_ours()) ::inotify_rm_watch(descriptor(), *each);
    *each = -1;
  }
  take();
}

CommitNotice::Seen CommitNotice::take() noexcept {
  Seen seen;
  if (!descriptor_.is_ours()) {  // the host has closed it
    descriptor_.close();
    announced_ = written_ = -1;
    return seen;
  }
  alignas(inotify_event) std::array<char, 4096> events{};
  for (;;) {
    const ssize_t size = ::read(descriptor(), events.data(), events.size());
    if (size <= 0) return seen;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, events.data() + at, sizeof event);
      at += sizeof event + event.len;
      // A queue that overflowed has no watch to tell, and may have lost either.
      seen.announced = seen.announced || event.wd == announced_ || event.wd < 0;
      seen.written = seen.written || event.wd == written_;
      if ((event.mask & IN_IGNORED) == 0) continue;
      // The file was removed, and another may come to stand there.
      if (event.wd == announced_) announced_ = -1;
      if (event.wd == written_) written_ = -1;
    }
  }
}

}  // namespace tse::engine

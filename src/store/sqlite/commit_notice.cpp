#include "store/sqlite/commit_notice.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace tse::store::sqlite {

Notices::Seen CommitNotice::look(bool wanted) noexcept {
  Seen seen;
  if (!wanted) {
    stop();
    return seen;
  }
  take(seen);
  const bool was_complete = is_complete();
  if (!was_complete) start();
  seen.began = !was_complete && is_complete();
  seen.complete = is_complete();
  seen.descriptor = descriptor_.get();
  return seen;
}

void CommitNotice::start() noexcept {
  if (!descriptor_) descriptor_ = OwnDescriptor(move_high(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)));
  if (!descriptor_.is_ours()) return;
  const auto watch = [this](int& into, const std::string& file) {
    if (into < 0) into = ::inotify_add_watch(descriptor_.get(), file.c_str(), IN_MODIFY);
  };
  watch(announced_, announced_file_);
  watch(written_, written_file_);
}

void CommitNotice::stop() noexcept {
  if (announced_ < 0 && written_ < 0) return;
  for (int* const each : {&announced_, &written_}) {
    if (*each >= 0 && descriptor_.is_ours()) ::inotify_rm_watch(descriptor_.get(), *each);
    *each = -1;
  }
  Seen ignored;
  take(ignored);
}

void CommitNotice::take(Seen& seen) noexcept {
  if (!descriptor_) return;
  if (!descriptor_.is_ours()) {  // the host has closed it
    descriptor_.close();
    announced_ = written_ = -1;
    return;
  }
  alignas(inotify_event) std::array<char, 4096> events{};
  for (;;) {
    const ssize_t size = ::read(descriptor_.get(), events.data(), events.size());
    if (size <= 0) return;
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

}  // namespace tse::store::sqlite

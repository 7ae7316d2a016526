#include "engine/commit_notice.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace tse::engine {

CommitNotice::CommitNotice(std::string file) : file_(std::move(file)) {
  if (!file_.empty()) descriptor_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

CommitNotice::~CommitNotice() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool CommitNotice::enable(bool wanted) noexcept {
  if (descriptor_ < 0 || wanted == (watched_ >= 0)) return false;
  if (wanted) {
    watched_ = ::inotify_add_watch(descriptor_, file_.c_str(), IN_MODIFY);
    return watched_ >= 0;
  }
  ::inotify_rm_watch(descriptor_, watched_);
  watched_ = -1;
  drain();
  return false;
}

void CommitNotice::drain() const noexcept {
  std::array<char, 4096> events{};
  while (::read(descriptor_, events.data(), events.size()) > 0) {
  }
}

}  // namespace tse::engine

#include "engine/log_file.hpp"

#include "core/error.hpp"
#include "store/size_signal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace tse::engine {
namespace {

// Not waiting for a reader is what lets a FIFO be told from a file.
store::OwnDescriptor open_to_append(const std::string& path) noexcept {
  return store::OwnDescriptor(
      store::open_high(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, 0600));
}

core::Failure cannot_open(int error) {
  const bool denied = error == EACCES || error == EPERM;
  return {denied ? core::Code::access_denied : core::Code::unavailable,
          "log_file: cannot be opened for appending: " + std::generic_category().message(error)};
}

bool takes_lines(mode_t mode) noexcept { return S_ISREG(mode) || S_ISCHR(mode); }

}  // namespace

LogFile::LogFile(std::string path) : path_(std::move(path)) {
  struct stat info {};
  const auto refuse_others = [&] {
    if (!takes_lines(info.st_mode))
      throw core::Failure(core::invalid(
          "log_file", "must be a regular file or a character device; for a FIFO or a socket, take a callback"));
  };
  if (::stat(path_.c_str(), &info) == 0) refuse_others();
  descriptor_ = open_to_append(path_);
  if (!descriptor_) throw cannot_open(errno);
  if (!descriptor_.is_ours(info)) throw cannot_open(EBADF);
  refuse_others();
}

void LogFile::append(std::string_view line) noexcept {
  const store::NoSizeSignal no_signal;
  struct stat info {};
  if (!descriptor_.is_ours(info)) {
    descriptor_ = open_to_append(path_);
    if (!descriptor_.is_ours(info) || !takes_lines(info.st_mode)) return descriptor_.close();
  }
  while (!line.empty()) {
    const ssize_t written = ::write(descriptor_.get(), line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace tse::engine

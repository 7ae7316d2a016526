#include "store/sqlite/presence.hpp"

#include "store/sqlite/failure.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace tse::store::sqlite {

using core::Failure;

namespace {

constexpr int process_bits = 22;  // no process has a higher number
constexpr std::int64_t processes = std::int64_t{1} << process_bits;

constexpr std::int64_t place_of(Role role, std::int64_t schema, std::int64_t process) noexcept {
  return (static_cast<std::int64_t>(role) << 40) + schema * processes + process;
}

struct flock range_of(std::int64_t begin, std::int64_t size, short type) noexcept {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = begin;
  range.l_len = size;
  return range;
}

}  // namespace

void Presence::open(const std::string& sidecar) {
  file_ = OwnDescriptor(open_high(sidecar.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  if (!file_) throw Failure(errno_error(errno, "open the -taskstate file"));
}

void Presence::show(Role role, std::int64_t schema) {
  struct flock range = range_of(place_of(role, schema, ::getpid()), 1, F_RDLCK);
  while (::fcntl(file_.get(), F_OFD_SETLK, &range) != 0) {
    if (errno == EINVAL) return;
    if (errno != EINTR) throw Failure(errno_error(errno, "lock the -taskstate file"));
  }
}

std::optional<Presence::Other> Presence::older(Role role, std::int64_t schema) const {
  if (schema <= 0) return std::nullopt;
  struct flock range = range_of(place_of(role, 0, 0), schema * processes, F_WRLCK);
  if (::fcntl(file_.get(), F_OFD_GETLK, &range) != 0) {
    if (errno == EINVAL) return std::nullopt;
    throw Failure(errno_error(errno, "look at the locks of the -taskstate file"));
  }
  if (range.l_type == F_UNLCK) return std::nullopt;
  const std::int64_t place = range.l_start - place_of(role, 0, 0);
  return Other{place / processes, static_cast<pid_t>(place % processes)};
}

}  // namespace tse::store::sqlite

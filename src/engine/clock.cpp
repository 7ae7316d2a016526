#include "engine/clock.hpp"

#include "core/error.hpp"

#include <sys/random.h>
#include <cerrno>
#include <chrono>
#include <ctime>

namespace tse::engine {
namespace {

// The kernel is asked each time: a generator of our own would repeat itself in a forked child.
core::UuidBytes random_bytes() {
  core::UuidBytes bytes{};
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (got > 0) {
      filled += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      throw core::Failure(core::Code::unsupported, "the kernel gives no random numbers (getrandom)");
    }
  }
  return bytes;
}

}  // namespace

std::int64_t system_now() noexcept {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
}

std::int64_t rough_system_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000;
}

IdSource system_ids(Clock clock) {
  return [clock = std::move(clock)](IdKind kind) {
    return kind == IdKind::task ? core::uuid_v7(clock(), random_bytes()) : core::uuid_v4(random_bytes());
  };
}

}  // namespace tse::engine

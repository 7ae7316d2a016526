#include "engine/clock.hpp"

#include "core/error.hpp"
#include "core/time.hpp"

#include <sys/random.h>
#include <algorithm>
#include <cerrno>
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

// The kernel's clock can be set to any time that its 64 bits of seconds can say.
std::int64_t microseconds_of(const timespec& time) noexcept {
  constexpr std::int64_t second = 1000000;
  const std::int64_t seconds = std::clamp(std::int64_t{time.tv_sec}, core::min_time / second, core::max_time / second);
  return seconds * second + time.tv_nsec / 1000;
}

}  // namespace

std::int64_t system_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return microseconds_of(now);
}

std::int64_t rough_system_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return microseconds_of(now);
}

IdSource system_ids(Clock clock) {
  return [clock = std::move(clock)](IdKind kind) {
    return kind == IdKind::task ? core::uuid_v7(clock(), random_bytes()) : core::uuid_v4(random_bytes());
  };
}

}  // namespace tse::engine

#include "engine/clock.hpp"

#include "core/error.hpp"

#include <sys/random.h>
#include <cerrno>

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

IdSource system_ids(Clock clock) {
  return [clock = std::move(clock)](IdKind kind) {
    return kind == IdKind::task ? core::uuid_v7(clock(), random_bytes()) : core::uuid_v4(random_bytes());
  };
}

}  // namespace tse::engine

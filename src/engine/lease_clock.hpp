// The clock that leases are held in.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace tse::engine {

/// A clock and the name of its zero (core/lease.hpp).
struct LeaseClock {
  std::string name;
  std::function<std::int64_t()> now;     ///< us
  std::function<std::int64_t()> even{};  ///< us on a clock that runs evenly; empty: now
};

/// CLOCK_BOOTTIME under the kernel's boot id, or the given one, and the time namespace; the wall clock where no boot id
/// can be read. `file` is where the kernel tells it.
[[nodiscard]] LeaseClock system_lease_clock(const std::string& boot_id,
                                            const char* file = "/proc/sys/kernel/random/boot_id");

}  // namespace tse::engine

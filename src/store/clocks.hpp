// The clocks of this machine, and those that a host gives instead.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace tse::store {

/// us; of the wall clock: UTC.
using Clock = std::function<std::int64_t()>;

/// A clock that leases are held in, and the name of its zero (core/lease.hpp).
struct LeaseClock {
  std::string name;
  Clock now;
  Clock even{};  ///< one that runs evenly; empty: now
};

/// What a store that has no clocks of its own tells the time by.
struct Clocks {
  Clock wall;
  LeaseClock lease;
  Clock even{};  ///< runs evenly, whatever the wall clock does; empty: there is no other
};

[[nodiscard]] std::int64_t system_now() noexcept;
/// The same as of the kernel's last tick, some milliseconds ago at most; a third of the time to read.
[[nodiscard]] std::int64_t rough_system_now() noexcept;

/// CLOCK_BOOTTIME under the kernel's boot id, or the given one, and the time namespace; the wall clock where no boot id
/// can be read. `file` is where the kernel tells it.
[[nodiscard]] LeaseClock system_lease_clock(const std::string& boot_id,
                                            const char* file = "/proc/sys/kernel/random/boot_id");

}  // namespace tse::store

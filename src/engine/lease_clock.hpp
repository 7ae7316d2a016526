// The clock that leases are held in.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace tse::engine {

/// A clock and the name of its zero (core/lease.hpp).
struct LeaseClock {
  std::string name;
  std::function<std::int64_t()> now;  ///< us
};

/// CLOCK_BOOTTIME under the kernel's boot id, or the given one, and the time namespace; the wall clock where no boot id
/// can be read.
[[nodiscard]] LeaseClock system_lease_clock(const std::string& boot_id);

}  // namespace tse::engine

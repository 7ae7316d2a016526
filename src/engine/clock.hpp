// Where time and randomness come from. Both are injectable, so that a host's tests are deterministic.
#pragma once

#include "core/ids.hpp"
#include "store/clocks.hpp"

#include <cstdint>
#include <functional>

namespace tse::engine {

using store::Clock;
using store::rough_system_now;
using store::system_now;

enum class IdKind : std::int32_t { task = 0, request = 1 };

/// Makes the 16 bytes of a UUID.
using IdSource = std::function<core::UuidBytes(IdKind)>;

/// UUIDv7 for tasks, UUIDv4 for requests, from the kernel's random numbers and the given clock.
[[nodiscard]] IdSource system_ids(Clock clock);

}  // namespace tse::engine

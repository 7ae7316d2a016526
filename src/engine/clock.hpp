// Where time and randomness come from. Both are injectable, so that a host's tests are deterministic.
#pragma once

#include "core/ids.hpp"

#include <cstdint>
#include <functional>

namespace tse::engine {

/// Microseconds UTC.
using Clock = std::function<std::int64_t()>;

enum class IdKind : std::int32_t { task = 0, request = 1 };

/// Makes the 16 bytes of a UUID.
using IdSource = std::function<core::UuidBytes(IdKind)>;

[[nodiscard]] std::int64_t system_now() noexcept;
/// The same as of the kernel's last tick, some milliseconds ago at most; a third of the time to read.
[[nodiscard]] std::int64_t rough_system_now() noexcept;

/// UUIDv7 for tasks, UUIDv4 for requests, from the kernel's random numbers and the given clock.
[[nodiscard]] IdSource system_ids(Clock clock);

}  // namespace tse::engine

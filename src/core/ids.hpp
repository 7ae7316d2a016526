// UUIDs as values. Randomness and time are given, not taken.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace tse::core {

using UuidBytes = std::array<std::uint8_t, 16>;

/// UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, the rest from `random`.
[[nodiscard]] UuidBytes uuid_v7(std::int64_t now_us, UuidBytes random) noexcept;
/// UUIDv4 (RFC 9562, section 5.4).
[[nodiscard]] UuidBytes uuid_v4(UuidBytes random) noexcept;
/// 36 characters, lower case.
[[nodiscard]] std::string format_uuid(const UuidBytes& bytes);

}  // namespace tse::core

// FNV-1a, 64 bit: for cursors' checksums and digests. Not against adversaries.
#pragma once

#include <cstdint>
#include <string_view>

namespace tse::core {

inline constexpr std::uint64_t fnv_offset = 0xcbf29ce484222325ULL;

[[nodiscard]] constexpr std::uint64_t fnv1a64(std::string_view bytes, std::uint64_t state = fnv_offset) noexcept {
  for (const char byte : bytes) {
    state ^= static_cast<unsigned char>(byte);
    state *= 0x100000001b3ULL;
  }
  return state;
}

}  // namespace tse::core

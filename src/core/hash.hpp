// XXH3 (xxHash 0.8): for checksums and for telling contents apart. Not against adversaries.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tse::core {

[[nodiscard]] std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0) noexcept;
/// 16 bytes, the same on every machine (XXH128_canonicalFromHash).
[[nodiscard]] std::string hash128(std::string_view bytes, std::uint64_t seed = 0);

}  // namespace tse::core

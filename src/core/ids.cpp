#include "core/ids.hpp"

#include <cstddef>

namespace tse::core {

namespace {

void set_version(UuidBytes& bytes, std::uint8_t version) noexcept {
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | (version << 4));
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
}

}  // namespace

UuidBytes uuid_v7(std::int64_t now_us, UuidBytes random) noexcept {
  // The field is unsigned: a clock before 1970 counts as 1970.
  const auto milliseconds = static_cast<std::uint64_t>(now_us > 0 ? now_us / 1000 : 0);
  for (std::size_t index = 0; index < 6; ++index)
    random[index] = static_cast<std::uint8_t>(milliseconds >> (8 * (5 - index)));
  set_version(random, 7);
  return random;
}

UuidBytes uuid_v4(UuidBytes random) noexcept {
  set_version(random, 4);
  return random;
}

std::string format_uuid(const UuidBytes& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    if (index == 4 || index == 6 || index == 8 || index == 10) text += '-';
    text += digits[bytes[index] >> 4];
    text += digits[bytes[index] & 0x0f];
  }
  return text;
}

}  // namespace tse::core

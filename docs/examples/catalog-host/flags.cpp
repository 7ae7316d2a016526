#include "flags.hpp"

#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>

namespace catalog {
namespace {

int number(std::string_view flag, std::string_view text, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > most)
    throw std::invalid_argument(std::string(flag) + " must be a number from 0 to " + std::to_string(most));
  return value;
}

}  // namespace

Flags parse_flags(int count, const char* const* words) {
  constexpr int one_hour_ms = 3'600'000;
  Flags flags;
  constexpr int most_workers = 64;
  for (int index = 1; index < count; index += 2) {
    const std::string_view flag = words[index];
    if (flag == "--worker-only") {
      flags.serve = false;
      --index;  // it has no value
      continue;
    }
    if (index + 1 == count) throw std::invalid_argument(std::string(flag) + " is unknown or lacks its value");
    const std::string_view value = words[index + 1];
    if (flag == "--port") {
      flags.port = static_cast<std::uint16_t>(number(flag, value, 65535));
    } else if (flag == "--data") {
      flags.data = value;
    } else if (flag == "--pickup-time-ms") {
      flags.pickup_time = std::chrono::milliseconds(number(flag, value, one_hour_ms));
    } else if (flag == "--workers") {
      flags.workers = number(flag, value, most_workers);
    } else if (flag == "--lease-ms") {
      flags.lease = std::chrono::milliseconds(number(flag, value, one_hour_ms));
    } else if (flag == "--install-time-ms") {
      flags.install_time = std::chrono::milliseconds(number(flag, value, one_hour_ms));
    } else {
      throw std::invalid_argument(std::string(flag) + " is unknown");
    }
  }
  return flags;
}

}  // namespace catalog

#include "flags.hpp"

#include <charconv>
#include <cstddef>
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

/// "/api/v1": what a URL's path may hold unescaped, and no template's braces.
std::string prefix(std::string_view flag, std::string_view text) {
  constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  bool good = text.empty() || text.front() == '/';
  for (std::string_view rest = text; good && !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    good = !segment.empty() && segment != "." && segment != ".." &&
           segment.find_first_not_of(unreserved) == std::string_view::npos;
    rest.remove_prefix(segment.size());
  }
  if (!good) throw std::invalid_argument(std::string(flag) + " must look like /api or /api/v1: letters, digits, -._~");
  return std::string(text);
}

taskstate::Completed completed(std::string_view flag, std::string_view text) {
  if (text == "see_other") return taskstate::Completed::see_other;
  if (text == "ok") return taskstate::Completed::ok;
  throw std::invalid_argument(std::string(flag) + " must be see_other or ok");
}

Seed seed(std::string_view flag, std::string_view text) {
  const std::size_t first = text.find('/');
  const std::size_t second = first == std::string_view::npos ? first : text.find('/', first + 1);
  if (second == std::string_view::npos || text.find('/', second + 1) != std::string_view::npos)
    throw std::invalid_argument(std::string(flag) + " must look like ZONE/TASK/INSTALL");
  return {std::string(text.substr(0, first)), std::string(text.substr(first + 1, second - first - 1)),
          std::string(text.substr(second + 1))};
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
    } else if (flag == "--patience-ms") {
      flags.patience = std::chrono::milliseconds(number(flag, value, one_hour_ms));
    } else if (flag == "--prefix") {
      flags.prefix = prefix(flag, value);
    } else if (flag == "--completed") {
      flags.completed = completed(flag, value);
    } else if (flag == "--seed") {
      flags.seeds.push_back(seed(flag, value));
    } else {
      throw std::invalid_argument(std::string(flag) + " is unknown");
    }
  }
  return flags;
}

}  // namespace catalog

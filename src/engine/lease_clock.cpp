#include "engine/lease_clock.hpp"

#include "core/lease.hpp"
#include "engine/clock.hpp"

#include <unistd.h>

#include <array>
#include <ctime>
#include <fstream>
#include <string_view>

namespace tse::engine {
namespace {

std::string kernel_boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

// "time:[4026531834]": the number is the namespace's; kernels without time namespaces have no such file.
std::string time_namespace() {
  std::array<char, 64> target{};
  const ssize_t size = ::readlink("/proc/self/ns/time", target.data(), target.size());
  if (size <= 0) return "0";
  const std::string_view text(target.data(), static_cast<std::size_t>(size));
  const auto from = text.find('[');
  const auto to = text.find(']');
  if (from == std::string_view::npos || to == std::string_view::npos) return "0";
  return std::string(text.substr(from + 1, to - from - 1));
}

std::int64_t boot_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000;
}

}  // namespace

LeaseClock system_lease_clock(const std::string& boot_id) {
  const std::string boot = boot_id.empty() ? kernel_boot_id() : boot_id;
  if (boot.empty()) return {std::string(core::wall_clock_name), system_now};
  return {core::boot_clock_name(boot, time_namespace()), boot_now};
}

}  // namespace tse::engine

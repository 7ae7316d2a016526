#include "store/clocks.hpp"

#include "core/lease.hpp"
#include "core/time.hpp"
#include "store/descriptor.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>

namespace tse::store {
namespace {

struct BootId {
  std::string text;    // empty: it cannot be read
  bool masked = true;  // it is not the kernel's own: containers mount a file over it
};

BootId kernel_boot_id(const char* path) {
  const OwnDescriptor file(open_high(path, O_RDONLY));
  if (!file) return {};
  std::array<char, 64> bytes{};
  const ssize_t size = ::read(file.get(), bytes.data(), bytes.size());
  if (size <= 0) return {};
  const std::string_view line(bytes.data(), static_cast<std::size_t>(size));
  struct statfs system {};
  const bool own = ::fstatfs(file.get(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
  return {std::string(line.substr(0, line.find('\n'))), !own};
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

// The kernel's clock can be set to any time that its 64 bits of seconds can say.
std::int64_t microseconds_of(const timespec& time) noexcept {
  constexpr std::int64_t second = 1000000;
  const std::int64_t seconds = std::clamp(std::int64_t{time.tv_sec}, core::min_time / second, core::max_time / second);
  return seconds * second + time.tv_nsec / 1000;
}

}  // namespace

std::int64_t system_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return microseconds_of(now);
}

std::int64_t rough_system_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return microseconds_of(now);
}

LeaseClock system_lease_clock(const std::string& boot_id, const char* file) {
  if (!boot_id.empty()) return {core::boot_clock_name(boot_id, time_namespace()), boot_now};
  const BootId boot = kernel_boot_id(file);
  if (boot.text.empty()) return {std::string(core::wall_clock_name), system_now, boot_now};
  const auto name = boot.masked ? core::masked_boot_clock_name : core::boot_clock_name;
  return {name(boot.text, time_namespace()), boot_now};
}

}  // namespace tse::store

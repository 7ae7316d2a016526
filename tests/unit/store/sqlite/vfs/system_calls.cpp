// The program's own definitions stand before those of the C library, for SQLite's shared library too.
#include "unit/store/sqlite/vfs/system_calls.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <mutex>
#include <stdexcept>
#include <string_view>

namespace tse::test {

namespace {

struct Plan {
  std::mutex mutex;
  std::string suffix;
  Accident accident;
};
Plan& plan() {
  static Plan only;
  return only;
}
std::atomic<std::int64_t> left{0};
std::atomic<std::int64_t> happened{0};

bool is_meant(int descriptor, std::string_view suffix) {
  std::array<char, PATH_MAX> name{};
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t size = ::readlink(link.c_str(), name.data(), name.size());
  return size > 0 && std::string_view(name.data(), static_cast<std::size_t>(size)).ends_with(suffix);
}

ssize_t write(decltype(&::pwrite) call, int descriptor, const void* data, std::size_t size, off_t offset) {
  if (left == 0) return call(descriptor, data, size, offset);
  const std::lock_guard lock(plan().mutex);
  if (left == 0 || !is_meant(descriptor, plan().suffix)) return call(descriptor, data, size, offset);
  if (left > 0) --left;
  ++happened;
  const Accident accident = plan().accident;
  const std::size_t part = std::min(accident.written, size);
  const ssize_t written = part > 0 ? call(descriptor, data, part, offset) : 0;
  if (accident.error == 0) return written;
  errno = accident.error;
  return -1;
}

/// What the C library, or a sanitizer before it, has under this name.
template <typename Function>
Function* next(Function*, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

FailingWrites::FailingWrites(std::string suffix, Accident accident, std::int64_t times) {
  const std::lock_guard lock(plan().mutex);
  plan().suffix = std::move(suffix);
  plan().accident = accident;
  happened = 0;
  left = times;
}
FailingWrites::~FailingWrites() { left = 0; }
std::int64_t FailingWrites::count() noexcept { return happened; }

void refuse_ofd_locks() {
  // On a little-endian machine the lower half of an argument comes first.
  constexpr auto number = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
  constexpr auto command = static_cast<std::uint32_t>(offsetof(seccomp_data, args) + sizeof(std::uint64_t));
  static_assert(F_OFD_GETLK == 36 && F_OFD_SETLK == 37 && F_OFD_SETLKW == 38);
  std::array<sock_filter, 7> program{
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 0, 3),
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, command),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, F_OFD_GETLK, 0, 1),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, F_OFD_SETLKW, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
  };
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    throw std::runtime_error("prctl");
}

}  // namespace tse::test

// SQLite asks for the name with 64 where the engine asks for the one without; off_t has 64 bits in both.
#define NEXT(name)                                              \
  ([] {                                                         \
    static auto* const found = tse::test::next(&::name, #name); \
    return found;                                               \
  }())

#pragma GCC visibility push(default)
extern "C" {

ssize_t pwrite(int descriptor, const void* data, size_t size, off_t offset) {
  return tse::test::write(NEXT(pwrite), descriptor, data, size, offset);
}
ssize_t pwrite64(int descriptor, const void* data, size_t size, off64_t offset) {
  return tse::test::write(NEXT(pwrite64), descriptor, data, size, offset);
}

}  // extern "C"
#pragma GCC visibility pop

// Writes of this process that fail or stop half-way, SQLite's own among them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tse::test {

/// What becomes of a pwrite(): so many of its bytes are written, then it returns their number, or `error` if that is
/// not 0. One that stops half-way without an error is not at its end: the caller writes the rest.
struct Accident {
  int error = 0;
  std::size_t written = 0;
};

/// While it lives, the next `times` calls (-1: all) of pwrite() to files whose names end with `suffix` have it.
class FailingWrites {
 public:
  FailingWrites(std::string suffix, Accident accident, std::int64_t times = 1);
  ~FailingWrites();
  FailingWrites(const FailingWrites&) = delete;
  FailingWrites& operator=(const FailingWrites&) = delete;
  /// How many had it.
  [[nodiscard]] static std::int64_t count() noexcept;
};

/// From now on, in this process and in all that it starts, the kernel knows no OFD locks (EINVAL, as before Linux 3.15
/// and in sandboxes). There is no way back.
void refuse_ofd_locks();

}  // namespace tse::test

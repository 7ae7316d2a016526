// Notices a wall clock that leaps: when it has gained more than an hour on the boot clock within one boot, as at the
// first step of a machine without a clock battery. Then nothing that expires by the wall clock expires, until the host
// says that the clock is right or 24 hours of boot time have passed. All processes of one clock know the same, and also
// those that open the file after the leap.
#pragma once

#include "store/clocks.hpp"
#include "store/sqlite/clock_slots.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>

namespace tse::store::sqlite {

/// Any thread.
class WallGuard {
 public:
  /// `even` runs evenly; empty: there is no other clock, so no leap is seen. `shared`: the notes are kept in the slots,
  /// since their clock tells one boot from another.
  WallGuard(ClockSlots& slots, Clock wall, Clock even, bool shared);

  /// Up to when what expires by the wall clock has expired: the time that it shows, or, after a leap, before all times.
  /// `wall` is what it shows now.
  [[nodiscard]] std::int64_t expired_until(std::int64_t wall) noexcept;
  [[nodiscard]] bool is_paused() noexcept;
  /// The clock is right as it is.
  void accept() noexcept;

 private:
  [[nodiscard]] bool leaps(std::int64_t distance) const noexcept;
  [[nodiscard]] bool judge(std::int64_t distance, std::int64_t now) noexcept;
  [[nodiscard]] std::int64_t note(WallNote which) const noexcept;
  void set(WallNote which, std::int64_t value) noexcept;
  void read_notes() noexcept;

  ClockSlots& slots_;
  const Clock wall_;
  const Clock even_;
  const bool shared_;
  std::mutex mutex_;  // held to judge a leap
  std::array<std::atomic<std::int64_t>, 4> notes_{no_note, no_note, no_note, no_note};
};

}  // namespace tse::store::sqlite

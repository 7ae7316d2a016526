// Notices a wall clock that leaps: when it has gained more than an hour on the boot clock within one boot, as at the
// first step of a machine without a clock battery. Then nothing that expires by the wall clock expires, until the host
// says that the clock is right or 24 hours of boot time have passed. All processes of one clock know the same, and also
// those that open the file after the leap.
#pragma once

#include "engine/clock.hpp"
#include "store/store.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>

namespace tse::engine {

/// Any thread.
class WallGuard {
 public:
  using Even = std::function<std::int64_t()>;
  /// `even` runs evenly; empty: there is no other clock, so no leap is seen. `shared`: the notes are kept by the store,
  /// since its clock tells one boot from another.
  WallGuard(store::Store& store, Clock wall, Even even, bool shared);

  /// Up to when what expires by the wall clock has expired: the time that it shows, or, after a leap, before all times.
  /// `wall` is what it shows now.
  [[nodiscard]] std::int64_t expired_until(std::int64_t wall) noexcept;
  [[nodiscard]] bool is_paused() noexcept;
  /// The clock is right as it is.
  void accept() noexcept;

 private:
  [[nodiscard]] bool leaps(std::int64_t distance) const noexcept;
  [[nodiscard]] bool judge(std::int64_t distance, std::int64_t now) noexcept;
  [[nodiscard]] std::int64_t note(store::WallNote which) const noexcept;
  void set(store::WallNote which, std::int64_t value) noexcept;
  void read_notes() noexcept;

  store::Store& store_;
  const Clock wall_;
  const Even even_;
  const bool shared_;
  std::mutex mutex_;  // held to judge a leap
  std::array<std::atomic<std::int64_t>, 4> notes_{store::no_note, store::no_note, store::no_note, store::no_note};
};

}  // namespace tse::engine

// The time as one open file tells it: by the clocks of its process, and what all processes on the file note of theirs.
#pragma once

#include "store/clocks.hpp"
#include "store/sqlite/clock_slots.hpp"
#include "store/sqlite/lease_judge.hpp"
#include "store/sqlite/wall_guard.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tse::store::sqlite {

/// Any thread.
class Timekeeper {
 public:
  explicit Timekeeper(Clocks clocks);
  Timekeeper(const Timekeeper&) = delete;
  Timekeeper& operator=(const Timekeeper&) = delete;

  /// As ClockSlots::join(), with the clock that leases are held in.
  [[nodiscard]] bool join(const std::string& sidecar);
  /// Once, after join() and before anything else.
  void begin();
  void close() noexcept { slots_.close(); }
  void close_in_child() noexcept { slots_.close_in_child(); }

  [[nodiscard]] Now now();
  /// A lease of that duration that begins now; its epoch is somebody else's concern.
  [[nodiscard]] LeaseStart lease(std::int64_t duration);
  [[nodiscard]] const std::string& lease_clock() const noexcept { return clocks_.lease.name; }
  [[nodiscard]] std::int64_t lease_now() const { return clocks_.lease.now(); }
  /// Until when leases on a clock are over, in us on that clock; nothing if that cannot be told from here.
  [[nodiscard]] std::optional<std::int64_t> over_until(std::string_view clock);

  [[nodiscard]] bool is_paused() noexcept { return guard_ && guard_->is_paused(); }
  /// The wall clock is right as it is.
  void accept() noexcept {
    if (guard_) guard_->accept();
  }

 private:
  const Clocks clocks_;
  ClockSlots slots_;
  const LeaseJudge judge_{slots_, clocks_.lease};
  std::optional<WallGuard> guard_;  // once the slots are joined
};

}  // namespace tse::store::sqlite

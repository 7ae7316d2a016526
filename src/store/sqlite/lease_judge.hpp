// Which leases are over, as far as this process can tell. A look that failed is not a finding: a lease on a clock that
// cannot be compared with ours is left alone until nobody of that clock has been there for as long as it lasts.
#pragma once

#include "store/clocks.hpp"
#include "store/sqlite/clock_slots.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace tse::store::sqlite {

class LeaseJudge {
 public:
  /// Both outlive it.
  LeaseJudge(ClockSlots& slots, const LeaseClock& ours) : slots_(slots), ours_(ours) {}

  /// Until when leases on a clock are over, in us on that clock; nothing if that cannot be told from here. `wall` and
  /// `lease` are the time now, by the wall clock and by ours.
  [[nodiscard]] std::optional<std::int64_t> over_until(std::string_view clock, std::int64_t wall,
                                                       std::int64_t lease) const;

 private:
  [[nodiscard]] std::optional<std::int64_t> over_by_absence(std::string_view clock, bool another_boot) const;
  ClockSlots& slots_;
  const LeaseClock& ours_;
};

}  // namespace tse::store::sqlite

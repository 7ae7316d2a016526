#include "store/sqlite/lease_judge.hpp"

#include "core/lease.hpp"
#include "core/range.hpp"

#include <taskstate/contract/options.hpp>

#include <algorithm>
#include <limits>

namespace tse::store::sqlite {
namespace {

constexpr std::int64_t all = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::optional<std::int64_t> LeaseJudge::over_until(std::string_view clock, std::int64_t wall,
                                                   std::int64_t lease) const {
  switch (core::compare_clocks(ours_.name, clock)) {
    case core::Comparable::same: return lease;
    case core::Comparable::wall: return wall;
    case core::Comparable::another_boot: return over_by_absence(clock, true);
    case core::Comparable::unknown: break;
  }
  return over_by_absence(clock, false);
}

// How long each lease lasts is not known, only the longest of all; where not even that is, because the -taskstate file
// is another, it may be as long as any.
std::optional<std::int64_t> LeaseJudge::over_by_absence(std::string_view clock, bool another_boot) const {
  const ClockPresence presence = slots_.presence(clock, ours_.even ? ours_.even() : ours_.now());
  if (presence.living) return std::nullopt;
  if (another_boot) return all;
  const std::int64_t longest =
      presence.longest_lease > 0 ? presence.longest_lease : core::contract::argument::lease.most;
  if (presence.absent_for < longest) return std::nullopt;
  return all;
}

}  // namespace tse::store::sqlite

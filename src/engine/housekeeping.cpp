#include "engine/housekeeping.hpp"

#include "core/lease.hpp"
#include "engine/change.hpp"

#include <limits>
#include <optional>
#include <vector>

namespace tse::engine {
namespace {

/// Until when leases on a clock are over; nothing if that cannot be told.
std::optional<std::int64_t> over_until(std::string_view clock, const Moment& moment) {
  switch (core::compare_clocks(moment.lease_clock, clock)) {
    case core::Comparable::same: return moment.lease;
    case core::Comparable::wall: return moment.wall;
    case core::Comparable::another_boot: return std::numeric_limits<std::int64_t>::max();
    case core::Comparable::unknown: break;
  }
  return std::nullopt;
}

std::int64_t over_until_or_refuse(std::string_view clock, const Moment& moment) {
  if (const auto until = over_until(clock, moment)) return *until;
  throw core::Failure(core::Code::unsupported,
                      "another process holds leases in another time namespace, and their end cannot be told from here");
}

}  // namespace

bool is_house_due(store::View& view, const Moment& moment) {
  if (!view.overdue_starts(moment.wall, 1).empty() || !view.ripe(moment.wall, 1).empty()) return true;
  for (const std::string& clock : view.lease_clocks())
    if (!view.ended_leases(clock, over_until_or_refuse(clock, moment), 1).empty()) return true;
  return false;
}

Kept keep_house(store::Session& session, const Moment& moment, const core::Context& context, std::size_t limit) {
  Kept kept;
  const auto left = [&] { return limit - kept.changed; };
  // One damaged task must not keep all others from their due.
  const auto each = [&](const std::vector<core::Key>& keys, const core::Intent& intent) {
    for (const core::Key& key : keys) {
      try {
        carry_out(session, key, intent, context);
        ++kept.changed;
      } catch (const core::Failure& failure) {
        if (failure.error().code != core::Code::corrupt) throw;
        ++kept.damaged;
      }
    }
  };
  each(session.overdue_starts(moment.wall, left()), core::ExpireStart{});
  each(session.ripe(moment.wall, left()), core::Ripen{});
  for (const std::string& clock : session.lease_clocks()) {
    const std::int64_t until = over_until_or_refuse(clock, moment);
    each(session.ended_leases(clock, until, left()), core::EndLease{clock, until});
  }
  return kept;
}

}  // namespace tse::engine

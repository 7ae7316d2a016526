#include "engine/housekeeping.hpp"

#include "engine/carry_out.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace tse::engine {

bool is_house_due(store::View& view, const Moment& moment, const LeaseJudge& judge) {
  if (!view.overdue_starts(moment.expiry, 1).empty() || !view.ripe(moment.wall, 1).empty()) return true;
  for (const std::string& clock : view.lease_clocks())
    if (const auto until = judge.over_until(clock, moment.wall, moment.lease);
        until && !view.ended_leases(clock, *until, 1).empty())
      return true;
  return false;
}

std::chrono::microseconds until_next_due(store::View& view, const Moment& moment, std::chrono::microseconds most) {
  const store::NextDue due = view.next_due({moment.wall, moment.lease_clock, moment.lease});
  const auto sooner = [&most](const std::optional<std::int64_t>& at, std::int64_t now) {
    if (at && *at < now + most.count()) most = std::chrono::microseconds(*at - now);
  };
  sooner(due.wall, moment.wall);
  sooner(due.lease, moment.lease);
  return most;
}

Incomparable find_incomparable(store::View& view, const Moment& moment, const LeaseJudge& judge) {
  Incomparable found;
  for (const std::string& clock : view.lease_clocks()) {
    if (judge.over_until(clock, moment.wall, moment.lease)) continue;
    ++found.clocks;
    found.leases += view.held_leases(clock);
  }
  return found;
}

Kept keep_house(store::Session& session, const Moment& moment, const LeaseJudge& judge, const core::Context& context,
                std::size_t limit) {
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
  each(session.overdue_starts(moment.expiry, left()), core::ExpireStart{});
  each(session.ripe(moment.wall, left()), core::Ripen{});
  for (const std::string& clock : session.lease_clocks()) {
    if (const auto until = judge.over_until(clock, moment.wall, moment.lease))
      each(session.ended_leases(clock, *until, left()), core::EndLease{clock, *until});
  }
  return kept;
}

}  // namespace tse::engine

#include "store/sqlite/due.hpp"

#include "store/sqlite/retention.hpp"
#include "store/sqlite/runnable.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace tse::store::sqlite {
namespace {

using Why = DueTask::Why;

/// A task that nobody started in time is not told of again for its not_before: it ends.
class Collector {
 public:
  void add(std::vector<core::Key> keys, const DueTask& as) {
    for (core::Key& key : keys) {
      if (is_known(key)) continue;
      tasks.push_back({std::move(key), as.why, as.clock, as.until});
    }
  }
  std::vector<DueTask> tasks;

 private:
  [[nodiscard]] bool is_known(const core::Key& key) const {
    return std::any_of(tasks.begin(), tasks.end(), [&](const DueTask& each) { return each.key == key; });
  }
};

/// us until the first moment behind now, by whichever clock.
std::optional<std::int64_t> next_moment(Connection& connection, Timekeeper& time) {
  const std::int64_t wall = time.now().wall;
  const std::int64_t lease = time.lease_now();
  const NextDue next = find_next_due(connection, wall, time.lease_clock(), lease);
  std::optional<std::int64_t> left;
  const auto sooner = [&left](const std::optional<std::int64_t>& at, std::int64_t now) {
    if (at && (!left || *at - now < *left)) left = *at - now;
  };
  sooner(next.wall, wall);
  sooner(next.lease, lease);
  return left;
}

}  // namespace

Due find_due(Connection& connection, Timekeeper& time, const DueQuery& query) {
  Collector due;
  if (query.limit > 0) {
    const Now now = time.now();
    due.add(find_overdue_starts(connection, now.expiry, query.limit), {{}, Why::start_by});
    due.add(find_ripe(connection, now.wall, query.limit), {{}, Why::not_before});
    for (const std::string& clock : find_lease_clocks(connection))
      if (const auto until = time.over_until(clock))
        due.add(find_ended_leases(connection, clock, *until, query.limit), {{}, Why::lease, clock, *until});
  }
  return {std::move(due.tasks), query.next ? next_moment(connection, time) : std::nullopt,
          query.expiry && has_expired(connection, *query.expiry)};
}

Incomparable find_incomparable(Connection& connection, Timekeeper& time) {
  Incomparable found;
  for (const std::string& clock : find_lease_clocks(connection)) {
    if (time.over_until(clock)) continue;
    ++found.clocks;
    found.leases += count_leases(connection, clock);
  }
  return found;
}

}  // namespace tse::store::sqlite

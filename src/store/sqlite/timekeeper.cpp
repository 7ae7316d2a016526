#include "store/sqlite/timekeeper.hpp"

#include "core/lease.hpp"

#include <utility>

namespace tse::store::sqlite {

namespace {

Clocks completed(Clocks clocks) {
  if (!clocks.wall) clocks.wall = system_now;
  if (clocks.lease.now) return clocks;
  clocks.lease = system_lease_clock("");
  clocks.even = clocks.lease.even ? clocks.lease.even : clocks.lease.now;
  return clocks;
}

}  // namespace

Timekeeper::Timekeeper(Clocks clocks) : clocks_(completed(std::move(clocks))) {}

bool Timekeeper::join(const std::string& sidecar) { return slots_.join(sidecar, clocks_.lease.name); }

void Timekeeper::begin() { guard_.emplace(slots_, clocks_.wall, clocks_.even, core::tells_boot(clocks_.lease.name)); }

Now Timekeeper::now() {
  const std::int64_t wall = clocks_.wall();
  return {wall, guard_->expired_until(wall)};
}

LeaseStart Timekeeper::lease(std::int64_t duration) {
  slots_.note_lease(duration);
  return {0, clocks_.lease.name, clocks_.lease.now() + duration};
}

std::optional<std::int64_t> Timekeeper::over_until(std::string_view clock) {
  return judge_.over_until(clock, clocks_.wall(), clocks_.lease.now());
}

}  // namespace tse::store::sqlite

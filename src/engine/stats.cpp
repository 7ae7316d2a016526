#include "engine/stats.hpp"

#include "engine/engine.hpp"

#include <utility>
#include <vector>

namespace tse::engine {
namespace {

/// What stands before the colon in a lease clock's name.
std::string kind_of(const std::string& clock) { return clock.substr(0, clock.find(':')); }

}  // namespace

Stats stats(Engine& engine, const core::Text& zone_id, const Call& call) {
  Context& at = engine.enter(call, core::ZoneFilter{zone_id});
  Stats stats{at.store->stats(zone_id.value_or(""), at.patience(call)),
              static_cast<std::int64_t>(at.watches->count()),
              at.answers.figures(),
              at.store->proof(),
              at.settings.durability,
              kind_of(at.settings.lease_clock.name),
              {},
              at.wall.is_paused()};
  at.store->view([&](store::View& view) { stats.incomparable = find_incomparable(view, at.moment(), at.judge); },
                 at.patience(call));
  return stats;
}

}  // namespace tse::engine

#include "engine/stats.hpp"

#include "core/validate.hpp"
#include "engine/engine.hpp"

#include <utility>
#include <vector>

namespace tse::engine {
namespace {

/// What stands before the colon in a lease clock's name.
std::string kind_of(const std::string& clock) { return clock.substr(0, clock.find(':')); }

}  // namespace

Stats stats(Engine& engine, std::string_view zone_id, const Call& call) {
  Context& at = engine.enter(call);
  if (!zone_id.empty()) {
    std::vector<core::Detail> broken;
    core::check_id(broken, "zone_id", zone_id);
    if (!broken.empty()) throw core::Failure(core::invalid(std::move(broken)));
  }
  Stats stats{at.store->stats(zone_id, at.patience(call)),
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

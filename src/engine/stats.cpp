#include "engine/stats.hpp"

#include "engine/engine.hpp"

namespace tse::engine {

Stats stats(Engine& engine, const core::Text& zone_id, const Call& call) {
  Context& at = engine.enter(call, core::ZoneFilter{zone_id});
  return {at.store->stats(zone_id.value_or(""), at.patience(call)), static_cast<std::int64_t>(at.watches->count()),
          at.answers.figures(), at.store->traits().proof, at.settings.durability};
}

}  // namespace tse::engine

#include "engine/pause.hpp"

#include "core/time.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <algorithm>

namespace tse::engine {
namespace {

store::Pause pause_of(const PauseTarget& what, std::int64_t since, const Call& call) {
  using What = store::Pause::What;
  const bool is_zone = what.zone_id.has_value();
  return {is_zone ? What::zone : What::operation, is_zone ? *what.zone_id : *what.operation,
          std::clamp(since, core::min_time, core::max_time), call.actor};
}

/// Whether that changed anything.
bool set_paused(Context& at, const PauseTarget& what, bool paused, const Call& call) {
  require(core::refuse_statements(call));
  bool changed = false;
  const auto set = [&](store::Session& session) {
    changed = session.set_paused(pause_of(what, session.now().wall, call), paused);
  };
  at.commit({set}, call);
  return changed;
}

}  // namespace

bool pause(Engine& engine, const PauseTarget& what, const Call& call) {
  return set_paused(engine.enter(call, what), what, true, call);
}

bool unpause(Engine& engine, const PauseTarget& what, const Call& call) {
  Context& at = engine.enter(call, what);
  const bool changed = set_paused(at, what, false, call);
  if (changed) at.watches->signal_all();
  return changed;
}

}  // namespace tse::engine

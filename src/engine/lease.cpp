#include "engine/lease.hpp"

#include "core/opaque.hpp"
#include "engine/carry_out.hpp"
#include "engine/change.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <algorithm>
#include <utility>

namespace tse::engine {
Heartbeat heartbeat(Engine& engine, std::string_view token, std::optional<std::chrono::microseconds> lease,
                    std::optional<core::Link> progress, const Call& call) {
  Context& at = engine.enter(call);
  const core::LeaseToken held = require(core::read_lease(token));
  const std::chrono::microseconds duration = lease.value_or(std::chrono::microseconds(held.duration));
  require(core::check(core::HeartbeatTerms{duration}));
  core::Heartbeat intent{0, {}, std::move(progress)};
  // A power cut ends the worker too, so only what the client sees must be on the disk.
  const bool shown = intent.progress || !call.also.empty();
  Heartbeat beat;
  beat.duration = duration.count();
  const auto move = [&](store::Session& session) {
    core::Context occasion = at.occasion(session, call);
    occasion.epoch = held.epoch;
    require(core::check_origin(held.generation, session.generation()));
    store::LeaseStart from_now = session.lease(duration.count());
    intent.until = from_now.until;
    intent.clock = std::move(from_now.clock);
    const core::Row row = carry_out(session, held.key, intent, occasion).row;
    beat.cancel_requested = row.cancel_requested;
    run_also(session, call.also, held.key, std::max(occasion.now, row.task.updated_at));
    beat.expires_at = occasion.now + duration.count();
  };
  store::Change change = change_of(move, held.key);
  change.durability = shown ? store::Durability::full : store::Durability::relaxed;
  change.seen = shown;
  at.commit(std::move(change), call);
  return beat;
}

core::Row release(Engine& engine, std::string_view token, std::chrono::microseconds delay, const Call& call) {
  Context& at = engine.enter(call, core::ReleaseTerms{delay});
  core::Release intent;
  if (delay.count() > 0) intent.not_before = at.settings.clock() + delay.count();
  return change_leased(engine, token, intent, call);
}

}  // namespace tse::engine

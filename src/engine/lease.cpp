// What the holder of a lease does. Each names the lease by its token and is compared with the task's current one.
#include "core/lease.hpp"
#include "engine/change.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <algorithm>
#include <utility>

namespace tse::engine {
namespace {

core::Failure bad_duration(const char* field, const char* rule, std::chrono::microseconds value) {
  return core::Failure(core::invalid(field, std::string(rule) + ", is " + std::to_string(value.count()) + " us"));
}

}  // namespace

core::LeaseToken Engine::lease_in(std::string_view text) {
  auto token = core::parse_lease(text);
  if (!token)
    throw core::Failure(
        core::invalid("lease", "must be the token of a lease, has " + std::to_string(text.size()) + " bytes"));
  return std::move(*token);
}

Heartbeat Engine::heartbeat(std::string_view text, std::optional<std::chrono::microseconds> lease,
                            std::optional<core::Link> progress, const Call& call) {
  enter();
  check_call(call);
  const core::LeaseToken token = lease_in(text);
  const std::chrono::microseconds duration = lease.value_or(std::chrono::microseconds(token.duration));
  if (duration < shortest_lease || duration > longest_lease)
    throw bad_duration("lease", "must be 1 ms to 30 days", duration);
  core::Heartbeat intent{0, settings_.lease_clock.name, std::move(progress)};
  // A power cut ends the worker too, so only what the client sees must be on the disk.
  const bool shown = intent.progress || !call.also.empty();
  Heartbeat beat;
  beat.duration = duration.count();
  const auto move = [&](store::Session& session) {
    core::Context context = this->context(call);
    context.epoch = token.epoch;
    require_given_out_here(session, token.generation);
    store_->note_lease(duration.count());
    intent.until = settings_.lease_clock.now() + duration.count();
    const core::Row row = carry_out(session, token.key, intent, context).row;
    beat.cancel_requested = row.cancel_requested;
    run_also(session, call.also, token.key, std::max(context.now, row.task.updated_at));
    beat.expires_at = context.now + duration.count();
  };
  commit({move, shown ? store::Durability::full : store::Durability::relaxed, shown}, call);
  return beat;
}

Engine::Edit Engine::prepare_leased(std::string_view text, const core::Intent& intent) {
  core::LeaseToken token = lease_in(text);
  return {std::move(token.key), &intent, token.epoch, std::move(token.generation), {}};
}

core::Row Engine::change_leased(std::string_view text, const core::Intent& intent, const Call& call) {
  enter();
  check_call(call);
  return edit(prepare_leased(text, intent), call);
}

core::Row Engine::release(std::string_view text, std::chrono::microseconds delay, const Call& call) {
  if (delay.count() < 0 || delay > longest_lease) throw bad_duration("delay", "must be 0 to 30 days", delay);
  core::Release intent;
  if (delay.count() > 0) intent.not_before = settings_.clock() + delay.count();
  return change_leased(text, intent, call);
}

}  // namespace tse::engine

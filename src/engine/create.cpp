// Creating a task, once for each idempotency key.
#include "core/ascii.hpp"
#include "core/idempotency.hpp"
#include "core/validate.hpp"
#include "engine/change.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace tse::engine {

Engine::Creation Engine::prepare_create(core::NewTask spec, const Call& call) {
  if (spec.id.empty()) spec.id = core::format_uuid(settings_.ids(IdKind::task));
  if (settings_.adopt_request_id && !spec.idempotency_key && call.request_id && core::is_uuid(*call.request_id)) {
    spec.idempotency_key = call.request_id;
    std::transform(spec.idempotency_key->begin(), spec.idempotency_key->end(), spec.idempotency_key->begin(),
                   core::to_lower);
  }
  auto made = core::create(spec, settings_.operations, settings_.policy.status_url, context(call));
  if (auto* refused = std::get_if<core::Error>(&made)) throw core::Failure(std::move(*refused));
  return {std::move(spec), std::move(std::get<core::Row>(made)), {}};
}

store::Change Engine::change_of(Creation& creation, const Call& call) {
  return {[this, &creation, &call](store::Session& session) {
    creation.made = {creation.fresh, false};
    create_in(session, creation.spec, call, creation.made);
  }};
}

void Engine::tell(const Created& made) {
  if (!made.replayed) wake_housekeeper(made.row);
  if (!made.replayed && !made.row.not_before) watches_->signal(made.row.task.zone_id, made.row.task.operation);
}

Created Engine::create(core::NewTask spec, const Call& call) {
  enter();
  check_call(call);
  Creation creation = prepare_create(std::move(spec), call);
  commit(change_of(creation, call), call);
  tell(creation.made);
  return std::move(creation.made);
}

/// Stores the new task of `created`, or puts the first task of its idempotency key in its place.
void Engine::create_in(store::Session& session, const core::NewTask& spec, const Call& call, Created& created) {
  const std::int64_t now = settings_.clock();
  const std::int64_t expired_until = wall_.expired_until(now);
  const core::Key key = created.row.key();
  if (spec.idempotency_key) {
    if (const auto first = session.replay(spec.zone_id, *spec.idempotency_key)) {
      if (first->expires_at > expired_until) {
        core::require_same(*first, spec);
        if (auto row = session.read({spec.zone_id, first->task_id})) {
          created = {std::move(*row), true};
          return;
        }
      }
      session.drop_replay(spec.zone_id, *spec.idempotency_key);
    }
  }
  if (spec.retry_of) core::require_failed(session.read({spec.zone_id, *spec.retry_of}));
  if (session.tombstone(key).value_or(INT64_MIN) > expired_until)
    throw core::Failure(core::Code::already_exists, "id: a task with this id was purged from the zone");
  if (settings_.pending_limit > 0 && session.count(spec.zone_id, core::Status::pending) >= settings_.pending_limit)
    throw core::Failure(core::Code::limit_exceeded, "zone_id: as many tasks of the zone are pending as may be, " +
                                                        std::to_string(settings_.pending_limit));
  if (!session.insert(created.row, spec.payload))
    throw core::Failure(core::Code::already_exists, "id: a task with this id exists in the zone");
  if (spec.idempotency_key)
    session.keep_replay(
        spec.zone_id, *spec.idempotency_key,
        {core::fingerprint_version, core::fingerprint(spec), key.id, now + settings_.idempotency_retention.count()});
  run_also(session, call.also, key, created.row.task.created_at);
}

}  // namespace tse::engine

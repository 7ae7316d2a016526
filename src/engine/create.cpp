#include "engine/create.hpp"

#include "core/ascii.hpp"
#include "core/idempotency.hpp"
#include "core/validate.hpp"
#include "engine/carry_out.hpp"
#include "engine/engine.hpp"
#include "engine/rounds.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace tse::engine {
namespace {

/// Stores the new task of `created`, or puts the first task of its idempotency key in its place.
void create_in(Context& at, store::Session& session, const core::NewTask& spec, const Call& call, Created& created) {
  const Settings& settings = at.settings;
  const std::int64_t now = settings.clock();
  const std::int64_t expired_until = at.wall.expired_until(now);
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
  if (settings.pending_limit > 0 && session.count(spec.zone_id, core::Status::pending) >= settings.pending_limit)
    throw core::Failure(core::Code::limit_exceeded, "zone_id: as many tasks of the zone are pending as may be, " +
                                                        std::to_string(settings.pending_limit));
  if (!session.insert(created.row, spec.payload))
    throw core::Failure(core::Code::already_exists, "id: a task with this id exists in the zone");
  if (spec.idempotency_key)
    session.keep_replay(
        spec.zone_id, *spec.idempotency_key,
        {core::fingerprint_version, core::fingerprint(spec), key.id, now + settings.idempotency_retention.count()});
  run_also(session, call.also, key, created.row.task.created_at);
}

}  // namespace

Creation prepare_create(const Context& at, core::NewTask spec, const Call& call) {
  const Settings& settings = at.settings;
  if (spec.id.empty()) spec.id = core::format_uuid(settings.ids(IdKind::task));
  if (settings.adopt_request_id && !spec.idempotency_key && call.request_id && core::is_uuid(*call.request_id)) {
    spec.idempotency_key = call.request_id;
    std::transform(spec.idempotency_key->begin(), spec.idempotency_key->end(), spec.idempotency_key->begin(),
                   core::to_lower);
  }
  auto made = core::create(spec, settings.operations, settings.policy.status_url, at.occasion(call));
  if (auto* refused = std::get_if<core::Error>(&made)) throw core::Failure(std::move(*refused));
  return {std::move(spec), std::move(std::get<core::Row>(made))};
}

store::Change change_of(Context& at, Creation& creation, const Call& call) {
  return {[&at, &creation, &call](store::Session& session) {
    creation.made = {creation.fresh, false};
    create_in(at, session, creation.spec, call, creation.made);
  }};
}

void tell(Context& at, const Created& made) {
  if (made.replayed) return;
  wake_housekeeper(at, made.row);
  if (!made.row.not_before) at.watches->signal(made.row.task.zone_id, made.row.task.operation);
}

Created create(Engine& engine, core::NewTask spec, const Call& call) {
  Context& at = engine.enter(call);
  Creation creation = prepare_create(at, std::move(spec), call);
  at.commit(change_of(at, creation, call), call);
  tell(at, creation.made);
  return std::move(creation.made);
}

}  // namespace tse::engine

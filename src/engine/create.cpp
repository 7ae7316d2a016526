#include "engine/create.hpp"

#include "core/admit.hpp"
#include "core/ascii.hpp"
#include "core/idempotency.hpp"
#include "core/retry.hpp"
#include "core/validate.hpp"
#include "engine/carry_out.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"
#include "engine/rounds.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace tse::engine {
namespace {

/// What the store holds that bears on the creation: once a first task is found, nothing else does.
core::Surroundings look_around(const core::FileSettings& rules, store::Session& session, const core::NewTask& spec,
                               const core::Key& key, std::int64_t expired_until) {
  core::Surroundings found;
  if (spec.idempotency_key) found.replay = session.replay(spec.zone_id, *spec.idempotency_key);
  if (found.replay && core::is_in_force(found.replay->expires_at, expired_until))
    found.first = session.read({spec.zone_id, found.replay->task_id});
  if (found.first) return found;
  if (spec.retry_of) found.predecessor = session.read({spec.zone_id, *spec.retry_of});
  found.tombstone = session.tombstone(key);
  if (rules.pending_limit > 0) found.pending = session.count(spec.zone_id, core::Status::pending);
  return found;
}

/// So that a retry of the failed task finds its first one. A later one does not take its place.
void keep_first_retry(store::Session& session, const core::NewTask& made, const core::Row& failed) {
  const std::string key = core::retry_key(failed);
  if (session.replay(made.zone_id, key)) return;
  const core::Replay record = core::retry_record(made);
  session.set_replay(made.zone_id, key, &record);
}

}  // namespace

void create_in(Context& at, store::Session& session, const core::NewTask& spec, const Call& call, Created& created) {
  const core::FileSettings& rules = at.rules.now();
  const store::Now now = session.now();
  const core::Key key = created.row.key();
  core::Surroundings found = look_around(rules, session, spec, key, now.expiry);
  switch (require(core::admit(spec, found, {now.expiry, rules.pending_limit}))) {
    case core::Admission::replay: created = {*std::move(found.first), true}; return;
    case core::Admission::replace_key: session.set_replay(spec.zone_id, *spec.idempotency_key, nullptr); break;
    case core::Admission::insert: break;
  }
  if (!session.insert(created.row, spec.payload)) throw core::Failure(core::copy_of(core::id_taken));
  if (spec.idempotency_key) {
    const core::Replay replay{core::fingerprint_version, core::fingerprint(spec), key.id,
                              now.wall + rules.idempotency_retention.count()};
    session.set_replay(spec.zone_id, *spec.idempotency_key, &replay);
  }
  if (found.predecessor) keep_first_retry(session, spec, *found.predecessor);
  run_also(session, call.also, key, created.row.task.created_at);
}

Creation prepare_create(const Context& at, core::NewTask spec, const Call& call) {
  const core::FileSettings& rules = at.rules.now();
  if (!spec.id) spec.id = core::format_uuid(at.settings.ids(IdKind::task));
  if (rules.adopt_request_id && !spec.idempotency_key && call.request_id && core::is_uuid(*call.request_id)) {
    spec.idempotency_key = call.request_id;
    std::transform(spec.idempotency_key->begin(), spec.idempotency_key->end(), spec.idempotency_key->begin(),
                   core::to_lower);
  }
  core::Row fresh = require(core::create(spec, rules.operations, rules.policy.status_url, at.occasion(call)));
  return {std::move(spec), std::move(fresh)};
}

store::Change change_of(Context& at, Creation& creation, const Call& call) {
  store::Change change{[&at, &creation, &call](store::Session& session) {
    creation.made = {creation.fresh, false};
    create_in(at, session, creation.spec, call, creation.made);
  }};
  const core::NewTask& spec = creation.spec;
  change.needs.tombstones = {&creation.key, 1};
  if (spec.retry_of) change.needs.rows = {&creation.predecessor, 1};
  if (spec.idempotency_key) {
    change.needs.replay_zone_id = spec.zone_id;
    change.needs.replay_key = *spec.idempotency_key;
  }
  if (at.rules.now().pending_limit > 0) change.needs.counted = spec.zone_id;
  return change;
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

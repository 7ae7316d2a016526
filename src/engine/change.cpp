#include "engine/change.hpp"

#include "core/opaque.hpp"
#include "engine/carry_out.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <utility>

namespace tse::engine {
namespace {

core::Row edit(Context& at, Edit what, const Call& call) {
  at.commit(change_of(at, what, call), call);
  at.tell(what.row);
  return std::move(what.row);
}

}  // namespace

Edit prepare_edit(const core::Key& key, const core::Intent& intent) {
  require_possible(key);
  return {key, &intent};
}

Edit prepare_edit(std::string_view token, const core::Intent& intent) {
  core::LeaseToken lease = require(core::read_lease(token));
  return {std::move(lease.key), &intent, lease.epoch, std::move(lease.generation)};
}

store::Change change_of(Context& at, Edit& edit, const Call& call) {
  return {[&at, &edit, &call](store::Session& session) {
    core::Context occasion = at.occasion(session, call);
    occasion.epoch = edit.epoch;
    if (edit.generation) require(core::check_origin(*edit.generation, session.generation()));
    Carried carried = carry_out(session, edit.key, *edit.intent, occasion);
    if (carried.changed) run_also(session, call.also, edit.key, carried.row.task.updated_at);
    edit.row = std::move(carried.row);
  }};
}

core::Row change(Engine& engine, const core::Key& key, const core::Intent& intent, const Call& call) {
  Context& at = engine.enter(call);
  return edit(at, prepare_edit(key, intent), call);
}

core::Row change_leased(Engine& engine, std::string_view token, const core::Intent& intent, const Call& call) {
  Context& at = engine.enter(call);
  return edit(at, prepare_edit(token, intent), call);
}

}  // namespace tse::engine

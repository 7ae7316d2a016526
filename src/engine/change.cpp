#include "engine/change.hpp"

#include "core/opaque.hpp"
#include "engine/carry_out.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <utility>
#include <variant>

namespace tse::engine {
namespace {

core::Row edit(Context& at, Edit what, const Call& call) {
  at.commit(change_of(at, what, call), call);
  at.tell(what.row);
  return std::move(what.row);
}

/// What a completion has produced goes with it.
void keep_result(const Context& at, store::Session& session, const Edit& edit, std::int64_t now) {
  const auto* const complete = std::get_if<core::Complete>(edit.intent);
  if (complete == nullptr || !complete->result) return;
  session.keep_result(edit.key, complete->result->bytes,
                      core::result_kept_until(now, at.rules.now().result_retention.count()));
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

store::Change change_of(std::function<void(store::Session&)> run, const core::Key& key) {
  store::Change change{std::move(run)};
  change.needs.rows = {&key, 1};
  return change;
}

store::Change change_of(Context& at, Edit& edit, const Call& call) {
  const auto run = [&at, &edit, &call](store::Session& session) {
    core::Context occasion = at.occasion(session, call);
    occasion.epoch = edit.epoch;
    if (edit.generation) require(core::check_origin(*edit.generation, session.generation()));
    Carried carried = carry_out(session, edit.key, *edit.intent, occasion);
    if (carried.changed) {
      keep_result(at, session, edit, carried.row.task.updated_at);
      run_also(session, call.also, edit.key, carried.row.task.updated_at);
    }
    edit.row = std::move(carried.row);
  };
  return change_of(run, edit.key);
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

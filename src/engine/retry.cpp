#include "engine/retry.hpp"

#include "core/retry.hpp"
#include "engine/change.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <optional>
#include <string>
#include <utility>

namespace tse::engine {
namespace {

void refuse_second(store::Session& session, const core::Row& failed) {
  const auto first = session.replay(failed.task.zone_id, core::retry_key(failed));
  if (first) throw core::Failure(core::already_retried(first->task_id));
}

}  // namespace

core::Row retry(Engine& engine, const core::Key& key, bool again, const Call& call) {
  Context& at = engine.enter(call);
  require_possible(key);
  const std::string id = core::format_uuid(at.settings.ids(IdKind::task));
  Created created;
  const auto try_again = [&](store::Session& session) {
    const std::optional<core::Row> failed = session.read(key);
    require(core::check_retry(failed));
    if (!again) refuse_second(session, *failed);
    core::NewTask spec = core::retry_of(*failed, session.payload(key));
    spec.id = id;
    // Whether the operation is allowed was judged when the first was created.
    created = {require(
        core::create(spec, {&spec.operation, 1}, at.rules.now().policy.status_url, at.occasion(session, call)))};
    create_in(at, session, spec, call, created);
  };
  at.commit(change_of(try_again, key), call);
  tell(at, created);
  return std::move(created.row);
}

}  // namespace tse::engine

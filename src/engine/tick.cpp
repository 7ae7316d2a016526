#include "engine/tick.hpp"

#include "engine/engine.hpp"
#include "engine/housekeeping.hpp"
#include "engine/purge.hpp"

#include <exception>
#include <string>

namespace tse::engine {

std::int64_t tick(Engine& engine, const Call& call) { return tick(engine.enter(call), call); }

std::int64_t tick(Context& at, const Call& call) {
  // Nothing is purged by what held before.
  at.renew_settings(at.patience(call));
  bool due = false;
  at.store->view([&](store::View& view) { due = is_house_due(view); }, at.patience(call));
  due = due || at.store->content().unsettled;
  std::int64_t changed = 0;
  try {
    for (bool more = due; more;) {
      Kept kept;
      const auto keep = [&](store::Session& session) { kept = keep_house(session, round_size); };
      store::Change change{keep};
      change.needs.due = true;
      at.commit(std::move(change), call);
      changed += static_cast<std::int64_t>(kept.changed);
      tell_kept(at, kept);
      more = kept.more;
    }
    clean(at, call, changed);
  } catch (const std::exception&) {
    if (changed == 0) throw;  // else it is durable, so the call cannot have failed; the rest is for the next round
  }
  return changed;
}

void tell_kept(Context& at, const Kept& kept) {
  if (kept.changed > 0) at.watches->signal_all();
  if (kept.damaged > 0)
    at.log->write(LogLevel::error,
                  std::to_string(kept.damaged) + " tasks that are due cannot be read: verify the file");
}

void clock_ok(Engine& engine, const Call& call) { engine.enter(call).store->accept_clock(); }

}  // namespace tse::engine

#include "engine/housekeeping.hpp"

#include "engine/carry_out.hpp"

namespace tse::engine {
namespace {

core::Intent intent_for(const store::DueTask& task) {
  switch (task.why) {
    case store::DueTask::Why::start_by: return core::ExpireStart{};
    case store::DueTask::Why::not_before: return core::Ripen{};
    case store::DueTask::Why::lease: break;
  }
  return core::EndLease{task.clock, task.until};
}

}  // namespace

bool is_house_due(store::View& view) { return !view.due({1, false, {}}).tasks.empty(); }

Kept keep_house(store::Session& session, std::size_t limit) {
  Kept kept;
  core::Context context;
  context.now = session.now().wall;
  // One damaged task must not keep all others from their due.
  for (const store::DueTask& task : session.due({limit, false, {}}).tasks) {
    try {
      carry_out(session, task.key, intent_for(task), context);
      ++kept.changed;
    } catch (const core::Failure& failure) {
      if (failure.error().code != core::Code::corrupt) throw;
      ++kept.damaged;
    }
  }
  kept.more = kept.changed >= limit;
  return kept;
}

}  // namespace tse::engine

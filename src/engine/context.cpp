#include "engine/context.hpp"

#include "core/lease.hpp"
#include "engine/checks.hpp"
#include "engine/moves.hpp"
#include "engine/rounds.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <string>
#include <utility>

namespace tse::engine {
namespace {

using std::chrono::steady_clock;

}  // namespace

Context::Context(Settings chosen, std::unique_ptr<Log> own_log, std::unique_ptr<store::Store> opened)
    : settings(std::move(chosen)),
      log(std::move(own_log)),
      store(std::move(opened)),
      rules(settings),
      answers(*store, static_cast<std::size_t>(settings.answer_cache_bytes),
              [this](std::int64_t stamp, const store::Patience& patience) {
                if (stamp != rules.stamp()) renew_settings(patience);
              }),
      watches(std::make_shared<Watches>(news_source(*this))),
      watcher(watches, store->notices(), MoveTeller(*this), [this] { housekeeper.reconsider(); }),
      housekeeper(*settings.housekeeping, Round(*this), RoundPlan(*this)) {}

store::Patience Context::patience(const Call& call) const {
  store::Patience patience{steady_clock::now() + capped(call.timeout.value_or(settings.timeout)), {}};
  if (call.stop.stop_possible()) patience.cancelled = [&stop = call.stop] { return stop.stop_requested(); };
  return patience;
}

store::Patience Context::long_patience(const Call& call) const {
  store::Patience patience = this->patience(call);
  if (!call.timeout) patience.until = steady_clock::now() + capped(std::chrono::microseconds::max());
  return patience;
}

core::Context Context::occasion(const Call& call) const {
  return {settings.clock(), call.request_id, call.traceparent, call.actor, {}};
}

core::Context Context::occasion(store::View& view, const Call& call) const {
  return {view.now().wall, call.request_id, call.traceparent, call.actor, {}};
}

core::MakeRequestId Context::fresh_request_id() const {
  return [this] { return core::format_uuid(settings.ids(IdKind::request)); };
}

void Context::renew_settings(const store::Patience& patience) {
  core::StoredSettings stored;
  store->view([&](store::View& view) { stored = view.settings(); }, patience);
  rules.renew(stored);
}

void Context::read_settings(const Call& call) noexcept {
  try {
    try {
      renew_settings(patience(call));
    } catch (const core::Failure& failure) {
      log->write(LogLevel::error, std::string("the file's settings cannot be read: ") + failure.what());
    }
  } catch (const std::bad_alloc&) {
    // the next operation tries again
  }
}

void Context::commit(store::Change change, const Call& call, const store::Patience& until) {
  std::optional<core::Error> error;
  commit({&change, 1}, {&error, 1}, call, until);
  if (error) throw core::Failure(std::move(*error));
}

void Context::commit(std::span<store::Change> changes, std::span<std::optional<core::Error>> errors, const Call& call,
                     const store::Patience& until) {
  for (store::Change& change : changes) {
    change.patience = until;
    change.has_statements = !call.also.empty();
    if (settings.durability == store::Durability::relaxed) change.durability = store::Durability::relaxed;
    if (call.is_our_own) change.tells = false;
  }
  store->commit(changes, errors, until.until, call.stop);
  const bool seen =
      std::any_of(changes.begin(), changes.end(), [](const store::Change& change) { return change.seen; });
  if (seen && watches->follows()) watches->attention().raise();
}

std::shared_ptr<Watch> Context::watch() {
  lifetime.require();
  watcher.start();
  return std::make_shared<Watch>(watches);
}

void Context::tell(const core::Row& row) {
  wake_housekeeper(*this, row);
  // A task that ended makes room in a zone that is at its limit.
  const bool made_room = rules.now().running_limit > 0 && taskstate::is_terminal(row.task.status);
  if (made_room || core::is_offered_again(row)) watches->signal(row.task.zone_id, row.task.operation);
}

}  // namespace tse::engine

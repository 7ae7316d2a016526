// Waiting for a task to move, and the status request that may wait.
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <string>
#include <utility>
#include <variant>

namespace tse::engine {

using std::chrono::steady_clock;

/// Returns when the task has moved or has ended, or the time is over, or somebody asks to stop.
void Engine::await_move(const core::Key& key, std::optional<std::int64_t> revision, steady_clock::time_point until,
                        const std::stop_token& stop) {
  const std::shared_ptr<Watch> watch = this->watch();
  const std::stop_callback wake(stop, [&watch] { watch->raise(); });
  watch->await_task(key, revision, 0);
  watch->sleep_until(until);
  watch->forget_task(key, 0);
}

std::optional<core::Row> Engine::wait(const core::Key& key, std::optional<std::int64_t> revision,
                                      std::chrono::microseconds wait, const Call& call) {
  if (wait.count() < 0)
    throw core::Failure(core::invalid("wait", "must not be negative, is " + std::to_string(wait.count()) + " us"));
  const auto until = steady_clock::now() + capped(wait);
  for (;;) {
    std::optional<core::Row> row = get(key, call);
    const bool moved = !row || taskstate::is_terminal(row->task.status) || (revision && row->revision > *revision);
    if (moved || steady_clock::now() >= until) return row;
    if (call.stop.stop_requested())
      throw core::Failure(core::Code::cancelled, "the caller cancelled before the task had moved");
    await_move(key, revision, until, call.stop);
  }
}

core::Lookup Engine::look_up(const core::Key& key, const Call& call, store::Found& found) {
  try {
    enter();
    found = store_->answer(key, patience(call));
    if (!found.row) {
      if (found.tombstone.value_or(INT64_MIN) > settings_.clock()) return core::Gone{};
      return core::Missing{};
    }
    const store::AnswerRow& row = *found.row;
    return core::Answerable{row.status, row.created_at, row.revision, row.body, row.install_id, row.result_href};
  } catch (const core::Failure& failure) {
    log_->write(LogLevel::error, std::string("status lookup failed: ") + std::string(to_string(failure.error().code)) +
                                     ": " + failure.what());
    return failure.error();
  }
}

Decided Engine::decide(const core::Key& key, const core::Request& request, Waiting waiting, const Call& call) {
  const core::MakeRequestId fresh = fresh_request_id();
  const auto answer = [&](const core::Lookup& found) {
    return core::decide(key.zone_id, key.id, found, request, settings_.policy, settings_.clock(), fresh);
  };
  if (closed_.load(std::memory_order_acquire))
    return {answer(core::Error{core::Code::closed, "the engine is closed"}), 0};
  if (auto refused = core::refuse(key.zone_id, key.id, request, settings_.policy, settings_.clock(), fresh))
    return {std::move(*refused), 0};

  const auto granted = core::granted_wait(request, settings_.policy);
  const auto until = steady_clock::now() + std::chrono::microseconds(granted.value_or(0));
  store::Found stored;
  for (;;) {
    const core::Lookup found = look_up(key, call, stored);
    const auto* const task = std::get_if<core::Answerable>(&found);
    const bool waits = granted && task != nullptr && core::is_worth_waiting(*task, request);
    if (waits && waiting == Waiting::elsewhere) return {answer(found), *granted};
    if (!waits || steady_clock::now() >= until || call.stop.stop_requested()) return {answer(found), 0};
    try {
      const auto revision = request.if_none_match ? std::optional(task->revision) : std::nullopt;
      await_move(key, revision, until, call.stop);
    } catch (const core::Failure&) {
      return {answer(look_up(key, call, stored)), 0};  // it says what is wrong, or there is just nobody to wait with
    }
  }
}

}  // namespace tse::engine

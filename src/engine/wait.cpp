// Waiting for a task to move.
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <string>

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

}  // namespace tse::engine

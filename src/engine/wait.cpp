#include "engine/wait.hpp"

#include "core/moved.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"
#include "engine/read.hpp"

namespace tse::engine {

using std::chrono::steady_clock;

std::shared_ptr<Watch> watch(Engine& engine) { return engine.enter({}).watch(); }

void await_move(Context& at, const core::Key& key, std::optional<std::int64_t> revision, steady_clock::time_point until,
                const std::stop_token& stop) {
  const std::shared_ptr<Watch> watch = at.watch();
  const std::stop_callback wake(stop, [&watch] { watch->raise(); });
  watch->await_task(key, revision, 0);
  watch->sleep_until(until);
  watch->forget_task(key, 0);
}

std::optional<core::Row> wait(Engine& engine, const core::Key& key, std::optional<std::int64_t> revision,
                              std::chrono::microseconds wait, const Call& call) {
  Context& at = engine.enter(call, core::WaitTerms{wait});
  const auto until = steady_clock::now() + capped(wait);
  for (;;) {
    std::optional<core::Row> row = get(engine, key, call);
    const bool moved = !row || core::has_moved(row->task.status, row->revision, revision);
    if (moved || steady_clock::now() >= until) return row;
    if (call.stop.stop_requested())
      throw core::Failure(core::Code::cancelled, "the caller cancelled before the task had moved");
    await_move(at, key, revision, until, call.stop);
  }
}

}  // namespace tse::engine

// Waiting for a task to move.
#pragma once

#include "core/task.hpp"
#include "engine/call.hpp"
#include "engine/watch.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

namespace tse::engine {

class Engine;
struct Context;

/// Until the task has moved past the revision or has ended; without a revision, until it has ended.
std::optional<core::Row> wait(Engine& engine, const core::Key& key, std::optional<std::int64_t> revision,
                              std::chrono::microseconds wait, const Call& call);
/// A watch of nothing yet. It may outlive the engine.
std::shared_ptr<Watch> watch(Engine& engine);

/// Returns when the task has moved or has ended, or the time is over, or somebody asks to stop.
void await_move(Context& at, const core::Key& key, std::optional<std::int64_t> revision,
                std::chrono::steady_clock::time_point until, const std::stop_token& stop);

}  // namespace tse::engine

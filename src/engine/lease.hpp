// What the holder of a lease does. Each names the lease by its token and is compared with the task's current one.
#pragma once

#include "core/task.hpp"
#include "engine/call.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tse::engine {

class Engine;

/// What a heartbeat tells the worker.
struct Heartbeat {
  bool cancel_requested = false;
  std::int64_t duration = 0;    ///< us, from now on
  std::int64_t expires_at = 0;  ///< us UTC, by the wall clock of the moment
};

/// `lease`: none for the duration that was granted.
Heartbeat heartbeat(Engine& engine, std::string_view token, std::optional<std::chrono::microseconds> lease,
                    std::optional<core::Link> progress, const Call& call);
/// Gives the task back; another attempt not before `delay`.
core::Row release(Engine& engine, std::string_view token, std::chrono::microseconds delay, const Call& call);

}  // namespace tse::engine

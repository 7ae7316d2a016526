// A thread of the engine's own, which the host never sees: it takes no signals.
#pragma once

#include <functional>
#include <thread>

namespace tse::engine {

/// Throws Failure(unavailable).
[[nodiscard]] std::thread start_in_background(const std::function<void()>& run);

}  // namespace tse::engine

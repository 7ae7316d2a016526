// What one call carries besides its arguments.
#pragma once

#include "core/task.hpp"
#include "store/store.hpp"

#include <chrono>
#include <optional>
#include <stop_token>
#include <vector>

namespace tse::engine {

struct Call {
  std::optional<std::chrono::microseconds> timeout{};
  core::Text request_id{};
  core::Text traceparent{};
  core::Text actor{};
  std::stop_token stop{};
  std::vector<store::Statement> also{};  ///< the host's own, run with each change
  bool is_our_own = false;               ///< no host waits for it
};

}  // namespace tse::engine

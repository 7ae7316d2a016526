// What one call carries besides its arguments.
#pragma once

#include "core/query.hpp"

#include <stop_token>

namespace tse::engine {

struct Call : core::CallInfo {
  std::stop_token stop{};
  bool is_our_own = false;  ///< no host waits for it
};

}  // namespace tse::engine

// The feed: what was committed after a position.
#pragma once

#include "core/task.hpp"
#include "engine/call.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace tse::engine {

class Engine;

struct ChangesQuery {
  std::string zone_id;  ///< empty: all
  core::Text after;     ///< a position; none: from the beginning
  bool latest = false;  ///< from here and now
  bool allow_gap = false;
  std::int64_t limit = 100;
  std::chrono::microseconds wait{0};
};

struct Changes {
  std::vector<core::Event> events;
  std::string position;
  std::int64_t purged_through = 0;
};

Changes changes(Engine& engine, const ChangesQuery& query, const Call& call);

}  // namespace tse::engine

// The feed: what was committed after a position.
#pragma once

#include "core/query.hpp"
#include "core/task.hpp"
#include "engine/call.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tse::engine {

class Engine;

using core::ChangesQuery;

struct Changes {
  std::vector<core::Event> events;
  std::string position;
  std::int64_t purged_through = 0;
};

Changes changes(Engine& engine, const ChangesQuery& query, const Call& call);

}  // namespace tse::engine

// Removing tasks that have ended: by age, in small transactions, and one at once without a trace.
#pragma once

#include "core/task.hpp"
#include "engine/call.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace tse::engine {

class Engine;
struct Context;

struct PurgeQuery {
  std::string zone_id;  ///< empty: all
  std::chrono::microseconds older_than{0};
  std::int64_t limit = 0;  ///< 0: all
};

/// How many were removed.
std::int64_t purge(Engine& engine, const PurgeQuery& query, const Call& call);
/// False: there was none.
bool erase(Engine& engine, const core::Key& key, const Call& call);

/// What housekeeping purges and forgets. Adds to `changed` how many tasks it has purged for good.
void clean(Context& at, const Call& call, std::int64_t& changed);

}  // namespace tse::engine

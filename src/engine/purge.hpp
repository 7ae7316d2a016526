// Removing tasks that have ended: by age, in small transactions, and one at once without a trace.
#pragma once

#include "core/query.hpp"
#include "core/task.hpp"
#include "engine/call.hpp"

#include <cstdint>

namespace tse::engine {

class Engine;
struct Context;

using core::PurgeQuery;

/// How many were removed.
std::int64_t purge(Engine& engine, const PurgeQuery& query, const Call& call);
/// False: there was none.
bool erase(Engine& engine, const core::Key& key, const Call& call);

/// What housekeeping purges and forgets. Adds to `changed` how many tasks it has purged for good.
void clean(Context& at, const Call& call, std::int64_t& changed);

}  // namespace tse::engine

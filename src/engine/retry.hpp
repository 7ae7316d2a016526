// Trying a failed task again.
#pragma once

#include "core/task.hpp"
#include "engine/call.hpp"
#include "engine/create.hpp"

namespace tse::engine {

class Engine;

/// A new task like the failed one. `again`: also where another retries it already.
core::Row retry(Engine& engine, const core::Key& key, bool again, const Call& call);

}  // namespace tse::engine

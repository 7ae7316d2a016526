// What a completed task has stored as its result.
#pragma once

#include "core/result.hpp"
#include "core/task.hpp"
#include "engine/call.hpp"

namespace tse::engine {

class Engine;

/// Throws Failure(not_found), which says why there is none.
core::StoredResult result(Engine& engine, const core::Key& key, const Call& call);

}  // namespace tse::engine

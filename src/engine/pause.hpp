// What claims of every process pass over for a time: a zone, or an operation.
#pragma once

#include "core/query.hpp"
#include "engine/call.hpp"

namespace tse::engine {

class Engine;

using core::PauseTarget;

/// False: it was paused already.
bool pause(Engine& engine, const PauseTarget& what, const Call& call);
/// False: it was not paused.
bool unpause(Engine& engine, const PauseTarget& what, const Call& call);

}  // namespace tse::engine

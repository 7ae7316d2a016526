// What happened to one task.
#pragma once

#include "core/query.hpp"
#include "core/task.hpp"
#include "engine/call.hpp"

#include <vector>

namespace tse::engine {

class Engine;

using core::HistoryQuery;

struct History {
  std::vector<core::Event> events;  ///< newest first
  core::Text after_cursor;          ///< for the events before these; none: there is none
};

/// Nothing of a task that is unknown.
History history(Engine& engine, const core::Key& key, const HistoryQuery& query, const Call& call);

}  // namespace tse::engine

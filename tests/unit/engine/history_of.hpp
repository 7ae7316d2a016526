// All that happened to a task.
#pragma once

#include "engine/history.hpp"

#include <algorithm>
#include <vector>

namespace tse::test {

/// Oldest first, read page by page.
inline std::vector<core::Event> history_of(engine::Engine& tasks, const core::Key& key, const engine::Call& call = {}) {
  std::vector<core::Event> events;
  engine::HistoryQuery query;
  do {
    engine::History page = engine::history(tasks, key, query, call);
    events.insert(events.end(), page.events.begin(), page.events.end());
    query.after = std::move(page.after_cursor);
  } while (query.after);
  std::reverse(events.begin(), events.end());
  return events;
}

}  // namespace tse::test

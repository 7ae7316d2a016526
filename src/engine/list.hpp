// Pages of tasks, of one zone or of all.
#pragma once

#include "core/query.hpp"
#include "core/task.hpp"
#include "engine/call.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace tse::engine {

class Engine;

using core::ListQuery;

struct Page {
  std::vector<core::Row> rows;  ///< newest first; fewer than asked for, with a cursor, where the deadline passed
  core::Text after_cursor;
  core::Text before_cursor;
  std::optional<std::int64_t> total_count;
};

Page list(Engine& engine, const ListQuery& query, const Call& call);

}  // namespace tse::engine

// Pages of the tasks of a zone.
#pragma once

#include "core/task.hpp"
#include "engine/call.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tse::engine {

class Engine;

struct ListQuery {
  std::string zone_id;
  std::vector<core::Status> statuses;  ///< empty: all
  core::Text operation;
  core::Text install_id;
  core::Text package_id;
  std::optional<std::int64_t> created_from;   ///< inclusive
  std::optional<std::int64_t> created_until;  ///< exclusive
  std::int64_t limit = 50;
  core::Text after;
  core::Text before;
  bool with_total = false;
};

struct Page {
  std::vector<core::Row> rows;  ///< newest first
  core::Text after_cursor;
  core::Text before_cursor;
  std::optional<std::int64_t> total_count;
};

Page list(Engine& engine, const ListQuery& query, const Call& call);

}  // namespace tse::engine

// Looking at one task.
#pragma once

#include "core/task.hpp"
#include "core/validate.hpp"
#include "engine/call.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tse::engine {

class Engine;

std::optional<core::Row> get(Engine& engine, const core::Key& key, const Call& call);
std::optional<std::string> payload(Engine& engine, const core::Key& key, const Call& call);

/// A part of a task's history.
struct HistoryQuery {
  std::optional<std::int64_t> before_revision{};  ///< exclusive; none: up to the newest event
  std::int64_t limit = core::max_page;
};
std::vector<core::Event> history(Engine& engine, const core::Key& key, const Call& call,
                                 const HistoryQuery& query = {});

}  // namespace tse::engine

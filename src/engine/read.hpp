// Looking at one task.
#pragma once

#include "core/query.hpp"
#include "core/task.hpp"
#include "engine/call.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tse::engine {

class Engine;

std::optional<core::Row> get(Engine& engine, const core::Key& key, const Call& call);
std::optional<std::string> payload(Engine& engine, const core::Key& key, const Call& call);

using core::HistoryQuery;
std::vector<core::Event> history(Engine& engine, const core::Key& key, const Call& call,
                                 const HistoryQuery& query = {});

}  // namespace tse::engine

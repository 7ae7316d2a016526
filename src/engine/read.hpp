// Looking at one task.
#pragma once

#include "core/task.hpp"
#include "engine/call.hpp"

#include <optional>
#include <string>

namespace tse::engine {

class Engine;

std::optional<core::Row> get(Engine& engine, const core::Key& key, const Call& call);
std::optional<std::string> payload(Engine& engine, const core::Key& key, const Call& call);

}  // namespace tse::engine

// What claims pass over.
#pragma once

#include "store/sqlite/connection.hpp"

#include <string_view>
#include <vector>

namespace tse::store::sqlite {

[[nodiscard]] bool is_paused(Connection& connection, Pause::What what, std::string_view name);
/// Zones before operations, each by name.
[[nodiscard]] std::vector<Pause> find_pauses(Connection& connection);
/// False: it was so already.
bool set_paused(Connection& connection, const Pause& pause, bool paused);

}  // namespace tse::store::sqlite

// How much there is in a file, by its counters.
#pragma once

#include "store/sqlite/database.hpp"

#include <string_view>

namespace tse::store::sqlite {

/// Counts and sizes; of what the engine did, nothing.
[[nodiscard]] Stats read_stats(Connection& connection, Database& database, std::string_view zone_id);

}  // namespace tse::store::sqlite

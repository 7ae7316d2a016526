// An online copy of the database.
#pragma once

#include "store/sqlite/database.hpp"

#include <string>

namespace tse::store::sqlite {

/// Copies what the transaction that is open on the connection sees to a file of its own at `path`. Throws Failure; then
/// what stood there still does.
void back_up(Connection& connection, const Database& database, const std::string& path, const Patience& patience);

}  // namespace tse::store::sqlite

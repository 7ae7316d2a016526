// Looks whether the file is sound and whether everything in it is as the rules say.
#pragma once

#include "store/sqlite/connection.hpp"

namespace tse::store::sqlite {

/// Reads the whole database in the transaction that is open on the connection. Each problem is one sentence.
/// A damaged file is a problem in the report, not a failure.
[[nodiscard]] VerifyReport verify_all(Connection& connection);

}  // namespace tse::store::sqlite

// What a file is, found out without leaving a trace beside it.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/sqlite/files.hpp"
#include "store/sqlite/migrate.hpp"

namespace tse::store::sqlite {

enum class Content {
  empty,    ///< a database without a single object, and nobody's mark in its header
  ours,     ///< has taskstate_meta
  foreign,  ///< a database of somebody else
};

/// What an open database holds; reads only. Throws Failure(corrupt, schema_too_new).
[[nodiscard]] Content content_of(Connection& connection, Intent intent);

/// What the existing file holds. Throws Failure: not_a_taskstate_file if it is no SQLite database or no regular
/// file, corrupt, access_denied, schema_too_new ...
[[nodiscard]] Content probe(const Paths& paths, Intent intent, const Patience& patience);

}  // namespace tse::store::sqlite

// Copying the write-ahead log into the database. Only under the write lock, never PASSIVE: SQLite's WAL-reset bug
// (docs/internals/file-format.md).
#pragma once

#include "store/sqlite/connection.hpp"

namespace tse::store::sqlite {

/// A commit puts at most so many frames into the log at once, unless a single change needs more.
inline constexpr int max_group_frames = 800;

enum class Checkpoint { restart, truncate };

/// False if readers or a foreign writer were in the way; then it is tried again later. Throws Failure for
/// anything else than that and a full disk.
bool checkpoint(Connection& connection, Checkpoint mode);

}  // namespace tse::store::sqlite

// Copying the write-ahead log into the database. Only under the write lock, never PASSIVE: SQLite's WAL-reset bug
// (docs/internals/file-format.md).
#pragma once

#include "store/sqlite/connection.hpp"

namespace tse::store::sqlite {

/// A commit leaves at most this many frames to the next checkpoint, and puts fewer in at once.
inline constexpr int checkpoint_frames = 1000;
inline constexpr int max_group_frames = 800;

enum class Checkpoint { restart, truncate };

/// False if readers or a foreign writer were in the way; then it is tried again later. Throws Failure for
/// anything else than that and a full disk.
bool checkpoint(Connection& connection, Checkpoint mode);

}  // namespace tse::store::sqlite

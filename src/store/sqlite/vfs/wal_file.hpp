// The -wal: what a transaction appends is collected, and written when the frame that commits it has come.
//
// SQLite writes each frame of the log as a header of 24 bytes and a page, two calls each. Here they are put one behind
// another and written with one call, inside the very xWrite that brings the page of the commit's last frame (its header
// tells: bytes 4 to 7 are not zero). Nothing else would be safe:
//
// - At the flush (xSync) would be too late: without synchronous=FULL there is none.
// - At the memory barrier would be too late, too: the index names the frames by then, and a barrier cannot fail.
//
// Inside that xWrite, every error has the meaning that SQLite's own has: nothing of the commit is visible yet, and
// since its last frame is last in the buffer, a write that stopped half way never completes a commit.
//
// What is left when the write lock is released belongs to a transaction that was rolled back, and is thrown away: later
// it could overwrite what another process has appended at the same place.
//
// Collected is only what is appended by the holder of the write lock; whatever else is written goes to the file at
// once, behind what was collected.
#pragma once

#include "store/sqlite/vfs/handles.hpp"

#include <sqlite3.h>

#include <cstddef>

namespace tse::store::sqlite::vfs {

struct DatabaseFile;

struct WalFile : sqlite3_file {
  static constexpr std::size_t most_collected = std::size_t{1} << 20;

  Handle* handle = nullptr;
  DatabaseFile* owner = nullptr;  ///< of the same connection; nullptr once it is closed
  const char* path = nullptr;
  bool directory_is_flushed = false;  ///< with its first flush: that a journal is gone must reach the disk, too
  char* buffer = nullptr;
  std::size_t size = 0, room = 0;
  sqlite3_int64 begin = 0, end = 0;  ///< where in the file what is collected lies
  sqlite3_int64 appended = 0;        ///< where the frames end that were appended under this write lock
  bool awaits_page = false;          ///< of the header that came last
  bool commits = false;              ///< that header's frame ends a transaction
};

/// Throws away what was collected.
void discard_frames(WalFile& file) noexcept;

extern const sqlite3_io_methods wal_methods;

}  // namespace tse::store::sqlite::vfs

// Which committed state the database is in, read from SQLite's WAL index in a few nanoseconds.
//
// In WAL mode every connection of every process finds the newest commit through the header of the WAL index, which
// lies in memory that all of them map (the -shm file; https://www.sqlite.org/walformat.html, section 2.1). A commit can
// be seen by others once its writer has stored the new header there, and by nobody before. So whoever finds the header
// unchanged knows that no commit has become visible since, whoever made it, the sqlite3 shell included.
//
// The header stands there twice. A writer stores the second copy, then the first; a reader trusts them only if they
// are equal. Here the first alone is read, which is the last to be stored: as long as it is the old one, no reader of
// SQLite's takes the new header for good. What is compared are bytes 8 to 39, four words, each read at once:
//
//   8  iChange      one more with each commit        24  aFrameCksum  of all frames of the log up to mxFrame
//   12 isInit, bigEndCksum, szPage                   32  aSalt        new whenever the log begins anew
//   16 mxFrame, 20 nPage
//
// Four words read one after another may be of two states, if a commit falls in between: then they are equal to no
// stamp that was taken, or equal to the newer one, or equal to the older one, which was current when the read began.
// docs/internals/coherence.md goes through the cases.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <optional>

namespace tse::store::sqlite {

/// The mapping of one connection, which must stay open as long. Any number of threads.
class WalIndex {
 public:
  /// Nothing if this SQLite keeps its header otherwise than is written above, or not in shared memory: what is there
  /// is compared with what SQLite says of the database, and with its own checksum. The connection must have read from
  /// the database before. Never opens the -shm file, since closing it would drop SQLite's locks in this process.
  [[nodiscard]] static std::optional<WalIndex> map(Connection& connection);

  [[nodiscard]] Stamp stamp() const noexcept {
    Stamp stamp;
    for (std::size_t i = 0; i < stamp.words.size(); ++i) stamp.words[i] = __atomic_load_n(first_ + i, __ATOMIC_ACQUIRE);
    return stamp;
  }

 private:
  explicit WalIndex(const std::uint64_t* first) : first_(first) {}
  const std::uint64_t* first_;
};

}  // namespace tse::store::sqlite

// Whole reads and writes of a descriptor, with SQLite's result codes; errno tells more.
#pragma once

#include <sqlite3.h>

#include <cstddef>

namespace tse::store::sqlite::vfs {

/// SQLITE_OK, SQLITE_FULL (ENOSPC, EDQUOT, EFBIG) or SQLITE_IOERR_WRITE. Whoever changes the database keeps SIGXFSZ
/// away (store/size_signal.hpp).
[[nodiscard]] int write_all(int descriptor, const void* data, std::size_t size, sqlite3_int64 offset) noexcept;
/// SQLITE_OK, SQLITE_IOERR_SHORT_READ (the rest is zeroed) or SQLITE_IOERR_READ.
[[nodiscard]] int read_all(int descriptor, void* data, std::size_t size, sqlite3_int64 offset) noexcept;
/// Whether a write up to there would be answered by SIGXFSZ, which ends the process unless it is kept away.
[[nodiscard]] bool exceeds_size_limit(sqlite3_int64 end) noexcept;
/// The code, with EBADF as the reason: the number stands for another file, or for none.
[[nodiscard]] int not_ours(int code) noexcept;
[[nodiscard]] int truncate_to(int descriptor, sqlite3_int64 size) noexcept;
[[nodiscard]] int flush_to_disk(int descriptor) noexcept;
/// The size alone: since Linux 6.13 a file whose times somebody has asked for gets new ones with the next write, and
/// its fdatasync() must write the inode, too.
[[nodiscard]] int size_of(int descriptor, sqlite3_int64* size) noexcept;

}  // namespace tse::store::sqlite::vfs

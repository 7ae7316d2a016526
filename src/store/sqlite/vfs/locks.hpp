// Open file description locks (fcntl(2)), with SQLite's result codes.
#pragma once

#include <sys/types.h>

namespace tse::store::sqlite::vfs {

/// F_RDLCK, F_WRLCK or F_UNLCK over `length` bytes; 0: to the end. SQLITE_OK, SQLITE_BUSY or SQLITE_IOERR_LOCK. Never
/// waits.
[[nodiscard]] int set_lock(int descriptor, int type, off_t start, off_t length) noexcept;
/// What keeps one from locking `length` bytes for writing, 0: to the end: F_RDLCK or F_WRLCK of somebody's, F_UNLCK if
/// nothing; -1 and errno if the kernel does not say.
[[nodiscard]] int conflict_at(int descriptor, off_t start, off_t length = 1) noexcept;
/// Whether the kernel, and what stands before it, knows such locks.
[[nodiscard]] bool has_description_locks() noexcept;

}  // namespace tse::store::sqlite::vfs

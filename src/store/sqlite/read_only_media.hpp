// Files where nothing can be written beside them: a medium, mount or directory that is read-only.
#pragma once

#include "core/error.hpp"
#include "store/sqlite/files.hpp"

namespace tse::store::sqlite {

/// Whether the file is whole by itself and nobody can write it here, so that it is read without locks and without the
/// -wal and -shm that SQLite would make: its file system is mounted read-only, no log lies beside it, and no -shm
/// beside a log, through which others could be seen that write by way of another mount.
[[nodiscard]] bool is_immutable(const Paths& paths);

/// If the file could not be read because SQLite must write beside it and cannot, throws a Failure that says what the
/// file needs there.
void explain_unwritable(const Paths& paths, const core::Error& error);

}  // namespace tse::store::sqlite

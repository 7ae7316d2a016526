// After a failed flush nobody knows what a power cut would leave of the log: the system may drop what it could not
// write and call it clean, so that it can be read and is not on the disk. Before a file is answered from, the doubt is
// ended.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/sqlite/write_lock.hpp"

namespace tse::store::sqlite {

/// Commits a write of our own behind all that the log holds; where a flush is known to have failed, together with the
/// log itself, written anew. Afterwards all that can be read is on the disk. Under the write lock. Throws Failure:
/// io_error, disk_full, busy, schema_too_new ....
void end_doubt(Connection& connection, WriteLock& lock);

}  // namespace tse::store::sqlite

// The file system below the database: where it is, and of what kind.
#pragma once

#include "store/store.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace tse::store::sqlite {

/// The database file and its companions, as absolute paths.
struct Paths {
  std::string database, wal, shm, journal, sidecar;
};

/// Makes the path absolute and follows symbolic links, as SQLite does, so that the companions stand where SQLite
/// puts them and a later chdir() is harmless. Throws Failure: invalid_argument, unavailable, access_denied.
[[nodiscard]] Paths resolve(const std::string& path);

/// Throws Failure(invalid_argument) if a path that resolve() gave is too long for SQLite with so many bytes behind it.
void refuse_long(const std::string& real, std::size_t added);

/// Throws Failure(unsupported) on a network, FUSE, virtiofs or 9p file system. `type_of` gives statfs's f_type of a
/// directory; empty: the system's.
void refuse_unsuitable(const std::string& database, const std::function<std::int64_t(const std::string&)>& type_of);

/// stat() of a path; nothing if there is none. Never opens the file: closing any descriptor of the database file
/// would drop SQLite's POSIX locks in this process. Throws Failure for other errors.
[[nodiscard]] std::optional<struct stat> look(const std::string& path);

}  // namespace tse::store::sqlite

// Copying a database's pages into another file, and bringing that to the disk. Everything throws Failure.
#pragma once

#include "store/descriptor.hpp"
#include "store/sqlite/connection.hpp"

#include <functional>
#include <string>

namespace tse::store::sqlite {

/// Copies what the transaction that is open on the source sees. `told`, if any, hears after each part how many of the
/// pages are copied. After a failure the target is nothing.
void copy_pages(Connection& source, Connection& target, const Patience& patience,
                const std::function<void(int done, int all)>& told = {});
// What is to be flushed is opened first, so that nothing but the flush can fail once the copy has its name.
[[nodiscard]] OwnDescriptor open_file(const std::string& path);
/// The directory that the path is in: flushing it brings its names to the disk.
[[nodiscard]] OwnDescriptor open_directory_of(const std::string& path);
void flush(const OwnDescriptor& file);

}  // namespace tse::store::sqlite

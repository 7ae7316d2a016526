// The settings that are stored in the file.
#pragma once

#include "core/file_settings.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace tse::store::sqlite {

[[nodiscard]] core::StoredSettings find_settings(Connection& connection);
/// At open: asks what is to be written, and writes it, under a new stamp. Nobody else is opening the file meanwhile.
void settle_settings(const Options& options, Connection& writer);
/// The same where nothing is written.
void compare_settings(const Options& options, Connection& connection);

}  // namespace tse::store::sqlite

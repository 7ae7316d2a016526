// Which store an engine stands on, and how it is opened.
#pragma once

#include "engine/log.hpp"
#include "engine/migrate.hpp"
#include "engine/settings.hpp"
#include "store/store.hpp"

#include <memory>
#include <string>

namespace tse::engine {

/// The log outlives the store. Throws Failure.
[[nodiscard]] std::unique_ptr<store::Store> open_store(const std::string& path, const Settings& settings,
                                                       const Log& log);

/// As migrate(). Throws Failure.
[[nodiscard]] Migrated migrate_store(const std::string& path, const Settings& settings, const Log& log,
                                     const store::Patience& patience);

/// Throws Failure(invalid_argument) for a log file that is the database or beside it: lines in the midst of a database
/// would be its end.
[[nodiscard]] LogSettings log_settings(const std::string& path, const Settings& settings);

}  // namespace tse::engine

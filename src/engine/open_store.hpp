// Which store an engine stands on, and how it is opened.
#pragma once

#include "engine/log.hpp"
#include "engine/settings.hpp"
#include "store/store.hpp"

#include <memory>
#include <string>

namespace tse::engine {

/// The log outlives the store. Throws Failure.
[[nodiscard]] std::unique_ptr<store::Store> open_store(const std::string& path, const Settings& settings,
                                                       const Log& log);

/// Lines in the midst of a database would be its end. Throws Failure(invalid_argument).
void refuse_log_in_the_database(const std::string& path, const std::string& log_file);

}  // namespace tse::engine

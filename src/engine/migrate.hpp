// Bringing the file of an older release to this one's schema.
#pragma once

#include "engine/call.hpp"
#include "engine/settings.hpp"

#include <cstdint>
#include <string>

namespace tse::engine {

struct Migrated {
  std::int64_t from = 0, to = 0;  ///< the schema before and after; equal if there was nothing to do
  std::int64_t copy_bytes = 0;    ///< of the file's copy beside it
  std::int64_t wal_bytes = 0;     ///< to which the -wal grew
};

/// Migrates the file, also where the settings say `manual`, and closes it. Takes as long as it takes, unless the call
/// says otherwise; can be cancelled until it commits. How far it is goes to the log. Throws Failure.
Migrated migrate(const std::string& path, const Settings& settings, const Call& call);

}  // namespace tse::engine

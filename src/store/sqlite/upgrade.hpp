// How the file of an older release becomes one of this release: who may be in the way, the copy beside it, the steps.
#pragma once

#include "store/sqlite/files.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/presence.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace tse::store::sqlite {

/// What an upgrade works on. All of it outlives the call.
struct Upgrade {
  const Options& options;
  const Paths& paths;
  Connection& writer;
  const Presence& presence;
  const Patience& patience;
};

/// Under the write lock, with the writer's connection, which holds a file of ours. Brings an older schema to the newest
/// one, or says why not. Throws Failure: schema_too_old, busy (also while an older engine is there that the new schema
/// shuts out), cancelled, disk_full, already_exists (what stands at the copy's place is no earlier state of the file),
/// unsupported ... Then the file is as it was, unless it says `unknown`.
[[nodiscard]] Migrated upgrade(const Upgrade& at);

/// For who only reads: throws Failure(schema_too_old, unsupported).
void require_newest(Connection& connection);

}  // namespace tse::store::sqlite

// The steps from one schema to the next.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tse::store::sqlite {

/// A step from `version - 1` to `version`; SQL without transaction control, in which also a common
/// table expression is named taskstate_*: the authorizer takes it for a trigger.
struct Migration {
  std::int64_t version;
  std::string_view sql;
  /// The oldest schema whose engines can read, and can write, what the step makes; 0: those that could before. A step
  /// that leaves both at 0 is additive: the release before goes on beside the new one.
  std::int64_t min_reader = 0;
  std::int64_t min_writer = 0;
  bool touches_rows = false;  ///< rewrites rows, so that the -wal may grow as large as the file
};

/// All steps from nothing to the newest schema. Programs of the tests have another definition, which makes them the
/// release to come.
[[nodiscard]] std::span<const Migration> migrations() noexcept;
/// The steps of this release.
[[nodiscard]] std::span<const Migration> released_migrations() noexcept;

/// What this engine makes of a file.
[[nodiscard]] inline std::int64_t newest_schema() noexcept { return migrations().back().version; }

}  // namespace tse::store::sqlite

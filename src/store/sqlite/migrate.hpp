// Which schema a database has, and how an older one becomes the current one.
#pragma once

#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tse::store::sqlite {

inline constexpr std::int64_t schema_version = 2;
/// "TSK1": only in the header of files that hold nothing but what this library put there.
inline constexpr std::int64_t application_id = 0x54534B31;

/// A step from `version - 1` to `version`; SQL without transaction control. A step that changes how rows are read
/// or written sets min_reader or min_writer in taskstate_meta itself.
struct Migration {
  std::int64_t version;
  std::string_view sql;
};
[[nodiscard]] std::span<const Migration> migrations();

/// What tells the schema that the steps make from any other; stands in the file. 32 hexadecimal digits.
[[nodiscard]] std::string schema_hash(std::span<const Migration> steps);
/// Throws Failure: schema_too_old for a file whose schema is older than the first that can be migrated.
void refuse_older(Connection& connection, std::int64_t first);
/// Throws Failure: schema_too_old for a file from before the first step; unsupported for one whose schema has the last
/// step's version and is another.
void require_current(Connection& connection, std::span<const Migration> steps);

/// Brings the schema from `from` (0: none) to the last step's version in one transaction. `own_file`: marks the
/// file's header as ours. Under the write lock. Throws Failure; then nothing has changed.
void migrate(Connection& connection, std::int64_t from, std::span<const Migration> steps, bool own_file);

enum class Intent { read, write };
/// Before anything is read or written: another process may have migrated the file since it was opened. Throws Failure:
/// schema_too_new, corrupt.
void check_schema(Connection& connection, Intent intent);
/// The same for a min_reader or min_writer already at hand.
void check_minimum(std::int64_t minimum);

}  // namespace tse::store::sqlite

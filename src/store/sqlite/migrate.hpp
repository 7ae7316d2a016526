// Which schema a database has, and how an older one becomes the current one.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/sqlite/migrations.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace tse::store::sqlite {

/// "TSK1": only in the header of files that hold nothing but what this library put there.
inline constexpr std::int64_t application_id = 0x54534B31;

/// What tells the schema that the steps make from any other; stands in the file. 32 hexadecimal digits.
[[nodiscard]] std::string schema_hash(std::span<const Migration> steps);
/// The schema of a file of ours.
[[nodiscard]] std::int64_t schema_of(Connection& connection);
/// Throws Failure: schema_too_old for a file whose schema is older than the first that can be migrated.
void refuse_older(Connection& connection, std::int64_t first);
/// Throws Failure: schema_too_old for a file from before the first step; unsupported for one whose schema has the
/// version of a step and is another.
void require_known(Connection& connection, std::span<const Migration> steps);

/// Called on the way, within the transaction.
struct Course {
  std::function<void()> before_first{};                     ///< nothing is written yet
  std::function<void(std::int64_t version)> before_step{};  ///< which it leads to
  std::function<void()> before_commit{};
};
/// Brings the schema from `from` (0: none) to the last step's version in one transaction. `own_file`: marks the
/// file's header as ours. Under the write lock. Throws Failure; then nothing has changed, unless it says `unknown`.
void migrate(Connection& connection, std::int64_t from, std::span<const Migration> steps, bool own_file,
             const Course& course = {});

enum class Intent { read, write };
/// Before anything is read or written: another process may have migrated the file since it was opened. Throws Failure:
/// schema_too_new, corrupt.
void check_schema(Connection& connection, Intent intent);
/// The same for a min_reader or min_writer already at hand.
void check_minimum(std::int64_t minimum);

}  // namespace tse::store::sqlite

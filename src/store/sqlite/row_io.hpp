// Rows and events to and from columns.
#pragma once

#include "core/task.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace tse::store::sqlite {

/// "zone_id, id, ...": what read_row() expects, from column 0.
[[nodiscard]] const std::string& row_columns();
/// Some of the columns, as bits by their numbers.
using Columns = std::uint64_t;
[[nodiscard]] Columns every_column() noexcept;
/// What must be written to make the one row of the other. SQLite then leaves alone the rules, triggers and indexes that
/// are about other columns.
[[nodiscard]] Columns changed_columns(const core::Row& before, const core::Row& next);

/// What an INSERT of a new row must write: the rest is as the schema says by default.
[[nodiscard]] Columns birth_columns(const core::Row& row);

/// INSERT of these columns, for bind_row().
[[nodiscard]] const Sql& insert_row_sql(Columns columns);
/// UPDATE of these columns, for bind_row() and bind_place(). There are a few dozen of them.
[[nodiscard]] const Sql& update_row_sql(Columns columns);
/// Which row, and the version and newest event that it must still have.
void bind_place(Query& query, const core::Row& row, std::int64_t last_event);

[[nodiscard]] RowValues values_of(const core::Row& row, Columns columns);
void bind_row(Query& query, const core::Row& row, const RowValues& values, Columns columns);
/// Bytes that writing the row takes, about.
[[nodiscard]] std::size_t bytes_of(const core::Row& row);

/// Throws Failure(corrupt) for a row that the engine cannot have written.
[[nodiscard]] core::Row read_row(const Query& query);

[[nodiscard]] const std::string& event_columns();
[[nodiscard]] core::Event read_event(const Query& query);

}  // namespace tse::store::sqlite

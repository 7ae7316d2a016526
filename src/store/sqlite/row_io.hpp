// Rows and events to and from columns.
#pragma once

#include "core/task.hpp"
#include "store/sqlite/connection.hpp"

#include <string>

namespace tse::store::sqlite {

/// The form of `body` that this version writes; another one, or NULL, is rendered anew when read.
inline constexpr std::int64_t body_format = 1;

/// "zone_id, id, ...": what read_row() expects, from column 0.
[[nodiscard]] const std::string& row_columns();
/// INSERT of a row, UPDATE of a row whose zone_id, id and version are as bound. Both for bind_row().
[[nodiscard]] const std::string& insert_row_sql();
[[nodiscard]] const std::string& update_row_sql();
/// The version that update_row_sql() compares with.
void bind_expected_version(Query& query, std::int64_t expected);

/// What bind_row() borrows from until the statement has run.
struct RowText {
  explicit RowText(const core::Row& row);
  core::Text links, warnings, result_href;
  /// Bytes that writing the row takes, about.
  [[nodiscard]] std::size_t bytes(const core::Row& row) const;
};
void bind_row(Query& query, const core::Row& row, const RowText& text);

/// Throws Failure(corrupt) for a row that the engine cannot have written.
[[nodiscard]] core::Row read_row(const Query& query);

[[nodiscard]] const std::string& event_columns();
[[nodiscard]] core::Event read_event(const Query& query);

/// Throws Failure(corrupt).
[[nodiscard]] core::Status read_status(std::string_view text);

}  // namespace tse::store::sqlite

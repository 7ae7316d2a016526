// The columns of taskstate_tasks: one table, from which every statement about rows is made.
#pragma once

#include "core/task.hpp"
#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <span>

namespace tse::store::sqlite {

/// What bind() takes from beside the row, and borrows from until the statement has run.
struct RowValues {
  core::Text links{}, warnings{}, result_href{};
  std::int64_t number = 0;
  std::int64_t last_event = 0;
};

/// When a column is written.
enum class Written : std::uint8_t {
  at_birth,       ///< by INSERT alone
  when_changed,   ///< by an UPDATE that changes it
  with_revision,  ///< by each UPDATE that raises the revision, and so has an event
};

struct Column {
  const char* name;
  Written written;
  /// From a result's column into the row. Throws Failure(corrupt) for what the engine cannot have written. None where
  /// the row has it from another column.
  void (*read)(core::Row&, const Query&, int column);
  /// To a statement's parameter; nothing where the value is NULL.
  void (*bind)(Query&, int parameter, const core::Row&, const RowValues&);
  bool (*same)(const core::Row&, const core::Row&);
};

/// A column's place is its column number in a result and, plus one, its parameter. All fit into the bits of a Columns.
[[nodiscard]] std::span<const Column> all_columns() noexcept;

/// Throws Failure(corrupt).
[[nodiscard]] core::Status read_status(std::string_view text);

/// The form of `body` that this version writes; another one, or NULL, is rendered anew when read.
inline constexpr std::int64_t body_format = 1;

}  // namespace tse::store::sqlite

// The bytes of a b-tree page that belong to no cell. SQLite never reads them, and leaves copies of cells there when it
// moves them between pages, whatever secure_delete says: what was erased would still stand in the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace tse::store::sqlite {

/// What the header of a database file says of all its pages.
struct PageLayout {
  std::size_t size = 0;
  std::size_t usable = 0;  ///< without what an extension of SQLite has reserved at each end
  bool has_pointer_maps = false;
  /// From the file's first 100 bytes; nothing if they are none, or the file is so large that the first byte of a page
  /// that belongs to no b-tree may be one of those that tell a b-tree's.
  static std::optional<PageLayout> read(std::span<const std::byte> header);
};

/// Fills them with zeroes; `number` counts from 1. Leaves alone what is no sound page of a b-tree.
void clear_gap(std::span<std::byte> page, std::int64_t number, const PageLayout& layout);

}  // namespace tse::store::sqlite

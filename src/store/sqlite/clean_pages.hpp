// What a checkpoint copies into the database, without what is left over on its pages.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/sqlite/page_gap.hpp"

#include <memory>
#include <optional>

namespace tse::store::sqlite {

/// While it lives, pages that the connection writes to the database file have nothing but zeroes where no cell is. The
/// file is then as SQLite would have written it in all that SQLite ever reads. For a checkpoint alone: it writes whole
/// pages, of which the log has no checksum any more.
class CleanPages {
 public:
  explicit CleanPages(Connection& connection) noexcept;
  ~CleanPages();
  CleanPages(const CleanPages&) = delete;
  CleanPages& operator=(const CleanPages&) = delete;

 private:
  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset);
  int write_page(std::span<const std::byte> page, sqlite3_int64 offset);
  [[nodiscard]] std::optional<PageLayout> read_layout() const;

  struct Methods {
    sqlite3_io_methods table;  // first: what the file points to
    CleanPages* owner;
  };
  Methods methods_{};
  sqlite3_file* file_ = nullptr;
  const sqlite3_io_methods* original_ = nullptr;
  std::optional<PageLayout> layout_;
  std::unique_ptr<std::byte[]> buffer_;
};

}  // namespace tse::store::sqlite

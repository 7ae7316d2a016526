#include "store/sqlite/clean_pages.hpp"

#include <array>
#include <cstring>
#include <new>
#include <type_traits>

namespace tse::store::sqlite {

CleanPages::CleanPages(Connection& connection) noexcept {
  static_assert(std::is_standard_layout_v<Methods>);
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(connection.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK) return;
  if (file == nullptr || file->pMethods == nullptr) return;
  file_ = file;
  original_ = file->pMethods;
  methods_ = {*original_, this};
  methods_.table.xWrite = &CleanPages::write;
  file_->pMethods = &methods_.table;
}

CleanPages::~CleanPages() {
  if (file_ != nullptr) file_->pMethods = original_;
}

int CleanPages::write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  CleanPages& self = *reinterpret_cast<const Methods*>(file->pMethods)->owner;
  return self.write_page({static_cast<const std::byte*>(data), static_cast<std::size_t>(size)}, offset);
}

int CleanPages::write_page(std::span<const std::byte> page, sqlite3_int64 offset) {
  const auto as_it_is = [&] { return original_->xWrite(file_, page.data(), static_cast<int>(page.size()), offset); };
  if (offset == 0) {
    layout_ = PageLayout::read(page);
  } else if (!layout_) {
    layout_ = read_layout();
  }
  if (!layout_ || page.size() != layout_->size) return as_it_is();
  if (!buffer_) buffer_.reset(new (std::nothrow) std::byte[layout_->size]);
  if (!buffer_) return SQLITE_IOERR_NOMEM;
  const std::span<std::byte> copy(buffer_.get(), layout_->size);
  std::memcpy(copy.data(), page.data(), copy.size());
  clear_gap(copy, offset / static_cast<sqlite3_int64>(copy.size()) + 1, *layout_);
  return original_->xWrite(file_, copy.data(), static_cast<int>(copy.size()), offset);
}

std::optional<PageLayout> CleanPages::read_layout() const {
  std::array<std::byte, 100> header{};
  if (original_->xRead(file_, header.data(), static_cast<int>(header.size()), 0) != SQLITE_OK) return std::nullopt;
  return PageLayout::read(header);
}

}  // namespace tse::store::sqlite

#include "store/sqlite/page_gap.hpp"

#include <algorithm>

namespace tse::store::sqlite {

namespace {

constexpr std::size_t file_header = 100;
constexpr std::int64_t pending_byte = 0x40000000;  // nothing is ever stored on its page

std::size_t word(std::span<const std::byte> bytes, std::size_t at) {
  return std::to_integer<std::size_t>(bytes[at]) << 8 | std::to_integer<std::size_t>(bytes[at + 1]);
}

std::uint32_t long_word(std::span<const std::byte> bytes, std::size_t at) {
  return static_cast<std::uint32_t>(word(bytes, at) << 16 | word(bytes, at + 2));
}

/// With auto_vacuum some pages hold entries whose first byte may look like a b-tree's.
bool is_pointer_map(std::int64_t number, const PageLayout& layout) {
  if (!layout.has_pointer_maps || number < 2) return false;
  const auto each = static_cast<std::int64_t>(layout.usable / 5 + 1);
  std::int64_t map = (number - 2) / each * each + 2;
  if (map == pending_byte / static_cast<std::int64_t>(layout.size) + 1) ++map;
  return number == map;
}

void clear(std::span<std::byte> bytes) { std::fill(bytes.begin(), bytes.end(), std::byte{0}); }

/// What others have freed without secure_delete: blocks in a list, each with the next one's place and its own size.
void clear_free_blocks(std::span<std::byte> page, std::size_t first, std::size_t content, std::size_t usable) {
  constexpr std::size_t block_header = 4;
  std::size_t least = content;
  for (std::size_t at = first; at != 0;) {
    if (at < least || at + block_header > usable) return;
    const std::size_t size = word(page, at + 2);
    if (size < block_header || at + size > usable) return;
    clear(page.subspan(at + block_header, size - block_header));
    least = at + size;
    at = word(page, at);
  }
}

}  // namespace

std::optional<PageLayout> PageLayout::read(std::span<const std::byte> header) {
  constexpr std::uint32_t most_pages = 0x02000000;
  if (header.size() < file_header) return std::nullopt;
  PageLayout layout;
  layout.size = word(header, 16) == 1 ? 65536 : word(header, 16);
  const auto reserved = std::to_integer<std::size_t>(header[20]);
  if (layout.size < 512 || (layout.size & (layout.size - 1)) != 0 || long_word(header, 28) >= most_pages)
    return std::nullopt;
  layout.usable = layout.size - reserved;
  layout.has_pointer_maps = long_word(header, 52) != 0;
  return layout;
}

void clear_gap(std::span<std::byte> page, std::int64_t number, const PageLayout& layout) {
  if (page.size() != layout.size || is_pointer_map(number, layout)) return;
  const std::size_t begin = number == 1 ? file_header : 0;
  const auto kind = std::to_integer<int>(page[begin]);
  const bool inner = kind == 2 || kind == 5;
  if (!inner && kind != 10 && kind != 13) return;
  const std::size_t pointers_end = begin + (inner ? 12 : 8) + 2 * word(page, begin + 3);
  const std::size_t told = word(page, begin + 5);
  const std::size_t content = told == 0 ? 65536 : told;
  if (pointers_end > content || content > layout.usable) return;
  clear(page.subspan(pointers_end, content - pointers_end));
  clear_free_blocks(page, word(page, begin + 1), content, layout.usable);
}

}  // namespace tse::store::sqlite

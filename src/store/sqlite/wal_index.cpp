#include "store/sqlite/wal_index.hpp"

#include <array>
#include <cstddef>
#include <cstring>

namespace tse::store::sqlite {
namespace {

constexpr std::uint32_t known_version = 3007000;
constexpr int region_size = 32768;

struct Header {
  std::uint32_t version, unused, change;
  std::uint8_t is_init, big_endian_checksums;
  std::uint16_t page_size;  // 1: 65536
  std::uint32_t frames, pages;
  std::array<std::uint32_t, 2> frame_checksum, salt, checksum;
};
static_assert(sizeof(Header) == 48 && offsetof(Header, change) == 8 && offsetof(Header, checksum) == 40);

/// As SQLite sums up the header: over its first 40 bytes, in the machine's byte order.
std::array<std::uint32_t, 2> checksum_of(const Header& header) {
  std::array<std::uint32_t, offsetof(Header, checksum) / 4> words{};
  std::memcpy(words.data(), &header, sizeof words);
  std::array<std::uint32_t, 2> sum{0, 0};
  for (std::size_t i = 0; i < words.size(); i += 2) {
    sum[0] += words[i] + sum[1];
    sum[1] += words[i + 1] + sum[0];
  }
  return sum;
}

bool is_as_known(const Header& header, std::int64_t page_size) {
  const std::int64_t told = header.page_size == 1 ? 65536 : header.page_size;
  const bool fits = told == page_size || (told == 0 && header.frames == 0);  // of a log in which nothing is yet
  return header.version == known_version && header.is_init == 1 && header.checksum == checksum_of(header) && fits;
}

}  // namespace

std::optional<WalIndex> WalIndex::map(Connection& connection) {
  sqlite3_file* file = nullptr;
  const bool has_file =
      sqlite3_file_control(connection.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK;
  if (!has_file || file == nullptr || file->pMethods == nullptr || file->pMethods->iVersion < 2) return std::nullopt;
  // SQLite frees at its end what it mapped for a log that it has opened, which it does with the first read.
  (void)connection.integer("PRAGMA schema_version");
  if (connection.text("PRAGMA journal_mode") != "wal") return std::nullopt;
  void volatile* region = nullptr;
  const int code = file->pMethods->xShmMap(file, 0, region_size, 0, &region);
  if (code != SQLITE_OK || region == nullptr) return std::nullopt;
  const auto* const begin = static_cast<const std::byte*>(const_cast<const void*>(region));
  const std::int64_t page_size = connection.integer("PRAGMA page_size");
  // Another process may be storing a new header at this very moment.
  for (int attempt = 0; attempt < 100; ++attempt) {
    Header header{};
    std::memcpy(&header, begin, sizeof header);
    if (is_as_known(header, page_size))
      return WalIndex(reinterpret_cast<const std::uint64_t*>(begin + offsetof(Header, change)));
  }
  return std::nullopt;
}

}  // namespace tse::store::sqlite

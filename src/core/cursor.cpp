#include "core/cursor.hpp"

#include "core/hash.hpp"
#include "core/validate.hpp"

#include <cstddef>
#include <utility>

namespace tse::core {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t word_bytes = 8;

void append_word(std::string& out, std::uint64_t word) {
  for (std::size_t index = 0; index < word_bytes; ++index)
    out += static_cast<char>(static_cast<unsigned char>(word >> (8 * (word_bytes - 1 - index))));
}

std::uint64_t read_word(std::string_view bytes) noexcept {
  std::uint64_t word = 0;
  for (const char byte : bytes.substr(0, word_bytes)) word = word << 8 | static_cast<unsigned char>(byte);
  return word;
}

std::uint64_t checksum(std::string_view content, std::uint64_t binding) { return hash64(content, binding); }

/// RFC 4648, section 5, without padding.
std::string to_base64url(std::string_view bytes) {
  std::string text;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (held += 8; held >= 6; held -= 6) text += alphabet[bits >> (held - 6) & 0x3f];
  }
  if (held > 0) text += alphabet[bits << (6 - held) & 0x3f];
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(static_cast<unsigned char>(bits >> held));
  }
  // Bits left over must be zero, so that a position has one spelling only.
  if (held >= 6 || (bits & ((1U << held) - 1)) != 0) return std::nullopt;
  return bytes;
}

/// Adds the checksum.
std::string seal(std::string content, std::uint64_t binding) {
  append_word(content, checksum(content, binding));
  return to_base64url(content);
}

/// What was sealed, of at least and at most so many bytes.
std::optional<std::string> unseal(std::string_view text, std::uint64_t binding, std::size_t least, std::size_t most) {
  if (text.size() > ((most + word_bytes) * 8 + 5) / 6) return std::nullopt;
  std::optional<std::string> bytes = from_base64url(text);
  if (!bytes || bytes->size() < least + word_bytes) return std::nullopt;
  const std::size_t size = bytes->size() - word_bytes;
  if (read_word(std::string_view(*bytes).substr(size)) != checksum(std::string_view(*bytes).substr(0, size), binding))
    return std::nullopt;
  bytes->resize(size);
  return bytes;
}

}  // namespace

std::string encode_cursor(const Position& position, std::uint64_t binding) {
  std::string content;
  append_word(content, static_cast<std::uint64_t>(position.created_at));
  return seal(content + position.id, binding);
}

std::optional<Position> decode_cursor(std::string_view text, std::uint64_t binding) {
  const auto content = unseal(text, binding, word_bytes, word_bytes + max_id_bytes);
  if (!content) return std::nullopt;
  const std::string_view id = std::string_view(*content).substr(word_bytes);
  if (!is_id(id)) return std::nullopt;
  return Position{static_cast<std::int64_t>(read_word(*content)), std::string(id)};
}

std::string encode_cursor(std::int64_t number, std::uint64_t binding) {
  std::string content;
  append_word(content, static_cast<std::uint64_t>(number));
  return seal(std::move(content), binding);
}

std::optional<std::int64_t> decode_number_cursor(std::string_view text, std::uint64_t binding) {
  const auto content = unseal(text, binding, word_bytes, word_bytes);
  if (!content) return std::nullopt;
  return static_cast<std::int64_t>(read_word(*content));
}

}  // namespace tse::core

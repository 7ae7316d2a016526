// The predicates of validate.hpp: what a text may look like.
#include "core/ascii.hpp"
#include "core/validate.hpp"

#include <algorithm>

namespace tse::core {

namespace {

/// How many bytes the UTF-8 sequence at the front has; 0 if it is none. RFC 3629, section 4: no
/// overlong forms, no surrogates, nothing above U+10FFFF.
std::size_t utf8_sequence(std::string_view text) noexcept {
  const auto byte = [text](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < size) return 0;
  const unsigned char least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < least || byte(1) > most) return 0;
  for (std::size_t index = 2; index < size; ++index)
    if ((byte(index) & 0xc0) != 0x80) return 0;
  return size;
}

}  // namespace

std::size_t utf8_prefix(std::string_view text) noexcept {
  std::size_t good = 0;
  while (good < text.size()) {
    const std::size_t size = utf8_sequence(text.substr(good));
    if (size == 0) break;
    good += size;
  }
  return good;
}

bool is_utf8(std::string_view text) noexcept { return utf8_prefix(text) == text.size(); }

bool is_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_id_bytes && text != "." && text != ".." && all_of(text, is_unreserved);
}

bool is_operation(std::string_view text) noexcept {
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && text.size() <= std::size_t{limit::operation.most} && is_lower(text.front()) &&
         all_of(text, [=](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
}

bool is_uuid(std::string_view text) noexcept {
  if (text.size() != 36) return false;
  for (std::size_t index = 0; index < text.size(); ++index) {
    const bool dash = index == 8 || index == 13 || index == 18 || index == 23;
    if (dash ? text[index] != '-' : !is_hex(text[index])) return false;
  }
  return true;
}

bool is_api_code(std::string_view text) noexcept {
  return std::find(contract::api_codes.begin(), contract::api_codes.end(), text) != contract::api_codes.end();
}

bool is_traceparent(std::string_view text) noexcept {
  constexpr std::size_t size{limit::traceparent.most};  // 00-<32 digits>-<16 digits>-<2 digits>
  if (text.size() != size || !text.starts_with("00-") || text[35] != '-' || text[52] != '-') return false;
  const std::string_view trace = text.substr(3, 32);
  const std::string_view parent = text.substr(36, 16);
  const auto is_zero = [](std::string_view digits) { return digits.find_first_not_of('0') == std::string_view::npos; };
  return all_of(trace, is_lower_hex) && all_of(parent, is_lower_hex) && all_of(text.substr(53), is_lower_hex) &&
         !is_zero(trace) && !is_zero(parent);
}

bool is_request_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_request_id_bytes && all_of(text, is_visible);
}

}  // namespace tse::core

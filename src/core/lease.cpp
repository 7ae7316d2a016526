#include "core/lease.hpp"

#include "core/validate.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace tse::core {

namespace {

// Ids never hold a colon, so the token needs no escaping.
constexpr char separator = ':';
constexpr std::string_view token_version = "1";
constexpr std::string_view boot_prefix = "boot:";
constexpr std::size_t generation_digits = 32;

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  if (text != std::to_string(value)) return std::nullopt;  // "007" names nothing
  return value;
}

bool is_generation(std::string_view text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == generation_digits && std::all_of(text.begin(), text.end(), is_hex);
}

/// What is left of a boot clock's name without its time namespace; empty if it is none.
std::string_view boot_of(std::string_view clock) {
  if (!clock.starts_with(boot_prefix)) return {};
  return clock.substr(0, clock.rfind(separator));
}

}  // namespace

std::string format_lease(const LeaseToken& token) {
  std::string out(token_version);
  for (const std::string& part :
       {token.generation, std::to_string(token.epoch), std::to_string(token.duration), token.key.zone_id, token.key.id})
    out += separator + part;
  return out;
}

std::optional<LeaseToken> parse_lease(std::string_view text) {
  std::array<std::string_view, 6> parts;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const std::size_t end = text.find(separator);
    if (end == std::string_view::npos) return std::nullopt;
    parts[i] = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  parts.back() = text;
  const auto epoch = parse_number(parts[2]);
  const auto duration = parse_number(parts[3]);
  if (parts[0] != token_version || !is_generation(parts[1]) || !epoch || !duration) return std::nullopt;
  if (!is_id(parts[4]) || !is_id(parts[5])) return std::nullopt;
  return LeaseToken{std::string(parts[1]), {std::string(parts[4]), std::string(parts[5])}, *epoch, *duration};
}

std::string boot_clock_name(std::string_view boot_id, std::string_view time_namespace) {
  return std::string(boot_prefix) + std::string(boot_id) + separator + std::string(time_namespace);
}

Comparable compare_clocks(std::string_view ours, std::string_view theirs) noexcept {
  if (ours == theirs) return Comparable::same;
  if (theirs == wall_clock_name) return Comparable::wall;
  const std::string_view boot = boot_of(ours);
  return !boot.empty() && boot == boot_of(theirs) ? Comparable::unknown : Comparable::another_boot;
}

bool is_offered_again(const Row& row) noexcept {
  return row.task.status == Status::running && row.epoch > 0 && !row.lease_until && row.attempt < row.max_attempts;
}

}  // namespace tse::core

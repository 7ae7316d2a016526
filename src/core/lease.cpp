#include "core/lease.hpp"

#include "core/token.hpp"
#include "core/validate.hpp"

namespace tse::core {

namespace {

constexpr std::string_view token_version = "1";
constexpr std::string_view boot_prefix = "boot:";

constexpr std::string_view host_prefix = "host:";
constexpr char mask = '?';  // in no boot id's grammar

/// What tells the boot in a clock's name; empty if nothing does for sure.
std::string_view boot_of(std::string_view clock) {
  if (clock.starts_with(host_prefix)) return clock;
  if (!clock.starts_with(boot_prefix) || clock.substr(boot_prefix.size()).starts_with(mask)) return {};
  return clock.substr(0, clock.rfind(token_separator));
}

/// Whether the two are of one kind, of which each tells its boot.
bool tell_boots(std::string_view ours, std::string_view theirs) {
  return !boot_of(ours).empty() && !boot_of(theirs).empty() &&
         ours.starts_with(host_prefix) == theirs.starts_with(host_prefix);
}

}  // namespace

std::string format_lease(const LeaseToken& token) {
  std::string out(token_version);
  for (const std::string& part :
       {token.generation, std::to_string(token.epoch), std::to_string(token.duration), token.key.zone_id, token.key.id})
    out += token_separator + part;
  return out;
}

std::optional<LeaseToken> parse_lease(std::string_view text) {
  const auto split = split_token<6>(text);
  if (!split) return std::nullopt;
  const auto& parts = *split;
  const auto epoch = parse_token_number(parts[2]);
  const auto duration = parse_token_number(parts[3]);
  if (parts[0] != token_version || !is_generation(parts[1]) || !epoch || !duration) return std::nullopt;
  if (!is_id(parts[4]) || !is_id(parts[5])) return std::nullopt;
  return LeaseToken{std::string(parts[1]), {std::string(parts[4]), std::string(parts[5])}, *epoch, *duration};
}

std::string boot_clock_name(std::string_view boot_id, std::string_view time_namespace) {
  return std::string(boot_prefix) + std::string(boot_id) + token_separator + std::string(time_namespace);
}

std::string masked_boot_clock_name(std::string_view boot_id, std::string_view time_namespace) {
  return boot_clock_name(mask + std::string(boot_id), time_namespace);
}

bool tells_boot(std::string_view clock) noexcept { return !boot_of(clock).empty(); }

Comparable compare_clocks(std::string_view ours, std::string_view theirs) noexcept {
  if (ours == theirs) return Comparable::same;
  if (theirs == wall_clock_name) return Comparable::wall;
  return tell_boots(ours, theirs) && boot_of(ours) != boot_of(theirs) ? Comparable::another_boot : Comparable::unknown;
}

bool is_offered_again(const Row& row) noexcept {
  return row.task.status == Status::running && row.epoch > 0 && !row.lease_until && row.attempt < row.max_attempts;
}

}  // namespace tse::core

#include "core/opaque.hpp"

#include "core/hash.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace tse::core {

namespace {

constexpr std::string_view list_cursor = "must be a cursor of this file and this filter";

Error not_of(std::string_view field, std::string_view rule, std::string_view text) {
  return invalid(std::string(field), std::string(rule) + ", has " + std::to_string(text.size()) + " bytes");
}

}  // namespace

std::variant<LeaseToken, Error> read_lease(std::string_view text) {
  if (auto token = parse_lease(text)) return *std::move(token);
  return not_of("lease", "must be the token of a lease", text);
}

std::optional<Error> check_origin(std::string_view lease_generation, std::string_view generation) {
  if (lease_generation == generation) return std::nullopt;
  return Error{Code::lease_lost, "the lease was given out by another file, or before this one was restored"};
}

// Each part is preceded by its length, so that no two filters read alike.
std::uint64_t binding_of(const ListQuery& query, std::string_view generation) {
  std::string text;
  const auto add = [&text](std::string_view part) { text += std::to_string(part.size()) + ':' + std::string(part); };
  const auto add_optional = [&](const Text& part) {
    text += part ? '+' : '-';
    if (part) add(*part);
  };
  const auto add_number = [&](std::optional<std::int64_t> part) { add(part ? std::to_string(*part) : "-"); };
  add(generation);
  add_optional(query.zone_id);
  std::vector<Status> statuses = query.statuses;
  std::sort(statuses.begin(), statuses.end());
  for (const Status status : statuses) add(taskstate::to_string(status));
  text += '|';
  add_optional(query.operation);
  add_optional(query.install_id);
  add_optional(query.package_id);
  add_optional(query.failure_kind);
  add_optional(query.worker);
  add_optional(query.ref);
  add_optional(query.client_request_id);
  add_number(query.created_from);
  add_number(query.created_until);
  return hash64(text);
}

std::variant<Position, Error> read_cursor(std::string_view text, std::string_view field, std::uint64_t binding) {
  if (auto position = decode_cursor(text, binding)) return *std::move(position);
  return not_of(field, list_cursor, text);
}

std::variant<std::int64_t, Error> read_number_cursor(std::string_view text, std::string_view field,
                                                     std::uint64_t binding) {
  if (const auto number = decode_number_cursor(text, binding)) return *number;
  return not_of(field, list_cursor, text);
}

// Neither a generation nor an id holds a colon.
std::uint64_t binding_of_history(const Key& key, std::string_view generation) {
  return hash64("history:" + std::string(generation) + ':' + key.zone_id + ':' + key.id);
}

std::variant<std::int64_t, Error> read_history_cursor(std::string_view text, std::uint64_t binding) {
  if (const auto number = decode_number_cursor(text, binding)) return *number;
  return not_of("after", "must be a cursor of this file and this task's history", text);
}

std::variant<FeedPosition, Error> read_position(std::string_view text) {
  if (auto position = parse_position(text)) return *std::move(position);
  return not_of("after", "must be a position in the feed", text);
}

std::optional<Error> check_position(const FeedPosition& position, const FeedState& feed, bool allow_gap) {
  if (position.generation != feed.generation)
    return Error{Code::restored,
                 "after: the position is of another file; this one is a restored copy, or its content was replaced"};
  if (position.sequence > feed.latest)
    return invalid("after", "lies behind the newest event: no feed of this file ended there");
  if (!allow_gap && position.sequence < feed.floor)
    return Error{Code::behind, "after: the position expired: purge events after it are trimmed"};
  return std::nullopt;
}

}  // namespace tse::core

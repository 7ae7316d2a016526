#include "store/sqlite/picker.hpp"

#include "store/sqlite/runnable.hpp"

#include <taskstate/contract/limits.hpp>

#include <algorithm>
#include <utility>

namespace tse::store::sqlite {
namespace {

/// Zones at their limit or paused that one look passes over. The next begins where it ended.
constexpr std::size_t most_passed{taskstate::contract::pace::passed_zones};

/// Where an engine begins that has served nobody yet: at random, since workers that live for one claim must not all
/// serve the first zone.
ClaimTurn first_turn(Connection& connection, const ClaimQuery& query) {
  ClaimTurn turn = query.turn;
  if (query.random && turn.served.empty() && !turn.stopped_at)
    turn.served = find_some_zone(connection, *query.random).value_or("");
  return turn;
}

}  // namespace

std::optional<std::string> ZonesInTurn::next() {
  std::optional<std::string> zone = filter_.zones.empty() ? next_of_all() : next_of_filter();
  if (zone) turn_ = *zone;
  return zone;
}

std::optional<std::string> ZonesInTurn::next_of_all() const {
  auto zone = find_runnable_zone(connection_, turn_, operations_);
  return zone || turn_.empty() ? zone : find_runnable_zone(connection_, "", operations_);
}

std::optional<std::string> ZonesInTurn::next_of_filter() const {
  const auto after = std::upper_bound(filter_.zones.begin(), filter_.zones.end(), turn_);
  return after == filter_.zones.end() ? filter_.zones.front() : *after;
}

Picker::Picker(Connection& connection, View& view, ClaimQuery& query, const Patience& patience)
    : connection_(connection),
      view_(view),
      operations_(find_runnable_operations(connection, query.filter.operations)),
      query_(query),
      patience_(patience),
      round_(first_turn(connection, query)),
      zones_(connection, query.filter, operations_, round_.stopped_at.value_or(round_.served)) {}

std::optional<core::Key> Picker::next() {
  std::optional<std::string> first_passed;
  while (const auto zone = operations_.empty() ? std::nullopt : zones_.next()) {
    look_at_the_time();
    if (has_seen(*zone)) break;
    const bool full = is_full(*zone);
    if (auto key = find_oldest_runnable(connection_, *zone, operations_, full)) return key;
    if (first_passed == zone) break;
    // A zone that was found has something to give: it is at its limit, or paused.
    if ((full || zones_.are_found()) && ++passed_ > most_passed) {
      round_.stopped_at = zone;
      return end(std::move(round_));
    }
    if (!first_passed) first_passed = zone;
  }
  return end({round_.served});
}

std::optional<core::Key> Picker::end(ClaimTurn next) {
  query_.turn = std::move(next);
  return std::nullopt;
}

// A task that is offered again counts as running already.
bool Picker::is_full(std::string_view zone) const {
  return query_.running_limit > 0 && view_.count(zone, core::Status::running) >= query_.running_limit;
}

/// Whether a round that several looks make is at its end.
bool Picker::has_seen(const std::string& zone) {
  if (round_.round_began.empty()) {
    round_.round_began = zone;
  } else if (zone <= last_) {
    round_.wrapped = true;
  }
  last_ = zone;
  return round_.stopped_at && round_.wrapped && zone >= round_.round_began;
}

void Picker::look_at_the_time() {
  constexpr std::size_t zones_between_looks = 64;
  if (++looked_ % zones_between_looks == 0) patience_.require("the deadline passed before all zones were looked at");
}

}  // namespace tse::store::sqlite

// Which task a claim takes next: zones in turn, each gives its oldest.
#pragma once

#include "core/task.hpp"
#include "engine/claim_turn.hpp"
#include "engine/watch.hpp"
#include "store/store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tse::engine {

/// The zones to look at, beginning with the one after `turn`, round and round.
class ZonesInTurn {
 public:
  ZonesInTurn(store::View& view, const ClaimFilter& filter, std::vector<std::string> operations, std::string turn)
      : view_(view), filter_(filter), operations_(std::move(operations)), turn_(std::move(turn)) {}
  [[nodiscard]] std::optional<std::string> next();
  /// Each has something to give, apart from its limit and pause; those of a filter may have nothing.
  [[nodiscard]] bool are_found() const noexcept { return filter_.zones.empty(); }

 private:
  [[nodiscard]] std::optional<std::string> next_of_all() const;
  [[nodiscard]] std::optional<std::string> next_of_filter() const;
  store::View& view_;
  const ClaimFilter& filter_;
  const std::vector<std::string> operations_;
  std::string turn_;
};

/// Takes one task after the other. A zone that has nothing to give is passed over; when all are, that is the end.
class Picker {
 public:
  /// What it is given outlives it.
  Picker(store::View& view, const ClaimFilter& filter, std::int64_t running_limit, const ClaimTurn& turn,
         const store::Patience& patience);
  /// Throws Failure when the patience ends.
  [[nodiscard]] std::optional<core::Key> next();
  /// Where the next look begins, after one that found nothing.
  [[nodiscard]] const ClaimTurn& turn() const noexcept { return round_; }

 private:
  [[nodiscard]] bool is_full(std::string_view zone) const;
  [[nodiscard]] bool has_seen(const std::string& zone);
  void look_at_the_time();

  store::View& view_;
  const std::vector<std::string> operations_;
  const std::int64_t running_limit_;
  const store::Patience& patience_;
  ClaimTurn round_;
  std::string last_ = round_.stopped_at.value_or("");
  ZonesInTurn zones_;
  std::size_t looked_ = 0;
  std::size_t passed_ = 0;
};

}  // namespace tse::engine

// Which task a claim takes next: zones in turn, each gives its oldest.
#pragma once

#include "store/sqlite/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tse::store::sqlite {

/// The zones to look at, beginning with the one after `turn`, round and round.
class ZonesInTurn {
 public:
  ZonesInTurn(Connection& connection, const core::ClaimFilter& filter, std::vector<std::string> operations,
              std::string turn)
      : connection_(connection), filter_(filter), operations_(std::move(operations)), turn_(std::move(turn)) {}
  [[nodiscard]] std::optional<std::string> next();
  /// Each has something to give, apart from its limit and pause; those of a filter may have nothing.
  [[nodiscard]] bool are_found() const noexcept { return filter_.zones.empty(); }

 private:
  [[nodiscard]] std::optional<std::string> next_of_all() const;
  [[nodiscard]] std::optional<std::string> next_of_filter() const;
  Connection& connection_;
  const core::ClaimFilter& filter_;
  const std::vector<std::string> operations_;
  std::string turn_;
};

/// Takes one task after the other. A zone that has nothing to give is passed over; when all are, that is the end.
class Picker {
 public:
  /// What it is given outlives it. `view`: counts, also what the change that asks has done so far.
  Picker(Connection& connection, View& view, ClaimQuery& query, const Patience& patience);
  /// Throws Failure when the patience ends. Nothing: the query's turn says where the next look begins.
  [[nodiscard]] std::optional<core::Key> next();

 private:
  [[nodiscard]] bool is_full(std::string_view zone) const;
  [[nodiscard]] bool has_seen(const std::string& zone);
  void look_at_the_time();
  std::optional<core::Key> end(ClaimTurn next);

  Connection& connection_;
  View& view_;
  const std::vector<std::string> operations_;
  ClaimQuery& query_;
  const Patience& patience_;
  ClaimTurn round_;
  std::string last_ = round_.stopped_at.value_or("");
  ZonesInTurn zones_;
  std::size_t looked_ = 0;
  std::size_t passed_ = 0;
};

}  // namespace tse::store::sqlite

// What the engine's operations check of their arguments before anything else.
#pragma once

#include "core/check.hpp"
#include "core/error.hpp"
#include "core/lease.hpp"
#include "core/task.hpp"

#include <taskstate/contract/options.hpp>

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tse::engine {

/// What core refuses is thrown here.
inline void require(std::optional<core::Error> refused) {
  if (refused) throw core::Failure(*std::move(refused));
}
using core::is_possible;
/// Where a task must be named. Throws Failure(not_found).
void require_possible(const core::Key& key);
/// Throws Failure(invalid_argument) for what is no token.
[[nodiscard]] core::LeaseToken lease_in(std::string_view text);

inline constexpr std::chrono::microseconds shortest_lease{taskstate::contract::argument::lease.least};
inline constexpr std::chrono::microseconds longest_lease{taskstate::contract::argument::lease.most};
void check_lease_terms(std::vector<core::Detail>& out, const core::Text& worker, std::chrono::microseconds lease);

/// A duration from now on that no clock overflows with.
[[nodiscard]] std::chrono::microseconds capped(std::chrono::microseconds duration);

}  // namespace tse::engine

// What the engine's operations check of their arguments before anything else.
#pragma once

#include "core/check.hpp"
#include "core/error.hpp"
#include "core/lease.hpp"
#include "core/task.hpp"

#include <chrono>
#include <vector>

namespace tse::engine {

struct Call;

/// Throws Failure(invalid_argument).
void check_call(const Call& call);
using core::is_possible;
/// Where a task must be named. Throws Failure(not_found).
void require_possible(const core::Key& key);
/// Throws Failure(invalid_argument) for what is no token.
[[nodiscard]] core::LeaseToken lease_in(std::string_view text);

inline constexpr std::chrono::microseconds shortest_lease = std::chrono::milliseconds(1);
inline constexpr std::chrono::microseconds longest_lease = std::chrono::hours(24 * 30);
void check_lease_terms(std::vector<core::Detail>& out, const core::Text& worker, std::chrono::microseconds lease);

/// A duration from now on that no clock overflows with.
[[nodiscard]] std::chrono::microseconds capped(std::chrono::microseconds duration);

}  // namespace tse::engine

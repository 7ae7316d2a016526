// Beginning to work on a task under a lease: the next one that there is, or one that is named.
#pragma once

#include "core/error.hpp"
#include "core/task.hpp"
#include "engine/call.hpp"
#include "engine/watch.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace tse::engine {

class Engine;

inline constexpr std::chrono::microseconds usual_lease = std::chrono::seconds(30);

/// Which tasks claim() takes, and on which terms.
struct ClaimSpec {
  ClaimFilter filter;
  core::Text worker;
  std::chrono::microseconds lease = usual_lease;
  std::int64_t limit = 1;
  std::chrono::microseconds wait{0};
};

/// Throws Failure(invalid_argument).
void check(const ClaimSpec& spec);

/// A lease as it was granted.
struct Lease {
  core::Row row;
  core::Text payload;
  std::string token;
  std::int64_t duration = 0;    ///< us
  std::int64_t expires_at = 0;  ///< us UTC, by the wall clock of the grant
};

/// None: nothing to do, also after `spec.wait`.
std::vector<Lease> claim(Engine& engine, const ClaimSpec& spec, const Call& call);
Lease start_leased(Engine& engine, const core::Key& key, const core::Text& worker, std::chrono::microseconds duration,
                   const Call& call);

}  // namespace tse::engine

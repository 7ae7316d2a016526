// Beginning to work on a task under a lease: the next one that there is, or one that is named.
#pragma once

#include "core/query.hpp"
#include "core/task.hpp"
#include "engine/call.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tse::engine {

class Engine;

using core::ClaimSpec;
using core::LeaseTerms;

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
Lease start_leased(Engine& engine, const core::Key& key, const LeaseTerms& terms, const Call& call);

}  // namespace tse::engine

// What claims and watches read alike.
#pragma once

#include "engine/claim.hpp"
#include "internal.hpp"

namespace tse::capi {

/// NULL: every default.
[[nodiscard]] engine::ClaimSpec claim_in(const tse_claim_spec* spec);

}  // namespace tse::capi

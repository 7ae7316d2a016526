// One intent carried out on one task, inside of a change.
#pragma once

#include "core/apply.hpp"
#include "store/store.hpp"

#include <optional>

namespace tse::engine {

/// The task after the intent, which may have changed nothing. Throws Failure as core refuses it, and not_found, or
/// lease_lost for what is asked under a lease.
core::Row carry_out(store::Session& session, const core::Key& key, const core::Intent& intent,
                    const core::Context& context);

}  // namespace tse::engine

// One intent carried out on one task, inside of a change.
#pragma once

#include "core/apply.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tse::engine {

struct Carried {
  core::Row row;
  bool changed = false;
};

/// The task after the intent, and whether it changed anything. Throws Failure as core refuses it, and not_found, or
/// lease_lost for what is asked under a lease.
Carried carry_out(store::Session& session, const core::Key& key, const core::Intent& intent,
                  const core::Context& context);

/// Runs the host's statements that go with a change of the task.
void run_also(store::Session& session, const std::vector<store::Statement>& statements, const core::Key& key,
              std::int64_t now);

}  // namespace tse::engine

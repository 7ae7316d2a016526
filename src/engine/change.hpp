// One intent for one task, named by its key or by the lease that holds it.
#pragma once

#include "core/apply.hpp"
#include "core/task.hpp"
#include "engine/call.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace tse::engine {

class Engine;
struct Context;

/// Durable on return.
core::Row change(Engine& engine, const core::Key& key, const core::Intent& intent, const Call& call);
/// The same for the task that a lease holds. `token` is that of the lease.
core::Row change_leased(Engine& engine, std::string_view token, const core::Intent& intent, const Call& call);

/// An intent for a task, and the task after it.
struct Edit {
  core::Key key;
  const core::Intent* intent;
  std::optional<std::int64_t> epoch{};
  core::Text generation{};  ///< the lease's
  core::Row row{};
};
/// Throws Failure: not_found for a key that no task can have, invalid_argument for what is no token.
[[nodiscard]] Edit prepare_edit(const core::Key& key, const core::Intent& intent);
[[nodiscard]] Edit prepare_edit(std::string_view token, const core::Intent& intent);
/// A change of one task. Refers to the key.
[[nodiscard]] store::Change change_of(std::function<void(store::Session&)> run, const core::Key& key);
/// Refers to all three.
[[nodiscard]] store::Change change_of(Context& at, Edit& edit, const Call& call);

}  // namespace tse::engine

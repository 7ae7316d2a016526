// Several changes in one call, each on its own.
#pragma once

#include "core/apply.hpp"
#include "core/error.hpp"
#include "core/task.hpp"
#include "engine/call.hpp"

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace tse::engine {

class Engine;

/// One change of a batch: a task to make, or an intent for one that there is, named by its key or by its lease's token.
struct Item {
  struct OfKey {
    core::Key key;
    core::Intent intent;
  };
  struct OfLease {
    std::string token;
    core::Intent intent;
  };
  std::variant<core::NewTask, OfKey, OfLease> what;
};

/// What became of it.
struct ItemResult {
  std::optional<core::Error> error{};
  core::Row row{};  ///< unless there is an error
  bool replayed = false;
};

/// Carries out each item in order and for itself; durable on return. `call.also` runs with each that changes its task.
/// results[i] tells of items[i]. Throws only what keeps all of it from beginning.
std::vector<ItemResult> run(Engine& engine, std::span<const Item> items, const Call& call);

}  // namespace tse::engine

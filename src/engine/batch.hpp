// Several changes in one call, each on its own.
#pragma once

#include "core/apply.hpp"
#include "core/error.hpp"
#include "core/task.hpp"

#include <optional>
#include <string>
#include <variant>

namespace tse::engine {

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

}  // namespace tse::engine

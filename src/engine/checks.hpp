// What core judges, as the engine's operations tell it: by throwing.
#pragma once

#include "core/check.hpp"
#include "core/error.hpp"
#include "core/task.hpp"

#include <chrono>
#include <optional>
#include <utility>
#include <variant>

namespace tse::engine {

/// Throws the Failure that core has for it, if it has one.
inline void require(std::optional<core::Error> refused) {
  if (refused) throw core::Failure(*std::move(refused));
}
template <class Value>
Value require(std::variant<Value, core::Error> judged) {
  if (auto* const refused = std::get_if<core::Error>(&judged)) throw core::Failure(std::move(*refused));
  return std::get<Value>(std::move(judged));
}

using core::is_possible;
/// Where a task must be named. Throws Failure(not_found).
void require_possible(const core::Key& key);

/// A duration from now on that no clock overflows with.
[[nodiscard]] std::chrono::microseconds capped(std::chrono::microseconds duration);

}  // namespace tse::engine

#include "engine/read.hpp"

#include "engine/checks.hpp"
#include "engine/engine.hpp"

namespace tse::engine {

std::optional<core::Row> get(Engine& engine, const core::Key& key, const Call& call) {
  Context& at = engine.enter(call);
  if (!is_possible(key)) return std::nullopt;
  return at.store->read(key, at.patience(call));
}

std::optional<std::string> payload(Engine& engine, const core::Key& key, const Call& call) {
  Context& at = engine.enter(call);
  if (!is_possible(key)) return std::nullopt;
  return at.store->payload(key, at.patience(call));
}

}  // namespace tse::engine

#include "engine/read.hpp"

#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <algorithm>
#include <utility>

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

std::vector<core::Event> history(Engine& engine, const core::Key& key, const Call& call, const HistoryQuery& query) {
  Context& at = engine.enter(call, query);
  if (!is_possible(key)) return {};
  auto events = at.store->history(key, query.before_revision, static_cast<std::size_t>(query.limit), at.patience(call));
  std::reverse(events.begin(), events.end());
  return events;
}

}  // namespace tse::engine

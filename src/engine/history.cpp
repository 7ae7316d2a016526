#include "engine/history.hpp"

#include "core/cursor.hpp"
#include "core/opaque.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tse::engine {

History history(Engine& engine, const core::Key& key, const HistoryQuery& query, const Call& call) {
  Context& at = engine.enter(call, query);
  if (!is_possible(key)) return {};
  const std::size_t limit = static_cast<std::size_t>(query.limit);
  for (;;) {
    const std::string generation = at.store->content().generation;
    const std::uint64_t bound_to = core::binding_of_history(key, generation);
    std::optional<std::int64_t> before;
    if (query.after) before = require(core::read_history_cursor(*query.after, bound_to));
    History page{at.store->history(key, before, limit + 1, at.patience(call)), {}};
    // What was read of other content than the cursor is bound to is no answer.
    if (at.store->content().generation != generation) continue;
    if (page.events.size() > limit) {
      page.events.pop_back();
      page.after_cursor = core::encode_cursor(page.events.back().sequence, bound_to);
    }
    return page;
  }
}

}  // namespace tse::engine

#include "engine/result.hpp"

#include "core/admit.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <optional>
#include <utility>

namespace tse::engine {

core::StoredResult result(Engine& engine, const core::Key& key, const Call& call) {
  Context& at = engine.enter(call);
  require_possible(key);
  std::optional<core::Row> row;
  std::optional<store::Stored> kept;
  std::int64_t expired_until = 0;
  const auto look = [&](store::View& view) {
    row = view.read(key);
    kept = row && row->result_media_type ? view.stored(key, store::Part::result) : std::nullopt;
    expired_until = view.now().expiry;
  };
  at.store->view(look, at.patience(call));
  if (!kept || (kept->until && !core::is_in_force(*kept->until, expired_until)))
    throw core::Failure(core::missing_result(row));
  return {std::move(kept->bytes), *std::move(row->result_media_type)};
}

}  // namespace tse::engine

// Metrics, and how they are told to a scraper (OpenMetrics 1.0.0).
#pragma once

#include "engine/answer_cache.hpp"
#include "engine/call.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace tse::engine {

class Engine;

struct Stats {
  store::Stats store;
  std::int64_t waiters = 0;
  AnswerCache::Figures cache;
  store::Proof proof = store::Proof::none;
  store::Durability durability = store::Durability::full;
};

/// Counts of one zone; none: of all.
Stats stats(Engine& engine, const core::Text& zone_id, const Call& call);

/// "wal_index" and so on.
[[nodiscard]] std::string_view to_string(store::Proof proof) noexcept;
/// As OpenMetrics text 1.0.0.
[[nodiscard]] std::string to_open_metrics(const Stats& stats);

}  // namespace tse::engine

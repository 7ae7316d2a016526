// Figures.
#include "internal.hpp"

#include "engine/stats.hpp"

#include <memory>
#include <numeric>

using namespace tse;

struct tse_stats {
  engine::Stats stats;
  std::string text;
};

namespace {

tse_histogram histogram_out(const store::Histogram& from) noexcept {
  const auto& bounds = store::Histogram::bounds;
  const std::int64_t count = std::accumulate(from.counts.begin(), from.counts.end(), std::int64_t{0});
  return {bounds.data(), from.counts.data(), bounds.size(), count, from.sum};
}

void view_metrics(const store::FileMetrics& from, tse_stats_view& out) noexcept {
  const auto failures = [&](core::FailureKind kind) { return from.failures.at(static_cast<std::size_t>(kind)); };
  out.leases_lost = from.leases_lost;
  out.failures_failed = failures(core::FailureKind::failed);
  out.failures_cancelled = failures(core::FailureKind::cancelled);
  out.failures_expired = failures(core::FailureKind::expired);
  out.failures_lost = failures(core::FailureKind::lost);
  out.waiting_time = histogram_out(from.waiting);
  out.running_time = histogram_out(from.running);
}

}  // namespace

int32_t tse_stats_read(tse_engine* engine, const char* zone_id, size_t zone_id_size, const tse_call* call,
                       tse_stats** stats, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    tse_stats*& out = capi::require(stats, "stats");
    auto made = std::make_unique<tse_stats>();
    made->stats =
        engine::stats(target, capi::owned(capi::text_in(zone_id, zone_id_size, "zone_id")), capi::call_in(call));
    made->text = engine::to_open_metrics(made->stats);
    out = made.release();
  });
}

int32_t tse_stats_get(const tse_stats* stats, tse_stats_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const engine::Stats& from = capi::require(stats, "stats").stats;
    tse_stats_view& out = capi::require_struct(view, "view");
    const auto total = [&](core::Status status) { return from.store.totals.at(static_cast<std::size_t>(status)); };
    out.pending = total(core::Status::pending);
    out.running = total(core::Status::running);
    out.completed = total(core::Status::completed);
    out.failed = total(core::Status::failed);
    out.count_count = from.store.counts.size();
    out.file_bytes = from.store.file_bytes;
    out.free_bytes = from.store.free_bytes;
    out.wal_bytes = from.store.wal_bytes;
    out.last_sequence = from.store.last_sequence;
    out.commits = from.store.commits;
    out.changes = from.store.changes;
    out.largest_group = from.store.largest_group;
    out.checkpoints = from.store.checkpoints;
    out.lock_waits = from.store.lock_waits;
    out.lock_wait_us = from.store.lock_wait_us;
    out.waiters = from.waiters;
    out.cache_hits = static_cast<std::int64_t>(from.cache.hits);
    out.cache_misses = static_cast<std::int64_t>(from.cache.misses);
    out.cache_entries = static_cast<std::int64_t>(from.cache.entries);
    out.cache_bytes = static_cast<std::int64_t>(from.cache.bytes);
    out.durability = static_cast<std::int32_t>(from.durability);
    out.lease_clock = capi::text_out(from.store.lease_clock);
    const std::string_view proof = engine::to_string(from.proof);
    out.answer_proof = {proof.data(), proof.size()};
    out.sqlite_version = capi::text_out(from.store.engine);
    out.leases_incomparable = from.store.leases_incomparable;
    out.lease_clocks_incomparable = from.store.clocks_incomparable;
    out.expiry_paused = from.store.expiry_paused ? 1 : 0;
    out.locks = capi::text_out(from.store.locks);
    view_metrics(from.store.metrics, out);
  });
}

int32_t tse_stats_count(const tse_stats* stats, size_t index, tse_count_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const auto& counts = capi::require(stats, "stats").stats.store.counts;
    tse_count_view& out = capi::require_struct(view, "view");
    if (index >= counts.size()) capi::refuse("index", "is past the last count");
    const store::Count& from = counts[index];
    out.zone_id = capi::text_out(from.zone_id);
    out.operation = capi::text_out(from.operation);
    out.status = static_cast<std::int32_t>(from.status);
    out.count = from.count;
  });
}

size_t tse_stats_pause_count(const tse_stats* stats) noexcept { return stats ? stats->stats.store.pauses.size() : 0; }

int32_t tse_stats_pause(const tse_stats* stats, size_t index, tse_pause_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const auto& pauses = capi::require(stats, "stats").stats.store.pauses;
    tse_pause_view& out = capi::require_struct(view, "view");
    if (index >= pauses.size()) capi::refuse("index", "is past the last pause");
    const store::Pause& from = pauses[index];
    const bool is_zone = from.what == store::Pause::What::zone;
    out.zone_id = is_zone ? capi::text_out(from.name) : tse_str{nullptr, 0};
    out.operation = is_zone ? tse_str{nullptr, 0} : capi::text_out(from.name);
    out.since = from.since;
    out.actor = capi::text_out(from.actor);
  });
}

const char* tse_stats_text(const tse_stats* stats) noexcept { return stats ? stats->text.c_str() : nullptr; }

void tse_stats_free(tse_stats* stats) noexcept { delete stats; }

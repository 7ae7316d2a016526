// Claims and what is done under a lease.
#include "lease.hpp"

#include "core/codec.hpp"
#include "core/validate.hpp"
#include "engine/change.hpp"
#include "engine/claim.hpp"
#include "engine/lease.hpp"
#include "engine/tick.hpp"

#include <algorithm>
#include <memory>

using namespace tse;

struct tse_leases {
  struct Granted {
    engine::Lease lease;
    capi::Snapshot snapshot;
  };
  std::vector<Granted> all;
};

namespace tse::capi {

static_assert(TSE_CLAIM_ZONES_MAX == core::max_claim_zones && TSE_CLAIM_OPERATIONS_MAX == core::max_claim_operations &&
              TSE_CLAIM_PAIRS_MAX == core::max_claim_pairs);

namespace {

std::vector<std::string> list_in(const tse_str& text, const char* name) {
  std::vector<std::string> items;
  auto rest = text_in(text, name);
  while (rest) {
    const std::size_t end = rest->find(',');
    items.emplace_back(rest->substr(0, end));
    rest = end == std::string_view::npos ? std::nullopt : std::optional(rest->substr(end + 1));
  }
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return items;
}

}  // namespace

engine::ClaimSpec claim_in(const tse_claim_spec* spec) {
  engine::ClaimSpec to;
  if (spec == nullptr) return to;
  const tse_claim_spec& from = require_struct(spec, "spec");
  to.filter = {list_in(from.zones, "zones"), list_in(from.operations, "operations")};
  to.worker = field_in(from.worker, "worker");
  if (from.lease_us != TSE_NONE) to.lease = std::chrono::microseconds(from.lease_us);
  to.limit = from.limit;
  to.wait = std::chrono::microseconds(from.wait_us);
  return to;
}

}  // namespace tse::capi

namespace {

void hand_out(tse_leases*& out, std::vector<engine::Lease> leases) {
  try {
    auto made = std::make_unique<tse_leases>();
    for (engine::Lease& lease : leases) {
      capi::Snapshot snapshot(std::move(lease.row), std::move(lease.payload));
      made->all.push_back({std::move(lease), std::move(snapshot)});
    }
    out = made.release();
  } catch (const std::bad_alloc&) {
    throw capi::NoMemoryAfterCommit();
  }
}

std::optional<std::chrono::microseconds> duration_in(std::int64_t us) {
  if (us == TSE_NONE) return std::nullopt;
  return std::chrono::microseconds(us);
}

struct Token {
  const char* text;
  size_t size;
};

/// One change under a lease: `intent` is made inside the guard, since reading it may refuse.
template <class MakeIntent>
int32_t change(tse_engine* engine, const Token& token, const tse_call* call, tse_task** task, tse_error** error,
               MakeIntent&& intent) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    const std::string lease = capi::text_or_empty(token.text, token.size, "token");
    capi::hand_out_committed(task, engine::change_leased(target, lease, intent(), capi::call_in(call)));
  });
}

const tse_leases::Granted& granted(const tse_leases* leases, size_t index) {
  const tse_leases& from = capi::require(leases, "leases");
  if (index >= from.all.size()) capi::refuse("index", "is past the last lease");
  return from.all[index];
}

}  // namespace

int32_t tse_claim(tse_engine* engine, const tse_claim_spec* spec, const tse_call* call, tse_leases** leases,
                  tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    tse_leases*& out = capi::require(leases, "leases");
    std::vector<engine::Lease> claimed = engine::claim(target, capi::claim_in(spec), capi::call_in(call));
    if (claimed.empty()) {
      out = nullptr;
    } else {
      hand_out(out, std::move(claimed));
    }
  });
}

int32_t tse_start_leased(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                         const char* worker, size_t worker_size, int64_t lease_us, const tse_call* call,
                         tse_leases** leases, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    tse_leases*& out = capi::require(leases, "leases");
    const core::Key key = capi::key_in(zone_id, zone_id_size, id, id_size);
    engine::LeaseTerms terms{capi::owned(capi::text_in(worker, worker_size, "worker"))};
    if (const auto duration = duration_in(lease_us)) terms.lease = *duration;
    std::vector<engine::Lease> started(1);  // beforehand: once it is started, nothing may fail as if it were not
    started.front() = engine::start_leased(target, key, terms, capi::call_in(call));
    hand_out(out, std::move(started));
  });
}

size_t tse_leases_count(const tse_leases* leases) noexcept { return leases ? leases->all.size() : 0; }

int32_t tse_leases_lease(const tse_leases* leases, size_t index, tse_lease_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const tse_leases::Granted& from = granted(leases, index);
    tse_lease_view& out = capi::require_struct(view, "view");
    out.token = capi::text_out(from.lease.token);
    out.epoch = from.snapshot.row.epoch;
    out.attempt = from.snapshot.row.attempt;
    out.duration_us = from.lease.duration;
    out.expires_at = from.lease.expires_at;
  });
}

int32_t tse_leases_task(const tse_leases* leases, size_t index, tse_task_view* view) noexcept {
  return capi::guard(nullptr, [&] { granted(leases, index).snapshot.view(capi::require_struct(view, "view")); });
}

void tse_leases_free(tse_leases* leases) noexcept { delete leases; }

int32_t tse_lease_heartbeat(tse_engine* engine, const char* token, size_t token_size, int64_t lease_us,
                            const char* progress, size_t progress_size, const tse_call* call, tse_heartbeat_view* view,
                            tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    tse_heartbeat_view* const out = view ? &capi::require_struct(view, "view") : nullptr;
    const std::string lease = capi::text_or_empty(token, token_size, "token");
    const auto json = capi::text_in(progress, progress_size, "progress");
    std::optional<core::Link> link;
    if (json) link = core::parse_link(*json, "progress");
    const engine::Heartbeat beat =
        engine::heartbeat(target, lease, duration_in(lease_us), std::move(link), capi::call_in(call));
    if (out == nullptr) return;
    out->cancel_requested = beat.cancel_requested ? 1 : 0;
    out->duration_us = beat.duration;
    out->expires_at = beat.expires_at;
  });
}

int32_t tse_lease_annotate(tse_engine* engine, const char* token, size_t token_size, const tse_update* update,
                           const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return change(engine, {token, token_size}, call, task, error, [&] {
    (void)capi::require(update, "update");
    return core::Intent(core::Annotate{capi::additions_in(update)});
  });
}

int32_t tse_lease_complete(tse_engine* engine, const char* token, size_t token_size, const tse_update* update,
                           const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return change(engine, {token, token_size}, call, task, error,
                [&] { return core::Intent(capi::completion_in(update)); });
}

int32_t tse_lease_fail(tse_engine* engine, const char* token, size_t token_size, const tse_update* update,
                       const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return change(engine, {token, token_size}, call, task, error, [&] { return core::Intent(capi::failure_in(update)); });
}

int32_t tse_lease_release(tse_engine* engine, const char* token, size_t token_size, int64_t delay_us,
                          const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    const std::string lease = capi::text_or_empty(token, token_size, "token");
    capi::hand_out_committed(task,
                             engine::release(target, lease, std::chrono::microseconds(delay_us), capi::call_in(call)));
  });
}

int32_t tse_tick(tse_engine* engine, const tse_call* call, int64_t* count, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    const std::int64_t changed = engine::tick(*capi::require(engine, "engine").engine, capi::call_in(call));
    if (count != nullptr) *count = changed;
  });
}

int32_t tse_clock_ok(tse_engine* engine, const tse_call* call, tse_error** error) noexcept {
  return capi::guard(error, [&] { engine::clock_ok(*capi::require(engine, "engine").engine, capi::call_in(call)); });
}

// The feed.
#include "internal.hpp"

#include "engine/changes.hpp"

#include <memory>

using namespace tse;

struct tse_changes {
  engine::Changes part;
};

namespace {

engine::ChangesQuery query_in(const tse_changes_spec* spec) {
  engine::ChangesQuery query;
  if (spec == nullptr) return query;
  const tse_changes_spec& from = capi::require_struct(spec, "spec");
  capi::require_flags(from.flags, TSE_CHANGES_LATEST | TSE_CHANGES_ALLOW_GAP);
  query.zone_id = capi::field_in(from.zone_id, "zone_id");
  query.after = capi::field_in(from.after, "after");
  query.latest = (from.flags & TSE_CHANGES_LATEST) != 0;
  query.allow_gap = (from.flags & TSE_CHANGES_ALLOW_GAP) != 0;
  if (from.limit != 0) query.limit = from.limit;
  query.wait = std::chrono::microseconds(from.wait_us);
  return query;
}

}  // namespace

int32_t tse_changes_read(tse_engine* engine, const tse_changes_spec* spec, const tse_call* call, tse_changes** changes,
                         tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    tse_changes*& out = capi::require(changes, "changes");
    auto part = engine::changes(target, query_in(spec), capi::call_in(call));
    out = new tse_changes{std::move(part)};
  });
}

int32_t tse_changes_get(const tse_changes* changes, tse_changes_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const engine::Changes& from = capi::require(changes, "changes").part;
    tse_changes_view& out = capi::require_struct(view, "view");
    out.count = from.events.size();
    out.position = capi::text_out(from.position);
    out.purged_through = from.purged_through;
  });
}

int32_t tse_changes_event(const tse_changes* changes, size_t index, tse_event_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const engine::Changes& from = capi::require(changes, "changes").part;
    tse_event_view& out = capi::require_struct(view, "view");
    if (index >= from.events.size()) capi::refuse("index", "is past the last event");
    capi::view_event(from.events[index], out);
  });
}

void tse_changes_free(tse_changes* changes) noexcept { delete changes; }

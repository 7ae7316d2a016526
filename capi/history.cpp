// A task's events.
#include "internal.hpp"

#include "engine/read.hpp"

#include <memory>

using namespace tse;

struct tse_history {
  std::vector<core::Event> events;
};

int32_t tse_history_read(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                         int64_t before_revision, int64_t limit, const tse_call* call, tse_history** history,
                         tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    tse_history*& out = capi::require(history, "history");
    engine::HistoryQuery query;
    query.before_revision = capi::number_in(before_revision);
    if (limit != 0) query.limit = limit;
    auto events = engine::history(target, capi::key_in(zone_id, zone_id_size, id, id_size), capi::call_in(call), query);
    out = new tse_history{std::move(events)};
  });
}

size_t tse_history_count(const tse_history* history) noexcept { return history ? history->events.size() : 0; }

int32_t tse_history_event(const tse_history* history, size_t index, tse_event_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const tse_history& from = capi::require(history, "history");
    tse_event_view& out = capi::require_struct(view, "view");
    if (index >= from.events.size()) capi::refuse("index", "is past the last event");
    capi::view_event(from.events[index], out);
  });
}

void tse_history_free(tse_history* history) noexcept { delete history; }

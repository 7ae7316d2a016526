// A task's events.
#include "internal.hpp"

#include "engine/history.hpp"

#include <utility>

using namespace tse;

struct tse_history {
  engine::History page;
};

int32_t tse_history_read(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                         int64_t limit, const char* after, size_t after_size, const tse_call* call,
                         tse_history** history, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    tse_history*& out = capi::require(history, "history");
    engine::HistoryQuery query;
    if (limit != 0) query.limit = limit;
    query.after = capi::owned(capi::text_in(after, after_size, "after"));
    auto page = engine::history(target, capi::key_in(zone_id, zone_id_size, id, id_size), query, capi::call_in(call));
    out = new tse_history{std::move(page)};
  });
}

size_t tse_history_count(const tse_history* history) noexcept { return history ? history->page.events.size() : 0; }

tse_str tse_history_after_cursor(const tse_history* history) noexcept {
  return history ? capi::text_out(history->page.after_cursor) : tse_str{nullptr, 0};
}

int32_t tse_history_event(const tse_history* history, size_t index, tse_event_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const tse_history& from = capi::require(history, "history");
    tse_event_view& out = capi::require_struct(view, "view");
    if (index >= from.page.events.size()) capi::refuse("index", "is past the last event");
    capi::view_event(from.page.events[index], out);
  });
}

void tse_history_free(tse_history* history) noexcept { delete history; }

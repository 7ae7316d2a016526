// Pages of tasks.
#include "internal.hpp"

#include "engine/list.hpp"

#include <memory>

using namespace tse;

struct tse_page {
  std::vector<capi::Snapshot> tasks;
  core::Text after_cursor;
  core::Text before_cursor;
  std::optional<std::int64_t> total_count;
};

namespace {

constexpr std::int64_t default_limit = 50;

std::vector<core::Status> statuses_in(std::int32_t mask) {
  std::vector<core::Status> statuses;
  std::int32_t known = 0;
  for (const core::Status status : taskstate::all_statuses) {
    const std::int32_t bit = 1 << static_cast<std::int32_t>(status);
    known |= bit;
    if ((mask & bit) != 0) statuses.push_back(status);
  }
  if ((mask & ~known) != 0) capi::refuse("statuses", "has an unknown bit, is " + std::to_string(mask));
  return statuses;
}

engine::ListQuery query_in(const tse_list_query& from) {
  engine::ListQuery query;
  query.zone_id = capi::owned(capi::text_in(from.zone_id, "zone_id")).value_or("");
  query.statuses = statuses_in(from.statuses);
  query.operation = capi::owned(capi::text_in(from.operation, "operation"));
  query.install_id = capi::owned(capi::text_in(from.install_id, "install_id"));
  query.package_id = capi::owned(capi::text_in(from.package_id, "package_id"));
  query.created_from = capi::number_in(from.created_from);
  query.created_until = capi::number_in(from.created_until);
  query.limit = from.limit == 0 ? default_limit : from.limit;
  query.after = capi::owned(capi::text_in(from.after, "after"));
  query.before = capi::owned(capi::text_in(from.before, "before"));
  query.with_total = capi::flag_in(from.with_total, "with_total");
  return query;
}

}  // namespace

int32_t tse_list(tse_engine* engine, const tse_list_query* query, const tse_call* call, tse_page** page,
                 tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    const engine::ListQuery what = query_in(capi::require_struct(query, "query"));
    tse_page*& out = capi::require(page, "page");
    engine::Page found = engine::list(target, what, capi::call_in(call));
    auto made = std::make_unique<tse_page>();
    made->tasks.reserve(found.rows.size());
    for (core::Row& row : found.rows) made->tasks.emplace_back(std::move(row));
    made->after_cursor = std::move(found.after_cursor);
    made->before_cursor = std::move(found.before_cursor);
    made->total_count = found.total_count;
    out = made.release();
  });
}

int32_t tse_page_get(const tse_page* page, tse_page_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const tse_page& from = capi::require(page, "page");
    tse_page_view& out = capi::require_struct(view, "view");
    out.count = from.tasks.size();
    out.after_cursor = capi::text_out(from.after_cursor);
    out.before_cursor = capi::text_out(from.before_cursor);
    out.total_count = capi::number_out(from.total_count);
  });
}

int32_t tse_page_task(const tse_page* page, size_t index, tse_task_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const tse_page& from = capi::require(page, "page");
    tse_task_view& out = capi::require_struct(view, "view");
    if (index >= from.tasks.size()) capi::refuse("index", "is past the last task");
    from.tasks[index].view(out);
  });
}

void tse_page_free(tse_page* page) noexcept { delete page; }

// Pages of tasks.
#include "internal.hpp"

#include "engine/list.hpp"

#include <limits>
#include <memory>

using namespace tse;

struct tse_page {
  std::vector<capi::Snapshot> tasks;
  core::Text after_cursor;
  core::Text before_cursor;
  std::optional<std::int64_t> total_count;
};

namespace {

/// Bits that stand for no status become statuses that core does not know.
std::vector<core::Status> statuses_in(std::int32_t mask) {
  std::vector<core::Status> statuses;
  for (std::int32_t number = 0; number < std::numeric_limits<std::uint32_t>::digits; ++number)
    if ((static_cast<std::uint32_t>(mask) >> number & 1U) != 0) statuses.push_back(static_cast<core::Status>(number));
  return statuses;
}

engine::ListQuery query_in(const tse_list_query& from) {
  engine::ListQuery query;
  query.zone_id = capi::owned(capi::text_in(from.zone_id, "zone_id"));
  query.statuses = statuses_in(from.statuses);
  query.operation = capi::owned(capi::text_in(from.operation, "operation"));
  query.install_id = capi::owned(capi::text_in(from.install_id, "install_id"));
  query.package_id = capi::owned(capi::text_in(from.package_id, "package_id"));
  query.failure_kind = capi::owned(capi::text_in(from.failure_kind, "failure_kind"));
  query.worker = capi::owned(capi::text_in(from.worker, "worker"));
  query.ref = capi::owned(capi::text_in(from.ref, "ref"));
  query.client_request_id = capi::owned(capi::text_in(from.client_request_id, "client_request_id"));
  query.created_from = capi::number_in(from.created_from);
  query.created_until = capi::number_in(from.created_until);
  if (from.limit != 0) query.limit = from.limit;
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

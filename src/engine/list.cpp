// Keyset paging: a page is the rows beyond a position, one more than asked for tells whether there are others.
#include "engine/list.hpp"

#include "core/cursor.hpp"
#include "core/opaque.hpp"
#include "engine/engine.hpp"

#include <algorithm>
#include <utility>

namespace tse::engine {
namespace {

std::string cursor_at(const core::Row& row, std::uint64_t bound_to) {
  return core::encode_cursor({row.task.created_at, row.task.id}, bound_to);
}

/// Refuses a cursor of another generation. Whether this one is still current is to be asked afterwards.
Page list_in(Context& at, const std::string& generation, const ListQuery& query, const Call& call) {
  const std::uint64_t bound_to = core::binding_of(query, generation);
  const bool newer = query.before.has_value();
  store::PageQuery select{query.zone_id,
                          query.statuses,
                          query.operation,
                          query.install_id,
                          query.package_id,
                          query.created_from,
                          query.created_until,
                          static_cast<std::size_t>(query.limit) + 1,
                          {},
                          newer};
  if (query.after) select.from = require(core::read_cursor(*query.after, "after", bound_to));
  if (query.before) select.from = require(core::read_cursor(*query.before, "before", bound_to));

  const store::Patience until = at.patience(call);
  Page page;
  page.rows = at.store->page(select, until);
  if (query.with_total) page.total_count = at.store->count(select, until);
  const bool more = page.rows.size() > static_cast<std::size_t>(query.limit);
  if (more) page.rows.pop_back();
  if (newer) std::reverse(page.rows.begin(), page.rows.end());
  if (page.rows.empty()) return page;

  // Where we came from there is something, at least it was there when the cursor was made.
  const bool has_older = newer ? true : more;
  const bool has_newer = newer ? more : query.after.has_value();
  if (has_older) page.after_cursor = cursor_at(page.rows.back(), bound_to);
  if (has_newer) page.before_cursor = cursor_at(page.rows.front(), bound_to);
  return page;
}

}  // namespace

Page list(Engine& engine, const ListQuery& query, const Call& call) {
  Context& at = engine.enter(call, query);
  for (;;) {
    const std::string generation = at.store->generation();
    Page page = list_in(at, generation, query, call);
    if (at.store->generation() == generation) return page;
  }
}

}  // namespace tse::engine

// Keyset paging: a page is the rows beyond a place, one more than asked for tells whether there are others.
#include "engine/list.hpp"

#include "core/cursor.hpp"
#include "core/opaque.hpp"
#include "engine/engine.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tse::engine {
namespace {

store::Place place_of(const core::Row& row) { return {{row.task.created_at, row.task.id}, row.number}; }

/// The cursors of one query: positions of one zone, or numbers of all.
struct Cursors {
  bool one_zone;
  std::uint64_t bound_to;

  [[nodiscard]] std::string at(const store::Place& place) const {
    return one_zone ? core::encode_cursor(place.position, bound_to) : core::encode_cursor(place.number, bound_to);
  }
  [[nodiscard]] store::Place read(std::string_view text, std::string_view field) const {
    if (one_zone) return {require(core::read_cursor(text, field, bound_to)), 0};
    return {{}, require(core::read_number_cursor(text, field, bound_to))};
  }
};

store::PageQuery select_in(const ListQuery& query, const Cursors& cursors) {
  store::PageQuery select{query.zone_id.value_or(""),
                          query.statuses,
                          query.operation,
                          query.install_id,
                          query.package_id,
                          query.failure_kind,
                          query.worker,
                          query.ref,
                          query.client_request_id,
                          query.created_from,
                          query.created_until,
                          static_cast<std::size_t>(query.limit) + 1,
                          {},
                          query.before.has_value(),
                          query.with_total};
  if (query.after) select.from = cursors.read(*query.after, "after");
  if (query.before) select.from = cursors.read(*query.before, "before");
  return select;
}

/// Refuses a cursor of another generation. Whether this one is still current is to be asked afterwards.
Page list_in(Context& at, const std::string& generation, const ListQuery& query, const Call& call) {
  const Cursors cursors{query.zone_id.has_value(), core::binding_of(query, generation)};
  const store::PageQuery select = select_in(query, cursors);
  auto [rows, reached, total] = at.store->page(select, at.patience(call));
  Page page;
  if (query.with_total) page.total_count = total;
  const bool more = rows.size() > static_cast<std::size_t>(query.limit);
  if (more) rows.pop_back();
  // Where the walk goes on: behind the last row that is given, or the last one that was looked at before the deadline.
  std::optional<store::Place> onwards = std::move(reached);
  if (more) onwards = place_of(rows.back());
  if (select.newer) std::reverse(rows.begin(), rows.end());
  // Where we came from there is something, at least it was there when the cursor was made.
  core::Text& ahead = select.newer ? page.before_cursor : page.after_cursor;
  core::Text& back = select.newer ? page.after_cursor : page.before_cursor;
  if (onwards) ahead = cursors.at(*onwards);
  if (select.from && !rows.empty()) back = cursors.at(place_of(select.newer ? rows.back() : rows.front()));
  page.rows = std::move(rows);
  return page;
}

}  // namespace

Page list(Engine& engine, const ListQuery& query, const Call& call) {
  Context& at = engine.enter(call, query);
  for (;;) {
    const std::string generation = at.store->content().generation;
    Page page = list_in(at, generation, query, call);
    if (at.store->content().generation == generation) return page;
  }
}

}  // namespace tse::engine

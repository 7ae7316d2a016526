// Keyset paging: a page is the rows beyond a position, one more than asked for tells whether there are others.
#include "core/cursor.hpp"
#include "core/hash.hpp"
#include "core/validate.hpp"
#include "engine/engine.hpp"

#include <algorithm>
#include <utility>

namespace tse::engine {
namespace {

void check(const ListQuery& query) {
  std::vector<core::Detail> broken;
  core::check_id(broken, "zone_id", query.zone_id);
  if (query.operation && !core::is_operation(*query.operation))
    broken.push_back(
        {"operation", "must match [a-z][a-z0-9_]{0,31}, has " + std::to_string(query.operation->size()) + " bytes"});
  if (query.install_id) core::check_install_id(broken, "install_id", *query.install_id);
  if (query.package_id) core::check_name(broken, "package_id", *query.package_id);
  core::check_page_limit(broken, "limit", query.limit);
  if (query.after && query.before) broken.push_back({"before", "must not be given together with after"});
  if (!broken.empty()) throw core::Failure(core::invalid(std::move(broken)));
}

// What a cursor is bound to: the file and everything that decides which rows there are. Each part is
// preceded by its length, so that no two filters read alike.
std::uint64_t binding(const ListQuery& query, const std::string& generation) {
  std::string text;
  const auto add = [&text](std::string_view part) { text += std::to_string(part.size()) + ':' + std::string(part); };
  const auto add_optional = [&](const core::Text& part) {
    text += part ? '+' : '-';
    if (part) add(*part);
  };
  const auto add_number = [&](std::optional<std::int64_t> part) { add(part ? std::to_string(*part) : "-"); };
  add(generation);
  add(query.zone_id);
  std::vector<core::Status> statuses = query.statuses;
  std::sort(statuses.begin(), statuses.end());
  for (const core::Status status : statuses) add(taskstate::to_string(status));
  text += '|';
  add_optional(query.operation);
  add_optional(query.install_id);
  add_optional(query.package_id);
  add_number(query.created_from);
  add_number(query.created_until);
  return core::hash64(text);
}

core::Position position(const std::string& cursor, std::string_view field, std::uint64_t bound_to) {
  if (auto found = core::decode_cursor(cursor, bound_to)) return std::move(*found);
  throw core::Failure(core::invalid(std::string(field), "must be a cursor of this file and this filter, has " +
                                                            std::to_string(cursor.size()) + " bytes"));
}

std::string cursor_at(const core::Row& row, std::uint64_t bound_to) {
  return core::encode_cursor({row.task.created_at, row.task.id}, bound_to);
}

}  // namespace

Page Engine::list(const ListQuery& query, const Call& call) {
  enter();
  check(query);
  for (;;) {
    const std::string generation = store_->generation();
    Page page = list_in(generation, query, call);
    if (store_->generation() == generation) return page;
  }
}

/// Refuses a cursor of another generation. Whether this one is still current is to be asked afterwards.
Page Engine::list_in(const std::string& generation, const ListQuery& query, const Call& call) {
  const std::uint64_t bound_to = binding(query, generation);
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
  if (query.after) select.from = position(*query.after, "after", bound_to);
  if (query.before) select.from = position(*query.before, "before", bound_to);

  const store::Patience until = patience(call);
  Page page;
  page.rows = store_->page(select, until);
  if (query.with_total) page.total_count = store_->count(select, until);
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

}  // namespace tse::engine

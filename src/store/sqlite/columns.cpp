#include "store/sqlite/columns.hpp"

#include "core/codec.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;
using core::Row;
using core::Task;

namespace {

// A field is named by the members that lead to it: <&Row::task, &Task::id> or <&Row::epoch>.
template <auto Member, auto... Rest>
constexpr decltype(auto) field(auto& of) {
  if constexpr (sizeof...(Rest) == 0) {
    return (of.*Member);
  } else {
    return field<Rest...>(of.*Member);
  }
}

void take(std::string& out, const Query& query, int column) { out = query.text(column); }
void take(core::Text& out, const Query& query, int column) { out = query.optional_text(column); }
void take(std::int64_t& out, const Query& query, int column) { out = query.integer(column); }
void take(std::optional<std::int64_t>& out, const Query& query, int column) { out = query.optional_integer(column); }
void take(bool& out, const Query& query, int column) { out = query.integer(column) != 0; }
void take(core::Status& out, const Query& query, int column) { out = read_status(query.view(column)); }
void take(std::optional<core::FailureKind>& out, const Query& query, int column) {
  if (!query.is_null(column)) out = core::failure_kind_from_string(query.view(column));
}

void give(Query& query, int parameter, const std::string& value) { query.bind(parameter, value); }
void give(Query& query, int parameter, std::int64_t value) { query.bind(parameter, value); }
void give(Query& query, int parameter, bool value) { query.bind(parameter, std::int64_t{value ? 1 : 0}); }
void give(Query& query, int parameter, core::Status value) { query.bind(parameter, taskstate::to_string(value)); }
void give(Query& query, int parameter, core::FailureKind value) { query.bind(parameter, core::to_string(value)); }
template <class Value>
void give(Query& query, int parameter, const std::optional<Value>& value) {
  if (value) give(query, parameter, *value);
}

template <auto... Members>
void read_field(Row& row, const Query& query, int column) {
  take(field<Members...>(row), query, column);
}
template <auto... Members>
void bind_field(Query& query, int parameter, const Row& row, const RowValues&) {
  give(query, parameter, field<Members...>(row));
}
template <auto... Members>
bool same_field(const Row& one, const Row& other) {
  return field<Members...>(one) == field<Members...>(other);
}

/// A value that never changes.
template <auto... Members>
constexpr Column birth(const char* name) {
  return {name, Written::at_birth, read_field<Members...>, bind_field<Members...>, same_field<Members...>};
}
template <auto... Members>
constexpr Column value(const char* name) {
  return {name, Written::when_changed, read_field<Members...>, bind_field<Members...>, same_field<Members...>};
}

/// A counter that only ever grows by one. One near the type's end is damage, and would overflow with the next change.
template <auto... Members>
void read_counter(Row& row, const Query& query, int column) {
  constexpr std::int64_t never_reached = std::int64_t{1} << 62;
  const std::int64_t value = query.integer(column);
  if (value < 0 || value >= never_reached) throw Failure(Code::corrupt, "a task has a counter that is none");
  field<Members...>(row) = value;
}
template <auto... Members>
constexpr Column counter(const char* name) {
  Column column = value<Members...>(name);
  column.read = read_counter<Members...>;
  return column;
}

// The core's reading of JSON refuses with invalid_argument, which here nobody gave as an argument.
template <auto... Members>
void read_json(Row& row, const Query& query, int column) {
  if (query.is_null(column)) return;
  auto& list = field<Members...>(row);
  try {
    if constexpr (std::is_same_v<std::decay_t<decltype(list)>, std::vector<core::Link>>) {
      list = core::parse_links(query.view(column));
    } else {
      list = core::parse_warnings(query.view(column));
    }
  } catch (const Failure& failure) {
    if (failure.error().code != Code::invalid_argument) throw;
    throw Failure(Code::corrupt, std::string("a task's ") + sqlite3_column_name(query.statement(), column) +
                                     " cannot be read: " + failure.error().message);
  }
}
template <core::Text RowValues::*Text>
void bind_text(Query& query, int parameter, const Row&, const RowValues& text) {
  give(query, parameter, text.*Text);
}
template <core::Text RowValues::*Text, auto... Members>
constexpr Column json(const char* name) {
  return {name, Written::when_changed, read_json<Members...>, bind_text<Text>, same_field<Members...>};
}

template <auto Member>
void read_bytes(Row& row, const Query& query, int column) {
  if (!query.is_null(column)) row.*Member = query.blob(column);
}
template <auto Member>
void bind_bytes(Query& query, int parameter, const Row& row, const RowValues&) {
  if (row.*Member) query.bind_blob(parameter, *(row.*Member));
}

// The body is read behind its format, and rendered where it is of another one, or none.
void read_body(Row& row, const Query& query, int column) {
  if (!query.is_null(column) && query.integer(column - 1) == body_format) row.body = query.text(column);
  if (row.body.empty()) row.body = core::render(row.task);
}
void bind_body(Query& query, int parameter, const Row& row, const RowValues&) {
  if (!row.body.empty()) query.bind(parameter, row.body);
}
void bind_body_format(Query& query, int parameter, const Row&, const RowValues&) { query.bind(parameter, body_format); }

template <auto Member>
void bind_own(Query& query, int parameter, const Row&, const RowValues& values) {
  query.bind(parameter, values.*Member);
}

constexpr Column columns[] = {
    {"seq", Written::at_birth, read_field<&Row::number>, bind_own<&RowValues::number>, same_field<&Row::number>},
    {"last_event", Written::with_revision, read_field<&Row::last_event>, bind_own<&RowValues::last_event>,
     same_field<&Row::revision>},
    birth<&Row::task, &Task::zone_id>("zone_id"),
    birth<&Row::task, &Task::id>("id"),
    birth<&Row::task, &Task::created_at>("created_at"),
    birth<&Row::task, &Task::operation>("operation"),
    value<&Row::task, &Task::status>("status"),
    value<&Row::task, &Task::updated_at>("updated_at"),
    value<&Row::task, &Task::error_message>("error_message"),
    value<&Row::task, &Task::install_id>("install_id"),
    json<&RowValues::links, &Row::task, &Task::links>("links"),
    value<&Row::task, &Task::package_id>("package_id"),
    value<&Row::task, &Task::package_slug>("package_slug"),
    value<&Row::task, &Task::package_version>("package_version"),
    json<&RowValues::warnings, &Row::task, &Task::warnings>("warnings"),
    {"result_href", Written::when_changed, nullptr, bind_text<&RowValues::result_href>,
     same_field<&Row::task, &Task::links>},
    value<&Row::result_media_type>("result_media_type"),
    counter<&Row::revision>("revision"),
    counter<&Row::version>("version"),
    counter<&Row::epoch>("epoch"),
    value<&Row::lease_until>("lease_until"),
    value<&Row::lease_clock>("lease_clock"),
    value<&Row::lease_duration>("lease_duration"),
    value<&Row::worker>("worker"),
    counter<&Row::attempt>("attempt"),
    value<&Row::max_attempts>("max_attempts"),
    value<&Row::not_before>("not_before"),
    value<&Row::start_by>("start_by"),
    value<&Row::started_at>("started_at"),
    value<&Row::progress_at>("progress_at"),
    value<&Row::priority>("priority"),
    value<&Row::ref>("ref"),
    value<&Row::cancel_requested>("cancel_requested"),
    value<&Row::failure_kind>("failure_kind"),
    value<&Row::failure_reason>("failure_reason"),
    value<&Row::error_detail>("error_detail"),
    value<&Row::client_request_id>("client_request_id"),
    value<&Row::traceparent>("traceparent"),
    {"outcome_digest", Written::when_changed, read_bytes<&Row::outcome_digest>, bind_bytes<&Row::outcome_digest>,
     same_field<&Row::outcome_digest>},
    {"body_format", Written::with_revision, nullptr, bind_body_format, same_field<&Row::revision>},
    {"body", Written::with_revision, read_body, bind_body, same_field<&Row::revision>},
};
static_assert(std::size(columns) < 64);

}  // namespace

std::span<const Column> all_columns() noexcept { return columns; }

core::Status read_status(std::string_view text) {
  const auto status = taskstate::status_from_string(text);
  if (!status) throw Failure(Code::corrupt, "a task has a status that is none");
  return *status;
}

}  // namespace tse::store::sqlite

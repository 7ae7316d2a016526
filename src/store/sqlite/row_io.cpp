#include "store/sqlite/row_io.hpp"

#include "core/codec.hpp"
#include "core/no_destructor.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <mutex>
#include <unordered_map>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;

namespace {

// One list for SELECT, INSERT and UPDATE; a column's place here is its column number and, plus one, its parameter.
enum Column : int {
  c_zone_id,
  c_id,
  c_created_at,
  c_operation,  // never change
  c_status,
  c_updated_at,
  c_error_message,
  c_install_id,
  c_links,
  c_package_id,
  c_package_slug,
  c_package_version,
  c_warnings,
  c_result_href,
  c_revision,
  c_version,
  c_epoch,
  c_lease_until,
  c_lease_clock,
  c_worker,
  c_attempt,
  c_max_attempts,
  c_not_before,
  c_start_by,
  c_priority,
  c_cancel_requested,
  c_failure_kind,
  c_error_detail,
  c_client_request_id,
  c_traceparent,
  c_outcome_digest,
  c_event_kind,
  c_event_worker,
  c_event_request_id,
  c_event_traceparent,
  c_event_message,
  c_event_detail,
  c_body,
  c_body_format,
  column_count
};
constexpr std::array<const char*, column_count> names{"zone_id",
                                                      "id",
                                                      "created_at",
                                                      "operation",
                                                      "status",
                                                      "updated_at",
                                                      "error_message",
                                                      "install_id",
                                                      "links",
                                                      "package_id",
                                                      "package_slug",
                                                      "package_version",
                                                      "warnings",
                                                      "result_href",
                                                      "revision",
                                                      "version",
                                                      "epoch",
                                                      "lease_until",
                                                      "lease_clock",
                                                      "worker",
                                                      "attempt",
                                                      "max_attempts",
                                                      "not_before",
                                                      "start_by",
                                                      "priority",
                                                      "cancel_requested",
                                                      "failure_kind",
                                                      "error_detail",
                                                      "client_request_id",
                                                      "traceparent",
                                                      "outcome_digest",
                                                      "event_kind",
                                                      "event_worker",
                                                      "event_request_id",
                                                      "event_traceparent",
                                                      "event_message",
                                                      "event_detail",
                                                      "body",
                                                      "body_format"};

std::string parameter(int column) { return "?" + std::to_string(column + 1); }

std::string make_columns() {
  std::string out;
  for (int i = 0; i < column_count; ++i) out += (i == 0 ? "" : ", ") + std::string(names[static_cast<std::size_t>(i)]);
  return out;
}

std::string make_insert() {
  std::string values;
  for (int i = 0; i < column_count; ++i) values += (i == 0 ? "" : ", ") + parameter(i);
  return "INSERT INTO taskstate_tasks (" + make_columns() + ") VALUES (" + values + ")";
}

constexpr int p_version = column_count + 1;  // the parameter after those of the columns

constexpr Columns bit(int column) { return Columns{1} << column; }
static_assert(column_count < 64);

// The core's reading of JSON refuses with invalid_argument, which here nobody gave as an argument.
template <typename Parse>
auto parse_stored(Parse parse, const char* column) {
  try {
    return parse();
  } catch (const Failure& failure) {
    if (failure.error().code != Code::invalid_argument) throw;
    throw Failure(Code::corrupt, std::string("a task's ") + column + " cannot be read: " + failure.error().message);
  }
}

std::size_t size_of(const core::Text& text) { return text ? text->size() : 0; }

}  // namespace

const std::string& row_columns() {
  static const core::NoDestructor<std::string> columns(make_columns());
  return *columns;
}

const std::string& insert_row_sql() {
  static const core::NoDestructor<std::string> sql(make_insert());
  return *sql;
}

Columns all_columns() noexcept { return bit(column_count) - 1; }

// The body goes with the revision: what stands in the file may be of another format, or nothing.
Columns changed_columns(const core::Row& before, const core::Row& next) {
  Columns changed = bit(c_version);
  const auto compare = [&](const auto& old, const auto& now, Columns columns) {
    if (!(old == now)) changed |= columns;
  };
  const core::Task &old = before.task, &now = next.task;
  compare(old.status, now.status, bit(c_status));
  compare(old.updated_at, now.updated_at, bit(c_updated_at));
  compare(old.error_message, now.error_message, bit(c_error_message));
  compare(old.install_id, now.install_id, bit(c_install_id));
  compare(old.links, now.links, bit(c_links) | bit(c_result_href));
  compare(old.package_id, now.package_id, bit(c_package_id));
  compare(old.package_slug, now.package_slug, bit(c_package_slug));
  compare(old.package_version, now.package_version, bit(c_package_version));
  compare(old.warnings, now.warnings, bit(c_warnings));
  compare(before.revision, next.revision, bit(c_revision) | bit(c_body) | bit(c_body_format));
  compare(before.epoch, next.epoch, bit(c_epoch));
  compare(before.lease_until, next.lease_until, bit(c_lease_until));
  compare(before.lease_clock, next.lease_clock, bit(c_lease_clock));
  compare(before.worker, next.worker, bit(c_worker));
  compare(before.attempt, next.attempt, bit(c_attempt));
  compare(before.max_attempts, next.max_attempts, bit(c_max_attempts));
  compare(before.not_before, next.not_before, bit(c_not_before));
  compare(before.start_by, next.start_by, bit(c_start_by));
  compare(before.priority, next.priority, bit(c_priority));
  compare(before.cancel_requested, next.cancel_requested, bit(c_cancel_requested));
  compare(before.failure_kind, next.failure_kind, bit(c_failure_kind));
  compare(before.error_detail, next.error_detail, bit(c_error_detail));
  compare(before.client_request_id, next.client_request_id, bit(c_client_request_id));
  compare(before.traceparent, next.traceparent, bit(c_traceparent));
  compare(before.outcome_digest, next.outcome_digest, bit(c_outcome_digest));
  compare(before.note.kind, next.note.kind, bit(c_event_kind));
  compare(before.note.worker, next.note.worker, bit(c_event_worker));
  compare(before.note.request_id, next.note.request_id, bit(c_event_request_id));
  compare(before.note.traceparent, next.note.traceparent, bit(c_event_traceparent));
  compare(before.note.message, next.note.message, bit(c_event_message));
  compare(before.note.detail, next.note.detail, bit(c_event_detail));
  return changed;
}

namespace {

std::string make_update(Columns columns) {
  std::string sql = "UPDATE taskstate_tasks SET ";
  const char* separator = "";
  for (Columns left = columns; left != 0; left &= left - 1) {
    const int column = std::countr_zero(left);
    sql.append(separator).append(names.at(static_cast<std::size_t>(column))).append(" = ").append(parameter(column));
    separator = ", ";
  }
  return sql + " WHERE zone_id = " + parameter(c_zone_id) + " AND id = " + parameter(c_id) +
         " AND version = " + parameter(column_count);
}

/// A counter that only ever grows by one. One near the type's end is damage, and would overflow with the next change.
std::int64_t read_counter(const Query& query, Column column) {
  constexpr std::int64_t never_reached = std::int64_t{1} << 62;
  const std::int64_t value = query.integer(column);
  if (value < 0 || value >= never_reached) throw Failure(Code::corrupt, "a task has a counter that is none");
  return value;
}

}  // namespace

const std::string& update_row_sql(Columns columns) {
  static std::mutex mutex;
  static core::NoDestructor<std::unordered_map<Columns, std::string>> made;
  const std::lock_guard lock(mutex);
  const auto found = (*made).find(columns);
  return (found != (*made).end() ? found : (*made).emplace(columns, make_update(columns)).first)->second;
}

void bind_key_and_version(Query& query, const core::Row& row) {
  query.bind(c_zone_id + 1, row.task.zone_id).bind(c_id + 1, row.task.id).bind(p_version, row.version);
}

RowText::RowText(const core::Row& row, Columns columns) {
  if ((columns & bit(c_links)) != 0) {
    if (!row.task.links.empty()) links = core::render(row.task.links);
    if (const auto href = core::result_href(row.task)) result_href = std::string(*href);
  }
  if ((columns & bit(c_warnings)) != 0 && !row.task.warnings.empty()) warnings = core::render(row.task.warnings);
}

std::size_t bytes_of(const core::Row& row) {
  // The body holds what the wire shows once more.
  return 2 * row.body.size() + size_of(row.task.error_message) + size_of(row.error_detail) +
         2 * (size_of(row.note.message) + size_of(row.note.detail));
}

void bind_row(Query& query, const core::Row& row, const RowText& text, Columns columns) {
  const core::Task& task = row.task;
  const auto bind = [&](Column column, const auto& value) {
    if ((columns & bit(column)) != 0) query.bind(column + 1, value);
  };
  bind(c_zone_id, task.zone_id);
  bind(c_id, task.id);
  bind(c_created_at, task.created_at);
  bind(c_operation, task.operation);
  bind(c_status, taskstate::to_string(task.status));
  bind(c_updated_at, task.updated_at);
  bind(c_error_message, task.error_message);
  bind(c_install_id, task.install_id);
  bind(c_links, text.links);
  bind(c_package_id, task.package_id);
  bind(c_package_slug, task.package_slug);
  bind(c_package_version, task.package_version);
  bind(c_warnings, text.warnings);
  bind(c_result_href, text.result_href);
  bind(c_revision, row.revision);
  bind(c_version, row.version);
  bind(c_epoch, row.epoch);
  bind(c_lease_until, row.lease_until);
  bind(c_lease_clock, row.lease_clock);
  bind(c_worker, row.worker);
  bind(c_attempt, row.attempt);
  bind(c_max_attempts, row.max_attempts);
  bind(c_not_before, row.not_before);
  bind(c_start_by, row.start_by);
  bind(c_priority, row.priority);
  bind(c_cancel_requested, std::int64_t{row.cancel_requested ? 1 : 0});
  if (row.failure_kind) bind(c_failure_kind, core::to_string(*row.failure_kind));
  bind(c_error_detail, row.error_detail);
  bind(c_client_request_id, row.client_request_id);
  bind(c_traceparent, row.traceparent);
  bind(c_outcome_digest, row.outcome_digest);
  bind(c_event_kind, row.note.kind);
  bind(c_event_worker, row.note.worker);
  bind(c_event_request_id, row.note.request_id);
  bind(c_event_traceparent, row.note.traceparent);
  bind(c_event_message, row.note.message);
  bind(c_event_detail, row.note.detail);
  if (!row.body.empty()) bind(c_body, row.body);
  bind(c_body_format, body_format);
}

core::Status read_status(std::string_view text) {
  const auto status = taskstate::status_from_string(text);
  if (!status) throw Failure(Code::corrupt, "a task has a status that is none");
  return *status;
}

core::Row read_row(const Query& query) {
  core::Row row;
  core::Task& task = row.task;
  task.zone_id = query.text(c_zone_id);
  task.id = query.text(c_id);
  task.created_at = query.integer(c_created_at);
  task.operation = query.text(c_operation);
  task.status = read_status(query.view(c_status));
  task.updated_at = query.integer(c_updated_at);
  task.error_message = query.optional_text(c_error_message);
  task.install_id = query.optional_text(c_install_id);
  if (!query.is_null(c_links))
    task.links = parse_stored([&] { return core::parse_links(query.view(c_links)); }, "links");
  task.package_id = query.optional_text(c_package_id);
  task.package_slug = query.optional_text(c_package_slug);
  task.package_version = query.optional_integer(c_package_version);
  if (!query.is_null(c_warnings))
    task.warnings = parse_stored([&] { return core::parse_warnings(query.view(c_warnings)); }, "warnings");
  row.revision = read_counter(query, c_revision);
  row.version = read_counter(query, c_version);
  row.epoch = read_counter(query, c_epoch);
  row.lease_until = query.optional_integer(c_lease_until);
  row.lease_clock = query.optional_text(c_lease_clock);
  row.worker = query.optional_text(c_worker);
  row.attempt = read_counter(query, c_attempt);
  row.max_attempts = query.integer(c_max_attempts);
  row.not_before = query.optional_integer(c_not_before);
  row.start_by = query.optional_integer(c_start_by);
  row.priority = query.integer(c_priority);
  row.cancel_requested = query.integer(c_cancel_requested) != 0;
  if (!query.is_null(c_failure_kind)) row.failure_kind = core::failure_kind_from_string(query.view(c_failure_kind));
  row.error_detail = query.optional_text(c_error_detail);
  row.client_request_id = query.optional_text(c_client_request_id);
  row.traceparent = query.optional_text(c_traceparent);
  row.outcome_digest = query.optional_integer(c_outcome_digest);
  row.note.kind = query.text(c_event_kind);
  row.note.worker = query.optional_text(c_event_worker);
  row.note.request_id = query.optional_text(c_event_request_id);
  row.note.traceparent = query.optional_text(c_event_traceparent);
  row.note.message = query.optional_text(c_event_message);
  row.note.detail = query.optional_text(c_event_detail);
  if (!query.is_null(c_body) && query.integer(c_body_format) == body_format) row.body = query.text(c_body);
  if (row.body.empty()) row.body = core::render(task);
  return row;
}

const std::string& event_columns() {
  static const core::NoDestructor<std::string> columns(
      "seq, zone_id, id, kind, from_status, to_status, at, revision, attempt, worker, epoch, request_id, traceparent, "
      "message, "
      "detail");
  return *columns;
}

core::Event read_event(const Query& query) {
  core::Event event;
  int column = 0;
  event.sequence = query.integer(column++);
  event.key = {query.text(column), query.text(column + 1)};
  column += 2;
  event.kind = query.text(column++);
  if (!query.is_null(column)) event.from = read_status(query.view(column));
  event.to = read_status(query.view(++column));
  event.at = query.integer(++column);
  event.revision = query.integer(++column);
  event.attempt = query.integer(++column);
  event.worker = query.optional_text(++column);
  event.epoch = query.integer(++column);
  event.request_id = query.optional_text(++column);
  event.traceparent = query.optional_text(++column);
  event.message = query.optional_text(++column);
  event.detail = query.optional_text(++column);
  return event;
}

}  // namespace tse::store::sqlite

#include "store/sqlite/row_io.hpp"

#include "core/codec.hpp"

#include <array>
#include <cstddef>

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

std::string make_update() {
  std::string out = "UPDATE taskstate_tasks SET ";
  for (int i = c_status; i < column_count; ++i)
    out += (i == c_status ? "" : ", ") + std::string(names[static_cast<std::size_t>(i)]) + " = " + parameter(i);
  return out + " WHERE zone_id = " + parameter(c_zone_id) + " AND id = " + parameter(c_id) +
         " AND version = " + parameter(column_count);
}

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
  static const std::string columns = make_columns();
  return columns;
}

const std::string& insert_row_sql() {
  static const std::string sql = make_insert();
  return sql;
}

const std::string& update_row_sql() {
  static const std::string sql = make_update();
  return sql;
}

void bind_expected_version(Query& query, std::int64_t expected) { query.bind(column_count + 1, expected); }

RowText::RowText(const core::Row& row) {
  if (!row.task.links.empty()) links = core::render(row.task.links);
  if (!row.task.warnings.empty()) warnings = core::render(row.task.warnings);
  if (const auto href = core::result_href(row.task)) result_href = std::string(*href);
}

std::size_t RowText::bytes(const core::Row& row) const {
  return row.body.size() + size_of(links) + size_of(warnings) + size_of(result_href) + size_of(row.task.install_id) +
         size_of(row.task.package_id) + size_of(row.task.package_slug) + 2 * size_of(row.task.error_message) +
         size_of(row.error_detail) + 2 * (size_of(row.note.message) + size_of(row.note.detail));
}

void bind_row(Query& query, const core::Row& row, const RowText& text) {
  const core::Task& task = row.task;
  const auto at = [](Column column) { return static_cast<int>(column) + 1; };
  query.bind(at(c_zone_id), task.zone_id).bind(at(c_id), task.id).bind(at(c_created_at), task.created_at);
  query.bind(at(c_operation), task.operation).bind(at(c_status), taskstate::to_string(task.status));
  query.bind(at(c_updated_at), task.updated_at).bind(at(c_error_message), task.error_message);
  query.bind(at(c_install_id), task.install_id).bind(at(c_links), text.links);
  query.bind(at(c_package_id), task.package_id).bind(at(c_package_slug), task.package_slug);
  query.bind(at(c_package_version), task.package_version).bind(at(c_warnings), text.warnings);
  query.bind(at(c_result_href), text.result_href).bind(at(c_revision), row.revision).bind(at(c_version), row.version);
  query.bind(at(c_epoch), row.epoch).bind(at(c_lease_until), row.lease_until).bind(at(c_lease_clock), row.lease_clock);
  query.bind(at(c_worker), row.worker).bind(at(c_attempt), row.attempt).bind(at(c_max_attempts), row.max_attempts);
  query.bind(at(c_not_before), row.not_before).bind(at(c_start_by), row.start_by).bind(at(c_priority), row.priority);
  query.bind(at(c_cancel_requested), std::int64_t{row.cancel_requested ? 1 : 0});
  if (row.failure_kind) query.bind(at(c_failure_kind), core::to_string(*row.failure_kind));
  query.bind(at(c_error_detail), row.error_detail).bind(at(c_client_request_id), row.client_request_id);
  query.bind(at(c_traceparent), row.traceparent).bind(at(c_outcome_digest), row.outcome_digest);
  query.bind(at(c_event_kind), row.note.kind).bind(at(c_event_worker), row.note.worker);
  query.bind(at(c_event_request_id), row.note.request_id).bind(at(c_event_traceparent), row.note.traceparent);
  query.bind(at(c_event_message), row.note.message).bind(at(c_event_detail), row.note.detail);
  if (!row.body.empty()) query.bind(at(c_body), row.body);
  query.bind(at(c_body_format), body_format);
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
  row.revision = query.integer(c_revision);
  row.version = query.integer(c_version);
  row.epoch = query.integer(c_epoch);
  row.lease_until = query.optional_integer(c_lease_until);
  row.lease_clock = query.optional_text(c_lease_clock);
  row.worker = query.optional_text(c_worker);
  row.attempt = query.integer(c_attempt);
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
  static const std::string columns =
      "seq, zone_id, id, kind, from_status, to_status, at, revision, attempt, worker, epoch, request_id, traceparent, "
      "message, "
      "detail";
  return columns;
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

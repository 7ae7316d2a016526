#include "store/sqlite/row_io.hpp"

#include "core/codec.hpp"
#include "core/no_destructor.hpp"

#include <bit>
#include <mutex>
#include <unordered_map>

namespace tse::store::sqlite {

namespace {

constexpr Columns bit(std::size_t column) { return Columns{1} << column; }

std::string parameter(std::size_t column) { return "?" + std::to_string(column + 1); }

/// "a, b, c", each made of a column's number.
template <class Make>
std::string join(Columns columns, Make make) {
  std::string out;
  for (Columns left = columns; left != 0; left &= left - 1)
    out += (out.empty() ? "" : ", ") + make(static_cast<std::size_t>(std::countr_zero(left)));
  return out;
}

std::string name_of(std::size_t column) { return all_columns()[column].name; }

std::size_t number_of(std::string_view name) {
  std::size_t column = 0;
  while (all_columns()[column].name != name) ++column;
  return column;
}

std::string make_insert(Columns columns) {
  return "INSERT INTO taskstate_tasks (" + join(columns, name_of) + ") VALUES (" + join(columns, parameter) + ")";
}

std::string make_update(Columns columns) {
  const std::string sets =
      join(columns, [](std::size_t column) { return name_of(column) + " = " + parameter(column); });
  return "UPDATE taskstate_tasks SET " + sets + " WHERE seq = " + parameter(number_of("seq")) +
         " AND version = " + parameter(all_columns().size()) +
         " AND last_event = " + parameter(all_columns().size() + 1);
}

/// Statements by the columns that they write.
class Made {
 public:
  explicit Made(std::string (*make)(Columns)) : make_(make) {}
  const Sql& of(Columns columns) {
    const std::lock_guard lock(mutex_);
    const auto found = made_.find(columns);
    return (found != made_.end() ? found : made_.try_emplace(columns, make_(columns)).first)->second;
  }

 private:
  std::string (*make_)(Columns);
  std::mutex mutex_;
  std::unordered_map<Columns, Sql> made_;
};

std::size_t size_of(const core::Text& text) { return text ? text->size() : 0; }

}  // namespace

Columns every_column() noexcept { return bit(all_columns().size()) - 1; }

const std::string& row_columns() {
  static const core::NoDestructor<std::string> columns(join(every_column(), name_of));
  return *columns;
}

const Sql& insert_row_sql(Columns columns) {
  static core::NoDestructor<Made> made(make_insert);
  return (*made).of(columns);
}

Columns birth_columns(const core::Row& row) {
  static const core::NoDestructor<core::Row> blank;
  // By default it is the time of the statement, not the blank row's.
  static const Columns always = bit(number_of("updated_at"));
  Columns columns = changed_columns(*blank, row) | always;
  for (std::size_t column = 0; column < all_columns().size(); ++column)
    if (all_columns()[column].written == Written::at_birth) columns |= bit(column);
  return columns;
}

Columns changed_columns(const core::Row& before, const core::Row& next) {
  Columns changed = 0;
  for (std::size_t column = 0; column < all_columns().size(); ++column) {
    const Column& each = all_columns()[column];
    if (each.written != Written::at_birth && !each.same(before, next)) changed |= bit(column);
  }
  return changed;
}

const Sql& update_row_sql(Columns columns) {
  static core::NoDestructor<Made> made(make_update);
  return (*made).of(columns);
}

void bind_place(Query& query, const core::Row& row, std::int64_t last_event) {
  static const int number = static_cast<int>(number_of("seq")) + 1;
  const int behind = static_cast<int>(all_columns().size()) + 1;
  query.bind(number, row.number).bind(behind, row.version).bind(behind + 1, last_event);
}

RowValues values_of(const core::Row& row, Columns columns) {
  static const Columns links = bit(number_of("links")), warnings = bit(number_of("warnings"));
  RowValues values;
  if ((columns & links) != 0) {
    if (!row.task.links.empty()) values.links = core::render(row.task.links);
    if (const auto href = core::result_href(row.task)) values.result_href = std::string(*href);
  }
  if ((columns & warnings) != 0 && !row.task.warnings.empty()) values.warnings = core::render(row.task.warnings);
  return values;
}

std::size_t bytes_of(const core::Row& row) {
  // The body holds what the wire shows once more.
  return 2 * row.body.size() + size_of(row.task.error_message) + size_of(row.error_detail) +
         2 * (size_of(row.note.message) + size_of(row.note.detail));
}

void bind_row(Query& query, const core::Row& row, const RowValues& values, Columns columns) {
  for (Columns left = columns; left != 0; left &= left - 1) {
    const int column = std::countr_zero(left);
    all_columns()[static_cast<std::size_t>(column)].bind(query, column + 1, row, values);
  }
}

core::Row read_row(const Query& query) {
  core::Row row;
  int number = 0;
  for (const Column& column : all_columns()) {
    if (column.read != nullptr) column.read(row, query, number);
    ++number;
  }
  return row;
}

const std::string& event_columns() {
  static const core::NoDestructor<std::string> columns(
      "seq, zone_id, id, kind, from_status, to_status, at, revision, attempt, worker, epoch, request_id, traceparent, "
      "message, detail, operation, prev, took, failure_kind");
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
  event.operation = query.text(++column);
  event.previous = query.integer(++column);
  event.took = query.optional_integer(++column);
  if (!query.is_null(++column)) event.failure_kind = core::failure_kind_from_string(query.view(column));
  return event;
}

}  // namespace tse::store::sqlite

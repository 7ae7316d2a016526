#include "store/sqlite/verify.hpp"

#include "core/codec.hpp"
#include "core/json.hpp"
#include "core/no_destructor.hpp"
#include "core/validate.hpp"
#include "store/sqlite/failure.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/row_io.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;

namespace {

// A damaged key may hold anything; as a JSON string it stays on its line.
std::string name_of(std::string_view zone_id, std::string_view id) {
  std::string out = "task ";
  core::append_json_string(out, zone_id);
  out += "/";
  core::append_json_string(out, id);
  return out;
}

class Verification {
 public:
  explicit Verification(Connection& connection) : connection_(connection) {}

  VerifyReport run() {
    part("the file", [this] { check_pages(); });
    part("the schema", [this] { check_objects(); });
    part("taskstate_tasks", [this] { check_tasks(); });
    part("taskstate_events", [this] { check_events(); });
    part("taskstate_payloads", [this] { check_payloads(); });
    part("taskstate_counters", [this] { check_counters(); });
    part("taskstate_idempotency and taskstate_tombstones", [this] { check_references(); });
    part("taskstate_meta", [this] { check_meta(); });
    return std::move(report_);
  }

 private:
  void problem(std::string sentence) { report_.problems.push_back(std::move(sentence)); }

  // One damaged part must not hide the others.
  void part(const char* what, const std::function<void()>& check) {
    try {
      check();
    } catch (const Failure& failure) {
      if (failure.error().code != Code::corrupt && failure.error().code != Code::io_error) throw;
      problem(std::string(what) + " cannot be read to the end: " + failure.error().message);
    }
  }

  void check_pages();
  void check_objects();
  void check_tasks();
  void check_row(const Query& query, std::int64_t seq);
  void check_chain(const core::Row& row, std::int64_t seq);
  void check_events();
  void check_payloads();
  void check_counters();
  void check_references();
  void check_meta();
  void each_key(const char* sql, const char* sentence);

  Connection& connection_;
  VerifyReport report_;
};

void Verification::check_pages() {
  Query query(connection_, "PRAGMA integrity_check");
  while (query.step())
    if (query.view(0) != "ok") problem("SQLite's integrity check says: " + query.text(0));
}

struct Object {
  std::string type, name;
  core::Text sql;
};

// The measure is a database made by this process, once: parsing the schema takes longer than all else in a small file.
const std::vector<Object>& expected_objects() {
  static const core::NoDestructor<std::vector<Object>> objects([] {
    Connection model(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    migrate(model, 0, migrations(), false);
    std::vector<Object> found;
    Query query(model, "SELECT type, name, sql FROM sqlite_schema WHERE name GLOB 'taskstate_*'");
    while (query.step()) found.push_back({query.text(0), query.text(1), query.optional_text(2)});
    return found;
  }());
  return *objects;
}

void Verification::check_objects() {
  for (const Object& expected : expected_objects()) {
    Query found(connection_, "SELECT sql IS ?3 FROM sqlite_schema WHERE type = ?1 AND name = ?2");
    found.bind(1, expected.type).bind(2, expected.name).bind(3, expected.sql);
    const std::string object = "the " + expected.type + " " + expected.name;
    if (!found.step()) {
      problem(object + " is missing");
    } else if (found.integer(0) == 0) {
      problem(object + " was altered");
    }
  }
  Query strange(connection_,
                "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name GLOB 'taskstate_*' "
                "AND name NOT GLOB 'taskstate_*'");
  while (strange.step()) problem("a trigger of another application stands on a table of ours");
}

void Verification::check_tasks() {
  static const core::NoDestructor<std::string> sql("SELECT " + row_columns() +
                                                   ", seq FROM taskstate_tasks ORDER BY seq");
  Query query(connection_, *sql);
  const int seq_column = sqlite3_column_count(connection_.prepare(*sql)) - 1;
  while (query.step()) {
    ++report_.tasks;
    try {
      check_row(query, query.integer(seq_column));
    } catch (const Failure& failure) {
      if (failure.error().code != Code::corrupt) throw;
      problem(name_of(query.view(0), query.view(1)) + ": " + failure.error().message);
    }
  }
}

void Verification::check_row(const Query& query, std::int64_t seq) {
  const core::Row row = read_row(query);
  const std::string name = name_of(row.task.zone_id, row.task.id);
  for (const core::Detail& detail : core::validate(row.task))
    problem(name + ": " + detail.field + " " + detail.message);
  if (row.body != core::render(row.task)) problem(name + ": its stored body is not what the task looks like");
  if (row.version < row.revision) problem(name + ": its version is less than its revision");
  if (row.task.status != core::Status::running && (row.lease_until || row.lease_clock || row.worker))
    problem(name + ": it does not run and has a lease");
  if (row.lease_until && row.epoch == 0) problem(name + ": its lease has no epoch");
  if (row.attempt > row.max_attempts) problem(name + ": it was started more often than it may be");
  const RowText text = text_of(row, every_column());
  Query href(connection_, "SELECT result_href IS ?2 FROM taskstate_tasks WHERE seq = ?1");
  href.bind(1, seq).bind(2, text.result_href);
  if (href.step() && href.integer(0) == 0) problem(name + ": result_href is not the href of its result link");
  check_chain(row, seq);
}

void Verification::check_chain(const core::Row& row, std::int64_t seq) {
  static const core::NoDestructor<std::string> sql("SELECT " + event_columns() +
                                                   " FROM taskstate_events WHERE task_seq = ?1 ORDER BY revision");
  const std::string name = name_of(row.task.zone_id, row.task.id);
  Query query(connection_, *sql);
  query.bind(1, seq);
  std::optional<core::Event> last;
  std::int64_t count = 0;
  while (query.step()) {
    const core::Event event = read_event(query);
    ++count;
    const std::string where = name + ": event " + std::to_string(count) + " of its history ";
    if (event.revision != count) problem(where + "has revision " + std::to_string(event.revision));
    if (!last) {
      if (event.kind != "created" || event.from || event.to != core::Status::pending)
        problem(where + "is not its creation");
    } else {
      if (event.from != last->to) problem(where + "does not begin where the one before ended");
      if (event.from && event.from != event.to && !taskstate::can_transition(*event.from, event.to))
        problem(where + "is an illegal move");
      if (event.at < last->at) problem(where + "goes back in time");
    }
    last = event;
  }
  if (count != row.revision)
    problem(name + ": it has revision " + std::to_string(row.revision) + " and " + std::to_string(count) + " events");
  if (last && (last->epoch > row.epoch || last->attempt > row.attempt))
    problem(name + ": its epoch or attempt lies behind its history");
  if (last && last->to != row.task.status) problem(name + ": its history does not end in its status");
  if (last && last->at != row.task.updated_at) problem(name + ": its history does not end at updated_at");
}

void Verification::each_key(const char* sql, const char* sentence) {
  Query query(connection_, sql);
  while (query.step()) problem(name_of(query.view(0), query.view(1)) + ": " + sentence);
}

void Verification::check_events() {
  report_.events = connection_.integer("SELECT count(*) FROM taskstate_events");
  each_key(
      "SELECT zone_id, id FROM taskstate_events AS e WHERE task_seq IS NOT NULL AND NOT EXISTS "
      "(SELECT 1 FROM taskstate_erasures AS r WHERE r.task_seq = e.task_seq AND e.revision <= r.revision) AND NOT "
      "EXISTS "
      "(SELECT 1 FROM taskstate_tasks AS t WHERE t.seq = e.task_seq AND t.zone_id = e.zone_id AND t.id = e.id)",
      "an event of it is left, or names another key than the task");
  each_key("SELECT zone_id, id FROM taskstate_events WHERE (task_seq IS NULL) <> (kind = 'purged')",
           "an event of it belongs to no task and is no purge");
  each_key(
      "SELECT p.zone_id, p.id FROM taskstate_events AS p JOIN taskstate_tasks AS t ON t.zone_id = p.zone_id "
      "AND t.id = p.id JOIN taskstate_events AS e ON e.task_seq = t.seq AND e.revision = 1 "
      "WHERE p.task_seq IS NULL AND p.seq > e.seq",
      "a purge of it is told, and it is there");
  const std::int64_t misplaced = connection_.integer(
      "SELECT count(*) FROM taskstate_erasures WHERE task_seq IN (SELECT seq FROM taskstate_tasks) "
      "OR task_seq > coalesce((SELECT max(seq) FROM taskstate_tasks), 0)");
  if (misplaced > 0)
    problem("taskstate_erasures: " + std::to_string(misplaced) + " are of tasks that are there or may come");
  const std::int64_t missing = connection_.integer(
      "SELECT coalesce(max(seq), purged_through) - purged_through - count(seq) FROM taskstate_meta "
      "LEFT JOIN taskstate_events ON seq > purged_through");
  if (missing > 0) problem("taskstate_events: " + std::to_string(missing) + " are missing that no purge took along");
}

void Verification::check_payloads() {
  Query query(connection_,
              "SELECT task_seq FROM taskstate_payloads WHERE task_seq NOT IN (SELECT seq FROM taskstate_tasks)");
  while (query.step()) problem("a payload is left of the task with seq " + std::to_string(query.integer(0)));
}

void Verification::check_counters() {
  static const core::NoDestructor<std::string> sql(
      std::string("SELECT zone_id, operation, status, sum(counted), sum(there) FROM ("
                  "SELECT zone_id, operation, status, count AS counted, 0 AS there FROM ") +
      counts_table +
      " UNION ALL SELECT zone_id, operation, status, 0, count(*) FROM taskstate_tasks GROUP BY 1, 2, 3) "
      "GROUP BY 1, 2, 3 HAVING sum(counted) <> sum(there)");
  Query query(connection_, *sql);
  while (query.step()) {
    std::string zone;
    core::append_json_string(zone, query.view(0));
    problem("zone " + zone + ": the counter of " + query.text(2) + " tasks of one operation says " +
            std::to_string(query.integer(3)) + ", there are " + std::to_string(query.integer(4)));
  }
}

void Verification::check_references() {
  each_key(
      "SELECT zone_id, task_id FROM taskstate_idempotency AS i WHERE NOT EXISTS "
      "(SELECT 1 FROM taskstate_tasks AS t WHERE t.zone_id = i.zone_id AND t.id = i.task_id)",
      "an idempotency key refers to it, and it is not there");
  each_key(
      "SELECT zone_id, id FROM taskstate_tombstones AS d WHERE EXISTS "
      "(SELECT 1 FROM taskstate_tasks AS t WHERE t.zone_id = d.zone_id AND t.id = d.id AND t.created_at < "
      "d.expires_at)",
      "it has a tombstone, and is there");
}

void Verification::check_meta() {
  const auto look = [this](const char* is_wrong, const char* sentence) {
    Query query(connection_, is_wrong);
    while (query.step())
      if (query.integer(0) != 0) problem(std::string("taskstate_meta: ") + sentence);
  };
  look("SELECT count(*) <> 1 FROM taskstate_meta", "it has not one row");
  look(
      "SELECT epoch < max((SELECT coalesce(max(epoch), 0) FROM taskstate_tasks), "
      "(SELECT coalesce(max(epoch), 0) FROM taskstate_events)) FROM taskstate_meta",
      "the source of epochs lies behind an epoch that was given out");
  look("SELECT purging_at IS NOT NULL FROM taskstate_meta", "a purge is said to be under way");
  look("SELECT purged_through > (SELECT coalesce(max(seq), 0) FROM taskstate_events) FROM taskstate_meta",
       "purges are told of up to an event that never was");
  look("SELECT feed_floor > purged_through FROM taskstate_meta",
       "the feed begins after the events that purges took along");
  look("SELECT length(generation) <> 32 OR generation GLOB '*[^0-9a-f]*' FROM taskstate_meta",
       "the file's generation is not 32 hexadecimal digits");
  look("SELECT NOT (1 <= min_reader AND min_reader <= min_writer AND min_writer <= schema) FROM taskstate_meta",
       "the versions of the schema contradict each other");
}

}  // namespace

VerifyReport verify_all(Connection& connection) { return Verification(connection).run(); }

}  // namespace tse::store::sqlite

#include "store/sqlite/verify.hpp"

#include "core/codec.hpp"
#include "core/json.hpp"
#include "core/no_destructor.hpp"
#include "core/validate.hpp"
#include "store/sqlite/failure.hpp"
#include "store/sqlite/metrics.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/row_io.hpp"
#include "store/sqlite/settings.hpp"

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <variant>
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
    part("taskstate_erasures", [this] { check_erasures(); });
    part("taskstate_payloads and taskstate_results", [this] { check_payloads(); });
    part("taskstate_counters", [this] { check_counters(); });
    part("taskstate_metrics", [this] { check_metrics(); });
    part("taskstate_idempotency and taskstate_tombstones", [this] { check_references(); });
    part("the small tables", [this] { check_beside(); });
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
  void check_row(const core::Row& row);
  void check_lease(const core::Row& row, const std::string& name);
  void check_chain(const core::Row& row);
  void check_link(const core::Event& event, const std::optional<core::Event>& later, const std::string& where);
  void check_events();
  void check_erasures();
  void check_payloads();
  void check_counters();
  void check_metrics();
  void check_references();
  void check_beside();
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

// What a later release has made of our objects is not known here; but what we read is there.
void Verification::check_objects() {
  const bool is_newer = schema_of(connection_) > newest_schema();
  for (const Object& expected : expected_objects()) {
    if (is_newer && expected.type != "table") continue;
    Query found(connection_, "SELECT sql IS ?3 FROM sqlite_schema WHERE type = ?1 AND name = ?2");
    found.bind(1, expected.type).bind(2, expected.name).bind(3, expected.sql);
    const std::string object = "the " + expected.type + " " + expected.name;
    if (!found.step()) {
      problem(object + " is missing");
    } else if (found.integer(0) == 0 && !is_newer) {
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
                                                   ", result_href FROM taskstate_tasks "
                                                   "ORDER BY seq");
  Query query(connection_, *sql);
  const int href = sqlite3_column_count(query.statement()) - 1;
  while (query.step()) {
    ++report_.tasks;
    try {
      const core::Row row = read_row(query);
      check_row(row);
      if (query.optional_text(href) != values_of(row, every_column()).result_href)
        problem(name_of(row.task.zone_id, row.task.id) + ": result_href is not the href of its result link");
    } catch (const Failure& failure) {
      if (failure.error().code != Code::corrupt) throw;
      problem(name_of(query.view(2), query.view(3)) + ": " + failure.error().message);
    }
  }
}

void Verification::check_row(const core::Row& row) {
  const std::string name = name_of(row.task.zone_id, row.task.id);
  for (const core::Detail& detail : core::validate(row)) problem(name + ": " + detail.field + " " + detail.message);
  if (row.body != core::render(row.task)) problem(name + ": its stored body is not what the task looks like");
  if (row.version < row.revision) problem(name + ": its version is less than its revision");
  if (row.attempt > row.max_attempts) problem(name + ": it was started more often than it may be");
  if (row.started_at.value_or(row.task.created_at) < row.task.created_at ||
      row.started_at.value_or(row.task.created_at) > row.task.updated_at)
    problem(name + ": it was started before it was created or after its last change");
  if (row.task.status == core::Status::pending && (row.attempt != 0 || row.started_at))
    problem(name + ": it is pending and was started");
  if (row.failure_kind.has_value() != (row.task.status == core::Status::failed))
    problem(name + ": the kind of its failure does not go with its status");
  check_lease(row, name);
  check_chain(row);
}

void Verification::check_lease(const core::Row& row, const std::string& name) {
  const bool is_held = row.lease_until || row.lease_clock || row.lease_duration || row.worker;
  if (row.task.status != core::Status::running && is_held) problem(name + ": it does not run and has a lease");
  if (row.lease_until.has_value() != row.lease_clock.has_value()) problem(name + ": its lease has no end or no clock");
  if (row.lease_until && row.epoch == 0) problem(name + ": its lease has no epoch");
}

// From the newest event back.
void Verification::check_chain(const core::Row& row) {
  static const core::NoDestructor<std::string> sql("SELECT " + event_columns() +
                                                   ", task_seq FROM taskstate_events WHERE seq = ?1");
  const std::string name = name_of(row.task.zone_id, row.task.id);
  std::optional<core::Event> later;
  std::int64_t number = row.last_event;
  for (std::int64_t revision = row.revision; revision > 0; --revision) {
    Query query(connection_, *sql);
    query.bind(1, number);
    const std::string where = name + ": event " + std::to_string(revision) + " of its history ";
    if (!query.step()) return problem(where + "is missing");
    core::Event event = read_event(query);
    if (query.integer(sqlite3_column_count(query.statement()) - 1) != row.number || event.key != row.key() ||
        event.operation != row.task.operation)
      problem(name + ": event " + std::to_string(revision) + " names another key than the task");
    if (event.revision != revision) problem(where + "has revision " + std::to_string(event.revision));
    if (!later) {
      if (event.to != row.task.status) problem(name + ": its history does not end in its status");
      if (event.at != row.task.updated_at) problem(name + ": its history does not end at updated_at");
      if (event.epoch != row.epoch || event.attempt != row.attempt)
        problem(name + ": its epoch or attempt is another than its history says");
    }
    check_link(event, later, where);
    const bool is_first = event.kind == "created" && !event.from && event.to == core::Status::pending &&
                          event.previous == 0 && event.sequence == row.number;
    if (is_first != (revision == 1)) return problem(where + (is_first ? "is its creation" : "is not its creation"));
    if (event.previous >= event.sequence) return problem(where + "does not lead back");
    number = event.previous;
    later = std::move(event);
  }
}

void Verification::check_link(const core::Event& event, const std::optional<core::Event>& later,
                              const std::string& where) {
  if (event.from && event.from != event.to && !taskstate::can_transition(*event.from, event.to))
    problem(where + "is an illegal move");
  if (event.took.value_or(0) < 0) problem(where + "ended before it began");
  if (!later) return;
  if (later->from != event.to) problem(where + "does not end where the next begins");
  if (later->at < event.at) problem(where + "goes back in time");
  const bool begins_lease = later->epoch == later->sequence;
  if ((later->epoch != event.epoch && !begins_lease) || later->attempt < event.attempt)
    problem(where + "has an epoch or attempt that the next does not go on from");
}

void Verification::each_key(const char* sql, const char* sentence) {
  Query query(connection_, sql);
  while (query.step()) problem(name_of(query.view(0), query.view(1)) + ": " + sentence);
}

void Verification::check_events() {
  report_.events = connection_.integer("SELECT count(*) FROM taskstate_events");
  each_key(
      "SELECT zone_id, id FROM taskstate_events AS e WHERE task_seq IS NOT NULL AND NOT EXISTS "
      "(SELECT 1 FROM taskstate_erasures AS r WHERE r.task_seq = e.task_seq AND e.seq <= r.head) AND NOT EXISTS "
      "(SELECT 1 FROM taskstate_tasks AS t WHERE t.seq = e.task_seq AND t.zone_id = e.zone_id AND t.id = e.id)",
      "an event of it is left, or names another key than the task");
  Query counts(connection_,
               "SELECT zone_id, id, revision, found FROM taskstate_tasks JOIN "
               "(SELECT task_seq, count(*) AS found FROM taskstate_events GROUP BY 1) ON task_seq = seq "
               "WHERE found <> revision");
  while (counts.step())
    problem(name_of(counts.view(0), counts.view(1)) + ": it has revision " + std::to_string(counts.integer(2)) +
            " and " + std::to_string(counts.integer(3)) + " events");
  each_key("SELECT zone_id, id FROM taskstate_events WHERE (task_seq IS NULL) <> (kind = 'purged')",
           "an event of it belongs to no task and is no purge");
  each_key(
      "SELECT p.zone_id, p.id FROM taskstate_events AS p JOIN taskstate_tasks AS t ON t.zone_id = p.zone_id "
      "AND t.id = p.id WHERE p.task_seq IS NULL AND p.seq > t.seq",
      "a purge of it is told, and it is there");
  const std::int64_t missing = connection_.integer(
      "SELECT coalesce(max(seq), purged_through) - purged_through - count(seq) FROM taskstate_meta "
      "LEFT JOIN taskstate_events ON seq > purged_through");
  if (missing > 0) problem("taskstate_events: " + std::to_string(missing) + " are missing that no purge took along");
}

void Verification::check_erasures() {
  const std::int64_t misplaced = connection_.integer(
      "SELECT count(*) FROM taskstate_erasures AS r WHERE task_seq IN (SELECT seq FROM taskstate_tasks) "
      "OR NOT EXISTS (SELECT 1 FROM taskstate_events AS e WHERE e.seq = r.head AND e.task_seq = r.task_seq)");
  if (misplaced > 0)
    problem("taskstate_erasures: " + std::to_string(misplaced) + " are of tasks that are there or have no events");
}

void Verification::check_payloads() {
  Query query(connection_,
              "SELECT task_seq FROM taskstate_payloads WHERE task_seq NOT IN (SELECT seq FROM taskstate_tasks)");
  while (query.step()) problem("a payload is left of the task with seq " + std::to_string(query.integer(0)));
  Query results(connection_,
                "SELECT task_seq FROM taskstate_results WHERE task_seq NOT IN "
                "(SELECT seq FROM taskstate_tasks WHERE result_media_type IS NOT NULL)");
  while (results.step())
    problem("a result is there of the task with seq " + std::to_string(results.integer(0)) + ", which has none");
}

void Verification::check_metrics() {
  for (const std::string& name : find_short_metrics(connection_))
    problem("taskstate_metrics: " + name + " is less than the events say");
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

// What integrity_check does not look at: CHECKs of tables without rowid.
void Verification::check_beside() {
  constexpr std::array<std::array<const char*, 3>, 5> rules{{
      {"taskstate_settings", "name", "name = '' OR length(name) > 64 OR name GLOB '*[^a-z0-9_]*'"},
      {"taskstate_pauses", "name",
       "(kind <> 'zone' AND kind <> 'operation') OR name = '' OR length(name) > 128 OR name GLOB '*[^A-Za-z0-9._~-]*'"},
      {"taskstate_idempotency", "key", "length(CAST(key AS BLOB)) NOT BETWEEN 1 AND 512 OR length(fingerprint) <> 16"},
      {"taskstate_tombstones", "id", "length(id) NOT BETWEEN 1 AND 128 OR id GLOB '*[^A-Za-z0-9._~-]*'"},
      {"taskstate_metrics", "name", "name = '' OR name GLOB '*[^a-z_]*' OR bucket NOT BETWEEN 0 AND 63 OR value < 0"},
  }};
  for (const auto& [table, column, is_wrong] : rules) {
    Query query(connection_, std::string("SELECT ") + column + " FROM " + table + " WHERE " + is_wrong + " ORDER BY 1");
    while (query.step()) {
      std::string sentence = std::string(table) + ": a row breaks the rules of its table, with " + column + " ";
      core::append_json_string(sentence, query.view(0));
      problem(std::move(sentence));
    }
  }
  const auto settings = core::read_settings(find_settings(connection_), {});
  if (const auto* const refused = std::get_if<core::Error>(&settings))
    problem("taskstate_settings: " + refused->message);
}

void Verification::check_meta() {
  const auto look = [this](const char* is_wrong, const char* sentence) {
    Query query(connection_, is_wrong);
    while (query.step())
      if (query.integer(0) != 0) problem(std::string("taskstate_meta: ") + sentence);
  };
  look("SELECT count(*) <> 1 FROM taskstate_meta", "it has not one row");
  look("SELECT counted_through > (SELECT coalesce(max(seq), 0) FROM taskstate_events) FROM taskstate_meta",
       "metrics are counted up to an event that never was");
  look(
      "SELECT (SELECT coalesce(max(through), 0) FROM taskstate_counters) > (SELECT coalesce(max(seq), 0) "
      "FROM taskstate_events)",
      "counters go up to an event that never was");
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

// CHECKs are looked at only where they are at work.
VerifyReport verify_all(Connection& connection) {
  const bool was_guarded = connection.is_guarded();
  if (!was_guarded) connection.guard(true);
  VerifyReport report = Verification(connection).run();
  if (!was_guarded) connection.guard(false);
  return report;
}

}  // namespace tse::store::sqlite

// What any SQL client can and cannot do to the file, with the real sqlite3 shell.
#include "unit/store/support.hpp"

#include <taskstate/state_machine.hpp>

using namespace store_test;

BOOST_AUTO_TEST_SUITE(store_schema)

namespace {

/// A file with one task in every status: z/pending, z/running, z/completed, z/failed. The pending one has a payload.
struct Fixture {
  TempDirectory directory;
  std::string path = directory.path();
  std::unique_ptr<Store> store = open(path);

  Fixture() {
    must(*store, [](store::Session& session) { session.insert(new_row("z", "pending"), "payload"); });
    for (const char* id : {"running", "completed", "failed"}) {
      create(*store, "z", id);
      start(*store, {"z", id});
    }
    complete(*store, {"z", "completed"});
    fail(*store, {"z", "failed"});
  }

  void accepts(const std::string& sql) { BOOST_TEST(shell(path, sql) == "", sql); }
  /// Refused with this text, and nothing has changed.
  void refuses(const std::string& sql, const std::string& why) {
    const std::string before = dump();
    const std::string said = shell(path, sql);
    BOOST_TEST(said.find(why) != std::string::npos, sql << "\n said: " << said);
    BOOST_TEST(dump() == before, sql);
  }
  std::string dump() {
    return shell(path,
                 "SELECT * FROM taskstate_tasks; SELECT * FROM taskstate_events; SELECT * FROM taskstate_payloads;"
                 "SELECT * FROM taskstate_counters;");
  }
  void sound() {
    const auto report = store->verify(in());
    BOOST_TEST(report.problems == std::vector<std::string>(), boost::test_tools::per_element());
  }
};

std::string insert(const std::string& columns, const std::string& values) {
  return "INSERT INTO taskstate_tasks (" + columns + ") VALUES (" + values + ");";
}

/// An INSERT of z/new with one more column.
std::string with(const std::string& column, const std::string& value) {
  return insert("zone_id, id, operation, " + column, "'z', 'new', 'create', " + value);
}

std::string repeat(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_plain_insert_is_a_pending_task, Fixture) {
  accepts(insert("zone_id, id, operation", "'z', 'new', 'create'"));
  const auto row = store->read({"z", "new"}, in());
  BOOST_REQUIRE(row);
  BOOST_TEST((row->task.status == core::Status::pending));
  BOOST_TEST(row->revision == 1);
  BOOST_TEST(row->task.created_at == row->task.updated_at);
  BOOST_TEST(row->task.created_at > 1'700'000'000'000'000);
  BOOST_TEST(row->body.find("\"id\":\"new\"") != std::string::npos);
  BOOST_TEST(store->answer({"z", "new"}, {}, in()).row->body == row->body);
  const auto events = history(*store, {"z", "new"});
  BOOST_REQUIRE(events.size() == 1);
  BOOST_TEST(events[0].kind == "created");
  sound();
}

BOOST_FIXTURE_TEST_CASE(a_task_is_born_pending_and_new, Fixture) {
  for (const char* status : {"running", "completed", "failed"})
    refuses(insert("zone_id, id, operation, status, install_id, error_message",
                   "'z', 'new', 'create', '" + std::string(status) + "', 'ins', 'text'"),
            "born pending");
  refuses(with("status", "'odd'"), "born pending");
  refuses(with("revision", "2"), "born with revision 1");
  refuses(with("version", "2"), "born with revision 1");
  refuses(with("updated_at", "253402300799999999"), "created_at = updated_at");
}

BOOST_FIXTURE_TEST_CASE(no_insert_displaces_a_task, Fixture) {
  const std::string exists = "exists already";
  for (const char* verb : {"INSERT", "INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE", "INSERT OR ROLLBACK"}) {
    refuses(std::string(verb) + " INTO taskstate_tasks (zone_id, id, operation) VALUES ('z', 'completed', 'create');",
            exists);
    refuses(std::string(verb) + " INTO taskstate_tasks (seq, zone_id, id, operation) VALUES (1, 'z', 'new', 'create');",
            exists);
  }
  refuses(
      "INSERT INTO taskstate_tasks (zone_id, id, operation) VALUES ('z', 'pending', 'create') "
      "ON CONFLICT (zone_id, id) DO UPDATE SET operation = 'other';",
      exists);
  refuses(
      "PRAGMA recursive_triggers = ON; REPLACE INTO taskstate_tasks (zone_id, id, operation) "
      "VALUES ('z', 'completed', 'create');",
      exists);
  refuses(insert("seq, zone_id, id, operation", "-1, 'z', 'new', 'create'"), "CHECK");
}

BOOST_FIXTURE_TEST_CASE(the_state_machine_holds_for_all_sixteen_pairs, Fixture) {
  for (const auto from : taskstate::all_statuses)
    for (const auto to : taskstate::all_statuses) {
      const TempDirectory other;
      const std::string name(taskstate::to_string(from)), word(taskstate::to_string(to));
      const std::string result = to == core::Status::completed ? ", install_id = coalesce(install_id, 'ins_1')" : "";
      const std::string message = to == core::Status::failed ? "'It broke.'" : "NULL";
      const std::string sql = " taskstate_tasks SET status = '" + word + "', error_message = " + message + result +
                              " WHERE id = '" + name + "';";
      shell(path, "VACUUM INTO '" + other.path() + "'");
      const bool legal = taskstate::can_transition(from, to) || (from == to && !taskstate::is_terminal(from));
      for (const char* verb : {"UPDATE", "UPDATE OR REPLACE", "UPDATE OR IGNORE"}) {
        const std::string said = shell(other.path(), "BEGIN; " + (verb + sql) + " SELECT changes(); ROLLBACK;");
        const std::string why = taskstate::is_terminal(from) ? "task never changes" : "illegal move";
        BOOST_TEST((said == "1" || said.find(why) != std::string::npos), name << " to " << word << ": " << said);
        BOOST_TEST((said == "1") == legal, name << " to " << word << ": " << said);
      }
    }
}

BOOST_FIXTURE_TEST_CASE(a_key_and_a_birth_never_change, Fixture) {
  for (const char* verb : {"UPDATE", "UPDATE OR REPLACE"})
    for (const char* set : {"seq = 77", "zone_id = 'y'", "id = 'completed'", "id = 'b'", "created_at = created_at - 1",
                            "operation = 'delete', install_id = 'i'"})
      refuses(std::string(verb) + " taskstate_tasks SET " + set + " WHERE id = 'running';", "never change");
}

BOOST_FIXTURE_TEST_CASE(a_terminal_task_is_not_touched, Fixture) {
  for (const char* id : {"completed", "failed"})
    for (const char* set :
         {"package_version = 3", "priority = 1", "body = NULL", "worker = 'w'", "last_event = last_event + 1",
          "version = version + 1", "version = version + 1, revision = revision + 1"})
      refuses("UPDATE taskstate_tasks SET " + std::string(set) + " WHERE id = '" + id + "';",
              "completed or failed task never changes");
}

BOOST_FIXTURE_TEST_CASE(some_fields_are_written_once, Fixture) {
  for (const char* field : {"install_id", "package_slug"}) {
    accepts("UPDATE taskstate_tasks SET " + std::string(field) + " = 'first' WHERE id = 'running';");
    refuses("UPDATE taskstate_tasks SET " + std::string(field) + " = 'second' WHERE id = 'running';", "write-once");
    refuses("UPDATE taskstate_tasks SET " + std::string(field) + " = NULL WHERE id = 'running';", "write-once");
  }
  refuses("UPDATE taskstate_tasks SET package_id = 'second' WHERE id = 'running';", "write-once");
  refuses("UPDATE taskstate_tasks SET package_id = NULL WHERE id = 'running';", "write-once");
  sound();
}

BOOST_FIXTURE_TEST_CASE(counters_of_change_do_not_jump, Fixture) {
  const std::string set = "UPDATE taskstate_tasks SET ", one = " WHERE id = 'running';";
  refuses(set + "version = version + 2" + one, "grow by one");
  refuses(set + "version = version - 1" + one, "grow by one");
  refuses(set + "revision = revision + 1" + one, "grow by one");
  refuses(set + "version = version + 1, revision = revision + 2" + one, "grow by one");
  refuses(set + "version = version + 1, revision = revision - 1" + one, "grow by one");
  refuses(set + "version = version + 1, revision = revision + 1, updated_at = updated_at - 1" + one,
          "updated_at never goes back");
  for (const char* shown : {"package_version = 1", "install_id = 'i'", "package_slug = 's'",
                            "updated_at = updated_at + 1", "links = '[{\"href\":\"/a\",\"rel\":\"x\"}]'",
                            "warnings = '[{}]'", "status = 'completed'", "error_message = 'text'"})
    refuses(set + "version = version + 1, " + shown + one, "has an event");
  accepts(insert("zone_id, id, operation", "'z', 'bare', 'create'"));
  refuses(set + "version = version + 1, package_id = 'p' WHERE id = 'bare';", "has an event");
  accepts(set + "attempt = 5" + one);
  refuses(set + "attempt = 4" + one, "never goes back");
  for (const char* epoch : {"epoch = 5", "epoch = last_event", "epoch = last_event + 1", "epoch = last_event + 2"})
    refuses(set + epoch + one, "number of the event");
}

// Whoever does as an engine does, and says so, must have written the event.
BOOST_FIXTURE_TEST_CASE(the_head_of_a_history_is_its_newest_event, Fixture) {
  const std::string set = "UPDATE taskstate_tasks SET ", one = " WHERE id = 'running';";
  const std::string as_an_engine = ", version = version + 1, revision = revision + 1";
  for (const char* head : {"1", "last_event + 1", "(SELECT max(seq) FROM taskstate_events)",
                           "(SELECT max(seq) + 1 FROM taskstate_events)"})
    refuses(set + "last_event = " + head + as_an_engine + one, "file's own");
  for (const char* head : {"NULL", "last_event - 1"})
    refuses("UPDATE OR REPLACE taskstate_tasks SET last_event = " + std::string(head) + as_an_engine + one,
            "file's own");
  refuses(set + "last_event = last_event + 1" + one, "grow by one");
  const std::string event =
      "INSERT INTO taskstate_events (seq, task_seq, prev, zone_id, id, operation, kind, from_status, to_status, at, "
      "revision, attempt) SELECT (SELECT max(seq) FROM taskstate_events) + ";
  const std::string from = ", attempt FROM taskstate_tasks WHERE id = 'running';";
  const std::string good =
      "1, seq, last_event, zone_id, id, operation, 'annotated', status, status, updated_at, revision + 1";
  for (const auto& [piece, other] :
       std::vector<std::pair<std::string, std::string>>{{"1, seq", "2, seq"},
                                                        {"1, seq", "0, seq"},
                                                        {"seq, last_event", "seq + 1, last_event"},
                                                        {"seq, last_event", "seq, last_event - 1"},
                                                        {"seq, last_event", "seq, NULL"},
                                                        {"seq, last_event", "NULL, last_event"},
                                                        {"zone_id, id", "zone_id, 'pending'"},
                                                        {"id, operation", "id, 'delete'"},
                                                        {"'annotated'", "'created'"},
                                                        {"'annotated'", "'purged'"},
                                                        {"status, status", "'pending', status"},
                                                        {"status, status", "status, 'pending'"},
                                                        {"updated_at", "updated_at - 1"},
                                                        {"revision + 1", "revision"},
                                                        {"revision + 1", "revision + 2"}}) {
    std::string values = good;
    values.replace(values.find(piece), piece.size(), other);
    refuses(event + values + from, "taskstate: ");
  }
  // As it should be: then the row must follow, as the event says.
  const std::string begin =
      "BEGIN;" + event + good + from + set + "last_event = (SELECT max(seq) FROM taskstate_events)" + as_an_engine;
  refuses(begin + ", status = 'completed', install_id = 'i'" + one, "file's own");
  refuses(begin + ", updated_at = updated_at + 1" + one, "file's own");
  refuses(begin + ", attempt = 2" + one, "file's own");
  accepts(begin + one + "COMMIT;");
  sound();
}

BOOST_FIXTURE_TEST_CASE(counters_follow_the_events_alone, Fixture) {
  for (const char* set :
       {"pending = 5", "pending = pending + 1, through = through + 1", "through = through + 1", "through = 1",
        "through = NULL", "running = running - 1, completed = completed + 1", "zone_id = 'y'", "operation = 'delete'"})
    refuses("UPDATE OR REPLACE taskstate_counters SET " + std::string(set) + ";", "taskstate: counters");
  refuses("DELETE FROM taskstate_counters;", "taskstate: counters");
  refuses("REPLACE INTO taskstate_counters (zone_id, operation) VALUES ('z', 'create');", "taskstate: counters");
  refuses("INSERT INTO taskstate_counters (zone_id, operation, failed) VALUES ('y', 'create', 1);",
          "taskstate: counters");
}

BOOST_FIXTURE_TEST_CASE(metrics_settings_pauses_and_results_keep_their_form, Fixture) {
  accepts(
      "INSERT INTO taskstate_metrics (name, bucket) VALUES ('x', 0); UPDATE taskstate_metrics SET value = 3 WHERE name "
      "= 'x';");
  for (const char* sql :
       {"UPDATE taskstate_metrics SET value = 2 WHERE name = 'x';", "UPDATE taskstate_metrics SET name = 'y';",
        "UPDATE OR REPLACE taskstate_metrics SET bucket = 1;", "DELETE FROM taskstate_metrics;",
        "REPLACE INTO taskstate_metrics (name, bucket) VALUES ('x', 0);",
        "INSERT INTO taskstate_metrics VALUES ('y', 0, 1);"})
    refuses(sql, "taskstate: metrics");
  accepts("INSERT INTO taskstate_settings VALUES ('a', '1'), ('b', '2'); UPDATE taskstate_settings SET value = '3';");
  refuses("REPLACE INTO taskstate_settings VALUES ('a', '9');", "the setting is there");
  refuses("UPDATE OR REPLACE taskstate_settings SET name = 'b' WHERE name = 'a';", "keeps its name");
  refuses("UPDATE OR REPLACE taskstate_settings SET value = NULL;", "NOT NULL");
  refuses("INSERT INTO taskstate_settings VALUES ('A', '9');", "CHECK");
  accepts("INSERT INTO taskstate_pauses VALUES ('zone', 'z', 5, 'me'), ('operation', 'create', 5, NULL);");
  refuses("REPLACE INTO taskstate_pauses VALUES ('zone', 'z', 6, 'you');", "paused already");
  refuses("UPDATE taskstate_pauses SET since = 6;", "a pause ends");
  refuses("INSERT INTO taskstate_pauses VALUES ('worker', 'z', 6, 'you');", "CHECK");
  accepts("DELETE FROM taskstate_pauses; DELETE FROM taskstate_settings;");
  const std::string of = "(SELECT seq FROM taskstate_tasks WHERE id = ";
  refuses("INSERT INTO taskstate_results VALUES (" + of + "'completed'), x'00', NULL);", "a result comes with");
  accepts(
      "UPDATE taskstate_tasks SET status = 'completed', result_media_type = 'text/plain' WHERE id = 'running';"
      "INSERT INTO taskstate_results VALUES (" +
      of + "'running'), x'00', NULL);");
  refuses("REPLACE INTO taskstate_results VALUES (" + of + "'running'), x'01', NULL);", "a result comes with");
  refuses("UPDATE taskstate_results SET result = x'01';", "a result never changes");
  sound();
}

BOOST_FIXTURE_TEST_CASE(a_foreign_change_is_recorded_once, Fixture) {
  const auto before = *store->read({"z", "running"}, in());
  refuses("UPDATE taskstate_tasks SET lease_until = 5 WHERE id = 'running';", "CHECK");
  refuses("UPDATE taskstate_tasks SET lease_clock = 'c' WHERE id = 'running';", "CHECK");
  for (const std::string& clock : {std::string(), repeat("c", 129)})
    refuses(
        "UPDATE taskstate_tasks SET lease_until = 5, lease_clock = '" + clock + "', worker = 'w' WHERE id = 'running';",
        "CHECK");
  accepts("UPDATE taskstate_tasks SET lease_until = 5, lease_clock = 'c', worker = 'w' WHERE id = 'running';");
  accepts(
      "UPDATE taskstate_tasks SET status = 'failed', error_message = 'By hand.', updated_at = 1000001 WHERE id = "
      "'running';");
  const auto after = *store->read({"z", "running"}, in());
  BOOST_TEST(after.revision == before.revision + 2);
  BOOST_TEST(after.version == before.version + 2);
  BOOST_TEST(after.task.updated_at > before.task.updated_at);
  BOOST_TEST(!after.lease_until);
  BOOST_TEST(!after.lease_clock);
  BOOST_TEST(!after.worker);
  BOOST_TEST((after.failure_kind == core::FailureKind::failed));
  BOOST_TEST(after.body.find("By hand.") != std::string::npos);
  const auto events = history(*store, {"z", "running"});
  BOOST_REQUIRE(events.size() == 4);
  BOOST_TEST(events[2].kind == "external");
  BOOST_TEST((events[2].from == core::Status::running));
  BOOST_TEST(events[3].kind == "external");
  BOOST_TEST((events[3].from == core::Status::running));
  BOOST_TEST((events[3].to == core::Status::failed));
  BOOST_TEST((events[3].message == "By hand."));
  sound();
}

BOOST_FIXTURE_TEST_CASE(a_foreign_change_works_under_any_setting, Fixture) {
  int id = 0;
  for (const char* setting :
       {"PRAGMA recursive_triggers = ON;", "PRAGMA trusted_schema = OFF;", "PRAGMA foreign_keys = ON;"})
    for (const char* verb : {"UPDATE", "UPDATE OR REPLACE", "UPDATE OR IGNORE", "UPDATE OR FAIL"}) {
      const std::string name = "t" + std::to_string(++id);
      accepts(setting + insert("zone_id, id, operation", "'z', '" + name + "', 'create'"));
      accepts(setting + std::string(verb) + " taskstate_tasks SET status = 'running' WHERE id = '" + name + "';");
      accepts(setting + std::string(verb) + " taskstate_tasks SET status = 'completed', install_id = 'i' WHERE id = '" +
              name + "';");
      BOOST_TEST(history(*store, {"z", name}).size() == 3);
    }
  sound();
}

BOOST_FIXTURE_TEST_CASE(a_foreign_clock_cannot_turn_a_task_back, Fixture) {
  accepts("UPDATE taskstate_tasks SET updated_at = 253402300799999999 WHERE id = 'pending';");
  accepts("UPDATE taskstate_tasks SET status = 'running', updated_at = created_at WHERE id = 'pending';");
  BOOST_TEST(store->read({"z", "pending"}, in())->task.updated_at == 253402300799999999);
  sound();
}

BOOST_FIXTURE_TEST_CASE(a_result_belongs_to_completed_and_a_message_to_failed, Fixture) {
  refuses("UPDATE taskstate_tasks SET status = 'completed' WHERE id = 'running';", "CHECK");
  refuses("UPDATE taskstate_tasks SET status = 'failed' WHERE id = 'running';", "CHECK");
  refuses("UPDATE taskstate_tasks SET error_message = 'early' WHERE id = 'running';", "CHECK");
  refuses("UPDATE taskstate_tasks SET failure_kind = 'lost', version = version + 1 WHERE id = 'running';", "CHECK");
  refuses(with("error_message", "'early'"), "CHECK");
  refuses(insert("zone_id, id, operation", "'z', 'new', 'delete'"), "CHECK");
  accepts(
      "UPDATE taskstate_tasks SET status = 'completed', links = '[{\"href\":\"/r\",\"rel\":\"result\"}]', result_href "
      "= '/r' WHERE id = 'running';");
  BOOST_TEST((store->answer({"z", "running"}, {}, in()).row->result_href == "/r"));
  sound();
}

BOOST_FIXTURE_TEST_CASE(the_result_is_that_of_the_links, Fixture) {
  const std::string why = "result_href is the href";
  const std::string link = "'[{\"href\":\"/r\",\"rel\":\"result\"}]'";
  refuses(with("result_href", "'/r'"), why);
  refuses(with("links", link), why);
  refuses(insert("zone_id, id, operation, links, result_href", "'z', 'new', 'create', " + link + ", '/other'"), why);
  refuses("UPDATE taskstate_tasks SET result_href = '/r' WHERE id = 'running';", why);
  refuses("UPDATE taskstate_tasks SET links = " + link + " WHERE id = 'running';", why);
  const std::string turned = "'[{\"rel\":\"result\",\"href\":\"/r\"}]'";
  accepts("UPDATE taskstate_tasks SET links = " + turned + ", result_href = '/r' WHERE id = 'running';");
  accepts(insert("zone_id, id, operation, links, result_href", "'z', 'new', 'create', " + turned + ", '/r'"));
}

BOOST_FIXTURE_TEST_CASE(lists_are_lists, Fixture) {
  const std::string link = "{\"href\":\"/a\",\"rel\":\"x\"}";
  for (const char* column : {"links", "warnings"}) {
    const std::size_t most = column[0] == 'l' ? 64 : 256;
    for (const std::string& value :
         {std::string("[]"), std::string("{}"), std::string("5"), std::string(" [{}]"), std::string("x")})
      refuses(with(column, "'" + value + "'"), "rror");
    refuses(with(column, "'[{\"a\":\"" + repeat("a", 1048568) + "\"}]'"), "CHECK");
    refuses(with(column, "'[{]'"), "malformed JSON");
    refuses(with(column, "'[{}1{}]'"), "malformed JSON");
    refuses(with(column, "'[{},5,{}]'"), "objects");
    refuses(with(column, "'[{}" + repeat(",{}", most) + "]'"), "objects");
    refuses("UPDATE taskstate_tasks SET " + std::string(column) + " = '[{},5,{}]' WHERE id = 'running';", "objects");
    accepts("BEGIN;" + with(column, "'[{}" + repeat(",{}", most - 1) + "]'") + "ROLLBACK;");
  }
}

BOOST_FIXTURE_TEST_CASE(ids_keep_their_grammar, Fixture) {
  for (const char* bad : {"''", "'.'", "'..'", "'a/b'", "'a b'", "'\xc3\xa4'", "'a' || char(0)", "'a' || char(10)",
                          "x'61'", "NULL", "'%41'"}) {
    refuses(insert("zone_id, id, operation", "'z', " + std::string(bad) + ", 'create'"), "rror");
    refuses(insert("zone_id, id, operation", std::string(bad) + ", 'new', 'create'"), "rror");
  }
  refuses(insert("zone_id, id, operation", "'z', '" + repeat("a", 129) + "', 'create'"), "CHECK");
  refuses(insert("zone_id, id, operation", "'" + repeat("a", 129) + "', 'new', 'create'"), "CHECK");
  accepts(insert("zone_id, id, operation", "'...', '" + repeat("a", 128) + "', 'create'"));
  accepts(insert("zone_id, id, operation", "'" + repeat("a", 128) + "', 'aZ09-._~', 'create'"));
  for (const char* bad : {"''", "'Create'", "'1a'", "'a-b'", "'_a'", "'a' || char(0)", "'\xc3\xa4'",
                          "'abcdefghijklmnopqrstuvwxyz0123456'"})
    refuses(insert("zone_id, id, operation", "'z', 'new', " + std::string(bad)), "CHECK");
  accepts(insert("zone_id, id, operation", "'z', 'new', 'abcdefghijklmnopqrstuvwxyz_12345'"));
  sound();
}

BOOST_FIXTURE_TEST_CASE(texts_and_numbers_keep_their_limits, Fixture) {
  for (const char* column : {"install_id", "package_id", "package_slug"}) {
    refuses(with(column, "''"), "CHECK");
    refuses(with(column, "'" + repeat("a", 513) + "'"), "CHECK");
    refuses(with(column, "'" + repeat("\xc3\xa4", 257) + "'"), "CHECK");
    for (const char* control : {"0", "1", "10", "31", "127", "128", "159"})
      refuses(with(column, "'a' || char(" + std::string(control) + ") || 'b'"), "CHECK");
    accepts("BEGIN;" + with(column, "'" + repeat("\xc3\xa4", 256) + "'") + "ROLLBACK;");
    accepts("BEGIN;" + with(column, "'a-b ' || char(32, 126, 160, 8232)") + "ROLLBACK;");
  }
  refuses(with("install_id", "'.'"), "CHECK");
  refuses(with("install_id", "'..'"), "CHECK");
  refuses(with("package_version", "-1"), "CHECK");
  refuses(with("package_version", "9007199254740992"), "CHECK");
  refuses(with("package_version", "'x'"), "cannot store TEXT");
  refuses(insert("zone_id, id, operation, created_at, updated_at",
                 "'z', 'new', 'create', -62167219200000001, -62167219200000001"),
          "CHECK");
  refuses(insert("zone_id, id, operation, created_at, updated_at",
                 "'z', 'new', 'create', 253402300800000000, 253402300800000000"),
          "CHECK");
  refuses("UPDATE taskstate_tasks SET updated_at = 253402300800000000 WHERE id = 'running';", "CHECK");
  const std::string failing = "UPDATE taskstate_tasks SET status = 'failed', error_message = ";
  refuses(failing + "'' WHERE id = 'running';", "CHECK");
  refuses(failing + "'a' || char(0) WHERE id = 'running';", "CHECK");
  refuses(failing + "'" + repeat("a", 16385) + "' WHERE id = 'running';", "CHECK");
  accepts("BEGIN;" + failing + "'" + repeat("a", 16384) + "' WHERE id = 'running'; ROLLBACK;");
  for (const char* href : {"//evil", "rel", "/a b", "/a\\b", "/\xc3\xa4"})
    refuses(insert("zone_id, id, operation, links, result_href",
                   "'z', 'new', 'create', '[{\"href\":\"" +
                       (href == std::string("/a\\b") ? std::string("/a\\\\b") : std::string(href)) +
                       "\",\"rel\":\"result\"}]', '" + href + "'"),
            "CHECK");
  for (const char* bad : {"epoch, -1", "attempt, -1", "max_attempts, 0", "cancel_requested, 2", "failure_kind, 'odd'",
                          "priority, -101", "priority, 101", "ref, ''", "outcome_digest, x'00'", "failure_reason, 'A'",
                          "result_media_type, 'text/plain'", "lease_duration, 5", "last_event, 1", "revision, 0"}) {
    const std::string text = bad;
    refuses(with(text.substr(0, text.find(',')), text.substr(text.find(',') + 1)), "rror");
  }
  for (const auto& [wide, most] : std::vector<std::pair<std::string, std::size_t>>{
           {"client_request_id", 128}, {"traceparent", 55}, {"ref", 256}, {"error_detail", 16384}}) {
    refuses(with(wide, "'" + repeat("a", most + 1) + "'"), "CHECK");
    accepts("BEGIN;" + with(wide, "'" + repeat("a", most) + "'") + "ROLLBACK;");
  }
  refuses("UPDATE taskstate_tasks SET worker = '" + repeat("a", 257) + "' WHERE id = 'running';", "CHECK");
  accepts("UPDATE taskstate_tasks SET worker = '" + repeat("a", 256) + "' WHERE id = 'running';");
  refuses(with("body", "'" + repeat("a", 1048577) + "'"), "CHECK");
}

BOOST_FIXTURE_TEST_CASE(only_ended_tasks_are_deleted, Fixture) {
  for (const char* id : {"pending", "running"})
    refuses("DELETE FROM taskstate_tasks WHERE id = '" + std::string(id) + "';", "cannot be deleted");
  refuses("DELETE FROM taskstate_tasks;", "cannot be deleted");
  accepts(
      "UPDATE taskstate_tasks SET status = 'running' WHERE id = 'pending';"
      "UPDATE taskstate_tasks SET status = 'completed', install_id = 'i' WHERE id = 'pending';"
      "INSERT INTO taskstate_idempotency VALUES ('z', 'k', 1, zeroblob(16), 'pending', 2);"
      "DELETE FROM taskstate_tasks WHERE id = 'pending';");
  BOOST_TEST(!store->read({"z", "pending"}, in()));
  BOOST_TEST(shell(path, "SELECT count(*) FROM taskstate_payloads") == "0");
  BOOST_TEST(shell(path, "SELECT count(*) FROM taskstate_idempotency") == "0");
  BOOST_TEST(shell(path,
                   "SELECT kind, from_status, task_seq IS NULL FROM taskstate_events WHERE id = 'pending' "
                   "ORDER BY seq DESC LIMIT 1") == "purged|completed|1");
  accepts("DELETE FROM taskstate_tasks WHERE id = 'failed';" +
          insert("zone_id, id, operation", "'z', 'failed', 'create'"));
  BOOST_TEST(history(*store, {"z", "failed"}).size() == 1);
  sound();
}

BOOST_FIXTURE_TEST_CASE(history_and_payload_are_kept, Fixture) {
  refuses("UPDATE taskstate_events SET kind = 'x';", "history never changes");
  refuses("DELETE FROM taskstate_events WHERE id = 'completed';", "stays as long as the task");
  refuses("UPDATE taskstate_payloads SET payload = x'00';", "payload never changes");
  refuses("DELETE FROM taskstate_payloads;", "stays until its task ends");
  refuses("REPLACE INTO taskstate_payloads VALUES (1, x'00');", "given once");
  refuses("INSERT INTO taskstate_payloads VALUES (2, x'00');", "belongs to a pending task");
  refuses("INSERT INTO taskstate_payloads VALUES (99, x'00');", "belongs to a pending task");
  const std::string add = "BEGIN;" + insert("zone_id, id, operation", "'z', 'new', 'create'") +
                          "INSERT INTO taskstate_payloads SELECT seq, zeroblob(";
  accepts(add + "1048576) FROM taskstate_tasks WHERE id = 'new'; ROLLBACK;");
  refuses(add + "1048577) FROM taskstate_tasks WHERE id = 'new'; ROLLBACK;", "CHECK");
  refuses(insert("seq, zone_id, id, operation", "99, 'z', 'new', 'create'"), "leave it to the file");
}

BOOST_FIXTURE_TEST_CASE(no_event_number_is_given_twice, Fixture) {
  const std::string newest = "SELECT max(seq) FROM taskstate_events;";
  const std::int64_t before = std::stoll(shell(path, newest));
  accepts("DELETE FROM taskstate_tasks WHERE status IN ('completed', 'failed');");  // with the newest events there were
  BOOST_TEST(std::stoll(shell(path, newest)) == before + 2);
  refuses("DELETE FROM taskstate_events WHERE task_seq IS NULL;", "is told until feed_floor");
  accepts(
      "UPDATE taskstate_meta SET purged_through = (SELECT max(seq) FROM taskstate_events), "
      "feed_floor = (SELECT max(seq) FROM taskstate_events);");
  refuses("DELETE FROM taskstate_events WHERE task_seq IS NULL;", "newest event stays");
  accepts("DELETE FROM taskstate_events WHERE task_seq IS NULL AND seq < (SELECT max(seq) FROM taskstate_events);");
  accepts(insert("zone_id, id, operation", "'z', 'new', 'create'"));
  BOOST_TEST(std::stoll(shell(path, newest)) == before + 3);
}

BOOST_FIXTURE_TEST_CASE(the_counters_follow, Fixture) {
  const std::string counts = "SELECT pending, running, completed, failed FROM taskstate_counters;";
  BOOST_TEST(shell(path, counts) == "1|1|1|1");
  accepts(
      "UPDATE taskstate_tasks SET status = 'running' WHERE id = 'pending'; DELETE FROM taskstate_tasks WHERE id = "
      "'failed';");
  BOOST_TEST(shell(path, counts) == "0|2|1|0");
}

BOOST_FIXTURE_TEST_CASE(the_tables_beside_keep_their_limits, Fixture) {
  for (const char* set : {"one = 2", "generation = 'a'", "generation = '0123456789ABCDEF0123456789ABCDEF'",
                          "counted_through = -1", "feed_floor = -1", "feed_floor = 1", "fence = -1"})
    refuses(".dbconfig enable_trigger off\nUPDATE taskstate_meta SET " + std::string(set) + ";", "CHECK");
  // With the triggers out of the way.
  for (const std::string& set :
       {std::string("status = 'odd'"), std::string("revision = 0"), std::string("version = 1"),
        std::string("result_href = '/a' || char(0)"), std::string("updated_at = created_at - 1"),
        std::string("failure_kind = 'odd', status = 'failed', error_message = 'text'"),
        std::string("lease_duration = 30000000"), std::string("result_media_type = 'text/plain'")})
    refuses(".dbconfig enable_trigger off\nUPDATE taskstate_tasks SET " + set + " WHERE id = 'running';", "CHECK");
  const std::string long_id = "'" + repeat("a", 129) + "'";
  for (const std::string& bad : {std::string("''"), std::string("'.'"), std::string("'..'"), std::string("'a/b'"),
                                 std::string("'\xc3\xa4'"), std::string("'a' || char(0)"), long_id}) {
    const std::string off = ".dbconfig enable_trigger off\n";
    refuses(off + "INSERT INTO taskstate_tombstones VALUES (" + bad + ", 'gone', 1, 2);", "CHECK");
    refuses(off + "INSERT INTO taskstate_tombstones VALUES ('z', " + bad + ", 1, 2);", "CHECK");
    refuses(off + "UPDATE taskstate_events SET zone_id = " + bad + ";", "CHECK");
    refuses(off + "UPDATE taskstate_events SET id = " + bad + ";", "CHECK");
  }
  for (const char* key : {"''", "replace(hex(zeroblob(257)), '00', 'aa')"})
    refuses("INSERT INTO taskstate_idempotency VALUES ('z', " + std::string(key) + ", 1, zeroblob(16), 'pending', 2);",
            "CHECK");
}

BOOST_FIXTURE_TEST_CASE(no_null_slips_through_a_guard, Fixture) {
  const std::string set = "UPDATE OR REPLACE taskstate_tasks SET ";
  const std::string as_an_engine = ", version = version + 1, revision = revision + 1 WHERE id = 'running';";
  refuses(set + "status = NULL WHERE id = 'running';", "illegal move");
  refuses(set + "status = NULL" + as_an_engine, "illegal move");
  refuses(set + "status = NULL WHERE id = 'completed';", "never changes");
  refuses(set + "epoch = NULL WHERE id = 'running';", "number of the event");
  refuses(set + "attempt = NULL WHERE id = 'running';", "never goes back");
  refuses(set + "version = NULL WHERE id = 'running';", "grow by one");
  refuses(set + "revision = NULL WHERE id = 'running';", "grow by one");
  refuses(set + "revision = NULL, version = version + 1 WHERE id = 'running';", "grow by one");
  refuses(set + "updated_at = NULL" + as_an_engine, "never goes back");
  refuses(
      "INSERT OR REPLACE INTO taskstate_tasks (zone_id, id, operation, status) VALUES ('z', 'new', 'create', NULL);",
      "born pending");
  for (const char* column : {"feed_floor", "purged_through", "counted_through", "fence"})
    refuses("UPDATE OR REPLACE taskstate_meta SET " + std::string(column) + " = NULL;", "never go back");
  refuses("UPDATE OR REPLACE taskstate_meta SET generation = NULL;", "NOT NULL");
}

BOOST_FIXTURE_TEST_CASE(the_files_own_row_only_grows, Fixture) {
  for (const char* column : {"schema", "min_reader", "min_writer"})
    for (const char* step : {" + 1", " - 1"})
      refuses("UPDATE taskstate_meta SET " + std::string(column) + " = " + column + step, "only an engine migrates");
  refuses("UPDATE taskstate_meta SET schema_hash = generation;", "only an engine migrates");
  for (const char* column : {"purged_through", "counted_through"})
    refuses("UPDATE taskstate_meta SET " + std::string(column) + " = 99;", "name events that were");
  accepts("UPDATE taskstate_meta SET purged_through = 2, fence = fence + 1;");
  refuses("UPDATE taskstate_meta SET purged_through = 1;", "never go back");
  refuses("UPDATE taskstate_meta SET fence = fence - 1;", "never go back");
  accepts("UPDATE taskstate_meta SET feed_floor = 2;");
  refuses("UPDATE taskstate_meta SET feed_floor = 1;", "never go back");
  refuses("DELETE FROM taskstate_meta;", "stays");
  refuses(
      "REPLACE INTO taskstate_meta (one, schema, min_reader, min_writer, schema_hash, generation) VALUES (1, 2, 2, 2, "
      "'0123456789abcdef0123456789abcdef', '0123456789abcdef0123456789abcdef');",
      "has its row");
  accepts("UPDATE taskstate_meta SET generation = lower(hex(randomblob(16)));");
}

BOOST_FIXTURE_TEST_CASE(keys_and_tombstones_stay_where_they_are, Fixture) {
  accepts("INSERT INTO taskstate_idempotency VALUES ('z', 'k', 1, zeroblob(16), 'failed', 2);");
  refuses("UPDATE taskstate_idempotency SET task_id = 'running';", "never changes");
  refuses("REPLACE INTO taskstate_idempotency VALUES ('z', 'k', 1, zeroblob(16), 'running', 2);", "in use");
  refuses("INSERT INTO taskstate_tombstones VALUES ('z', 'failed', 1, 2);", "is gone");
  accepts("INSERT INTO taskstate_tombstones VALUES ('z', 'gone', 1, 2);");
  accepts("UPDATE taskstate_tombstones SET expires_at = 3;");
  refuses("UPDATE taskstate_tombstones SET id = 'failed';", "never moves");
  accepts("DELETE FROM taskstate_tombstones; DELETE FROM taskstate_idempotency;");
}

BOOST_FIXTURE_TEST_CASE(a_trusting_reader_is_not_needed, Fixture) {
  BOOST_TEST(shell(path, "PRAGMA trusted_schema = OFF; SELECT count(*) FROM taskstate_tasks;") == "4");
}

BOOST_AUTO_TEST_SUITE_END()

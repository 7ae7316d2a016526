// verify() finds each damage that a client with more than plain SQL can do.
#include "unit/store/support.hpp"

using namespace store_test;

BOOST_AUTO_TEST_SUITE(store_verify)

namespace {

struct Fixture {
  TempDirectory directory;
  std::string path = directory.path();
  Fixture() {
    const auto store = open(path);
    must(*store, [](store::Session& session) { session.insert(new_row("z", "a"), "payload"); });
    for (const char* id : {"b", "c"}) {
      create(*store, "z", id);
      start(*store, {"z", id});
    }
    complete(*store, {"z", "b"});
    fail(*store, {"z", "c"});
    BOOST_REQUIRE(store->verify(in()).problems.empty());
  }

  /// With triggers and CHECKs out of the way; the schema stays as it is.
  void damage(const std::string& sql) {
    BOOST_REQUIRE_EQUAL(
        shell(
            path,
            ".output /dev/null\n.dbconfig enable_trigger off\n.output stdout\nPRAGMA ignore_check_constraints = ON;\n" +
                sql),
        "");
  }
  std::string report() {
    std::string out;
    for (const std::string& problem : open(path, Mode::read_only)->verify(in()).problems) out += problem + "\n";
    return out;
  }
  void finds(const std::string& sql, const std::string& what) {
    std::filesystem::remove(path + "-wal");
    const std::string whole = read_file(path);
    damage(sql);
    const std::string said = report();
    BOOST_TEST(said.find(what) != std::string::npos, sql << "\n said: " << said);
    std::filesystem::remove(path + "-wal");
    std::filesystem::remove(path + "-shm");
    write_file(path, whole);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(damaged_rows, Fixture) {
  const std::string set = "UPDATE taskstate_tasks SET ";
  finds(set + "body = '{}' WHERE id = 'a';", "task \"z\"/\"a\": its stored body is not what the task looks like");
  finds(set + "status = 'odd' WHERE id = 'a';", "a status that is none");
  finds(set + "revision = 9, version = 9 WHERE id = 'a';", "event 9 of its history has revision 1");
  finds(set + "version = 0 WHERE id = 'a';", "version is less than its revision");
  finds(set + "error_message = NULL WHERE id = 'c';", "task \"z\"/\"c\": error_message");
  finds(set + "install_id = NULL WHERE id = 'b';", "task \"z\"/\"b\": ");
  finds(set + "links = 'x' WHERE id = 'a';", "links cannot be read");
  finds(set + "warnings = '[{}]' WHERE id = 'a';", "warnings cannot be read");
  finds(set + "result_href = '/x' WHERE id = 'a';", "result_href is not the href");
  finds(set + "started_at = 5 WHERE id = 'b';", "it was started before it was created");
  finds(set + "started_at = created_at WHERE id = 'a';", "it is pending and was started");
  finds(set + "failure_kind = NULL WHERE id = 'c';", "the kind of its failure does not go with its status");
  finds(set + "lease_until = 5 WHERE id = 'b';", "it does not run and has a lease");
  finds(set + "lease_clock = 'c' WHERE id = 'a';", "it does not run and has a lease");
  finds(set + "worker = 'w' WHERE id = 'b';", "it does not run and has a lease");
  finds(set + "status = 'running', lease_until = 5, lease_clock = 'c' WHERE id = 'a';", "its lease has no epoch");
  finds(set + "attempt = 2 WHERE id = 'b';", "started more often than it may be");
  for (const char* counter : {"revision", "version", "epoch", "attempt"})
    for (const char* value : {" = -1", " = 9223372036854775807"})
      finds(set + counter + value + " WHERE id = 'a';", "a counter that is none");
  finds(set + "updated_at = updated_at + 1 WHERE id = 'b';", "does not end at updated_at");
  finds(set + "package_id = CAST(x'ff' AS TEXT) WHERE id = 'a';", "package_id");
  finds(set + "id = 'a' || char(10) || '!' WHERE id = 'a';", "task \"z\"/\"a\\n!\": ");
}

BOOST_FIXTURE_TEST_CASE(damaged_histories, Fixture) {
  finds("DELETE FROM taskstate_events WHERE id = 'b' AND kind = 'started';", "event 2 of its history is missing");
  finds("DELETE FROM taskstate_events WHERE id = 'b' AND revision = 1;", "event 1 of its history is missing");
  finds("UPDATE taskstate_events SET kind = 'started' WHERE id = 'a';", "is not its creation");
  finds("UPDATE taskstate_events SET prev = NULL WHERE id = 'b' AND revision = 3;",
        "event 2 of its history is missing");
  finds("UPDATE taskstate_events SET prev = 99 WHERE id = 'b' AND revision = 3;", "does not lead back");
  finds("UPDATE taskstate_events SET from_status = 'running' WHERE id = 'b' AND revision = 2;",
        "does not end where the next begins");
  finds("UPDATE taskstate_events SET operation = 'delete' WHERE id = 'a';", "names another key than the task");
  finds("UPDATE taskstate_events SET took = -1 WHERE id = 'a';", "ended before it began");
  finds("UPDATE taskstate_tasks SET last_event = 99 WHERE id = 'a';", "event 1 of its history is missing");
  finds("UPDATE taskstate_events SET revision = 7 WHERE id = 'a';", "has revision 7");
  finds("UPDATE taskstate_events SET to_status = 'running' WHERE id = 'a';", "does not end in its status");
  finds("UPDATE taskstate_events SET at = at + 9000000 WHERE id = 'b' AND revision = 1;", "goes back in time");
  finds("UPDATE taskstate_events SET from_status = 'completed', to_status = 'running' WHERE id = 'b' AND revision = 2;",
        "is an illegal move");
  finds("UPDATE taskstate_events SET task_seq = 99 WHERE id = 'a';", "an event of it is left");
  finds("UPDATE taskstate_events SET id = 'b' WHERE id = 'a';", "names another key than the task");
  finds("UPDATE taskstate_events SET zone_id = 'y' WHERE id = 'a';", "names another key than the task");
  finds("UPDATE taskstate_events SET seq = 99 WHERE id = 'a';", "are missing that no purge took along");
  finds("UPDATE taskstate_events SET task_seq = NULL WHERE id = 'a';", "belongs to no task and is no purge");
}

BOOST_FIXTURE_TEST_CASE(forged_events, Fixture) {
  const std::string into =
      " INTO taskstate_events (seq, task_seq, prev, zone_id, id, operation, kind, from_status, to_status, at, "
      "revision) ";
  finds("INSERT" + into + "VALUES (9, 1, 1, 'z', 'a', 'create', 'x', 'pending', 'pending', 5, 2);",
        "has revision 1 and 2 events");
  finds("INSERT" + into + "VALUES (10, 1, 1, 'z', 'a', 'create', 'x', 'pending', 'pending', 5, 2);",
        "are missing that no purge took along");
  finds("INSERT" + into + "VALUES (9, NULL, NULL, 'z', 'b', 'create', 'purged', 'completed', 'completed', 5, 4);",
        "task \"z\"/\"b\": a purge of it is told, and it is there");
}

BOOST_FIXTURE_TEST_CASE(damaged_tables_beside, Fixture) {
  finds("UPDATE taskstate_counters SET pending = 5;",
        "the counter of pending tasks of one operation says 5, there are 1");
  finds("INSERT INTO taskstate_counters (zone_id, operation, failed) VALUES ('y', 'create', 2);",
        "says 2, there are 0");
  finds("DELETE FROM taskstate_counters;", "says 0, there are 1");
  finds("INSERT INTO taskstate_payloads VALUES (99, x'00');", "a payload is left of the task with seq 99");
  finds("INSERT INTO taskstate_idempotency VALUES ('z', 'k', 1, zeroblob(16), 'gone', 2);",
        "an idempotency key refers to it");
  finds("INSERT INTO taskstate_idempotency VALUES ('y', 'k', 1, zeroblob(16), 'a', 2);",
        "an idempotency key refers to it");
  finds("INSERT INTO taskstate_tombstones VALUES ('z', 'a', 1, 1000001);", "it has a tombstone, and is there");
  finds("DELETE FROM taskstate_events WHERE seq = 1;", "1 are missing that no purge took along");
  finds("UPDATE taskstate_meta SET purged_through = 2; DELETE FROM taskstate_events WHERE seq = 3;",
        "1 are missing that no purge took along");
  finds("UPDATE taskstate_tasks SET epoch = 5 WHERE id = 'a';",
        "its epoch or attempt is another than its history says");
  finds("UPDATE taskstate_events SET epoch = 5 WHERE id = 'a';",
        "its epoch or attempt is another than its history says");
  finds("UPDATE taskstate_events SET attempt = 5 WHERE id = 'a';",
        "its epoch or attempt is another than its history says");
  finds("UPDATE taskstate_events SET epoch = 5 WHERE id = 'b' AND revision = 2;",
        "has an epoch or attempt that the next does not go on from");
  finds("UPDATE taskstate_meta SET counted_through = 99;", "metrics are counted up to an event that never was");
  finds("UPDATE taskstate_meta SET counted_through = 8;", "taskstate_metrics: ");
  finds("UPDATE taskstate_counters SET through = 99;", "counters go up to an event that never was");
  finds("INSERT INTO taskstate_erasures VALUES (1, 1);", "taskstate_erasures: 1 are of tasks that are there");
  finds("INSERT INTO taskstate_erasures VALUES (90, 99);", "taskstate_erasures: 1 are of tasks that are there");
  finds("INSERT INTO taskstate_results VALUES (1, x'00', NULL);", "a result is there of the task with seq 1");
  finds("INSERT INTO taskstate_settings VALUES ('A', '');",
        "taskstate_settings: a row breaks the rules of its table, with name \"A\"");
  finds("INSERT INTO taskstate_pauses VALUES ('odd', 'z', 1, NULL);", "taskstate_pauses: a row breaks the rules");
  finds("UPDATE taskstate_meta SET purged_through = 99;", "up to an event that never was");
  finds("UPDATE taskstate_meta SET feed_floor = 3;", "the feed begins after the events that purges took along");
  finds("UPDATE taskstate_meta SET generation = upper(generation);", "is not 32 hexadecimal digits");
  finds("UPDATE taskstate_meta SET min_writer = 0;", "contradict each other");
}

BOOST_FIXTURE_TEST_CASE(damaged_schemas, Fixture) {
  finds("DROP TRIGGER taskstate_tasks_change;", "the trigger taskstate_tasks_change is missing");
  finds("DROP INDEX taskstate_tasks_list; CREATE INDEX taskstate_tasks_list ON taskstate_tasks (id);",
        "the index taskstate_tasks_list was altered");
  finds("DROP TABLE taskstate_tombstones;", "the table taskstate_tombstones is missing");
  finds("CREATE TRIGGER spy AFTER INSERT ON taskstate_tasks BEGIN SELECT 1; END;", "a trigger of another application");
}

BOOST_FIXTURE_TEST_CASE(what_is_of_others_is_no_damage, Fixture) {
  damage(
      "INSERT INTO taskstate_tombstones VALUES ('y', 'a', 1, 9000000000000000), ('z', 'gone', 1, 9000000000000000),"
      "('z', 'a', 1, 1000000);"  // an id is free again when its tombstone ends
      "CREATE TABLE host (a); CREATE TRIGGER spy AFTER INSERT ON host BEGIN SELECT 1; END;");
  BOOST_TEST(report() == "");
}

BOOST_FIXTURE_TEST_CASE(damaged_pages, Fixture) {
  std::string bytes = read_file(path);
  const std::int64_t root =
      std::stoll(shell(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'taskstate_tasks_list'"));
  for (std::size_t i = 0; i < 4096; ++i) bytes[static_cast<std::size_t>(root - 1) * 4096 + i] = '\x5a';
  write_file(path, bytes);
  const std::string said = report();
  BOOST_TEST(said.find("integrity check") != std::string::npos, said);
}

BOOST_FIXTURE_TEST_CASE(a_deadline_ends_it, Fixture) {
  const auto store = open(path);
  must(*store, [](store::Session& session) {
    for (int i = 0; i < 3000; ++i) session.insert(new_row("y", "t" + std::to_string(i)), std::nullopt);
  });
  BOOST_TEST((code_of([&] { store->verify(in(std::chrono::milliseconds(1))); }) == core::Code::busy));
  BOOST_TEST(store->verify(in()).problems.empty());
}

BOOST_FIXTURE_TEST_CASE(foreign_inserts_and_changes_are_no_damage, Fixture) {
  BOOST_TEST(shell(path,
                   "INSERT INTO taskstate_tasks (zone_id, id, operation) VALUES ('z', 'new', 'create');"
                   "UPDATE taskstate_tasks SET package_version = 1 WHERE id = 'new';"
                   "DELETE FROM taskstate_tasks WHERE id = 'b';") == "");
  BOOST_TEST(report() == "");
}

BOOST_AUTO_TEST_SUITE_END()

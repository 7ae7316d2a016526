#include "unit/engine/host.hpp"

#include "store/sqlite/guards.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <stop_token>
#include <thread>

using namespace tse;
using test::code_name;

namespace {
struct Fixture : test::Host {
  Fixture() { shell("CREATE TABLE installs (task TEXT PRIMARY KEY, at INTEGER, note)"); }

  static engine::Call with(std::vector<store::Statement> statements) {
    engine::Call call;
    call.also = std::move(statements);
    return call;
  }
  std::string installs() { return shell("SELECT * FROM installs ORDER BY task"); }
  core::Error refusal(const std::string& sql, std::vector<store::Value> values = {}) {
    return store_test::error_of([&] { start("a", with({{sql, std::move(values), {}}})); });
  }
};
constexpr const char* insert = "INSERT INTO installs VALUES (:taskstate_id, :taskstate_now, ?)";
}  // namespace

BOOST_FIXTURE_TEST_SUITE(also, Fixture)

BOOST_AUTO_TEST_CASE(it_runs_with_each_change_and_knows_the_task) {
  engine::create(*tasks, spec("a"), with({{insert, {std::string("made")}, {}}}));
  BOOST_TEST(installs() == "a|" + std::to_string(now->load()) + "|made");
  start("a", with({{"UPDATE installs SET note = :zone || ? WHERE task = :taskstate_id",
                    {std::int64_t{7}},
                    {{":zone", std::string("zone ")}}}}));
  BOOST_TEST(installs() == "a|" + std::to_string(now->load()) + "|zone 7");
  complete("a", with({{"DELETE FROM installs WHERE task = :taskstate_id", {}, {}},
                      {"INSERT INTO installs VALUES (?, ?, ?)", {std::string("b"), 0.5, store::Blob{"x"}}, {}},
                      {"INSERT INTO installs VALUES ('c', ?, :taskstate_zone_id)", {std::monostate()}, {}}}));
  BOOST_TEST(installs() == "b|0.5|x\nc||z");
}

BOOST_AUTO_TEST_CASE(its_time_is_the_changes_own_whatever_the_clock_does) {
  settings.clock = [now = now] { return (*now)++; };
  open();
  const auto row = engine::create(*tasks, spec("a"), with({{insert, {0.0}, {}}})).row;
  BOOST_TEST(shell("SELECT at FROM installs") == std::to_string(row.task.created_at));
  *now -= 1000000;
  const auto later = start("a", with({{"UPDATE installs SET at = :taskstate_now", {}, {}}}));
  BOOST_TEST(shell("SELECT at FROM installs") == std::to_string(later.task.updated_at));
}

BOOST_AUTO_TEST_CASE(it_never_runs_when_nothing_changes) {
  core::NewTask keyed = spec("a");
  keyed.idempotency_key = "k";
  const auto call = with({{insert, {std::monostate()}, {}}});
  engine::create(*tasks, keyed, call);
  BOOST_TEST(engine::create(*tasks, keyed, call).replayed);  // the row would be there twice
  start("a");
  complete("a");
  complete("a", call);
  BOOST_TEST(shell("SELECT count(*) FROM installs") == "1");
}

BOOST_AUTO_TEST_CASE(claims_and_what_is_done_under_a_lease_take_it_too) {
  create("a");
  const auto leases = engine::claim(*tasks, {}, with({{insert, {std::string("claimed")}, {}}}));
  BOOST_REQUIRE(leases.size() == 1u);
  const auto note = [&](const std::string& text) {
    return with({{"UPDATE installs SET note = note || ?", {" " + text}, {}}});
  };
  engine::heartbeat(*tasks, leases[0].token, {}, {}, note("beat"));
  engine::release(*tasks, leases[0].token, std::chrono::seconds(0), note("released"));
  BOOST_TEST(installs().ends_with("claimed beat released"));
}

BOOST_AUTO_TEST_CASE(a_statement_that_fails_leaves_nothing) {
  create("a");
  shell("INSERT INTO installs VALUES ('taken', 0, 0)");
  const auto error = store_test::error_of([&] {
    start("a", with({{insert, {std::string("first")}, {}}, {"INSERT INTO installs VALUES ('taken', 1, 1)", {}, {}}}));
  });
  BOOST_TEST((error.code == core::Code::invalid_argument));
  BOOST_TEST(error.details.at(0).field == "also[1]");
  BOOST_TEST((engine::get(*tasks, {"z", "a"}, {})->task.status == core::Status::pending));
  BOOST_TEST(installs() == "taken|0|0");
  // Not even one that ends the whole transaction.
  refusal("INSERT OR ROLLBACK INTO installs VALUES ('taken', 1, 1)");
  BOOST_TEST(installs() == "taken|0|0");
  BOOST_TEST((engine::get(*tasks, {"z", "a"}, {})->task.status == core::Status::pending));
  start("a");
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(one_that_ends_the_transaction_fails_alone) {
  shell("INSERT INTO installs VALUES ('taken', 0, 0)");
  const std::vector<std::string> ids{"a", "b", "c", "d", "e", "f"};
  for (const std::string& id : ids) create(id);
  std::vector<std::jthread> threads;
  std::atomic<int> refused{0};
  for (const std::string& id : ids)
    threads.emplace_back([&, id] {
      const std::string sql = id == "c" ? "INSERT OR ROLLBACK INTO installs VALUES ('taken', 1, 1)" : insert;
      const std::vector<store::Value> values = id == "c" ? std::vector<store::Value>{} : std::vector<store::Value>{0.0};
      try {
        start(id, with({{sql, values, {}}}));
      } catch (const core::Failure&) {
        ++refused;
      }
    });
  threads.clear();
  BOOST_TEST(refused == 1);
  BOOST_TEST(shell("SELECT group_concat(task, '') FROM (SELECT task FROM installs ORDER BY task)") == "abdeftaken");
  BOOST_TEST(engine::stats(*tasks, {}, {}).store.totals[1] == 5);
}

BOOST_AUTO_TEST_CASE(one_that_does_not_end_is_ended_at_the_deadline) {
  create("a");
  for (const std::string sql : {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
                                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                                "INSERT INTO installs SELECT 'x', max(i), 0 FROM n"}) {
    auto call = with({{insert, {std::string("first")}, {}}, {sql, {}, {}}});
    call.timeout = std::chrono::milliseconds(100);
    const core::Error late = store_test::error_of([&] { start("a", call); });
    BOOST_TEST((late.code == core::Code::busy));
    BOOST_TEST((late.outcome == core::Outcome::not_done));
    BOOST_TEST(late.message == "also[1]: the deadline passed before the statement was done");
    BOOST_TEST(late.details.at(0).field == "also[1]");
    std::stop_source stop;
    call.timeout.reset();
    call.stop = stop.get_token();
    const std::jthread asker([&stop] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      stop.request_stop();
    });
    BOOST_TEST(code_name([&] { start("a", call); }) == "cancelled");
  }
  BOOST_TEST((engine::get(*tasks, {"z", "a"}, {})->task.status == core::Status::pending));
  BOOST_TEST(installs() == "");
  start("a", with({{insert, {0.0}, {}}}));
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(what_is_not_the_hosts_is_refused) {
  create("a");
  shell(
      "CREATE TABLE other (a INTEGER PRIMARY KEY AUTOINCREMENT); CREATE VIEW peek AS SELECT * FROM taskstate_tasks;"
      "CREATE TRIGGER sneak AFTER INSERT ON other BEGIN DELETE FROM taskstate_tombstones; END");
  for (const char* sql : {"SELECT * FROM taskstate_tasks",
                          "SELECT * FROM TaskState_Tasks",
                          "SELECT count(*) FROM main.taskstate_meta",
                          "SELECT * FROM peek",
                          "UPDATE taskstate_tasks SET status = 'completed', install_id = 'x'",
                          "INSERT INTO taskstate_tombstones VALUES ('z', 'x', 1, 2)",
                          "DELETE FROM taskstate_events",
                          "INSERT INTO other VALUES (1)",
                          "UPDATE sqlite_sequence SET seq = 0",
                          "DELETE FROM sqlite_schema",
                          "SELECT * FROM sqlite_master",
                          "PRAGMA synchronous = OFF",
                          "SELECT * FROM pragma_table_info('taskstate_tasks')",
                          "ATTACH ':memory:' AS x",
                          "DETACH main",
                          "VACUUM",
                          "BEGIN",
                          "COMMIT",
                          "ROLLBACK",
                          "SAVEPOINT a",
                          "RELEASE change",
                          "ROLLBACK TO change",
                          "END",
                          "BEGIN EXCLUSIVE",
                          "SAVEPOINT change",
                          "EXPLAIN DELETE FROM taskstate_tasks",
                          "SELECT load_extension('evil.so')",
                          "SELECT writefile('evil', 1)",
                          "SELECT readfile('/etc/passwd')",
                          "SELECT edit('x')",
                          "SELECT 1; DELETE FROM taskstate_tasks",
                          "SELECT 1;;; COMMIT",
                          "SELECT 1 /* */; PRAGMA writable_schema = ON",
                          "INSERT INTO installs SELECT * FROM (SELECT id, 0, 0 FROM taskstate_events)",
                          "WITH RECURSIVE t AS (SELECT 1 FROM taskstate_payloads) SELECT * FROM t",
                          "INSERT INTO main.taskstate_payloads VALUES (1, x'00')",
                          "REPLACE INTO taskstate_counters (zone_id, operation) VALUES ('z', 'create')",
                          "DELETE FROM installs WHERE EXISTS (SELECT 1 FROM \"taskstate_meta\")",
                          "SELECT * FROM temp.sqlite_schema",
                          "SELECT * FROM dbstat",
                          "SELECT * FROM sqlite_stmt",
                          "CREATE VIRTUAL TABLE x USING fts3(a)",
                          "INSERT INTO other VALUES (2) RETURNING (SELECT generation FROM taskstate_meta)",
                          "CREATE TABLE x (a)",
                          "CREATE TEMP TABLE x (a)",
                          "CREATE TEMP TRIGGER x AFTER INSERT ON installs BEGIN SELECT 1; END",
                          "ALTER TABLE installs RENAME TO taskstate_installs",
                          "DROP TABLE installs",
                          "CREATE INDEX x ON installs (at)",
                          "REINDEX",
                          "ANALYZE",
                          "WITH t AS (SELECT id FROM taskstate_tasks) INSERT INTO installs SELECT id, 0, 0 FROM t",
                          "INSERT INTO installs SELECT id, 0, 0 FROM taskstate_tasks",
                          "UPDATE installs SET note = (SELECT generation FROM taskstate_meta)"}) {
    BOOST_TEST_CONTEXT(sql) {
      const core::Error error = refusal(sql);
      BOOST_TEST((error.code == core::Code::invalid_argument));
      BOOST_TEST(error.details.at(0).field == "also[0]");
    }
  }
  BOOST_TEST((engine::get(*tasks, {"z", "a"}, {})->task.status == core::Status::pending));
  shell("DROP VIEW peek; DROP TRIGGER sneak; DROP TABLE other");
  BOOST_TEST(verified() == "");
  start("a");
}

BOOST_AUTO_TEST_CASE(exactly_one_statement_with_all_its_values) {
  create("a");
  for (const char* sql : {"", ";", "-- nothing", "SELECT 1; SELECT 2", "SELECT", "SELECT * FROM nowhere"})
    BOOST_TEST((refusal(sql).code == core::Code::invalid_argument), sql);
  BOOST_TEST((refusal(insert).code == core::Code::invalid_argument));
  BOOST_TEST((refusal("SELECT ?", {1.0, 2.0}).code == core::Code::invalid_argument));
  BOOST_TEST((refusal("SELECT :b").code == core::Code::invalid_argument));
  const auto call = with({{"SELECT :a", {}, {{":b", 1.0}}}});
  BOOST_TEST(code_name([&] { start("a", call); }) == "invalid_argument");
  start("a", with({{"SELECT 1; ", {}, {}}}));
}

BOOST_AUTO_TEST_CASE(a_trigger_of_others_on_our_tables_is_refused) {
  create("a");
  shell(
      "CREATE TABLE other (a); CREATE TRIGGER spy AFTER UPDATE ON taskstate_tasks BEGIN INSERT INTO other VALUES (1);"
      "END");
  // It runs in no change of an engine, and where triggers are at work, beside statements, the change is refused.
  BOOST_TEST(code_name([&] { start("a", with({{"SELECT 1", {}, {}}})); }) == "access_denied");
  if (store::sqlite::guards_by_default()) shell("DROP TRIGGER spy");
  start("a");
  BOOST_TEST(shell("SELECT count(*) FROM other") == "0");
}

BOOST_AUTO_TEST_SUITE_END()

// A file that somebody has prepared: whatever stands in it, it is opened and used, or refused, by errors that have a
// name. Nothing of it runs, nothing crashes, nothing goes on for ever.
#include "support.hpp"
#include "unit/engine/decided.hpp"
#include "unit/store/support.hpp"

#include <boost/test/unit_test.hpp>

#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

using namespace tse;
using namespace tse::test;
using store_test::read_file;
using store_test::write_file;

namespace {

constexpr const char* zone = "z";
constexpr unsigned patience_s = 120;  // for one file, however slow the machine is

/// Tasks of every status, with all that can stand beside them.
void fill(const std::string& path) {
  engine::Settings settings = patient_settings();
  settings.housekeeping = std::chrono::microseconds(0);
  settings.tombstones = std::chrono::hours(1);
  const auto tasks = engine::Engine::open(path, settings);
  for (const char* id : {"pending", "running", "held", "completed", "failed", "erased"}) {
    core::NewTask spec = new_task(zone, id);
    spec.payload = "payload";
    spec.idempotency_key = id;
    spec.links = {{"/log", "log", {}, {}, {}}};
    engine::create(*tasks, spec, patient());
    if (std::string_view(id) == "held")
      engine::start_leased(*tasks, {zone, id}, {"w", std::chrono::hours(1)}, patient());
    if (std::string_view(id) != "pending" && std::string_view(id) != "held")
      engine::change(*tasks, {zone, id}, core::Start{}, patient());
  }
  engine::change(*tasks, {zone, "completed"}, complete_with("ins"), patient());
  for (const char* id : {"failed", "erased"})
    engine::change(*tasks, {zone, id}, core::Fail{"It broke.", {}, {}}, patient());
  engine::erase(*tasks, {zone, "erased"}, patient());
}

/// What stands in the file's schema and rows is written as it is, whatever SQLite or the file's own rules say.
void prepare(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  BOOST_REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
  const std::string all =
      "PRAGMA writable_schema = ON; PRAGMA ignore_check_constraints = ON; "
      "CREATE TABLE spy (what); " +
      sql;
  char* message = nullptr;
  const int code = sqlite3_exec(database, all.c_str(), nullptr, nullptr, &message);
  BOOST_REQUIRE_MESSAGE(code == SQLITE_OK, sql.substr(0, 200) << ": " << (message != nullptr ? message : ""));
  sqlite3_close(database);
}

/// Whether what the file's own code would have written is there.
bool was_spied(const std::string& path) {
  sqlite3* database = nullptr;
  bool found = false;
  if (sqlite3_open(path.c_str(), &database) == SQLITE_OK)
    sqlite3_exec(
        database, "SELECT 1 FROM spy", [](void* to, int, char**, char**) { return *static_cast<bool*>(to) = true, 0; },
        &found, nullptr);
  sqlite3_close(database);
  return found;
}

/// All that can be done with an open file. An error that has a name is as good as none.
void use(const std::string& path, engine::Mode mode) {
  const auto attempt = [](const std::function<void()>& call) {
    try {
      call();
    } catch (const core::Failure& failure) {
      if (failure.error().code == core::Code::internal) throw;
    }
  };
  engine::Engine::Ptr tasks;
  attempt([&] {
    engine::Settings settings = patient_settings();
    settings.mode = mode;
    settings.housekeeping = std::chrono::microseconds(0);
    settings.log_level = engine::LogLevel::off;
    tasks = engine::Engine::open(path, settings);
  });
  if (!tasks) return;
  const engine::Call call = patient();
  for (const char* id : {"pending", "running", "held", "completed", "failed", "erased", "nobody"}) {
    const core::Key key{zone, id};
    attempt([&] { engine::get(*tasks, key, call); });
    attempt([&] { engine::payload(*tasks, key, call); });
    attempt([&] { engine::history(*tasks, key, {}, call); });
    tse::test::decide(*tasks, tse::test::view(key));
  }
  core::ListQuery all;
  all.zone_id = zone;
  all.with_total = true;
  attempt([&] { engine::list(*tasks, all, call); });
  attempt([&] { engine::changes(*tasks, {}, call); });
  attempt([&] { engine::stats(*tasks, {}, call); });
  attempt([&] { engine::verify(*tasks, call); });
  attempt([&] { engine::create(*tasks, new_task(zone, "new"), call); });
  attempt([&] { engine::claim(*tasks, {}, call); });
  attempt([&] { engine::tick(*tasks, call); });
  attempt([&] { engine::change(*tasks, {zone, "pending"}, core::Start{}, call); });
  attempt([&] { engine::change(*tasks, {zone, "running"}, complete_with("ins"), call); });
  attempt([&] { engine::change(*tasks, {zone, "held"}, core::Fail{"It broke.", {}, {}}, call); });
  attempt([&] { engine::purge(*tasks, {{}, std::chrono::microseconds(0), 0}, call); });
  attempt([&] { engine::erase(*tasks, {zone, "failed"}, call); });
  attempt([&] { engine::backup(*tasks, path + "-copy", call); });
}

/// Uses the file in a process of its own, which ends with 0 if all is well.
int end_of_user(const std::string& path) {
  return wait_for(spawn([&] {
    ::alarm(patience_s);
    use(path, engine::Mode::read_only);
    use(path, engine::Mode::create);
    return 0;
  }));
}

struct Fixture {
  TemporaryDirectory directory{"/dev/shm"};  // nothing here is about the disk
  std::string path = directory.file("tasks.db");
  std::string whole;
  std::size_t files = 0;

  Fixture() {
    fill(path);
    whole = read_file(path);
  }
  void give(const std::string& bytes) const {
    for (const char* suffix : {"-wal", "-shm", "-journal", "-taskstate", "-copy", "-copy-taskstate"})
      std::filesystem::remove(path + suffix);
    write_file(path, bytes);
  }
  void survives(const std::string& sql) {
    give(whole);
    prepare(path, sql);
    ++files;
    const int end = end_of_user(path);
    BOOST_TEST(end == 0, "ended with " << end << ": " << sql.substr(sql.size() > 200 ? sql.size() - 200 : 0));
    BOOST_TEST(!was_spied(path), "it ran: " << sql.substr(sql.size() > 200 ? sql.size() - 200 : 0));
  }
  /// Names of the schema's objects of this type.
  [[nodiscard]] std::vector<std::string> names(const std::string& type) const {
    give(whole);
    std::vector<std::string> found;
    sqlite3* database = nullptr;
    BOOST_REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    const std::string sql =
        "SELECT name FROM sqlite_schema WHERE name LIKE 'taskstate\\_%' ESCAPE '\\' AND type = '" + type + "'";
    sqlite3_exec(
        database, sql.c_str(),
        [](void* to, int, char** values, char**) {
          static_cast<std::vector<std::string>*>(to)->emplace_back(values[0]);
          return 0;
        },
        &found, nullptr);
    sqlite3_close(database);
    BOOST_REQUIRE(!found.empty());
    return found;
  }
};

// A query that never ends by itself.
constexpr const char* endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT ";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(hostile_database, Fixture)

BOOST_AUTO_TEST_CASE(the_file_itself_is_taken) {
  give(whole);
  BOOST_TEST(end_of_user(path) == 0);
  BOOST_TEST(!was_spied(path));
}

BOOST_AUTO_TEST_CASE(triggers_of_others) {
  for (const std::string& table : names("table"))
    for (const char* event : {"INSERT", "UPDATE", "DELETE"})
      for (const char* time : {"BEFORE", "AFTER"})
        survives(std::string("CREATE TRIGGER evil ") + time + " " + event + " ON " + table +
                 " BEGIN INSERT INTO spy VALUES ('" + table + "'); END");
}

BOOST_AUTO_TEST_CASE(triggers_of_others_under_names_like_ours) {
  const std::string evil = " AFTER INSERT ON taskstate_events BEGIN INSERT INTO spy VALUES ('evil'); END";
  for (const std::string schema : {"", "DROP TRIGGER taskstate_meta_change; UPDATE taskstate_meta SET schema = 99; "}) {
    survives(schema + "CREATE TRIGGER taskstate_evil" + evil);
    survives(schema + "DROP TRIGGER taskstate_tasks_born; CREATE TRIGGER taskstate_tasks_born" + evil);
  }
}

BOOST_AUTO_TEST_CASE(views_under_the_names_of_tables) {
  for (const std::string& table : names("table")) {
    const std::string as_view = "ALTER TABLE " + table + " RENAME TO moved; CREATE VIEW " + table + " AS ";
    std::string instead;
    for (const char* event : {"INSERT", "UPDATE", "DELETE"})
      instead += std::string("; CREATE TRIGGER taskstate_") + event + " INSTEAD OF " + event + " ON " + table +
                 " BEGIN INSERT INTO spy VALUES ('" + table + "'); END";
    survives("PRAGMA legacy_alter_table = ON; " + as_view + "SELECT * FROM moved" + instead);
    survives("PRAGMA legacy_alter_table = ON; " + as_view + endless + "i AS one, i AS min_reader, i AS zone_id FROM n");
    // With all the columns that are asked for, and without an end.
    survives("PRAGMA legacy_alter_table = ON; " + as_view + "SELECT moved.* FROM moved, (" + endless +
             "i FROM n) WHERE i < 0");
  }
}

BOOST_AUTO_TEST_CASE(schemas_that_cannot_be) {
  for (const char* sql :
       {"UPDATE sqlite_schema SET sql = 'CREATE TABLE nonsense('",
        "UPDATE sqlite_schema SET sql = ''",
        "UPDATE sqlite_schema SET sql = NULL",
        "UPDATE sqlite_schema SET sql = x'00ff'",
        "UPDATE sqlite_schema SET rootpage = 999999",
        "UPDATE sqlite_schema SET rootpage = 0",
        "UPDATE sqlite_schema SET rootpage = -1",
        "UPDATE sqlite_schema SET rootpage = 'x'",
        "UPDATE sqlite_schema SET rootpage = 2",
        "UPDATE sqlite_schema SET rootpage = 1",
        "UPDATE sqlite_schema SET type = 'odd'",
        "UPDATE sqlite_schema SET name = 'taskstate_meta'",
        "UPDATE sqlite_schema SET tbl_name = 'spy'",
        "INSERT INTO sqlite_schema SELECT * FROM sqlite_schema",
        "DELETE FROM sqlite_schema WHERE type = 'index'",
        "DELETE FROM sqlite_schema WHERE type = 'trigger'",
        "DELETE FROM sqlite_schema WHERE name <> 'taskstate_meta'",
        "DELETE FROM sqlite_schema",
        "UPDATE sqlite_schema SET sql = replace(sql, 'id TEXT', 'id TEXT COLLATE nowhere')",
        "UPDATE sqlite_schema SET sql = replace(sql, 'id TEXT', 'id TEXT COLLATE NOCASE')",
        "UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (epoch >= 0)', 'CHECK (load_extension(''evil.so'') OR 1)')",
        "UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (epoch >= 0)', 'CHECK (writefile(''evil'', 1) OR 1)')",
        "UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE taskstate_tombstones USING fts3(zone_id, id)' "
        "WHERE name = 'taskstate_tombstones'",
        "PRAGMA application_id = 0",
        "PRAGMA user_version = 2147483647",
        "PRAGMA encoding = 'UTF-16'"})
    survives(sql);
}

BOOST_AUTO_TEST_CASE(columns_that_are_computed) {
  const auto add = [this](const std::string& column) { survives("ALTER TABLE taskstate_tasks ADD COLUMN " + column); };
  add("extra TEXT AS (load_extension('evil.so'))");
  add("extra TEXT AS (printf('%.*c', 900000000, 'x'))");
  // One that the engine itself reads and writes.
  for (const char* column : {"error_detail", "worker", "traceparent", "lease_clock"})
    survives(std::string("UPDATE sqlite_schema SET sql = replace(sql, '  ") + column + " TEXT', '  " + column +
             " TEXT AS (printf(''%.*c'', 100000000, ''x''))') WHERE name = 'taskstate_tasks'");
}

BOOST_AUTO_TEST_CASE(values_of_other_types_and_sizes) {
  const std::size_t one_in = setting("TSE_HOSTILE_ONE_IN", 1);
  std::size_t tried = 0;
  const auto survives_one_in = [&](const std::string& sql) {
    if (tried++ % one_in == 0) survives(sql);
  };
  const std::string loosely =
      "UPDATE sqlite_schema SET sql = replace(replace(replace(sql, ' STRICT', ''), ' TEXT', ''), ' INTEGER NOT NULL', "
      "'') WHERE name LIKE 'taskstate%' AND type = 'table'; PRAGMA writable_schema = RESET; PRAGMA writable_schema = "
      "ON; ";
  for (const std::string& table : names("table")) {
    std::vector<std::string> columns;
    sqlite3* database = nullptr;
    BOOST_REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    sqlite3_exec(
        database, ("SELECT name FROM pragma_table_info('" + table + "') WHERE pk = 0").c_str(),
        [](void* to, int, char** values, char**) {
          static_cast<std::vector<std::string>*>(to)->emplace_back(values[0]);
          return 0;
        },
        &columns, nullptr);
    sqlite3_close(database);
    // All columns at once are seldom read to the end, so each is tried alone, too.
    for (const char* value : {"NULL", "-1", "9223372036854775807", "1e300", "x'ff00fe'", "'text'", "''", "char(0)",
                              "CAST(x'c3' AS TEXT)", "CAST(zeroblob(3000000) AS TEXT)"}) {
      std::string all;
      for (const std::string& column : columns) all += (all.empty() ? "" : ", ") + column + " = " + value;
      survives_one_in(loosely + "UPDATE OR IGNORE " + table + " SET " + all);
    }
    for (const std::string& column : columns)
      for (const char* value : {"NULL", "9223372036854775807", "x'ff00fe'"})
        survives_one_in(loosely + "UPDATE OR IGNORE " + table + " SET " + column + " = " + value);
  }
}

BOOST_AUTO_TEST_CASE(bytes_by_chance) {
  const std::uint64_t seed = setting("TSE_SEED", 1);
  const std::size_t count = setting("TSE_HOSTILE_FILES", 60);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(setting("TSE_SECONDS", 0));
  std::size_t done = 0;
  std::size_t violations = 0;
  for (; done < count || std::chrono::steady_clock::now() < until; ++done) {
    std::mt19937_64 random(seed + done);
    std::string bytes = whole;
    const auto changes = 1 + random() % 20;
    for (std::uint64_t i = 0; i < changes; ++i) {
      // The schema's page and the heads of pages are where a byte does the most.
      const std::uint64_t page = random() % 3 == 0 ? 0 : random() % (bytes.size() / 4096);
      const std::uint64_t place = random() % (random() % 2 == 0 ? 4096 : 64);
      bytes[page * 4096 + place] = static_cast<char>(random());
    }
    give(bytes);
    const int end = end_of_user(path);
    if (end == 0) continue;
    ++violations;
    std::printf("violation: ended with %d: TSE_SEED=%llu TSE_HOSTILE_FILES=1\n", end,
                static_cast<unsigned long long>(seed + done));
  }
  std::printf("campaign: hostile-database: %zu files, %zu violations, seed %llu\n", done, violations,
              static_cast<unsigned long long>(seed));
  BOOST_TEST(violations == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

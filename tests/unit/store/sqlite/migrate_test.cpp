// The steps themselves: all or nothing, and only those that are missing.
#include "releases.hpp"
#include "unit/store/support.hpp"

#include "store/sqlite/connection.hpp"
#include "store/sqlite/migrate.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>

using namespace store_test;
using namespace tse::store::sqlite;

BOOST_AUTO_TEST_SUITE(migrate_suite)

namespace {

constexpr Migration with_more(std::string_view sql) { return {3, sql}; }

struct File {
  TempDirectory directory;
  File() { create(*store_test::open(directory.path()), "z", "a"); }
  [[nodiscard]] std::string uri() const { return file_uri(directory.path(), ""); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_failing_step_changes_nothing_in_a_new_file) {
  const TempDirectory directory;
  {
    Connection connection(file_uri(directory.path(), ""), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    const Migration steps[] = {migrations()[0],
                               with_more("CREATE TABLE taskstate_more (a); SELECT no_such_function();")};
    BOOST_CHECK_THROW(migrate(connection, 0, steps, true), core::Failure);
    BOOST_TEST(!connection.in_transaction());
    BOOST_TEST(connection.integer("SELECT count(*) FROM sqlite_schema") == 0);
    BOOST_TEST(connection.integer("PRAGMA application_id") == 0);
  }
  BOOST_TEST(store_test::open(directory.path())->verify(in()).problems.empty());
}

BOOST_AUTO_TEST_CASE(only_what_is_missing_is_added) {
  const File file;
  Connection connection(file.uri(), SQLITE_OPEN_READWRITE);
  const Migration steps[] = {migrations()[0], with_more("CREATE TABLE taskstate_more (a);")};
  migrate(connection, 2, steps, true);
  BOOST_TEST(connection.integer("SELECT schema FROM taskstate_meta") == 3);
  BOOST_TEST(connection.integer("SELECT min_writer FROM taskstate_meta") == 2);
  BOOST_TEST(connection.integer("PRAGMA user_version") == 3);
  BOOST_TEST(connection.integer("SELECT count(*) FROM taskstate_tasks") == 1);
  BOOST_TEST(connection.text("SELECT schema_hash FROM taskstate_meta") == schema_hash(steps));
}

BOOST_AUTO_TEST_CASE(a_new_file_is_as_one_that_was_migrated) {
  const TempDirectory directory;
  const File file;
  const tse::test::As next(tse::test::Release::breaking);
  Connection made(file_uri(directory.path(), ""), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  migrate(made, 0, migrations(), true);
  Connection migrated(file.uri(), SQLITE_OPEN_READWRITE);
  migrate(migrated, 2, migrations(), true);
  for (const char* const sql :
       {"SELECT group_concat(name || sql, ';') FROM (SELECT name, sql FROM sqlite_schema ORDER BY name)",
        "SELECT schema || ' ' || min_reader || ' ' || min_writer || schema_hash FROM taskstate_meta",
        "PRAGMA user_version", "PRAGMA application_id"})
    BOOST_TEST(made.text(sql) == migrated.text(sql), sql);
  BOOST_TEST(made.integer("SELECT min_reader FROM taskstate_meta") == 3);
}

BOOST_AUTO_TEST_CASE(who_is_asked_on_the_way_can_still_say_no) {
  const File file;
  const tse::test::As next(tse::test::Release::additive);
  Connection connection(file.uri(), SQLITE_OPEN_READWRITE);
  const auto no = [] { throw core::Failure(core::Code::cancelled, "no"); };
  int asked = 0;
  for (const Course& course :
       {Course{[&] { ++asked, no(); }, {}, {}}, Course{{}, [&](std::int64_t to) { asked += to == 3, no(); }, {}},
        Course{{}, {}, [&] { ++asked, no(); }}}) {
    BOOST_CHECK_THROW(migrate(connection, 2, migrations(), true, course), core::Failure);
    BOOST_TEST(!connection.in_transaction());
    BOOST_TEST(connection.integer("SELECT schema FROM taskstate_meta") == 2);
  }
  BOOST_TEST(asked == 3);
}

BOOST_AUTO_TEST_CASE(death_in_a_step_leaves_the_old_schema) {
  const File file;
  const int status = in_child([&] {
    Connection connection(file.uri(), SQLITE_OPEN_READWRITE);
    sqlite3_create_function(
        connection.handle(), "die", 0, SQLITE_UTF8, nullptr,
        [](sqlite3_context*, int, sqlite3_value**) { ::kill(::getpid(), SIGKILL); }, nullptr, nullptr);
    const Migration steps[] = {
        migrations()[0], with_more("CREATE TABLE taskstate_more (a); DROP TABLE taskstate_events; SELECT die();")};
    migrate(connection, 2, steps, true);
    return 0;
  });
  BOOST_TEST(status == 128 + SIGKILL);
  const auto store = store_test::open(file.directory.path());
  BOOST_TEST(store->verify(in()).problems.empty());
  BOOST_TEST(history(*store, {"z", "a"}).size() == 1U);
}

// What nobody held back, say a program that sees no locks.
BOOST_AUTO_TEST_CASE(a_file_migrated_under_an_open_engine_is_too_new_for_it) {
  const File file;
  const auto store = store_test::open(file.directory.path());
  const auto dump = [&] { return shell(file.directory.path(), ".dump"); };
  {
    const tse::test::As next(tse::test::Release::breaking);
    Connection connection(file.uri(), SQLITE_OPEN_READWRITE);
    migrate(connection, 2, migrations(), true);
  }
  const std::string before = dump();
  bool ran = false;
  const auto error = commit(*store, [&](store::Session&) { ran = true; });
  BOOST_REQUIRE(error);
  BOOST_TEST((error->code == core::Code::schema_too_new));
  BOOST_TEST((error->outcome == core::Outcome::not_done));
  BOOST_TEST(!ran);
  BOOST_TEST((code_of([&] { store->read({"z", "a"}, in()); }) == core::Code::schema_too_new));
  BOOST_TEST(dump() == before);
}

BOOST_AUTO_TEST_CASE(an_engine_goes_on_with_a_file_that_an_additive_step_has_made) {
  const File file;
  const auto store = store_test::open(file.directory.path());
  {
    const tse::test::As next(tse::test::Release::additive);
    Connection connection(file.uri(), SQLITE_OPEN_READWRITE);
    migrate(connection, 2, migrations(), true);
  }
  create(*store, "z", "b");
  BOOST_TEST(store->read({"z", "b"}, in()).has_value());
  store->close();
  BOOST_TEST(store_test::open(file.directory.path())->verify(in()).problems.empty());
  const auto reader = store_test::open(file.directory.path(), Mode::read_only);
  BOOST_TEST(reader->read({"z", "a"}, in()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

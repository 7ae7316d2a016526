// What holds for every connection, for the lock beside the database, and for checkpoints.
#include "store/sqlite/connection.hpp"

#include "store/sqlite/checkpoint.hpp"
#include "store/sqlite/write_lock.hpp"
#include "unit/store/support.hpp"

#include <atomic>
#include <thread>

using namespace store_test;
using core::Code;
using namespace std::chrono_literals;
using store::sqlite::Checkpoint;
using store::sqlite::Connection;
using store::sqlite::file_uri;
using store::sqlite::WriteLock;

BOOST_AUTO_TEST_SUITE(store_connection)

namespace {

int config(const Connection& connection, int option) {
  int value = -1;
  sqlite3_db_config(connection.handle(), option, -1, &value);
  return value;
}

}  // namespace

BOOST_AUTO_TEST_CASE(no_connection_checkpoints_by_itself_or_trusts_a_schema) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  Connection connection(file_uri(directory.path(), ""), SQLITE_OPEN_READWRITE);
  connection.configure();
  BOOST_TEST(connection.integer("PRAGMA wal_autocheckpoint") == 0);
  BOOST_TEST(connection.integer("PRAGMA synchronous") == 2);
  BOOST_TEST(connection.integer("PRAGMA cell_size_check") == 1);
  BOOST_TEST(config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE) == 1);
  BOOST_TEST(config(connection, SQLITE_DBCONFIG_DEFENSIVE) == 1);
  BOOST_TEST(config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA) == 0);
  int persist = -1;
  sqlite3_file_control(connection.handle(), "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
  BOOST_TEST(persist == 1);
}

BOOST_AUTO_TEST_CASE(an_empty_text_is_not_null) {
  Connection connection(":memory:", SQLITE_OPEN_READWRITE);
  store::sqlite::Query query(connection, "SELECT ?1 IS NULL, ?2 IS NULL, ?3 IS NULL, ?4 IS NULL");
  query.bind(1, std::string_view()).bind_blob(2, {}).bind_null(3);
  BOOST_REQUIRE(query.step());
  BOOST_TEST(query.integer(0) == 0);
  BOOST_TEST(query.integer(1) == 0);
  BOOST_TEST(query.integer(2) == 1);
  BOOST_TEST(query.integer(3) == 1);
}

BOOST_AUTO_TEST_CASE(what_is_too_big_to_be_ours_is_damage) {
  Connection connection(":memory:", SQLITE_OPEN_READWRITE);
  const auto error = error_of([&] { store::sqlite::Query(connection, "SELECT length(zeroblob(2000000000))").step(); });
  BOOST_TEST((error.code == Code::corrupt));
}

BOOST_AUTO_TEST_CASE(a_message_holds_no_sql_and_no_value) {
  Connection connection(":memory:", SQLITE_OPEN_READWRITE);
  connection.execute("CREATE TABLE t (a CHECK (a <> 'hidden'))", "make");
  const core::Error error =
      error_of([&] { store::sqlite::Query(connection, "INSERT INTO t VALUES ('hidden')").run(); });
  BOOST_TEST((error.code == Code::corrupt));
  BOOST_TEST(error.message.find("hidden") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_write_lock_has_one_holder) {
  const TempDirectory directory;
  WriteLock first, second;
  first.open(directory.path(), directory.path("none"), 0600);
  second.open(directory.path(), directory.path("none"), 0600);
  BOOST_TEST(first.try_lock());
  BOOST_TEST(!second.try_lock());
  BOOST_TEST((code_of([&] { second.lock(in(20ms), [] {}); }) == Code::busy));
  first.unlock();
  BOOST_TEST(second.try_lock());
  second.close();
  BOOST_TEST(first.try_lock());
}

// A PASSIVE checkpoint would go ahead here, and that is the one that can lose commits.
BOOST_AUTO_TEST_CASE(a_checkpoint_gives_way_to_a_foreign_writer) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  create(*store, "z", "a");
  Connection foreign(file_uri(directory.path(), ""), SQLITE_OPEN_READWRITE);
  Connection own(file_uri(directory.path(), ""), SQLITE_OPEN_READWRITE);
  own.configure();
  static_cast<void>(own.integer("SELECT count(*) FROM taskstate_tasks"));
  foreign.execute("BEGIN IMMEDIATE", "begin");
  for (const Checkpoint mode : {Checkpoint::restart, Checkpoint::truncate}) BOOST_TEST(!checkpoint(own, mode));
  foreign.rollback();
  for (const Checkpoint mode : {Checkpoint::restart, Checkpoint::truncate}) BOOST_TEST(checkpoint(own, mode));
  BOOST_TEST(std::filesystem::file_size(directory.path("catalog.db-wal")) == 0U);
}

BOOST_AUTO_TEST_CASE(a_file_that_becomes_foreign_while_its_opener_waits_is_left_alone) {
  const TempDirectory directory;
  WriteLock lock;
  lock.open(directory.path("catalog.db-taskstate"), directory.path(), 0600);
  BOOST_REQUIRE(lock.try_lock());
  std::atomic<bool> refused = false;
  std::thread opener([&] {
    try {
      open(directory.path())->close();
    } catch (const core::Failure& failure) {
      refused = failure.error().code == Code::not_a_taskstate_file;
    }
  });
  std::this_thread::sleep_for(50ms);  // it found no file, and waits
  shell(directory.path(), "CREATE TABLE host (a);");
  lock.unlock();
  opener.join();
  BOOST_TEST(refused);
  BOOST_TEST(shell(directory.path(), "SELECT name FROM sqlite_schema; PRAGMA journal_mode;") == "host\ndelete");
}

BOOST_AUTO_TEST_SUITE_END()

#include "store/sqlite/wal_index.hpp"
#include "fault/fault_vfs.hpp"
#include "unit/store/support.hpp"

#include <boost/test/unit_test.hpp>

using namespace tse;
using namespace store_test;
using store::sqlite::Connection;
using store::sqlite::WalIndex;

namespace {

struct Database {
  TempDirectory directory;
  Connection connection{store::sqlite::file_uri(directory.path(), "mode=rwc"),
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
  explicit Database(const char* mode = "WAL") {
    connection.execute((std::string("PRAGMA journal_mode = ") + mode + "; PRAGMA wal_autocheckpoint = 0;" +
                        "CREATE TABLE t (x); INSERT INTO t VALUES (1)")
                           .c_str(),
                       "prepare");
  }
};

// What makes it move, and what does not.
bool moves(Database& database, const std::function<void()>& act) {
  const WalIndex index = WalIndex::map(database.connection).value();
  const store::Stamp before = index.stamp();
  act();
  return index.stamp() != before;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_wal_index)

BOOST_AUTO_TEST_CASE(every_commit_of_whomever_moves_the_stamp) {
  Database database;
  const auto run = [&](const char* sql) { database.connection.execute(sql, "run"); };
  Connection other(store::sqlite::file_uri(database.directory.path(), "mode=rw"), SQLITE_OPEN_READWRITE);
  BOOST_TEST(moves(database, [&] { run("INSERT INTO t VALUES (2)"); }));
  BOOST_TEST(moves(database, [&] { run("UPDATE t SET x = x + 1"); }));
  BOOST_TEST(moves(database, [&] { run("VACUUM"); }));
  BOOST_TEST(moves(database, [&] { run("PRAGMA user_version = 7"); }));
  BOOST_TEST(moves(database, [&] { other.execute("INSERT INTO t VALUES (3)", "run"); }));
  BOOST_TEST(moves(database, [&] {
    shell(database.directory.path(),
          ".dbconfig no_ckpt_on_close on\nPRAGMA wal_autocheckpoint = 0; INSERT INTO t VALUES (4)");
  }));
}

BOOST_AUTO_TEST_CASE(what_commits_nothing_does_not_move_it) {
  Database database;
  const auto run = [&](const char* sql) { database.connection.execute(sql, "run"); };
  BOOST_TEST(!moves(database, [] {}));
  BOOST_TEST(!moves(database, [&] { run("SELECT * FROM t"); }));
  BOOST_TEST(!moves(database, [&] { run("BEGIN IMMEDIATE; INSERT INTO t VALUES (2); ROLLBACK"); }));
  BOOST_TEST(!moves(database,
                    [&] { run("BEGIN IMMEDIATE; INSERT INTO t VALUES (2); SAVEPOINT s; ROLLBACK TO s; ROLLBACK"); }));
  BOOST_TEST(!moves(database, [&] { run("PRAGMA wal_checkpoint(PASSIVE)"); }));
}

// A log that begins anew holds other frames under the same numbers.
BOOST_AUTO_TEST_CASE(a_log_that_begins_anew_is_told_from_the_one_before) {
  Database database;
  const auto run = [&](const char* sql) { database.connection.execute(sql, "run"); };
  const WalIndex index = WalIndex::map(database.connection).value();
  std::vector<store::Stamp> seen;
  for (int round = 0; round < 20; ++round) {
    run("PRAGMA wal_checkpoint(TRUNCATE)");
    run("UPDATE t SET x = 3 - x");
    for (const store::Stamp& before : seen) BOOST_TEST((before != index.stamp()));
    seen.push_back(index.stamp());
  }
}

BOOST_AUTO_TEST_CASE(it_is_the_same_for_all_connections) {
  Database database;
  Connection other(store::sqlite::file_uri(database.directory.path(), "mode=rw"), SQLITE_OPEN_READWRITE);
  BOOST_TEST(other.integer("SELECT count(*) FROM t") == 1);
  BOOST_TEST((WalIndex::map(other).value().stamp() == WalIndex::map(database.connection).value().stamp()));
}

BOOST_AUTO_TEST_CASE(a_file_opened_again_after_a_clean_close_has_one) {
  TempDirectory directory;
  for (int round = 0; round < 3; ++round) {
    const auto store = store_test::open(directory.path());
    BOOST_TEST((store->traits().proof == store::Proof::wal_index));
    BOOST_TEST(store->stamp().has_value());
  }
}

BOOST_AUTO_TEST_CASE(there_is_none_without_a_shared_log) {
  Connection memory(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  memory.execute("CREATE TABLE t (x)", "prepare");
  BOOST_TEST(!WalIndex::map(memory).has_value());
  Database rollback("DELETE");
  BOOST_TEST(!WalIndex::map(rollback.connection).has_value());
}

// Another SQLite may lay it out otherwise: then nothing is read into it.
BOOST_AUTO_TEST_CASE(another_layout_is_not_taken_for_this_one) {
  for (const int byte : {0, 12, 14, 16, 24, 32, 40}) {
    const fault::Installed vfs;
    Database database;
    BOOST_TEST(WalIndex::map(database.connection).has_value());
    fault::change_mapped(byte);
    BOOST_TEST(!WalIndex::map(database.connection).has_value(), "byte " << byte);
    const auto store = [&] {
      const TempDirectory directory;
      return store_test::open(directory.path())->traits().proof;
    };
    BOOST_TEST((store() == store::Proof::none));
    fault::change_mapped(-1);
    BOOST_TEST((store() == store::Proof::wal_index));
  }
}

BOOST_AUTO_TEST_SUITE_END()

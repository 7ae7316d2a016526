// Frames of the log that are collected until their commit: what is written when, and what never is.
#include "unit/store/sqlite/vfs/support.hpp"
#include "unit/store/sqlite/vfs/system_calls.hpp"

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <filesystem>

using namespace tse;
using namespace tse::test;
namespace vfs = tse::store::sqlite::vfs;

namespace {

constexpr const char* make_table = "CREATE TABLE t(id INTEGER PRIMARY KEY, v, pad); CREATE INDEX tv ON t(v)";

std::string insert(int rows, int value, int bytes = 500) {
  return "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < " + std::to_string(rows) +
         ") INSERT INTO t(v, pad) SELECT " + std::to_string(value) + ", randomblob(" + std::to_string(bytes) +
         ") FROM c";
}

/// The database as a process would find it after a crash at this moment.
std::string after_a_crash(const std::string& path, const std::string& sql) {
  const std::string image = path + ".image";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(image + suffix);
  for (const char* suffix : {"", "-wal"})
    if (std::filesystem::exists(path + suffix)) std::filesystem::copy_file(path + suffix, image + suffix);
  return elsewhere(image, sql);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(collected_frames)

BOOST_AUTO_TEST_CASE(a_commit_is_one_write) {
  const TemporaryDirectory directory;
  Plain own(directory.file("tasks.db"), ours());
  own.must(make_table);
  const vfs::Counts before = vfs::counts();
  const FailingWrites counted("-wal", {0, SIZE_MAX}, -1);  // all of it is written
  for (int i = 0; i < 10; ++i) own.must(insert(20, i));
  const vfs::Counts after = vfs::counts();
  BOOST_TEST(after.flushes - before.flushes == 10U);
  BOOST_TEST(after.frames - before.frames > 30U);
  BOOST_TEST(FailingWrites::count() == 10);
}

// Before the commit returns, for others too, and in each mode: no flush is needed for that.
BOOST_AUTO_TEST_CASE(what_is_committed_is_in_the_file) {
  const TemporaryDirectory directory;
  for (const char* mode : {"FULL", "NORMAL", "OFF"}) {
    const std::string path = directory.file(std::string(mode) + ".db");
    Plain own(path, ours());
    own.must(std::string("PRAGMA synchronous = ") + mode);
    own.must(make_table);
    own.must(insert(50, 1));
    BOOST_TEST(after_a_crash(path, "SELECT count(*) FROM t; PRAGMA integrity_check") == "50\nok");
    BOOST_TEST(elsewhere(path, "SELECT count(*) FROM t; PRAGMA integrity_check") == "50\nok");
  }
}

// A connection that has a bigger transaction than cache reads its own frames, collected or not.
BOOST_AUTO_TEST_CASE(a_spilled_transaction_sees_its_own_rows) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  Plain own(path, ours(), "PRAGMA journal_mode = WAL; PRAGMA cache_size = 5");
  own.must(make_table);
  own.must("BEGIN");
  for (int i = 0; i < 20; ++i) {
    own.must(insert(30, i));
    BOOST_TEST(own.ask("SELECT count(*), count(DISTINCT v), sum(length(pad)) FROM t") ==
               std::to_string(30 * (i + 1)) + ' ' + std::to_string(i + 1) + ' ' + std::to_string(15000 * (i + 1)));
  }
  BOOST_TEST(elsewhere(path, "SELECT count(*) FROM t") == "0");
  own.must("COMMIT");
  BOOST_TEST(elsewhere(path, "SELECT count(*) FROM t; PRAGMA integrity_check") == "600\nok");
}

// Frames of a transaction that was rolled back: written later they would stand over another process's commit.
BOOST_AUTO_TEST_CASE(what_was_rolled_back_is_never_written) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  Plain own(path, ours(), "PRAGMA journal_mode = WAL; PRAGMA cache_size = 5");
  own.must(make_table);
  own.must(insert(3, 0));
  std::int64_t expected = 3;
  const vfs::Counts before = vfs::counts();
  for (int round = 0; round < 12; ++round) {
    own.must("BEGIN IMMEDIATE");
    own.must(insert(40 + round, 1));  // some of it is collected, and more of it than the cache holds
    own.must("ROLLBACK");
    BOOST_TEST(elsewhere(path, "INSERT INTO t(v, pad) VALUES(2, zeroblob(9000)); SELECT 'done'", 10000) == "done");
    own.must(insert(2, 3));
    expected += 3;
    const std::string sum = std::to_string(expected) + "\nok";
    BOOST_REQUIRE(elsewhere(path, "SELECT count(*) FROM t; PRAGMA integrity_check", 10000) == sum);
    BOOST_REQUIRE(after_a_crash(path, "SELECT count(*) FROM t; PRAGMA integrity_check") == sum);
  }
  BOOST_TEST(vfs::counts().discarded > before.discarded);  // or nothing was tried
}

// The log grows by more than is collected at once.
BOOST_AUTO_TEST_CASE(a_transaction_of_many_megabytes) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  Plain own(path, ours(), "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
  own.must(make_table);
  const vfs::Counts before = vfs::counts();
  own.must(insert(6000, 1, 1000));
  BOOST_TEST(vfs::counts().flushes - before.flushes >= 5U);
  BOOST_TEST(elsewhere(path, "SELECT count(*), sum(length(pad)) FROM t; PRAGMA integrity_check") == "6000|6000000\nok");
}

// Without the wal-index in shared memory no lock tells whose turn it is to append.
BOOST_AUTO_TEST_CASE(a_connection_with_the_file_to_itself_does_without) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  {
    Plain own(path, ours(), "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL");
    own.must(make_table);
    own.must(insert(30, 1));
    BOOST_TEST(!std::filesystem::exists(path + "-shm"));
    BOOST_TEST(after_a_crash(path, "SELECT count(*) FROM t; PRAGMA integrity_check") == "30\nok");
  }
  BOOST_TEST(elsewhere(path, "SELECT count(*) FROM t; PRAGMA integrity_check") == "30\nok");
}

BOOST_AUTO_TEST_SUITE_END()

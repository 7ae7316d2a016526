// The VFS's descriptors: none below 3, kept and used again while their file has a name, closed when it has none.
#include "vfs/support.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

using namespace tse;
using namespace tse::test;
namespace vfs = tse::store::sqlite::vfs;

BOOST_AUTO_TEST_SUITE(descriptors)

// A program that was started without them: what it prints would land in the database.
BOOST_AUTO_TEST_CASE(none_is_below_3_although_those_are_free) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const pid_t child = spawn([&] {
    for (int descriptor = 0; descriptor < 3; ++descriptor) ::close(descriptor);
    Plain connection(path, ours());
    connection.must("CREATE TABLE t(v); INSERT INTO t VALUES(1)");
    const std::vector<int> all = descriptors_of(path);
    if (all.size() < 3 || *std::min_element(all.begin(), all.end()) < 3) return 1;
    for (int descriptor = 0; descriptor < 3; ++descriptor)
      if (::fcntl(descriptor, F_GETFD) < 0) return 2;  // or the next open() would give it away
    const char words[] = "what a library prints to stderr";
    (void)!::write(2, words, sizeof words);
    return connection.ask("PRAGMA integrity_check") == "ok" ? 0 : 3;
  });
  BOOST_TEST(wait_for(child) == 0);
  BOOST_TEST(elsewhere(path, "SELECT v FROM t; PRAGMA integrity_check") == "1\nok");
}

BOOST_AUTO_TEST_CASE(all_are_closed_on_exec) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  Plain connection(path, ours());
  connection.must("CREATE TABLE t(v)");
  const std::vector<int> all = descriptors_of(path);
  BOOST_TEST(all.size() >= 3U);
  for (const int descriptor : all) BOOST_TEST((::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);
}

// Closing one would end the locks that another SQLite of the process has on the file.
BOOST_AUTO_TEST_CASE(they_are_used_again_and_do_not_grow) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  Plain(path, ours()).must("CREATE TABLE t(v)");
  const std::size_t kept = descriptors_of(path).size();
  BOOST_TEST(kept > 0U);
  const vfs::Counts before = vfs::counts();
  for (int i = 0; i < 50; ++i) Plain(path, ours()).must("INSERT INTO t VALUES(1)");
  BOOST_TEST(descriptors_of(path).size() == kept);
  BOOST_TEST(vfs::counts().reused - before.reused >= 50U);
  BOOST_TEST(elsewhere(path, "SELECT count(*) FROM t") == "50");
}

BOOST_AUTO_TEST_CASE(a_file_that_took_the_place_of_another_has_its_own) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const std::string other = directory.file("other.db");
  Plain(path, ours()).must("CREATE TABLE t(v); INSERT INTO t VALUES('old')");
  Plain(other, ours()).must("CREATE TABLE t(v); INSERT INTO t VALUES('new')");
  std::filesystem::rename(other, path);
  BOOST_TEST(Plain(path, ours()).ask("SELECT v FROM t") == "new");
}

// Or its blocks would never be free, nor could its file system be unmounted.
BOOST_AUTO_TEST_CASE(those_of_a_removed_file_are_closed_at_the_next_opening) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("removed.db");
  Plain(path, ours()).must("CREATE TABLE t(v)");
  BOOST_TEST(!descriptors_of(path).empty());
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  Plain(directory.file("other.db"), ours()).must("CREATE TABLE t(v)");
  BOOST_TEST(descriptors_of(path).empty());
}

BOOST_AUTO_TEST_CASE(those_of_a_file_that_is_removed_while_open_are_closed_with_it) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("removed.db");
  Plain connection(path, ours());
  connection.must("CREATE TABLE t(v)");
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  connection.close();
  BOOST_TEST(descriptors_of(path).empty());
}

// What is given back must hold no lock, or the next user of the file finds it locked by nobody.
BOOST_AUTO_TEST_CASE(what_is_kept_holds_no_lock) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  Plain connection(path, ours());
  connection.must("CREATE TABLE t(v); BEGIN IMMEDIATE; INSERT INTO t VALUES(1)");
  BOOST_TEST(!all_locks(path).empty());
  connection.close();
  BOOST_TEST(all_locks(path).empty());
  BOOST_TEST(elsewhere(path, "PRAGMA journal_mode = DELETE; INSERT INTO t VALUES(2); SELECT v FROM t") == "delete\n2");
}

// The first one to map a -shm locks it for itself for a moment. Within a process nobody else may see that.
BOOST_AUTO_TEST_CASE(threads_that_open_a_file_at_once_all_can) {
  const TemporaryDirectory directory;
  std::atomic<int> failed{0};
  for (int round = 0; round < 20; ++round) {
    const std::string path = directory.file("tasks" + std::to_string(round) + ".db");
    Plain(path, ours()).must("CREATE TABLE t(v); INSERT INTO t VALUES(1)");
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        ++ready;
        while (ready < 4) std::this_thread::yield();
        sqlite3* own = nullptr;
        int code = sqlite3_open_v2(path.c_str(), &own, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, ours());
        if (code == SQLITE_OK) code = sqlite3_exec(own, "SELECT count(*) FROM t", nullptr, nullptr, nullptr);
        sqlite3_close(own);
        failed += code != SQLITE_OK ? 1 : 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  BOOST_TEST(failed == 0);
}

BOOST_AUTO_TEST_CASE(a_symbolic_link_is_followed_to_the_one_file) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const std::string link = directory.file("link.db");
  Plain own(path, ours());
  own.must("CREATE TABLE t(v); BEGIN IMMEDIATE");
  std::filesystem::create_symlink(path, link);
  BOOST_TEST(Plain(link, ours()).run("BEGIN IMMEDIATE") == SQLITE_BUSY);
  BOOST_TEST(!std::filesystem::exists(link + "-wal"));
}

BOOST_AUTO_TEST_CASE(it_is_never_the_processs_default) {
  BOOST_REQUIRE(ours() != nullptr);
  BOOST_TEST(std::string(sqlite3_vfs_find(nullptr)->zName) != ours());
  BOOST_TEST(ours() == ours());
  BOOST_TEST(std::string(ours()) == "taskstate");
  BOOST_TEST(sqlite3_vfs_find(ours()) != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

// The VFS's descriptors: none below 3, kept and used again while their file has a name, closed when it has none.
#include "unit/store/sqlite/vfs/support.hpp"

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

// A host with a file for each of its customers would run out of descriptors.
BOOST_AUTO_TEST_CASE(those_of_many_files_are_few_and_the_locks_of_others_stay) {
  const TemporaryDirectory directory;
  const std::string locked = directory.file("locked.db");
  Plain(locked, ours()).must("CREATE TABLE t(v)");
  Plain other(locked, stock, "");
  other.must("BEGIN; SELECT * FROM t");
  const auto locks = all_locks(locked);
  BOOST_TEST(!locks.empty());
  for (int i = 0; i < 100; ++i) Plain(directory.file(std::to_string(i) + ".db"), ours()).must("CREATE TABLE t(v)");
  BOOST_TEST(vfs::counts().idle <= 64U + descriptors_of(locked).size());
  BOOST_TEST((all_locks(locked) == locks));
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
        try {
          Plain own(path, ours(), "", for_long);  // one of them recovers the log
          own.must("INSERT INTO t VALUES(2)");
        } catch (const std::exception&) {
          ++failed;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(elsewhere(path, "SELECT count(*) FROM t") == "5");
  }
  BOOST_TEST(failed == 0);
}

namespace {

/// Closes all descriptors of the file behind the VFS's back, and has each number stand for a file of the host's.
std::vector<std::string> take_over(const std::string& path) {
  std::vector<std::string> files;
  for (const int descriptor : descriptors_of(path)) {
    files.push_back(path.substr(0, path.rfind('/')) + "/host" + std::to_string(descriptor));
    std::ofstream(files.back()) << "the host's";
    const int opened = ::open(files.back().c_str(), O_RDWR);
    ::dup2(opened, descriptor);
    ::close(opened);
  }
  return files;
}

bool are_untouched(const std::vector<std::string>& files) {
  return std::all_of(files.begin(), files.end(), [](const std::string& file) {
    std::ostringstream content;
    content << std::ifstream(file).rdbuf();
    return content.str() == "the host's";
  });
}

}  // namespace

// A daemon that closes all descriptors and opens its own: their numbers are no longer the database's.
void is_left_alone(const std::string& part, bool empty_log) {
  for (const char* act : {"INSERT INTO t VALUES(2)", "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA journal_mode = DELETE",
                          "BEGIN IMMEDIATE", "VACUUM"}) {
    BOOST_TEST_CONTEXT(act << ' ' << part << (empty_log ? ", the log is empty" : "")) {
      const TemporaryDirectory directory;
      const std::string path = directory.file("tasks.db");
      const pid_t child = spawn([&] {
        Plain connection(path, ours());
        connection.must("CREATE TABLE t(v); INSERT INTO t VALUES(1)");
        if (empty_log) connection.must("PRAGMA wal_checkpoint(TRUNCATE)");
        const std::vector<std::string> files = take_over(path + part);
        if (files.size() < (part.empty() ? 3U : 1U)) return 1;
        (void)connection.run(act);
        connection.close();
        if (!are_untouched(files)) return 2;
        return Plain(path, ours()).ask("SELECT v FROM t") == "1" ? 0 : 3;
      });
      BOOST_TEST(wait_for(child) == 0);
      BOOST_TEST(elsewhere(path, "PRAGMA integrity_check", 10000) == "ok");
    }
  }
}

// All of them, or the log alone, whose header is the first that a change writes.
BOOST_AUTO_TEST_CASE(what_a_host_opened_in_their_place_is_left_alone) {
  for (const char* part : {"", "-wal"})
    for (const bool empty_log : {false, true}) is_left_alone(part, empty_log);
}

// Worst where the host opens another database: its pages would be taken for those of the first.
BOOST_AUTO_TEST_CASE(nothing_is_read_of_what_a_host_opened_in_their_place) {
  for (const char* part : {"", "-wal", "-shm"}) BOOST_TEST_CONTEXT("the database's" << part) {
      const TemporaryDirectory directory;
      const std::string path = directory.file("tasks.db");
      const std::string other = directory.file("other.db");
      const pid_t child = spawn([&] {
        Plain theirs(other, ours());
        theirs.must("CREATE TABLE t(v); INSERT INTO t VALUES('theirs')");
        Plain connection(path, ours());
        connection.must("CREATE TABLE t(v); INSERT INTO t VALUES('own')");
        if (*part == '\0') connection.must("PRAGMA wal_checkpoint(TRUNCATE)");
        connection.must("PRAGMA shrink_memory");
        for (const int descriptor : descriptors_of(path)) {
          const std::string name = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor));
          if (name != path + part) continue;
          const int opened = ::open((other + part).c_str(), O_RDWR);
          if (opened < 0 || ::dup2(opened, descriptor) < 0) return 97;
          ::close(opened);
        }
        const std::string said = connection.ask("SELECT v FROM t");
        std::fprintf(stderr, "%s\n", said.c_str());
        if (said.find("I/O error") == std::string::npos && said != "locking protocol") return 1;
        connection.close();
        return Plain(path, ours()).ask("SELECT v FROM t") == "own" ? 0 : 3;
      });
      BOOST_TEST(wait_for(child) == 0);
      BOOST_TEST(elsewhere(other, "SELECT v FROM t", 10000) == "theirs");
    }
}

BOOST_AUTO_TEST_CASE(nor_does_a_child_close_them) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const pid_t child = spawn([&] {
    Plain connection(path, ours());
    connection.must("CREATE TABLE t(v); INSERT INTO t VALUES(1)");
    const std::size_t files = take_over(path).size();
    const std::size_t open = descriptors_of(directory.file("host")).size();
    if (files < 3 || open != files) return 1;
    return wait_for(spawn([&] { return descriptors_of(directory.file("host")).size() == open ? 0 : 2; }));
  });
  BOOST_TEST(wait_for(child) == 0);
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

// What a forked child inherits of the VFS: no descriptor, no lock, and nothing that its parent's death leaves behind.
#include "unit/store/sqlite/vfs/support.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

using namespace tse;
using namespace tse::test;

namespace {

constexpr const char* in_the_log = "PRAGMA journal_mode = WAL";
constexpr const char* make_table = "CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, v)";

bool is_locked(const std::string& said) { return said.find("locked") != std::string::npos; }

void close_all_descriptors(const Bell& first, const Bell& second) {
  for (int descriptor = 3; descriptor < 1024; ++descriptor) {
    bool needed = false;
    for (const Bell* bell : {&first, &second})
      for (const int end : bell->ends()) needed |= end == descriptor;
    if (!needed) ::close(descriptor);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forked_vfs)

BOOST_AUTO_TEST_CASE(whatever_a_child_does_the_parents_locks_stay) {
  struct Act {
    const char* name;
    std::function<void(Plain&, const std::string&, const Bell&, const Bell&)> act;
  };
  const Act acts[] = {{"nothing", [](auto&, auto&, auto&, auto&) {}},
                      {"closes all descriptors", [](auto&, auto&, auto& a, auto& b) { close_all_descriptors(a, b); }},
                      {"rolls the inherited connection back and closes it",
                       [](auto& inherited, auto&, auto&, auto&) {
                         inherited.run("ROLLBACK");
                         inherited.close();
                       }},
                      {"uses the inherited connection",
                       [](auto& inherited, auto&, auto&, auto&) {
                         if (inherited.run("COMMIT") == SQLITE_OK) throw std::runtime_error("it committed");
                       }},
                      {"has a connection of its own",
                       [](auto&, auto& path, auto&, auto&) {
                         Plain own(path, ours());
                         if (own.ask("SELECT count(*) FROM t") != "0") throw std::runtime_error("it cannot read");
                         if (own.run("INSERT INTO t(v) VALUES(9)") != SQLITE_BUSY) throw std::runtime_error("it wrote");
                       }},
                      {"opens and closes the files", [](auto&, auto& path, auto&, auto&) {
                         for (const char* suffix : {"", "-wal", "-shm"})
                           ::close(::open((path + suffix).c_str(), O_RDONLY));
                       }}};
  for (const Act& act : acts) {
    BOOST_TEST_CONTEXT("the child " << act.name) {
      const TemporaryDirectory directory;
      const std::string path = directory.file("tasks.db");
      Plain parent(path, ours());
      parent.must(std::string(make_table) + "; BEGIN IMMEDIATE; INSERT INTO t(v) VALUES(1)");
      const auto before = all_locks(path);
      const Bell done;
      const Bell looked_at;
      const pid_t child = spawn([&] {
        int code = 0;
        try {
          act.act(parent, path, done, looked_at);
        } catch (const std::exception& wrong) {
          std::fprintf(stderr, "%s\n", wrong.what());
          code = 1;
        }
        done.ring();
        looked_at.wait();
        return code;
      });
      done.wait();
      const auto meanwhile = all_locks(path);
      BOOST_TEST(std::includes(meanwhile.begin(), meanwhile.end(), before.begin(), before.end()),
                 text_of(before) << " became " << text_of(meanwhile));
      BOOST_TEST(is_locked(elsewhere(path, "BEGIN IMMEDIATE")));
      BOOST_TEST(parent.run("COMMIT") == SQLITE_OK);
      looked_at.ring();
      BOOST_TEST(wait_for(child) == 0);
      BOOST_TEST(elsewhere(path, "SELECT count(*) FROM t; PRAGMA integrity_check") == "1\nok");
    }
  }
}

namespace {

/// The rows of three that are there in the end; all were acknowledged.
std::int64_t rows_when_the_parent_closes_first(const char* vfs) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  Plain parent(path, vfs);
  parent.must(make_table);
  const Bell written;
  const Bell closed;
  const pid_t child = spawn([&]() -> int {
    Plain own(path, vfs, in_the_log, for_long);
    own.must("INSERT INTO t(v) VALUES(1)");
    written.ring();
    closed.wait();
    own.must("INSERT INTO t(v) VALUES(2)");
    ::_exit(0);  // its close does not mend anything
  });
  written.wait();
  parent.must("INSERT INTO t(v) VALUES(3)");
  parent.close();
  closed.ring();
  BOOST_TEST(wait_for(child) == 0);
  return std::stoll(elsewhere(path, "SELECT count(*) FROM t", 10000));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_childs_own_connection_outlives_the_parents_last) {
  BOOST_TEST(rows_when_the_parent_closes_first(stock) < 3);
  BOOST_TEST(rows_when_the_parent_closes_first(ours()) == 3);
}

namespace {

/// Whether another process may lock the file although it was locked by a process that is dead, whose child lives on:
/// `hold` locks something in a process that forks then.
bool is_free_after(const std::function<void()>& hold, const std::function<bool()>& is_free) {
  const Bell held;
  const Bell forked_off;
  const Bell looked_at;
  Shared<pid_t> child;
  const pid_t parent = spawn([&] {
    hold();
    const pid_t forked = ::fork();
    if (forked == 0) {
      forked_off.ring();  // its handlers have run
      looked_at.wait();
      ::_exit(0);
    }
    child[0] = forked;
    held.ring();
    ::pause();
    return 0;
  });
  held.wait();
  forked_off.wait();
  ::kill(parent, SIGKILL);
  BOOST_TEST(wait_for(parent) == 128 + SIGKILL);
  BOOST_TEST(::kill(child[0], 0) == 0);  // it lives
  const bool free = is_free();
  looked_at.ring();
  return free;
}

int lock_a_byte(int descriptor) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = 120;
  lock.l_len = 1;
  return ::fcntl(descriptor, F_OFD_SETLK, &lock);
}

}  // namespace

// Why the -shm is mapped through a description that never locks: a mapping keeps its description, with all its locks,
// in a child that closed the descriptor.
BOOST_AUTO_TEST_CASE(a_mapping_keeps_the_locks_of_its_own_description_alone) {
  for (const bool own_description : {false, true}) {
    const TemporaryDirectory directory;
    const std::string path = directory.file("mapped");
    std::ofstream(path) << std::string(32768, '\0');
    const bool is_free = is_free_after(
        [&] {
          static int locking = -1;
          locking = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
          const int mapped = own_description ? ::open(path.c_str(), O_RDWR | O_CLOEXEC) : locking;
          if (::mmap(nullptr, 32768, PROT_READ | PROT_WRITE, MAP_SHARED, mapped, 0) == MAP_FAILED ||
              lock_a_byte(locking) != 0)
            throw std::runtime_error("mmap");
          ::pthread_atfork(nullptr, nullptr, [] { ::close(locking); });
        },
        [&] { return lock_a_byte(::open(path.c_str(), O_RDWR | O_CLOEXEC)) == 0; });
    BOOST_TEST(is_free == own_description);
  }
}

BOOST_AUTO_TEST_CASE(a_parent_killed_in_its_transaction_leaves_no_lock_to_its_child) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  Plain(path, ours()).must(make_table);
  const bool is_free = is_free_after(
      [&] {
        static Plain* writer = nullptr;  // lives until the kill
        writer = new Plain(path, ours());
        writer->must("BEGIN IMMEDIATE; INSERT INTO t(v) VALUES(1)");
      },
      [&] {
        const std::string said = elsewhere(path, "INSERT INTO t(v) VALUES(2); SELECT group_concat(v) FROM t");
        BOOST_TEST(said == "2");
        return locks_on(path).empty() && locks_on(path + "-shm").empty();
      });
  BOOST_TEST(is_free);
}

namespace {

struct Storm {
  int forks = 0;
  int leaks = 0;  ///< children that had one of the files open
  int hung = 0;
  std::int64_t commits = 0;
  std::int64_t rows = 0;
};

// Threads open, write, checkpoint and close all the time; the children only look, since a thread may have been inside
// SQLite or the C library.
Storm fork_within_a_storm(const char* vfs, std::chrono::milliseconds duration) {
  const TemporaryDirectory directory(in_memory());
  const std::string path = directory.file("tasks.db");
  Plain keeper(path, vfs);
  keeper.must(make_table);
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> commits{0};
  std::atomic<bool> failed{false};
  std::vector<std::thread> threads;
  for (int id = 0; id < 4; ++id) {
    threads.emplace_back([&, id] {
      try {
        for (int opened = 0; !stop; ++opened) {
          Plain own(path, vfs, in_the_log, for_long);
          for (int i = 0; i < 5 && !stop; ++i, ++commits)
            own.must("INSERT INTO t(v) VALUES(" + std::to_string(id) + ")");
          if (id == 0 && opened % 16 == 15) own.must("PRAGMA wal_checkpoint(RESTART)");
        }
      } catch (const std::exception& wrong) {
        std::fprintf(stderr, "a thread: %s\n", wrong.what());
        failed = true;
      }
    });
  }
  Storm storm;
  const auto end = std::chrono::steady_clock::now() + duration;
  for (; std::chrono::steady_clock::now() < end || storm.forks < 20; ++storm.forks) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(20);
      for (int descriptor = 0; descriptor < 1024; ++descriptor) {  // nothing that allocates
        char link[32] = "/proc/self/fd/";
        char name[4096];
        std::snprintf(link + 14, sizeof link - 14, "%d", descriptor);
        const ssize_t size = ::readlink(link, name, sizeof name);
        if (size >= static_cast<ssize_t>(path.size()) && std::equal(path.begin(), path.end(), name)) ::_exit(1);
      }
      ::_exit(0);
    }
    const int code = wait_for(child);
    storm.leaks += code == 1 ? 1 : 0;
    storm.hung += code > 1 ? 1 : 0;
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(!failed);
  storm.commits = commits;
  storm.rows = keeper.number("SELECT count(*) FROM t");
  return storm;
}

}  // namespace

BOOST_AUTO_TEST_CASE(forking_while_threads_open_write_and_close) {
  const Storm control = fork_within_a_storm(stock, std::chrono::milliseconds(100));
  BOOST_TEST(control.leaks == control.forks);
  const std::chrono::milliseconds duration(setting("TSE_STORM_MS", 2000));
  const Storm storm = fork_within_a_storm(ours(), duration);
  BOOST_TEST_MESSAGE(storm.forks << " forks, " << storm.commits << " commits");
  BOOST_TEST(storm.leaks == 0);
  BOOST_TEST(storm.hung == 0);
  BOOST_TEST(storm.rows == storm.commits);
}

// Children that go on, of a process whose threads are outside SQLite at the fork: as in prefork servers.
BOOST_AUTO_TEST_CASE(generations_of_processes_each_with_its_own_connection) {
  const TemporaryDirectory directory(in_memory());
  const std::string path = directory.file("tasks.db");
  constexpr int depth = 4;
  const std::function<int(int)> generation = [&](int left) {
    Plain own(path, ours(), in_the_log, for_long);
    own.must(make_table);
    own.must("INSERT INTO t(v) VALUES(1)");
    int wrong = 0;
    for (int twice = 0; left > 0 && twice < 2; ++twice) {
      const pid_t child = spawn([&] { return generation(left - 1); });
      own.must("INSERT INTO t(v) VALUES(2)");
      wrong |= wait_for(child);
      own.must("INSERT INTO t(v) VALUES(3)");
    }
    return wrong;
  };
  BOOST_TEST(wait_for(spawn([&] { return generation(depth); })) == 0);
  const std::int64_t processes = (2 << depth) - 1;
  BOOST_TEST(elsewhere(path, "SELECT count(*), sum(v = 1) FROM t; PRAGMA integrity_check") ==
             std::to_string(processes + 2 * (processes - 1)) + '|' + std::to_string(processes) + "\nok");
}

BOOST_AUTO_TEST_SUITE_END()

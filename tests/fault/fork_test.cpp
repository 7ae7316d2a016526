// fork() in each state of an engine: the child is told, may open anew, and nobody loses a lock or a change.
#include "support.hpp"
#include "unit/engine/decided.hpp"
#include "unit/store/held_lock.hpp"
#include "unit/store/support.hpp"

#include <boost/test/unit_test.hpp>

#include <dlfcn.h>
#include <sqlite3.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

using namespace tse;
using namespace tse::test;
using core::Code;

namespace {

const core::Key key{"z", "t"};

Code code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const core::Failure& failure) {
    return failure.error().code;
  }
  return Code{0};
}

engine::Engine::Ptr open_to_fork(const std::string& path) {
  engine::Settings settings = patient_settings();
#if defined(TSE_SANITIZE_THREAD)
  settings.housekeeping = std::chrono::microseconds(0);  // ThreadSanitizer knows no threads in a child of threads
#endif
  return engine::Engine::open(path, settings);
}

bool is_clean(const std::string& path) { return engine::verify(*open_to_fork(path), patient()).problems.empty(); }

// A pipe as a one-shot signal between parent and child.
class Signal {
 public:
  Signal() {
    if (::pipe(ends_) != 0) throw std::runtime_error("pipe");
  }
  ~Signal() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  void give() const { (void)!::write(ends_[1], "x", 1); }
  void wait() const {
    char byte = 0;
    while (::read(ends_[0], &byte, 1) < 0 && errno == EINTR) {
    }
  }

 private:
  int ends_[2];
};

}  // namespace

BOOST_AUTO_TEST_SUITE(forked_processes)

BOOST_AUTO_TEST_CASE(an_inherited_engine_says_forked_and_a_new_one_works) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const engine::Engine::Ptr tasks = open_to_fork(path);
  engine::create(*tasks, new_task(key.zone_id, key.id), patient());
  const pid_t child = spawn([&] {
    if (code_of([&] { engine::get(*tasks, key, {}); }) != Code::forked) return 1;
    if (code_of([&] { engine::change(*tasks, key, core::Start{}, {}); }) != Code::forked) return 2;
    const engine::Engine::Ptr own = open_to_fork(path);
    if (engine::change(*own, key, core::Start{}, patient()).revision != 2) return 3;
    return 0;
  });
  BOOST_TEST(wait_for(child) == 0);
  BOOST_TEST(engine::get(*tasks, key, patient())->revision == 2);
  BOOST_TEST(engine::change(*tasks, key, complete_with("ins"), patient()).revision == 3);
}

// Closed before fork() returns, so that a child which only lives on keeps no lock and no space of its parent's.
BOOST_AUTO_TEST_CASE(a_child_has_none_of_the_files_open) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const engine::Engine::Ptr tasks = open_to_fork(path);
  engine::create(*tasks, new_task(key.zone_id, key.id), patient());
  const auto opened = [&path] {
    int count = 0;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      count += std::filesystem::read_symlink(each.path(), gone).string().starts_with(path) ? 1 : 0;
    }
    return count;
  };
  BOOST_TEST(opened() >= 4);
  BOOST_TEST(wait_for(spawn(opened)) == 0);
}

// What SQLite inherits it would take for locked.
BOOST_AUTO_TEST_CASE(a_child_that_opens_anew_has_locks_of_its_own) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const engine::Engine::Ptr tasks = open_to_fork(path);
  engine::create(*tasks, new_task(key.zone_id, key.id), patient());
  const Signal opened;
  const Signal looked_at;
  const pid_t child = spawn([&] {
    const engine::Engine::Ptr own = open_to_fork(path);
    opened.give();
    looked_at.wait();
    return 0;
  });
  opened.wait();
  BOOST_TEST(store_test::locks_of(child, path) > 0);
  looked_at.give();
  BOOST_TEST(wait_for(child) == 0);
}

BOOST_AUTO_TEST_CASE(decide_in_a_child_is_an_answer_and_not_a_crash) {
  const TemporaryDirectory directory;
  const engine::Engine::Ptr tasks = open_to_fork(directory.file("tasks.db"));
  const pid_t child = spawn([&] {
    const int status = tse::test::decide(*tasks, tse::test::view(key)).answer.status;
    return status == 500 || status == 503 ? 0 : 1;
  });
  BOOST_TEST(wait_for(child) == 0);
}

BOOST_AUTO_TEST_CASE(a_child_may_let_go_of_what_it_inherited) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  engine::Engine::Ptr tasks = open_to_fork(path);
  const pid_t child = spawn([&] {
    tasks->close();
    tasks.reset();
    engine::create(*open_to_fork(path), new_task("z", "from-child"), patient());
    return 0;
  });
  BOOST_TEST(wait_for(child) == 0);
  BOOST_TEST(engine::get(*tasks, {"z", "from-child"}, patient()).has_value());
  engine::create(*tasks, new_task("z", "from-parent"), patient());
  tasks.reset();
  BOOST_TEST(is_clean(path));
}

// The last close of a connection may delete the WAL under others, unless their locks are seen.
void nothing_is_lost_when(bool parent_closes_first) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  engine::Engine::Ptr tasks = open_to_fork(path);
  engine::create(*tasks, new_task(key.zone_id, key.id), patient());
  const Signal written;
  const Signal closed;
  const pid_t child = spawn([&] {
    engine::Engine::Ptr own = open_to_fork(path);
    engine::change(*own, key, core::Start{}, patient());
    written.give();
    closed.wait();
    engine::change(*own, key, complete_with("ins"), patient());
    engine::create(*own, new_task("z", "late"), patient());
    ::kill(::getpid(), SIGKILL);  // no clean close: what was acknowledged must be in the file or its WAL
    return 0;
  });
  written.wait();
  if (parent_closes_first) tasks.reset();
  closed.give();
  BOOST_TEST(wait_for(child) == 128 + SIGKILL);
  tasks.reset();
  const engine::Engine::Ptr again = open_to_fork(path);
  BOOST_TEST(engine::get(*again, key, patient())->revision == 3);
  BOOST_TEST(engine::get(*again, {"z", "late"}, patient()).has_value());
  BOOST_TEST(engine::verify(*again, patient()).problems.empty());
}

BOOST_AUTO_TEST_CASE(nothing_is_lost_when_the_parent_closes_first) { nothing_is_lost_when(true); }
BOOST_AUTO_TEST_CASE(nothing_is_lost_when_the_parent_closes_last) { nothing_is_lost_when(false); }

BOOST_AUTO_TEST_CASE(forking_while_another_thread_commits_hurts_neither_side) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const engine::Engine::Ptr tasks = open_to_fork(path);
  std::atomic<bool> stop{false};
  std::atomic<int> created{0};
  std::thread writer([&] {
    while (!stop) engine::create(*tasks, new_task("z", "w" + std::to_string(created++)), patient());
  });
  for (int round = 0; round < 20; ++round) {
    // The child must not touch SQLite: the writer may have been inside it, reading. It only leaves.
    const pid_t child = spawn([] { return 0; });
    BOOST_TEST(wait_for(child) == 0);
  }
  stop = true;
  writer.join();
  for (int i = 0; i < created; ++i)
    BOOST_TEST(engine::get(*tasks, {"z", "w" + std::to_string(i)}, patient()).has_value());
}

BOOST_AUTO_TEST_CASE(a_closed_engine_and_one_in_memory_survive_a_fork_too) {
  const engine::Engine::Ptr memory = open_to_fork(":memory:");
  const engine::Engine::Ptr closed = open_to_fork(":memory:");
  closed->close();
  const pid_t child = spawn([&] {
    if (code_of([&] { engine::get(*memory, key, {}); }) != Code::forked) return 1;
    engine::create(*open_to_fork(":memory:"), new_task("z", "t"), patient());
    return 0;
  });
  BOOST_TEST(wait_for(child) == 0);
  BOOST_TEST(!engine::get(*memory, key, {}).has_value());
  BOOST_TEST((code_of([&] { engine::get(*closed, key, {}); }) == Code::closed));
}

/// Returns once each other thread of the process sleeps, and goes on to: then none of them is inside SQLite.
void until_the_others_sleep() {
  const auto all_sleep = [] {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      if (task.path().filename() == std::to_string(::gettid())) continue;
      std::string stat;
      std::getline(std::ifstream(task.path() / "stat"), stat);
      const std::size_t name = stat.rfind(") ");
      if (name != std::string::npos && stat[name + 2] != 'S') return false;
    }
    return true;
  };
  for (int looks = 0; looks < 20; looks = all_sleep() ? looks + 1 : 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

/// A state of an engine to fork in: what other threads do, and how they are brought to their end.
struct State {
  const char* name;
  std::function<void(engine::Engine&)> wait;  ///< on a thread of its own
  std::function<void(engine::Engine&)> end;
};

// Whoever waits is not inside SQLite, so the child may open anew and work, and the parent's thread goes on to its end.
BOOST_AUTO_TEST_CASE(a_child_of_an_engine_that_waits_works) {
  const auto awaits = [](engine::Engine& tasks) {
    while (engine::stats(tasks, {}, patient()).waiters == 0) std::this_thread::yield();
  };
  const core::Key made{"waited", "t"};
  const std::vector<State> states{
      {"idle", nullptr, nullptr},
      {"an answer is kept",
       [](auto& tasks) {
         for (int i = 0; i < 3; ++i) tse::test::decide(tasks, tse::test::view(key));
       },
       nullptr},
      {"a claim waits",
       [](auto& tasks) {
         engine::ClaimSpec wanted;
         wanted.filter.zones = {"waited"};
         wanted.wait = long_enough;
         if (engine::claim(tasks, wanted, patient()).size() != 1) throw std::runtime_error("no lease");
       },
       [&](auto& tasks) { engine::create(tasks, new_task(made.zone_id, made.id), patient()); }},
      {"somebody waits for a task",
       [](auto& tasks) {
         if (engine::wait(tasks, key, 2, long_enough, patient())->revision != 3) throw std::runtime_error("not woken");
       },
       [](auto& tasks) { engine::change(tasks, key, complete_with("ins"), patient()); }},
      {"somebody waits for the feed",
       [](auto& tasks) {
         engine::ChangesQuery query;
         query.latest = true;
         query.wait = long_enough;
         if (engine::changes(tasks, query, patient()).events.empty()) throw std::runtime_error("not woken");
       },
       [&](auto& tasks) { engine::create(tasks, new_task(made.zone_id, made.id), patient()); }}};
  for (const State& state : states) {
    BOOST_TEST_CONTEXT(state.name) {
      const TemporaryDirectory directory;
      const std::string path = directory.file("tasks.db");
      const engine::Engine::Ptr tasks = open_to_fork(path);
      engine::create(*tasks, new_task(key.zone_id, key.id), patient());
      engine::change(*tasks, key, core::Start{}, patient());
      std::atomic<bool> failed{false};
      std::thread waiter;
      if (state.end) {
        waiter = std::thread([&] {
          try {
            state.wait(*tasks);
          } catch (const std::exception&) {
            failed = true;
          }
        });
        awaits(*tasks);
      } else if (state.wait) {
        state.wait(*tasks);
      }
      until_the_others_sleep();
      const pid_t child = spawn([&] {
        if (code_of([&] { engine::get(*tasks, key, {}); }) != Code::forked) return 1;
        const int status = tse::test::decide(*tasks, tse::test::view(key)).answer.status;
        if (status != 500 && status != 503) return 2;  // nor from what was kept
        const engine::Engine::Ptr own = open_to_fork(path);
        engine::create(*own, new_task("child", "t"), patient());
        return engine::get(*own, key, patient())->revision == 2 ? 0 : 3;
      });
      BOOST_TEST(wait_for(child) == 0);
      if (state.end) {
        state.end(*tasks);
        waiter.join();
      }
      BOOST_TEST(!failed);
      BOOST_TEST(engine::get(*tasks, {"child", "t"}, patient()).has_value());
      BOOST_TEST(engine::verify(*tasks, patient()).problems.empty());
    }
  }
}

// The thread waits for its turn, which another process has: the fork does not wait along.
BOOST_AUTO_TEST_CASE(forking_while_a_change_waits_for_its_turn) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const engine::Engine::Ptr tasks = open_to_fork(path);
  store_test::HeldLock other(path);
  std::thread waiter([&] { engine::create(*tasks, new_task(key.zone_id, key.id), patient()); });
  until_the_others_sleep();
  BOOST_TEST(wait_for(spawn([&] { return code_of([&] { engine::get(*tasks, key, {}); }) == Code::forked ? 0 : 1; })) ==
             0);
  BOOST_TEST(!engine::get(*tasks, key, patient()));
  other.release();
  waiter.join();
  BOOST_TEST(engine::get(*tasks, key, patient()).has_value());
}

// Threads that copy, and rounds of the housekeeper: the child only leaves, since they may be inside SQLite.
BOOST_AUTO_TEST_CASE(forking_during_backups_and_housekeeping_hurts_neither) {
  const TemporaryDirectory directory;
  engine::Settings settings = patient_settings();
  settings.housekeeping = std::chrono::milliseconds(10);
  const engine::Engine::Ptr tasks = engine::Engine::open(directory.file("tasks.db"), settings);
  for (int i = 0; i < 10; ++i) {
    core::NewTask spec = new_task("z", "t" + std::to_string(i));
    spec.payload = std::string(1 << 20, 'x');
    engine::create(*tasks, spec, patient());
  }
  std::atomic<bool> stop{false};
  std::atomic<int> copies{0};
  std::thread copier([&] {
    for (; !stop; ++copies) engine::backup(*tasks, directory.file("copy.db"), patient());
  });
  for (int round = 0; round < 20 || copies < 2; ++round) BOOST_TEST(wait_for(spawn([] { return 0; })) == 0);
  stop = true;
  copier.join();
  BOOST_TEST(is_clean(directory.file("copy.db")));
  BOOST_TEST(engine::verify(*tasks, patient()).problems.empty());
}

// POSIX ends a process's locks on a file when any of its descriptors is closed. Ours for writing is none of those, and
// the readers' are looked after by the one copy of SQLite.
BOOST_AUTO_TEST_CASE(closing_the_file_elsewhere_in_the_process_loses_nothing) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const engine::Engine::Ptr tasks = open_to_fork(path);
  store_test::HeldLock other(path);
  for (const char* suffix : {"", "-wal", "-shm", "-taskstate"}) std::ifstream(path + suffix).get();
  const auto writes_elsewhere = [&](std::chrono::milliseconds timeout, const char* id) {
    return wait_for(spawn([&] {
      const auto code = code_of([&] {
        engine::Settings settings = patient_settings();
        settings.housekeeping = std::chrono::microseconds(0);
        settings.timeout = timeout;
        engine::create(*engine::Engine::open(path, settings), new_task("z", id), {});
      });
      return static_cast<int>(code);
    }));
  };
  BOOST_TEST(writes_elsewhere(std::chrono::milliseconds(100), "early") == static_cast<int>(Code::busy));
  other.release();
  BOOST_TEST(writes_elsewhere(long_enough, "late") == 0);
  BOOST_TEST(engine::get(*tasks, {"z", "late"}, patient()).has_value());
  BOOST_TEST(engine::verify(*tasks, patient()).problems.empty());
}

#if !defined(TSE_SANITIZE_ADDRESS) && !defined(TSE_SANITIZE_THREAD)  // they know one copy of the C library
// Its locks and ours are the kernel's, which takes each for a stranger's: it never takes itself for the last one, which
// would remove the log, and its close() drops nothing of ours.
BOOST_AUTO_TEST_CASE(a_second_copy_of_sqlite_loses_nothing_that_was_acknowledged) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  void* const copy = ::dlmopen(LM_ID_NEWLM, "libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
  BOOST_REQUIRE_MESSAGE(copy != nullptr, ::dlerror());
  const auto open_there = reinterpret_cast<decltype(&sqlite3_open)>(::dlsym(copy, "sqlite3_open"));
  const auto run_there = reinterpret_cast<decltype(&sqlite3_exec)>(::dlsym(copy, "sqlite3_exec"));
  const auto close_there = reinterpret_cast<decltype(&sqlite3_close)>(::dlsym(copy, "sqlite3_close"));
  BOOST_REQUIRE(open_there != &sqlite3_open);
  const engine::Engine::Ptr tasks = engine::Engine::open(path, patient_settings());
  for (int round = 0; round < 20; ++round) {
    sqlite3* there = nullptr;
    BOOST_REQUIRE(open_there(path.c_str(), &there) == SQLITE_OK);
    BOOST_TEST(run_there(there, "SELECT count(*) FROM taskstate_tasks", nullptr, nullptr, nullptr) == SQLITE_OK);
    close_there(there);
    engine::create(*tasks, new_task("z", "t" + std::to_string(round)), patient());
    BOOST_TEST(store_test::locks_of(::getpid(), path + "-shm") > 0);
  }
  for (int round = 0; round < 20; ++round)
    BOOST_TEST(engine::get(*tasks, {"z", "t" + std::to_string(round)}, patient()).has_value());
  BOOST_TEST(engine::verify(*tasks, patient()).problems.empty());
}
#endif

BOOST_AUTO_TEST_CASE(grandchildren_work_too) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const engine::Engine::Ptr tasks = open_to_fork(path);
  const pid_t child = spawn([&] {
    const engine::Engine::Ptr own = open_to_fork(path);
    const pid_t grandchild = spawn([&] {
      if (code_of([&] { engine::get(*own, key, {}); }) != Code::forked) return 1;
      engine::create(*open_to_fork(path), new_task(key.zone_id, key.id), patient());
      return 0;
    });
    if (wait_for(grandchild) != 0) return 2;
    return engine::get(*own, key, patient()) ? 0 : 3;
  });
  BOOST_TEST(wait_for(child) == 0);
  BOOST_TEST(engine::get(*tasks, key, patient()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

// fork() in each state of an engine: the child is told, may open anew, and nobody loses a lock or a change.
#include "support.hpp"
#include "unit/engine/decided.hpp"
#include "unit/store/support.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <csignal>
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
#if defined(__SANITIZE_THREAD__)
  settings.housekeeping = std::chrono::microseconds(0);  // ThreadSanitizer knows no threads in a child of threads
#endif
  return engine::Engine::open(path, settings);
}

bool is_clean(const std::string& path) { return open_to_fork(path)->verify(patient()).problems.empty(); }

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
  tasks->create(new_task(key.zone_id, key.id), patient());
  const pid_t child = spawn([&] {
    if (code_of([&] { tasks->get(key, {}); }) != Code::forked) return 1;
    if (code_of([&] { tasks->change(key, core::Start{}, {}); }) != Code::forked) return 2;
    const engine::Engine::Ptr own = open_to_fork(path);
    if (own->change(key, core::Start{}, patient()).revision != 2) return 3;
    return 0;
  });
  BOOST_TEST(wait_for(child) == 0);
  BOOST_TEST(tasks->get(key, patient())->revision == 2);
  BOOST_TEST(tasks->change(key, complete_with("ins"), patient()).revision == 3);
}

// What SQLite inherits it takes for locked, unless all of it is closed before the file is opened again.
BOOST_AUTO_TEST_CASE(a_child_that_opens_anew_has_locks_of_its_own) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const engine::Engine::Ptr tasks = open_to_fork(path);
  tasks->create(new_task(key.zone_id, key.id), patient());
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
    open_to_fork(path)->create(new_task("z", "from-child"), patient());
    return 0;
  });
  BOOST_TEST(wait_for(child) == 0);
  BOOST_TEST(tasks->get({"z", "from-child"}, patient()).has_value());
  tasks->create(new_task("z", "from-parent"), patient());
  tasks.reset();
  BOOST_TEST(is_clean(path));
}

// The last close of a connection may delete the WAL under others, unless their locks are seen.
void nothing_is_lost_when(bool parent_closes_first) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  engine::Engine::Ptr tasks = open_to_fork(path);
  tasks->create(new_task(key.zone_id, key.id), patient());
  const Signal written;
  const Signal closed;
  const pid_t child = spawn([&] {
    engine::Engine::Ptr own = open_to_fork(path);
    own->change(key, core::Start{}, patient());
    written.give();
    closed.wait();
    own->change(key, complete_with("ins"), patient());
    own->create(new_task("z", "late"), patient());
    ::kill(::getpid(), SIGKILL);  // no clean close: what was acknowledged must be in the file or its WAL
    return 0;
  });
  written.wait();
  if (parent_closes_first) tasks.reset();
  closed.give();
  BOOST_TEST(wait_for(child) == 128 + SIGKILL);
  tasks.reset();
  const engine::Engine::Ptr again = open_to_fork(path);
  BOOST_TEST(again->get(key, patient())->revision == 3);
  BOOST_TEST(again->get({"z", "late"}, patient()).has_value());
  BOOST_TEST(again->verify(patient()).problems.empty());
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
    while (!stop) tasks->create(new_task("z", "w" + std::to_string(created++)), patient());
  });
  for (int round = 0; round < 20; ++round) {
    // The child must not touch SQLite: the writer may have been inside it, reading. It only leaves.
    const pid_t child = spawn([] { return 0; });
    BOOST_TEST(wait_for(child) == 0);
  }
  stop = true;
  writer.join();
  for (int i = 0; i < created; ++i) BOOST_TEST(tasks->get({"z", "w" + std::to_string(i)}, patient()).has_value());
}

BOOST_AUTO_TEST_CASE(a_closed_engine_and_one_in_memory_survive_a_fork_too) {
  const engine::Engine::Ptr memory = open_to_fork(":memory:");
  const engine::Engine::Ptr closed = open_to_fork(":memory:");
  closed->close();
  const pid_t child = spawn([&] {
    if (code_of([&] { memory->get(key, {}); }) != Code::forked) return 1;
    open_to_fork(":memory:")->create(new_task("z", "t"), patient());
    return 0;
  });
  BOOST_TEST(wait_for(child) == 0);
  BOOST_TEST(!memory->get(key, {}).has_value());
  BOOST_TEST((code_of([&] { closed->get(key, {}); }) == Code::closed));
}

BOOST_AUTO_TEST_CASE(grandchildren_work_too) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const engine::Engine::Ptr tasks = open_to_fork(path);
  const pid_t child = spawn([&] {
    const engine::Engine::Ptr own = open_to_fork(path);
    const pid_t grandchild = spawn([&] {
      if (code_of([&] { own->get(key, {}); }) != Code::forked) return 1;
      open_to_fork(path)->create(new_task(key.zone_id, key.id), patient());
      return 0;
    });
    if (wait_for(grandchild) != 0) return 2;
    return own->get(key, patient()) ? 0 : 3;
  });
  BOOST_TEST(wait_for(child) == 0);
  BOOST_TEST(tasks->get(key, patient()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

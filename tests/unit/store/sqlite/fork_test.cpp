// fork(): what the child inherits must neither be used nor lose anybody's locks.
#include "unit/store/support.hpp"

#include "store/sqlite/write_lock.hpp"

#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

using namespace store_test;
using core::Code;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(store_fork)

namespace {

/// Forks as the engine does.
pid_t fork_with(Store& store, const std::function<int()>& body) {
  store.at_fork(store::Fork::before);
  const pid_t child = ::fork();
  if (child != 0) {
    store.at_fork(store::Fork::parent);
    return child;
  }
  store.at_fork(store::Fork::child);
  int status = 99;
  try {
    status = body();
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "child: %s\n", exception.what());
  }
  ::_exit(status);
}

/// A pipe to wait for each other.
struct Signal {
  int ends[2]{};
  Signal() { BOOST_REQUIRE(::pipe(ends) == 0); }
  ~Signal() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  void send() const { BOOST_REQUIRE(::write(ends[1], "x", 1) == 1); }
  void wait() const {
    char byte = 0;
    BOOST_REQUIRE(::read(ends[0], &byte, 1) == 1);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_inherited_store_refuses_everything) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  create(*store, "z", "a");
  const pid_t child = fork_with(*store, [&] {
    const auto forked = [&](const std::function<void()>& call) {
      try {
        call();
      } catch (const core::Failure& failure) {
        return failure.error().code == Code::forked;
      }
      return false;
    };
    const auto error = commit(*store, [](store::Session&) {});
    if (!error || error->code != Code::forked || error->outcome != core::Outcome::not_done) return 1;
    if (!forked([&] { store->read({"z", "a"}, in()); })) return 2;
    if (!forked([&] { store->answer({"z", "a"}, {}, in()); })) return 3;
    if (!forked([&] { store->verify(in()); })) return 4;
    store->close();
    if (!forked([&] { store->read({"z", "a"}, in()); })) return 5;
    return 0;
  });
  BOOST_TEST(wait_for(child) == 0);
  create(*store, "z", "b");
  BOOST_TEST(store->verify(in()).problems.empty());
}

BOOST_AUTO_TEST_CASE(a_child_that_opens_anew_has_locks_of_its_own_and_loses_nothing) {
  for (const bool parent_closes_first : {true, false}) {
    const TempDirectory directory;
    auto store = open(directory.path());
    create(*store, "z", "parent");
    BOOST_TEST(store->read({"z", "parent"}, in()).has_value());  // a reading connection is inherited as well
    const Signal opened, closed;
    const pid_t child = fork_with(*store, [&] {
      auto own = open(directory.path());
      create(*own, "z", "child-1");
      opened.send();
      closed.wait();
      create(*own, "z", "child-2");
      if (parent_closes_first) own->close();
      return 0;
    });
    opened.wait();
    BOOST_TEST(locks_of(child, directory.path()) > 0);
    BOOST_TEST(locks_of(::getpid(), directory.path()) > 0);
    create(*store, "z", "parent-2");
    if (parent_closes_first) store.reset();
    closed.send();
    BOOST_TEST(wait_for(child) == 0);
    store.reset();
    const auto again = open(directory.path());
    for (const char* id : {"parent", "parent-2", "child-1", "child-2"})
      BOOST_TEST(again->read({"z", id}, in()).has_value(), id);
    BOOST_TEST(again->verify(in()).problems.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_child_does_not_keep_the_write_lock) {
  const TempDirectory directory;
  auto store = open(directory.path());
  const Signal ready, end;
  const pid_t child = fork_with(*store, [&] {
    ready.send();
    end.wait();
    return 0;
  });
  ready.wait();
  // The parent dies in the middle of a commit; its child lives on.
  const pid_t killed = spawn([&] {
    const auto own = open(directory.path());
    must(*own, [&](store::Session&) {
      const pid_t grandchild = ::fork();  // without the handlers: the worst case
      if (grandchild == 0) ::_exit(0);
      wait_for(grandchild);
      ::kill(::getpid(), SIGKILL);
    });
    return 0;
  });
  BOOST_TEST(wait_for(killed) == 128 + SIGKILL);
  create(*store, "z", "a");
  end.send();
  BOOST_TEST(wait_for(child) == 0);
}

BOOST_AUTO_TEST_CASE(a_child_forked_while_its_parent_writes_leaves_the_lock_to_it) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  std::atomic<bool> stop = false;
  std::atomic<int> failures = 0;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i)
      if (commit(*store, [&](store::Session& session) { session.insert(new_row("z", "t" + std::to_string(i)), {}); }))
        ++failures;
  });
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork_with(*store, [&] { return 0; });
    BOOST_TEST(wait_for(child) == 0);
    std::this_thread::sleep_for(2ms);
  }
  stop = true;
  writer.join();
  BOOST_TEST(failures == 0);
  BOOST_TEST(store->verify(in()).problems.empty());
}

BOOST_AUTO_TEST_CASE(fork_waits_for_a_transaction_and_not_for_a_lock) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  const auto other = open(directory.path());
  std::atomic<int> stage = 0;
  std::thread holder([&] {
    must(*other, [&](store::Session&) {
      stage = 1;
      while (stage == 1) std::this_thread::sleep_for(1ms);
    });
  });
  while (stage == 0) std::this_thread::sleep_for(1ms);
  std::thread waiter([&] {
    commit(
        *store, [](store::Session&) {}, in(30s));
  });
  std::this_thread::sleep_for(20ms);
  const auto begin = std::chrono::steady_clock::now();
  store->at_fork(store::Fork::before);  // its own commit only waits for the other's lock
  store->at_fork(store::Fork::parent);
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 20s));  // that wait has 30 s
  std::atomic<bool> through = false;
  std::thread forker([&] {
    other->at_fork(store::Fork::before);  // this one is in a transaction
    through = true;
    other->at_fork(store::Fork::parent);
  });
  std::this_thread::sleep_for(30ms);
  BOOST_TEST(!through);
  stage = 2;
  forker.join();
  holder.join();
  waiter.join();
  BOOST_TEST(through);
}

BOOST_AUTO_TEST_CASE(memory_stays_with_the_parent) {
  const auto store = open(":memory:");
  create(*store, "z", "a");
  const pid_t child = fork_with(*store, [&] {
    const auto own = open(":memory:");
    create(*own, "z", "b");
    return own->read({"z", "a"}, in()) ? 1 : 0;
  });
  BOOST_TEST(wait_for(child) == 0);
  BOOST_TEST(store->read({"z", "a"}, in()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

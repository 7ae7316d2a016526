#include "store/sqlite/transaction_lock.hpp"

#include "unit/store/support.hpp"

#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace store_test;
using store::sqlite::Gate;
using store::sqlite::TransactionLock;

BOOST_AUTO_TEST_SUITE(transaction_lock)

// What a thread that is not there held at the fork nobody would ever give back.
BOOST_AUTO_TEST_CASE(a_child_finds_it_whole_whatever_others_did_at_the_fork) {
  const Gate gate;
  TransactionLock lock(gate);
  std::atomic<bool> stop{false};
  std::vector<std::jthread> others;
  for (int i = 0; i < 4; ++i)
    others.emplace_back([&] {
      while (!stop) {
        lock.lock({in(), {}});
        lock.unlock();
      }
    });
  for (int round = 0; round < 300; ++round) {
    lock.hold();
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);  // ends a child that waits for ever
      lock.resume();
      lock.lock();
      ::_exit(0);
    }
    lock.resume();
    int status = -1;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_REQUIRE(status == 0);
  }
  stop = true;
}

BOOST_AUTO_TEST_SUITE_END()

// fork() with an engine open: it holds still, goes on, and tells the child. What a child may do is in tests/fault.
#include "unit/engine/host.hpp"

#include <sys/wait.h>
#include <unistd.h>

using namespace tse;
using namespace tse::test;

BOOST_FIXTURE_TEST_SUITE(fork_guard, Host)

BOOST_AUTO_TEST_CASE(the_parent_goes_on_and_the_child_is_told) {
  create("a");
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) ::_exit(code_name([&] { engine::get(*tasks, {"z", "a"}, {}); }) == "forked" ? 0 : 1);
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
  start("a");
  BOOST_TEST(engine::get(*tasks, {"z", "a"}, {})->revision == 2);
}

BOOST_AUTO_TEST_SUITE_END()

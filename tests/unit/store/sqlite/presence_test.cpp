// Who has a file open, as others see it.
#include "unit/store/support.hpp"

#include "store/sqlite/presence.hpp"

#include <boost/test/unit_test.hpp>

using namespace store_test;
using namespace tse::store::sqlite;

BOOST_AUTO_TEST_SUITE(presence_suite)

namespace {

struct Sidecar {
  TempDirectory directory;
  Sidecar() { write_file(path(), ""); }
  [[nodiscard]] std::string path() const { return directory.path("catalog.db-taskstate"); }
  [[nodiscard]] Presence open() const {
    Presence made;
    made.open(path());
    return made;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_engine_is_seen_by_what_it_knows_and_does) {
  const Sidecar sidecar;
  const Presence looks = sidecar.open();
  BOOST_TEST(!looks.older(Role::writes, 1000));
  Presence one = sidecar.open();
  one.show(Role::writes, 2);
  BOOST_TEST(!looks.older(Role::writes, 2));
  const auto found = looks.older(Role::writes, 3);
  BOOST_REQUIRE(found);
  BOOST_TEST(found->schema == 2);
  BOOST_TEST(found->process == ::getpid());
  BOOST_TEST(!looks.older(Role::reads, 1000));
  BOOST_TEST(!looks.older(Role::writes, 0));
  BOOST_TEST(std::filesystem::file_size(sidecar.path()) == 0U);
}

BOOST_AUTO_TEST_CASE(many_are_seen_until_the_last_has_closed) {
  const Sidecar sidecar;
  const Presence looks = sidecar.open();
  Presence one = sidecar.open();
  Presence same = sidecar.open();
  Presence newer = sidecar.open();
  one.show(Role::reads, 2);
  same.show(Role::reads, 2);
  newer.show(Role::reads, 3);
  one.close();
  BOOST_TEST(looks.older(Role::reads, 3).has_value());
  same.close();
  BOOST_TEST(!looks.older(Role::reads, 3));
  BOOST_TEST(looks.older(Role::reads, 4).has_value());
}

BOOST_AUTO_TEST_CASE(a_process_is_named_and_no_longer_seen_once_it_is_dead) {
  const Sidecar sidecar;
  const Presence looks = sidecar.open();
  int told[2];
  int end[2];
  BOOST_REQUIRE(::pipe(told) == 0 && ::pipe(end) == 0);
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    Presence own = sidecar.open();
    own.show(Role::writes, 2);
    char byte = 'x';
    if (::write(told[1], &byte, 1) != 1 || ::read(end[0], &byte, 1) != 1) ::_exit(1);
    ::_exit(0);
  }
  char byte = 0;
  BOOST_REQUIRE(::read(told[0], &byte, 1) == 1);
  const auto found = looks.older(Role::writes, 3);
  BOOST_REQUIRE(found);
  BOOST_TEST(found->process == child);
  BOOST_REQUIRE(::write(end[1], &byte, 1) == 1);
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
  BOOST_TEST(!looks.older(Role::writes, 3));
  for (const int descriptor : {told[0], told[1], end[0], end[1]}) ::close(descriptor);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_said) {
  const TempDirectory directory;
  Presence presence;
  BOOST_TEST((code_of([&] { presence.open(directory.path("none")); }) == core::Code::unavailable));
}

BOOST_AUTO_TEST_SUITE_END()

// Commits of other processes are noticed by the files that they write to.
#include "store/sqlite/commit_notice.hpp"
#include "unit/store/support.hpp"

using namespace store_test;
using store::sqlite::CommitNotice;

BOOST_AUTO_TEST_SUITE(commit_notice)

BOOST_AUTO_TEST_CASE(it_is_notified_again_once_that_can_be) {
  const TempDirectory directory;
  const std::string announced = directory.path("announced");
  const std::string written = directory.path("written");
  write_file(announced, "x");
  CommitNotice commits(announced, written);
  BOOST_TEST(!commits.look(true).complete);
  write_file(written, "x");
  const auto first = commits.look(true);
  BOOST_TEST(first.complete);
  BOOST_TEST(first.began);
  BOOST_TEST(!commits.look(true).began);
  write_file(written, "y");
  BOOST_TEST(commits.look(true).written);
  std::filesystem::remove(written);
  BOOST_TEST(!commits.look(true).complete);
  commits.look(false);
  write_file(announced, "y");
  BOOST_TEST(!commits.look(true).announced);
}

BOOST_AUTO_TEST_CASE(an_engine_announces_a_commit_once_it_can_be_seen_and_a_heartbeat_never) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  const auto notices = open(directory.path())->notices();
  BOOST_TEST(notices->look(true).complete);
  const store::Change beat{[](store::Session& session) {
                             session.entomb({"z", "t0"}, 1, 2);
                           },
                           store::Durability::relaxed, false};
  const store::Change* const beats[] = {&beat};
  BOOST_TEST(!commit(*store, beats)[0]);
  const auto quiet = notices->look(true);
  BOOST_TEST(quiet.written);
  BOOST_TEST(!quiet.announced);
  create(*store, "z", "t");
  BOOST_TEST(notices->look(true).announced);
}

BOOST_AUTO_TEST_CASE(nobody_else_commits_into_memory) { BOOST_TEST(!open(":memory:")->notices()); }

BOOST_AUTO_TEST_SUITE_END()

// Copies of pages: whole, told of as they go, and given up when asked.
#include "unit/store/support.hpp"

#include "store/sqlite/connection.hpp"
#include "store/sqlite/file_copy.hpp"

#include <boost/test/unit_test.hpp>

using namespace store_test;
using namespace tse::store::sqlite;

BOOST_AUTO_TEST_SUITE(file_copy_suite)

namespace {

struct Copying {
  TempDirectory directory;
  Connection source{file_uri(directory.path("source"), ""), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
  Connection target{file_uri(directory.path("target"), ""), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
  Copying() {
    source.execute(
        "CREATE TABLE t (x); INSERT INTO t WITH RECURSIVE r (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) "
        "SELECT zeroblob(4000) FROM r LIMIT 1000",
        "fill the source");
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(it_is_told_how_far_it_is) {
  Copying at;
  std::vector<int> told;
  int pages = 0;
  copy_pages(at.source, at.target, in(), [&](int done, int all) { told.push_back(done), pages = all; });
  BOOST_TEST(told.size() > 2U);
  BOOST_TEST(std::is_sorted(told.begin(), told.end()));
  BOOST_TEST(told.back() == pages);
  BOOST_TEST(at.target.integer("SELECT count(*) FROM t") == 1000);
}

BOOST_AUTO_TEST_CASE(it_ends_when_asked) {
  Copying at;
  int parts = 0;
  const store::Patience patience{in(), [&] { return parts == 2; }};
  const auto copy = [&] { copy_pages(at.source, at.target, patience, [&](int, int) { ++parts; }); };
  BOOST_TEST((code_of(copy) == core::Code::cancelled));
  BOOST_TEST(at.target.integer("SELECT count(*) FROM sqlite_schema") == 0);
}

BOOST_AUTO_TEST_CASE(the_directory_of_a_path_is_found) {
  const TempDirectory directory;
  write_file(directory.path("file"), "x");
  flush(open_file(directory.path("file")));
  flush(open_directory_of(directory.path("file")));
  flush(open_directory_of("/file"));
  BOOST_TEST((code_of([&] { (void)open_file(directory.path("none")); }) == core::Code::unavailable));
}

BOOST_AUTO_TEST_SUITE_END()

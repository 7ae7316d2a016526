// Lists: order, cursors, filters, counts, and the plans behind them.
#include "support.hpp"

#include "store/sqlite/connection.hpp"
#include "store/sqlite/queries.hpp"

using namespace store_test;
using store::PageQuery;

BOOST_AUTO_TEST_SUITE(store_page)

namespace {

PageQuery zone(const std::string& name) {
  PageQuery query;
  query.zone_id = name;
  return query;
}

std::string ids(const std::vector<core::Row>& rows) {
  std::string out;
  for (const core::Row& row : rows) out += row.task.id;
  return out;
}

struct Fixture {
  std::unique_ptr<Store> store = open(":memory:");
  Fixture() {
    create(*store, "z", "b", 1000);
    create(*store, "z", "a", 1000);
    create(*store, "z", "c", 2000);
    create(*store, "z", "d", 3000);
    create(*store, "y", "x", 1500);
    start(*store, {"z", "c"});
    start(*store, {"z", "d"});
    complete(*store, {"z", "d"});
  }
  std::string page(const PageQuery& query) { return ids(store->page(query, in())); }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(newest_first_and_back_again, Fixture) {
  PageQuery query = zone("z");
  BOOST_TEST(page(query) == "dcba");
  query.newer = true;
  BOOST_TEST(page(query) == "abcd");
  BOOST_TEST(page(zone("none")) == "");
}

BOOST_AUTO_TEST_CASE(a_cursor_neither_drops_nor_repeats) {
  for (const bool newer : {false, true}) {
    const Fixture fixture;
    const auto& store = fixture.store;
    PageQuery query = zone("z");
    query.newer = newer;
    query.limit = 1;
    std::string all;
    for (auto rows = store->page(query, in()); !rows.empty(); rows = store->page(query, in())) {
      all += ids(rows);
      query.from = core::Position{rows.back().task.created_at, rows.back().task.id};
      create(*store, "z", "n" + std::to_string(all.size()), newer ? 500 : 9000);  // beside the way
    }
    BOOST_TEST(all == (newer ? "abcd" : "dcba"));
  }
}

BOOST_FIXTURE_TEST_CASE(filters_and_counts_agree, Fixture) {
  PageQuery query = zone("z");
  const auto both = [&](const std::string& expected) {
    BOOST_TEST(page(query) == expected);
    BOOST_TEST(store->count(query, in()) == static_cast<std::int64_t>(expected.size()));
  };
  both("dcba");
  query.statuses = {core::Status::pending};
  both("ba");
  query.statuses = {core::Status::running, core::Status::completed};
  both("dc");
  query.created_from = 2000;
  query.created_until = 3000;
  both("c");
  query = zone("z");
  query.created_from = 3001;
  both("");
  query = zone("z");
  query.operation = "create";
  both("dcba");
  query.operation = "delete";
  both("");
  query = zone("z");
  query.install_id = "ins_1";
  both("d");
  query = zone("z");
  query.package_id = "pkg_1";
  both("dcba");
  query.package_id = "' OR 1=1 --";
  both("");
}

BOOST_AUTO_TEST_CASE(no_plan_scans_or_sorts) {
  using namespace store::sqlite;
  const TempDirectory directory;
  const auto store = store_test::open(directory.path());
  Connection connection(file_uri(directory.path(), "mode=ro"), SQLITE_OPEN_READONLY);
  int plans = 0;
  for (int bits = 0; bits < 256; ++bits) {
    PageQuery query = zone("z");
    if (bits & 1) query.operation = "create";
    if (bits & 2) query.install_id = "i";
    if (bits & 4) query.package_id = "p";
    if (bits & 8) query.created_from = 1;
    if (bits & 16) query.created_until = 2;
    if (bits & 32) query.statuses = {core::Status::completed, core::Status::failed};
    if (bits & 64) query.from = core::Position{1, "a"};
    query.newer = (bits & 128) != 0;
    for (const std::string& sql : {page_sql(query), count_sql(query)}) {
      Query plan(connection, "EXPLAIN QUERY PLAN " + sql);
      while (plan.step()) {
        const std::string step = plan.text(3);
        BOOST_TEST(step.find("SCAN") == std::string::npos, sql << ": " << step);
        BOOST_TEST(step.find("TEMP B-TREE") == std::string::npos, sql << ": " << step);
        ++plans;
      }
    }
    Query plan(connection, "EXPLAIN QUERY PLAN " + page_sql(query));
    BOOST_REQUIRE(plan.step());
    BOOST_TEST(plan.text(3).find("taskstate_tasks_list (zone_id=?") != std::string::npos, plan.text(3));
    if (query.from || query.created_from || query.created_until)
      BOOST_TEST(plan.text(3).find("created_at") != std::string::npos, plan.text(3));
  }
  BOOST_TEST(plans >= 512);
}

BOOST_AUTO_TEST_SUITE_END()

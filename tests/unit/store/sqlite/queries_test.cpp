// Lists: order, cursors, filters, counts, and the plans behind them.
#include "unit/store/support.hpp"

#include "store/sqlite/connection.hpp"
#include "store/sqlite/queries.hpp"

using namespace store_test;
using store::PageQuery;

BOOST_AUTO_TEST_SUITE(store_queries)

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
  std::string page(const PageQuery& query) { return ids(store->page(query, in()).rows); }
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
    for (auto rows = store->page(query, in()).rows; !rows.empty(); rows = store->page(query, in()).rows) {
      all += ids(rows);
      query.from = store::Place{{rows.back().task.created_at, rows.back().task.id}, rows.back().number};
      create(*store, "z", "n" + std::to_string(all.size()), newer ? 500 : 9000);  // beside the way
    }
    BOOST_TEST(all == (newer ? "abcd" : "dcba"));
  }
}

BOOST_FIXTURE_TEST_CASE(filters_and_counts_agree, Fixture) {
  PageQuery query = zone("z");
  const auto both = [&](const std::string& expected) {
    BOOST_TEST(page(query) == expected);
    BOOST_TEST(total(*store, query, in()) == static_cast<std::int64_t>(expected.size()));
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

BOOST_FIXTURE_TEST_CASE(all_zones_by_the_order_of_creation, Fixture) {
  PageQuery all;
  BOOST_TEST(page(all) == "xdcab");
  BOOST_TEST(total(*store, all, in()) == 5);
  all.statuses = {core::Status::pending};
  BOOST_TEST(page(all) == "xab");
  BOOST_TEST(total(*store, all, in()) == 3);
  all.created_from = 1500;
  BOOST_TEST(page(all) == "x");
  BOOST_TEST(total(*store, all, in()) == 1);
  all = {};
  for (const bool newer : {false, true}) {
    PageQuery query;
    query.limit = 2;
    query.newer = newer;
    std::string walked;
    for (auto rows = store->page(query, in()).rows; !rows.empty(); rows = store->page(query, in()).rows) {
      walked += ids(rows);
      query.from = store::Place{{}, rows.back().number};
    }
    BOOST_TEST(walked == (newer ? "bacdx" : "xdcab"));
  }
}

BOOST_FIXTURE_TEST_CASE(operators_filters, Fixture) {
  must(*store, [](store::Session& session) {
    for (const auto& [zone, id] : {std::pair("z", "r"), std::pair("z", "s"), std::pair("y", "r")}) {
      core::Row row = new_row(zone, id, 4000);
      row.ref = "order 7";
      if (id == std::string("s")) row.client_request_id = "req-1";
      session.insert(row, std::nullopt);
    }
  });
  change(*store, {"z", "a"}, core::Cancel{});
  const auto both = [&](const PageQuery& query, const std::string& expected) {
    BOOST_TEST(page(query) == expected);
    BOOST_TEST(total(*store, query, in()) == static_cast<std::int64_t>(expected.size()));
  };
  for (const bool one_zone : {true, false}) {
    PageQuery query = one_zone ? zone("z") : PageQuery{};
    query.ref = "order 7";
    both(query, one_zone ? "sr" : "rsr");
    query.client_request_id = "req-1";
    both(query, "s");
    query.ref.reset();
    both(query, "s");
    query = one_zone ? zone("z") : PageQuery{};
    query.failure_kind = "cancelled";
    both(query, "a");
    query.failure_kind = "lost";
    both(query, "");
    query = one_zone ? zone("z") : PageQuery{};
    query.worker = "w";
    both(query, "");
  }
  PageQuery query;
  query.ref = "order 7";
  query.limit = 1;
  const auto first = store->page(query, in()).rows;
  query.from = store::Place{{}, first.at(0).number};
  query.limit = 9;
  BOOST_TEST(page(query) == "sr");
}

// A reference leads to few tasks; what else is asked of all zones is a walk over them, the newest first.
BOOST_AUTO_TEST_CASE(all_zones_are_walked_in_order) {
  using namespace store::sqlite;
  const TempDirectory directory;
  const auto store = store_test::open(directory.path());
  Connection connection(file_uri(directory.path(), "mode=ro"), SQLITE_OPEN_READONLY);
  for (int bits = 0; bits < 16; ++bits) {
    PageQuery query;
    if (bits & 1) query.ref = "r";
    if (bits & 2) query.worker = "w";
    if (bits & 4) query.from = store::Place{{}, 7};
    query.newer = (bits & 8) != 0;
    Query plan(connection, "EXPLAIN QUERY PLAN " + page_sql(query));
    BOOST_REQUIRE(plan.step());
    const std::string way = plan.text(3);
    BOOST_TEST(!plan.step());  // no sorting
    if (query.ref) BOOST_TEST(way.find("taskstate_tasks_ref (ref=?") != std::string::npos, way);
    if (query.ref && query.from) BOOST_TEST(way.find("rowid") != std::string::npos, way);
    if (!query.ref && query.from) BOOST_TEST(way.find("INTEGER PRIMARY KEY (rowid") != std::string::npos, way);
  }
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
    if (bits & 64) query.from = store::Place{{1, "a"}, 1};
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

// Pages of one zone and of all.
#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace tse;

namespace {

struct TwoZones : test::Host {
  TwoZones() {
    for (int i = 0; i < 7; ++i) {
      create("t" + std::to_string(i), i % 2 == 0 ? "z" : "y");
      *now -= test::host_second;  // the order of creation is not that of the times
    }
  }
  std::string ids(const engine::Page& page) const {
    std::string text;
    for (const core::Row& row : page.rows) text += row.task.id.substr(1);
    return text;
  }
  engine::Page page(const engine::ListQuery& query) const { return engine::list(*tasks, query, {}); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(list_of_tasks, TwoZones)

BOOST_AUTO_TEST_CASE(all_zones_are_paged_there_and_back) {
  engine::ListQuery query;
  query.limit = 3;
  query.with_total = true;
  const engine::Page first = page(query);
  BOOST_TEST(ids(first) == "654");
  BOOST_TEST(first.total_count.value() == 7);
  BOOST_TEST(!first.before_cursor);
  query.after = first.after_cursor;
  create("t9");  // beside the way
  const engine::Page second = page(query);
  BOOST_TEST(ids(second) == "321");
  query.after = second.after_cursor;
  const engine::Page third = page(query);
  BOOST_TEST(ids(third) == "0");
  BOOST_TEST(!third.after_cursor);
  query.after.reset();
  query.before = third.before_cursor;
  const engine::Page back = page(query);
  BOOST_TEST(ids(back) == "321");
  query.before = back.before_cursor;
  BOOST_TEST(ids(page(query)) == "654");
}

BOOST_AUTO_TEST_CASE(a_cursor_of_one_zone_is_none_of_all) {
  engine::ListQuery one;
  one.zone_id = "z";
  one.limit = 1;
  engine::ListQuery all;
  all.limit = 1;
  const auto refused = [&](engine::ListQuery query, const core::Text& cursor) {
    query.after = cursor;
    return test::code_name([&] { (void)page(query); });
  };
  const core::Text of_one = page(one).after_cursor;
  const core::Text of_all = page(all).after_cursor;
  BOOST_TEST(refused(one, of_one) == "ok");
  BOOST_TEST(refused(all, of_all) == "ok");
  BOOST_TEST(refused(all, of_one) == "invalid_argument");
  BOOST_TEST(refused(one, of_all) == "invalid_argument");
  all.worker = "w";
  BOOST_TEST(refused(all, of_all) == "invalid_argument");
}

BOOST_AUTO_TEST_CASE(operators_find_what_a_worker_holds_and_why_tasks_failed) {
  engine::ClaimSpec claim;
  claim.filter.zones = {"z"};
  claim.worker = "w1";
  engine::claim(*tasks, claim, {});
  engine::change(*tasks, {"y", "t1"}, core::Cancel{}, {});
  engine::ListQuery query;
  query.worker = "w1";
  BOOST_TEST(ids(page(query)) == "0");
  query.worker = "w2";
  BOOST_TEST(ids(page(query)) == "");
  query.worker.reset();
  query.failure_kind = "cancelled";
  BOOST_TEST(ids(page(query)) == "1");
  query.zone_id = "z";
  BOOST_TEST(ids(page(query)) == "");
}

BOOST_AUTO_TEST_CASE(a_page_that_is_late_goes_on_where_it_stopped) {
  for (int i = 0; i < 600; ++i) create("x" + std::to_string(i), i % 2 == 0 ? "z" : "y");
  engine::Call hurried;
  hurried.timeout = std::chrono::microseconds(0);
  for (const bool one_zone : {true, false}) {
    engine::ListQuery query;
    if (one_zone) query.zone_id = "z";
    query.operation = "delete";
    const auto walk = [&](core::Text engine::ListQuery::*from, core::Text engine::Page::*ahead,
                          core::Text engine::Page::*back) {
      std::size_t pages = 0;
      core::Text last;
      for (;; ++pages) {
        const engine::Page found = engine::list(*tasks, query, hurried);
        BOOST_TEST(found.rows.empty());
        BOOST_TEST(!(found.*back));
        if (!(found.*ahead)) break;
        last = query.*from = found.*ahead;
      }
      BOOST_TEST(pages > 1U);
      return last;
    };
    query.before = walk(&engine::ListQuery::after, &engine::Page::after_cursor, &engine::Page::before_cursor);
    query.after.reset();
    walk(&engine::ListQuery::before, &engine::Page::before_cursor, &engine::Page::after_cursor);
    // With time enough the same walk ends at once.
    BOOST_TEST(!page(query).before_cursor);
  }
}

BOOST_AUTO_TEST_SUITE_END()

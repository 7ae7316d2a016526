#include <taskstate/engine.hpp>

#include "unit/cpp/throws.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace taskstate;
using taskstate_test::error_of;

namespace {

/// Tasks t1 ... t5, a second apart from second 1 on; t1 is running, t2 a delete of ins_2 for pkg_2.
struct FiveTasks {
  FiveTasks() {
    for (int number = 1; number <= 5; ++number) {
      *now = Time(std::chrono::seconds(number));
      NewTask spec{.zone_id = "z1", .id = "t" + std::to_string(number), .operation = "create"};
      if (number == 2) spec.operation = "delete", spec.install_id = "ins_2", spec.package_id = "pkg_2";
      tasks.create(spec);
    }
    tasks.start("z1", "t1");
  }

  [[nodiscard]] std::string ids(const ListQuery& query) const {
    std::string out;
    for (const Task& task : tasks.list(query).tasks) out += task.id;
    return out;
  }

  std::shared_ptr<Time> now = std::make_shared<Time>();
  Engine tasks{":memory:", {.clock = [now = now] { return *now; }}};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(list, FiveTasks)

BOOST_AUTO_TEST_CASE(the_newest_come_first) {
  BOOST_TEST(ids({.zone_id = "z1"}) == "t5t4t3t2t1");
  BOOST_TEST(ids({.zone_id = "z2"}) == "");
}

BOOST_AUTO_TEST_CASE(every_filter_filters) {
  BOOST_TEST(ids({.zone_id = "z1", .statuses = {Status::running}}) == "t1");
  BOOST_TEST(ids({.zone_id = "z1", .statuses = {Status::pending, Status::failed}}) == "t5t4t3t2");
  BOOST_TEST(ids({.zone_id = "z1", .operation = "delete"}) == "t2");
  BOOST_TEST(ids({.zone_id = "z1", .install_id = "ins_2"}) == "t2");
  BOOST_TEST(ids({.zone_id = "z1", .package_id = "pkg_2"}) == "t2");
  BOOST_TEST(ids({.zone_id = "z1", .created_from = Time(4s)}) == "t5t4");
  BOOST_TEST(ids({.zone_id = "z1", .created_until = Time(3s)}) == "t2t1");
}

BOOST_AUTO_TEST_CASE(operators_list_all_zones) {
  tasks.create({.zone_id = "z2", .id = "u", .operation = "create"}, {.request_id = "req-1"});
  tasks.cancel("z1", "t2");
  BOOST_TEST(ids({}) == "ut5t4t3t2t1");
  BOOST_TEST(ids({.client_request_id = "req-1"}) == "u");
  BOOST_TEST(ids({.failure_kind = "cancelled"}) == "t2");
  BOOST_TEST(ids({.worker = "w1"}) == "");
  BOOST_TEST(ids({.ref = "order 7"}) == "");
  const Page first = tasks.list({.limit = 2, .with_total = true});
  BOOST_TEST(first.total_count.value() == 6);
  BOOST_TEST(ids({.limit = 2, .after = first.after_cursor.value()}) == "t4t3");
}

BOOST_AUTO_TEST_CASE(cursors_lead_there_and_back) {
  const Page first = tasks.list({.zone_id = "z1", .limit = 2, .with_total = true});
  BOOST_TEST(first.tasks.size() == 2u);
  BOOST_TEST(first.total_count.value() == 5);
  BOOST_TEST(!first.before_cursor);
  const Page second = tasks.list({.zone_id = "z1", .limit = 2, .after = first.after_cursor.value()});
  BOOST_REQUIRE(second.tasks.size() == 2u);
  BOOST_TEST(second.tasks[0].id == "t3");
  BOOST_TEST(!second.total_count);
  BOOST_TEST(ids({.zone_id = "z1", .limit = 2, .before = second.before_cursor.value()}) == "t5t4");
  const Page last = tasks.list({.zone_id = "z1", .limit = 2, .after = second.after_cursor.value()});
  BOOST_TEST(last.tasks.size() == 1u);
  BOOST_TEST(!last.after_cursor);
}

BOOST_AUTO_TEST_CASE(a_history_comes_in_pages) {
  const History whole = tasks.history("z1", "t1");
  BOOST_REQUIRE(whole.events.size() == 2u);
  BOOST_TEST(whole.events.front().revision == 2);
  BOOST_TEST(!whole.after_cursor);
  const History newest = tasks.history("z1", "t1", {.limit = 1});
  BOOST_TEST((newest.events == std::vector<Event>{whole.events[0]}));
  const History oldest = tasks.history("z1", "t1", {.limit = 1, .after = newest.after_cursor.value()});
  BOOST_TEST((oldest.events == std::vector<Event>{whole.events[1]}));
  BOOST_TEST(!oldest.after_cursor);
  const auto field_of = [this](const std::string& id, const HistoryQuery& query) {
    return std::string(error_of([&] { (void)tasks.history("z1", id, query); }).field().value());
  };
  BOOST_TEST(field_of("t1", {.limit = 0}) == "limit");
  BOOST_TEST(field_of("t1", {.limit = 1001}) == "limit");
  BOOST_TEST(field_of("t1", {.after = "forged"}) == "after");
  BOOST_TEST(field_of("t2", {.after = newest.after_cursor.value()}) == "after");
}

BOOST_AUTO_TEST_CASE(what_breaks_its_rule_is_refused_by_name) {
  const auto field_of = [this](const ListQuery& query) {
    return std::string(error_of([&] { (void)tasks.list(query); }).field().value());
  };
  BOOST_TEST(field_of({.zone_id = "z1", .limit = 0}) == "limit");
  BOOST_TEST(field_of({.zone_id = "z1", .limit = 1001}) == "limit");
  BOOST_TEST(field_of({.zone_id = "z1", .after = "forged"}) == "after");
  BOOST_TEST(field_of({.zone_id = ""}) == "zone_id");
}

BOOST_AUTO_TEST_SUITE_END()

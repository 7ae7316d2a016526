// What can be claimed and what is due: order, filters, and the plans behind the questions.
#include "unit/store/support.hpp"

#include "core/lease.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/runnable.hpp"

#include <cstdint>
#include <set>
#include <string>

using namespace store_test;
using namespace store::sqlite;

BOOST_AUTO_TEST_SUITE(store_runnable)

namespace {

const std::vector<std::string> any{};

struct Fixture {
  TempDirectory directory;
  std::unique_ptr<Store> store = open(directory.path());
  Connection connection{store::sqlite::file_uri(directory.path(), ""), SQLITE_OPEN_READWRITE};

  void add(const std::string& zone, const std::string& id, const std::string& operation = "create",
           const std::function<void(core::Row&)>& adjust = {}) {
    must(*store, [&](store::Session& session) {
      core::Row row = new_row(zone, id);
      row.task.operation = operation;
      row.max_attempts = 2;
      if (adjust) adjust(row);
      row.body.clear();
      BOOST_REQUIRE(session.insert(row, std::nullopt));
    });
  }
  void hold(const core::Key& key, std::int64_t until, const std::string& clock = "c1") {
    std::int64_t epoch = 0;
    must(*store, [&](store::Session& session) { epoch = session.lease(1000).epoch; });
    change(*store, key, core::Start{core::Grant{epoch, until, clock, "w"}});
  }
  void offer_again(const core::Key& key) {
    hold(key, 5);
    change(*store, key, core::EndLease{"c1", 5});
  }
  [[nodiscard]] std::vector<std::string> those(const std::vector<std::string>& operations) {
    return operations.empty() ? find_runnable_operations(connection, {}) : operations;
  }
  std::string operations(const std::vector<std::string>& asked) {
    std::string all;
    for (const std::string& each : find_runnable_operations(connection, asked)) all += (all.empty() ? "" : " ") + each;
    return all;
  }
  std::string next_zone(const std::string& after, const std::vector<std::string>& operations = any) {
    return find_runnable_zone(connection, after, those(operations)).value_or("-");
  }
  std::string oldest(const std::string& zone, const std::vector<std::string>& operations = any, bool again = false) {
    const auto key = find_oldest_runnable(connection, zone, those(operations), again);
    return key ? key->id : "-";
  }
  static std::string ids(const std::vector<core::Key>& keys) {
    std::string out;
    for (const core::Key& key : keys) out += (out.empty() ? "" : " ") + key.id;
    return out;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_number_chooses_a_zone_that_has_a_task, Fixture) {
  const auto zone = [&](std::uint64_t number) { return find_some_zone(connection, number << 1); };
  BOOST_TEST(!zone(7));
  for (const char* each : {"a", "b", "c"}) add(each, "1");
  std::set<std::string> chosen;
  for (std::uint64_t number = 0; number < 30; ++number) chosen.insert(zone(number).value_or("none"));
  BOOST_TEST(chosen == (std::set<std::string>{"a", "b", "c"}), boost::test_tools::per_element());
  BOOST_TEST(zone(UINT64_MAX >> 1).has_value());
}

BOOST_FIXTURE_TEST_CASE(zones_come_in_byte_order, Fixture) {
  add("b", "t1");
  add("a", "t2", "delete", [](core::Row& row) { row.task.install_id = "i"; });
  add("c", "t3");
  add("d", "t4", "create", [](core::Row& row) { row.not_before = 9; });
  BOOST_TEST(next_zone("") == "a");
  BOOST_TEST(next_zone("a") == "b");
  BOOST_TEST(next_zone("bb") == "c");
  BOOST_TEST(next_zone("c") == "-");
  BOOST_TEST(next_zone("", {"create"}) == "b");
  BOOST_TEST(next_zone("b", {"delete", "reindex"}) == "-");
  BOOST_TEST(next_zone("", {"delete"}) == "a");
  start(*store, {"b", "t1"});
  BOOST_TEST(next_zone("a") == "c");
  hold({"c", "t3"}, 7);
  BOOST_TEST(next_zone("a") == "-");
  change(*store, {"c", "t3"}, core::EndLease{"c1", 7});
  BOOST_TEST(next_zone("a") == "c");
}

BOOST_FIXTURE_TEST_CASE(operations_are_those_of_which_there_is_something_to_claim, Fixture) {
  BOOST_TEST(operations(any) == "");
  add("z", "t1", "reindex");
  add("y", "t2");
  add("x", "t3", "export");
  add("z", "t4", "late", [](core::Row& row) { row.not_before = 9; });
  BOOST_TEST(operations(any) == "create export reindex");
  BOOST_TEST(operations({"delete", "late", "reindex"}) == "reindex");
  start(*store, {"y", "t2"});
  hold({"z", "t1"}, 7);
  BOOST_TEST(operations(any) == "export");
  BOOST_TEST(operations({"create", "reindex"}) == "");
  change(*store, {"z", "t1"}, core::EndLease{"c1", 7});
  BOOST_TEST(operations(any) == "export reindex");
  BOOST_TEST(operations({"reindex"}) == "reindex");
}

BOOST_FIXTURE_TEST_CASE(the_oldest_of_a_zone_is_the_first_that_was_created, Fixture) {
  add("z", "t3", "reindex");
  add("z", "t2");
  add("z", "t1");
  add("y", "t0");
  BOOST_TEST(oldest("z") == "t3");
  BOOST_TEST(oldest("z", {"create"}) == "t2");
  BOOST_TEST(oldest("z", {"create", "reindex"}) == "t3");
  BOOST_TEST(oldest("z", {"delete"}) == "-");
  BOOST_TEST(oldest("x") == "-");
  start(*store, {"z", "t3"});
  BOOST_TEST(oldest("z") == "t2");
}

BOOST_FIXTURE_TEST_CASE(what_is_offered_again_keeps_its_age, Fixture) {
  for (const char* id : {"t1", "t2", "t3"}) add("z", id);
  offer_again({"z", "t2"});
  BOOST_TEST(oldest("z") == "t1");
  BOOST_TEST(oldest("z", any, true) == "t2");
  BOOST_TEST(oldest("z", {"delete"}, true) == "-");
  start(*store, {"z", "t1"});
  BOOST_TEST(oldest("z") == "t2");
  hold({"z", "t2"}, 9);  // its last attempt
  BOOST_TEST(oldest("z") == "t3");
  BOOST_TEST(oldest("z", any, true) == "-");
}

BOOST_FIXTURE_TEST_CASE(ended_leases_are_those_of_one_clock_until_a_time, Fixture) {
  for (const char* id : {"t1", "t2", "t3", "t4"}) add("z", id);
  hold({"z", "t1"}, 30);
  hold({"z", "t2"}, 20);
  hold({"z", "t3"}, 10, "c2");
  const auto clocks = find_lease_clocks(connection);
  BOOST_TEST(clocks == (std::vector<std::string>{"c1", "c2"}), boost::test_tools::per_element());
  const auto ended = [&](const char* clock, std::int64_t until, std::size_t limit) {
    return ids(find_ended_leases(connection, clock, until, limit));
  };
  BOOST_TEST(ended("c1", 30, 9) == "t2 t1");
  BOOST_TEST(ended("c1", 29, 9) == "t2");
  BOOST_TEST(ended("c1", 30, 1) == "t2");
  BOOST_TEST(ended("c1", 19, 9) == "");
  BOOST_TEST(ended("c2", 99, 9) == "t3");
}

BOOST_FIXTURE_TEST_CASE(overdue_and_ripe_are_those_whose_time_has_come, Fixture) {
  add("z", "t1", "create", [](core::Row& row) { row.start_by = 20; });
  add("z", "t2", "create", [](core::Row& row) { row.start_by = 10; });
  add("z", "t3", "create", [](core::Row& row) { row.not_before = 15; });
  add("z", "t4", "create", [](core::Row& row) { row.start_by = 5; });
  start(*store, {"z", "t4"});
  const auto overdue = [&](std::int64_t now, std::size_t limit) {
    return ids(find_overdue_starts(connection, now, limit));
  };
  const auto ripe = [&](std::int64_t now) { return ids(find_ripe(connection, now, 9)); };
  BOOST_TEST(overdue(20, 9) == "t2 t1");
  BOOST_TEST(overdue(20, 1) == "t2");
  BOOST_TEST(overdue(9, 9) == "");
  BOOST_TEST(ripe(14) == "");
  BOOST_TEST(ripe(15) == "t3");
  change(*store, {"z", "t3"}, core::Ripen{}, 15);
  BOOST_TEST(ripe(99) == "");
  BOOST_TEST(oldest("z") == "t1");
}

// What is due already is no next moment: where it cannot be done, it would be tried all the time.
BOOST_FIXTURE_TEST_CASE(the_next_moments_are_those_after_now, Fixture) {
  const auto next = [&](std::int64_t wall, std::int64_t lease) {
    const NextDue due = find_next_due(connection, wall, "c1", lease);
    return std::pair(due.wall.value_or(-1), due.lease.value_or(-1));
  };
  BOOST_TEST((next(0, 0) == std::pair<std::int64_t, std::int64_t>(-1, -1)));
  add("z", "t1", "create", [](core::Row& row) { row.start_by = 20; });
  add("z", "t2", "create", [](core::Row& row) { row.not_before = 15; });
  for (const char* id : {"t3", "t4", "t5"}) add("z", id);
  hold({"z", "t3"}, 30);
  hold({"z", "t4"}, 25);
  hold({"z", "t5"}, 5, "c2");
  BOOST_TEST((next(14, 24) == std::pair<std::int64_t, std::int64_t>(15, 25)));
  BOOST_TEST((next(15, 25) == std::pair<std::int64_t, std::int64_t>(20, 30)));
  BOOST_TEST((next(20, 30) == std::pair<std::int64_t, std::int64_t>(-1, -1)));
  BOOST_TEST(count_leases(connection, "c1") == 2);
  BOOST_TEST(count_leases(connection, "c3") == 0);
}

BOOST_FIXTURE_TEST_CASE(an_epoch_is_the_number_of_the_event_that_begins_the_lease, Fixture) {
  std::int64_t first = 0;
  must(*store, [&](store::Session& session) {
    first = session.lease(1000).epoch;
    BOOST_TEST(session.lease(1000).epoch == first);
    BOOST_TEST(session.insert(new_row("z", "a"), std::nullopt));
    BOOST_TEST(session.lease(1000).epoch == first + 1);
  });
  BOOST_TEST(first > 0);
  hold({"z", "a"}, 5);
  BOOST_TEST(store->read({"z", "a"}, in())->epoch == first + 1);
  BOOST_TEST(store->history({"z", "a"}, {}, 1, in()).front().sequence == first + 1);
  // What was refused has given no number out.
  BOOST_TEST(commit(*store, [](store::Session& session) {
               session.insert(new_row("z", "b"), std::nullopt);
               throw core::Failure(core::Code::limit_exceeded, "enough");
             }).has_value());
  must(*store, [&](store::Session& session) { BOOST_TEST(session.lease(1000).epoch == first + 2); });
}

BOOST_FIXTURE_TEST_CASE(the_highest_priority_goes_first_and_of_those_the_oldest, Fixture) {
  const auto with = [](std::int64_t priority) { return [=](core::Row& row) { row.priority = priority; }; };
  add("z", "low", "create", with(-5));
  add("z", "again");
  add("z", "first");
  add("z", "high", "reindex", with(7));
  offer_again({"z", "again"});
  const auto take = [&] {
    const std::string id = oldest("z");
    start(*store, {"z", id});
    return id;
  };
  BOOST_TEST(oldest("z", {"create"}) == "again");
  BOOST_TEST(oldest("z") == "high");
  start(*store, {"z", "high"});
  BOOST_TEST(oldest("z") == "again");
  hold({"z", "again"}, 9);
  BOOST_TEST(take() == "first");
  BOOST_TEST(take() == "low");
}

BOOST_FIXTURE_TEST_CASE(a_zones_tasks_are_counted_by_status, Fixture) {
  for (const char* id : {"t1", "t2", "t3"}) add("z", id);
  add("z", "t4", "reindex");
  add("y", "t5");
  start(*store, {"z", "t1"});
  start(*store, {"z", "t4"});
  const auto count = [&](core::Status status) { return count_in_zone(connection, "z", status); };
  BOOST_TEST(count(core::Status::running) == 2);
  BOOST_TEST(count(core::Status::pending) == 2);
  BOOST_TEST(count(core::Status::failed) == 0);
}

BOOST_AUTO_TEST_CASE(that_there_is_nothing_is_found_as_fast_with_many_zones) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  Connection connection(store::sqlite::file_uri(directory.path(), ""), SQLITE_OPEN_READWRITE);
  const auto steps = [&](const std::vector<std::string>& asked) {
    int count = 0;
    sqlite3_progress_handler(
        connection.handle(), 1, [](void* counter) { return ++*static_cast<int*>(counter), 0; }, &count);
    BOOST_TEST(store::sqlite::find_runnable_operations(connection, asked).empty());
    sqlite3_progress_handler(connection.handle(), 0, nullptr, nullptr);
    return count;
  };
  const auto add = [&](int from, int until) {
    must(*store, [&](store::Session& session) {
      for (int i = from; i < until; ++i) session.insert(new_row("z" + std::to_string(i), "t"), std::nullopt);
    });
  };
  add(0, 10);
  steps({"delete"});  // reads the schema
  const int few = steps({"delete", "reindex"});
  add(10, 1000);
  BOOST_TEST(steps({"delete", "reindex"}) == few);
}

BOOST_AUTO_TEST_CASE(every_question_is_answered_by_its_index_alone) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  Connection connection(store::sqlite::file_uri(directory.path(), ""), SQLITE_OPEN_READWRITE);
  for (const std::string& sql : store::sqlite::runnable_sql()) {
    store::sqlite::Query plan(connection, "EXPLAIN QUERY PLAN " + sql);
    std::string text;
    while (plan.step()) text += plan.text(3) + "\n";
    BOOST_TEST(text.find("SEARCH taskstate_tasks USING") != std::string::npos, sql << "\n" << text);
    BOOST_TEST(text.find("SCAN") == std::string::npos, sql << "\n" << text);
    BOOST_TEST(text.find("TEMP B-TREE") == std::string::npos, sql << "\n" << text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

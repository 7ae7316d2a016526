#include "unit/engine/decided.hpp"
#include "unit/engine/operations.hpp"

#include <boost/test/unit_test.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace tse;
using core::Code;
using engine::Engine;

namespace {

constexpr std::int64_t birth = 1577470279117000;  // 2019-12-27T18:11:19.117Z

// An engine in memory whose time stands still until it is told otherwise.
struct Fixture {
  std::shared_ptr<std::int64_t> now = std::make_shared<std::int64_t>(birth);
  std::vector<std::string> log;
  Engine::Ptr tasks;

  Fixture() {
    engine::Settings settings;
    settings.clock = [now = now] { return *now; };
    settings.log_callback = [this](engine::LogLevel, std::string_view line) { log.emplace_back(line); };
    tasks = Engine::open(":memory:", settings);
  }

  core::Row create(const std::string& id, const std::string& zone = "z") {
    core::NewTask spec;
    spec.zone_id = zone;
    spec.id = id;
    spec.operation = "create";
    return engine::create(*tasks, spec, {}).row;
  }
  core::Answer decide(const std::string& id, const core::Request& request = {}) {
    return tse::test::decide(*tasks, {"z", id}, request).answer;
  }
};

std::optional<Code> code_of(const std::function<void()>& call) {
  try {
    call();
    return std::nullopt;
  } catch (const core::Failure& failure) {
    return failure.error().code;
  }
}

std::string header(const core::Answer& answer, const std::string& name) {
  for (const auto& [key, value] : answer.headers)
    if (key == name) return std::string(value);
  return "(none)";
}

std::vector<std::string> ids(const engine::Page& page) {
  std::vector<std::string> found;
  for (const core::Row& row : page.rows) found.push_back(row.task.id);
  return found;
}

engine::ListQuery query_of(std::int64_t limit) {
  engine::ListQuery query;
  query.zone_id = "z";
  query.limit = limit;
  return query;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(engine_operations, Fixture)

BOOST_AUTO_TEST_CASE(a_task_without_a_name_gets_a_uuid_v7_of_its_time) {
  core::NewTask spec;
  spec.zone_id = "z";
  spec.operation = "create";
  const std::string id = engine::create(*tasks, spec, {}).row.task.id;
  BOOST_TEST(id.substr(0, 13) == "016f488e-3dcd");
  BOOST_TEST(id[14] == '7');
  BOOST_TEST(engine::create(*tasks, spec, {}).row.task.id != id);
}

BOOST_AUTO_TEST_CASE(a_taken_id_is_refused_and_the_first_task_stays) {
  create("t");
  *now += 1000000;
  BOOST_TEST((code_of([&] { create("t"); }) == Code::already_exists));
  BOOST_TEST(engine::get(*tasks, {"z", "t"}, {})->task.created_at == birth);
  create("t", "another-zone");
}

BOOST_AUTO_TEST_CASE(a_change_of_no_task_is_not_found) {
  BOOST_TEST((code_of([&] { engine::change(*tasks, {"z", "none"}, core::Start{}, {}); }) == Code::not_found));
  BOOST_TEST((code_of([&] { engine::change(*tasks, {"z", "no/t"}, core::Start{}, {}); }) == Code::not_found));
}

BOOST_AUTO_TEST_CASE(what_a_call_carries_is_checked_before_anything_happens) {
  create("t");
  const auto with = [&](engine::Call call) {
    return code_of([&] { engine::change(*tasks, {"z", "t"}, core::Start{}, call); });
  };
  BOOST_TEST((with({{{}, "two words", {}, {}, {}}}) == Code::invalid_argument));
  BOOST_TEST((with({{{}, {}, "00-short", {}, {}}}) == Code::invalid_argument));
  BOOST_TEST((with({{{}, {}, {}, "", {}}}) == Code::invalid_argument));
  BOOST_TEST(engine::get(*tasks, {"z", "t"}, {})->revision == 1);
}

BOOST_AUTO_TEST_CASE(time_that_runs_backwards_moves_no_task_backwards) {
  create("t");
  *now -= 3600000000;
  BOOST_TEST(engine::change(*tasks, {"z", "t"}, core::Start{}, {}).task.updated_at == birth);
}

BOOST_AUTO_TEST_CASE(retry_after_grows_with_the_age_of_the_task) {
  create("t");
  BOOST_TEST(header(decide("t"), "Retry-After") == "1");
  *now += 120 * 1000000LL;
  BOOST_TEST(header(decide("t"), "Retry-After") == "12");
  *now += 3600 * 1000000LL;
  BOOST_TEST(header(decide("t"), "Retry-After") == "30");
}

BOOST_AUTO_TEST_CASE(a_closed_engine_refuses_and_answers_503) {
  create("t");
  tasks->close();
  BOOST_TEST((code_of([&] { create("u"); }) == Code::closed));
  BOOST_TEST((code_of([&] { engine::get(*tasks, {"z", "t"}, {}); }) == Code::closed));
  BOOST_TEST((code_of([&] { engine::list(*tasks, query_of(1), {}); }) == Code::closed));
  BOOST_TEST((code_of([&] { engine::history(*tasks, {"z", "t"}, {}, {}); }) == Code::closed));
  BOOST_TEST((code_of([&] { engine::verify(*tasks, {}); }) == Code::closed));
  BOOST_TEST(decide("t").status == 503);
  // The engine comes first: even a request that is bad in itself hears that there is none.
  core::Request bad;
  bad.client_request_id = "no uuid";
  BOOST_TEST(decide("t", bad).status == 503);
}

BOOST_AUTO_TEST_CASE(closing_while_others_call_is_safe) {
  std::vector<std::thread> callers;
  std::atomic<int> strange{0};
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&, caller] {
      for (int i = 0;; ++i) {
        const auto code = code_of([&] { create("t" + std::to_string(caller) + "-" + std::to_string(i)); });
        if (code == Code::closed) return;
        if (code) ++strange;
      }
    });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  tasks->close();
  for (std::thread& caller : callers) caller.join();
  BOOST_TEST(strange == 0);
}

BOOST_AUTO_TEST_CASE(a_failed_look_up_is_logged_without_the_task) {
  std::string directory = "/tmp/taskstate-engine-XXXXXX";
  BOOST_REQUIRE(::mkdtemp(directory.data()) != nullptr);
  const std::string path = directory + "/tasks.db";
  engine::Settings settings;
  settings.housekeeping = std::chrono::microseconds(0);  // else it may complain, too
  settings.log_callback = [this](engine::LogLevel, std::string_view line) { log.emplace_back(line); };
  tasks = Engine::open(path, settings);
  create("secret-task");

  // A newer library migrates the file meanwhile.
  sqlite3* other = nullptr;
  BOOST_REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
  sqlite3_db_config(other, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  BOOST_TEST(sqlite3_exec(other, "UPDATE taskstate_meta SET min_reader = 99", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(other);

  BOOST_TEST(decide("secret-task").status == 500);
  BOOST_REQUIRE(log.size() == 1U);
  BOOST_TEST(log[0].find("schema_too_new") != std::string::npos);
  BOOST_TEST(log[0].find("secret-task") == std::string::npos);
  tasks.reset();
  std::filesystem::remove_all(directory);
}

BOOST_AUTO_TEST_CASE(pages_follow_each_other_without_hole_or_repetition) {
  std::set<std::string> all;
  for (int i = 0; i < 25; ++i) {
    if (i % 5 == 0) *now += 1000;  // groups of equal time: the id decides
    const std::string id = "t" + std::to_string(i * 7 % 25);
    create(id);
    all.insert(id);
  }
  std::vector<std::string> forward;
  engine::ListQuery query = query_of(4);
  engine::Page page = engine::list(*tasks, query, {});
  BOOST_TEST(!page.before_cursor.has_value());
  for (;;) {
    const auto found = ids(page);
    forward.insert(forward.end(), found.begin(), found.end());
    if (!page.after_cursor) break;
    query.after = page.after_cursor;
    page = engine::list(*tasks, query, {});
  }
  BOOST_TEST(std::set<std::string>(forward.begin(), forward.end()) == all);
  BOOST_TEST(forward.size() == all.size());

  std::vector<std::string> backward = ids(page);
  query.after.reset();
  while (page.before_cursor) {
    query.before = page.before_cursor;
    page = engine::list(*tasks, query, {});
    const auto found = ids(page);
    backward.insert(backward.begin(), found.begin(), found.end());
  }
  BOOST_TEST(backward == forward, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_list_is_filtered_by_everything_it_offers) {
  for (const char* id : {"a", "b", "c"}) {
    create(id);
    *now += 1000;
  }
  engine::change(*tasks, {"z", "b"}, core::Start{}, {});
  core::Annotate annotate;
  annotate.additions.install_id = "ins";
  annotate.additions.package_id = "pkg";
  engine::change(*tasks, {"z", "c"}, annotate, {});
  const auto listed = [&](auto set) {
    engine::ListQuery query = query_of(10);
    set(query);
    return ids(engine::list(*tasks, query, {}));
  };
  using Ids = std::vector<std::string>;
  BOOST_TEST((listed([](auto& q) { q.statuses = {core::Status::running}; }) == Ids{"b"}));
  BOOST_TEST((listed([](auto& q) {
                q.statuses = {core::Status::pending, core::Status::running};
              }) == Ids{"c", "b", "a"}));
  BOOST_TEST((listed([](auto& q) { q.operation = "delete"; }) == Ids{}));
  BOOST_TEST((listed([](auto& q) { q.install_id = "ins"; }) == Ids{"c"}));
  BOOST_TEST((listed([](auto& q) { q.package_id = "pkg"; }) == Ids{"c"}));
  BOOST_TEST((listed([](auto& q) { q.created_from = birth + 1000; }) == Ids{"c", "b"}));
  BOOST_TEST((listed([](auto& q) { q.created_until = birth + 1000; }) == Ids{"a"}));
  BOOST_TEST((listed([](auto& q) { q.zone_id = "elsewhere"; }) == Ids{}));
  engine::ListQuery counted = query_of(1);
  counted.with_total = true;
  BOOST_TEST(engine::list(*tasks, counted, {}).total_count.value() == 3);
}

BOOST_AUTO_TEST_CASE(a_cursor_of_another_filter_file_or_making_is_refused) {
  for (const char* id : {"a", "b", "c"}) create(id);
  engine::ListQuery query = query_of(1);
  const std::string cursor = engine::list(*tasks, query, {}).after_cursor.value();
  const auto refused = [&](const engine::ListQuery& with) {
    return code_of([&] { engine::list(*tasks, with, {}); }) == Code::invalid_argument;
  };
  query.after = cursor;
  BOOST_TEST(!refused(query));
  engine::ListQuery other = query;
  other.limit = 7;  // how many at a time is no part of the filter
  BOOST_TEST(!refused(other));
  other = query;
  other.zone_id = "y";
  BOOST_TEST(refused(other));
  other = query;
  other.operation = "create";
  BOOST_TEST(refused(other));
  other = query;
  other.before = cursor;
  BOOST_TEST(refused(other));
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    other = query;
    (*other.after)[i] = (*other.after)[i] == 'A' ? 'B' : 'A';
    BOOST_TEST(refused(other), "byte " << i);
  }
  Fixture another;
  another.create("a");
  BOOST_TEST((code_of([&] { engine::list(*another.tasks, query, {}); }) == Code::invalid_argument));
}

BOOST_AUTO_TEST_SUITE_END()

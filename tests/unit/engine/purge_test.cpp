#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>

using namespace std::chrono_literals;
using namespace tse;
using test::code_name;
using test::host_second;

namespace {
struct Fixture : test::Host {
  std::string ids(const std::string& zone = "z") {
    std::string text;
    engine::ListQuery query;
    query.zone_id = zone;
    query.limit = 1000;
    for (const core::Row& row : tasks->list(query, {}).rows) text += row.task.id + " ";
    return text;
  }
  int status_of(const std::string& id) { return tse::test::decide(*tasks, {"z", id}, {}).answer.status; }
  bool is_anywhere(const std::string& bytes) {
    for (const auto& file : std::filesystem::directory_iterator(directory.root()))
      if (store_test::read_file(file.path()).find(bytes) != std::string::npos) return true;
    return false;
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(purge, Fixture)

BOOST_AUTO_TEST_CASE(what_ended_long_ago_goes_and_the_rest_stays) {
  completed("old");
  completed("old2", "y");
  create("waiting");
  create("running");
  start("running");
  *now += 100 * host_second;
  completed("new");
  BOOST_TEST(tasks->purge({"z", 100s, 0}, {}) == 1);
  BOOST_TEST(ids() == "new waiting running ");
  BOOST_TEST(tasks->purge({"", 100s, 0}, {}) == 1);
  BOOST_TEST(ids("y") == "");
  BOOST_TEST(status_of("old") == 404);
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(many_go_in_batches_up_to_the_limit_in_a_zone_or_all) {
  for (int i = 0; i < 100; ++i) completed(std::to_string(i), i % 2 == 0 ? "z" : "y");
  BOOST_TEST(tasks->purge({"", 0s, 40}, {}) == 40);
  BOOST_TEST(tasks->purge({"z", 0s, 0}, {}) == 30);
  BOOST_TEST(tasks->purge({"", 0s, 0}, {}) == 30);
  BOOST_TEST(tasks->purge({"", 0s, 0}, {}) == 0);
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(a_task_with_a_live_idempotency_key_stays) {
  core::NewTask keyed = spec("a");
  keyed.idempotency_key = "k";
  tasks->create(keyed, {});
  start("a");
  fail("a");
  completed("b");
  BOOST_TEST(tasks->purge({"", 0s, 0}, {}) == 1);
  BOOST_TEST(tasks->purge({"z", 0s, 0}, {}) == 0);
  *now += 24 * 3600 * host_second;
  BOOST_TEST(tasks->purge({"z", 0s, 0}, {}) == 1);
}

BOOST_AUTO_TEST_CASE(the_housekeeping_purges_by_retention_and_forgets_tombstones) {
  settings.retention = 60s;
  settings.tombstones = 60s;
  open();
  completed("a");
  *now += 59 * host_second;
  BOOST_TEST(tasks->tick({}) == 0);
  *now += host_second;
  BOOST_TEST(tasks->tick({}) == 1);
  BOOST_TEST(status_of("a") == 410);
  BOOST_TEST(code_name([&] { create("a"); }) == "already_exists");
  BOOST_TEST(verified() == "");
  *now += 60 * host_second;
  BOOST_TEST(status_of("a") == 404);
  create("a");
  tasks->tick({});
  BOOST_TEST(shell("SELECT count(*) FROM taskstate_tombstones") == "0");
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(the_host_learns_which_tasks_went) {
  shell("CREATE TABLE gone (id)");
  completed("a");
  completed("b");
  engine::Call call;
  call.also = {{"INSERT INTO gone VALUES (:taskstate_id)", {}, {}}};
  tasks->erase({"z", "b"}, call);
  BOOST_TEST(tasks->purge({"", 0s, 0}, call) == 1);
  BOOST_TEST(shell("SELECT group_concat(id, '') FROM gone") == "ba");
}

BOOST_AUTO_TEST_CASE(an_erased_task_leaves_no_byte_behind) {
  const std::string secret = "secret-of-a-person-";
  core::NewTask task = spec("a");
  task.package_id = secret + "package";
  task.payload = secret + std::string(20000, 'p') + secret;
  task.links = {{"/" + secret + "link", "related", {}, {}, {}}};
  task.idempotency_key = secret + "key";
  engine::Call call;
  call.actor = secret + "actor";
  call.request_id = secret + "request";
  tasks->create(task, call);
  for (int i = 0; i < 20; ++i) completed("other" + std::to_string(i));
  tasks->change({"z", "a"}, core::Start{}, call);
  core::Annotate annotate;
  annotate.additions.links = {{"/" + secret + std::string(3000, 'l'), "related", {}, {}, {}}};
  tasks->change({"z", "a"}, annotate, call);
  tasks->change({"z", "a"}, core::Fail{secret + "message", secret + std::string(9000, 'd'), {}}, call);
  BOOST_TEST(is_anywhere(secret));
  BOOST_TEST(tasks->erase({"z", "a"}, {}));
  BOOST_TEST(!is_anywhere(secret));
  BOOST_TEST(!tasks->erase({"z", "a"}, {}));
  BOOST_TEST(!tasks->erase({"z", "a/b"}, {}));
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(a_long_history_is_erased_to_its_end_by_whoever_comes) {
  for (const bool is_finished_by_erase : {true, false}) {
    const std::string id = is_finished_by_erase ? "one" : "two";
    create(id);
    for (int i = 0; i < 600; ++i) {
      core::Annotate annotate;
      annotate.additions.package_version = i;
      tasks->change({"z", id}, annotate, {});
    }
    start(id);
    fail(id);
    create(id + "-newer");
    const auto events = "SELECT count(*) FROM taskstate_events WHERE id = '" + id + "'";
    if (is_finished_by_erase) {
      BOOST_TEST(tasks->erase({"z", id}, {}));
    } else {
      BOOST_TEST(tasks->purge({"z", 0s, 1}, {}) == 1);
      BOOST_TEST(shell(events) == "348");  // and the event that it is purged
      tasks->tick({});
    }
    BOOST_TEST(shell(events) == "1");
    BOOST_TEST(shell("SELECT count(*) FROM taskstate_erasures") == "0");
    BOOST_TEST(verified() == "");
  }
}

BOOST_AUTO_TEST_CASE(what_is_under_way_is_not_erased) {
  create("a");
  BOOST_TEST(code_name([&] { tasks->erase({"z", "a"}, {}); }) == "illegal_transition");
  start("a");
  BOOST_TEST(code_name([&] { tasks->erase({"z", "a"}, {}); }) == "illegal_transition");
}

BOOST_AUTO_TEST_CASE(a_reader_that_keeps_an_old_snapshot_makes_the_erasure_unsure) {
  completed("a");
  store::sqlite::Options options;
  options.path = directory.path();
  options.mode = store::sqlite::Mode::read_only;
  const auto reader = store::sqlite::open(options, store_test::in());
  engine::Call call;
  call.timeout = 100ms;
  reader->view(
      [&](store::View& view) {
        BOOST_REQUIRE(view.read({"z", "a"}));
        const auto error = store_test::error_of([&] { tasks->erase({"z", "a"}, call); });
        BOOST_TEST((error.code == core::Code::unavailable));
        BOOST_TEST((error.outcome == core::Outcome::unknown));
      },
      store_test::in());
  BOOST_TEST(!tasks->get({"z", "a"}, {}));
  BOOST_TEST(!tasks->erase({"z", "a"}, {}));
}

BOOST_AUTO_TEST_CASE(bad_questions_are_refused) {
  BOOST_TEST(code_name([&] { tasks->purge({"", -1us, 0}, {}); }) == "invalid_argument");
  BOOST_TEST(code_name([&] { tasks->purge({"", 0s, -1}, {}); }) == "invalid_argument");
  BOOST_TEST(code_name([&] { tasks->purge({"a/b", 0s, 0}, {}); }) == "invalid_argument");
}

BOOST_AUTO_TEST_SUITE_END()

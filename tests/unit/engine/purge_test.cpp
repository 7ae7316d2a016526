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
    for (const core::Row& row : engine::list(*tasks, query, {}).rows) text += row.task.id + " ";
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
  BOOST_TEST(engine::purge(*tasks, {"z", 100s, 0}, {}) == 1);
  BOOST_TEST(ids() == "new waiting running ");
  BOOST_TEST(engine::purge(*tasks, {{}, 100s, 0}, {}) == 1);
  BOOST_TEST(ids("y") == "");
  BOOST_TEST(status_of("old") == 404);
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(many_go_in_batches_up_to_the_limit_in_a_zone_or_all) {
  for (int i = 0; i < 100; ++i) completed(std::to_string(i), i % 2 == 0 ? "z" : "y");
  BOOST_TEST(engine::purge(*tasks, {{}, 0s, 40}, {}) == 40);
  BOOST_TEST(engine::purge(*tasks, {"z", 0s, 0}, {}) == 30);
  BOOST_TEST(engine::purge(*tasks, {{}, 0s, 0}, {}) == 30);
  BOOST_TEST(engine::purge(*tasks, {{}, 0s, 0}, {}) == 0);
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(a_task_with_a_live_idempotency_key_stays) {
  core::NewTask keyed = spec("a");
  keyed.idempotency_key = "k";
  engine::create(*tasks, keyed, {});
  start("a");
  fail("a");
  completed("b");
  BOOST_TEST(engine::purge(*tasks, {{}, 0s, 0}, {}) == 1);
  BOOST_TEST(engine::purge(*tasks, {"z", 0s, 0}, {}) == 0);
  *now += 24 * 3600 * host_second;
  BOOST_TEST(engine::purge(*tasks, {"z", 0s, 0}, {}) == 1);
}

BOOST_AUTO_TEST_CASE(the_housekeeping_purges_by_retention_and_forgets_tombstones) {
  settings.retention = 60s;
  settings.tombstones = 60s;
  open();
  completed("a");
  *now += 59 * host_second;
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  *now += host_second;
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
  BOOST_TEST(status_of("a") == 410);
  BOOST_TEST(code_name([&] { create("a"); }) == "already_exists");
  BOOST_TEST(verified() == "");
  *now += 60 * host_second;
  BOOST_TEST(status_of("a") == 404);
  create("a");
  engine::tick(*tasks, {});
  BOOST_TEST(shell("SELECT count(*) FROM taskstate_tombstones") == "0");
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(the_host_learns_which_tasks_went) {
  shell("CREATE TABLE gone (id)");
  completed("a");
  completed("b");
  engine::Call call;
  call.also = {{"INSERT INTO gone VALUES (:taskstate_id)", {}, {}}};
  engine::erase(*tasks, {"z", "b"}, call);
  BOOST_TEST(engine::purge(*tasks, {{}, 0s, 0}, call) == 1);
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
  engine::create(*tasks, task, call);
  for (int i = 0; i < 20; ++i) completed("other" + std::to_string(i));
  engine::change(*tasks, {"z", "a"}, core::Start{}, call);
  core::Annotate annotate;
  annotate.additions.links = {{"/" + secret + std::string(3000, 'l'), "related", {}, {}, {}}};
  engine::change(*tasks, {"z", "a"}, annotate, call);
  engine::change(*tasks, {"z", "a"}, core::Fail{secret + "message", secret + std::string(9000, 'd'), {}}, call);
  BOOST_TEST(is_anywhere(secret));
  BOOST_TEST(engine::erase(*tasks, {"z", "a"}, {}));
  BOOST_TEST(!is_anywhere(secret));
  BOOST_TEST(!engine::erase(*tasks, {"z", "a"}, {}));
  BOOST_TEST(!engine::erase(*tasks, {"z", "a/b"}, {}));
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(a_long_history_is_erased_to_its_end_by_whoever_comes) {
  for (const bool is_finished_by_erase : {true, false}) {
    const std::string id = is_finished_by_erase ? "one" : "two";
    create(id);
    for (int i = 0; i < 600; ++i) {
      core::Annotate annotate;
      annotate.additions.package_version = i;
      engine::change(*tasks, {"z", id}, annotate, {});
    }
    start(id);
    fail(id);
    create(id + "-newer");
    const auto events = "SELECT count(*) FROM taskstate_events WHERE id = '" + id + "'";
    if (is_finished_by_erase) {
      BOOST_TEST(engine::erase(*tasks, {"z", id}, {}));
    } else {
      BOOST_TEST(engine::purge(*tasks, {"z", 0s, 1}, {}) == 1);
      BOOST_TEST(shell(events) == "348");  // and the event that it is purged
      engine::tick(*tasks, {});
    }
    BOOST_TEST(shell(events) == "1");
    BOOST_TEST(shell("SELECT count(*) FROM taskstate_erasures") == "0");
    BOOST_TEST(verified() == "");
  }
}

BOOST_AUTO_TEST_CASE(what_is_under_way_is_not_erased) {
  create("a");
  BOOST_TEST(code_name([&] { engine::erase(*tasks, {"z", "a"}, {}); }) == "illegal_transition");
  start("a");
  BOOST_TEST(code_name([&] { engine::erase(*tasks, {"z", "a"}, {}); }) == "illegal_transition");
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
        const auto error = store_test::error_of([&] { engine::erase(*tasks, {"z", "a"}, call); });
        BOOST_TEST((error.code == core::Code::unavailable));
        BOOST_TEST((error.outcome == core::Outcome::unknown));
      },
      store_test::in());
  BOOST_TEST(!engine::get(*tasks, {"z", "a"}, {}));
  BOOST_TEST(!engine::erase(*tasks, {"z", "a"}, {}));
}

BOOST_AUTO_TEST_CASE(bad_questions_are_refused) {
  BOOST_TEST(code_name([&] { engine::purge(*tasks, {{}, -1us, 0}, {}); }) == "invalid_argument");
  BOOST_TEST(code_name([&] { engine::purge(*tasks, {{}, 0s, -1}, {}); }) == "invalid_argument");
  BOOST_TEST(code_name([&] { engine::purge(*tasks, {"a/b", 0s, 0}, {}); }) == "invalid_argument");
}

BOOST_AUTO_TEST_SUITE_END()

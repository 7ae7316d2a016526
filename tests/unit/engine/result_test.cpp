#include "engine/result.hpp"

#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <string>

using namespace std::chrono_literals;
using namespace tse;
using test::code_name;
using test::host_second;

namespace {

struct Fixture : test::Host {
  core::Row store_result(const std::string& id, const std::string& bytes, const engine::Call& call = {}) {
    create(id);
    start(id);
    return engine::change(*tasks, {"z", id}, storing(bytes), call);
  }
  static core::Complete storing(const std::string& bytes) {
    core::Complete intent;
    intent.result = core::StoredResult{bytes, "text/csv"};
    return intent;
  }
  core::StoredResult result(const std::string& id) { return engine::result(*tasks, {"z", id}, {}); }
  std::string why_none(const std::string& id) {
    try {
      result(id);
    } catch (const core::Failure& failure) {
      BOOST_TEST(failure.error().code == core::Code::not_found);
      return failure.what();
    }
    return "there is one";
  }
  bool is_anywhere(const std::string& bytes) {
    for (const auto& file : std::filesystem::directory_iterator(directory.root()))
      if (store_test::read_file(file.path()).find(bytes) != std::string::npos) return true;
    return false;
  }
};

const std::string marked = "MARKED RESULT " + std::string(20000, 'r') + " MARKED END";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(result, Fixture)

BOOST_AUTO_TEST_CASE(what_a_task_has_stored_is_handed_out) {
  const std::string bytes("\0id,name\n\xff", 10);
  BOOST_TEST(store_result("a", bytes).result_media_type.value() == "text/csv");
  store_result("empty", "");
  open();
  BOOST_TEST(result("a").bytes == bytes);
  BOOST_TEST(result("a").media_type == "text/csv");
  BOOST_TEST(result("empty").bytes == "");
  BOOST_TEST(engine::get(*tasks, {"z", "a"}, {})->result_media_type.value() == "text/csv");
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(a_stored_result_leads_below_the_status_url_and_any_other_wins) {
  const auto location = [&](const std::string& id) {
    const auto decided = tse::test::decide(*tasks, {"z", id}, {});
    BOOST_TEST(decided.answer.status == 303);
    for (const auto& [name, value] : decided.answer.headers)
      if (name == "Location") return std::string(value);
    return std::string("none");
  };
  store_result("a", "x");
  BOOST_TEST(location("a") == "/zones/z/catalog_tasks/a/result");
  core::Complete both = storing("x");
  both.additions.install_id = "ins_1";
  create("b");
  start("b");
  engine::change(*tasks, {"z", "b"}, both, {});
  BOOST_TEST(location("b") == "/zones/z/installs/ins_1");
  BOOST_TEST(result("b").bytes == "x");
  settings.policy.status_url = core::PathTemplate("/tasks?zone={zone_id}&id={task_id}", "status_url");
  open();
  BOOST_TEST(location("a") == "/tasks/result?zone=z&id=a");
}

BOOST_AUTO_TEST_CASE(where_there_is_none_the_message_says_why) {
  BOOST_TEST(why_none("none") == "no such task in this zone");
  BOOST_TEST(why_none("no task's id") == "no such task in this zone");
  create("a");
  BOOST_TEST(why_none("a") == "the task is pending and has no result yet");
  start("a");
  BOOST_TEST(why_none("a") == "the task is running and has no result yet");
  fail("a");
  BOOST_TEST(why_none("a") == "the task has failed, so there is no result");
  completed("b");
  BOOST_TEST(why_none("b").starts_with("the task was completed without a stored result"));
}

BOOST_AUTO_TEST_CASE(repeating_the_outcome_changes_nothing) {
  const core::Row once = store_result("a", "x");
  BOOST_TEST(engine::change(*tasks, {"z", "a"}, storing("x"), {}).revision == once.revision);
  BOOST_TEST(code_name([&] { engine::change(*tasks, {"z", "a"}, storing("y"), {}); }) == "illegal_transition");
  BOOST_TEST(result("a").bytes == "x");
}

BOOST_AUTO_TEST_CASE(a_lease_and_a_batch_store_results_too) {
  create("a");
  const engine::Lease lease = engine::claim(*tasks, {}, {}).front();
  engine::change_leased(*tasks, lease.token, storing("by lease"), {});
  BOOST_TEST(result("a").bytes == "by lease");
  create("b");
  start("b");
  const engine::Item item{engine::Item::OfKey{{"z", "b"}, storing("by batch")}};
  BOOST_TEST(!engine::run(*tasks, {&item, 1}, {}).front().error);
  BOOST_TEST(result("b").bytes == "by batch");
}

BOOST_AUTO_TEST_CASE(a_result_and_its_completion_are_one_transaction) {
  create("a");
  start("a");
  engine::Call call;
  call.also = {{"INSERT INTO nowhere VALUES (1)", {}, {}}};
  BOOST_TEST(code_name([&] { engine::change(*tasks, {"z", "a"}, storing("x"), call); }) == "invalid_argument");
  BOOST_TEST(why_none("a") == "the task is running and has no result yet");
  BOOST_TEST(shell("SELECT count(*) FROM taskstate_results") == "0");
  call.also = {{"SELECT :taskstate_id", {}, {}}};
  engine::change(*tasks, {"z", "a"}, storing("x"), call);
  BOOST_TEST(result("a").bytes == "x");
}

BOOST_AUTO_TEST_CASE(a_result_ends_with_its_retention_and_the_task_stays) {
  settings.result_retention = 60s;
  open();
  store_result("a", marked);
  *now += 60 * host_second - 1;
  BOOST_TEST(result("a").bytes == marked);
  *now += 1;
  const std::string over = "the stored result is kept no longer: its retention is over";
  BOOST_TEST(why_none("a") == over);
  BOOST_TEST(shell("SELECT count(*) FROM taskstate_results") == "1");
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  BOOST_TEST(shell("SELECT count(*) FROM taskstate_results") == "0");
  BOOST_TEST(why_none("a") == over);
  BOOST_TEST(engine::get(*tasks, {"z", "a"}, {})->result_media_type.value() == "text/csv");
  BOOST_TEST(tse::test::decide(*tasks, {"z", "a"}, {}).answer.status == 303);
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(without_a_retention_it_stays_as_long_as_its_task) {
  store_result("a", "x");
  *now += 3600 * 24 * 365 * host_second;
  engine::tick(*tasks, {});
  BOOST_TEST(result("a").bytes == "x");
  BOOST_TEST(engine::purge(*tasks, {{}, 0s, 0}, {}) == 1);
  BOOST_TEST(shell("SELECT count(*) FROM taskstate_results") == "0");
}

BOOST_AUTO_TEST_CASE(no_byte_of_an_erased_result_stays) {
  store_result("a", marked);
  store_result("b", "x");
  BOOST_TEST(is_anywhere("MARKED RESULT"));
  BOOST_TEST(engine::erase(*tasks, {"z", "a"}, {}));
  BOOST_TEST(!is_anywhere("MARKED RESULT"));
  BOOST_TEST(!is_anywhere("MARKED END"));
  BOOST_TEST(why_none("a") == "no such task in this zone");
  BOOST_TEST(result("b").bytes == "x");
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_SUITE_END()

#include "engine/retry.hpp"

#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

using namespace std::chrono_literals;
using namespace tse;
using test::code_name;
using test::host_second;

namespace {

struct Fixture : test::Host {
  void failed(const std::string& id, const std::string& zone = "z") {
    core::NewTask made = spec(id, zone);
    made.payload = "payload of " + id;
    made.priority = 50;
    made.ref = "order 7";
    made.max_attempts = 3;
    made.start_within = 600 * host_second;
    engine::create(*tasks, made, {});
    engine::change(*tasks, {zone, id}, core::Start{}, {});
    engine::change(*tasks, {zone, id}, core::Fail{"It broke.", {}, {}}, {});
  }
  core::Row retry(const std::string& id, bool again = false, const engine::Call& call = {}) {
    return engine::retry(*tasks, {"z", id}, again, call);
  }
  std::string refused(const std::string& id) {
    try {
      retry(id);
    } catch (const core::Failure& failure) {
      return std::string(to_string(failure.error().code)) + ": " + failure.what();
    }
    return "retried";
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(retry, Fixture)

BOOST_AUTO_TEST_CASE(a_retry_is_a_new_pending_task_like_the_failed_one) {
  failed("a");
  *now += host_second;
  engine::Call call;
  call.request_id = "req";
  call.actor = "operator";
  call.also = {{"SELECT :taskstate_id", {}, {}}};
  const core::Row made = retry("a", false, call);
  BOOST_TEST(made.task.id != "a");
  BOOST_TEST(made.task.status == core::Status::pending);
  BOOST_TEST(made.task.package_id.value() == "pkg_1");
  BOOST_TEST(made.task.links.front().href == "/zones/z/catalog_tasks/a");
  BOOST_TEST(made.task.links.front().rel == "predecessor");
  BOOST_TEST(made.priority == 50);
  BOOST_TEST(made.ref.value() == "order 7");
  BOOST_TEST(made.max_attempts == 3);
  BOOST_TEST(made.start_by.value() == *now + 600 * host_second);
  BOOST_TEST(made.client_request_id.value() == "req");
  BOOST_TEST(engine::payload(*tasks, made.key(), {}).value() == "payload of a");
  BOOST_TEST(tse::test::history_of(*tasks, made.key()).front().worker.value() == "operator");
  BOOST_TEST(engine::claim(*tasks, {}, {}).front().row.task.id == made.task.id);
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(a_failure_of_any_kind_is_retried_and_nothing_else) {
  create("cancelled");
  engine::change(*tasks, {"z", "cancelled"}, core::Cancel{}, {});
  BOOST_TEST(retry("cancelled").task.status == core::Status::pending);
  BOOST_TEST(refused("none") == "not_found: no such task in this zone");
  BOOST_TEST(refused("no id") == "not_found: no such task in this zone");
  create("a");
  BOOST_TEST(refused("a") == "illegal_transition: only a failed task can be retried, this one is pending");
  start("a");
  BOOST_TEST(refused("a") == "illegal_transition: only a failed task can be retried, this one is running");
  complete("a");
  BOOST_TEST(refused("a") == "illegal_transition: only a failed task can be retried, this one is completed");
}

BOOST_AUTO_TEST_CASE(a_second_retry_names_the_first_unless_another_is_asked_for) {
  failed("a");
  const std::string first = retry("a").task.id;
  const std::string already = "already_exists: the task was retried already, by " + first;
  BOOST_TEST(refused("a").starts_with(already));
  open();
  BOOST_TEST(refused("a").starts_with(already));
  const std::string second = retry("a", true).task.id;
  BOOST_TEST(second != first);
  BOOST_TEST(refused("a").starts_with(already));
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(a_task_of_the_hosts_own_that_retries_it_counts_and_may_come_after) {
  failed("a");
  core::NewTask own = spec("own");
  own.retry_of = "a";
  engine::create(*tasks, own, {});
  BOOST_TEST(refused("a").starts_with("already_exists: the task was retried already, by own;"));
  own.id = "own2";
  engine::create(*tasks, own, {});
  BOOST_TEST(refused("a").starts_with("already_exists: the task was retried already, by own;"));
}

BOOST_AUTO_TEST_CASE(a_retry_that_failed_is_retried_itself) {
  failed("a");
  const core::Key first = retry("a").key();
  engine::change(*tasks, first, core::Cancel{}, {});
  BOOST_TEST(retry(first.id).task.links.front().href == "/zones/z/catalog_tasks/" + first.id);
}

BOOST_AUTO_TEST_CASE(tasks_of_one_id_in_two_zones_or_one_after_the_other_are_two) {
  failed("a");
  failed("a", "y");
  const std::string first = retry("a").task.id;
  BOOST_TEST(engine::retry(*tasks, {"y", "a"}, false, {}).task.id != first);
  BOOST_TEST(engine::erase(*tasks, {"z", "a"}, {}));
  failed("a");
  BOOST_TEST(retry("a").task.id != first);
}

BOOST_AUTO_TEST_CASE(who_retries_a_task_can_be_purged_and_is_then_forgotten) {
  failed("a");
  const core::Key first = retry("a").key();
  engine::change(*tasks, first, core::Cancel{}, {});
  *now += 100 * host_second;
  engine::tick(*tasks, {});
  BOOST_TEST(refused("a").starts_with("already_exists"));
  BOOST_TEST(engine::purge(*tasks, {{}, 0s, 0}, {}) == 2);
  BOOST_TEST(shell("SELECT count(*) FROM taskstate_idempotency") == "0");
  failed("b");
  const core::Key of_b = retry("b").key();
  engine::change(*tasks, of_b, core::Cancel{}, {});
  BOOST_TEST(engine::erase(*tasks, of_b, {}));
  BOOST_TEST(retry("b").task.status == core::Status::pending);
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(a_zones_limit_holds_for_retries) {
  failed("a");
  settings.pending_limit = 1;
  open();
  create("b");
  BOOST_TEST(refused("a").starts_with("limit_exceeded"));
  start("b");
  BOOST_TEST(retry("a").task.status == core::Status::pending);
}

BOOST_AUTO_TEST_CASE(an_engine_that_does_not_know_the_operation_retries_it) {
  settings.operations.emplace_back("export");
  open();
  core::NewTask made = spec("a");
  made.operation = "export";
  engine::create(*tasks, made, {});
  engine::change(*tasks, {"z", "a"}, core::Cancel{}, {});
  settings.operations.pop_back();
  open();
  BOOST_TEST(retry("a").task.operation == "export");
}

BOOST_AUTO_TEST_CASE(a_refused_statement_retries_nothing) {
  failed("a");
  engine::Call call;
  call.also = {{"INSERT INTO nowhere VALUES (1)", {}, {}}};
  BOOST_TEST(code_name([&] { retry("a", false, call); }) == "invalid_argument");
  BOOST_TEST(retry("a").task.status == core::Status::pending);
}

BOOST_AUTO_TEST_SUITE_END()

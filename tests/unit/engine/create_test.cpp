#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

using namespace tse;
using test::code_name;
using test::host_second;

namespace {
struct Fixture : test::Host {
  engine::Created keyed(const std::string& key, const std::string& package = "pkg_1", const std::string& zone = "z") {
    core::NewTask task = spec("", zone);
    task.package_id = package;
    task.idempotency_key = key;
    return engine::create(*tasks, task, {});
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(create, Fixture)

BOOST_AUTO_TEST_CASE(the_same_request_again_gives_the_first_task_as_it_is_by_then) {
  const auto first = keyed("k");
  BOOST_TEST(!first.replayed);
  start(first.row.task.id);
  const auto again = keyed("k");
  BOOST_TEST(again.replayed);
  BOOST_TEST(again.row.task.id == first.row.task.id);
  BOOST_TEST((again.row.task.status == core::Status::running));
  BOOST_TEST(engine::stats(*tasks, {}, {}).store.totals[1] == 1);
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(other_content_is_refused_and_nothing_is_stored) {
  keyed("k");
  BOOST_TEST(code_name([&] { keyed("k", "pkg_2"); }) == "idempotency_mismatch");
  BOOST_TEST(engine::stats(*tasks, {}, {}).store.totals[0] == 1);
}

BOOST_AUTO_TEST_CASE(keys_are_a_zones_own) {
  BOOST_TEST(!keyed("k").replayed);
  BOOST_TEST(!keyed("k", "pkg_1", "z2").replayed);
}

BOOST_AUTO_TEST_CASE(a_key_is_forgotten_after_its_time_apart_from_the_task) {
  settings.idempotency_retention = std::chrono::seconds(60);
  open();
  const auto first = keyed("k");
  *now += 59 * host_second;
  BOOST_TEST(keyed("k").replayed);
  *now += host_second;
  const auto second = keyed("k");
  BOOST_TEST(!second.replayed);
  BOOST_TEST(engine::get(*tasks, {"z", first.row.task.id}, {}).has_value());
  *now += 61 * host_second;
  engine::tick(*tasks, {});
  BOOST_TEST(shell("SELECT count(*) FROM taskstate_idempotency") == "0");
}

BOOST_AUTO_TEST_CASE(a_request_id_is_adopted_when_asked_and_a_uuid) {
  engine::Call call;
  call.request_id = "0191F2AB-2ab0-7b3f-8000-0123456789AB";
  engine::create(*tasks, spec("a"), call);
  BOOST_TEST(!engine::create(*tasks, spec("b"), call).replayed);
  settings.adopt_request_id = true;
  open();
  BOOST_TEST(!engine::create(*tasks, spec("c"), call).replayed);
  call.request_id = "0191f2ab-2ab0-7b3f-8000-0123456789ab";
  BOOST_TEST(engine::create(*tasks, spec("d"), call).row.task.id == "c");
  core::NewTask own = spec("e");
  own.idempotency_key = "own";
  BOOST_TEST(!engine::create(*tasks, own, call).replayed);
  call.request_id = "no-uuid";
  BOOST_TEST(!engine::create(*tasks, spec("f"), call).replayed);
  BOOST_TEST(!engine::create(*tasks, spec("g"), call).replayed);
}

BOOST_AUTO_TEST_CASE(a_zone_takes_only_so_many_pending_tasks) {
  settings.pending_limit = 2;
  open();
  keyed("k");
  create("b");
  BOOST_TEST(code_name([&] { create("c"); }) == "limit_exceeded");
  BOOST_TEST(keyed("k").replayed);  // makes nothing
  create("c", "z2");
  start("b");
  create("c");
}

BOOST_AUTO_TEST_CASE(only_a_failed_task_of_the_zone_is_tried_again) {
  create("a");
  core::NewTask retry = spec("b");
  retry.retry_of = "a";
  BOOST_TEST(code_name([&] { engine::create(*tasks, retry, {}); }) == "illegal_transition");
  start("a");
  fail("a");
  BOOST_TEST(engine::create(*tasks, retry, {}).row.task.links.at(0).href == "/zones/z/catalog_tasks/a");
  retry.zone_id = "z2";
  BOOST_TEST(code_name([&] { engine::create(*tasks, retry, {}); }) == "not_found");
}

BOOST_AUTO_TEST_SUITE_END()

#include <taskstate/taskstate.hpp>
#include <taskstate/testing.hpp>

#include "unit/cpp/scratch_file.hpp"
#include "unit/cpp/throws.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace taskstate;
using taskstate_test::error_of;
using taskstate_test::ScratchFile;

namespace {

struct Fixture {
  taskstate::testing::ManualClock clock;
  Engine tasks{":memory:", taskstate::testing::options(clock)};

  void create(const std::string& id, std::int64_t max_attempts = 1, const std::string& zone = "z1") {
    tasks.create(
        {.zone_id = zone, .id = id, .operation = "create", .payload = "work on " + id, .max_attempts = max_attempts});
  }
  Lease claimed() { return std::move(tasks.claim({.worker = "w1"}).value()); }
  Task task(const std::string& id) { return tasks.get("z1", id).value(); }
};

bool is_readable(const Watch& watch) {
  pollfd ready{static_cast<int>(watch.descriptor()), POLLIN, 0};
  return ::poll(&ready, 1, 0) == 1;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(lease, Fixture)

BOOST_AUTO_TEST_CASE(a_worker_claims_and_completes) {
  create("t1");
  std::optional<Lease> lease = tasks.claim({.worker = "w1", .lease = 10s});
  BOOST_REQUIRE(lease);
  BOOST_TEST(lease->payload() == "work on t1");
  BOOST_TEST((lease->task().status == Status::running));
  BOOST_TEST(lease->attempt() == 1);
  BOOST_TEST(lease->epoch() > 0);
  BOOST_TEST((lease->duration() == 10s));
  BOOST_TEST((lease->expires_at() == clock.now() + 10s));
  BOOST_TEST(task("t1").worker.value() == "w1");
  BOOST_TEST((lease->complete({.install_id = "ins_1"}).status == Status::completed));
  BOOST_TEST(!lease->open());
  BOOST_TEST(lease->payload() == "work on t1");
  BOOST_TEST(!tasks.claim());
  BOOST_TEST(tasks.decide("z1", "t1").status == 303);
}

BOOST_AUTO_TEST_CASE(zones_operations_and_limits_are_handed_on) {
  for (const char* zone : {"a", "b", "c"}) create("t1", 1, zone);
  BOOST_TEST(tasks.claim_many(64, {.zones = {"c", "a"}, .operations = {"delete"}}).empty());
  const std::vector<Lease> leases = tasks.claim_many(64, {.zones = {"c", "a"}, .operations = {"delete", "create"}});
  BOOST_REQUIRE(leases.size() == 2U);
  BOOST_TEST(leases[0].task().zone_id == "a");
  BOOST_TEST(leases[1].task().zone_id == "c");
  const Error error = error_of([&] { static_cast<void>(tasks.claim_many(65)); });
  BOOST_TEST((error.code() == Errc::invalid_argument));
  BOOST_TEST(error.field().value() == "limit");
}

BOOST_AUTO_TEST_CASE(the_highest_priority_is_claimed_first) {
  create("t1");
  const Task urgent =
      tasks.create({.zone_id = "z1", .id = "t2", .operation = "create", .priority = 50, .ref = "order 7"});
  BOOST_TEST(urgent.priority == 50);
  BOOST_TEST(urgent.ref.value() == "order 7");
  BOOST_TEST(urgent.json.find("order 7") == std::string::npos);
  BOOST_TEST(tasks.reprioritize("z1", "t1", 60).priority == 60);
  BOOST_TEST(tasks.history("z1", "t1").events.front().detail.value() == "0 \u2192 60");
  tasks.reprioritize("z1", "t1", 0);
  const Lease first = claimed();
  BOOST_TEST(first.task().id == "t2");
  BOOST_TEST((error_of([&] { tasks.reprioritize("z1", "t2", 0); }).code() == Errc::illegal_transition));
  BOOST_TEST(first.task().ref.value() == "order 7");
  BOOST_TEST(task("t1").priority == 0);
  BOOST_TEST(!task("t1").ref);
  const Error refused = error_of([&] { tasks.create({.zone_id = "z1", .operation = "create", .priority = 101}); });
  BOOST_TEST(refused.field().value() == "priority");
}

BOOST_AUTO_TEST_CASE(a_lease_that_is_let_go_of_is_released) {
  create("t1", 3);
  { const Lease lease = claimed(); }
  BOOST_TEST((task("t1").status == Status::running));
  BOOST_TEST(!task("t1").worker.has_value());
  {
    Lease lease = claimed();
    Lease moved = std::move(lease);
    BOOST_TEST(moved.attempt() == 2);
    BOOST_TEST(!lease.open());  // NOLINT(bugprone-use-after-move): that is what is tested
  }
  Lease last = claimed();
  last = Lease(std::move(last));
  BOOST_TEST(last.attempt() == 3);
  BOOST_TEST((last.release().status == Status::failed));
  BOOST_TEST(task("t1").failure_kind.value() == "lost");
  BOOST_TEST(tasks.history("z1", "t1").events.size() == 7U);
}

BOOST_AUTO_TEST_CASE(assigning_over_a_lease_releases_it) {
  create("t1", 2);
  create("t2", 2);
  Lease lease = claimed();
  lease = claimed();
  BOOST_TEST(lease.task().id == "t2");
  BOOST_TEST(!task("t1").worker.has_value());
  BOOST_TEST(task("t2").worker.has_value());
}

BOOST_AUTO_TEST_CASE(an_exception_on_the_way_releases_and_goes_on) {
  create("t1", 2);
  try {
    const Lease lease = claimed();
    throw std::runtime_error("secret");
  } catch (const std::runtime_error&) {
  }
  BOOST_TEST(tasks.history("z1", "t1").events.front().kind == "released");
  BOOST_TEST(tasks.decide("z1", "t1").body.value().find("secret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_release_may_be_delayed) {
  create("t1", 2);
  claimed().release(10s);
  BOOST_TEST(!tasks.claim());
  BOOST_TEST((task("t1").not_before.value() == clock.now() + 10s));
  clock.advance(10s);
  BOOST_TEST(claimed().attempt() == 2);
}

BOOST_AUTO_TEST_CASE(a_lease_that_ran_out_changes_nothing) {
  create("t1", 2);
  Lease lease = claimed();
  clock.advance(30s);
  BOOST_TEST(tasks.tick() == 1);
  BOOST_TEST((error_of([&] { lease.heartbeat(); }).code() == Errc::lease_lost));
  BOOST_TEST((error_of([&] { lease.complete({.install_id = "i"}); }).code() == Errc::lease_lost));
  BOOST_TEST((error_of([&] { lease.fail({.error_message = "m"}); }).code() == Errc::lease_lost));
  BOOST_TEST((error_of([&] { lease.annotate({.package_slug = "s"}); }).code() == Errc::lease_lost));
  BOOST_TEST((error_of([&] { lease.release(); }).code() == Errc::lease_lost));
  BOOST_TEST(lease.open());  // and its destructor is quiet
}

BOOST_AUTO_TEST_CASE(heartbeats_prolong_show_progress_and_tell) {
  create("t1");
  Lease lease = claimed();
  clock.advance(20s);
  const Heartbeat beat =
      lease.heartbeat(Link{.href = "#progress", .rel = "progress", .properties = R"({"percent":40})"});
  BOOST_TEST(!beat.cancel_requested);
  BOOST_TEST((beat.duration == 30s));
  BOOST_TEST((beat.expires_at == clock.now() + 30s));
  BOOST_TEST(task("t1").links.at(0).properties.value() == R"({"percent":40})");
  clock.advance(20s);
  BOOST_TEST(tasks.tick() == 0);
  tasks.cancel("z1", "t1");
  BOOST_TEST(lease.heartbeat().cancel_requested);
  BOOST_TEST(lease.fail({.error_message = "Stopped."}).failure_kind.value() == "cancelled");
}

BOOST_AUTO_TEST_CASE(annotations_keep_the_lease) {
  create("t1");
  Lease lease = claimed();
  BOOST_TEST(lease.annotate({.package_slug = "slug"}).package_slug.value() == "slug");
  BOOST_TEST(lease.open());
  BOOST_TEST(lease.task().revision == 3);
}

BOOST_AUTO_TEST_CASE(a_named_task_is_started_under_a_lease) {
  create("t1");
  create("t2");
  const Lease lease = tasks.start_leased("z1", "t2", {.worker = "w", .lease = 5s});
  BOOST_TEST(lease.task().id == "t2");
  BOOST_TEST((lease.duration() == 5s));
  BOOST_TEST((error_of([&] { static_cast<void>(tasks.start_leased("z1", "t9")); }).code() == Errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_token_is_the_lease_elsewhere) {
  create("t1", 2);
  Lease lease = claimed();
  Lease adopted = tasks.lease(lease.token());
  BOOST_TEST(adopted.task().id == "t1");
  BOOST_TEST(adopted.payload() == "work on t1");
  BOOST_TEST(adopted.epoch() == lease.epoch());
  BOOST_TEST((adopted.duration() == 30s));
  adopted.complete({.install_id = "ins_1"});
  BOOST_TEST((error_of([&] { lease.heartbeat(); }).code() == Errc::lease_lost));
  BOOST_TEST((error_of([&] { static_cast<void>(tasks.lease(lease.token())); }).code() == Errc::lease_lost));
  BOOST_TEST((error_of([&] { static_cast<void>(tasks.lease(lease.token() + "x")); }).code() == Errc::lease_lost));
  BOOST_TEST((error_of([&] { static_cast<void>(tasks.lease("x")); }).code() == Errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(a_lease_outlives_its_engine_object) {
  const ScratchFile file;
  std::optional<Lease> lease;
  {
    Engine engine(file.path());
    engine.create({.zone_id = "z1", .id = "t1", .operation = "create", .max_attempts = 2});
    lease = engine.claim();
    Engine moved(std::move(engine));
    BOOST_TEST(!lease->heartbeat().cancel_requested);
  }
  BOOST_TEST((error_of([&] { lease->heartbeat(); }).code() == Errc::closed));
  lease.reset();  // quiet
  BOOST_TEST(Engine(file.path()).get("z1", "t1")->worker.has_value() == false);
}

BOOST_AUTO_TEST_CASE(plans_are_kept_with_the_task) {
  const Task planned = tasks.create({.zone_id = "z1",
                                     .id = "t1",
                                     .operation = "create",
                                     .not_before = clock.now() + 60s,
                                     .start_within = 10s,
                                     .max_attempts = 7});
  BOOST_TEST((planned.not_before.value() == clock.now() + 60s));
  BOOST_TEST((planned.start_by.value() == clock.now() + 70s));
  BOOST_TEST(planned.max_attempts == 7);
  BOOST_TEST(planned.attempt == 0);
  BOOST_TEST(!tasks.claim());
  clock.advance(70s);
  BOOST_TEST(tasks.tick() == 1);
  BOOST_TEST(task("t1").failure_kind.value() == "expired");
  BOOST_TEST(task("t1").error_message.value() == "The task was not started in time.");
}

BOOST_AUTO_TEST_CASE(cancelling_a_task) {
  create("t1");
  BOOST_TEST(tasks.cancel("z1", "t1", {.reason = "Not wanted."}).error_message.value() == "Not wanted.");
  BOOST_TEST(tasks.cancel("z1", "t1").failure_kind.value() == "cancelled");
  create("t2");
  Lease lease = claimed();
  BOOST_TEST(tasks.cancel("z1", "t2").cancel_requested);
  BOOST_TEST((tasks.cancel("z1", "t2", {.force = true}).status == Status::failed));
  BOOST_TEST((error_of([&] { tasks.cancel("z1", "t9"); }).code() == Errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_running_limit_is_kept) {
  Options limited = taskstate::testing::options(clock);
  limited.running_limit = 1;
  Engine engine(":memory:", limited);
  for (const char* id : {"t1", "t2"}) engine.create({.zone_id = "z1", .id = id, .operation = "create"});
  std::optional<Lease> first = engine.claim();
  BOOST_TEST(!engine.claim());
  first->complete({.install_id = "i"});
  BOOST_TEST(engine.claim().has_value());
}

BOOST_AUTO_TEST_CASE(another_boot_ends_every_lease) {
  const ScratchFile file;
  Options first{.housekeeping = 0us, .boot_id = "boot-1"};
  Engine before(file.path(), first);
  before.create({.zone_id = "z1", .id = "t1", .operation = "create"});
  const std::optional<Lease> lease = before.claim({.lease = 24h});
  const std::string token = lease->token();
  BOOST_TEST(before.tick() == 0);
  Options second{.housekeeping = 0us, .boot_id = "boot-2"};
  Engine after(file.path(), second);
  BOOST_TEST(after.tick() == 0);  // a process lives that uses that boot: its id or ours is mounted over
  BOOST_TEST(after.stats().leases_incomparable == 1);
  before.close();
  BOOST_TEST(after.tick() == 1);
  BOOST_TEST(after.stats().leases_incomparable == 0);
  BOOST_TEST(after.get("z1", "t1")->failure_kind.value() == "lost");
  BOOST_TEST((error_of([&] { static_cast<void>(after.lease(token)); }).code() == Errc::lease_lost));
}

// ---- Waiting

BOOST_AUTO_TEST_CASE(a_waiting_claim_is_ended_from_another_thread) {
  const CancelToken token;
  std::thread other([&token] { token.cancel(); });
  BOOST_TEST(
      (error_of([&] { static_cast<void>(tasks.claim({.wait = 60s}, {.cancel = token})); }).code() == Errc::cancelled));
  other.join();
  BOOST_TEST(
      (error_of([&] { static_cast<void>(tasks.claim({.wait = 60s}, {.cancel = token})); }).code() == Errc::cancelled));
  create("t1");
  BOOST_TEST(tasks.claim({.wait = 60s}, {.cancel = token}).has_value());  // it need not wait
}

BOOST_AUTO_TEST_CASE(a_watch_tells_when_to_look) {
  Watch watch = tasks.watch();
  watch.claim({.zones = {"z1"}});
  BOOST_TEST(is_readable(watch));
  watch.reset();
  BOOST_TEST(!is_readable(watch));
  create("t0", 1, "z0");
  BOOST_TEST(!is_readable(watch));
  create("t1");
  BOOST_TEST(is_readable(watch));
  watch.reset();
  tasks.close();
  BOOST_TEST(is_readable(watch));
}

BOOST_AUTO_TEST_CASE(a_commit_of_another_engine_is_noticed) {
  const ScratchFile file;
  Engine here(file.path());
  Engine there(file.path());
  std::thread host([&] { there.create({.zone_id = "z1", .id = "t1", .operation = "create"}); });
  BOOST_TEST(here.claim({.wait = 60s}).has_value());
  host.join();
}

// ---- Keeping

BOOST_AUTO_TEST_CASE(a_keeper_keeps_the_lease_and_tells_of_a_cancel) {
  const ScratchFile file;
  Engine engine(file.path(), {.housekeeping = 10ms});
  engine.create({.zone_id = "z1", .id = "t1", .operation = "create"});
  std::optional<Lease> lease = engine.claim({.lease = 2s});
  {
    LeaseKeeper keeper(*lease);
    std::this_thread::sleep_for(2500ms);
    BOOST_TEST(!keeper.lost());
    BOOST_TEST(!keeper.stop_token().stop_requested());
    engine.cancel("z1", "t1");
    while (!keeper.stop_token().stop_requested()) std::this_thread::yield();
    BOOST_TEST(keeper.cancel_requested());
    BOOST_TEST(!keeper.lost());
  }
  BOOST_TEST((lease->complete({.install_id = "i"}).status == Status::completed));
}

BOOST_AUTO_TEST_CASE(a_keeper_tells_when_the_lease_is_lost) {
  const ScratchFile file;
  Engine engine(file.path());
  engine.create({.zone_id = "z1", .id = "t1", .operation = "create"});
  std::optional<Lease> lease = engine.claim({.lease = 30ms});
  const LeaseKeeper keeper(*lease);
  engine.cancel("z1", "t1", {.force = true});
  while (!keeper.stop_token().stop_requested()) std::this_thread::yield();
  BOOST_TEST(keeper.lost());
  BOOST_TEST(!keeper.cancel_requested());
}

BOOST_AUTO_TEST_CASE(a_keeper_ends_at_once) {
  create("t1");
  const Lease lease = claimed();
  const auto begin = std::chrono::steady_clock::now();
  { const LeaseKeeper keeper(lease); }
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 5s));  // its next heartbeat is ten seconds away
}

// ---- The testing kit

BOOST_AUTO_TEST_CASE(the_kits_time_and_ids_can_be_foretold) {
  const taskstate::testing::ManualClock copy = clock;
  copy.advance(1s);
  BOOST_TEST((clock.now() == std::chrono::sys_days(std::chrono::year(2020) / 1 / 1) + 1s));
  copy.set(Time());
  BOOST_TEST((clock.now() == Time()));
  const std::string first = tasks.create({.zone_id = "z1", .operation = "create"}).id;
  BOOST_TEST(first == "00000000-0000-4000-8000-000000000001");
  BOOST_TEST(tasks.create({.zone_id = "z1", .operation = "create"}).id == "00000000-0000-4000-8000-000000000002");
}

BOOST_AUTO_TEST_SUITE_END()

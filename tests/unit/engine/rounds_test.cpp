// What falls due is done when its moment comes, not at the next round: the rounds here are an hour apart. The bounds
// are wide, since how late it is on a busy machine says nothing; tests/bench/lateness.cpp measures it.
#include "engine/clock.hpp"
#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace tse;
using namespace tse::engine;
using tse::test::Host;

namespace {

constexpr std::chrono::microseconds soon = 200ms;
constexpr std::chrono::microseconds long_enough = 2min;

struct Fixture {
  store_test::TempDirectory directory;

  [[nodiscard]] Engine::Ptr open(std::chrono::microseconds housekeeping = 1h) const {
    Settings settings;
    settings.timeout = 1min;
    settings.housekeeping = housekeeping;
    return Engine::open(directory.path(), settings);
  }
  static void create_planned(Engine& tasks, const std::string& id) {
    core::NewTask planned = Host::spec(id);
    planned.not_before = system_now() + soon.count();
    engine::create(tasks, planned, {});
  }
  static std::vector<Lease> claim_waiting(Engine& tasks) {
    ClaimSpec spec;
    spec.wait = long_enough;
    return engine::claim(tasks, spec, {});
  }
  static core::Row ended(Engine& tasks, const std::string& id) {
    return engine::wait(tasks, {"z", id}, std::nullopt, long_enough, {}).value();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rounds, Fixture)

BOOST_AUTO_TEST_CASE(a_task_can_be_claimed_when_its_not_before_comes) {
  const Engine::Ptr tasks = open();
  std::this_thread::sleep_for(20ms);  // the first round is over
  create_planned(*tasks, "t");
  const auto leases = claim_waiting(*tasks);
  BOOST_REQUIRE(leases.size() == 1U);
  BOOST_TEST(leases[0].row.task.updated_at - leases[0].row.task.created_at >= soon.count());
}

BOOST_AUTO_TEST_CASE(a_claim_waits_for_it_that_another_process_made) {
  const Engine::Ptr waiting = open();
  const Engine::Ptr other = open(0us);  // does no housekeeping of its own
  std::vector<Lease> leases;
  std::thread worker([&] { leases = claim_waiting(*waiting); });
  std::this_thread::sleep_for(50ms);
  create_planned(*other, "t");
  worker.join();
  BOOST_TEST(leases.size() == 1U);
}

BOOST_AUTO_TEST_CASE(it_is_found_by_the_first_round_of_a_process_that_comes_later) {
  create_planned(*open(0us), "t");
  BOOST_TEST(claim_waiting(*open()).size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_released_task_comes_back_when_its_delay_is_over) {
  const Engine::Ptr tasks = open();
  core::NewTask twice = Host::spec("t");
  twice.max_attempts = 2;
  engine::create(*tasks, twice, {});
  const Lease lease = claim_waiting(*tasks).at(0);
  engine::release(*tasks, lease.token, soon, {});
  BOOST_TEST(claim_waiting(*tasks).at(0).row.attempt == 2);
}

BOOST_AUTO_TEST_CASE(a_deadline_to_start_passes_in_time) {
  const Engine::Ptr tasks = open();
  core::NewTask late = Host::spec("t");
  late.start_within = soon.count();
  engine::create(*tasks, late, {});
  BOOST_TEST((ended(*tasks, "t").failure_kind == core::FailureKind::expired));
}

BOOST_AUTO_TEST_CASE(a_lease_ends_in_time) {
  const Engine::Ptr tasks = open();
  engine::create(*tasks, Host::spec("claimed"), {});
  engine::create(*tasks, Host::spec("started"), {});
  ClaimSpec claim;
  claim.lease = soon;
  BOOST_REQUIRE(engine::claim(*tasks, claim, {}).size() == 1U);
  BOOST_TEST((ended(*tasks, "claimed").failure_kind == core::FailureKind::lost));
  engine::start_leased(*tasks, {"z", "started"}, {{}, soon}, {});
  BOOST_TEST((ended(*tasks, "started").failure_kind == core::FailureKind::lost));
}

BOOST_AUTO_TEST_CASE(a_read_only_engine_is_woken_by_what_others_change) {
  const Engine::Ptr tasks = open(0us);
  core::Row row = engine::create(*tasks, Host::spec("t"), {}).row;
  Settings settings;
  settings.mode = Mode::read_only;
  const Engine::Ptr reader = Engine::open(directory.path(), settings);
  const auto later = [](auto act) {
    return std::thread([act] {
      std::this_thread::sleep_for(100ms);
      act();
    });
  };
  std::thread start = later([&] { engine::change(*tasks, {"z", "t"}, core::Start{}, {}); });
  BOOST_TEST((engine::wait(*reader, {"z", "t"}, row.revision, long_enough, {})->task.status == core::Status::running));
  start.join();
  ChangesQuery query;
  query.latest = true;
  query.after = {};
  query.after = engine::changes(*reader, query, {}).position;
  query.latest = false;
  query.wait = long_enough;
  std::thread fail = later([&] { engine::change(*tasks, {"z", "t"}, core::Fail{"It broke.", {}, {}}, {}); });
  BOOST_TEST(engine::changes(*reader, query, {}).events.at(0).kind == "failed");
  fail.join();
}

BOOST_AUTO_TEST_SUITE_END()

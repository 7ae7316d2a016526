// The engine stands on any store: a second, tiny one shows what of it was SQLite's. It also counts what a change reads
// without having said so, which a database across a network would pay for with a round trip.
#include "unit/engine/decided.hpp"
#include "unit/engine/host.hpp"
#include "unit/engine/operations.hpp"
#include "unit/store/memory_store.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using namespace tse;
using tse::test::code_name;

namespace {

constexpr std::int64_t second = test::host_second;

struct Fixture {
  std::shared_ptr<std::atomic<std::int64_t>> now = std::make_shared<std::atomic<std::int64_t>>(test::host_birth);
  test::MemoryStore* store = nullptr;
  engine::Engine::Ptr tasks;

  explicit Fixture(engine::Settings settings = {}) {
    settings.clock = [now = now] { return now->load(); };
    tasks = engine::Engine::open(
        [this](const engine::Settings& chosen, const engine::Log&) {
          auto made = std::make_unique<test::MemoryStore>(store::Clocks{chosen.clock, chosen.lease_clock, {}});
          store = made.get();
          return made;
        },
        settings);
  }
  core::Row create(const std::string& id) { return engine::create(*tasks, test::Host::spec(id), {}).row; }
  engine::Lease claim() {
    auto leases = engine::claim(*tasks, {}, {});
    BOOST_REQUIRE(leases.size() == 1U);
    return leases.front();
  }
  core::Row complete(const std::string& token) {
    core::Complete intent;
    intent.additions.install_id = "ins_1";
    return engine::change_leased(*tasks, token, intent, {});
  }
};

struct Limited : Fixture {
  static engine::Settings settings() {
    engine::Settings made;
    made.pending_limit = 2;
    made.running_limit = 1;
    made.tombstones = 1h;
    return made;
  }
  Limited() : Fixture(settings()) {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(any_store)

BOOST_FIXTURE_TEST_CASE(a_task_goes_all_the_way_to_its_303, Fixture) {
  create("a");
  BOOST_TEST(test::decide(*tasks, {"z", "a"}).answer.status == 200);
  const engine::Lease lease = claim();
  BOOST_TEST(!engine::heartbeat(*tasks, lease.token, {}, {}, {}).cancel_requested);
  BOOST_TEST((complete(lease.token).task.status == core::Status::completed));
  BOOST_TEST(test::decide(*tasks, {"z", "a"}).answer.status == 303);
  BOOST_TEST(engine::verify(*tasks, {}).problems.empty());
  BOOST_TEST(code_name([&] { complete("no token"); }) == "invalid_argument");
  BOOST_TEST(store->unannounced == 0);
}

BOOST_FIXTURE_TEST_CASE(what_is_due_is_done_and_a_lost_lease_stays_lost, Fixture) {
  core::NewTask spec = test::Host::spec("late");
  spec.start_within = second;
  engine::create(*tasks, spec, {});
  create("held");
  engine::ClaimSpec terms;
  terms.lease = 5s;
  terms.limit = 2;
  const auto leases = engine::claim(*tasks, terms, {});
  BOOST_REQUIRE(leases.size() == 2U);
  *now += 6 * second;
  BOOST_TEST(engine::tick(*tasks, {}) == 2);
  BOOST_TEST(code_name([&] { complete(leases[0].token); }) == "lease_lost");
  BOOST_TEST((engine::get(*tasks, {"z", "held"}, {})->failure_kind == core::FailureKind::lost));
  BOOST_TEST(store->unannounced == 0);
}

BOOST_FIXTURE_TEST_CASE(limits_keys_and_tombstones_hold, Limited) {
  core::NewTask spec = test::Host::spec("a");
  spec.idempotency_key = "k";
  BOOST_TEST(!engine::create(*tasks, spec, {}).replayed);
  create("b");
  BOOST_TEST(code_name([&] { create("c"); }) == "limit_exceeded");
  BOOST_TEST(store->unannounced == 0);
  BOOST_TEST(engine::create(*tasks, spec, {}).replayed);
  const engine::Lease lease = claim();
  BOOST_TEST(engine::claim(*tasks, {}, {}).empty());
  complete(lease.token);
  BOOST_TEST(engine::erase(*tasks, {"z", "a"}, {}));
  BOOST_TEST(test::decide(*tasks, {"z", "a"}).answer.status == 410);
  BOOST_TEST(code_name([&] { create("a"); }) == "already_exists");
}

BOOST_FIXTURE_TEST_CASE(what_has_ended_is_purged, Fixture) {
  create("a");
  complete(claim().token);
  *now += 10 * second;
  engine::PurgeQuery query;
  query.older_than = 5s;
  BOOST_TEST(engine::purge(*tasks, query, {}) == 1);
  BOOST_TEST(!engine::get(*tasks, {"z", "a"}, {}));
  BOOST_TEST(engine::changes(*tasks, {}, {}).events.back().kind == "purged");
  BOOST_TEST(store->unannounced == 0);
}

// Two threads of one process meet without a lock between them: whoever comes second runs again.
BOOST_FIXTURE_TEST_CASE(two_workers_never_get_one_task, Fixture) {
  constexpr int count = 40;
  for (int i = 0; i < count; ++i) create("t" + std::to_string(i));
  std::atomic<int> done{0};
  const auto work = [&] {
    for (;;) {
      const auto leases = engine::claim(*tasks, {}, {});
      if (leases.empty()) return;
      complete(leases.front().token);
      ++done;
    }
  };
  std::thread other(work);
  work();
  other.join();
  BOOST_TEST(done == count);
  for (const core::Event& event : engine::changes(*tasks, {{}, {}, false, false, 1000, {}}, {}).events)
    BOOST_TEST(event.attempt <= 1);
}

BOOST_FIXTURE_TEST_CASE(what_it_cannot_do_it_says, Fixture) {
  BOOST_TEST(code_name([&] { engine::backup(*tasks, "/tmp/nowhere.db", {}); }) == "unsupported");
  tasks->close();
  BOOST_TEST(code_name([&] { create("a"); }) == "closed");
}

BOOST_AUTO_TEST_SUITE_END()

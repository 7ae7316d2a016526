// Leases on clocks that cannot be compared with the observer's: another time namespace, a boot id that is hidden or
// mounted over. They are left alone, everything else goes on, and they end once nobody of that clock has been there for
// as long as they last. What an observer sees of its machine is told by the name of its clock.
#include "core/lease.hpp"
#include "store/clocks.hpp"
#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>

using namespace std::chrono_literals;
using namespace tse;
using namespace tse::engine;
using tse::test::code_name;

namespace {

constexpr std::int64_t second = test::host_second;

struct Fixture {
  store_test::TempDirectory directory;
  std::shared_ptr<std::atomic<std::int64_t>> now = std::make_shared<std::atomic<std::int64_t>>(1000 * second);

  [[nodiscard]] Engine::Ptr open(const std::string& clock) const {
    Settings settings;
    settings.timeout = 1min;
    settings.housekeeping = 0us;
    settings.lease_clock = {clock, [now = now] { return now->load(); }};
    if (clock == core::wall_clock_name) settings.lease_clock = {clock, system_now, [now = now] { return now->load(); }};
    return Engine::open(directory.path(), settings);
  }
  static void create(Engine& tasks, const std::string& id) {
    core::NewTask spec = test::Host::spec(id);
    spec.max_attempts = 2;
    engine::create(tasks, spec, {});
  }
  static Lease claim(Engine& tasks, std::chrono::microseconds lease = 30s) {
    ClaimSpec spec;
    spec.lease = lease;
    return engine::claim(tasks, spec, {}).at(0);
  }
  static std::int64_t foreign(Engine& tasks) { return engine::stats(tasks, {}, {}).store.leases_incomparable; }
};

const std::string ours = core::boot_clock_name("b1", "1");
// What a worker beside us may see that is no proof of another boot.
const std::string elsewhere = core::boot_clock_name("b1", "2");
const std::string masked = core::masked_boot_clock_name("b2", "1");

}  // namespace

BOOST_FIXTURE_TEST_SUITE(foreign_clocks, Fixture)

BOOST_AUTO_TEST_CASE(a_living_lease_is_ended_by_no_observer) {
  for (const auto& [worker, observer] :
       {std::pair(ours, elsewhere), std::pair(ours, masked), std::pair(masked, ours), std::pair(elsewhere, ours),
        std::pair(ours, std::string(core::wall_clock_name)), std::pair(ours, core::boot_clock_name("b3", "1")),
        std::pair(std::string("host:"), ours)}) {
    const Engine::Ptr holder = open(worker);
    const std::string id = "t" + std::to_string(now->load());
    create(*holder, id);
    const Lease lease = claim(*holder);
    {
      const Engine::Ptr other = open(observer);
      for (int i = 0; i < 3; ++i) {
        *now += 20 * second;
        BOOST_TEST(engine::tick(*other, {}) == 0, observer << " of " << worker);
        BOOST_TEST(foreign(*other) == 1, observer << " of " << worker);
        engine::heartbeat(*holder, lease.token, {}, {}, {});
      }
    }
    engine::change_leased(*holder, lease.token, core::Fail{"It broke.", {}, {}}, {});
  }
}

BOOST_AUTO_TEST_CASE(claims_and_ticks_go_on_beside_it) {
  const Engine::Ptr holder = open(elsewhere);
  create(*holder, "held");
  claim(*holder);
  const Engine::Ptr tasks = open(ours);
  create(*tasks, "t1");
  create(*tasks, "t2");
  BOOST_TEST(claim(*tasks, 10s).row.task.id == "t1");
  *now += 10 * second;
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
  BOOST_TEST(claim(*tasks).row.task.id == "t1");
  BOOST_TEST(claim(*tasks).row.task.id == "t2");
  BOOST_TEST(engine::claim(*tasks, {}, {}).empty());
  const Stats stats = engine::stats(*tasks, {}, {});
  BOOST_TEST(stats.store.leases_incomparable == 1);
  BOOST_TEST(stats.store.clocks_incomparable == 1);
  const std::string text = to_open_metrics(stats);
  BOOST_TEST(text.find("taskstate_leases_incomparable 1\n") != std::string::npos);
  BOOST_TEST(text.find("taskstate_lease_clocks_incomparable 1\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(whether_such_a_task_can_be_started_is_unsupported) {
  const Engine::Ptr holder = open(elsewhere);
  create(*holder, "held");
  claim(*holder);
  const Engine::Ptr tasks = open(ours);
  BOOST_TEST(code_name([&] { engine::start_leased(*tasks, {"z", "held"}, {{}, 30s}, {}); }) == "unsupported");
  create(*tasks, "t");
  claim(*tasks);
  BOOST_TEST(code_name([&] { engine::start_leased(*tasks, {"z", "t"}, {{}, 30s}, {}); }) == "illegal_transition");
  core::Cancel force;
  force.force = true;
  engine::change(*tasks, {"z", "held"}, force, {});
}

BOOST_AUTO_TEST_CASE(it_ends_once_nobody_of_its_clock_was_there_for_as_long_as_the_longest_lasts) {
  Engine::Ptr holder = open(elsewhere);
  create(*holder, "t");
  claim(*holder, 30s);
  const Engine::Ptr tasks = open(ours);
  *now += 3600 * second;
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  holder.reset();
  BOOST_TEST(engine::tick(*tasks, {}) == 0);  // from here on it is measured
  *now += 30 * second - 1;
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  BOOST_TEST(foreign(*tasks) == 1);
  *now += 1;
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
  BOOST_TEST(foreign(*tasks) == 0);
  BOOST_TEST(test::history_of(*tasks, {"z", "t"}, {}).back().kind == "lost");
  BOOST_TEST(claim(*tasks).row.attempt == 2);
}

BOOST_AUTO_TEST_CASE(a_visit_of_that_clock_begins_it_again) {
  Engine::Ptr holder = open(elsewhere);
  create(*holder, "t");
  const Lease lease = claim(*holder, 30s);
  holder.reset();
  const Engine::Ptr tasks = open(ours);
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  *now += 20 * second;
  engine::heartbeat(*open(elsewhere), lease.token, 60s, {}, {});  // a worker that opens the file for each
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  *now += 59 * second;
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  *now += second;
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
}

BOOST_AUTO_TEST_CASE(programs_that_look_once_each_measure_together) {
  Engine::Ptr holder = open(elsewhere);
  create(*holder, "t");
  claim(*holder, 30s);
  holder.reset();
  BOOST_TEST(engine::tick(*open(ours), {}) == 0);
  *now += 15 * second;
  BOOST_TEST(engine::tick(*open(ours), {}) == 0);
  *now += 15 * second;
  BOOST_TEST(engine::tick(*open(ours), {}) == 1);
}

BOOST_AUTO_TEST_CASE(another_boot_is_over_at_once_unless_somebody_uses_it) {
  Engine::Ptr holder = open(core::boot_clock_name("b0", "1"));
  create(*holder, "t");
  claim(*holder, 24h);
  const Engine::Ptr tasks = open(ours);
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  BOOST_TEST(engine::claim(*tasks, {}, {}).empty());
  BOOST_TEST(foreign(*tasks) == 1);
  holder.reset();
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
}

BOOST_AUTO_TEST_CASE(a_process_that_is_killed_does_not_keep_its_leases) {
  int ready[2];
  BOOST_REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const Engine::Ptr holder = open(masked);
    create(*holder, "t");
    claim(*holder, 30s);
    [[maybe_unused]] const ssize_t said = ::write(ready[1], "x", 1);
    for (;;) ::pause();
  }
  char said = 0;
  BOOST_REQUIRE(::read(ready[0], &said, 1) == 1);
  const Engine::Ptr tasks = open(ours);
  *now += 60 * second;
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  BOOST_TEST(foreign(*tasks) == 1);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  *now += 30 * second;
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
  ::close(ready[0]);
  ::close(ready[1]);
}

BOOST_AUTO_TEST_CASE(where_the_sidecar_is_another_a_lease_may_be_as_long_as_any) {
  Engine::Ptr holder = open(elsewhere);
  create(*holder, "t");
  claim(*holder, 30s);
  holder.reset();
  ::unlink((directory.path() + "-taskstate").c_str());
  const Engine::Ptr tasks = open(ours);
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  *now += 30 * 24 * 3600 * second - 1;
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  *now += 1;
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
}

BOOST_AUTO_TEST_CASE(the_clocks_name_says_what_can_be_told_of_the_boot) {
  const std::string kernel = store::system_lease_clock("").name;
  BOOST_TEST(core::tells_boot(kernel));
  BOOST_TEST(kernel == store::system_lease_clock("").name);
  BOOST_TEST(core::tells_boot(store::system_lease_clock("boot-1").name));
  const std::string file = directory.path("boot_id");
  std::ofstream(file) << "11111111-2222-4333-8444-555555555555\n";
  const store::LeaseClock over =
      store::system_lease_clock("", file.c_str());  // a file that is mounted over the kernel's
  BOOST_TEST(over.name.starts_with("boot:?11111111-2222-4333-8444-555555555555:"));
  BOOST_TEST((core::compare_clocks(over.name, kernel) == core::Comparable::unknown));
  const store::LeaseClock hidden = store::system_lease_clock("", directory.path("none").c_str());
  BOOST_TEST(hidden.name == core::wall_clock_name);
  const std::int64_t before = over.now();
  BOOST_TEST(hidden.even() >= before);
  BOOST_TEST(over.now() >= hidden.even() - 1000 * second);
}

BOOST_AUTO_TEST_SUITE_END()

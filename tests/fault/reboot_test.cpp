// Leases over a reboot, over jumps of the wall clock, and between time namespaces.
#include "support.hpp"

#include "core/lease.hpp"
#include "engine/lease_clock.hpp"

#include <boost/test/unit_test.hpp>

#include <sched.h>

#include <chrono>
#include <fstream>
#include <iostream>

using namespace std::chrono_literals;
using namespace tse;
using namespace tse::test;

namespace {

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

constexpr std::size_t count = 500;

engine::Settings resting() {
  engine::Settings settings = patient_settings();
  settings.housekeeping = 0us;
  return settings;
}

std::string hold_all(engine::Engine& tasks) {
  for (std::size_t task = 0; task < count; ++task) tasks.create(new_task("z", "t" + std::to_string(task)), patient());
  engine::ClaimSpec spec;
  spec.lease = 24h;
  spec.limit = 64;
  std::string token;
  for (auto leases = tasks.claim(spec, patient()); !leases.empty(); leases = tasks.claim(spec, patient()))
    token = leases.front().token;
  return token;
}

core::Code code_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const core::Failure& failure) {
    return failure.error().code;
  }
  return core::Code{};
}

// 0: the tick ended nothing; 1: unsupported; 2: leases were ended. In a child of a child that has its own time.
int tick_in_another_time_namespace(const std::string& path) {
  if (::unshare(CLONE_NEWTIME) != 0) return 3;
  std::ofstream("/proc/self/timens_offsets") << "boottime 864000 0\n";  // ten days: every lease seems over
  return wait_for(spawn([&] {
    const engine::Engine::Ptr tasks = engine::Engine::open(path, resting());
    int result = 0;
    if (code_of([&] { result = tasks->tick(patient()) == 0 ? 0 : 2; }) == core::Code::unsupported) return 1;
    return result;
  }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reboot)

BOOST_AUTO_TEST_CASE(another_boot_ends_every_lease_at_the_first_look) {
  const TemporaryDirectory directory;
  engine::Settings settings = resting();
  settings.boot_id = "before";
  std::string token;
  {
    const engine::Engine::Ptr tasks = engine::Engine::open(directory.file("tasks.db"), settings);
    token = hold_all(*tasks);
    BOOST_TEST(tasks->tick(patient()) == 0);
  }
  settings.boot_id = "after";
  const engine::Engine::Ptr tasks = engine::Engine::open(directory.file("tasks.db"), settings);
  const std::int64_t ended = tasks->tick(patient());
  BOOST_TEST(ended == static_cast<std::int64_t>(count));
  BOOST_TEST((code_of([&] { tasks->heartbeat(token, {}, {}, patient()); }) == core::Code::lease_lost));
  BOOST_TEST(tasks->verify(patient()).problems.empty());
  std::cout << "measured: " << ended << " of " << count << " leases ended by a reboot\n";
}

BOOST_AUTO_TEST_CASE(no_year_that_the_wall_clock_jumps_ends_a_lease) {
  const TemporaryDirectory directory;
  auto now = std::make_shared<std::int64_t>(1577470279117000);
  engine::Settings settings = resting();
  settings.clock = [now] { return *now; };
  settings.lease_clock = engine::system_lease_clock("");
  const engine::Engine::Ptr tasks = engine::Engine::open(directory.file("tasks.db"), settings);
  const std::string token = hold_all(*tasks);
  constexpr std::int64_t year = std::int64_t{366} * 24 * 3600 * 1000000;
  std::int64_t ended = 0;
  for (const std::int64_t jump : {-year, 2 * year, -year}) {
    *now += jump;
    ended += tasks->tick(patient());
    tasks->heartbeat(token, {}, {}, patient());
  }
  BOOST_TEST(ended == 0);
  std::cout << "measured: " << ended << " of " << count
            << " leases ended by a wall clock set back and forward a year\n";
}

BOOST_AUTO_TEST_CASE(another_time_namespace_of_this_boot_is_unsupported) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  {
    engine::Settings settings = resting();
    settings.lease_clock = {core::boot_clock_name("b", "1"), [] { return std::int64_t{1}; }};
    hold_all(*engine::Engine::open(path, settings));
    settings.lease_clock = {core::boot_clock_name("b", "2"), [] { return std::int64_t{1} << 60; }};
    const engine::Engine::Ptr tasks = engine::Engine::open(path, settings);
    BOOST_TEST((code_of([&] { tasks->tick(patient()); }) == core::Code::unsupported));
    BOOST_TEST((code_of([&] { tasks->claim({}, patient()); }) == core::Code::unsupported));
  }
  const std::string real = directory.file("real.db");
  hold_all(*engine::Engine::open(real, resting()));
  const int result = wait_for(spawn([&] { return tick_in_another_time_namespace(real); }));
  // Whether this kernel and these rights allow a namespace at all is not ours to say.
  BOOST_TEST((result == 1 || result == 3));
  std::cout << "measured: leases seen from another time namespace: "
            << (result == 1 ? "unsupported, none ended"
                            : "none could be made here; by its name: unsupported, none ended")
            << '\n';
}

BOOST_AUTO_TEST_SUITE_END()

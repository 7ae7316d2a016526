// Leases over a reboot, over jumps of the wall clock, and between time namespaces.
#include "support.hpp"

#include "core/lease.hpp"
#include "store/clocks.hpp"

#include <boost/test/unit_test.hpp>

#include <sched.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
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
  for (std::size_t task = 0; task < count; ++task)
    engine::create(tasks, new_task("z", "t" + std::to_string(task)), patient());
  engine::ClaimSpec spec;
  spec.lease = 24h;
  spec.limit = 64;
  std::string token;
  for (auto leases = engine::claim(tasks, spec, patient()); !leases.empty();
       leases = engine::claim(tasks, spec, patient()))
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

constexpr int no_namespace = 3;

// 0: nothing was ended, and the leases are told; 1: not so. In a child of a child that has its own time.
int tick_in_another_time_namespace(const std::string& path) {
  if (::unshare(CLONE_NEWTIME) != 0) return no_namespace;
  std::ofstream("/proc/self/timens_offsets") << "boottime 864000 0\n";  // ten days: every lease seems over
  return wait_for(spawn([&] {
    const engine::Engine::Ptr tasks = engine::Engine::open(path, resting());
    const bool nothing = engine::tick(*tasks, patient()) == 0;
    return nothing && engine::stats(*tasks, {}, patient()).store.leases_incomparable == count ? 0 : 1;
  }));
}

// The same where another file is mounted over the kernel's boot id, or all of /proc/sys is hidden.
int tick_beside_a_masked_boot_id(const std::string& path, const std::string& other, const char* over) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount(other.c_str(), over, nullptr, MS_BIND, nullptr) != 0)
    return no_namespace;
  const engine::Engine::Ptr tasks = engine::Engine::open(path, resting());
  const bool nothing = engine::tick(*tasks, patient()) == 0;
  return nothing && engine::stats(*tasks, {}, patient()).store.leases_incomparable == count ? 0 : 1;
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
    BOOST_TEST(engine::tick(*tasks, patient()) == 0);
  }
  settings.boot_id = "after";
  const engine::Engine::Ptr tasks = engine::Engine::open(directory.file("tasks.db"), settings);
  const std::int64_t ended = engine::tick(*tasks, patient());
  BOOST_TEST(ended == static_cast<std::int64_t>(count));
  BOOST_TEST((code_of([&] { engine::heartbeat(*tasks, token, {}, {}, patient()); }) == core::Code::lease_lost));
  BOOST_TEST(engine::verify(*tasks, patient()).problems.empty());
  std::cout << "measured: " << ended << " of " << count << " leases ended by a reboot\n";
}

BOOST_AUTO_TEST_CASE(no_year_that_the_wall_clock_jumps_ends_a_lease) {
  const TemporaryDirectory directory;
  auto now = std::make_shared<std::int64_t>(1577470279117000);
  engine::Settings settings = resting();
  settings.clock = [now] { return *now; };
  settings.lease_clock = store::system_lease_clock("");
  const engine::Engine::Ptr tasks = engine::Engine::open(directory.file("tasks.db"), settings);
  const std::string token = hold_all(*tasks);
  constexpr std::int64_t year = std::int64_t{366} * 24 * 3600 * 1000000;
  std::int64_t ended = 0;
  for (const std::int64_t jump : {-year, 2 * year, -year}) {
    *now += jump;
    ended += engine::tick(*tasks, patient());
    engine::heartbeat(*tasks, token, {}, {}, patient());
  }
  BOOST_TEST(ended == 0);
  std::cout << "measured: " << ended << " of " << count
            << " leases ended by a wall clock set back and forward a year\n";
}

BOOST_AUTO_TEST_CASE(what_is_seen_from_a_container_ends_no_lease) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const std::string other = directory.file("boot_id");
  std::ofstream(other) << "11111111-2222-4333-8444-555555555555\n";
  std::filesystem::create_directory(directory.file("empty"));
  const engine::Engine::Ptr tasks = engine::Engine::open(path, resting());
  const std::string token = hold_all(*tasks);
  const auto seen_from = [](const std::function<int()>& look) { return wait_for(spawn(look)); };
  const std::array results{
      seen_from([&] { return tick_in_another_time_namespace(path); }),
      seen_from([&] { return tick_beside_a_masked_boot_id(path, other, "/proc/sys/kernel/random/boot_id"); }),
      seen_from([&] { return tick_beside_a_masked_boot_id(path, directory.file("empty"), "/proc/sys"); })};
  // Whether this kernel and these rights allow a namespace at all is not ours to say; what is seen from one is also
  // tested by the clocks' names (unit_engine, foreign_clocks).
  for (const int result : results) BOOST_TEST((result == 0 || result == no_namespace));
  engine::heartbeat(*tasks, token, {}, {}, patient());
  std::cout << "measured: leases ended from another time namespace, a masked and a hidden boot id: none of " << count
            << ", in " << 3 - std::count(results.begin(), results.end(), no_namespace) << " real namespaces\n";
}

BOOST_AUTO_TEST_SUITE_END()

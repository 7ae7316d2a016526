// Workers that die and workers that are stopped past the end of their leases, as real processes.
#include "support.hpp"

#include "core/lease.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace tse;
using namespace tse::test;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t batch = 64;

std::string id_of(std::size_t task) { return "t" + std::to_string(task); }

void fill(engine::Engine& tasks, std::size_t from, std::size_t count, std::int64_t max_attempts) {
  for (std::size_t task = from; task < from + count; ++task) {
    core::NewTask spec = new_task("z", id_of(task));
    // Some are failed when their lease ends, the others are offered again.
    spec.max_attempts = task % 2 == 0 ? 1 : max_attempts;
    engine::create(tasks, std::move(spec), patient());
  }
}

std::vector<engine::Lease> claim(engine::Engine& tasks, std::size_t count, std::chrono::microseconds lease) {
  std::vector<engine::Lease> all;
  engine::ClaimSpec spec;
  spec.lease = lease;
  while (all.size() < count) {
    spec.limit = static_cast<std::int64_t>(std::min(batch, count - all.size()));
    std::vector<engine::Lease> some = engine::claim(tasks, spec, patient());
    if (some.empty()) break;
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

void wait_until(const std::function<bool()>& condition) {
  while (!condition()) std::this_thread::sleep_for(1ms);
}

// What a worker process tells its parent.
struct Word {
  std::atomic<unsigned> holding;
  std::atomic<bool> go_on;
  std::atomic<unsigned> tried;
  std::atomic<unsigned> succeeded;
};

int hold_for_ever(const std::string& path, Shared<Word>& word, std::size_t count, std::chrono::microseconds lease) {
  const engine::Engine::Ptr tasks = open(path);
  word->holding = static_cast<unsigned>(claim(*tasks, count, lease).size());
  for (;;) ::pause();
}

void attempt(Shared<Word>& word, const std::function<void()>& act) {
  ++word->tried;
  try {
    act();
    ++word->succeeded;
  } catch (const core::Failure& failure) {
    if (failure.error().code != core::Code::lease_lost) ++word->succeeded;  // no other refusal is right
  }
}

// Holds leases, is stopped, and comes back to tasks that were taken from it.
int become_a_zombie(const std::string& path, Shared<Word>& word, std::size_t count, std::chrono::microseconds lease) {
  engine::Settings settings = patient_settings();
  settings.housekeeping = 0us;
  const engine::Engine::Ptr tasks = engine::Engine::open(path, settings);
  const std::vector<engine::Lease> leases = claim(*tasks, count, lease);
  word->holding = static_cast<unsigned>(leases.size());
  wait_until([&] { return word->go_on.load(); });
  core::Annotate note;
  note.additions.package_slug = "zombie";
  core::Fail failure;
  failure.error_message = "zombie";
  for (const engine::Lease& each : leases) {
    attempt(word, [&] { engine::heartbeat(*tasks, each.token, {}, {}, patient()); });
    attempt(word, [&] { engine::change_leased(*tasks, each.token, complete_with("zombie"), patient()); });
    attempt(word, [&] { engine::change_leased(*tasks, each.token, note, patient()); });
    attempt(word, [&] { engine::change_leased(*tasks, each.token, failure, patient()); });
    attempt(word, [&] { engine::release(*tasks, each.token, {}, patient()); });
  }
  return 0;
}

struct Seen {
  std::int64_t version;
  std::string body;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> look_at(engine::Engine& tasks, std::size_t from, std::size_t count) {
  std::vector<Seen> all;
  for (std::size_t task = from; task < from + count; ++task) {
    const core::Row row = engine::get(tasks, {"z", id_of(task)}, patient()).value();
    all.push_back({row.version, row.body});
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(expiry)

BOOST_AUTO_TEST_CASE(what_a_killed_worker_held_is_failed_or_offered_again) {
  constexpr auto lease = 300ms;
  constexpr auto period = 50ms;
  constexpr std::size_t count = 20;
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  fill(*open(path), 0, count, 2);
  Shared<Word> word;
  const pid_t child = spawn([&] { return hold_for_ever(path, word, count, lease); });
  wait_until([&] { return word->holding == count; });
  const auto claimed = steady_clock::now();
  ::kill(child, SIGKILL);
  BOOST_TEST(wait_for(child) == 128 + SIGKILL);

  engine::Settings settings = patient_settings();
  settings.housekeeping = period;
  const engine::Engine::Ptr tasks = engine::Engine::open(path, settings);
  const auto is_over = [&](std::size_t task) {
    const core::Row row = engine::get(*tasks, {"z", id_of(task)}, patient()).value();
    return row.task.status == core::Status::failed || core::is_offered_again(row);
  };
  for (std::size_t task = 0; task < count; ++task) wait_until([&] { return is_over(task); });
  const std::chrono::duration<double, std::milli> took = steady_clock::now() - claimed - lease;
  for (std::size_t task = 0; task < count; ++task) {
    const core::Row row = engine::get(*tasks, {"z", id_of(task)}, patient()).value();
    BOOST_TEST((row.task.status == core::Status::failed) == (task % 2 == 0));
    if (task % 2 == 0) BOOST_TEST((row.failure_kind == core::FailureKind::lost));
  }
  std::cout << "measured: " << count << " tasks of a worker killed with -9 were failed or offered again "
            << took.count() << " ms after their leases (housekeeping every " << period.count() << " ms)\n";
}

BOOST_AUTO_TEST_CASE(a_stopped_worker_that_wakes_too_late_changes_nothing) {
  const std::size_t wanted = setting("TSE_EXPIRIES", 1000);
  constexpr std::size_t at_once = 2500;
  constexpr auto lease = 2s;
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  engine::Settings settings = patient_settings();
  settings.housekeeping = 0us;
  std::size_t expired = 0;
  std::size_t tried = 0;
  std::size_t succeeded = 0;
  std::size_t changed = 0;
  for (std::size_t done = 0; done < wanted;) {
    const std::size_t count = std::min(at_once, wanted - done);
    {
      const engine::Engine::Ptr tasks = engine::Engine::open(path, settings);
      fill(*tasks, done, count, 3);
    }
    Shared<Word> word;
    const pid_t child = spawn([&] { return become_a_zombie(path, word, count, lease); });
    wait_until([&] { return word->holding == count; });
    ::kill(child, SIGSTOP);
    std::this_thread::sleep_for(lease);

    const engine::Engine::Ptr tasks = engine::Engine::open(path, settings);
    expired += static_cast<std::size_t>(engine::tick(*tasks, patient()));
    // Of those that are offered again some are taken over, some of these finished.
    const std::vector<engine::Lease> taken = claim(*tasks, count / 4, 10min);
    for (std::size_t i = 0; i < taken.size(); i += 2)
      engine::change_leased(*tasks, taken[i].token, complete_with("ins_1"), patient());
    const std::vector<Seen> before = look_at(*tasks, done, count);
    word->go_on = true;
    ::kill(child, SIGCONT);
    BOOST_TEST(wait_for(child) == 0);
    const std::vector<Seen> after = look_at(*tasks, done, count);
    for (std::size_t i = 0; i < count; ++i) changed += before[i] == after[i] ? 0 : 1;
    tried += word->tried;
    succeeded += word->succeeded;
    for (std::size_t i = 1; i < taken.size(); i += 2)
      engine::change_leased(*tasks, taken[i].token, complete_with("ins_1"), patient());
    // The rest is offered again and would be claimed in the next round.
    for (const engine::Lease& rest : claim(*tasks, count, 10min))
      engine::change_leased(*tasks, rest.token, complete_with("ins_1"), patient());
    BOOST_TEST(engine::verify(*tasks, patient()).problems.empty());
    done += count;
  }
  BOOST_TEST(expired == wanted);
  BOOST_TEST(tried == 5 * wanted);
  BOOST_TEST(succeeded == 0U);
  BOOST_TEST(changed == 0U);
  std::cout << "measured: " << expired << " leases expired under stopped workers, which then tried " << tried
            << " late changes: " << succeeded << " got through, " << changed << " tasks changed\n";
}

BOOST_AUTO_TEST_SUITE_END()

// A late heartbeat, a late complete, the expiry, a cancel and a release of the same lease at the same time, from two
// processes: every history is legal, and every caller was told the truth about it.
#include "support.hpp"
#include "unit/engine/history_of.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <iostream>
#include <random>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace tse;
using namespace tse::test;

namespace {

enum Actor : std::size_t { beating, completing, expiring, cancelling, releasing, actors };

// What the parent tells the actors of a race, and they it.
struct Race {
  std::atomic<std::size_t> number;
  std::atomic<std::size_t> ready;
  std::array<char, 512> token;
  std::array<char, 64> id;
  bool force;
  std::array<std::atomic<unsigned>, actors> delay;  // ns, so that each comes first now and then
  std::array<std::atomic<int>, actors> result;      // 0: done; else the code
};

int result_of(const std::function<void()>& act) {
  try {
    act();
    return 0;
  } catch (const core::Failure& failure) {
    return static_cast<int>(failure.error().code);
  }
}

void act(engine::Engine& tasks, Shared<Race>& race, Actor actor) {
  const std::string token(race->token.data());
  const core::Key key{"z", race->id.data()};
  const core::Cancel cancel{race->force, {}};
  const auto begin = std::chrono::steady_clock::now() + std::chrono::nanoseconds(race->delay[actor]);
  while (std::chrono::steady_clock::now() < begin) {
  }
  race->result[actor] = result_of([&] {
    switch (actor) {
      case beating: engine::heartbeat(tasks, token, 1ms, {}, patient()); break;
      case completing: engine::change_leased(tasks, token, complete_with("by-holder"), patient()); break;
      case expiring: engine::tick(tasks, patient()); break;
      case cancelling: engine::change(tasks, key, cancel, patient()); break;
      default: engine::release(tasks, token, {}, patient());
    }
  });
}

engine::Engine::Ptr open_resting(const std::string& path) {
  engine::Settings settings = patient_settings();
  settings.housekeeping = 0us;
  return engine::Engine::open(path, settings);
}

int run_actors(const std::string& path, Shared<Race>& race, std::size_t races, const std::vector<Actor>& cast) {
  const engine::Engine::Ptr tasks = open_resting(path);
  std::vector<std::thread> crew;
  for (const Actor actor : cast)
    crew.emplace_back([&, actor] {
      for (std::size_t number = 1; number <= races; ++number) {
        while (race->number != number) std::this_thread::yield();
        act(*tasks, race, actor);
        ++race->ready;
      }
    });
  for (std::thread& member : crew) member.join();
  return 0;
}

std::size_t count_of(const std::vector<core::Event>& events, std::string_view kind) {
  return static_cast<std::size_t>(
      std::count_if(events.begin(), events.end(), [&](const core::Event& event) { return event.kind == kind; }));
}

// What is wrong with the history, or with what a caller was told about it; empty if nothing.
std::string fault_of(const core::Row& row, const std::vector<core::Event>& events, const Race& race) {
  core::Status status = core::Status::pending;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const core::Event& event = events[i];
    if (event.revision != static_cast<std::int64_t>(i) + 1) return "revisions have a hole";
    if (i > 0 && event.from != status) return "an event does not begin where the one before ended";
    if (i > 0 && taskstate::is_terminal(status)) return "an event after the end";
    if (i > 0 && event.to != status && !taskstate::can_transition(status, event.to)) return "an illegal move";
    status = event.to;
  }
  if (status != row.task.status) return "the history does not end in the task's status";
  const auto is = [&](Actor actor, core::Code code) { return race.result[actor] == static_cast<int>(code); };
  const bool completed = count_of(events, "completed") == 1;
  const bool released = count_of(events, "released") == 1;
  const bool lost = count_of(events, "lost") == 1;
  const bool cancelled = count_of(events, "cancelled") + count_of(events, "cancel_requested") > 0;
  if ((race.result[completing] == 0) != completed) return "who completed was told otherwise";
  if (completed && row.task.install_id != "by-holder") return "another result than the holder's";
  if (!completed && !is(completing, core::Code::lease_lost)) return "a complete refused for a wrong reason";
  if ((race.result[releasing] == 0) != released) return "who released was told otherwise";
  if (!released && !is(releasing, core::Code::lease_lost)) return "a release refused for a wrong reason";
  if (race.result[beating] != 0 && !is(beating, core::Code::lease_lost))
    return "a heartbeat refused for a wrong reason";
  if (race.result[expiring] != 0) return "the tick failed";
  if ((race.result[cancelling] == 0) != cancelled && !(race.result[cancelling] == 0 && row.cancel_requested))
    return "who cancelled was told otherwise";
  if (race.result[cancelling] != 0 && !is(cancelling, core::Code::illegal_transition))
    return "a cancel refused for a wrong reason";
  if (completed + released + lost > 1) return "the one lease ended twice";
  return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lease_race)

BOOST_AUTO_TEST_CASE(however_they_meet_history_and_answers_agree) {
  const std::size_t races = setting("TSE_LEASE_RACES", 1000);
  const std::size_t seed = setting("TSE_SEED", std::random_device{}());
  std::mt19937_64 random(seed);
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  open_resting(path).reset();
  Shared<Race> race;
  const std::vector<pid_t> children{spawn([&] {
                                      return run_actors(path, race, races, {beating, completing, releasing});
                                    }),
                                    spawn([&] {
                                      return run_actors(path, race, races, {expiring, cancelling});
                                    })};
  const engine::Engine::Ptr tasks = open_resting(path);
  std::array<std::size_t, 4> ends{};  // completed, released, lost, none of these
  std::size_t wrong = 0;
  for (std::size_t number = 1; number <= races; ++number) {
    const std::string id = "t" + std::to_string(number);
    core::NewTask spec = new_task("z", id);
    spec.max_attempts = 1 + static_cast<std::int64_t>(random() % 2);
    engine::create(*tasks, std::move(spec), patient());
    const engine::Lease lease = engine::start_leased(*tasks, {"z", id}, {{}, 1ms}, patient());
    std::copy_n(lease.token.c_str(), lease.token.size() + 1, race->token.begin());
    std::copy_n(id.c_str(), id.size() + 1, race->id.begin());
    race->force = random() % 2 == 0;
    for (auto& delay : race->delay) delay = static_cast<unsigned>(random() % 300000);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 1500));
    race->ready = 0;
    race->number = number;
    while (race->ready < actors) std::this_thread::yield();

    const core::Row row = engine::get(*tasks, {"z", id}, patient()).value();
    const auto events = test::history_of(*tasks, {"z", id}, patient());
    const std::string fault = fault_of(row, events, *race.operator->());
    wrong += fault.empty() ? 0 : 1;
    BOOST_TEST(fault.empty(), "seed " << seed << ", race " << number << ": " << fault);
    const std::size_t end = count_of(events, "completed")  ? 0
                            : count_of(events, "released") ? 1
                            : count_of(events, "lost")     ? 2
                                                           : 3;
    ++ends[end];
    if (!taskstate::is_terminal(row.task.status)) engine::change(*tasks, {"z", id}, core::Cancel{true, {}}, patient());
  }
  for (const pid_t child : children) BOOST_TEST(wait_for(child) == 0);
  BOOST_TEST(engine::verify(*tasks, patient()).problems.empty());
  std::cout << "measured: " << races << " races of heartbeat, complete, expiry, cancel and release: " << wrong
            << " with a history or an answer that was wrong (ended by complete " << ends[0] << ", release " << ends[1]
            << ", expiry " << ends[2] << ", cancel " << ends[3] << "; seed " << seed << ")\n";
}

BOOST_AUTO_TEST_SUITE_END()

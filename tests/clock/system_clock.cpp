// The system's clock, as the program sees it, is set back, forward, or stands still, while tasks go through everything:
// by libfaketime, which stands in front of the C library and leaves the clocks that nobody can set alone. A lease must
// last as long as it is kept, and no longer, whatever the clock says; no time in the record goes back.
//   TSE_CLOCK_JUMPS=1000 TSE_SEED=1 build/release/tests/system_clock
#include <taskstate/taskstate.hpp>

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using std::chrono::system_clock;

namespace {

std::size_t setting(const char* name, std::size_t otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::size_t violations = 0;
void expect(bool holds, const std::string& otherwise) {
  if (holds) return;
  ++violations;
  std::printf("not so: %s\n", otherwise.c_str());
}

struct Setting {
  const char* text;  // as libfaketime reads it: "@" goes on from there, without it the clock stands
  std::chrono::sys_days day;
};
using namespace std::chrono;
constexpr std::array settings{
    Setting{"@1970-01-02 00:00:00", 1970y / 1 / 2},  Setting{"@2038-01-20 00:00:00", 2038y / 1 / 20},
    Setting{"2019-12-27 00:00:00", 2019y / 12 / 27}, Setting{"@1999-12-31 00:00:00", 1999y / 12 / 31},
    Setting{"2120-02-29 00:00:00", 2120y / 2 / 29},  Setting{"@2026-03-29 00:00:00", 2026y / 3 / 29}};

void set_clock(const Setting& to) {
  std::ofstream(std::getenv("FAKETIME_TIMESTAMP_FILE"), std::ios::trunc) << to.text << '\n';
  const auto off = system_clock::now() - to.day;
  expect(off > -1s && off < 60s, std::string("the clock is set to ") + to.text);
}

/// One task from its creation to its answer, with the clock set anew in between.
void goes_through(taskstate::Engine& tasks, const std::string& id, const Setting& during) {
  tasks.create({.zone_id = "z", .id = id, .operation = "create", .payload = "{}"});
  tasks.start("z", id);
  set_clock(during);
  tasks.complete("z", id, {.install_id = "ins_1"});
  expect(tasks.decide("z", id).status == 303, id + " leads to its result");
  const auto events = tasks.history("z", id).events;
  for (std::size_t i = 1; i < events.size(); ++i)
    expect(events[i].at <= events[i - 1].at, id + " has a history that goes back");
  const auto task = tasks.get("z", id).value();
  expect(task.created_at <= task.updated_at && task.updated_at == events.at(0).at,
         id + " was updated when its last event was");
}

/// A lease that nobody keeps ends after its second, not with a jump.
void runs_out(taskstate::Engine& tasks, const std::string& id, const Setting& during) {
  tasks.create({.zone_id = "z", .id = id, .operation = "create", .payload = "{}"});
  const auto began = steady_clock::now();
  taskstate::Lease lease = tasks.start_leased("z", id, {.lease = 1s});
  set_clock(during);
  tasks.tick();
  if (steady_clock::now() - began < 900ms)
    expect(tasks.get("z", id)->status == taskstate::Status::running, id + " lost its lease at once");
  std::this_thread::sleep_until(began + 1100ms);
  tasks.tick();
  expect(tasks.get("z", id)->status == taskstate::Status::failed, id + " kept a lease that was over");
}

/// Only what is there when a program begins stands in front of the C library.
int again_under_libfaketime(char** arguments) {
  std::string file = (std::filesystem::temp_directory_path() / "taskstate-clock-XXXXXX").string();
  const int made = ::mkstemp(file.data());
  if (made < 0) return 2;
  ::close(made);
  ::setenv("FAKETIME_TIMESTAMP_FILE", file.c_str(), 1);
  ::setenv("FAKETIME_NO_CACHE", "1", 1);
  ::setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
  ::setenv("TZ", "UTC", 1);
  ::setenv("LD_PRELOAD", TSE_FAKETIME, 1);
  ::execv("/proc/self/exe", arguments);
  return 2;
}

}  // namespace

int main(int, char** arguments) {
  if (std::getenv("FAKETIME_TIMESTAMP_FILE") == nullptr) return again_under_libfaketime(arguments);
  const std::size_t count = setting("TSE_CLOCK_JUMPS", 60);
  const std::size_t seconds = setting("TSE_SECONDS", 0);
  const std::size_t seed = setting("TSE_SEED", 1);
  const auto until = steady_clock::now() + std::chrono::seconds(seconds);
  std::mt19937_64 random(seed);
  const auto any = [&] { return settings.at(random() % settings.size()); };
  const std::filesystem::path place =
      std::filesystem::temp_directory_path() / ("taskstate-clock-" + std::to_string(::getpid()));
  std::filesystem::create_directory(place);
  std::size_t jumps = 0;
  try {
    taskstate::Engine tasks((place / "tasks.db").string(), {.housekeeping = 20ms});
    set_clock(settings.front());
    tasks.create({.zone_id = "z", .id = "kept", .operation = "create", .payload = "{}"});
    taskstate::Lease kept = tasks.start_leased("z", "kept", {.lease = 30s});
    for (; seconds > 0 ? steady_clock::now() < until : jumps < count; ++jumps) {
      const std::string id = "t" + std::to_string(jumps);
      if (jumps % 20 == 0) {
        runs_out(tasks, id, any());
      } else {
        goes_through(tasks, id, any());
      }
      kept.heartbeat();
    }
    kept.complete({.install_id = "ins_1"});
    const auto report = tasks.verify();
    for (const std::string& problem : report.problems) expect(false, problem);
  } catch (const taskstate::Error& error) {
    expect(false, error.what());
  }
  std::filesystem::remove_all(place);
  std::filesystem::remove(std::getenv("FAKETIME_TIMESTAMP_FILE"));
  std::printf("campaign: clock-system: %zu jumps, %zu violations, seed %zu\n", jumps, violations, seed);
  return violations == 0 ? 0 : 1;
}

// A host's callbacks that throw: nothing of it reaches the engine's threads or its other callers.
#include "engine/callbacks.hpp"

#include "core/time.hpp"
#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace tse;
using namespace tse::engine;
using tse::test::code_name;
using tse::test::Host;

namespace {

struct Fixture {
  std::shared_ptr<std::atomic<bool>> throws = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<std::atomic<int>> asked = std::make_shared<std::atomic<int>>(0);
  std::mutex mutex;
  std::vector<std::string> lines;
  Settings settings;

  Fixture() {
    settings.timeout = 1min;
    settings.clock = [throws = throws, asked = asked] {
      ++*asked;
      if (*throws) throw std::runtime_error("no time");
      return test::host_birth;
    };
    settings.log_callback = [this](LogLevel, std::string_view line) {
      const std::lock_guard lock(mutex);
      lines.emplace_back(line);
    };
  }
  std::size_t told(const std::string& part) {
    const std::lock_guard lock(mutex);
    return static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(), [&](const std::string& line) { return line.find(part) != std::string::npos; }));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(callbacks, Fixture)

BOOST_AUTO_TEST_CASE(while_the_clock_throws_time_stands_still) {
  const Engine::Ptr tasks = Engine::open(":memory:", settings);
  engine::create(*tasks, Host::spec("t1"), {});
  *throws = true;
  BOOST_TEST(engine::create(*tasks, Host::spec("t2"), {}).row.task.created_at == test::host_birth);
  BOOST_TEST(engine::claim(*tasks, {}, {}).size() == 1U);
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  core::Answer answer;
  for (const auto& [id, status] : {std::pair("t1", 200), std::pair("t2", 200), std::pair("none", 404)}) {
    engine::decide(*tasks, answer, {"z", id}, {}, Waiting::here, {});
    BOOST_TEST(answer.status == status);
  }
  BOOST_TEST(told("the host's clock threw") == 1U);
}

BOOST_AUTO_TEST_CASE(a_clock_that_never_told_a_time_is_the_systems) {
  *throws = true;
  const Engine::Ptr tasks = Engine::open(":memory:", settings);
  const std::int64_t before = system_now();
  BOOST_TEST(engine::create(*tasks, Host::spec("t1"), {}).row.task.created_at >= before - 60'000'000);
}

BOOST_AUTO_TEST_CASE(the_housekeepers_thread_outlives_a_clock_that_throws) {
  settings.housekeeping = 10ms;
  const Engine::Ptr tasks = Engine::open(":memory:", settings);
  *throws = true;
  const int before = *asked;
  const auto until = std::chrono::steady_clock::now() + 1min;
  while (*asked < before + 20 && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(1ms);
  BOOST_TEST(*asked >= before + 20);
  *throws = false;
  engine::create(*tasks, Host::spec("t1"), {});
}

BOOST_AUTO_TEST_CASE(a_boot_clock_that_throws_stands_still) {
  settings.boot_clock = [throws = throws] {
    if (*throws) throw 7;
    return std::int64_t{5};
  };
  const Engine::Ptr tasks = Engine::open(":memory:", settings);
  engine::create(*tasks, Host::spec("t1"), {});
  *throws = true;
  BOOST_TEST(engine::claim(*tasks, {}, {}).at(0).row.lease_until.value() == 30'000'005);
}

BOOST_AUTO_TEST_CASE(an_id_source_that_throws_refuses_a_task_and_still_answers) {
  settings.ids = [](IdKind) -> core::UuidBytes { throw std::runtime_error("no id"); };
  const Engine::Ptr tasks = Engine::open(":memory:", settings);
  BOOST_TEST(code_name([&] { engine::create(*tasks, Host::spec(""), {}); }) == "unavailable");
  engine::create(*tasks, Host::spec("t1"), {});  // a task that has an id needs none
  core::Answer answer;
  engine::decide(*tasks, answer, {"z", "none"}, {}, Waiting::here, {});
  BOOST_TEST(answer.status == 404);
  BOOST_TEST(answer.body->find("\"request_id\":\"") != std::string::npos);
  BOOST_TEST(told("the host's id source threw") == 1U);
}

BOOST_AUTO_TEST_CASE(a_log_that_throws_loses_its_lines_alone) {
  settings.log_callback = [](LogLevel, std::string_view) { throw std::runtime_error("no log"); };
  settings.log_level = LogLevel::trace;
  const Engine::Ptr tasks = Engine::open(":memory:", settings);
  *throws = true;
  BOOST_TEST(engine::create(*tasks, Host::spec("t1"), {}).row.task.id == "t1");
}

BOOST_AUTO_TEST_CASE(what_a_clock_tells_is_a_time_of_the_record) {
  const auto report = std::make_shared<CallbackReport>();
  BOOST_TEST(contained([] { return INT64_MAX; }, report)() == core::max_time);
  BOOST_TEST(contained([] { return INT64_MIN; }, report)() == core::min_time);
}

BOOST_AUTO_TEST_SUITE_END()

// Each place where a call may block, and each way out of it: its deadline, a cancellation, the closing of the engine.
// Each is tried at each, and the call has certainly not done what it was to do.
#include "support.hpp"
#include "unit/store/held_lock.hpp"
#include "unit/store/support.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace tse;
using namespace tse::test;
using namespace std::chrono_literals;
using core::Code;

namespace {

const core::Key key{"z", "t"};

/// Holds the write lock in another process.
class ProcessHolder {
 public:
  explicit ProcessHolder(const std::string& path) {
    BOOST_REQUIRE(::pipe(held_) == 0);
    child_ = spawn([&]() -> int {
      const store_test::HeldLock holder(path);
      (void)!::write(held_[1], "x", 1);
      for (;;) ::pause();
    });
    char byte = 0;
    BOOST_REQUIRE(::read(held_[0], &byte, 1) == 1);
  }
  ~ProcessHolder() {
    ::kill(child_, SIGKILL);
    wait_for(child_);
    ::close(held_[0]);
    ::close(held_[1]);
  }
  ProcessHolder(const ProcessHolder&) = delete;
  ProcessHolder& operator=(const ProcessHolder&) = delete;

 private:
  int held_[2]{};
  pid_t child_ = 0;
};

/// A transaction of a program that knows nothing of us.
class Transaction {
 public:
  Transaction(const std::string& path, const char* sql) {
    BOOST_REQUIRE(sqlite3_open(path.c_str(), &database_) == SQLITE_OK);
    BOOST_REQUIRE(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  ~Transaction() { sqlite3_close(database_); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

 private:
  sqlite3* database_ = nullptr;
};

/// Another caller of the same engine, who leads a group and waits for the turn that somebody else has.
struct Queue {
  Queue(engine::Engine& tasks, const std::string& path)
      : foreign(std::make_unique<Transaction>(path, "BEGIN IMMEDIATE")), leader([&tasks] {
          try {
            engine::create(tasks, new_task("z", "leader"), patient());
          } catch (const core::Failure&) {
            // the engine was closed
          }
        }) {}
  ~Queue() { foreign.reset(); }  // so that the leader comes to its end
  std::unique_ptr<Transaction> foreign;
  std::jthread leader;
};

using Blocker = std::shared_ptr<void>;

struct Place {
  const char* name;
  std::function<Blocker(engine::Engine&, const std::string& path)> block;
  std::function<void(engine::Engine&, const engine::Call&)> call;
  Code at_deadline;
  Code when_cancelled = Code::cancelled;
  Code when_closed = Code::closed;
};

void start(engine::Engine& tasks, const engine::Call& call) { engine::change(tasks, key, core::Start{}, call); }

Blocker nothing(engine::Engine&, const std::string&) { return {}; }

std::vector<Place> places() {
  const auto holder = [](engine::Engine&, const std::string& path) {
    return std::make_shared<store_test::HeldLock>(path);
  };
  const auto process = [](engine::Engine&, const std::string& path) { return std::make_shared<ProcessHolder>(path); };
  const auto foreign = [](engine::Engine&, const std::string& path) {
    return std::make_shared<Transaction>(path, "BEGIN IMMEDIATE");
  };
  const auto reader = [](engine::Engine& tasks, const std::string& path) {
    auto held = std::make_shared<Transaction>(path, "BEGIN; SELECT count(*) FROM taskstate_tasks");
    engine::create(tasks, new_task("z", "newer"), patient());  // so that the -wal holds what the reader does not see
    return held;
  };
  const auto queue = [](engine::Engine& tasks, const std::string& path) {
    return std::make_shared<Queue>(tasks, path);
  };
  constexpr Code none{0};  // the call ends well, with nothing to show
  return {
      {"a change, another engine writes", holder, start, Code::busy},
      {"a change, another process writes", process, start, Code::busy},
      {"a change, a foreign program writes", foreign, start, Code::busy},
      {"a change, behind others of the engine", queue, start, Code::busy},
      {"a creation, another process writes", process,
       [](auto& tasks, const auto& call) { engine::create(tasks, new_task("z", "made"), call); }, Code::busy},
      {"a claim, another process writes", process,
       [](auto& tasks, const auto& call) { engine::claim(tasks, {}, call); }, Code::busy},
      {"a named lease, another process writes", process,
       [](auto& tasks, const auto& call) {
         engine::start_leased(tasks, key, {{}, 1h}, call);
       },
       Code::busy},
      {"an erasure, another process writes", process,
       [](auto& tasks, const auto& call) {
         engine::erase(tasks, {"z", "ended"}, call);
       },
       Code::busy},
      {"an erasure, a reader holds the log", reader,
       [](auto& tasks, const auto& call) {
         engine::erase(tasks, {"z", "nobody"}, call);
       },
       Code::unavailable, Code::unavailable},
      {"a claim that waits", nothing,
       [](auto& tasks, const auto& call) {
         engine::ClaimSpec wanted;
         wanted.filter.zones = {"empty"};
         wanted.wait = call.timeout.value_or(long_enough);
         engine::claim(tasks, wanted, call);
       },
       none},
      {"a wait for a task", nothing,
       [](auto& tasks, const auto& call) { engine::wait(tasks, key, {}, call.timeout.value_or(long_enough), call); },
       none},
      {"a wait for the feed", nothing,
       [](auto& tasks, const auto& call) {
         engine::ChangesQuery query;
         query.latest = true;
         query.wait = call.timeout.value_or(long_enough);
         engine::changes(tasks, query, call);
       },
       none},
  };
}

struct Fixture {
  TemporaryDirectory directory{"/dev/shm"};
  std::string path;
  engine::Engine::Ptr tasks;
  int files = 0;

  void open_new() {
    path = directory.file("tasks" + std::to_string(files++) + ".db");
    engine::Settings settings = patient_settings();
    settings.housekeeping = std::chrono::microseconds(0);
    tasks = engine::Engine::open(path, settings);
    engine::create(*tasks, new_task(key.zone_id, key.id), patient());
    engine::create(*tasks, new_task("z", "ended"), patient());
    engine::change(*tasks, {"z", "ended"}, core::Start{}, patient());
    engine::change(*tasks, {"z", "ended"}, complete_with("ins"), patient());
  }
  static Code code_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const core::Failure& failure) {
      return failure.error().code;
    }
    return Code{0};
  }
  void nothing_was_done() {
    if (!tasks) tasks = open(path);
    BOOST_TEST((engine::get(*tasks, key, patient())->task.status == core::Status::pending));
    BOOST_TEST(!engine::get(*tasks, {"z", "made"}, patient()));
    BOOST_TEST(engine::get(*tasks, {"z", "ended"}, patient()).has_value());
  }
};

/// Long enough to be in the middle of waiting, on a machine that is not too slow; on others the call is met before.
constexpr auto soon = 30ms;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(deadlines, Fixture)

BOOST_AUTO_TEST_CASE(each_place_has_its_deadline) {
  for (const Place& place : places()) {
    BOOST_TEST_CONTEXT(place.name) {
      open_new();
      const Blocker blocker = place.block(*tasks, path);
      engine::Call call;
      call.timeout = soon;
      const auto begin = std::chrono::steady_clock::now();
      BOOST_TEST((code_of([&] { place.call(*tasks, call); }) == place.at_deadline));
      BOOST_TEST((std::chrono::steady_clock::now() - begin >= soon));
    }
    nothing_was_done();
  }
}

BOOST_AUTO_TEST_CASE(each_place_can_be_cancelled) {
  for (const Place& place : places()) {
    for (const bool before : {true, false}) {
      BOOST_TEST_CONTEXT(place.name << (before ? ", before" : ", meanwhile")) {
        open_new();
        const Blocker blocker = place.block(*tasks, path);
        std::stop_source source;
        engine::Call call = patient();
        call.stop = source.get_token();
        if (before) source.request_stop();
        std::jthread canceller([&] {
          std::this_thread::sleep_for(soon);
          source.request_stop();
        });
        BOOST_TEST((code_of([&] { place.call(*tasks, call); }) == place.when_cancelled));
      }
      nothing_was_done();
    }
  }
}

BOOST_AUTO_TEST_CASE(each_place_hears_of_the_closing) {
  for (const Place& place : places()) {
    BOOST_TEST_CONTEXT(place.name) {
      open_new();
      Blocker blocker = place.block(*tasks, path);
      std::jthread closer([&] {
        std::this_thread::sleep_for(soon);
        tasks->close();
      });
      BOOST_TEST((code_of([&] { place.call(*tasks, patient()); }) == place.when_closed));
      closer.join();
      blocker.reset();
      tasks.reset();
    }
    nothing_was_done();
  }
}

// These read all there is, so they are given much to read.
BOOST_AUTO_TEST_CASE(backup_and_verify_end_on_the_way) {
  open_new();
  for (int i = 0; i < 24; ++i) {
    core::NewTask spec = new_task("z", "large" + std::to_string(i));
    spec.payload = std::string(1 << 20, 'x');
    engine::create(*tasks, spec, patient());
  }
  const std::string copy = path + "-copy";
  const std::vector<std::function<void(const engine::Call&)>> calls{
      [&](const engine::Call& call) { engine::backup(*tasks, copy, call); },
      [&](const engine::Call& call) { engine::verify(*tasks, call); }};
  for (const auto& each : calls) {
    engine::Call call;
    call.timeout = 0us;
    BOOST_TEST((code_of([&] { each(call); }) == Code::busy));
    std::stop_source source;
    call = {};
    call.stop = source.get_token();
    source.request_stop();
    BOOST_TEST((code_of([&] { each(call); }) == Code::cancelled));
  }
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(path).parent_path()))
    BOOST_TEST(entry.path().string().find("-copy") == std::string::npos, entry.path());
}

BOOST_AUTO_TEST_CASE(opening_has_its_deadline) {
  open_new();
  const store_test::HeldLock holder(path);
  engine::Settings settings;
  settings.timeout = soon;
  BOOST_TEST((code_of([&] { (void)engine::Engine::open(path, settings); }) == Code::busy));
}

// It waits for nobody but a commit that is under way.
BOOST_AUTO_TEST_CASE(closing_waits_for_no_other_process) {
  open_new();
  const ProcessHolder holder(path);
  const auto begin = std::chrono::steady_clock::now();
  tasks->close();
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 30s));
}

BOOST_AUTO_TEST_SUITE_END()

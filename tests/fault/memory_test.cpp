// Memory that runs out at each single allocation of each operation: an error that is true, and nothing harmed.
#include "support.hpp"
#include "unit/engine/decided.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <functional>
#include <new>
#include <optional>

namespace {

// How many more allocations of this thread succeed; negative: all.
thread_local long allocations_left = -1;

bool may_allocate() noexcept {
  if (allocations_left < 0) return true;
  if (allocations_left == 0) return false;
  --allocations_left;
  return true;
}

void* allocate_or_not(std::size_t size) noexcept {
  return may_allocate() ? std::malloc(size == 0 ? 1 : size) : nullptr;
}

void* allocate(std::size_t size) {
  void* memory = allocate_or_not(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate_or_not(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate_or_not(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

using namespace tse;
using namespace tse::test;

namespace {

const core::Key key{"z", "a-task-whose-id-is-too-long-for-a-string-of-its-own"};

enum class Ended { well, not_done, unknown };

// Runs the operation with room for so many allocations.
Ended run_with(long allocations, const std::function<void()>& operation) {
  allocations_left = allocations;
  try {
    operation();
    allocations_left = -1;
    return Ended::well;
  } catch (const core::Failure& failure) {
    allocations_left = -1;
    BOOST_TEST((failure.error().code == core::Code::no_memory), failure.error().message);
    return failure.error().outcome == core::Outcome::unknown ? Ended::unknown : Ended::not_done;
  } catch (const std::bad_alloc&) {
    allocations_left = -1;
    return Ended::not_done;
  }
}

core::NewTask rich_task() {
  core::NewTask spec = new_task(key.zone_id, key.id);
  spec.package_id = "a package id that is too long for a string's own memory";
  spec.links.push_back({"/docs/of/a/task/that/has/a/link", "help", R"({"size":1.50})", {}, {}});
  spec.payload = std::string(200, 'p');
  return spec;
}

core::Annotate rich_annotation() {
  core::Annotate intent;
  intent.additions.links.push_back({"#progress-of-a-task-that-runs", "progress", {}, {{{"en", "Half of it"}}}, {}});
  return intent;
}

// Lets the operation fail at its first allocation, its second, and so on, until it needs no more. What an error says
// of the outcome must be true: `done` looks for the effect.
void exhaust(const char* name, engine::Engine& tasks, const std::function<void()>& operation,
             const std::function<bool()>& done) {
  long allocations = 0;
  for (;; ++allocations) {
    BOOST_REQUIRE_MESSAGE(allocations < 5000, name);
    const Ended ended = run_with(allocations, operation);
    if (ended == Ended::well) break;
    if (ended == Ended::not_done) BOOST_REQUIRE_MESSAGE(!done(), name << " says not_done, allocation " << allocations);
    if (ended == Ended::unknown && done()) break;
  }
  BOOST_TEST(done(), name);
  BOOST_TEST(allocations > 0, name);
  BOOST_TEST(engine::verify(tasks, patient()).problems.empty(), name);
}

void a_whole_life(engine::Engine& tasks) {
  const auto row = [&] { return engine::get(tasks, key, patient()); };
  const core::NewTask spec = rich_task();
  const core::Intent annotation = rich_annotation();
  const core::Intent completion = complete_with("an install id that is too long for a string's own memory");
  exhaust(
      "create", tasks, [&] { engine::create(tasks, spec, {}); }, [&] { return row().has_value(); });
  exhaust(
      "start", tasks, [&] { engine::change(tasks, key, core::Start{}, {}); },
      [&] { return row()->task.status == core::Status::running; });
  exhaust(
      "annotate", tasks, [&] { engine::change(tasks, key, annotation, {}); },
      [&] { return row()->task.links.size() == 2; });
  exhaust(
      "complete", tasks, [&] { engine::change(tasks, key, completion, {}); },
      [&] { return row()->task.status == core::Status::completed; });

  const auto read = [&](const char* name, const std::function<void()>& operation) {
    bool ended_well = false;
    exhaust(
        name, tasks, [&] { operation(), ended_well = true; }, [&] { return ended_well; });
  };
  read("get", [&] { engine::get(tasks, key, {}); });
  read("payload", [&] { engine::payload(tasks, key, {}); });
  read("history", [&] { engine::history(tasks, key, {}, {}); });
  read("list", [&] {
    engine::ListQuery query;
    query.zone_id = key.zone_id;
    engine::list(tasks, query, {});
  });
  read("decide", [&] {
    if (tse::test::decide(tasks, tse::test::view(key)).answer.status != 303) throw std::bad_alloc();
  });
}

void a_workers_life(engine::Engine& tasks, std::int64_t& now) {
  const core::Key work{"z", "work-whose-id-is-too-long-for-a-string-of-its-own"};
  const auto row = [&] { return engine::get(tasks, work, patient()).value(); };
  core::NewTask spec = new_task(work.zone_id, work.id);
  spec.payload = std::string(200, 'p');
  spec.max_attempts = 9;
  engine::create(tasks, spec, {});

  engine::ClaimSpec wanted;
  wanted.worker = "a worker whose name is too long for a string of its own";
  wanted.filter = {{work.zone_id}, {"create"}};
  std::string token;
  exhaust(
      "claim", tasks, [&] { token = std::move(engine::claim(tasks, wanted, {}).at(0).token); },
      [&] { return row().attempt == 1; });
  core::Link progress;
  progress.href = "#progress-of-a-task-that-runs";
  progress.rel = "progress";
  exhaust(
      "heartbeat", tasks, [&] { engine::heartbeat(tasks, token, {}, progress, {}); },
      [&] { return !row().task.links.empty(); });
  exhaust(
      "release", tasks, [&] { engine::release(tasks, token, {}, {}); }, [&] { return !row().lease_until; });
  exhaust(
      "start_leased", tasks,
      [&] {
        token = engine::start_leased(tasks, work, {wanted.worker, wanted.lease}, {}).token;
      },
      [&] { return row().attempt == 2; });
  now += 60'000'000;
  exhaust(
      "tick", tasks, [&] { engine::tick(tasks, {}); }, [&] { return !row().lease_until; });
  exhaust(
      "cancel", tasks, [&] { engine::change(tasks, work, core::Cancel{}, {}); },
      [&] { return row().task.status == core::Status::failed; });
  bool watched = false;
  exhaust(
      "watch", tasks, [&] { engine::watch(tasks)->await_claim(wanted.filter), watched = true; },
      [&] { return watched; });
}

void a_hosts_life(engine::Engine& tasks) {
  const core::Key mine{"z", "a-task-whose-id-is-too-long-for-a-string-of-its-own"};
  const auto row = [&] { return engine::get(tasks, mine, patient()); };
  core::NewTask spec = new_task(mine.zone_id, mine.id);
  spec.idempotency_key = "a key that is too long for a string's own memory";
  engine::Call call;
  call.also = {{"SELECT :taskstate_id, ?, :name", {std::string(100, 'v')}, {{":name", store::Blob{"bytes"}}}}};
  exhaust(
      "create with a key", tasks, [&] { engine::create(tasks, spec, call); }, [&] { return row().has_value(); });
  const auto read = [&](const char* name, const std::function<void()>& operation) {
    bool ended_well = false;
    exhaust(
        name, tasks, [&] { operation(), ended_well = true; }, [&] { return ended_well; });
  };
  read("replay", [&] { engine::create(tasks, spec, call); });
  read("changes", [&] { engine::changes(tasks, {}, {}); });
  read("stats", [&] { (void)to_open_metrics(engine::stats(tasks, {}, {})); });
  read("wait", [&] { engine::wait(tasks, mine, 1, std::chrono::milliseconds(1), {}); });
  read("watch", [&] {
    const auto watch = engine::watch(tasks);
    watch->await_task(mine, 1, 1);
    watch->await_changes("a zone that is too long for a string of its own");
  });
  engine::change(tasks, mine, core::Start{}, {});
  engine::change(tasks, mine, core::Fail{"no", {}, {}}, {});
  exhaust(
      "erase", tasks, [&] { engine::erase(tasks, mine, call); }, [&] { return !row(); });
  engine::create(tasks, new_task(mine.zone_id, mine.id), {});
  engine::change(tasks, mine, core::Start{}, {});
  engine::change(tasks, mine, core::Fail{"no", {}, {}}, {});
  exhaust(
      "purge", tasks,
      [&] {
        engine::purge(tasks, {{}, std::chrono::seconds(0), 0}, call);
      },
      [&] { return !row(); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exhausted_memory)

BOOST_AUTO_TEST_CASE(a_kept_answer_is_given_without_any_allocation) {
  const TemporaryDirectory directory;
  const engine::Engine::Ptr tasks = open(directory.file("tasks.db"));
  engine::create(*tasks, rich_task(), {});
  core::Request request;
  request.client_request_id = "0123abcd-0000-4000-8000-000000000000";
  core::Answer answer;
  const auto ask = [&] { engine::decide(*tasks, answer, view(key), request, engine::Waiting::here, {}); };
  for (int i = 0; i < 3; ++i) ask();
  BOOST_TEST((run_with(0, ask) == Ended::well));
  BOOST_TEST(answer.status == 200);
}

BOOST_AUTO_TEST_CASE(of_a_host) {
  for (const bool in_memory : {true, false}) {
    const TemporaryDirectory directory;
    engine::Settings settings = patient_settings();
    settings.housekeeping = std::chrono::seconds(0);
    const engine::Engine::Ptr tasks =
        engine::Engine::open(in_memory ? ":memory:" : directory.file("tasks.db"), settings);
    a_hosts_life(*tasks);
  }
}

BOOST_AUTO_TEST_CASE(of_a_worker) {
  for (const bool in_memory : {true, false}) {
    const TemporaryDirectory directory;
    const auto now = std::make_shared<std::int64_t>(1577470279117000);
    engine::Settings settings = patient_settings();
    settings.clock = [now] { return *now; };
    const engine::Engine::Ptr tasks =
        engine::Engine::open(in_memory ? ":memory:" : directory.file("tasks.db"), settings);
    a_workers_life(*tasks, *now);
  }
}

BOOST_AUTO_TEST_CASE(in_a_file) {
  const TemporaryDirectory directory;
  const engine::Engine::Ptr tasks = open(directory.file("tasks.db"));
  a_whole_life(*tasks);
}

BOOST_AUTO_TEST_CASE(in_memory) {
  const engine::Engine::Ptr tasks = open(":memory:");
  a_whole_life(*tasks);
}

BOOST_AUTO_TEST_CASE(opening_leaves_nothing_half_open) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  engine::Engine::Ptr tasks;
  for (long allocations = 0; !tasks; ++allocations) {
    BOOST_REQUIRE(allocations < 5000);
    run_with(allocations, [&] { tasks = open(path); });
  }
  engine::create(*tasks, new_task("z", "t"), patient());
  BOOST_TEST(engine::verify(*tasks, patient()).problems.empty());
}

BOOST_AUTO_TEST_SUITE_END()

// A disk that fails, at each single operation of each call: once, and from then on for ever. What a call says of its
// outcome must be true, on the spot, when the file is opened on a healthy disk, and after a power cut that takes with
// it what a failed flush gave up, also one in the midst of that opening. The engine goes on, or refuses all that comes.
//   TSE_IO_ERRORS=1000000 TSE_SEED=1 build/release/tests/fault --run_test=io_error
//   TSE_IO_ERROR='complete/error/once/17' build/release/tests/fault --run_test=io_error    one of them again
#include "failing_disk.hpp"
#include "store/sqlite/vfs.hpp"
#include "support.hpp"
#include "unit/engine/decided.hpp"
#include "unit/engine/history_of.hpp"
#include "unit/store/support.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace tse;
using namespace tse::test;
using core::Code;
using core::Outcome;
using engine::Engine;
using fault::Defect;
using fault::FailingDisk;
using store_test::read_file;
using store_test::write_file;

BOOST_AUTO_TEST_SUITE(io_error)

namespace {

using Attempt = std::optional<core::Error>;  // nothing: it succeeded
using Problem = std::optional<std::string>;

/// Thrown with what is wrong.
struct Wrong {
  std::string what;
};

constexpr const char* refusal = "an earlier write may or may not have reached the disk";
constexpr std::size_t operations_of_an_opening = 24;  // writes, truncations and flushes, about
constexpr std::int64_t start_of_time = 1577470279117000;

engine::Settings settings() {
  engine::Settings made = patient_settings();
  made.housekeeping = std::chrono::seconds(0);
  made.checkpoint_bytes = 64 * 1024;  // a large payload makes a checkpoint due
  made.clock = [] { return start_of_time; };
  made.log_level = engine::LogLevel::off;
  return made;
}

struct Files {
  std::string database, wal, sidecar;
};

Files read_files(const std::string& path) {
  return {read_file(path), read_file(path + "-wal"), read_file(path + "-taskstate")};
}

/// What there is before anything fails: a task in every state, closed properly or with all of it in a -wal.
struct World {
  Files closed, hot;
  std::string token;

  World() {
    const TemporaryDirectory directory;
    const std::string path = directory.file("tasks.db");
    Engine::open(path, settings())->close();
    engine::Settings earlier = settings();
    earlier.clock = [] { return start_of_time - 3'600'000'000; };
    Engine::Ptr tasks = Engine::open(path, std::move(earlier));
    core::NewTask keyed = new_task("z", "keyed");
    keyed.idempotency_key = "key";
    engine::create(*tasks, keyed, {});
    engine::change(*tasks, {"z", "keyed"}, core::Start{}, {});
    for (const char* id : {"running", "completed"}) {
      engine::create(*tasks, new_task("z", id), {});
      engine::change(*tasks, {"z", id}, core::Start{}, {});
    }
    engine::change(*tasks, {"z", "completed"}, complete_with("ins_1"), {});
    engine::create(*tasks, new_task("z", "leased"), {});
    token = engine::start_leased(*tasks, {"z", "leased"}, {"w", std::chrono::hours(2)}, {}).token;
    engine::create(*tasks, new_task("z", "expired"), {});
    engine::start_leased(*tasks, {"z", "expired"}, {"w", std::chrono::seconds(1)}, {});
    engine::create(*tasks, new_task("z", "pending"), {});
    hot = read_files(path);
    tasks.reset();
    closed = read_files(path);
  }
};

/// Something that a call does, and how to see that it is done.
struct Effect {
  std::function<bool(Engine&)> done;
  bool is_flushed = true;  // or may a power cut undo it
};

enum class Begins { anew, closed, hot };
enum class Fails { opening, call, closing };

struct Scenario {
  std::string name;
  std::vector<Effect> effects{};  // one for each attempt; none: it only reads
  std::function<std::vector<Attempt>(Engine&, const std::string& path)> act{};
  Begins begins = Begins::closed;
  Fails fails = Fails::call;
  bool has_checkpoint = false;
  bool is_in_parts = false;  // several changes: what is unknown is how many of them are done
};

Attempt attempt(const std::function<void()>& call) {
  try {
    call();
    return std::nullopt;
  } catch (const core::Failure& failure) {
    return failure.error();
  }
}

std::optional<core::Row> row(Engine& tasks, const char* id) { return engine::get(tasks, {"z", id}, {}); }

Effect exists(const char* id, std::size_t payload = 0) {
  return {[=](Engine& tasks) {
    if (!row(tasks, id)) return false;
    if (payload != 0 && engine::payload(tasks, {"z", id}, {}).value_or("").size() != payload)
      throw core::Failure(Code::internal, "half a task");
    return true;
  }};
}
Effect is_gone(const char* id) {
  return {[=](Engine& tasks) { return !row(tasks, id); }};
}
Effect satisfies(const char* id, const std::function<bool(const core::Row&)>& condition, bool is_flushed = true) {
  return {[=](Engine& tasks) { return condition(row(tasks, id).value()); }, is_flushed};
}
Effect is(const char* id, core::Status status, bool is_flushed = true) {
  return satisfies(
      id, [status](const core::Row& row) { return row.task.status == status; }, is_flushed);
}

core::NewTask task_with_payload(const char* id, std::size_t bytes) {
  core::NewTask spec = new_task("z", id);
  spec.payload = std::string(bytes, 'p');
  return spec;
}

std::vector<Scenario> all_scenarios(const World& world) {
  std::vector<Scenario> all;
  const auto change = [&](const char* name, Effect effect, const std::function<void(Engine&)>& call) {
    all.push_back({name, {std::move(effect)}, [call](Engine& tasks, const std::string&) {
                     return std::vector{attempt([&] { call(tasks); })};
                   }});
  };
  const auto intent = [&](const char* name, const char* id, Effect effect, const core::Intent& wanted) {
    change(name, std::move(effect), [=](Engine& tasks) { engine::change(tasks, {"z", id}, wanted, {}); });
  };
  const auto read = [&](const char* name, const std::function<void(Engine&)>& call) {
    all.push_back(
        {name, {}, [call](Engine& tasks, const std::string&) { return std::vector{attempt([&] { call(tasks); })}; }});
  };
  using core::Status;
  const std::string token = world.token;
  core::Annotate annotation;
  annotation.additions.links.push_back({"#half", "help", {}, {}, {}});
  const auto is_annotated = [](const core::Row& row) { return row.task.links.size() == 1; };

  for (const Begins begins : {Begins::anew, Begins::closed, Begins::hot}) {
    const char* const name = begins == Begins::anew ? "open anew" : begins == Begins::hot ? "open hot" : "open";
    all.push_back({name, {}, {}, begins, Fails::opening});
  }
  all.push_back({"close",
                 {exists("new", 3000)},
                 [](Engine& tasks, const std::string&) {
                   return std::vector{attempt([&] { engine::create(tasks, task_with_payload("new", 3000), {}); })};
                 },
                 Begins::closed,
                 Fails::closing});

  change("create", exists("new", 3000),
         [](Engine& tasks) { engine::create(tasks, task_with_payload("new", 3000), {}); });
  change("create with a checkpoint", exists("new", 100000),
         [](Engine& tasks) { engine::create(tasks, task_with_payload("new", 100000), {}); });
  all.back().has_checkpoint = true;
  change("create with a key", exists("new"), [](Engine& tasks) {
    core::NewTask spec = new_task("z", "new");
    spec.idempotency_key = "another key";
    engine::create(tasks, spec, {});
  });
  change("create with a statement", exists("new"), [](Engine& tasks) {
    engine::Call call;
    call.also = {{"SELECT :taskstate_id, ?", {std::string("value")}, {}}};
    engine::create(tasks, new_task("z", "new"), call);
  });
  intent("start", "pending", is("pending", Status::running), core::Start{});
  intent("annotate", "pending", satisfies("pending", is_annotated), annotation);
  intent("complete", "running", is("running", Status::completed), complete_with("ins_2"));
  intent("fail", "running", is("running", Status::failed), core::Fail{"no", {}, {}});
  intent("cancel", "pending", is("pending", Status::failed), core::Cancel{});
  change("start under a lease", is("pending", Status::running), [](Engine& tasks) {
    engine::start_leased(tasks, {"z", "pending"}, {"w", std::chrono::seconds(30)}, {});
  });
  change("claim", is("pending", Status::running), [](Engine& tasks) {
    engine::ClaimSpec wanted;
    wanted.worker = "w";
    engine::claim(tasks, wanted, {});
  });
  const std::int64_t until = start_of_time + 30'000'000;
  change("heartbeat",
         satisfies(
             "leased", [=](const core::Row& row) { return row.lease_until == until; }, false),
         [=](Engine& tasks) { engine::heartbeat(tasks, token, std::chrono::seconds(30), {}, {}); });
  change("heartbeat with progress", satisfies("leased", is_annotated), [=](Engine& tasks) {
    core::Link progress;
    progress.href = "#half";
    progress.rel = "progress";
    engine::heartbeat(tasks, token, {}, progress, {});
  });
  change("complete under a lease", is("leased", Status::completed),
         [=](Engine& tasks) { engine::change_leased(tasks, token, complete_with("ins_2"), {}); });
  change("release", is("leased", Status::failed),
         [=](Engine& tasks) { engine::release(tasks, token, std::chrono::seconds(0), {}); });
  change("expiry", is("expired", Status::failed), [](Engine& tasks) { engine::tick(tasks, {}); });
  change("erase", is_gone("completed"), [](Engine& tasks) { engine::erase(tasks, {"z", "completed"}, {}); });
  change("purge", is_gone("completed"), [](Engine& tasks) {
    engine::purge(tasks, {{}, std::chrono::seconds(0), 0}, {});
  });
  all.back().is_in_parts = true;
  all.push_back({"batch",
                 {exists("new", 3000), is("pending", Status::running), is("running", Status::completed)},
                 [](Engine& tasks, const std::string&) {
                   const std::vector<engine::Item> items{
                       {task_with_payload("new", 3000)},
                       {engine::Item::OfKey{{"z", "pending"}, core::Start{}}},
                       {engine::Item::OfKey{{"z", "running"}, complete_with("ins_2")}}};
                   std::vector<Attempt> attempts;
                   if (const Attempt whole = attempt([&] {
                         for (engine::ItemResult& result : engine::run(tasks, items, {}))
                           attempts.push_back(result.error);
                       }))
                     attempts.assign(items.size(), whole);
                   return attempts;
                 }});

  read("replay", [](Engine& tasks) {
    core::NewTask spec = new_task("z", "keyed");
    spec.idempotency_key = "key";
    if (!engine::create(tasks, spec, {}).replayed) throw core::Failure(Code::internal, "made twice");
  });
  read("get", [](Engine& tasks) { (void)row(tasks, "leased"); });
  read("payload", [](Engine& tasks) { engine::payload(tasks, {"z", "leased"}, {}); });
  read("list", [](Engine& tasks) {
    engine::ListQuery query;
    query.zone_id = "z";
    query.with_total = true;
    if (engine::list(tasks, query, {}).rows.size() != 6) throw core::Failure(Code::internal, "not all of the page");
  });
  read("history", [](Engine& tasks) {
    if (test::history_of(tasks, {"z", "completed"}, {}).size() != 3)
      throw core::Failure(Code::internal, "not all events");
  });
  read("changes", [](Engine& tasks) { engine::changes(tasks, {}, {}); });
  read("stats", [](Engine& tasks) { engine::stats(tasks, {}, {}); });
  read("wait", [](Engine& tasks) { engine::wait(tasks, {"z", "running"}, 1, std::chrono::seconds(0), {}); });
  read("verify", [](Engine& tasks) { engine::verify(tasks, {}); });  // what it cannot read is a finding
  all.push_back({"decide", {exists("new")}, [](Engine& tasks, const std::string&) {
                   Attempt made;
                   for (int i = 0; i < 6; ++i) {  // read, read to be kept, kept, and kept no longer
                     if (i == 4) made = attempt([&] { engine::create(tasks, new_task("z", "new"), {}); });
                     const int status = decide(tasks, view({"z", "completed"})).answer.status;
                     if (status != 303 && status != 500 && status != 503)
                       throw Wrong{"status " + std::to_string(status)};
                   }
                   return std::vector{made};
                 }});
  all.push_back({"backup", {}, [](Engine& tasks, const std::string& path) {
                   const std::string copy = path + "-copy";
                   const Attempt made = attempt([&] { engine::backup(tasks, copy, {}); });
                   FailingDisk::heal();
                   if (std::filesystem::exists(copy) == made.has_value())
                     throw std::runtime_error("the backup is there although it failed, or is not");
                   if (!made && !engine::verify(*Engine::open(copy, settings()), {}).problems.empty())
                     throw std::runtime_error("the backup is not whole");
                   for (const auto& entry :
                        std::filesystem::directory_iterator(std::filesystem::path(path).parent_path()))
                     if (entry.path().string().find("-backup-") != std::string::npos)
                       throw std::runtime_error("the backup left " + entry.path().string());
                   return std::vector{made};
                 }});
  return all;
}

/// One run of a scenario.
struct Case {
  const Scenario* scenario;
  Defect defect = Defect::error;
  std::int64_t after = 0;
  std::int64_t times = 1;  // -1: for ever

  [[nodiscard]] std::string name() const {
    return scenario->name + "/" + to_string(defect) + "/" +
           (times == 1  ? "once"
            : times < 0 ? "for ever"
                        : std::to_string(times)) +
           "/" + std::to_string(after);
  }
};

/// Without those that wait for their files to be opened again.
std::size_t descriptors() {
  const auto all =
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  return static_cast<std::size_t>(all) - store::sqlite::vfs::counts().idle;
}

std::string text_of(const core::Error& error) {
  return std::string(to_string(error.code)) + (error.outcome == Outcome::unknown ? ", unknown: " : ", not_done: ") +
         error.message;
}

void require(bool holds, const std::string& otherwise) {
  if (!holds) throw Wrong{otherwise};
}

class Run {
  using Seen = std::vector<std::optional<bool>>;

 public:
  Run(const World& world, const Case& wanted) : case_(wanted), scenario_(*wanted.scenario) {
    if (scenario_.begins == Begins::anew) return;
    put(path_, scenario_.begins == Begins::hot ? world.hot : world.closed);
    FailingDisk::follow(path_);
    FailingDisk::follow(path_ + "-wal");
  }
  ~Run() { FailingDisk::heal(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Whether anything failed at all.
  bool go() {
    const std::size_t before = descriptors();
    const bool failed = under_failures();
    FailingDisk::heal();
    require(descriptors() == before, "descriptors are left open");
    if (!failed) return false;
    // A cut needs a while to be looked at, and tells nothing new where all was flushed.
    const bool is_cut = scenario_.begins != Begins::anew && FailingDisk::is_flush_failed();
    if (is_cut) {
      after_a_power_cut("cut.db", durable());
      const std::size_t seed = std::hash<std::string>()(case_.name());
      FailingDisk::cut(static_cast<std::int64_t>(seed % operations_of_an_opening), seed);
    }
    healthy();
    if (is_cut) after_a_power_cut("cut-again.db", durable());
    return true;
  }

 private:
  void fail() const { FailingDisk::fail(case_.defect, case_.after, case_.times); }

  bool under_failures() {
    if (scenario_.fails == Fails::opening) fail();
    Engine::Ptr tasks;
    if (const Attempt opened = attempt([&] { tasks = Engine::open(path_, settings()); })) {
      require(scenario_.fails == Fails::opening, "it does not open: " + text_of(*opened));
      check_error(*opened);
      return true;
    }
    if (scenario_.fails == Fails::call) fail();
    if (scenario_.act) {
      attempts_ = scenario_.act(*tasks, path_);
      for (const Attempt& each : attempts_)
        if (each) check_error(*each);
      is_told_ = std::any_of(attempts_.begin(), attempts_.end(), [](const Attempt& each) { return is_io_error(each); });
      effects_ = scenario_.effects;
      if (effects_.empty()) attempts_.clear();
    }
    if (scenario_.fails == Fails::closing) {
      fail();
    } else {
      if (!FailingDisk::has_failed()) return false;
      create(*tasks, "second");  // while the disk fails still, if it does so for ever
      FailingDisk::heal();
      goes_on_or_refuses(*tasks);
    }
    tasks->close();
    return FailingDisk::has_failed();
  }

  void create(Engine& tasks, const char* id) {
    effects_.push_back(exists(id, 10));
    attempts_.push_back(attempt([&] { engine::create(tasks, task_with_payload(id, 10), {}); }));
    if (attempts_.back()) check_error(*attempts_.back());
  }

  // After an error whose outcome is in doubt nothing may be written behind it; after any other, all goes on.
  void goes_on_or_refuses(Engine& tasks) {
    const bool in_doubt = std::any_of(attempts_.begin(), attempts_.end(), [&](const Attempt& each) {
      return is_io_error(each) && each->outcome == Outcome::unknown && !scenario_.is_in_parts;
    });
    const bool is_told = is_told_ || is_io_error(attempts_.back());
    create(tasks, "third");
    const Attempt third = attempts_.back();
    const Attempt reading = attempt([&] { (void)row(tasks, "pending"); });
    if (third) {
      // A checkpoint's failure is nobody's: it takes back nothing.
      require(is_told || scenario_.has_checkpoint || FailingDisk::is_flush_failed(),
              "it does not go on: " + text_of(*third));
      require(third->code == Code::io_error && third->outcome == Outcome::not_done, text_of(*third));
      require(reading && reading->code == Code::io_error, "it refuses changes, but not reading");
      return;
    }
    require(!in_doubt, "it goes on after an error whose outcome is in doubt");
    require(!reading, "it goes on, but does not read");
    if (scenario_.begins != Begins::anew) truth(tasks, false);
  }

  /// Not only a refusal on account of an earlier one.
  static bool is_io_error(const Attempt& attempt) {
    return attempt && attempt->code == Code::io_error && attempt->message.find(refusal) == std::string::npos;
  }

  static void check_error(const core::Error& error) {
    const bool clear = error.code == Code::io_error || error.code == Code::disk_full || error.code == Code::unavailable;
    require(clear, "an error that misleads: " + text_of(error));
    require(!error.message.empty(), "an error without words");
  }

  /// What was said of each effect is so. `cut`: what is not flushed may be lost.
  void truth(Engine& tasks, bool cut) {
    seen_.resize(effects_.size());
    for (std::size_t i = 0; i < effects_.size(); ++i) {
      const bool done = effects_[i].done(tasks);
      const std::string which = "change " + std::to_string(i);
      if (!attempts_[i]) {
        require(done || (cut && !effects_[i].is_flushed), which + " is acknowledged and lost");
      } else if (attempts_[i]->outcome == Outcome::not_done) {
        require(!done, which + " is there, but: " + text_of(*attempts_[i]));
      }
      // Once it was answered from, a doubt must not come back.
      if (seen_[i])
        require(done == *seen_[i] || (cut && !effects_[i].is_flushed), which + " was seen otherwise before");
      seen_.at(i) = done;
    }
  }

  void healthy() {
    const Engine::Ptr tasks = Engine::open(path_, settings());
    if (const auto left = FailingDisk::left_by_cut(); !left.empty())
      after_a_power_cut("cut-amid.db", {left.at(path_), left.at(path_ + "-wal"), {}});
    if (scenario_.begins != Begins::anew) require(row(*tasks, "keyed").has_value(), "an old task is lost");
    truth(*tasks, false);
    create(*tasks, "fourth");
    require(!attempts_.back(), "it does not go on after opening");
    verify(*tasks);
    is_seen_by_others_ = true;
  }

  [[nodiscard]] Files durable() const {
    return {FailingDisk::durable(path_), FailingDisk::durable(path_ + "-wal"), {}};
  }

  void after_a_power_cut(const char* name, const Files& left) {
    const std::string path = directory_.file(name);
    put(path, left);
    const Engine::Ptr tasks = Engine::open(path, settings());
    require(row(*tasks, "keyed").has_value(), "an old task is lost after a power cut");
    // What is in doubt may be gone until the file was opened and all could see it.
    const auto seen = std::exchange(seen_, is_seen_by_others_ ? seen_ : Seen());
    try {
      truth(*tasks, true);
    } catch (const Wrong& wrong) {
      throw Wrong{std::string(name) + ", after a power cut: " + wrong.what};
    }
    seen_ = seen;
    verify(*tasks);
  }

  static void verify(Engine& tasks) {
    const auto report = engine::verify(tasks, {});
    if (!report.problems.empty()) throw Wrong{"verify: " + report.problems.front()};
  }

  static void put(const std::string& path, const Files& files) {
    write_file(path, files.database);
    write_file(path + "-wal", files.wal);
    if (!files.sidecar.empty()) write_file(path + "-taskstate", files.sidecar);
  }

  static std::filesystem::path quick_place() {
    return std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
  }

  const Case case_;
  const Scenario& scenario_;
  const TemporaryDirectory directory_{quick_place()};
  const std::string path_ = directory_.file("tasks.db");
  std::vector<Effect> effects_;
  std::vector<Attempt> attempts_;
  Seen seen_;
  bool is_seen_by_others_ = false;
  bool is_told_ = false;  // some caller of an I/O error
};

class Campaign {
 public:
  Campaign() : scenarios_(all_scenarios(world_)) {}

  const std::uint64_t passes_for_all = setting("TSE_IO_PASSES", 4);

  /// One in so many of the operations of every scenario; so many passes one after the other are all of them. Each fails
  /// once, and from then on for ever; when all that is done, with more and more after it.
  template <typename GoesOn>
  void pass(std::uint64_t number, GoesOn goes_on) {
    const auto round = static_cast<std::int64_t>(number / passes_for_all);
    for (const Scenario& scenario : scenarios_)
      for (const Defect defect : {Defect::error, Defect::no_room, Defect::half_a_write})
        for (const std::int64_t times : {round + 1, std::int64_t{-1}}) {
          if (times < 0 && round > 0) continue;
          auto after = static_cast<std::int64_t>(number % passes_for_all);
          while (goes_on() && run({&scenario, defect, after, times}))
            after += static_cast<std::int64_t>(passes_for_all);
        }
  }

  void one(const std::string& name) {
    const std::int64_t after = std::stoll(name.substr(name.rfind('/') + 1));
    for (const Scenario& scenario : scenarios_)
      for (const Defect defect : {Defect::error, Defect::no_room, Defect::half_a_write})
        for (std::int64_t times = -1; times < 1000; ++times)
          if (const Case found{&scenario, defect, after, times}; found.name() == name) run(found);
  }

  std::size_t failures = 0;
  std::size_t violations = 0;

 private:
  /// Whether anything failed.
  bool run(const Case& wanted) {
    std::string wrong;
    bool failed = true;
    try {
      failed = Run(world_, wanted).go();
    } catch (const Wrong& problem) {
      wrong = problem.what;
    } catch (const std::exception& exception) {
      wrong = std::string("unforeseen: ") + exception.what();
    }
    if (failed) ++failures;
    if (wrong.empty()) return failed;
    ++violations;
    BOOST_ERROR("TSE_IO_ERROR='" << wanted.name() << "' (" << FailingDisk::failures() << "): " << wrong);
    return wanted.after < 2000;
  }

  const World world_;
  const std::vector<Scenario> scenarios_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_said_of_a_failure_is_true) {
  const FailingDisk disk;
  const auto began = std::chrono::steady_clock::now();
  const std::uint64_t seed = setting("TSE_SEED", 1);
  Campaign campaign;
  if (const char* one = std::getenv("TSE_IO_ERROR")) {
    campaign.one(one);
    BOOST_TEST(campaign.failures == 1U);
  } else {
    const std::size_t wanted = setting("TSE_IO_ERRORS", 1);
    const std::chrono::seconds time(setting("TSE_SECONDS", 0));
    const auto has_time = [&] { return time.count() == 0 || std::chrono::steady_clock::now() - began < time; };
    const auto goes_on = [&] { return has_time() && (time.count() > 0 || campaign.failures < wanted); };
    for (std::uint64_t number = seed - 1; goes_on(); ++number) campaign.pass(number, has_time);
  }
  std::printf("campaign: io-errors: %zu failures, %zu violations, seed %llu\n", campaign.failures, campaign.violations,
              static_cast<unsigned long long>(seed));
}

BOOST_AUTO_TEST_SUITE_END()

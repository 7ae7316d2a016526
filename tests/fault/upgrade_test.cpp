// Files that earlier releases left, clean and with a -wal that nobody moved into them: today's library opens them,
// finds in them what was there, and goes on. Files of a later release, of another application, or of neither, are
// refused and left as they are. An older writer and today's engine share one file.
//   TSE_OPENINGS=100000 TSE_SEED=1 build/release/tests/fault --run_test=upgrade
// tests/fault/fixtures/make adds the files of a release, with the text that says what is in them.
#include "fixtures.hpp"
#include "sql.hpp"
#include "support.hpp"
#include "unit/engine/history_of.hpp"
#include "unit/store/support.hpp"

#include "store/sqlite/connection.hpp"
#include "store/sqlite/write_lock.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;
using namespace tse;
using namespace tse::test;
using store_test::read_file;
using store_test::write_file;

BOOST_AUTO_TEST_SUITE(upgrade)

namespace {

using Random = std::mt19937_64;

/// Tasks in every state that there is; the token of the lease that one of them is held under.
std::string fill(engine::Engine& tasks) {
  const auto create = [&](const std::string& id, std::int64_t attempts = 1) {
    core::NewTask spec = new_task("z", id);
    spec.max_attempts = attempts;
    engine::create(tasks, spec, patient());
  };
  const auto lease = [&](const std::string& id) {
    return engine::start_leased(tasks, {"z", id}, {"worker", 1h}, patient()).token;
  };
  core::NewTask rich = new_task("z", "pending");
  rich.payload = "payload";
  rich.idempotency_key = "key";
  rich.links = {{"/docs/1", "help", {}, {}, {}}};
  rich.package_id = "pkg_1";
  engine::create(tasks, rich, patient());
  core::NewTask planned = new_task("z", "planned");
  planned.not_before = then + 3'600'000'000;
  planned.start_within = 7'200'000'000;
  engine::create(tasks, planned, patient());
  for (const char* id : {"running", "annotated", "completed", "failed"}) {
    create(id);
    engine::change(tasks, {"z", id}, core::Start{}, patient());
  }
  engine::change(tasks, {"z", "annotated"}, core::Annotate{complete_with("ins_2").additions}, patient());
  engine::change(tasks, {"z", "completed"}, complete_with("ins_1"), patient());
  engine::change(tasks, {"z", "failed"}, core::Fail{"It broke.", "a detail", {}}, patient());
  for (const char* id : {"held", "released", "stopping", "done"}) create(id, 3);
  engine::release(tasks, lease("released"), 0us, patient());
  lease("stopping");
  engine::change(tasks, {"z", "stopping"}, core::Cancel{false, {}}, patient());
  engine::change_leased(tasks, lease("done"), complete_with("ins_3"), patient());
  create("cancelled");
  engine::change(tasks, {"z", "cancelled"}, core::Cancel{true, "Not needed."}, patient());
  create("purged");
  engine::change(tasks, {"z", "purged"}, core::Cancel{true, {}}, patient());
  engine::erase(tasks, {"z", "purged"}, patient());
  return lease("held");
}

void write_fixture(int version, const std::string& to) {
  const auto name = [&](const std::string& rest) { return to + "/v" + std::to_string(version) + "-" + rest; };
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const std::string token = directory.file("token");
  const int code = wait_for(spawn([&] {  // which ends without closing it
    engine::Engine& tasks = *engine::Engine::open(path, settings()).release();
    write_file(token, fill(tasks));
    return 0;
  }));
  if (code != 0) throw std::runtime_error("the writer ended with " + std::to_string(code));
  write_file(name("hot.db"), read_file(path));
  write_file(name("hot.db-wal"), read_file(path + "-wal"));
  write_file(name("token"), read_file(token));
  {
    const engine::Engine::Ptr tasks = engine::Engine::open(path, settings());
    write_file(name("content"), describe(*tasks));
  }
  write_file(name("clean.db"), read_file(path));
}

/// Opens it as it was left, in one of the modes; what is wrong, or nothing.
std::optional<std::string> open_left(const Left& left, const std::string& path, Random& random) {
  left.put(path, random() % 3);
  engine::Settings chosen = settings();
  chosen.mode = static_cast<engine::Mode>(random() % 3);
  if (left.hot && random() % 4 == 0) {  // and of the log only a part, as after a power cut
    std::filesystem::resize_file(path + "-wal", random() % (left.wal.size() + 1));
    const engine::Engine::Ptr tasks = engine::Engine::open(path, chosen);
    const auto problems = problems_of(*tasks);
    return problems.empty() ? std::nullopt : std::optional(problems.front());
  }
  const engine::Engine::Ptr tasks = engine::Engine::open(path, chosen);
  if (describe(*tasks) != left.content) return "other content than was left";
  if (const auto problems = problems_of(*tasks); !problems.empty()) return problems.front();
  return chosen.mode == engine::Mode::read_only ? std::nullopt : go_on(*tasks, left.token);
}

/// What must not change: names, content and times of last change. SQLite may make a -shm to read a -wal, which holds
/// nothing.
using State = std::map<std::string, std::tuple<std::string, std::int64_t, std::int64_t>>;
State state_of(const std::filesystem::path& directory) {
  State state;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().string().ends_with("-shm")) continue;
    struct stat info {};
    if (::stat(entry.path().c_str(), &info) != 0) throw std::runtime_error("stat");
    state[entry.path().filename()] = {read_file(entry.path()), info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
  }
  return state;
}

/// Runs SQL. `hot`: in a process that dies at once, so that all of it is in the -wal; otherwise there is none.
void prepare(const std::string& path, const std::string& sql, bool hot) {
  if (!hot) {
    run_sql(path, sql);
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path + suffix);
    return;
  }
  const int code = wait_for(spawn([&] {
    auto& connection =
        *new store::sqlite::Connection(store::sqlite::file_uri(path, ""), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    connection.execute(sql.c_str(), "prepare the test");
    return 0;
  }));
  BOOST_REQUIRE(code == 0);
  BOOST_REQUIRE(std::filesystem::file_size(path + "-wal") > 0);
}

void refused_untouched(const std::string& path, core::Code expected, std::initializer_list<engine::Mode> modes) {
  const auto directory = std::filesystem::path(path).parent_path();
  const State before = state_of(directory);
  for (const engine::Mode mode : modes) {
    engine::Settings chosen = settings();
    chosen.mode = mode;
    BOOST_TEST((store_test::code_of([&] { (void)engine::Engine::open(path, chosen); }) == expected));
    BOOST_TEST((state_of(directory) == before));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_a_release_left_is_there_and_goes_on) {
  if (const char* to = std::getenv("TSE_FIXTURES_TO")) return write_fixture(released.back(), to);
  const std::size_t seed = setting("TSE_SEED", 1);
  const std::size_t seconds = setting("TSE_SECONDS", 0);
  const std::size_t count = setting("TSE_OPENINGS", 100);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  std::vector<Left> all;
  for (const int version : released)
    for (const bool hot : {false, true}) all.push_back(left_by(version, hot));
  Random random(seed);
  const TemporaryDirectory directory(std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp");
  std::size_t openings = 0;
  std::size_t violations = 0;
  for (; seconds > 0 ? std::chrono::steady_clock::now() < until : openings < count; ++openings) {
    const Left& left = all.at(openings % all.size());
    std::optional<std::string> wrong;
    try {
      wrong = open_left(left, directory.file("tasks.db"), random);
    } catch (const core::Failure& failure) {
      wrong = failure.error().message;
    }
    if (wrong) ++violations;
    BOOST_TEST(!wrong, *wrong << " (version " << left.version << (left.hot ? " hot" : " clean") << ", TSE_SEED=" << seed
                              << ", opening " << openings << ")");
  }
  std::printf("campaign: upgrade: %zu openings, %zu violations, seed %zu\n", openings, violations, seed);
}

BOOST_AUTO_TEST_CASE(a_newer_schema_is_left_as_it_is) {
  using engine::Mode;
  for (const bool hot : {false, true}) {
    for (const bool readable : {false, true}) {
      const TemporaryDirectory directory;
      const std::string path = directory.file("tasks.db");
      left_by(released.back(), false).put(path, 0);
      const std::string sql =
          std::string("DROP TRIGGER taskstate_meta_change; UPDATE taskstate_meta SET schema = 99, min_writer = 99") +
          (readable ? "" : ", min_reader = 99");
      prepare(path, sql, hot);
      refused_untouched(path, core::Code::schema_too_new, {Mode::create, Mode::read_write});
      if (readable) {
        engine::Settings reading = settings();
        reading.mode = Mode::read_only;
        BOOST_TEST(engine::get(*engine::Engine::open(path, reading), {"z", "pending"}, patient()).has_value());
      } else {
        refused_untouched(path, core::Code::schema_too_new, {Mode::read_only});
      }
    }
  }
}

// 0.1 was never released; its schema cannot be migrated.
BOOST_AUTO_TEST_CASE(an_unreleased_schema_is_left_as_it_is) {
  using engine::Mode;
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  write_file(path, fixture(1, "clean.db.gz"));
  refused_untouched(path, core::Code::schema_too_old, {Mode::create, Mode::read_write, Mode::read_only});
}

BOOST_AUTO_TEST_CASE(another_applications_file_is_left_as_it_is) {
  using engine::Mode;
  for (const bool hot : {false, true}) {
    for (const char* tables : {"CREATE TABLE host (a);", "CREATE TABLE taskstate_tasks (id);",
                               "CREATE TABLE tasks (id); PRAGMA user_version = 1;"}) {
      const TemporaryDirectory directory;
      const std::string path = directory.file("tasks.db");
      const std::string sql = std::string("PRAGMA journal_mode = WAL;") + tables;
      prepare(path, sql, hot);
      refused_untouched(path, core::Code::not_a_taskstate_file, {Mode::create, Mode::read_write, Mode::read_only});
    }
  }
}

namespace {

/// How far the older writer has told that it is, by task.
struct Progress {
  std::array<std::atomic<std::int64_t>, 100> revisions;
};

/// A change as an engine of version 2 writes it: the event, then the row that tells of it, then the counter.
std::string as_version_2(const std::string& id, const std::string& kind, const std::string& from, const std::string& to,
                         const std::string& set) {
  const std::string newest = "(SELECT max(seq) FROM taskstate_events)";
  const std::string where = " WHERE zone_id = 'z' AND id = '" + id + "'";
  return "INSERT INTO taskstate_events (seq, task_seq, prev, zone_id, id, operation, kind, from_status, to_status, at, "
         "revision, attempt) SELECT " +
         newest + " + 1, seq, last_event, zone_id, id, operation, '" + kind + "', status, '" + to +
         "', updated_at + 1, revision + 1, 1 FROM taskstate_tasks" + where +
         "; UPDATE taskstate_tasks SET version = version + 1, revision = revision + 1, body = NULL, updated_at = "
         "updated_at + 1, attempt = 1, last_event = " +
         newest + ", status = '" + to + "'" + set + where + "; UPDATE taskstate_counters SET through = " + newest +
         ", " + from + " = " + from + " - 1, " + to + " = " + to + " + 1 WHERE zone_id = 'z' AND operation = 'create'";
}

/// A writer of version 2 as docs/internals/file-format.md has it: under the write lock. It knows no column that came
/// later.
int write_as_version_2(const std::string& path, Progress& progress) {
  store::sqlite::WriteLock lock;
  lock.open(path + "-taskstate", path, 0600);
  lock.check_header();
  store::sqlite::Connection connection(store::sqlite::file_uri(path, ""), SQLITE_OPEN_READWRITE);
  connection.configure();
  connection.wait_until(std::chrono::steady_clock::now() + long_enough);
  const auto change = [&](std::size_t task, const std::string& sql) {
    lock.lock({std::chrono::steady_clock::now() + long_enough}, [] {});
    connection.execute(("BEGIN IMMEDIATE;" + sql + ";COMMIT").c_str(), "write as version 2");
    lock.announce(lock.mark());
    lock.unlock();
    ++progress.revisions.at(task);
  };
  for (std::size_t task = 0; task < progress.revisions.size(); ++task) {
    const std::string id = "old-" + std::to_string(task);
    change(task, "INSERT INTO taskstate_tasks (zone_id, id, operation) VALUES ('z', '" + id + "', 'create')");
    change(task, as_version_2(id, "started", "pending", "running", ""));
    change(task, as_version_2(id, "completed", "running", "completed", ", install_id = 'ins_1'"));
  }
  return 0;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_older_writer_and_todays_engine_share_a_file) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  left_by(2, true).put(path, 0);
  const engine::Engine::Ptr opened = open(path);
  Shared<Progress> progress;
  // A child of its own program: what is inherited of this engine is not used.
  const pid_t child = spawn([&] { return write_as_version_2(path, *progress.operator->()); });
  std::size_t made = 0;
  std::size_t stale = 0;
  std::size_t polls = 0;
  core::Answer answer;
  const auto poll_all = [&] {
    for (std::size_t task = 0; task < progress->revisions.size(); ++task) {
      const std::int64_t least = progress->revisions.at(task);
      if (least == 0) return;
      engine::decide(*opened, answer, {"z", "old-" + std::to_string(task)}, {}, engine::Waiting::elsewhere, patient());
      ++polls;
      if (answer.revision < least) ++stale;
    }
  };
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    const core::Key key{"z", "new-" + std::to_string(made++)};
    engine::create(*opened, new_task(key.zone_id, key.id), patient());
    engine::change(*opened, key, core::Start{}, patient());
    poll_all();
    engine::change(*opened, key, complete_with("ins_1"), patient());
  }
  BOOST_TEST(status == 0);
  poll_all();
  BOOST_TEST(stale == 0U);
  for (const std::atomic<std::int64_t>& revision : progress->revisions) BOOST_TEST(revision == 3);
  const auto count =
      run_sql(path, "SELECT count(*) FROM taskstate_tasks WHERE status = 'completed' AND id LIKE 'old-%'");
  BOOST_TEST(count == 100);
  const auto own = run_sql(path, "SELECT count(*) FROM taskstate_tasks WHERE status = 'completed' AND id LIKE 'new-%'");
  BOOST_TEST(own == static_cast<std::int64_t>(made));
  BOOST_TEST(problems_of(*opened).empty());
  std::printf(
      "measured: an older writer's 300 changes beside %zu tasks of today's engine, %zu polls: %zu out of date\n", made,
      polls, stale);
}

BOOST_AUTO_TEST_SUITE_END()

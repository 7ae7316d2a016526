// What a host needs around its tasks, through the C++ API.
#include <taskstate/taskstate.hpp>
#include <taskstate/testing.hpp>

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;
using taskstate::Engine;
using taskstate::Errc;
using taskstate::Error;
using taskstate::Status;

namespace {

struct Fixture {
  Fixture() { BOOST_REQUIRE(::mkdtemp(directory.data()) != nullptr); }
  ~Fixture() { std::filesystem::remove_all(directory); }
  [[nodiscard]] std::string path(const std::string& name = "catalog.db") const { return directory + "/" + name; }

  static taskstate::NewTask spec(const std::string& id) {
    return {.zone_id = "z1", .id = id, .operation = "create", .package_id = "pkg_1"};
  }
  static void complete(Engine& tasks, const std::string& id) {
    tasks.create(spec(id));
    tasks.start("z1", id);
    tasks.complete("z1", id, {.install_id = "ins_1"});
  }
  static std::string code(const std::function<void()>& call) {
    try {
      call();
      return "ok";
    } catch (const Error& error) {
      return std::string(to_string(static_cast<Errc>(error.code().value())));
    }
  }
  std::string directory = "/tmp/taskstate-cpp-XXXXXX";
};

std::string sql(const std::string& path, const std::string& text) {
  sqlite3* database = nullptr;
  BOOST_REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  std::string out;
  const auto add = [](void* to, int count, char** values, char**) {
    for (int i = 0; i < count; ++i) *static_cast<std::string*>(to) += std::string(values[i] ? values[i] : "NULL") + '|';
    return 0;
  };
  BOOST_REQUIRE(sqlite3_exec(database, text.c_str(), add, &out, nullptr) == SQLITE_OK);
  sqlite3_close(database);
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(host, Fixture)

BOOST_AUTO_TEST_CASE(one_task_for_one_key) {
  Engine tasks(":memory:", {.pending_limit = 1, .idempotency_retention = 1h, .adopt_request_id = true});
  taskstate::NewTask order = spec("a");
  order.idempotency_key = "k";
  BOOST_TEST(!tasks.create(order).replayed);
  order.id = "b";
  const auto again = tasks.create(order);
  BOOST_TEST(again.replayed);
  BOOST_TEST(again.id == "a");
  order.package_id = "pkg_2";
  BOOST_TEST(code([&] { tasks.create(order); }) == "idempotency_mismatch");
  BOOST_TEST(code([&] { tasks.create(spec("c")); }) == "limit_exceeded");
  tasks.start("z1", "a");
  tasks.fail("z1", "a", {.error_message = "no"});
  taskstate::NewTask retry = spec("d");
  retry.retry_of = "a";
  BOOST_TEST(tasks.create(retry).links.at(0).rel == "predecessor");
}

BOOST_AUTO_TEST_CASE(statements_of_every_kind_of_value) {
  Engine tasks(path());
  sql(path(), "CREATE TABLE kinds (task, a, b, c, d, e, f)");
  const auto insert = taskstate::sql("INSERT INTO kinds VALUES (:taskstate_id, ?, ?, ?, hex(?), :e, ?)", nullptr, 7,
                                     0.5, taskstate::Blob{std::string("\0\1", 2)},
                                     taskstate::Named{":e", true ? "named" : ""}, std::string("text"));
  tasks.create(spec("a"), {.also = {insert}});
  BOOST_TEST(sql(path(), "SELECT * FROM kinds") == "a|NULL|7|0.5|0001|named|text|");
  try {
    tasks.start("z1", "a", {.also = {insert, taskstate::sql("DROP TABLE kinds")}});
    BOOST_FAIL("it was let through");
  } catch (const Error& error) {
    BOOST_TEST((error.code() == Errc::invalid_argument));
    BOOST_TEST((error.field() == "also[1]"));
  }
  BOOST_TEST(sql(path(), "SELECT count(*) FROM kinds") == "1|");
  BOOST_TEST((tasks.get("z1", "a")->status == Status::pending));
}

BOOST_AUTO_TEST_CASE(waiting_and_watching) {
  Engine tasks(":memory:", {.longest_wait = 20s});
  const auto seen = tasks.create(spec("a"));
  std::jthread other([&] {
    while (tasks.stats().waiters == 0) std::this_thread::yield();
    tasks.start("z1", "a");
  });
  BOOST_TEST(tasks.wait("z1", "a", seen.revision, 20s)->revision == 2);
  BOOST_TEST(!tasks.wait("z1", "nobody", std::nullopt, 20s));

  taskstate::Watch watch = tasks.watch();
  watch.task("z1", "a", 2, 1);
  watch.task("z1", "a", std::nullopt, 2);
  watch.task("z1", "a", 2, 3);
  watch.forget("z1", "a", 3);
  watch.changes();
  watch.reset();
  tasks.complete("z1", "a", {.install_id = "ins_1"});
  pollfd ready{static_cast<int>(watch.descriptor()), POLLIN, 0};
  BOOST_TEST(::poll(&ready, 1, 20000) == 1);
  watch.reset();
  BOOST_TEST(watch.take().size() == 2u);
  BOOST_TEST(watch.take().empty());

  tasks.create(spec("b"));
  const auto answer = tasks.decide("z1", "b", {.prefer = "wait=7", .wait_elsewhere = true});
  BOOST_TEST(answer.wait.count() == 7000000);
  BOOST_TEST(answer.revision == 1);
  BOOST_TEST((answer.header("Preference-Applied") == "wait=7"));
}

BOOST_AUTO_TEST_CASE(the_feed_and_purging) {
  taskstate::testing::ManualClock clock;
  auto options = taskstate::testing::options(clock);
  options.retention = 1h;
  options.tombstones = 1h;
  options.feed_retention = 2h;
  options.result_retention = 2h;
  Engine tasks(":memory:", options);
  complete(tasks, "a");
  complete(tasks, "b");
  const auto all = tasks.changes();
  BOOST_TEST(all.events.size() == 6u);
  BOOST_TEST(all.events[5].id == "b");
  BOOST_TEST((all.events[5].position == all.position));
  BOOST_TEST(tasks.erase("z1", "a"));
  BOOST_TEST(!tasks.erase("z1", "a"));
  BOOST_TEST(tasks.purge({.older_than = 1h}) == 0);
  clock.advance(1h);
  BOOST_TEST(tasks.tick() == 1);
  BOOST_TEST(tasks.decide("z1", "b").status == 410);
  const auto rest = tasks.changes({.after = all.position});
  BOOST_TEST(rest.events.size() == 2u);
  BOOST_TEST(rest.events[1].kind == "purged");
  BOOST_TEST(rest.purged_through == 6);
  clock.advance(2h);
  tasks.tick();
  BOOST_TEST(code([&] { (void)tasks.changes({.after = all.position}); }) == "behind");
  const auto told = tasks.changes({.after = all.position, .allow_gap = true}).events;
  BOOST_TEST(told.size() == 1u);  // the newest of all stays, so that its number is not given again
  BOOST_TEST(told[0].id == "b");
  BOOST_TEST(tasks.changes({.latest = true}).events.empty());
}

BOOST_AUTO_TEST_CASE(a_file_of_this_release_has_nothing_to_migrate) {
  { const Engine tasks(path(), {.migrate = taskstate::Migrate::manual}); }
  const taskstate::Migration done = taskstate::migrate(path(), {.migrate = taskstate::Migrate::manual});
  BOOST_TEST(done.from_schema == 2);
  BOOST_TEST(done.to_schema == 2);
  BOOST_TEST(done.copy_bytes + done.wal_bytes == 0);
  BOOST_TEST(code([&] { taskstate::migrate(path("none.db")); }) == "unavailable");
  BOOST_TEST(code([&] { taskstate::migrate(path(), {}, {.timeout = std::chrono::microseconds(-1)}); }) ==
             "invalid_argument");
}

BOOST_AUTO_TEST_CASE(figures_copies_and_settings) {
  Engine tasks(path(), {.durability = taskstate::Durability::relaxed,
                        .max_bytes = 1 << 20,
                        .checkpoint_bytes = 1 << 16,
                        .answer_cache_bytes = 1 << 20,
                        .file_mode = 0640,
                        .migrate = taskstate::Migrate::refuse});
  complete(tasks, "a");
  tasks.create(spec("b"));
  (void)tasks.decide("z1", "nobody");
  const auto stats = tasks.stats("z1");
  BOOST_TEST(stats.answer_proof == "wal_index");
  BOOST_TEST(stats.locks == "ofd");
  BOOST_TEST(stats.cache_misses == 1);
  BOOST_TEST(stats.cache_hits + stats.cache_entries + stats.cache_bytes == 0);
  BOOST_TEST(stats.completed == 1);
  BOOST_TEST(stats.pending == 1);
  BOOST_TEST(stats.counts.size() == 2u);
  BOOST_TEST(!stats.durable);
  BOOST_TEST(stats.leases_lost + stats.failures.failed + stats.failures.lost == 0);
  BOOST_TEST(stats.waiting_time.bounds.size() + 1 == stats.waiting_time.counts.size());
  BOOST_TEST((stats.waiting_time.bounds.front() == 10ms && stats.waiting_time.bounds.back() == 168h));
  BOOST_TEST(stats.waiting_time.count == 1);
  BOOST_TEST(stats.running_time.count == 1);
  BOOST_TEST(stats.text.ends_with("# EOF\n"));
  BOOST_TEST((std::filesystem::status(path()).permissions() == std::filesystem::perms(0640)));
  tasks.backup(path("copy.db"));
  Engine copy(path("copy.db"));
  BOOST_TEST(copy.get("z1", "a").has_value());
  BOOST_TEST(code([&] { (void)copy.changes({.after = tasks.changes().position}); }) == "restored");

  // The file's own limit: what does not fit is rolled back whole, reading goes on, and there is room again later.
  const std::string payload(500000, 'p');
  std::string last;
  const std::string full = code([&] {
    for (int i = 0;; ++i) {
      last = "big" + std::to_string(i);
      taskstate::NewTask big = spec(last);
      big.payload = payload;
      tasks.create(big);
    }
  });
  BOOST_TEST(full == "disk_full");
  BOOST_TEST(!tasks.get("z1", last));
  tasks.start("z1", "big0");
  tasks.fail("z1", "big0", {.error_message = "no"});
  tasks.erase("z1", "big0");
  tasks.create(spec(last));
  BOOST_TEST(tasks.verify().ok);
}

BOOST_AUTO_TEST_CASE(nothing_expires_by_a_wall_clock_that_leaps) {
  auto wall = std::make_shared<taskstate::Time>(taskstate::Time{});
  const auto boot = std::make_shared<taskstate::Time>(taskstate::Time{1h});
  const taskstate::Options options{
      .clock = [wall] { return *wall; }, .boot_clock = [boot] { return *boot; }, .retention = 24h};
  Engine tasks(path(), options);
  complete(tasks, "t1");
  BOOST_TEST(!tasks.stats().expiry_paused);
  *wall += 24h * 365 * 50;  // the first NTP step of a machine without a clock battery
  BOOST_TEST(tasks.tick() == 0);
  BOOST_TEST(tasks.stats().expiry_paused);
  Engine(path(), options).clock_ok();
  BOOST_TEST(!tasks.stats().expiry_paused);
  BOOST_TEST(tasks.tick() == 1);
}

// C callbacks that a host of C++ wrote: the library's C frames let nothing through.
BOOST_AUTO_TEST_CASE(c_callbacks_that_throw_stop_nobody) {
  static std::atomic<bool> throws{false};
  static std::atomic<int> destroyed{0};
  throws = false;
  const tse_clock_fn clock = [](void*) -> std::int64_t {
    if (throws) throw std::runtime_error("no time");
    return 1577470279117000;
  };
  const tse_id_fn ids = [](void*, std::int32_t, std::uint8_t*) { throw 7; };
  const tse_log_fn log = [](void*, std::int32_t, const char*, std::size_t) { throw std::runtime_error("no log"); };
  const tse_destroy_fn destroy = [](void*) {
    ++destroyed;
    throw 7;
  };
  tse_options* options = nullptr;
  BOOST_REQUIRE(tse_options_new(&options, nullptr) == TSE_OK);
  tse_options_set_clock(options, clock, &destroyed, destroy, nullptr);
  tse_options_set_ids(options, ids, &destroyed, destroy, nullptr);
  tse_options_set_log_callback(options, log, &destroyed, destroy, nullptr);
  tse_options_set_housekeeping(options, 10000, nullptr);
  tse_engine* tasks = nullptr;
  BOOST_REQUIRE(tse_open(path().c_str(), TSE_NTS, options, &tasks, nullptr) == TSE_OK);
  tse_options_free(options);
  throws = true;
  std::this_thread::sleep_for(50ms);  // its own thread asks for the time
  tse_new_task task = TSE_NEW_TASK_INIT;
  task.zone_id = tse_text("z1");
  task.operation = tse_text("create");
  tse_error* error = nullptr;
  BOOST_TEST(tse_create(tasks, &task, nullptr, nullptr, &error) == TSE_UNAVAILABLE);
  tse_error_view said = TSE_ERROR_VIEW_INIT;
  BOOST_REQUIRE(tse_error_get(error, &said) == TSE_OK);
  BOOST_TEST(said.outcome == TSE_NOT_DONE);
  tse_error_free(error);
  task.id = tse_text("t1");
  BOOST_TEST(tse_create(tasks, &task, nullptr, nullptr, nullptr) == TSE_OK);
  tse_answer* answer = nullptr;
  BOOST_REQUIRE(tse_answer_new(&answer, nullptr) == TSE_OK);
  for (const auto& [id, status] : {std::pair("t1", 200), std::pair("none", 404)}) {
    BOOST_TEST(tse_decide(tasks, "z1", TSE_NTS, id, TSE_NTS, nullptr, nullptr, answer, nullptr) == TSE_OK);
    tse_answer_view view = TSE_ANSWER_VIEW_INIT;
    BOOST_REQUIRE(tse_answer_get(answer, &view) == TSE_OK);
    BOOST_TEST(view.status == status);
  }
  tse_answer_free(answer);
  tse_engine_free(tasks);
  BOOST_TEST(destroyed == 3);
}

BOOST_AUTO_TEST_SUITE_END()

#include <taskstate/engine.hpp>

#include "unit/cpp/scratch_file.hpp"
#include "unit/cpp/throws.hpp"

#include <sqlite3.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using namespace taskstate;
using taskstate_test::error_of;
using taskstate_test::ScratchFile;

namespace {

/// Executes SQL in a file with SQLite itself, as a host would in its own database.
void execute(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  const int opened = sqlite3_open(path.c_str(), &database);
  const int done = opened == SQLITE_OK ? sqlite3_exec(database, sql, nullptr, nullptr, nullptr) : opened;
  sqlite3_close(database);
  BOOST_REQUIRE(done == SQLITE_OK);
}

/// Log lines from any thread.
class Lines {
 public:
  void add(LogLevel level, std::string_view line) {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(level, line);
  }
  [[nodiscard]] std::size_t count(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count_if(
        lines_, [part](const auto& line) { return line.second.find(part) != std::string::npos; }));
  }
  [[nodiscard]] LogLevel level(std::size_t index) const {
    const std::lock_guard lock(mutex_);
    return lines_.at(index).first;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<LogLevel, std::string>> lines_;
};

Task create_one(Engine& tasks) { return tasks.create({.zone_id = "z1", .operation = "create"}); }

/// Makes an engine say something: its file is removed under it.
void lose_the_file(const Options& options) {
  const ScratchFile file;
  Engine tasks(file.path(), options);
  std::filesystem::remove(file.path());
  BOOST_TEST((error_of([&] { create_one(tasks); }).code() == Errc::moved));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(the_mode_says_what_opening_may_do) {
  const ScratchFile file;
  BOOST_TEST((error_of([&] { Engine(file.path(), {.mode = Mode::read_write}); }).code() == Errc::unavailable));
  Engine writer(file.path(), {.mode = Mode::create});
  create_one(writer);
  Engine reader(file.path(), {.mode = Mode::read_only});
  BOOST_TEST(reader.list({.zone_id = "z1"}).tasks.size() == 1u);
  BOOST_TEST((error_of([&] { create_one(reader); }).code() == Errc::read_only));
}

BOOST_AUTO_TEST_CASE(a_hosts_database_is_adopted_only_when_asked) {
  const ScratchFile file;
  execute(file.path(), "CREATE TABLE host_things(x)");
  BOOST_TEST((error_of([&] { Engine(file.path()); }).code() == Errc::not_a_taskstate_file));
  Engine tasks(file.path(), {.adopt = true});
  BOOST_TEST(create_one(tasks).revision == 1);
}

BOOST_AUTO_TEST_CASE(the_timeout_bounds_waiting_for_a_foreign_writer) {
  const ScratchFile file;
  Engine tasks(file.path(), {.timeout = 50ms});
  sqlite3* other = nullptr;
  BOOST_REQUIRE(sqlite3_open(file.path().c_str(), &other) == SQLITE_OK);
  BOOST_REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  const auto begin = std::chrono::steady_clock::now();
  const Error error = error_of([&] { create_one(tasks); });
  const auto waited = std::chrono::steady_clock::now() - begin;
  sqlite3_close(other);
  BOOST_TEST((error.code() == Errc::busy));
  BOOST_TEST((error.outcome() == Outcome::not_done));
  BOOST_TEST((waited >= 40ms && waited < 4s));
}

BOOST_AUTO_TEST_CASE(operations_are_added_to_the_two) {
  Engine tasks(":memory:", {.operations = {"upgrade", "resize"}});
  BOOST_TEST(tasks.create({.zone_id = "z1", .operation = "resize"}).operation == "resize");
  BOOST_TEST(error_of([&] { tasks.create({.zone_id = "z1", .operation = "x"}); }).field().value() == "operation");
}

BOOST_AUTO_TEST_CASE(answers_follow_the_options) {
  Engine tasks(":memory:", {.location = "/i/{install_id}",
                            .status_url = "/s/{zone_id}/{task_id}",
                            .completed = Completed::ok,
                            .retry_after_min = 7s,
                            .retry_after_max = 9s,
                            .ignore_bad_request_id = true});
  const Task task = create_one(tasks);
  const Answer accepted = tasks.accept(task);
  BOOST_TEST(accepted.header("Location").value() == "/s/z1/" + task.id);
  BOOST_TEST(accepted.header("Retry-After").value() == "7");
  BOOST_TEST(tasks.decide("z1", task.id, {.client_request_id = "no uuid"}).status == 200);
  tasks.start("z1", task.id);
  tasks.complete("z1", task.id, {.install_id = "i1"});
  const Answer done = tasks.decide("z1", task.id);
  BOOST_TEST(done.status == 200);
  BOOST_TEST(done.header("Link").value().find("</i/i1>") != std::string_view::npos);
  BOOST_TEST(tasks.decide("z1", task.id, {.completed = Completed::see_other}).header("Location").value() == "/i/i1");
}

BOOST_AUTO_TEST_CASE(options_that_break_their_rule_are_refused) {
  const auto code_of = [](const Options& options) { return error_of([&] { Engine(":memory:", options); }).code(); };
  BOOST_TEST((code_of({.mode = static_cast<Mode>(9)}) == Errc::invalid_argument));
  BOOST_TEST((code_of({.timeout = -1us}) == Errc::invalid_argument));
  BOOST_TEST((code_of({.operations = {"UPPER"}}) == Errc::invalid_argument));
  BOOST_TEST((code_of({.location = "//evil"}) == Errc::invalid_argument));
  BOOST_TEST((code_of({.status_url = ""}) == Errc::invalid_argument));
  BOOST_TEST((code_of({.completed = static_cast<Completed>(9)}) == Errc::invalid_argument));
  BOOST_TEST((code_of({.retry_after_min = -1s}) == Errc::invalid_argument));
  BOOST_TEST((code_of({.retry_after_max = std::chrono::seconds((1LL << 32) + 20)}) == Errc::invalid_argument));
  BOOST_TEST((code_of({.log_level = static_cast<LogLevel>(9)}) == Errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(log_lines_go_to_the_callback) {
  const auto lines = std::make_shared<Lines>();
  const auto log = [lines](LogLevel level, std::string_view line) { lines->add(level, line); };
  lose_the_file({.any_filesystem = true, .log_level = LogLevel::off, .log = log});
  BOOST_TEST(lines->count("") == 0u);
  lose_the_file({.log = log});
  BOOST_TEST(lines->count("removed") >= 1u);  // maintenance may say so, too
  BOOST_TEST((lines->level(0) == LogLevel::error));
}

BOOST_AUTO_TEST_CASE(log_lines_go_to_the_file) {
  const ScratchFile file;
  lose_the_file({.log_file = file.path("log")});
  std::ifstream log(file.path("log"));
  const std::string text(std::istreambuf_iterator<char>(log), {});
  BOOST_TEST(text.find("removed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(clock_and_ids_come_from_the_host) {
  Engine tasks(":memory:",
               {.clock = [] { return Time(1577470279117ms); },
                .ids = [](IdKind kind) { return Uuid{static_cast<std::uint8_t>(0xa0 + static_cast<int>(kind))}; }});
  const Task task = create_one(tasks);
  BOOST_TEST((task.created_at == Time(1577470279117ms)));
  BOOST_TEST(task.id == "a0000000-0000-0000-0000-000000000000");
  const Answer missing = tasks.decide("z1", "nobody");
  BOOST_TEST(missing.body.value().find("a1000000-0000-0000-0000-000000000000") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(exceptions_stop_at_the_callback) {
  const auto lines = std::make_shared<Lines>();
  Engine tasks(":memory:", {.log = [lines](LogLevel level, std::string_view line) { lines->add(level, line); },
                            .clock = []() -> Time { throw std::runtime_error("no time"); },
                            .ids = [](IdKind) -> Uuid { throw 7; }});
  const Task first = create_one(tasks);
  const Task second = create_one(tasks);
  BOOST_TEST(first.id != second.id);
  BOOST_TEST(first.id.size() == 36u);
  BOOST_TEST((std::chrono::abs(std::chrono::system_clock::now() - first.created_at) < 1min));
  BOOST_TEST(lines->count("clock threw") == 1u);
  BOOST_TEST(lines->count("id source threw") == 1u);
}

BOOST_AUTO_TEST_CASE(a_throwing_log_callback_harms_nothing) {
  int calls = 0;
  lose_the_file({.log = [&calls](LogLevel, std::string_view) {
    ++calls;
    throw 7;
  }});
  BOOST_TEST(calls > 0);
}

BOOST_AUTO_TEST_CASE(callbacks_live_as_long_as_the_engine_and_no_longer) {
  const auto token = std::make_shared<int>(0);
  {
    const Options options{.log = [token](LogLevel, std::string_view) {},
                          .clock = [token] { return Time(1s); },
                          .ids = [token](IdKind) { return Uuid{}; }};
    const long before = token.use_count();
    {
      const Engine tasks(":memory:", options);
      BOOST_TEST(token.use_count() > before);
    }
    BOOST_TEST(token.use_count() == before);
    BOOST_CHECK_THROW(Engine("", options), Error);
    BOOST_TEST(token.use_count() == before);
  }
  BOOST_TEST(token.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(what_is_not_given_is_the_files) {
  const ScratchFile file;
  Engine first(file.path(), {.operations = {"report"}, .pending_limit = 1});
  Engine second(file.path());
  second.create({.zone_id = "z1", .id = "a", .operation = "report"});
  BOOST_TEST(
      (error_of([&] { second.create({.zone_id = "z1", .operation = "create"}); }).code() == Errc::limit_exceeded));
  const auto refused = [&](const Options& options) {
    const Error error = error_of([&] { Engine other(file.path(), options); });
    BOOST_TEST(std::string_view(error.what()).find("with reconfigure") != std::string_view::npos);
    return std::string(error.field().value());
  };
  // The default is a value like any other where it is given.
  BOOST_TEST(refused({.pending_limit = 0}) == "pending_limit");
  BOOST_TEST(refused({.operations = {"create"}}) == "operations");
  BOOST_TEST(refused({.location = "/x"}) == "location");
  BOOST_TEST(refused({.status_url = "/x"}) == "status_url");
  BOOST_TEST(refused({.completed = Completed::ok}) == "completed");
  BOOST_TEST(refused({.retry_after_min = 0s}) == "retry_after");
  BOOST_TEST(refused({.ignore_bad_request_id = true}) == "ignore_bad_request_id");
  BOOST_TEST(refused({.running_limit = 1}) == "running_limit");
  BOOST_TEST(refused({.idempotency_retention = 1h}) == "idempotency_retention");
  BOOST_TEST(refused({.adopt_request_id = true}) == "adopt_request_id");
  BOOST_TEST(refused({.retention = 1h}) == "retention");
  BOOST_TEST(refused({.result_retention = 1h}) == "result_retention");
  BOOST_TEST(refused({.tombstones = 1h}) == "tombstones");
  BOOST_TEST(refused({.feed_retention = 1h}) == "feed_retention");
  const Engine same(file.path(), {.ignore_bad_request_id = false, .pending_limit = 1, .adopt_request_id = false});
  const Engine other(file.path(), {.reconfigure = true, .pending_limit = 0});
  BOOST_TEST(first.get("z1", "a").has_value());
  first.create({.zone_id = "z1", .operation = "create"});
}

BOOST_AUTO_TEST_SUITE_END()

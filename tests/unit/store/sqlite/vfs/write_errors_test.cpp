// Writes of collected frames that fail, of a plain connection and through the engine: who is told, and what is there
// then.
#include "unit/store/sqlite/vfs/support.hpp"
#include "unit/store/sqlite/vfs/system_calls.hpp"

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <optional>

using namespace tse;
using namespace tse::test;

namespace {

constexpr const char* make_table = "CREATE TABLE t(id INTEGER PRIMARY KEY, v); CREATE INDEX tv ON t(v)";
constexpr const char* insert =
    "INSERT INTO t(v) SELECT hex(randomblob(500)) FROM (VALUES(1),(2),(3),(4),(5),(6),(7),(8))";
constexpr const char* count = "SELECT count(*) FROM t; PRAGMA integrity_check";

std::string after_a_crash(const std::string& path) {
  const std::string image = path + ".image";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(image + suffix);
  for (const char* suffix : {"", "-wal"}) std::filesystem::copy_file(path + suffix, image + suffix);
  return elsewhere(image, count);
}

struct Case {
  const char* name;
  Accident accident;
  int code;  ///< what SQLite is to say
};
constexpr std::size_t all = SIZE_MAX;
constexpr Case cases[] = {{"no room", {ENOSPC, 0}, SQLITE_FULL},
                          {"no room after a page and a half", {ENOSPC, 6200}, SQLITE_FULL},
                          {"over the quota", {EDQUOT, 0}, SQLITE_FULL},
                          {"an error of the disk", {EIO, 0}, SQLITE_IOERR_WRITE},
                          {"an error of the disk after some bytes", {EIO, 700}, SQLITE_IOERR_WRITE},
                          {"half of it, then the rest", {0, 6200}, SQLITE_OK},
                          {"one byte, then the rest", {0, 1}, SQLITE_OK}};

}  // namespace

BOOST_AUTO_TEST_SUITE(write_errors)

// What COMMIT says is so: for this connection, for others, after a crash, and when the next one has been committed.
BOOST_AUTO_TEST_CASE(a_commit_whose_frames_are_not_written_fails) {
  for (const char* mode : {"FULL", "NORMAL", "OFF"}) {
    for (const Case& each : cases) {
      BOOST_TEST_CONTEXT(each.name << ", synchronous = " << mode) {
        const TemporaryDirectory directory;
        const std::string path = directory.file("tasks.db");
        Plain own(path, ours());
        own.must(std::string("PRAGMA synchronous = ") + mode);
        own.must(make_table);
        own.must(insert);
        int code = 0;
        {
          const FailingWrites failing("-wal", each.accident);
          code = own.run(insert);
          BOOST_TEST(FailingWrites::count() == 1);
        }
        BOOST_TEST(code == each.code);
        const int rows = code == SQLITE_OK ? 16 : 8;
        const std::string expected = std::to_string(rows) + "\nok";
        BOOST_TEST(own.number("SELECT count(*) FROM t") == rows);
        BOOST_TEST(elsewhere(path, count) == expected);
        BOOST_TEST(after_a_crash(path) == expected);
        own.must(insert);
        const std::string then = std::to_string(rows + 8) + "\nok";
        BOOST_TEST(elsewhere(path, count) == then);
        BOOST_TEST(after_a_crash(path) == then);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_spill_that_fails_undoes_the_transaction) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  Plain own(path, ours(), "PRAGMA journal_mode = WAL; PRAGMA cache_size = 5");
  own.must(make_table);
  own.must(insert);
  own.must("BEGIN");
  {
    const FailingWrites failing("-wal", {ENOSPC, 1000});
    int code = SQLITE_OK;
    for (int i = 0; i < 100 && code == SQLITE_OK; ++i) code = own.run(insert);
    BOOST_TEST(code == SQLITE_FULL);
  }
  own.run("ROLLBACK");
  own.must(insert);
  BOOST_TEST(elsewhere(path, count) == "16\nok");
  BOOST_TEST(after_a_crash(path) == "16\nok");
}

namespace {

struct Told {
  std::optional<core::Code> code;
  core::Outcome outcome = core::Outcome::not_done;
};

Told create(engine::Engine& tasks, const std::string& id) {
  try {
    engine::create(tasks, new_task("z", id), patient());
    return {};
  } catch (const core::Failure& failure) {
    return {failure.error().code, failure.error().outcome};
  }
}

}  // namespace

// Not done is said of what is not there, for good, and the engine goes on; otherwise it is unknown.
BOOST_AUTO_TEST_CASE(the_engine_says_truly_what_became_of_a_change) {
  struct Expected {
    const char* name;
    Accident accident;
    std::optional<core::Code> code;
    core::Outcome outcome;
    bool goes_on;
    std::optional<bool> is_there;  ///< in the end; nothing: may be
  };
  using core::Code, core::Outcome;
  const Expected all_of_them[] = {
      {"no room", {ENOSPC, 0}, Code::disk_full, Outcome::not_done, true, false},
      {"no room after some pages", {ENOSPC, 9000}, Code::disk_full, Outcome::not_done, true, false},
      {"over the quota", {EDQUOT, 0}, Code::disk_full, Outcome::not_done, true, false},
      {"the file may not grow", {EFBIG, 0}, Code::disk_full, Outcome::not_done, true, false},
      {"the file may not grow any more", {EFBIG, 9000}, Code::disk_full, Outcome::not_done, true, false},
      {"an error of the disk", {EIO, 0}, Code::io_error, Outcome::unknown, false, std::nullopt},
      {"an error, although all is written", {EIO, all}, Code::io_error, Outcome::unknown, false, std::nullopt},
      {"half of it, then the rest", {0, 6200}, std::nullopt, Outcome::not_done, true, true},
  };
  for (const Expected& each : all_of_them) {
    BOOST_TEST_CONTEXT(each.name) {
      const TemporaryDirectory directory;
      const std::string path = directory.file("tasks.db");
      engine::Settings settings = patient_settings();
      settings.log_level = engine::LogLevel::off;
      settings.housekeeping = std::chrono::microseconds(0);
      engine::Engine::Ptr tasks = engine::Engine::open(path, settings);
      engine::create(*tasks, new_task("z", "before"), patient());
      Told told;
      {
        const FailingWrites failing("-wal", each.accident);
        told = create(*tasks, "in-doubt");
        BOOST_TEST(FailingWrites::count() == 1);
      }
      BOOST_TEST((told.code == each.code));
      if (each.code) BOOST_TEST((told.outcome == each.outcome));
      BOOST_TEST(!create(*tasks, "after").code == each.goes_on);
      tasks.reset();
      tasks = engine::Engine::open(path, settings);
      const bool is_there = engine::get(*tasks, {"z", "in-doubt"}, patient()).has_value();
      if (each.is_there) BOOST_TEST(is_there == *each.is_there);
      BOOST_TEST(engine::get(*tasks, {"z", "before"}, patient()).has_value());
      BOOST_TEST(engine::get(*tasks, {"z", "after"}, patient()).has_value() == each.goes_on);
      BOOST_TEST(!create(*tasks, "at-last").code);
      BOOST_TEST(engine::verify(*tasks, patient()).problems.empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

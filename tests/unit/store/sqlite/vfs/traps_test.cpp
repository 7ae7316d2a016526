// What somebody else in the process does to a file that we have open: each trap at each step of ours, with SQLite's own
// VFS as the control. Where the control is hurt it must show it, or the trap is none; ours must never be hurt.
#include "unit/store/sqlite/vfs/second_copy.hpp"
#include "unit/store/sqlite/vfs/support.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <functional>

using namespace tse;
using namespace tse::test;

namespace {

enum class Step { reading, begun, written, spilled, with_a_rollback_journal };
constexpr Step all_steps[] = {Step::reading, Step::begun, Step::written, Step::spilled, Step::with_a_rollback_journal};

const char* to_string(Step step) {
  switch (step) {
    case Step::reading: return "reading";
    case Step::begun: return "begun";
    case Step::written: return "written";
    case Step::spilled: return "spilled";
    case Step::with_a_rollback_journal: return "with a rollback journal";
  }
  return "";
}

constexpr const char* others_row = "INSERT INTO t(v) VALUES(99)";

bool is_allowed(const std::string& said) { return said.find("locked") == std::string::npos; }

/// A connection at a step of its work.
class Scene {
 public:
  Scene(const std::string& path, const char* vfs, Step step)
      : path_(path), step_(step), connection_(path, vfs, settings(step)) {
    connection_.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v, pad); INSERT INTO t(v) VALUES(0)");
    if (step == Step::reading) {
      connection_.must("BEGIN; SELECT count(*) FROM t");
      return;
    }
    connection_.must("BEGIN IMMEDIATE");
    if (step != Step::begun) connection_.must("INSERT INTO t(v) VALUES(1)");
    if (step == Step::spilled) connection_.must(many);
  }

  /// What harm is done by it; nothing if none.
  std::string harm_of(const std::function<std::string(const std::string&)>& act) {
    const auto before = all_locks(path_);
    if (before.empty()) return "the scene has no locks";
    std::string harm = act(path_);
    const auto after = all_locks(path_);
    if (!std::includes(after.begin(), after.end(), before.begin(), before.end()))
      harm += "; locks lost: " + text_of(before) + " became " + text_of(after);
    return harm + (step_ == Step::reading ? harm_to_the_reader() : harm_to_the_writer());
  }

 private:
  static std::string settings(Step step) {
    if (step == Step::with_a_rollback_journal) return "PRAGMA journal_mode = DELETE";
    return step == Step::spilled ? "PRAGMA journal_mode = WAL; PRAGMA cache_size = 5" : "PRAGMA journal_mode = WAL";
  }
  std::string harm_to_the_reader() {
    std::string harm;
    const std::string said = elsewhere(path_, "PRAGMA wal_checkpoint(TRUNCATE)");
    if (!said.starts_with("1|") && is_allowed(said))
      harm += "; another process cut off the log under the reader: " + said;
    if (const std::string count = connection_.ask("SELECT count(*) FROM t"); count != "1")
      harm += "; the snapshot is now " + count;
    (void)connection_.run("COMMIT");
    return harm;
  }
  std::string harm_to_the_writer() {
    std::string harm;
    const std::string said =
        elsewhere(path_, std::string("BEGIN IMMEDIATE; ") + others_row + "; COMMIT; SELECT 'written'");
    if (is_allowed(said)) harm += "; another process got in: " + said;
    if (const int code = connection_.run("COMMIT"); code != SQLITE_OK) harm += "; COMMIT: " + std::to_string(code);
    if (said == "written" && connection_.ask("SELECT count(*) FROM t WHERE v = 99") != "1")
      harm += "; and its row is lost";
    connection_.close();
    if (const std::string check = elsewhere(path_, "PRAGMA integrity_check", 10000); check != "ok")
      harm += "; " + check;
    return harm;
  }

  static constexpr const char* many =
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 200) "
      "INSERT INTO t(v, pad) SELECT 1, zeroblob(1000) FROM c";
  const std::string path_;
  const Step step_;
  Plain connection_;
};

std::string open_and_close(const std::string& path) {
  if (const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC); descriptor >= 0) ::close(descriptor);
  return {};
}

struct Trap {
  const char* name;
  std::function<std::string(const std::string& path)> act;  ///< what it sees that should not be
  std::function<bool(Step)> hurts_stock;
};

bool always(Step) { return true; }
bool never(Step) { return false; }

void check(const std::vector<Trap>& traps) {
  for (const Trap& trap : traps) {
    for (const Step step : all_steps) {
      BOOST_TEST_CONTEXT(trap.name << ", " << to_string(step)) {
        const TemporaryDirectory directory;
        const std::string control = Scene(directory.file("stock.db"), stock, step).harm_of(trap.act);
        BOOST_TEST(control.empty() != trap.hurts_stock(step), "the control: " << control);
        const std::string harm = Scene(directory.file("ours.db"), ours(), step).harm_of(trap.act);
        BOOST_TEST(harm.empty(), harm);
      }
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(traps)

BOOST_AUTO_TEST_CASE(the_host_opens_and_closes_the_files) {
  const auto in_wal_mode = [](Step step) { return step != Step::with_a_rollback_journal; };
  check({{"the database", [](auto& path) { return open_and_close(path); }, always},
         {"-shm", [](auto& path) { return open_and_close(path + "-shm"); }, in_wal_mode},
         {"-wal, which nobody locks", [](auto& path) { return open_and_close(path + "-wal"); }, never},
         {"the database, to copy it",
          [](auto& path) {
            std::filesystem::copy_file(path, path + ".copy");
            return std::string();
          },
          always},
         {"-shm, through a second name",
          [](auto& path) {
            std::error_code none_there;
            std::filesystem::create_hard_link(path + "-shm", path + ".name", none_there);
            return open_and_close(path + ".name");
          },
          in_wal_mode}});
}

#if !defined(TSE_SANITIZE_ADDRESS) && !defined(TSE_SANITIZE_THREAD)  // they know one copy of the C library
BOOST_AUTO_TEST_CASE(a_second_sqlite_opens_the_file) {
  BOOST_TEST(std::string(SecondCopy::get().version()) != sqlite3_libversion());
  check({{"and reads",
          [](auto& path) {
            SecondConnection second(path);
            second.run("SELECT count(*) FROM t");
            return std::string();
          },
          always},
         {"and tries to write",
          [](auto& path) {
            SecondConnection second(path);
            const int code = second.run("BEGIN IMMEDIATE; ROLLBACK");
            const bool we_write = !is_allowed(elsewhere(path, "BEGIN IMMEDIATE"));
            return we_write && code != SQLITE_BUSY ? "it may write, too: " + std::to_string(code) : std::string();
          },
          always}});
}

namespace second {

struct Act {
  const char* name;
  const char* begin;
  bool writes;
};

constexpr const char* as_it_is = "";  // in whatever journal mode

// Here it is the second copy whose locks are looked at, while connections of ours come and go.
std::string harm_by_connections_of(const char* vfs, const std::string& path, const Act& act) {
  Plain host(path, vfs);
  host.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t(v) VALUES(0)");
  host.close();
  SecondConnection second(path);
  if (second.run(act.begin) != SQLITE_OK) return "the second copy does not begin";
  const auto before = all_locks(path);
  for (int i = 0; i < 3; ++i) Plain(path, vfs, as_it_is).ask("SELECT count(*) FROM t");
  const auto after = all_locks(path);
  std::string harm;
  if (!std::includes(after.begin(), after.end(), before.begin(), before.end()))
    harm += "; its locks: " + text_of(before) + " became " + text_of(after);
  if (act.writes) {
    const std::string said = elsewhere(path, "BEGIN IMMEDIATE; ROLLBACK; SELECT 'begun'");
    if (is_allowed(said)) harm += "; another process got in: " + said;
    if (Plain(path, vfs, as_it_is).run("INSERT INTO t(v) VALUES(8)") != SQLITE_BUSY)
      harm += "; we wrote within its transaction";
  } else if (Plain(path, vfs, as_it_is).run("INSERT INTO t(v) VALUES(8)") != SQLITE_OK) {
    harm += "; we cannot write";
  }
  if (second.run("COMMIT") != SQLITE_OK || second.run("INSERT INTO t(v) VALUES(9)") != SQLITE_OK)
    harm += "; it cannot go on";
  if (elsewhere(path, "SELECT count(*) FROM t WHERE v = 9", 10000) != "1") harm += "; its row is lost";
  return harm;
}

}  // namespace second

BOOST_AUTO_TEST_CASE(our_connections_come_and_go_beside_a_second_sqlite) {
  const second::Act acts[] = {{"reading", "BEGIN; SELECT count(*) FROM t", false},
                              {"writing", "BEGIN IMMEDIATE; INSERT INTO t(v) VALUES(7)", true},
                              {"writing with a rollback journal",
                               "PRAGMA journal_mode = DELETE; BEGIN IMMEDIATE; INSERT INTO t(v) VALUES(7)", true}};
  bool control_hurt = false;
  for (const second::Act& act : acts) {
    BOOST_TEST_CONTEXT("the second copy is " << act.name) {
      const TemporaryDirectory directory;
      control_hurt |= !second::harm_by_connections_of(stock, directory.file("stock.db"), act).empty();
      const std::string harm = second::harm_by_connections_of(ours(), directory.file("ours.db"), act);
      BOOST_TEST(harm.empty(), harm);
    }
  }
  BOOST_TEST(control_hurt);
}
#endif

// The same copy of SQLite, but another VFS: its table of inodes does not know of our descriptors, nor we of it.
BOOST_AUTO_TEST_CASE(our_connections_come_and_go_beside_the_hosts_own) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("ours.db");
  Plain host(path, stock);
  host.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v); BEGIN IMMEDIATE; INSERT INTO t(v) VALUES(0)");
  const auto before = all_locks(path);
  BOOST_REQUIRE(!before.empty());
  for (int i = 0; i < 3; ++i) BOOST_TEST(Plain(path, ours()).ask("SELECT count(*) FROM t") == "0");
  BOOST_TEST(all_locks(path) == before, boost::test_tools::per_element());
  BOOST_TEST(Plain(path, ours()).run("INSERT INTO t(v) VALUES(1)") == SQLITE_BUSY);
  BOOST_TEST(!is_allowed(elsewhere(path, "BEGIN IMMEDIATE")));
  host.must("COMMIT");
  Plain own(path, ours());
  own.must("BEGIN IMMEDIATE; INSERT INTO t(v) VALUES(2)");
  const auto held = all_locks(path);
  BOOST_TEST(Plain(path, stock).run("INSERT INTO t(v) VALUES(3)") == SQLITE_BUSY);
  host.close();
  const auto kept = all_locks(path);
  BOOST_TEST(!is_allowed(elsewhere(path, "BEGIN IMMEDIATE")));
  own.must("COMMIT");
  BOOST_TEST(elsewhere(path, "SELECT group_concat(v) FROM t") == "0,2", text_of(held) << text_of(kept));
}

BOOST_AUTO_TEST_SUITE_END()

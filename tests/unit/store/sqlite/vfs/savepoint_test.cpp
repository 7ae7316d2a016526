// A bug of SQLite that loses acknowledged commits (3.40.1 and before; gone in 3.54): within a savepoint a transaction
// writes frames and writes some of them again, the savepoint is rolled back, the rest is committed. Its frames are then
// without checksums, and the next recovery ends before them. A writer that never spills is safe from it.
#include "unit/store/sqlite/vfs/second_copy.hpp"
#include "unit/store/sqlite/vfs/support.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace tse;
using namespace tse::test;

namespace {

constexpr const char* make_table =
    "CREATE TABLE pages(k INTEGER PRIMARY KEY, v);"
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 400) "
    "INSERT INTO pages SELECT x, hex(randomblob(300)) FROM c";

std::string update(int round, int which) {
  return "UPDATE pages SET v = hex(randomblob(300)) WHERE k % " + std::to_string(1 + (round * 7 + which * 5) % 9) +
         " = 0";
}

/// What a recovery of the files as they are now finds.
std::string after_a_crash(const std::string& path, const std::string& sql) {
  const std::string image = path + ".image";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(image + suffix);
  for (const char* suffix : {"", "-wal"}) std::filesystem::copy_file(path + suffix, image + suffix);
  return elsewhere(image, sql);
}

constexpr int rounds = 40;

/// In how many rounds a commit is lost that was acknowledged; `run` runs statements on a connection with a small cache.
template <typename Connection>
int lost_by(const std::string& path, const std::string& settings) {
  int lost = 0;
  for (int round = 0; round < rounds; ++round) {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
    Plain(path, stock).must(make_table);
    Connection connection(path);
    const std::string statements = "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 10;" + settings +
                                   "; BEGIN; SAVEPOINT s; " + update(round, 0) + "; " + update(round, 1) +
                                   "; ROLLBACK TO s; RELEASE s; CREATE TABLE acknowledged(x); COMMIT";
    if (connection.run(statements.c_str()) != SQLITE_OK) throw std::runtime_error("a statement failed");
    lost += after_a_crash(path, "SELECT count(*) FROM acknowledged") == "0" ? 0 : 1;
  }
  return lost;
}

struct Own : Plain {
  explicit Own(const std::string& path) : Plain(path, ours()) {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(spilled_savepoints)

#if !defined(TSE_SANITIZE_ADDRESS) && !defined(TSE_SANITIZE_THREAD)  // they know one copy of the C library
BOOST_AUTO_TEST_CASE(a_sqlite_that_spills_loses_commits) {
  const TemporaryDirectory directory(in_memory());
  const int lost = lost_by<SecondConnection>(directory.file("tasks.db"), "");
  BOOST_TEST_MESSAGE(SecondCopy::get().version() << ": " << lost << " of " << rounds);
  BOOST_TEST(lost > 0);
}
#endif

BOOST_AUTO_TEST_CASE(one_that_does_not_loses_none) {
  const TemporaryDirectory directory(in_memory());
  BOOST_TEST(lost_by<Own>(directory.file("tasks.db"), "PRAGMA cache_spill = OFF") == 0);
}

namespace {

/// A host that has SQLite save memory wherever it can, so that whoever may spill does.
class LittleMemory {
 public:
  LittleMemory() : before_(sqlite3_soft_heap_limit64(1)) {}
  ~LittleMemory() { sqlite3_soft_heap_limit64(before_); }
  LittleMemory(const LittleMemory&) = delete;
  LittleMemory& operator=(const LittleMemory&) = delete;

 private:
  const sqlite3_int64 before_;
};

}  // namespace

// The engine runs each change within a savepoint: one that is refused after it wrote much is rolled back like that.
BOOST_AUTO_TEST_CASE(a_change_beside_a_refused_one_is_not_lost) {
  const TemporaryDirectory directory(in_memory());
  const std::string path = directory.file("tasks.db");
  Plain(path, stock).must(std::string(make_table) + "; CREATE TABLE allowed(id CHECK (id NOT LIKE 'refused%'))");
  engine::Settings settings = patient_settings();
  settings.adopt = true;
  settings.housekeeping = std::chrono::microseconds(0);
  const LittleMemory little;
  const engine::Engine::Ptr tasks = engine::Engine::open(path, settings);
  for (int round = 0; round < rounds; ++round) {
    engine::Call call = patient();
    for (int which = 0; which < 2; ++which)
      call.also.push_back({update(round, which) + " AND :taskstate_id LIKE 'refused%'", {}, {}});
    call.also.push_back({"INSERT INTO allowed VALUES(:taskstate_id)", {}, {}});
    const std::string id = std::to_string(round);
    const std::vector<engine::Item> items{{new_task("z", "refused" + id)}, {new_task("z", "kept" + id)}};
    const std::uint64_t passed = store::sqlite::vfs::counts().passed;
    const auto results = engine::run(*tasks, items, call);
    BOOST_TEST(store::sqlite::vfs::counts().passed - passed <= 1U);  // the log's header: no frame is written again
    BOOST_REQUIRE(results.at(0).error);
    BOOST_REQUIRE(!results.at(1).error);
    BOOST_REQUIRE(after_a_crash(path, "SELECT count(*) FROM taskstate_tasks") == std::to_string(round + 1));
  }
  BOOST_TEST(engine::verify(*tasks, patient()).problems.empty());
}

BOOST_AUTO_TEST_SUITE_END()

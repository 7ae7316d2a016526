// Writers through our VFS and through SQLite's own on one file, readers and checks by SQLite's shell, checkpoints that
// restart and cut off the log, processes killed with -9 at any moment and recovery by whoever comes first: no
// acknowledged row is lost, no snapshot is torn, the file stays whole.
//   TSE_SECONDS=600 TSE_SEED=7 build/release/tests/vfs --run_test=hunt
#include "unit/store/sqlite/vfs/support.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <iostream>
#include <random>
#include <thread>

namespace tse::test {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using Random = std::mt19937_64;
std::size_t below(Random& random, std::size_t bound) { return random() % bound; }

/// Which kinds there are: each row is of one writer.
struct Kind {
  enum { ours, stock, python } vfs;
  const char* pragmas;
};
constexpr std::size_t writers = 6;
constexpr std::array<Kind, writers> kinds{{{Kind::ours, "PRAGMA synchronous = FULL"},
                                           {Kind::ours, "PRAGMA synchronous = NORMAL; PRAGMA cache_size = 5"},
                                           {Kind::ours, "PRAGMA synchronous = FULL; PRAGMA cache_size = 5"},
                                           {Kind::stock, "PRAGMA synchronous = NORMAL; PRAGMA cache_size = 5"},
                                           {Kind::python, "PRAGMA synchronous = FULL"},
                                           {Kind::python, "PRAGMA synchronous = NORMAL; PRAGMA cache_size = 5"}}};

/// The file, and the number of the last row that each writer was told to be there.
struct Field {
  std::string database;
  int acknowledged = -1;
};

/// One writer, until it is killed. Whatever is wrong it throws.
class Worker {
 public:
  Worker(const Field& field, std::size_t id, std::uint64_t seed)
      : field_(field), id_(id), random_(seed), connection_(connect()) {
    number_ = connection_.number("SELECT coalesce(max(k), 0) FROM ledger WHERE w = " + std::to_string(id_));
  }
  void work() {
    if (below(random_, 4) == 0) look();
    change();
    if (below(random_, 50) == 0)
      connection_.must(below(random_, 3) != 0 ? "PRAGMA wal_checkpoint(RESTART)" : "PRAGMA wal_checkpoint(TRUNCATE)");
    if (below(random_, 100) == 0) {
      connection_.close();
      connection_ = connect();
    }
  }

 private:
  // Patient, so that no checkpoint is content with less than the write lock: SQLite's WAL-reset bug would be found.
  Plain connect() {
    return Plain(field_.database, kinds.at(id_).vfs == Kind::ours ? ours() : stock, kinds.at(id_).pragmas, for_long);
  }
  void look() {
    connection_.must("BEGIN");
    const std::int64_t counter = connection_.number("SELECT n FROM counter");
    const std::int64_t rows = connection_.number("SELECT count(*) FROM ledger");
    connection_.must("COMMIT");
    if (counter != rows)
      throw std::runtime_error("a snapshot with counter " + std::to_string(counter) + " and " + std::to_string(rows) +
                               " rows");
  }
  void change() {
    connection_.must("BEGIN IMMEDIATE");
    // More than a small cache holds, so that frames are written before it is known whether they are kept.
    const std::size_t count = 1 + below(random_, below(random_, 6) == 0 ? 100 : 3);
    for (std::size_t i = 1; i <= count; ++i)
      connection_.must("UPDATE counter SET n = n + 1; INSERT INTO ledger VALUES(" + std::to_string(id_) + ", " +
                       std::to_string(number_ + static_cast<std::int64_t>(i)) + ", hex(zeroblob(" +
                       std::to_string(below(random_, count > 10 ? 1200 : 600)) + ")))");
    if (below(random_, count > 10 ? 2 : 8) == 0) return connection_.must("ROLLBACK");
    connection_.must("COMMIT");
    number_ += static_cast<std::int64_t>(count);
    (void)!::pwrite(field_.acknowledged, &number_, sizeof number_, static_cast<off_t>(sizeof number_ * id_));
  }

  const Field& field_;
  const std::size_t id_;
  Random random_;
  Plain connection_;
  std::int64_t number_ = 0;
};

pid_t start(const Field& field, std::size_t id, std::uint64_t seed) {
  if (kinds.at(id).vfs != Kind::python) {
    return spawn([&]() -> int {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (Worker worker(field, id, seed);;) worker.work();
    });
  }
  const std::string number = std::to_string(id);
  const std::string descriptor = std::to_string(field.acknowledged);
  const std::string own_seed = std::to_string(seed);
  std::array<const char*, 8> arguments{"python3",          TSE_STOCK_WORKER, field.database.c_str(), number.c_str(),
                                       descriptor.c_str(), own_seed.c_str(), kinds.at(id).pragmas,   nullptr};
  pid_t pid = 0;
  if (::posix_spawnp(&pid, "python3", nullptr, nullptr, const_cast<char* const*>(arguments.data()), environ) != 0)
    throw std::runtime_error("python3");
  return pid;
}

class Hunt {
 public:
  explicit Hunt(std::uint64_t seed) : random_(seed) {
    field_.database = directory_.file("ledger.db");
    field_.acknowledged = ::open(directory_.file("acknowledged").c_str(), O_RDWR | O_CREAT, 0600);
    // In the log from the start: who comes first need not switch to it while others do.
    Plain(field_.database, stock)
        .must(
            "CREATE TABLE counter(n); INSERT INTO counter VALUES(0);"
            "CREATE TABLE ledger(w, k, pad, PRIMARY KEY(w, k)) WITHOUT ROWID");
  }
  ~Hunt() {
    for (const pid_t each : running_)
      if (each > 0) ::kill(each, SIGKILL), ::waitpid(each, nullptr, 0);
    ::close(field_.acknowledged);
  }
  Hunt(const Hunt&) = delete;
  Hunt& operator=(const Hunt&) = delete;

  void run(steady_clock::time_point end) {
    for (std::size_t id = 0; id < writers; ++id) start_anew(id);
    while (steady_clock::now() < end && violations.size() < 5) {
      std::this_thread::sleep_for(100ms + std::chrono::milliseconds(below(random_, 400)));
      act();
      for (std::size_t id = 0; id < writers; ++id) notice_an_end(id);
    }
    for (std::size_t id = 0; id < writers; ++id) kill_one(id);
    verify();
  }

  std::vector<std::string> violations;
  std::int64_t kills = 0;
  std::int64_t checks = 0;
  std::int64_t rows = 0;

 private:
  void act() {
    const std::size_t choice = below(random_, 100);
    if (choice < 55) {
      const std::size_t victim = below(random_, writers);
      kill_one(victim);
      start_anew(victim);
    } else if (choice < 70) {
      kill_all();
    } else {
      check("BEGIN; SELECT (SELECT n FROM counter) - (SELECT count(*) FROM ledger); COMMIT; PRAGMA quick_check",
            "0\nok");
    }
  }
  // Then whoever comes first recovers: the shell, or one of the writers in any order.
  void kill_all() {
    for (std::size_t id = 0; id < writers; ++id) kill_one(id);
    if (below(random_, 2) == 0) check("SELECT (SELECT n FROM counter) - (SELECT count(*) FROM ledger)", "0");
    std::array<std::size_t, writers> order{};
    for (std::size_t id = 0; id < writers; ++id) order.at(id) = id;
    std::shuffle(order.begin(), order.end(), random_);
    for (const std::size_t id : order) start_anew(id);
  }
  void check(const char* sql, const char* expected) {
    ++checks;
    const std::string said = elsewhere(field_.database, sql, for_long);
    if (said != expected) violations.push_back("the shell says " + said);
  }
  void start_anew(std::size_t id) { running_.at(id) = start(field_, id, random_()); }
  void kill_one(std::size_t id) {
    ::kill(running_.at(id), SIGKILL);
    const int code = wait_for(std::exchange(running_.at(id), 0));
    ++kills;
    if (code != 128 + SIGKILL)
      violations.push_back("writer " + std::to_string(id) + " ended with " + std::to_string(code));
  }
  // None ends by itself but for something that is wrong.
  void notice_an_end(std::size_t id) {
    int status = 0;
    if (::waitpid(running_.at(id), &status, WNOHANG) == 0) return;
    violations.push_back("writer " + std::to_string(id) + " ended: " + std::to_string(status));
    start_anew(id);
  }
  void verify() {
    Plain last(field_.database, stock, "", for_long);
    const std::string check = last.ask("PRAGMA integrity_check");
    if (check != "ok") return violations.push_back(check);
    rows = last.number("SELECT count(*) FROM ledger");
    if (last.number("SELECT n FROM counter") != rows) violations.push_back("the counter is not the number of rows");
    for (std::size_t id = 0; id < writers; ++id) {
      std::int64_t told = 0;
      (void)!::pread(field_.acknowledged, &told, sizeof told, static_cast<off_t>(sizeof told * id));
      const std::string whose = " FROM ledger WHERE w = " + std::to_string(id);
      const std::int64_t newest = last.number("SELECT coalesce(max(k), 0)" + whose);
      if (last.number("SELECT count(*)" + whose) != newest) violations.push_back("a gap in the rows of one writer");
      if (newest < told) violations.push_back("acknowledged rows are lost: " + std::to_string(told - newest));
    }
  }

  const TemporaryDirectory directory_{in_memory()};
  Field field_;
  Random random_;
  std::array<pid_t, writers> running_{};
};

}  // namespace

BOOST_AUTO_TEST_CASE(hunt) {
  const std::size_t seed = setting("TSE_SEED", 1);
  (void)ours();  // registered before the processes are made
  Hunt field(seed);
  field.run(steady_clock::now() + std::chrono::seconds(setting("TSE_SECONDS", 8)));
  for (const std::string& each : field.violations) BOOST_ERROR(each);
  BOOST_TEST(field.rows > 0);
  std::cout << "measured: " << field.kills << " kills, " << field.checks << " checks by the shell\n"
            << "campaign: vfs-hunt: " << field.rows << " rows, " << field.violations.size() << " violations, seed "
            << seed << '\n';
}

}  // namespace tse::test

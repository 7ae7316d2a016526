// The same statements at random through our VFS and through SQLite's own: the same results, the same contents, and
// after a crash at any moment the same database.
//   TSE_SECONDS=600 TSE_SEED=7 build/release/tests/vfs --run_test=vfs_fuzz
#include "unit/store/sqlite/vfs/support.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <random>

namespace tse::test {

namespace {

using Random = std::mt19937_64;
std::size_t below(Random& random, std::size_t bound) { return random() % bound; }

constexpr const char* check_sum =
    "SELECT count(*) || ' ' || coalesce(sum(k), 0) || ' ' || coalesce(sum(length(v) * (k % 9973)), 0) || ' ' || "
    "coalesce(sum(unicode(substr(v, 1 + k % 7, 1))), 0) FROM t";

struct Side {
  std::string path;
  const char* vfs;
};

/// What both are opened with.
struct Shape {
  std::string uri;       ///< its parameters
  std::string settings;  ///< pragmas
};

Shape any_shape(Random& random) {
  Shape shape;
  if (below(random, 5) == 0) shape.uri = "?psow=0";
  const std::size_t cache = below(random, 3) != 0 ? 2 + below(random, 8) : 200;
  shape.settings = "PRAGMA cache_size = " + std::to_string(cache) +
                   "; PRAGMA page_size = " + std::to_string(512U << below(random, 4)) + "; PRAGMA journal_mode = WAL;" +
                   "CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY, v TEXT); CREATE INDEX IF NOT EXISTS ti ON t(v)";
  return shape;
}

Plain open(const Side& side, const Shape& shape) {
  return Plain("file:" + side.path + shape.uri, side.vfs, shape.settings);
}

std::string number(std::size_t value) { return std::to_string(value); }

std::string pragma(Random& random) {
  static constexpr const char* of[] = {
      "synchronous = FULL",      "synchronous = NORMAL",     "synchronous = OFF",          "wal_checkpoint(PASSIVE)",
      "wal_checkpoint(RESTART)", "wal_checkpoint(TRUNCATE)", "journal_size_limit = 20000", "journal_size_limit = -1",
      "locking_mode = NORMAL",   "locking_mode = NORMAL",    "locking_mode = EXCLUSIVE",   "journal_mode = WAL",
      "journal_mode = WAL",      "journal_mode = DELETE",    "journal_mode = TRUNCATE",    "cache_spill = OFF",
      "cache_spill = ON",        "incremental_vacuum"};
  return std::string("PRAGMA ") + of[below(random, std::size(of))];
}

std::string any_statement(Random& random) {
  static constexpr const char* transaction[] = {"BEGIN",    "BEGIN IMMEDIATE", "COMMIT",        "COMMIT",
                                                "ROLLBACK", "SAVEPOINT s",     "ROLLBACK TO s", "RELEASE s"};
  switch (below(random, 20)) {
    default: return transaction[below(random, std::size(transaction))];
    case 8:
    case 9:
    case 10: return pragma(random);
    case 11: return "DELETE FROM t WHERE k % " + number(2 + below(random, 9)) + " = " + number(below(random, 2));
    case 12:
    case 13:
      return "UPDATE t SET v = hex(k * " + number(below(random, 99999)) + ") || v WHERE k % " +
             number(1 + below(random, 20)) + " = 0";
    case 14: return below(random, 6) == 0 ? "VACUUM" : "SELECT sum(length(v)) FROM t";
    case 15:
    case 16:
    case 17:
    case 18:
    case 19:
      return "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < " +
             number(1 + below(random, 60)) + ") INSERT OR REPLACE INTO t SELECT (x * " +
             number(1 + below(random, 500)) + " + " + number(below(random, 1000)) + ") % 700, printf('%.*c', " +
             number(1 + below(random, 900)) + " + x % 50, char(65 + x % 26)) FROM c";
  }
}

/// What a recovery by SQLite's own VFS makes of the files as they are now.
std::string after_a_crash(const std::string& path) {
  const std::string image = path + ".image";
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::filesystem::remove(image + suffix);
    if (std::string(suffix) != "-shm" && std::filesystem::exists(path + suffix))
      std::filesystem::copy_file(path + suffix, image + suffix);
  }
  Plain recovered(image, stock, "");
  return recovered.ask(check_sum) + ' ' + recovered.ask("PRAGMA integrity_check");
}

struct Counted {
  std::int64_t steps = 0;
  std::int64_t images = 0;
};

/// The first difference, with the statements that led to it; nothing if there is none.
std::string difference(Random& random, const std::string& directory, Counted& counted) {
  const Side sides[] = {{directory + "/ours.db", ours()}, {directory + "/stock.db", stock}};
  for (const Side& side : sides)
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(side.path + suffix);
  const Shape shape = any_shape(random);
  Plain own = open(sides[0], shape);
  Plain control = open(sides[1], shape);
  std::string story = shape.uri + ' ' + shape.settings + '\n';
  for (int step = 0; step < 120; ++step, ++counted.steps) {
    const std::string statement = any_statement(random);
    story += statement + '\n';
    const int code = own.run(statement);
    const int expected = control.run(statement);
    if (code != expected) return story + "result " + number(code & 0xffff) + ", not " + number(expected & 0xffff);
    if (sqlite3_get_autocommit(own.handle()) != sqlite3_get_autocommit(control.handle())) return story + "transaction";
    if (below(random, 3) == 0 && own.ask(check_sum) != control.ask(check_sum))
      return story + own.ask(check_sum) + ", not " + control.ask(check_sum);
    if (below(random, 12) == 0) {
      ++counted.images;
      const std::string found = after_a_crash(sides[0].path);
      const std::string as_stock = after_a_crash(sides[1].path);
      if (found != as_stock) return story + "after a crash " + found + ", not " + as_stock;
    }
    if (below(random, 60) == 0 && sqlite3_get_autocommit(own.handle()) != 0) {
      own.close();
      control.close();
      own = open(sides[0], shape);
      control = open(sides[1], shape);
      story += "-- opened again\n";
    }
  }
  own.run("ROLLBACK");
  const std::string check = own.ask("PRAGMA integrity_check");
  return check == "ok" ? std::string() : story + check;
}

}  // namespace

BOOST_AUTO_TEST_CASE(vfs_fuzz) {
  const std::size_t seed = setting("TSE_SEED", 1);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(setting("TSE_SECONDS", 4));
  const TemporaryDirectory directory(in_memory());
  Counted counted;
  int violations = 0;
  const std::size_t at_least = setting("TSE_FUZZ_ROUNDS", 1);
  for (std::size_t round = 0; (round < at_least || std::chrono::steady_clock::now() < end) && violations < 5; ++round) {
    Random random(seed * 1'000'003 + round);
    const std::string found = difference(random, directory.file(""), counted);
    violations += found.empty() ? 0 : 1;
    BOOST_TEST(found.empty(), "round " << round << " of seed " << seed << ":\n" << found);
  }
  BOOST_TEST(counted.images > 0);
  std::cout << "measured: " << counted.images << " crash images\n"
            << "campaign: vfs-fuzz: " << counted.steps << " statements, " << violations << " violations, seed " << seed
            << '\n';
}

}  // namespace tse::test

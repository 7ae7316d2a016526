// A random client with plain SQL: whatever it writes into the tables of taskstate, with NULL in any column and under
// any conflict policy, is refused or keeps the rules about tasks. What it makes of the tables beside them, verify()
// finds.
#include "unit/store/support.hpp"

#include "store/sqlite/connection.hpp"
#include "store/sqlite/verify.hpp"

#include <taskstate/state_machine.hpp>

#include <cstdlib>
#include <map>
#include <random>

using namespace store_test;
using store::sqlite::Connection;
using store::sqlite::Query;

BOOST_AUTO_TEST_SUITE(store_attacker)

namespace {

/// How many statements; TSE_ATTACKS=N for more, TSE_SEED=N for others.
std::uint64_t from_environment(const char* name, std::uint64_t usual) {
  const char* const text = std::getenv(name);
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

using Record = std::map<std::string, core::Text>;  // by column
using Table = std::map<std::string, Record>;       // by key

Table read_table(Connection& connection, const std::string& name, const std::vector<std::string>& key) {
  Table table;
  const std::string sql = "SELECT * FROM " + name;
  sqlite3_stmt* const statement = connection.prepare(sql);
  Query query(connection, sql);
  while (query.step()) {
    Record record;
    for (int i = 0; i < sqlite3_column_count(statement); ++i)
      record[sqlite3_column_name(statement, i)] = query.optional_text(i);
    std::string at;
    for (const std::string& column : key) at += record[column].value_or("NULL") + "/";
    table[at] = std::move(record);
  }
  return table;
}

/// All that the rules are about.
struct Content {
  Table tasks, events, payloads, results, keys, meta, counters, metrics, pauses;

  explicit Content(Connection& connection)
      : tasks(read_table(connection, "taskstate_tasks", {"zone_id", "id"})),
        events(read_table(connection, "taskstate_events", {"seq"})),
        payloads(read_table(connection, "taskstate_payloads", {"task_seq"})),
        results(read_table(connection, "taskstate_results", {"task_seq"})),
        keys(read_table(connection, "taskstate_idempotency", {"zone_id", "key"})),
        meta(read_table(connection, "taskstate_meta", {"one"})),
        counters(read_table(connection, "taskstate_counters", {"zone_id", "operation"})),
        metrics(read_table(connection, "taskstate_metrics", {"name", "bucket"})),
        pauses(read_table(connection, "taskstate_pauses", {"kind", "name"})) {}
};

bool has_ended(const core::Text& status) { return status == "completed" || status == "failed"; }

bool went_back(const Record& before, const Record& after, const char* column) {
  const core::Text& now = after.at(column);
  return !now || std::stoll(*now) < std::stoll(*before.at(column));
}

/// What the second content breaks of SPEC's rules, seen from the first; empty if nothing.
class Judge {
 public:
  Judge(const Content& before, const Content& after) : before_(before), after_(after) {}

  std::string verdict() {
    for (const auto& [key, task] : after_.tasks) judge_task(key, task);
    for (const auto& [key, task] : before_.tasks)
      if (!after_.tasks.contains(key) && !has_ended(task.at("status"))) broken_ += key + " died alive; ";
    for (const auto& [seq, event] : before_.events) judge_event(seq, event);
    judge_fixed(before_.payloads, after_.payloads, "a payload");
    judge_fixed(before_.results, after_.results, "a result");
    judge_fixed(before_.keys, after_.keys, "an idempotency key");
    judge_fixed(before_.pauses, after_.pauses, "a pause");
    for (const auto& [key, record] : before_.metrics)
      if (!after_.metrics.contains(key) || went_back(record, after_.metrics.at(key), "value"))
        broken_ += "a metric went back; ";
    for (const auto& [key, record] : before_.counters)
      if (!after_.counters.contains(key)) broken_ += "a counter is gone; ";
    judge_meta();
    return broken_;
  }

 private:
  void judge_fixed(const Table& was, const Table& is, const char* what) {
    for (const auto& [key, record] : was)
      if (is.contains(key) && is.at(key) != record) broken_ += std::string(what) + " changed; ";
  }
  void judge_task(const std::string& key, const Record& task) {
    const auto fail = [&](const char* why) { broken_ += key + " " + why + "; "; };
    const core::Text status = task.at("status");
    const auto parsed = status ? taskstate::status_from_string(*status) : std::nullopt;
    if (!parsed) return fail("has no status");
    if (status == "completed" && !task.at("install_id") && !task.at("result_href") && !task.at("result_media_type"))
      fail("leads nowhere");
    if ((status == "failed") != task.at("error_message").has_value()) fail("has a message or lacks one");
    if (!before_.tasks.contains(key)) {
      if (status != "pending" || task.at("revision") != "1") fail("is not born new");
      return;
    }
    const Record& old = before_.tasks.at(key);
    const auto was = *taskstate::status_from_string(*old.at("status"));
    if (has_ended(old.at("status")) && task != old) fail("changed after its end");
    if (was != *parsed && !taskstate::can_transition(was, *parsed)) fail("made an illegal move");
    for (const char* column : {"seq", "zone_id", "id", "operation", "created_at"})
      if (task.at(column) != old.at(column)) fail("has another key");
    for (const char* column : {"install_id", "package_id", "package_slug"})
      if (old.at(column) && task.at(column) != old.at(column)) fail("lost what is written once");
    for (const char* column : {"revision", "version", "epoch", "attempt", "updated_at", "last_event"})
      if (went_back(old, task, column)) fail("went back");
    if (task != old && task.at("version") == old.at("version")) fail("changed without a new version");
  }
  void judge_event(const std::string& seq, const Record& event) {
    const auto now = after_.events.find(seq);
    if (now != after_.events.end() && now->second != event) broken_ += "an event changed; ";
    if (now != after_.events.end() || !event.at("task_seq")) return;  // verify() counts the purges
    for (const auto& [key, task] : after_.tasks)
      if (task.at("seq") == event.at("task_seq") && before_.tasks.contains(key)) broken_ += "an event is gone; ";
  }
  void judge_meta() {
    if (after_.meta.size() != 1) {
      broken_ += "taskstate_meta has not one row; ";
      return;
    }
    const Record &was = before_.meta.begin()->second, &is = after_.meta.begin()->second;
    for (const char* column : {"schema", "min_reader", "min_writer", "schema_hash"})
      if (was.at(column) != is.at(column)) broken_ += std::string(column) + " changed; ";
    for (const char* column : {"feed_floor", "purged_through", "counted_through", "fence"})
      if (went_back(was, is, column)) broken_ += std::string(column) + " went back; ";
  }

  const Content& before_;
  const Content& after_;
  std::string broken_;
};

/// Whether the counters say how many tasks there are.
bool is_counted(Connection& connection) {
  constexpr const char* sql =
      "SELECT count(*) FROM (SELECT zone_id, operation, sum(status = 'pending'), sum(status = 'running'), "
      "sum(status = 'completed'), sum(status = 'failed') FROM taskstate_tasks GROUP BY 1, 2 "
      "EXCEPT SELECT zone_id, operation, pending, running, completed, failed FROM taskstate_counters)";
  return connection.integer(sql) == 0;
}

/// Writes statements.
class Attacker {
 public:
  explicit Attacker(std::uint64_t seed) : random_(seed) {}

  std::string statement(Connection& connection) {
    const std::string table = one_of(tables_);
    std::vector<std::string> columns;
    Query query(connection, "SELECT name FROM pragma_table_info(?1)");
    query.bind(1, table);
    while (query.step()) columns.push_back(query.text(0));
    switch (random(5)) {
      case 0: return "DELETE FROM " + table + where(columns);
      case 1: return insertion(table, columns);
      default: return update(table, columns);
    }
  }

 private:
  std::size_t random(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }
  template <class Choices>
  std::string one_of(const Choices& choices) {
    return choices.at(random(choices.size()));
  }
  std::string policy() { return one_of(policies_); }
  std::string where(const std::vector<std::string>& columns) {
    if (random(4) == 0) return {};
    return " WHERE " + one_of(columns) + one_of(std::vector<std::string>{" IS ", " IS NOT ", " >= "}) + value();
  }
  std::string value() { return random(3) == 0 ? "NULL" : one_of(values_); }
  std::string insertion(const std::string& table, const std::vector<std::string>& columns) {
    std::string names, values;
    const bool copied = random(3) == 0;  // of a row that is there, with some of it changed
    for (const std::string& column : columns) {
      if (!copied && random(3) == 0) continue;
      names += (names.empty() ? "" : ", ") + column;
      const bool own = !copied || random(4) == 0;
      values += (values.empty() ? "" : ", ") + (own ? fitting(column) : column);
    }
    if (names.empty()) return "INSERT" + policy() + " INTO " + table + " DEFAULT VALUES";
    std::string sql = "INSERT" + policy() + " INTO " + table + " (" + names + ") ";
    sql += copied ? "SELECT " + values + " FROM " + table + where(columns) + " LIMIT 1" : "VALUES (" + values + ")";
    if (!copied && random(6) == 0) {
      const std::string column = one_of(columns);
      sql += " ON CONFLICT DO UPDATE SET " + column + " = " + fitting(column);
    }
    return sql;
  }
  std::string update(const std::string& table, const std::vector<std::string>& columns) {
    std::string sql = "UPDATE" + policy() + " " + table + " SET ";
    const std::size_t count = 1 + random(3);
    std::vector<std::string> chosen;
    while (chosen.size() < count) {
      const std::string column = one_of(columns);
      if (std::find(chosen.begin(), chosen.end(), column) != chosen.end()) {
        if (chosen.size() == columns.size()) break;
        continue;
      }
      sql += (chosen.empty() ? "" : ", ") + column + " = " + fitting(column);
      chosen.push_back(column);
    }
    // A move as it is meant, so that some get through.
    if (table == "taskstate_tasks" && random(4) == 0)
      sql =
          "UPDATE" + policy() + " taskstate_tasks SET " + one_of(moves_) + (random(2) == 0 ? ", " + chosen_set() : "");
    if (table == "taskstate_tasks" && random(4) == 0)
      sql += ", version = version + 1, revision = revision + 1, last_event = (SELECT max(seq) FROM taskstate_events)";
    return sql + where(columns);
  }
  std::string chosen_set() { return one_of(std::vector<std::string>{"epoch = NULL", "attempt = 0", "worker = 'w'"}); }
  std::string fitting(const std::string& column) {
    switch (random(6)) {
      case 0: return "NULL";
      case 1: return column + " + 1";
      case 2: return column + " - 1";
      case 3: return column;
      default: return value();
    }
  }

  std::mt19937_64 random_;
  const std::vector<std::string> tables_{
      "taskstate_tasks",    "taskstate_tasks",       "taskstate_tasks",      "taskstate_events",   "taskstate_payloads",
      "taskstate_meta",     "taskstate_idempotency", "taskstate_tombstones", "taskstate_counters", "taskstate_results",
      "taskstate_erasures", "taskstate_metrics",     "taskstate_settings",   "taskstate_pauses",   "taskstate_events"};
  const std::vector<std::string> policies_{"", "", " OR REPLACE", " OR REPLACE", " OR IGNORE", " OR FAIL", " OR ABORT"};
  const std::vector<std::string> values_{"0",
                                         "1",
                                         "2",
                                         "3",
                                         "5",
                                         "-1",
                                         "1000000",
                                         "9000000000000000",
                                         "'z'",
                                         "'a'",
                                         "'b'",
                                         "'c'",
                                         "'new'",
                                         "'k'",
                                         "'create'",
                                         "'delete'",
                                         "'pending'",
                                         "'running'",
                                         "'completed'",
                                         "'failed'",
                                         "'purged'",
                                         "x'00'",
                                         "''",
                                         "'/r'",
                                         "'clock'",
                                         "'text/plain'",
                                         "'zone'",
                                         "'waiting'",
                                         "(SELECT max(seq) FROM taskstate_events)",
                                         "(SELECT max(seq) + 1 FROM taskstate_events)",
                                         "zeroblob(16)",
                                         "1.5",
                                         "'0123456789abcdef0123456789abcdef'"};
  const std::vector<std::string> moves_{"status = 'running'", "status = 'completed', install_id = 'i'",
                                        "status = 'failed', error_message = 'm'", "status = NULL",
                                        "status = 'pending'"};
};

}  // namespace

BOOST_AUTO_TEST_CASE(whatever_a_plain_client_writes_keeps_the_rules_or_is_found) {
  const TempDirectory directory;
  const std::string path = directory.path();
  {
    const auto store = open(path);
    for (const char* id : {"a", "b", "c", "d", "e"})
      must(*store, [&](store::Session& session) {
        session.insert(new_row("z", id), "payload");
        keep_replay(session, "z", std::string("k") + id, {2, std::string(16, 'x'), id, 9'000'000'000'000'000});
      });
    for (const char* id : {"b", "c", "d"}) start(*store, {"z", id});
    std::int64_t epoch = 0;
    must(*store, [&](store::Session& session) { epoch = session.lease(1000).epoch; });
    change(*store, {"z", "e"}, core::Start{core::Grant{epoch, 9'000'000'000'000'000, "clock", "w"}});
    complete(*store, {"z", "c"});
    fail(*store, {"z", "d"});
    create(*store, "z", "f");
    start(*store, {"z", "f"});
    must(*store, [](store::Session& session) {
      const core::Row before = *session.read({"z", "f"});
      core::Complete intent;
      intent.additions.install_id = "i";
      core::Context context;
      context.now = 3'000'000;
      core::Row next = std::get<core::Steps>(core::apply(before, intent, context)).front();
      next.result_media_type = "text/plain";
      BOOST_REQUIRE((session.replace(before, next) == store::Replaced::done));
      session.keep_result({"z", "f"}, "r", 9'000'000'000'000'000);
    });
    create(*store, "z", "g");
    start(*store, {"z", "g"});
    complete(*store, {"z", "g"});
    must(*store, [](store::Session& session) { remove(session, {"z", "g"}, 5'000'000); });  // metrics are folded
    BOOST_TEST(shell(path,
                     "INSERT INTO taskstate_pauses VALUES ('zone', 'z', 5, 'me');"
                     "INSERT INTO taskstate_settings VALUES ('a', '1');") == "");
  }
  Connection connection(store::sqlite::file_uri(path, ""), SQLITE_OPEN_READWRITE);
  connection.execute("BEGIN", "begin");
  const std::uint64_t seed = from_environment("TSE_SEED", 1);
  Attacker attacker(seed);
  std::size_t done = 0, refused = 0, found = 0;
  for (std::uint64_t i = 0; i < from_environment("TSE_ATTACKS", 4000); ++i) {
    // From time to time all begins again, as not much is left of it.
    if (i % 200 == 0) connection.execute("ROLLBACK; BEGIN", "begin again");
    const std::string sql = attacker.statement(connection);
    connection.execute("SAVEPOINT attack", "save");
    const Content before(connection);
    if (sqlite3_exec(connection.handle(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      ++refused;
      if (!connection.in_transaction()) connection.execute("BEGIN", "begin again");
      else connection.execute("ROLLBACK TO attack; RELEASE attack", "undo");
      continue;
    }
    ++done;
    const Content after(connection);
    const std::string broken = Judge(before, after).verdict();
    const bool is_found = !store::sqlite::verify_all(connection).problems.empty();
    found += is_found ? 1 : 0;
    BOOST_TEST((is_found || is_counted(connection)), "seed " << seed << ", statement " << i << ": " << sql);
    BOOST_TEST(broken.empty(), "seed " << seed << ", statement " << i << ": " << sql << "\n " << broken);
    connection.execute(is_found ? "ROLLBACK TO attack; RELEASE attack" : "RELEASE attack", "go on");
  }
  BOOST_TEST_MESSAGE(done << " statements went through, verify() found " << found << ", " << refused
                          << " were refused");
  BOOST_TEST(done > found);
  BOOST_TEST(refused > 0u);
}

BOOST_AUTO_TEST_SUITE_END()

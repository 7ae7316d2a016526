// The schema restates core's rules about single values: both give the same verdict on values around each limit.
#include "core/range.hpp"
#include "core/validate.hpp"
#include "unit/store/support.hpp"

#include <taskstate/contract/kinds.hpp>
#include <taskstate/contract/limits.hpp>

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <limits>
#include <random>
#include <string_view>

using namespace store_test;

BOOST_AUTO_TEST_SUITE(store_rules)

namespace {

namespace limit = taskstate::contract::limit;

struct Bytes {
  std::string bytes;
};
using Value = std::variant<std::string, std::int64_t, Bytes>;

/// Tables of the schema alone: no guard stands in the way of a row that would take a history to come about.
class Tables {
 public:
  Tables() {
    const TempDirectory directory;
    (void)open(directory.path());
    const Connection made(directory.path());
    connection_.run("PRAGMA foreign_keys = OFF");
    Statement tables(made, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name GLOB 'taskstate_*'");
    while (tables.step()) connection_.run(tables.text(0));
  }

  /// Whether a row may stand in the table that has this value beside those that `others` gives.
  bool allows(const std::string& table, const std::string& column, const std::string& others, const Value& value) {
    const std::size_t space = others.find(" VALUES ");
    const std::string sql = "INSERT INTO " + table + " (" + column + ", " + others.substr(0, space) + ") VALUES (?1, " +
                            others.substr(space + 8) + ")";
    connection_.run("SAVEPOINT one");
    bool allowed = false;
    {
      Statement insert(connection_, sql);
      insert.bind(value);
      allowed = insert.succeeds();
    }
    connection_.run("ROLLBACK TO one");
    connection_.run("RELEASE one");
    return allowed;
  }

 private:
  class Connection {
   public:
    explicit Connection(const std::string& path = ":memory:") {
      BOOST_REQUIRE(sqlite3_open(path.c_str(), &handle) == 0);
    }
    ~Connection() { sqlite3_close(handle); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    void run(const std::string& sql) const {
      BOOST_REQUIRE_MESSAGE(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == 0, sqlite3_errmsg(handle));
    }
    sqlite3* handle = nullptr;
  };
  class Statement {
   public:
    Statement(const Connection& connection, const std::string& sql) {
      BOOST_REQUIRE_MESSAGE(sqlite3_prepare_v2(connection.handle, sql.c_str(), -1, &statement_, nullptr) == 0,
                            sql << ": " << sqlite3_errmsg(connection.handle));
    }
    ~Statement() { sqlite3_finalize(statement_); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    bool step() { return sqlite3_step(statement_) == SQLITE_ROW; }
    bool succeeds() {
      const int code = sqlite3_step(statement_);
      BOOST_REQUIRE((code == SQLITE_DONE || code == SQLITE_CONSTRAINT));
      return code == SQLITE_DONE;
    }
    std::string text(int column) { return reinterpret_cast<const char*>(sqlite3_column_text(statement_, column)); }
    void bind(const Value& value) {
      if (const auto* const number = std::get_if<std::int64_t>(&value)) {
        sqlite3_bind_int64(statement_, 1, *number);
      } else if (const auto* const blob = std::get_if<Bytes>(&value)) {
        sqlite3_bind_blob64(statement_, 1, blob->bytes.data(), blob->bytes.size(), SQLITE_STATIC);
      } else {
        const auto& text = std::get<std::string>(value);
        sqlite3_bind_text64(statement_, 1, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
      }
    }

   private:
    sqlite3_stmt* statement_ = nullptr;
  };

  Connection connection_;
};

// ---- Values

/// Valid UTF-8: what is none, SQL does not know.
std::vector<Value> texts_around(const std::vector<std::int64_t>& lengths) {
  static const std::vector<std::string> letters{"a",
                                                "Z",
                                                "7",
                                                "_",
                                                ".",
                                                "-",
                                                "~",
                                                "/",
                                                " ",
                                                "\x7f",
                                                "\n",
                                                "\\",
                                                "\"",
                                                "\xc3\xa9",
                                                "\xc2\x85",
                                                "\xe2\x82\xac",
                                                std::string(1, '\0')};
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same each time
  const auto any = [&](std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random); };
  std::vector<Value> values{std::string("."), std::string(".."), std::string("..."), std::string("create")};
  for (const std::int64_t length : lengths)
    for (const std::int64_t bytes : {length - 1, length, length + 1}) {
      if (bytes < 0) continue;
      for (const std::string& letter : letters) {  // one of them among others, anywhere
        std::string text(static_cast<std::size_t>(bytes), 'a');
        if (text.size() >= letter.size()) text.replace(any(text.size() - letter.size() + 1), letter.size(), letter);
        values.emplace_back(std::move(text));
      }
    }
  for (int i = 0; i < 500; ++i) {
    std::string text;
    for (std::size_t left = any(6); left > 0; --left) text += letters[any(letters.size())];
    values.emplace_back(std::move(text));
  }
  return values;
}

std::vector<Value> numbers_around(const std::vector<std::int64_t>& limits) {
  std::vector<Value> values{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  for (const std::int64_t each : limits)
    for (const std::int64_t beside : {-1, 0, 1}) values.emplace_back(each + beside);
  return values;
}

std::vector<Value> words(std::vector<std::string_view> known) {
  std::vector<Value> values{std::string(), std::string("x"), std::string("Failed"), std::string("failed ")};
  for (const std::string_view word : known) values.emplace_back(std::string(word));
  return values;
}

// ---- Rules

using Verdict = std::function<bool(const Value&)>;

template <class Check>
Verdict keeps(Check check) {
  return [check](const Value& value) {
    std::vector<core::Detail> broken;
    check(broken, std::get<std::string>(value));
    return broken.empty();
  };
}

Verdict is(bool (*rule)(std::string_view)) {
  return [rule](const Value& value) { return rule(std::get<std::string>(value)); };
}

Verdict within(const taskstate::contract::Range& range) {
  return [range](const Value& value) { return range.allows(std::get<std::int64_t>(value)); };
}

struct Rule {
  std::string table;
  std::string column;
  std::string others;  ///< "columns VALUES values"
  std::vector<Value> values;
  Verdict core;
  bool restated = true;  ///< false: foreign writers may break it, and verify finds it
};

const std::string task = "zone_id, id, operation VALUES 'z', 't', 'create'";
const std::string failed = "zone_id, id, operation, status, error_message VALUES 'z', 't', 'create', 'failed', 'x'";

std::vector<Rule> rules() {
  const auto name = keeps([](auto& out, const auto& text) { core::check_name(out, "", text); });
  const auto actor = keeps([](auto& out, const auto& text) { core::check_actor(out, text); });
  const auto names = texts_around({1, limit::name.most});
  const auto workers = texts_around({1, limit::worker.most, limit::name.most});
  const auto ids = texts_around({1, limit::id.most});
  const auto times = numbers_around({limit::time.least, 0, limit::time.most});
  std::vector<Value> traceparents = texts_around({limit::traceparent.most});
  traceparents.emplace_back("00-" + std::string(32, 'a') + "-" + std::string(16, '1') + "-01");
  const auto is_status = [](const Value& value) {
    return taskstate::status_from_string(std::get<std::string>(value)).has_value();
  };
  const auto is_kind = [](const Value& value) {
    return taskstate::contract::failure_kind_from_string(std::get<std::string>(value)).has_value();
  };
  return {
      {"taskstate_tasks", "zone_id", "id, operation VALUES 't', 'create'", ids, is(core::is_id)},
      {"taskstate_tasks", "id", "zone_id, operation VALUES 'z', 'create'", ids, is(core::is_id)},
      {"taskstate_tasks", "operation", "zone_id, id, install_id VALUES 'z', 't', 'i'",
       texts_around({1, limit::operation.most}), is(core::is_operation)},
      {"taskstate_tasks", "created_at", "zone_id, id, operation, updated_at VALUES 'z', 't', 'create', ?1", times,
       within(limit::time)},
      {"taskstate_tasks", "status",
       "zone_id, id, operation, install_id, error_message VALUES 'z', 't', 'create', 'i', "
       "CASE WHEN ?1 = 'failed' THEN 'x' END",
       words({"pending", "running", "completed", "failed", "cancelled"}), is_status},
      {"taskstate_tasks", "error_message", "zone_id, id, operation, status VALUES 'z', 't', 'create', 'failed'",
       texts_around({1, limit::error_message.most}),
       keeps([](auto& out, const auto& text) { core::check_message(out, "", text, 1); })},
      {"taskstate_tasks", "install_id", task, names,
       keeps([](auto& out, const auto& text) { core::check_install_id(out, "", text); })},
      {"taskstate_tasks", "package_id", task, names, name},
      {"taskstate_tasks", "package_slug", task, names, name},
      {"taskstate_tasks", "package_version", task, numbers_around({0, limit::package_version.most}),
       [](const Value& value) {
         std::vector<core::Detail> broken;
         core::check_version(broken, "", std::get<std::int64_t>(value));
         return broken.empty();
       }},
      {"taskstate_tasks", "max_attempts", task, numbers_around({limit::attempts.least, limit::attempts.most}),
       within(limit::attempts)},
      {"taskstate_tasks", "cancel_requested", task, numbers_around({0, 1}),
       within({"", taskstate::contract::Unit::number, 0, 1})},
      {"taskstate_tasks", "failure_kind", failed, words({"failed", "cancelled", "expired", "lost", "quota"}), is_kind},
      {"taskstate_tasks", "worker", task, workers, actor},
      {"taskstate_tasks", "error_detail", failed, texts_around({limit::error_detail.most}),
       keeps([](auto& out, const auto& text) { core::check_message(out, "", text, 0); })},
      {"taskstate_tasks", "client_request_id", task, texts_around({1, limit::request_id.most}), is(core::is_request_id),
       false},
      {"taskstate_tasks", "traceparent", task, traceparents, is(core::is_traceparent), false},
      {"taskstate_tasks", "priority", task, numbers_around({limit::priority.least, limit::priority.most}),
       within(limit::priority)},
      {"taskstate_payloads",
       "payload",
       "task_seq VALUES 1",
       {Bytes{}, Bytes{std::string(static_cast<std::size_t>(limit::payload.most), '\0')},
        Bytes{std::string(static_cast<std::size_t>(limit::payload.most) + 1, '\0')}},
       [](const Value& value) {
         std::vector<core::Detail> broken;
         core::check_payload(broken, std::get<Bytes>(value).bytes.size());
         return broken.empty();
       }},
      {"taskstate_idempotency", "key",
       "zone_id, fingerprint_version, fingerprint, task_id, expires_at VALUES 'z', 1, zeroblob(16), 't', 1", names,
       name, false},
  };
}

std::string shown(const Value& value) {
  if (const auto* const number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  const bool is_text = std::holds_alternative<std::string>(value);
  const std::string& bytes = is_text ? std::get<std::string>(value) : std::get<Bytes>(value).bytes;
  return std::to_string(bytes.size()) + " bytes beginning with " + bytes.substr(0, 8);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_schema_and_core_give_one_verdict) {
  Tables tables;
  for (const Rule& rule : rules()) {
    const std::string name = rule.table + "." + rule.column;
    std::size_t allowed = 0;
    std::size_t let_through = 0;
    for (const Value& value : rule.values) {
      const bool by_core = rule.core(value);
      const bool by_schema = tables.allows(rule.table, rule.column, rule.others, value);
      if (by_core) ++allowed;
      if (by_schema && !by_core) ++let_through;
      // What the engine writes must get in.
      BOOST_TEST((by_schema || !by_core), name << " refuses what core allows: " << shown(value));
      if (rule.restated) BOOST_TEST((by_core || !by_schema), name << " allows what core refuses: " << shown(value));
    }
    BOOST_TEST((allowed > 0 && allowed < rule.values.size()), name << ": the values lie on one side of the rule");
    if (!rule.restated) BOOST_TEST(let_through > 0, name << " restates the rule: say so here");
  }
}

BOOST_AUTO_TEST_SUITE_END()

// Input that means harm: SQL in texts, JSON that is made to be expensive, and secrets that must not come out.
#include "core/codec.hpp"
#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <sqlite3.h>
#include <sys/resource.h>

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

using namespace tse;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> injections{
    "'; DROP TABLE taskstate_tasks; --",
    "' OR '1'='1",
    "\" OR \"\"=\"",
    "') UNION SELECT generation, 1 FROM taskstate_meta --",
    "x'; UPDATE taskstate_tasks SET status = 'completed'; SELECT '",
    "1; ATTACH DATABASE '/tmp/evil' AS evil; --",
    "/* */ PRAGMA writable_schema = ON /* */",
    "%' ESCAPE '\\",
    "*?[a-z]_%",
    "\\'; DELETE FROM taskstate_events; --",
    "${7*7} {{7*7}} %s%n",
};

constexpr const char* secret = "canary-5up3r-s3cr3t";

/// The peak of the process's memory, in KiB.
long peak() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

struct Fixture : test::Host {
  std::mutex mutex;
  std::string logged;

  void open_with_log() {
    settings.log_level = engine::LogLevel::trace;
    settings.log_callback = [this](engine::LogLevel, std::string_view line) {
      const std::lock_guard lock(mutex);
      logged.append(line).append("\n");
    };
    open();
  }
  [[nodiscard]] std::string schema() const {
    return shell("SELECT group_concat(name || coalesce(sql, ''), ';') FROM sqlite_schema");
  }
};

/// What an error says to anybody.
std::string all_of(const core::Error& error) {
  std::string all = error.message;
  for (const core::Detail& detail : error.details) all += detail.field + detail.message;
  return all;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(hostile_input, Fixture)

BOOST_AUTO_TEST_CASE(sql_in_a_text_is_a_text) {
  shell("CREATE TABLE notes (note)");
  const std::string before = schema();
  create("bystander");
  int number = 0;
  for (const std::string& text : injections) {
    BOOST_TEST_CONTEXT(text) {
      // Where it cannot be a value it is refused, or is not found.
      BOOST_TEST(test::code_name([&] { engine::create(*tasks, spec(text), {}); }) == "invalid_argument");
      BOOST_TEST(test::code_name([&] { engine::create(*tasks, spec("a", text), {}); }) == "invalid_argument");
      BOOST_TEST(!engine::get(*tasks, {"z", text}, {}));
      BOOST_TEST(!engine::get(*tasks, {text, "bystander"}, {}));
      BOOST_TEST(test::history_of(*tasks, {text, text}, {}).empty());
      BOOST_TEST(test::code_name([&] { engine::purge(*tasks, {text, 0us, 0}, {}); }) == "invalid_argument");
      BOOST_TEST(test::code_name([&] { engine::stats(*tasks, text, {}); }) == "invalid_argument");
      engine::ClaimSpec wanted;
      wanted.filter.zones = {text};
      BOOST_TEST(test::code_name([&] { engine::claim(*tasks, wanted, {}); }) == "invalid_argument");
      BOOST_TEST(test::code_name([&] { engine::heartbeat(*tasks, text, {}, {}, {}); }) == "invalid_argument");
      engine::ListQuery query;
      query.zone_id = "z";
      query.after = text;
      BOOST_TEST(test::code_name([&] { engine::list(*tasks, query, {}); }) == "invalid_argument");
      // Where it can, it comes back as it was given.
      const std::string id = "t" + std::to_string(number++);
      core::NewTask all = spec(id, "others");
      all.package_id = all.package_slug = all.install_id = all.idempotency_key = text;
      all.payload = text;
      engine::Call call;
      call.actor = text;
      call.also = {{"INSERT INTO notes VALUES (?)", {text}, {}}};
      const core::Key key{"others", id};
      engine::create(*tasks, all, call);
      engine::start_leased(*tasks, key, {text, 1h}, {});
      BOOST_TEST(*engine::payload(*tasks, key, {}) == text);
      BOOST_TEST(*engine::get(*tasks, key, {})->worker == text);
      BOOST_TEST(*test::history_of(*tasks, key, {}).at(0).worker == text);
      query = {};
      query.zone_id = "others";
      query.package_id = query.install_id = text;
      BOOST_TEST(engine::list(*tasks, query, {}).rows.size() == 1U);
      BOOST_TEST(engine::create(*tasks, all, {}).replayed);
      BOOST_TEST(shell("SELECT count(*) FROM notes") == std::to_string(number));
    }
  }
  BOOST_TEST(schema() == before);
  BOOST_TEST((engine::get(*tasks, {"z", "bystander"}, {})->revision == 1));
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(json_that_is_made_to_be_expensive_is_refused_soon_and_in_little_memory) {
  constexpr std::size_t mebibyte = 1 << 20;
  std::string keys = "{";
  for (int i = 0; i < 60000; ++i) keys += "\"k" + std::to_string(i) + "\":0,";
  keys += "\"k0\":0}";  // the last is there twice
  const std::string link = R"([{"href":"/a","rel":"r","properties":)";
  const std::vector<std::string> bombs{
      std::string(mebibyte, '['),
      repeated("{\"a\":", mebibyte / 5),
      link + std::string(mebibyte / 2, '[') + std::string(mebibyte / 2, ']') + "}]",
      link + "{\"n\":1e999999999999}}]",
      link + "{\"n\":" + std::string(mebibyte, '9') + "}}]",
      link + "{\"n\":0." + std::string(mebibyte, '1') + "}}]",
      link + keys + "}]",
      link + "{\"s\":\"" + std::string(64 * mebibyte, 'x') + "\"}}]",
      link + "{\"s\":\"" + repeated("\\u0000", mebibyte / 4) + "\"}}]",
      "[" + repeated("{},", mebibyte / 4) + "{}]",
      std::string(64 * mebibyte, ' ') + "[]",
      "\"" + repeated("\\ud800", mebibyte / 6) + "\"",
  };
  [[maybe_unused]] const long before = peak();
  for (const std::string& bomb : bombs) {
    BOOST_TEST_CONTEXT(bomb.substr(0, 40) << " ... " << bomb.size()) {
      const auto begin = std::chrono::steady_clock::now();
      const core::Error error = store_test::error_of([&] {
        auto links = core::parse_links(bomb);
        core::NewTask made = spec("bomb");
        made.links = std::move(links);
        engine::create(*tasks, made, {});
      });
      BOOST_TEST((error.code == core::Code::invalid_argument));
      BOOST_TEST(all_of(error).size() < 1024U);
      BOOST_TEST((std::chrono::steady_clock::now() - begin < 20s));
    }
  }
#if !defined(TSE_SANITIZE_ADDRESS) && !defined(TSE_SANITIZE_THREAD)
  BOOST_TEST(peak() - before < 64 * 1024);  // KiB
#endif
  BOOST_TEST(!engine::get(*tasks, {"z", "bomb"}, {}));
}

BOOST_AUTO_TEST_CASE(a_secret_is_in_no_log_no_error_and_no_answer) {
  open_with_log();
  shell("CREATE TABLE outbox (what TEXT CHECK (length(what) < 25)); CREATE TABLE taken (what UNIQUE)");
  core::NewTask made = spec("a");
  made.payload = secret;
  made.idempotency_key = secret;
  engine::Call call;
  call.actor = secret;
  call.also = {{"INSERT INTO taken VALUES (?)", {std::string(secret)}, {}}};
  engine::create(*tasks, made, call);
  std::string public_text;
  const auto show = [&](const core::Key& key) {
    for (const char* method : {"GET", "HEAD"}) {
      core::Request request;
      request.method = method;
      const auto answer = test::decide(*tasks, test::view(key), request).answer;
      public_text.append(answer.body.value_or(std::string_view()));
      for (const auto& header : answer.headers) public_text.append(header.name).append(header.value);
    }
  };
  const auto refused = [&](const std::function<void()>& act) {
    const core::Error error = store_test::error_of(act);
    public_text += all_of(error);
    public_text.append(engine::accept(*tasks, error, {}).body.value_or(std::string_view()));
  };
  show({"z", "a"});
  // The key again with other content, statements that fail with the secret as their value, and by name.
  made.package_id = "pkg_2";
  refused([&] { engine::create(*tasks, made, {}); });
  refused([&] { start("a", call); });
  call.also = {{"INSERT INTO outbox VALUES (:what || :what)", {}, {{":what", std::string(secret)}}}};
  refused([&] { start("a", call); });
  call.also = {{"SELECT json(?)", {std::string(secret)}, {}}};
  refused([&] { start("a", call); });
  call.also.clear();
  // Terms that break their rules, and tokens that are none.
  engine::ClaimSpec wanted;
  wanted.worker = std::string(secret) + "\n";
  refused([&] { engine::claim(*tasks, wanted, {}); });
  wanted.worker = secret;
  const auto leases = engine::claim(*tasks, wanted, call);
  BOOST_REQUIRE(leases.size() == 1U);
  show({"z", "a"});
  const std::string token = leases[0].token;
  refused([&] { engine::heartbeat(*tasks, secret, {}, {}, {}); });
  refused([&] { engine::heartbeat(*tasks, token + secret, {}, {}, {}); });
  refused([&] { engine::change(*tasks, {"z", "a"}, core::Fail{secret, {}, {}}, call); });
  engine::change_leased(*tasks, token, core::Fail{"It broke.", secret, {}}, call);
  refused([&] { engine::heartbeat(*tasks, token, {}, {}, {}); });
  refused([&] { engine::change_leased(*tasks, token, core::Fail{"Otherwise.", secret, {}}, call); });
  show({"z", "a"});
  // A file that cannot be read any more, and an engine that is closed: the complaints are logged.
  create("b");
  shell("ALTER TABLE taskstate_tasks RENAME TO taskstate_gone");
  show({"z", "b"});
  refused([&] { engine::create(*tasks, made, call); });
  shell("ALTER TABLE taskstate_gone RENAME TO taskstate_tasks");
  tasks->close();
  show({"z", "a"});
  const std::lock_guard lock(mutex);
  BOOST_TEST(!logged.empty());
  for (const std::string& forbidden : {std::string(secret), token}) {
    BOOST_TEST(logged.find(forbidden) == std::string::npos, logged);
    BOOST_TEST(public_text.find(forbidden) == std::string::npos, public_text);
  }
}

BOOST_AUTO_TEST_CASE(a_log_that_grows_under_a_stuck_reader_is_told) {
  settings.checkpoint_bytes = 64 << 10;
  open_with_log();
  create("a");
  sqlite3* reader = nullptr;
  BOOST_REQUIRE(sqlite3_open(directory.path().c_str(), &reader) == SQLITE_OK);
  sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM taskstate_tasks", nullptr, nullptr, nullptr);
  for (int i = 0; i < 20; ++i) {
    core::NewTask large = spec("large" + std::to_string(i));
    large.payload = std::string(60000, 'x');
    engine::create(*tasks, large, {});
  }
  BOOST_TEST(engine::stats(*tasks, {}, {}).store.wal_bytes > 20 * 60000);
  {
    const std::lock_guard lock(mutex);
    BOOST_TEST(logged.find("the checkpoint waits for readers; the -wal has ") != std::string::npos, logged);
  }
  sqlite3_close(reader);
  create("b");
  tasks.reset();
  BOOST_TEST(std::filesystem::file_size(directory.path() + "-wal") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

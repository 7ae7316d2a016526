// What hosts, workers and clients hold of a file is as good after a migration as before it.
#include "fault/fixtures.hpp"
#include "fault/sql.hpp"
#include "releases.hpp"

#include "engine/migrate.hpp"
#include "store/sqlite/connection.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace tse;
using namespace tse::test;

BOOST_AUTO_TEST_SUITE(kept)

namespace {

/// What a release has given out.
struct GivenOut {
  std::string content, generation;
  std::string cursor, rest;      // of a list
  std::string position, events;  // in the feed
  std::string answers;
};

std::string ids(const engine::Page& page) {
  std::string all;
  for (const core::Row& row : page.rows) all += row.task.id + ' ';
  return all;
}

engine::Page list_from(engine::Engine& tasks, const core::Text& cursor) {
  engine::ListQuery query;
  query.zone_id = "z";
  query.limit = cursor ? 100 : 3;
  query.after = cursor;
  return engine::list(tasks, query, patient());
}

std::string events_after(engine::Engine& tasks, const core::Text& position, std::string* reached = nullptr) {
  engine::ChangesQuery query;
  query.after = position;
  query.limit = position ? 1000 : 5;
  const engine::Changes changes = engine::changes(tasks, query, patient());
  if (reached != nullptr) *reached = changes.position;
  std::string all;
  for (const core::Event& event : changes.events)
    all += std::to_string(event.sequence) + ' ' + event.key.id + ' ' + std::string(event.kind) + '\n';
  return all;
}

/// Everything that clients get: status, headers with the ETag, bytes of the body.
std::string all_answers(engine::Engine& tasks) {
  std::string all;
  for (const char* id : {"pending", "planned", "running", "annotated", "completed", "failed", "held", "released",
                         "stopping", "done", "cancelled"}) {
    core::Answer answer;
    engine::decide(tasks, answer, {"z", id}, {}, engine::Waiting::elsewhere, patient());
    all += std::to_string(answer.status) + '\n';
    for (const core::Answer::Header& header : answer.headers)
      all += std::string(header.name) + ": " + std::string(header.value) + '\n';
    all += std::string(answer.body.value_or("-")) + '\n';
  }
  return all;
}

GivenOut take(engine::Engine& tasks) {
  GivenOut all;
  all.content = describe(tasks);
  const engine::Page first = list_from(tasks, {});
  all.cursor = first.after_cursor.value();
  all.rest = ids(list_from(tasks, all.cursor));
  events_after(tasks, {}, &all.position);
  all.events = events_after(tasks, all.position);
  all.answers = all_answers(tasks);
  return all;
}

/// Rows of the copy that the file does not have as they were, in the columns that there were.
std::int64_t rows_that_differ(const std::string& path, const std::string& copy) {
  std::int64_t all = 0;
  for (const char* const table : {"tasks", "events", "payloads", "results", "idempotency", "tombstones", "erasures",
                                  "counters", "metrics", "settings", "pauses"}) {
    const std::string name = std::string("taskstate_") + table;
    const std::string attach = "ATTACH '" + copy + "' AS copy;";
    store::sqlite::Connection connection(store::sqlite::file_uri(path, ""), SQLITE_OPEN_READWRITE);
    connection.execute(attach.c_str(), "attach the copy");
    const std::string columns =
        connection.text("SELECT group_concat(name, ', ') FROM pragma_table_info('" + name + "', 'copy')");
    const std::string here = "SELECT " + columns + " FROM main." + name;
    const std::string there = "SELECT " + columns + " FROM copy." + name;
    for (const auto& [one, other] : {std::pair(here, there), std::pair(there, here)})
      all += connection.integer("SELECT count(*) FROM (" + one + " EXCEPT " + other + ")");
    if (std::string(table) == "events") BOOST_TEST(connection.integer("SELECT count(*) FROM copy." + name) > 10);
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(all_that_was_given_out_is_good_afterwards) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  const Left left = left_by(2, true);
  left.put(path, 0);
  const auto generation = [&] {
    store::sqlite::Connection connection(store::sqlite::file_uri(path, ""), SQLITE_OPEN_READWRITE);
    return connection.text("SELECT generation FROM taskstate_meta");
  };
  GivenOut before;
  {
    const As current(Release::current);
    before = take(*engine::Engine::open(path, settings()));
  }
  const std::string its_generation = generation();
  const engine::Migrated done = engine::migrate(path, settings(), {});
  BOOST_TEST(done.from == 2);
  BOOST_TEST(done.to == 3);
  BOOST_TEST(generation() == its_generation);
  BOOST_TEST(rows_that_differ(path, path + ".schema2") == 0);
  const engine::Engine::Ptr tasks = engine::Engine::open(path, settings());
  BOOST_TEST(describe(*tasks) == before.content);
  BOOST_TEST(ids(list_from(*tasks, before.cursor)) == before.rest);
  BOOST_TEST(before.rest.size() > 10U);
  BOOST_TEST(events_after(*tasks, before.position) == before.events);
  BOOST_TEST(before.events.size() > 10U);
  BOOST_TEST(all_answers(*tasks) == before.answers);
  BOOST_TEST(run_sql(path, "SELECT count(*) FROM taskstate_tasks WHERE flavour IS NOT 'flavour of ' || id") == 0);
  const auto wrong = go_on(*tasks, left.token);
  BOOST_TEST(!wrong, wrong.value_or(""));
}

// With what only the -wal has, which nobody has moved into the file before.
BOOST_AUTO_TEST_CASE(what_a_release_left_is_migrated_as_it_lies) {
  for (const Release release : {Release::additive, Release::breaking}) {
    const As next(release);
    for (const bool hot : {false, true}) {
      for (const bool by_opening : {false, true}) {
        const TemporaryDirectory directory;
        const std::string path = directory.file("tasks.db");
        const Left left = left_by(2, hot);
        left.put(path, 0);
        if (!by_opening) BOOST_TEST(engine::migrate(path, settings(), {}).to == 3);
        const engine::Engine::Ptr tasks = engine::Engine::open(path, settings());
        BOOST_TEST(describe(*tasks) == left.content);
        BOOST_TEST(rows_that_differ(path, path + ".schema2") == 0);
        const auto wrong = go_on(*tasks, left.token);
        BOOST_TEST(!wrong, wrong.value_or(""));
      }
    }
  }
}

// Its own triggers, and that verify knows them.
BOOST_AUTO_TEST_CASE(the_new_schema_is_guarded_and_verified) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  left_by(2, false).put(path, 0);
  engine::migrate(path, settings(), {});
  BOOST_CHECK_THROW(run_sql(path, "DELETE FROM taskstate_flavours"), std::runtime_error);
  BOOST_CHECK_THROW(run_sql(path, "UPDATE taskstate_tasks SET flavour = printf('%300d', 1)"), std::runtime_error);
  BOOST_CHECK_THROW(run_sql(path, "UPDATE taskstate_meta SET schema = 2"), std::runtime_error);
  BOOST_TEST(problems_of(*engine::Engine::open(path, settings())).empty());
  run_sql(path, "DROP TRIGGER taskstate_flavours_delete; DROP INDEX taskstate_tasks_flavour");
  const auto problems = problems_of(*engine::Engine::open(path, settings()));
  BOOST_REQUIRE(problems.size() == 2U);
  for (const std::string& problem : problems) BOOST_TEST(problem.find("is missing") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

// Pages over very many tasks of the same instant, while tasks come and go: none that stays is dropped or repeated.
#include "sql.hpp"
#include "support.hpp"

#include <boost/test/unit_test.hpp>

#include <iostream>
#include <set>
#include <string>

using namespace tse;
using namespace tse::test;

BOOST_AUTO_TEST_SUITE(paging)

BOOST_AUTO_TEST_CASE(equal_times_inserts_and_purges_drop_and_repeat_nothing) {
  const std::size_t count = setting("TSE_PAGED", 20000);
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  std::int64_t now = 1577470279117000;
  engine::Settings settings = patient_settings();
  settings.clock = [&now] { return now; };
  const engine::Engine::Ptr tasks = engine::Engine::open(path, settings);
  // All of one instant, as a foreign program inserts them in bulk; every tenth has ended and may go.
  run_sql(path, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(count) +
                    ") INSERT INTO taskstate_tasks (zone_id, id, operation, created_at, updated_at) "
                    "SELECT 'z', printf('t%06d', i), 'create', 1577470279117000, 1577470279117000 FROM n");
  run_sql(path,
          "UPDATE taskstate_tasks SET status = 'running' WHERE substr(id, -1) = '0';"
          "UPDATE taskstate_tasks SET status = 'failed', error_message = 'x' WHERE substr(id, -1) = '0'");
  now += std::int64_t{10} * 365 * 86400 * 1000000;  // beyond what the foreign program's clock wrote

  engine::ListQuery query;
  query.zone_id = "z";
  query.limit = 97;
  std::set<std::string> stayed;
  std::size_t repeated = 0;
  std::size_t pages = 0;
  std::int64_t purged = 0;
  for (;;) {
    const engine::Page page = engine::list(*tasks, query, patient());
    ++pages;
    for (const core::Row& row : page.rows)
      if (!stayed.insert(row.task.id).second) ++repeated;
    if (!page.after_cursor) break;
    query.after = page.after_cursor;
    if (pages % 5 == 0) purged += engine::purge(*tasks, {"z", std::chrono::microseconds(0), 50}, patient());
    engine::create(*tasks, new_task("z", "new-" + std::to_string(pages)), patient());  // newer than all that is left
  }
  std::size_t dropped = 0;
  for (std::size_t i = 1; i <= count; ++i) {
    if (i % 10 == 0) continue;
    std::string id = std::to_string(i);
    id = "t" + std::string(6 - id.size(), '0') + id;
    dropped += stayed.contains(id) ? 0 : 1;
  }
  BOOST_TEST(dropped == 0U);
  BOOST_TEST(repeated == 0U);
  BOOST_TEST(purged > 0);

  // A cursor that was altered, or is another filter's, is refused.
  const auto refused = [&](const engine::ListQuery& bad) {
    try {
      engine::list(*tasks, bad, {});
      return false;
    } catch (const core::Failure& failure) {
      return failure.error().code == core::Code::invalid_argument;
    }
  };
  for (std::size_t i = 0; i < query.after->size(); ++i) {
    engine::ListQuery altered = query;
    (*altered.after)[i] = (*altered.after)[i] == 'A' ? 'B' : 'A';
    BOOST_TEST(refused(altered));
  }
  engine::ListQuery foreign = query;
  foreign.operation = "create";
  BOOST_TEST(refused(foreign));
  std::cout << "measured: " << count << " tasks of one instant on " << pages << " pages, " << purged << " purged and "
            << pages - 1 << " created in between: " << dropped << " dropped, " << repeated << " repeated\n";
}

BOOST_AUTO_TEST_SUITE_END()

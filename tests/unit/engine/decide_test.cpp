// Status answers that are kept: whatever happens to the file, they are what a read would give.
#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace tse;

namespace {

struct Polled : test::Host {
  // Kept from the second time on.
  test::Decided ask(const std::string& id, const core::Request& request = {}) {
    return test::decide(*tasks, {"z", id}, request);
  }
  int status_of(const std::string& id) { return ask(id).answer.status; }
  void keep(const std::string& id) {
    const auto before = engine::stats(*tasks, {}, {}).cache.hits;
    (void)ask(id);
    (void)ask(id);
    BOOST_REQUIRE(engine::stats(*tasks, {}, {}).cache.hits > before);
  }
  void reopen_with(std::int64_t cache_bytes) {
    settings.answer_cache_bytes = cache_bytes;
    open();
  }
};

std::string text_of(const core::Answer& answer) {
  std::string text = std::to_string(answer.status);
  for (const auto& [name, value] : answer.headers) text += "\n" + std::string(name) + ": " + std::string(value);
  return text + "\n\n" + std::string(answer.body.value_or("(none)"));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(kept_answers, Polled)

BOOST_AUTO_TEST_CASE(an_answer_that_is_kept_is_the_answer_that_is_read) {
  create("pending");
  create("running");
  start("running");
  completed("completed");
  create("failed");
  start("failed");
  fail("failed");
  std::vector<core::Request> requests(7);
  requests[1].method = "HEAD";
  requests[2].client_request_id = "0123ABCD-0000-4000-8000-000000000000";
  requests[3].if_none_match = "*";
  requests[4].if_none_match = "\"1-0000000000000000\"";
  requests[5].completed = core::Completed::ok;
  requests[6].client_request_id = "no uuid";
  const auto all = [&] {
    std::string text;
    for (const char* id : {"pending", "running", "completed", "failed"})
      for (const core::Request& request : requests) {
        *now += 7 * test::host_second;
        core::Request fixed = request;
        if (request.client_request_id == "no uuid") fixed.path = "/p";
        const auto answer = ask(id, fixed).answer;
        if (answer.status != 400) text += text_of(answer) + "\n";
      }
    return text;
  };
  const std::int64_t begin = *now;
  (void)all();
  *now = begin;
  const std::string kept = all();
  BOOST_TEST(engine::stats(*tasks, {}, {}).cache.hits > 20U);
  reopen_with(0);
  *now = begin;
  BOOST_TEST(all() == kept);
  BOOST_TEST(engine::stats(*tasks, {}, {}).cache.hits == 0U);
}

BOOST_AUTO_TEST_CASE(own_changes_are_seen_at_once) {
  create("a");
  keep("a");
  start("a");
  BOOST_TEST(ask("a").answer.revision == 2);
  keep("a");
  complete("a");
  BOOST_TEST(status_of("a") == 303);
}

BOOST_AUTO_TEST_CASE(another_engines_changes_are_seen_at_once) {
  create("a");
  keep("a");
  const auto other = another();
  engine::change(*other, {"z", "a"}, core::Start{}, {});
  BOOST_TEST(ask("a").answer.revision == 2);
}

BOOST_AUTO_TEST_CASE(a_foreign_clients_changes_are_seen_at_once) {
  create("a");
  keep("a");
  shell("UPDATE taskstate_tasks SET status = 'running' WHERE id = 'a'");
  BOOST_TEST(ask("a").answer.revision == 2);
  keep("a");
  shell("VACUUM");
  BOOST_TEST(ask("a").answer.revision == 2);
  shell("UPDATE taskstate_tasks SET status = 'completed', install_id = 'i' WHERE id = 'a'");
  BOOST_TEST(status_of("a") == 303);
}

BOOST_AUTO_TEST_CASE(a_task_that_is_gone_is_not_shown_any_more) {
  completed("a");
  keep("a");
  engine::erase(*tasks, {"z", "a"}, {});
  BOOST_TEST(status_of("a") == 404);
  BOOST_TEST(status_of("a") == 404);
  create("a");
  BOOST_TEST(ask("a").answer.revision == 1);
  BOOST_TEST(status_of("a") == 200);
}

BOOST_AUTO_TEST_CASE(a_tombstone_answers_also_where_the_task_was_kept) {
  settings.tombstones = std::chrono::hours(1);
  open();
  completed("a");
  keep("a");
  *now += 10 * test::host_second;
  engine::purge(*tasks, {"z", std::chrono::microseconds(1), 0}, {});
  BOOST_TEST(status_of("a") == 410);
  *now += 7200 * test::host_second;
  BOOST_TEST(status_of("a") == 404);
}

BOOST_AUTO_TEST_CASE(news_that_are_no_longer_told_drop_what_is_kept) {
  completed("a");
  create("b");
  keep("a");
  // While this engine does not look, the task goes, and even that is forgotten.
  shell(
      "DELETE FROM taskstate_tasks WHERE id = 'a';"
      "UPDATE taskstate_meta SET purged_through = (SELECT max(seq) FROM taskstate_events);"
      "UPDATE taskstate_meta SET feed_floor = purged_through;"
      "DELETE FROM taskstate_events WHERE task_seq IS NULL");
  BOOST_TEST(status_of("a") == 404);
}

BOOST_AUTO_TEST_CASE(other_content_in_the_same_file_is_not_mixed_up_with_this) {
  create("a");
  const std::string copy = directory.path() + "-copy";
  engine::backup(*tasks, copy, {});
  start("a");
  keep("a");
  shell(".restore " + copy);
  std::filesystem::remove(copy);
  BOOST_TEST(ask("a").answer.revision == 1);
}

BOOST_AUTO_TEST_CASE(a_file_of_a_newer_schema_is_not_answered_from_what_is_kept) {
  create("a");
  keep("a");
  shell(".dbconfig enable_trigger off\nUPDATE taskstate_meta SET schema = 99, min_reader = 99, min_writer = 99");
  BOOST_TEST(status_of("a") == 500);
}

BOOST_AUTO_TEST_CASE(a_closed_engine_answers_nothing_from_what_is_kept) {
  create("a");
  keep("a");
  tasks->close();
  BOOST_TEST(status_of("a") == 503);
}

BOOST_AUTO_TEST_CASE(a_moved_file_is_noticed_within_a_second) {
  create("a");
  keep("a");
  std::filesystem::rename(directory.path(), directory.path() + "-moved");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  BOOST_TEST(status_of("a") == 500);
  std::filesystem::rename(directory.path() + "-moved", directory.path());
}

BOOST_AUTO_TEST_CASE(a_read_only_engine_keeps_answers_too) {
  create("a");
  settings.mode = engine::Mode::read_only;
  const auto reader = another();
  for (int i = 0; i < 3; ++i) BOOST_TEST(test::decide(*reader, {"z", "a"}).answer.revision == 1);
  start("a");
  BOOST_TEST(test::decide(*reader, {"z", "a"}).answer.revision == 2);
  const auto stats = engine::stats(*reader, {}, {});
  BOOST_TEST(stats.cache.hits == 2U);
  BOOST_TEST((stats.proof == store::Proof::wal_index));
}

BOOST_AUTO_TEST_CASE(in_memory_own_commits_are_counted) {
  tasks = engine::Engine::open(":memory:", settings);
  create("a");
  keep("a");
  start("a");
  BOOST_TEST(ask("a").answer.revision == 2);
  BOOST_TEST((engine::stats(*tasks, {}, {}).proof == store::Proof::own_commits));
}

BOOST_AUTO_TEST_SUITE_END()

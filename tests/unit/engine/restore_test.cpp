// The content of the file is replaced by SQL under engines that have it open: by the sqlite3 shell, by page copies.
#include "unit/engine/host.hpp"

#include <sqlite3.h>

#include <chrono>
#include <thread>

using namespace tse;
using namespace tse::test;
using namespace std::chrono_literals;

namespace {

struct Restored : Host {
  [[nodiscard]] std::string copy() const { return directory.path("copy.db"); }
  /// As file-format.md says.
  void save() const { BOOST_REQUIRE_EQUAL(shell(".backup '" + copy() + "'"), ""); }
  void restore() const { BOOST_REQUIRE_EQUAL(shell(".restore '" + copy() + "'"), ""); }
  engine::Lease leased(engine::Engine& by, const std::string& id) {
    ++*now;  // no two events are at the same time
    return engine::start_leased(by, {"z", id}, {"worker", std::chrono::hours(1)}, {});
  }
  engine::Engine::Ptr reader() {
    engine::Settings reading = settings;
    reading.mode = engine::Mode::read_only;
    return engine::Engine::open(directory.path(), reading);
  }
  static std::string complete_with(engine::Engine& by, const std::string& token) {
    core::Complete intent;
    intent.additions.install_id = "by-the-old-worker";
    return code_name([&] { engine::change_leased(by, token, intent, {}); });
  }
  std::string create_by(engine::Engine& by, const std::string& id) {
    ++*now;
    return code_name([&] { engine::create(by, spec(id), {}); });
  }
  static std::string position(engine::Engine& by) { return engine::changes(by, {}, {}).position; }
  static std::string read_from(engine::Engine& by, const std::string& position, std::chrono::seconds wait = 0s) {
    engine::ChangesQuery query;
    query.after = position;
    query.wait = wait;
    return code_name([&] { engine::changes(by, query, {}); });
  }
  static int status(engine::Engine& by, const std::string& id) { return decide(by, {"z", id}).answer.status; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(restore)

BOOST_FIXTURE_TEST_CASE(the_next_change_is_told_once_and_is_not_done, Restored) {
  create("a");
  save();
  create("b");
  restore();
  BOOST_TEST(create_by(*tasks, "c") == "restored");
  BOOST_TEST(!engine::get(*tasks, {"z", "c"}, {}).has_value());
  BOOST_TEST(create_by(*tasks, "c") == "ok");
  BOOST_TEST(create_by(*tasks, "d") == "ok");
  BOOST_TEST(!engine::get(*tasks, {"z", "b"}, {}).has_value());
  BOOST_TEST(verified() == "");
}

BOOST_FIXTURE_TEST_CASE(a_lease_from_before_is_none_after_although_its_epoch_is_given_out_again, Restored) {
  create("t");
  save();
  const engine::Lease first = leased(*tasks, "t");
  const std::string old = first.token;
  restore();
  BOOST_TEST(code_name([&] { leased(*tasks, "t"); }) == "restored");
  const engine::Lease lease = leased(*tasks, "t");
  BOOST_TEST(lease.row.epoch == first.row.epoch);
  BOOST_TEST(complete_with(*tasks, old) == "lease_lost");
  BOOST_TEST(code_name([&] { engine::heartbeat(*tasks, old, {}, {}, {}); }) == "lease_lost");
  BOOST_TEST(code_name([&] { engine::release(*tasks, old, {}, {}); }) == "lease_lost");
  BOOST_TEST(complete_with(*tasks, lease.token) == "ok");
}

BOOST_FIXTURE_TEST_CASE(the_old_worker_is_refused_also_when_it_comes_first, Restored) {
  create("t");
  save();
  const std::string old = leased(*tasks, "t").token;
  restore();
  BOOST_TEST(complete_with(*tasks, old) == "restored");
  BOOST_TEST(complete_with(*tasks, old) == "lease_lost");
}

// What the lease's own engine knows of it, the other one reads in the sidecar.
BOOST_FIXTURE_TEST_CASE(another_engine_accepts_no_lease_that_it_never_saw, Restored) {
  create("t");
  const engine::Engine::Ptr other = another();
  save();
  const std::string old = leased(*tasks, "t").token;
  restore();
  BOOST_TEST(code_name([&] { leased(*other, "t"); }) == "restored");
  const engine::Lease lease = leased(*other, "t");
  BOOST_TEST(complete_with(*other, old) == "lease_lost");
  BOOST_TEST(complete_with(*other, lease.token) == "ok");
}

BOOST_FIXTURE_TEST_CASE(nor_does_one_that_opens_the_file_after, Restored) {
  create("t");
  save();
  const std::string old = leased(*tasks, "t").token;
  tasks.reset();
  restore();
  open();
  const engine::Lease lease = leased(*tasks, "t");  // the host that opens it has nothing from before
  BOOST_TEST(complete_with(*tasks, old) == "lease_lost");
  BOOST_TEST(complete_with(*tasks, lease.token) == "ok");
}

BOOST_FIXTURE_TEST_CASE(each_engine_is_told_once_whoever_notices_first, Restored) {
  create("t");
  const engine::Engine::Ptr second = another();
  const engine::Engine::Ptr third = another();
  save();
  leased(*tasks, "t");
  restore();
  for (engine::Engine* each : {second.get(), tasks.get(), third.get()}) {
    BOOST_TEST(create_by(*each, "x") == "restored");
    BOOST_TEST(create_by(*each, "x") == (each == second.get() ? "ok" : "already_exists"));
  }
  // And no more: none takes the generation that another has written for a new one.
  for (int round = 0; round < 3; ++round)
    for (engine::Engine* each : {tasks.get(), second.get(), third.get()})
      BOOST_TEST(create_by(*each, "y") == (round == 0 && each == tasks.get() ? "ok" : "already_exists"));
  const std::string token = leased(*second, "t").token;
  BOOST_TEST(complete_with(*third, token) == "ok");
}

BOOST_FIXTURE_TEST_CASE(a_copy_with_a_generation_of_its_own_is_noticed_like_one_without, Restored) {
  create("t");
  engine::backup(*tasks, copy(), {});
  const engine::Engine::Ptr second = another();
  std::string old = leased(*tasks, "t").token;
  for (int round = 0; round < 2; ++round) {
    const std::string from = position(*tasks);
    restore();
    BOOST_TEST((engine::get(*tasks, {"z", "t"}, {})->task.status == core::Status::pending));
    BOOST_TEST(read_from(*tasks, from) == "restored");
    const std::string token = leased(*tasks, "t").token;  // who read the feed was told
    BOOST_TEST(complete_with(*second, old) == "restored");
    BOOST_TEST(complete_with(*second, old) == "lease_lost");
    BOOST_TEST(complete_with(*tasks, old) == "lease_lost");
    BOOST_TEST(code_name([&] { engine::heartbeat(*second, token, {}, {}, {}); }) == "ok");
    old = token;
  }
}

BOOST_FIXTURE_TEST_CASE(a_kept_answer_is_not_given_when_the_new_events_have_overtaken_the_old, Restored) {
  const engine::Engine::Ptr other = another();
  const engine::Engine::Ptr reading = reader();
  create("t");
  start("t");
  save();
  ++*now;
  complete("t");
  for (engine::Engine* each : {tasks.get(), reading.get()})
    for (int i = 0; i < 2; ++i) BOOST_TEST(status(*each, "t") == 303);
  restore();
  BOOST_TEST(create_by(*other, "0") == "restored");
  for (int i = 0; i < 5; ++i) BOOST_TEST(create_by(*other, "o" + std::to_string(i)) == "ok");
  for (engine::Engine* each : {tasks.get(), reading.get(), other.get()})
    for (int i = 0; i < 2; ++i) BOOST_TEST(status(*each, "t") == 200);
}

BOOST_FIXTURE_TEST_CASE(nor_when_sql_alone_has_made_those, Restored) {
  const engine::Engine::Ptr reading = reader();
  create("t");
  start("t");
  save();
  ++*now;
  complete("t");
  for (engine::Engine* each : {tasks.get(), reading.get()})
    for (int i = 0; i < 2; ++i) BOOST_TEST(status(*each, "t") == 303);
  restore();  // no engine gives it a generation before more has happened in it than was known
  for (const char* id : {"x", "y"})
    shell(std::string("INSERT INTO taskstate_tasks (zone_id, id, operation) VALUES ('z', '") + id + "', 'create');");
  for (engine::Engine* each : {tasks.get(), reading.get()})
    for (int i = 0; i < 2; ++i) BOOST_TEST(status(*each, "t") == 200);
  BOOST_TEST(create_by(*tasks, "c") == "restored");
  BOOST_TEST(create_by(*tasks, "c") == "ok");
}

BOOST_FIXTURE_TEST_CASE(nor_one_whose_last_event_was_purged_in_between, Restored) {
  const engine::Engine::Ptr other = another();
  create("t");
  start("t");
  save();
  ++*now;
  complete("t");
  for (int i = 0; i < 2; ++i) BOOST_TEST(status(*tasks, "t") == 303);
  restore();
  BOOST_TEST(create_by(*other, "o") == "restored");
  BOOST_TEST(create_by(*other, "o") == "ok");
  engine::change(*other, {"z", "o"}, core::Cancel{}, {});
  engine::erase(*other, {"z", "o"}, {});
  BOOST_TEST(status(*tasks, "t") == 200);
}

BOOST_FIXTURE_TEST_CASE(a_status_request_never_fails_for_it, Restored) {
  create("t");
  save();
  start("t");
  for (int i = 0; i < 2; ++i) BOOST_TEST(status(*tasks, "t") == 200);
  restore();
  const auto answer = decide(*tasks, {"z", "t"}).answer;
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.revision == 1);
  BOOST_TEST(create_by(*tasks, "x") == "restored");  // it has not been told by that
}

BOOST_FIXTURE_TEST_CASE(what_is_purged_is_not_taken_for_what_was_replaced, Restored) {
  const engine::Engine::Ptr other = another();
  const engine::Engine::Ptr reading = reader();
  for (int i = 0; i < 3; ++i) {
    const std::string id = "t" + std::to_string(i);
    completed(id);  // the newest event that all know is of it
    const std::string from = position(*other);
    BOOST_TEST(position(*reading) == from);
    create("next" + std::to_string(i));
    engine::erase(*tasks, {"z", id}, {});
    BOOST_TEST(create_by(*other, "a" + std::to_string(i)) == "ok");
    BOOST_TEST(create_by(*tasks, "b" + std::to_string(i)) == "ok");
    BOOST_TEST(read_from(*reading, from) == "ok");
    BOOST_TEST(read_from(*other, from) == "ok");
  }
}

BOOST_FIXTURE_TEST_CASE(foreign_changes_are_no_replacement, Restored) {
  create("t");
  shell("INSERT INTO taskstate_tasks (zone_id, id, operation) VALUES ('z', 'x', 'create');");
  BOOST_TEST(create_by(*tasks, "a") == "ok");
  shell("VACUUM;");
  BOOST_TEST(create_by(*tasks, "b") == "ok");
  tasks.reset();
  shell("INSERT INTO taskstate_tasks (zone_id, id, operation) VALUES ('z', 'y', 'create');");
  open();
  BOOST_TEST(create_by(*tasks, "c") == "ok");
}

BOOST_FIXTURE_TEST_CASE(positions_and_cursors_from_before_are_void, Restored) {
  for (int i = 0; i < 5; ++i) create("t" + std::to_string(i));
  save();
  engine::ListQuery query;
  query.zone_id = "z";
  query.limit = 2;
  query.after = engine::list(*tasks, query, {}).after_cursor;
  const std::string from = position(*tasks);
  create("u");
  restore();
  BOOST_TEST(code_name([&] { engine::list(*tasks, query, {}); }) == "invalid_argument");
  BOOST_TEST(read_from(*tasks, from) == "restored");
  query.after.reset();
  query.after = engine::list(*tasks, query, {}).after_cursor;
  const std::string next = position(*tasks);
  BOOST_TEST(create_by(*tasks, "v") == "ok");  // the new generation is written
  BOOST_TEST(engine::list(*tasks, query, {}).rows.size() == 2U);
  BOOST_TEST(read_from(*tasks, next) == "ok");
}

BOOST_FIXTURE_TEST_CASE(an_engine_that_only_reads_tells_it_too, Restored) {
  const engine::Engine::Ptr reading = reader();
  create("t");
  save();
  start("t");
  const std::string from = position(*reading);
  for (int i = 0; i < 2; ++i) BOOST_TEST(decide(*reading, {"z", "t"}).answer.revision == 2);
  restore();
  BOOST_TEST(decide(*reading, {"z", "t"}).answer.revision == 1);
  BOOST_TEST(read_from(*reading, from) == "restored");
  BOOST_TEST(read_from(*reading, position(*reading)) == "ok");
  BOOST_TEST(create_by(*tasks, "x") == "restored");
  BOOST_TEST(read_from(*reading, position(*tasks)) == "ok");
}

BOOST_FIXTURE_TEST_CASE(who_waits_is_woken, Restored) {
  settings.timeout = std::chrono::minutes(1);
  create("t");
  save();
  start("t");
  const std::string from = position(*tasks);
  const auto watch = engine::watch(*tasks);
  watch->await_task({"z", "t"}, 2, 7);
  std::string feed, claimed;
  std::thread reads([&] { feed = read_from(*tasks, from, 60s); });
  std::thread claims([&] {
    engine::ClaimSpec claim;
    claim.wait = 60s;
    claim.filter.zones = {"nothing"};
    claimed = code_name([&] { engine::claim(*tasks, claim, {}); });
  });
  while (engine::stats(*tasks, {}, {}).waiters < 3) std::this_thread::sleep_for(1ms);
  restore();
  watch->sleep_until(std::chrono::steady_clock::now() + 60s);
  std::array<std::int64_t, 2> tags{};
  BOOST_TEST(watch->take(tags) == 1U);
  BOOST_TEST(tags[0] == 7);
  reads.join();
  BOOST_TEST(feed == "restored");
  if (create_by(*tasks, "x") == "restored") BOOST_TEST(create_by(*tasks, "x") == "ok");
  tasks->close();
  claims.join();
  BOOST_TEST((claimed == "restored" || claimed == "closed"));
}

BOOST_FIXTURE_TEST_CASE(a_claim_is_told_also_when_there_is_nothing_to_claim, Restored) {
  create("t");
  save();
  start("t");
  create("u");
  start("u");
  restore();
  engine::ClaimSpec claim;
  claim.filter.zones = {"nothing"};
  BOOST_TEST(code_name([&] { engine::claim(*tasks, claim, {}); }) == "restored");
  BOOST_TEST(code_name([&] { engine::claim(*tasks, claim, {}); }) == "ok");
}

BOOST_FIXTURE_TEST_CASE(the_housekeeper_writes_the_generation_and_leaves_the_telling_to_a_call, Restored) {
  settings.housekeeping = 10ms;
  open();
  create("t");
  save();
  create("u");
  const auto generation = [&] { return shell("SELECT generation FROM taskstate_meta"); };
  const std::string before = generation();
  restore();
  for (int i = 0; i < 3000 && generation() == before; ++i) std::this_thread::sleep_for(10ms);
  BOOST_TEST(generation() != before);
  BOOST_TEST(create_by(*tasks, "x") == "restored");
  BOOST_TEST(create_by(*tasks, "x") == "ok");
}

BOOST_FIXTURE_TEST_CASE(of_changes_that_go_together_one_is_told, Restored) {
  create("t");
  save();
  create("u");
  restore();
  std::vector<engine::Item> items;
  for (int i = 0; i < 4; ++i) items.push_back({spec("n" + std::to_string(i))});
  const auto results = engine::run(*tasks, items, {});
  BOOST_TEST((results[0].error && results[0].error->code == core::Code::restored));
  BOOST_TEST((results[0].error && results[0].error->outcome == core::Outcome::not_done));
  for (std::size_t i = 1; i < results.size(); ++i) BOOST_TEST(!results[i].error);
}

BOOST_FIXTURE_TEST_CASE(pages_copied_by_another_connection_of_the_process_are_noticed, Restored) {
  create("t");
  save();
  const std::string old = leased(*tasks, "t").token;
  sqlite3 *from = nullptr, *to = nullptr;
  BOOST_REQUIRE(sqlite3_open(copy().c_str(), &from) == SQLITE_OK);
  BOOST_REQUIRE(sqlite3_open(directory.path().c_str(), &to) == SQLITE_OK);
  sqlite3_backup* pages = sqlite3_backup_init(to, "main", from, "main");
  BOOST_REQUIRE(pages != nullptr);
  BOOST_TEST(sqlite3_backup_step(pages, -1) == SQLITE_DONE);
  sqlite3_backup_finish(pages);
  BOOST_TEST(complete_with(*tasks, old) == "restored");
  BOOST_TEST(complete_with(*tasks, old) == "lease_lost");
  sqlite3_close(from);
  sqlite3_close(to);
}

BOOST_AUTO_TEST_SUITE_END()

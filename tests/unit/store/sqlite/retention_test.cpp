// What is kept, for how long, and of whom: two zones may use the same ids, and neither touches the other's.
#include "unit/store/support.hpp"

using namespace store_test;

BOOST_AUTO_TEST_SUITE(store_retention)

namespace {

constexpr std::int64_t second = 1'000'000;

struct Fixture {
  std::unique_ptr<Store> store = open(":memory:");

  // A task that has ended, at 2 s.
  void ended(const std::string& zone, const std::string& id, std::int64_t born = second) {
    create(*store, zone, id, born);
    start(*store, {zone, id});
    complete(*store, {zone, id});
  }
  void act(const std::function<void(store::Session&)>& action) { must(*store, action); }
  bool remove(const core::Key& key, std::int64_t now) {
    bool removed = false;
    act([&](store::Session& session) { removed = remove(session, key, now); });
    return removed;
  }
  std::size_t drop_expired(const store::Expiry& expiry, std::size_t limit = 9) {
    std::size_t dropped = 0;
    act([&](store::Session& session) { dropped = session.drop_expired(expiry, limit); });
    return dropped;
  }
  bool has_expired(const store::Expiry& expiry) {
    bool has = false;
    store->view([&](store::View& view) { has = has_expired(view, expiry); }, in());
    return has;
  }
  // The tasks that a query gives, call after call until there are none, as "zone/id ".
  std::string all_ended(store::EndedQuery query) {
    std::string out;
    act([&](store::Session& session) {
      for (std::size_t calls = 0; calls < 9; ++calls) {
        const auto keys = session.ended(query);
        if (keys.empty()) return;
        for (const core::Key& key : keys) out += key.zone_id + "/" + key.id + " ";
      }
      BOOST_ERROR("it begins again: " << out);
    });
    return out;
  }
  std::string purges_told() {
    std::string out;
    for (const core::Event& event : store->feed({}, in()).events)
      if (event.kind == "purged") out += event.key.id + " ";
    return out;
  }
};

store::EndedQuery until(std::int64_t time, const std::string& zone = "", std::size_t limit = 9) {
  store::EndedQuery query;
  query.zone_id = zone;
  query.ended_until = time;
  query.now = time;
  query.limit = limit;
  return query;
}

core::Replay replay_of(const std::string& id, std::int64_t expires_at) {
  return {2, std::string(16, 'f'), id, expires_at};
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_tombstone_is_of_one_key, Fixture) {
  act([](store::Session& session) {
    session.entomb({"y", "a"}, 1, 10);
    session.entomb({"z", "b"}, 1, 20);
    BOOST_TEST((session.tombstone({"y", "a"}) == 10));
    BOOST_TEST((session.tombstone({"z", "b"}) == 20));
    BOOST_TEST(!session.tombstone({"z", "a"}));
    BOOST_TEST(!session.tombstone({"y", "b"}));
  });
}

BOOST_FIXTURE_TEST_CASE(only_the_one_that_is_named_and_has_ended_is_removed, Fixture) {
  for (const char* zone : {"x", "y", "z"}) ended(zone, "a");
  BOOST_TEST(remove({"y", "a"}, 3 * second));
  bool removed = false;
  act([&](store::Session& session) { removed = remove_ended(session, {"x", "a"}, until(3 * second)); });
  BOOST_TEST(removed);
  BOOST_TEST(store->read({"z", "a"}, in()).has_value());
  BOOST_TEST(!store->read({"y", "a"}, in()));
  BOOST_TEST(!store->read({"x", "a"}, in()));
  create(*store, "z", "pending");
  BOOST_TEST(!remove({"z", "pending"}, 3 * second));
  BOOST_TEST(!remove({"z", "none"}, 3 * second));
}

BOOST_FIXTURE_TEST_CASE(each_that_has_ended_comes_once_however_few_at_a_time, Fixture) {
  for (const char* id : {"a", "b", "c"}) ended("z", id);
  ended("y", "a");
  create(*store, "z", "pending");
  for (const std::size_t limit : {std::size_t{1}, std::size_t{2}, std::size_t{9}}) {
    BOOST_TEST(all_ended(until(2 * second, "", limit)) == "z/a z/b z/c y/a ");
    BOOST_TEST(all_ended(until(2 * second, "z", limit)) == "z/a z/b z/c ");
  }
  BOOST_TEST(all_ended(until(2 * second - 1)) == "");
  BOOST_TEST(all_ended(until(2 * second - 1, "z")) == "");
}

BOOST_FIXTURE_TEST_CASE(a_live_key_keeps_the_task_of_its_own_zone, Fixture) {
  ended("y", "a");
  ended("z", "a");
  act([](store::Session& session) { keep_replay(session, "y", "k", replay_of("a", 9 * second)); });
  BOOST_TEST(all_ended(until(3 * second)) == "z/a ");
  BOOST_TEST(all_ended(until(9 * second)) == "y/a z/a ");
}

BOOST_FIXTURE_TEST_CASE(keys_and_tombstones_are_forgotten_when_their_time_is_over, Fixture) {
  act([](store::Session& session) { session.entomb({"z", "b"}, 1, 20); });
  BOOST_TEST(!has_expired({19, 0}));
  BOOST_TEST(has_expired({20, 0}));
  for (const char* id : {"a", "b"}) create(*store, "y", id);
  act([](store::Session& session) {
    session.entomb({"z", "a"}, 1, 10);
    keep_replay(session, "y", "ka", replay_of("a", 10));
    keep_replay(session, "y", "kb", replay_of("b", 20));
  });
  BOOST_TEST(!has_expired({9, 0}));
  BOOST_TEST(drop_expired({9, 0}) == 0U);
  BOOST_TEST(has_expired({10, 0}));
  BOOST_TEST(drop_expired({10, 0}) == 2U);
  act([](store::Session& session) {
    BOOST_TEST(!session.tombstone({"z", "a"}));
    BOOST_TEST(!session.replay("y", "ka"));
    BOOST_TEST(session.tombstone({"z", "b"}).has_value());
    BOOST_TEST(session.replay("y", "kb").has_value());
  });
}

BOOST_FIXTURE_TEST_CASE(a_key_is_dropped_in_its_own_zone_alone, Fixture) {
  for (const char* zone : {"y", "z"}) create(*store, zone, "a");
  act([](store::Session& session) {
    for (const char* zone : {"y", "z"})
      for (const char* key : {"k", "l"}) keep_replay(session, zone, key, replay_of("a", 10));
    session.set_replay("z", "k", nullptr);
    BOOST_TEST(!session.replay("z", "k"));
    BOOST_TEST(session.replay("z", "l").has_value());
    BOOST_TEST(session.replay("y", "k").has_value());
  });
}

BOOST_FIXTURE_TEST_CASE(no_more_is_forgotten_at_once_than_was_asked_for, Fixture) {
  act([](store::Session& session) {
    for (const char* id : {"a", "b", "c"}) {
      session.insert(new_row("y", id), std::nullopt);
      session.entomb({"z", id}, 1, 10);
      keep_replay(session, "y", id, replay_of(id, 10));
    }
  });
  BOOST_TEST(drop_expired({10, 0}, 2) == 4U);
  BOOST_TEST(drop_expired({10, 0}, 2) == 2U);
  BOOST_TEST(drop_expired({10, 0}, 2) == 0U);
}

BOOST_FIXTURE_TEST_CASE(old_purges_are_told_no_longer_but_for_the_newest_event, Fixture) {
  for (const char* id : {"a", "b", "c"}) ended("z", id);
  BOOST_TEST(remove({"z", "a"}, 10 * second));
  BOOST_TEST(!has_expired({0, 10 * second}));
  BOOST_TEST(drop_expired({0, 10 * second}) == 0U);  // there is nothing newer yet
  BOOST_TEST(remove({"z", "b"}, 20 * second));
  BOOST_TEST(remove({"z", "c"}, 20 * second));
  BOOST_TEST(purges_told() == "a b c ");
  BOOST_TEST(!has_expired({0, 10 * second - 1}));
  BOOST_TEST(has_expired({0, 10 * second}));
  BOOST_TEST(drop_expired({0, 10 * second}) == 1U);
  BOOST_TEST(purges_told() == "b c ");
  BOOST_TEST(drop_expired({0, 30 * second}) == 1U);
  BOOST_TEST(purges_told() == "c ");
  BOOST_TEST(store->verify(in()).problems.empty());
}

namespace {

constexpr store::Expiry nothing_else{INT64_MIN, INT64_MIN};

struct Long : Fixture {
  TempDirectory directory;
  Long() { store = open(directory.path()); }

  void lived_long(const std::string& id, int changes) {
    create(*store, "z", id, second);
    for (int i = 0; i < changes; ++i) {
      core::Annotate annotate;
      annotate.additions.package_version = i;
      change(*store, {"z", id}, annotate);
    }
    start(*store, {"z", id});
    complete(*store, {"z", id});
  }
  std::string of_database(const std::string& sql) { return shell(directory.path(), sql); }
  std::string events_left() { return of_database("SELECT count(*) FROM taskstate_events WHERE task_seq IS NOT NULL"); }
  std::string erasures() { return of_database("SELECT group_concat(task_seq || ':' || head) FROM taskstate_erasures"); }
  std::string problems() {
    std::string all;
    for (const std::string& each : store->verify(in()).problems) all += each + "; ";
    return all;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_long_history_goes_in_pieces, Long) {
  lived_long("long", 597);  // 600 events
  create(*store, "z", "newer", second);
  BOOST_TEST(remove({"z", "long"}, 3 * second));
  BOOST_TEST(!store->read({"z", "long"}, in()).has_value());
  BOOST_TEST(of_database("SELECT id FROM taskstate_events WHERE kind = 'purged'") == "long");
  BOOST_TEST(events_left() == "345");  // and that of the newer one
  BOOST_TEST(erasures() == "1:344");
  BOOST_TEST(problems() == "");
  BOOST_TEST(has_expired(nothing_else));
  BOOST_TEST(drop_expired(nothing_else, 300) == 300U);
  BOOST_TEST(erasures() == "1:44");
  BOOST_TEST(problems() == "");
  store = open(directory.path());  // goes on, whoever begins
  BOOST_TEST(drop_expired(nothing_else, 300) == 44U);
  BOOST_TEST(erasures() == "");
  BOOST_TEST(events_left() == "1");
  BOOST_TEST(!has_expired(nothing_else));
  BOOST_TEST(drop_expired(nothing_else, 300) == 0U);
  BOOST_TEST(problems() == "");
}

// The next task is not taken for it: its number is another.
BOOST_FIXTURE_TEST_CASE(so_does_that_of_the_newest_task, Long) {
  create(*store, "z", "older", second);
  lived_long("long", 297);
  BOOST_TEST(remove({"z", "long"}, 3 * second));
  BOOST_TEST(erasures() == "2:45");
  BOOST_TEST(events_left() == "45");
  create(*store, "z", "long", second);
  BOOST_TEST(store->history({"z", "long"}, {}, 1000, in()).size() == 1U);
  BOOST_TEST(problems() == "");
  BOOST_TEST(drop_expired(nothing_else, 300) == 44U);
  BOOST_TEST(store->history({"z", "long"}, {}, 1000, in()).size() == 1U);
  BOOST_TEST(problems() == "");
}

BOOST_FIXTURE_TEST_CASE(what_a_foreign_client_has_deleted_is_cleared_away, Long) {
  lived_long("long", 9);
  BOOST_TEST(of_database("DELETE FROM taskstate_tasks") == "");
  BOOST_TEST(events_left() == "12");
  BOOST_TEST(erasures() == "1:12");
  BOOST_TEST(problems() == "");
  BOOST_TEST(drop_expired(nothing_else, 5) == 5U);
  BOOST_TEST(erasures() == "1:7");
  BOOST_TEST(drop_expired(nothing_else, 9) == 7U);
  BOOST_TEST(events_left() == "0");
  BOOST_TEST(erasures() == "");
  BOOST_TEST(problems() == "");
}

BOOST_FIXTURE_TEST_CASE(an_erasure_is_neither_forgotten_nor_made_up_by_others, Long) {
  lived_long("long", 297);
  create(*store, "z", "newer", second);
  const auto refused = [&](const char* sql) {
    const std::string said = of_database(sql);
    BOOST_TEST(said.find("taskstate: ") != std::string::npos, sql << ": " << said);
  };
  refused("INSERT INTO taskstate_erasures VALUES (2, 1)");
  refused("INSERT INTO taskstate_erasures VALUES (7, 1)");
  BOOST_TEST(remove({"z", "long"}, 3 * second));
  refused("INSERT OR REPLACE INTO taskstate_erasures VALUES (1, 1)");
  refused("UPDATE taskstate_erasures SET head = 45");
  refused("UPDATE taskstate_erasures SET head = 301");
  refused("UPDATE taskstate_erasures SET task_seq = 2");
  refused("UPDATE OR REPLACE taskstate_erasures SET head = NULL");
  refused("DELETE FROM taskstate_erasures");
  BOOST_TEST(erasures() == "1:44");
}

BOOST_AUTO_TEST_SUITE_END()

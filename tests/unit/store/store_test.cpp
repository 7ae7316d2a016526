// What every store keeps to, whatever it is made of: the same cases for each of them.
#include "support.hpp"

#include "unit/store/memory_store.hpp"

#include <thread>
#include <tuple>

using namespace store_test;
using store::DueTask;
using store::Replaced;

namespace {

constexpr std::int64_t second = 1'000'000;

/// A time that stands still, for wall clock and leases alike.
struct Time {
  std::shared_ptr<std::atomic<std::int64_t>> now = std::make_shared<std::atomic<std::int64_t>>(100 * second);
  [[nodiscard]] store::Clocks clocks() const {
    const auto read = [now = now] { return now->load(); };
    return {read, {"host:kit", read, {}}, {}};
  }
};

struct OnFile {
  TempDirectory directory;
  std::unique_ptr<Store> open(const Time& time) const {
    Options chosen = options(directory.path());
    chosen.clocks = time.clocks();
    return store::sqlite::open(std::move(chosen), in());
  }
};
struct InMemory {
  std::unique_ptr<Store> open(const Time& time) const {
    Options chosen = options(":memory:");
    chosen.clocks = time.clocks();
    return store::sqlite::open(std::move(chosen), in());
  }
};
struct Optimistic {
  std::unique_ptr<Store> open(const Time& time) const { return std::make_unique<test::MemoryStore>(time.clocks()); }
};
using Stores = std::tuple<OnFile, InMemory, Optimistic>;

template <class Kind>
struct Kit {
  Time time;
  Kind kind;
  std::unique_ptr<Store> store = kind.open(time);

  core::Row add(const std::string& zone, const std::string& id, const std::function<void(core::Row&)>& adjust = {}) {
    core::Row row = new_row(zone, id, time.now->load());
    row.max_attempts = 3;
    if (adjust) adjust(row);
    must(*store, [&](store::Session& session) { BOOST_REQUIRE(session.insert(row, "payload of " + id)); });
    return read(zone, id);
  }
  core::Row read(const std::string& zone, const std::string& id) {
    const auto row = store->read({zone, id}, in());
    BOOST_REQUIRE(row.has_value());
    return *row;
  }
  void apply(const std::string& id, const core::Intent& intent) { change(*store, {"z", id}, intent, ++*time.now); }
  void end(const std::string& id) {
    apply(id, core::Start{});
    core::Complete intent;
    intent.additions.install_id = "ins_1";
    apply(id, intent);
  }
  void hold(const std::string& id, std::int64_t duration) {
    must(*store, [&](store::Session& session) {
      store::LeaseStart lease = session.lease(duration);
      const auto row = session.read({"z", id});
      BOOST_REQUIRE(row.has_value());
      core::Context context;
      context.now = time.now->load();
      const auto steps =
          core::apply(*row, core::Start{core::Grant{lease.epoch, lease.until, lease.clock, "w", duration}}, context);
      BOOST_REQUIRE(std::holds_alternative<core::Steps>(steps));
      BOOST_TEST((session.replace(*row, std::get<core::Steps>(steps).front()) == Replaced::done));
    });
  }
  template <class Ask>
  void look(Ask ask) {
    store->view([&](store::View& view) { ask(view); }, in());
  }
  /// Ids of what a claim would take one after the other, as long as nothing is taken.
  std::string candidates(const core::ClaimFilter& filter, std::size_t most, store::ClaimTurn turn = {},
                         std::int64_t running_limit = 0) {
    std::string ids;
    look([&](store::View& view) {
      ids.clear();
      store::ClaimQuery query{filter, running_limit, turn};
      const store::Patience patience = in();
      const store::Candidates next = view.claimable(query, patience);
      for (std::size_t i = 0; i < most; ++i)
        if (const auto key = next()) ids += (ids.empty() ? "" : " ") + key->zone_id + "/" + key->id;
    });
    return ids;
  }
  std::string due(const store::DueQuery& query) {
    std::string all;
    look([&](store::View& view) {
      all.clear();
      store::Due due = view.due(query);
      std::sort(due.tasks.begin(), due.tasks.end(),
                [](const DueTask& one, const DueTask& other) { return one.key.id < other.key.id; });
      for (const DueTask& task : due.tasks)
        all += task.key.id + (task.why == DueTask::Why::start_by     ? " late, "
                              : task.why == DueTask::Why::not_before ? " ripe, "
                                                                     : " ended, ");
      if (due.next_in) all += "next in " + std::to_string(*due.next_in);
      if (due.expired) all += "expired";
    });
    return all;
  }
};

std::string ids(const std::vector<core::Row>& rows) {
  std::string all;
  for (const core::Row& row : rows) all += (all.empty() ? "" : " ") + row.task.id;
  return all;
}

store::PageQuery all_of(const std::string& zone) {
  store::PageQuery query;
  query.zone_id = zone;
  return query;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_seam)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_task_is_read_as_it_was_written, Kind, Stores) {
  Kit<Kind> kit;
  const core::Row row = kit.add("z", "a", [](core::Row& made) { made.priority = 7, made.ref = "order 1"; });
  BOOST_TEST(row.task.id == "a");
  BOOST_TEST(row.priority == 7);
  BOOST_TEST((row.ref == "order 1"));
  BOOST_TEST(row.revision == 1);
  BOOST_TEST(row.last_event == row.number);
  BOOST_TEST((kit.store->payload({"z", "a"}, in()) == "payload of a"));
  BOOST_TEST(!kit.store->read({"y", "a"}, in()));
  BOOST_TEST(!kit.store->payload({"z", "b"}, in()));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_key_is_taken_once, Kind, Stores) {
  Kit<Kind> kit;
  kit.add("z", "a");
  must(*kit.store, [](store::Session& session) {
    BOOST_TEST(!session.insert(new_row("z", "a"), std::nullopt));
    BOOST_TEST(session.insert(new_row("y", "a"), std::nullopt));
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_row_is_replaced_only_as_it_was, Kind, Stores) {
  Kit<Kind> kit;
  const core::Row before = kit.add("z", "a");
  core::Row next = before;
  next.priority = 5;
  ++next.version;
  must(*kit.store, [&](store::Session& session) {
    core::Row other = before;
    other.version = 9;
    BOOST_TEST((session.replace(other, next) == Replaced::moved));
    BOOST_TEST((session.replace(before, next) == Replaced::done));
    BOOST_TEST((session.replace(before, next) == Replaced::moved));
    BOOST_TEST(session.read({"z", "a"})->priority == 5);
  });
  BOOST_TEST(kit.read("z", "a").priority == 5);
  // Without a new revision there is no event.
  BOOST_TEST(kit.read("z", "a").last_event == before.last_event);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_refused_leaves_nothing_and_its_neighbours_stand, Kind, Stores) {
  Kit<Kind> kit;
  const store::Change good{[](store::Session& session) { session.insert(new_row("z", "good"), std::nullopt); }};
  const store::Change bad{[](store::Session& session) {
    session.insert(new_row("z", "bad"), std::nullopt);
    throw core::Failure(core::Code::limit_exceeded, "enough");
  }};
  const store::Change also_good{[](store::Session& session) { session.insert(new_row("z", "also"), std::nullopt); }};
  const store::Change* const changes[] = {&good, &bad, &also_good};
  const Results results = commit(*kit.store, changes);
  BOOST_TEST(!results[0]);
  BOOST_TEST((results[1].value().code == core::Code::limit_exceeded));
  BOOST_TEST(!results[2]);
  BOOST_TEST(!kit.store->read({"z", "bad"}, in()));
  BOOST_TEST(kit.read("z", "also").number == kit.read("z", "good").number + 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(after_it_was_closed_nothing_is_begun, Kind, Stores) {
  Kit<Kind> kit;
  bool ran = false;
  const auto act = [&](store::Session&) { ran = true; };
  kit.store->close();
  BOOST_TEST((commit(*kit.store, act).value().code == core::Code::closed));
  BOOST_TEST((code_of([&] { kit.store->news({}, 0, in()); }) == core::Code::closed));
  BOOST_TEST(!ran);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(changes_of_one_task_meet, Kind, Stores) {
  constexpr int each = 40;
  Kit<Kind> kit;
  kit.add("z", "a");
  std::atomic<int> refused{0};
  const auto raise = [](store::Session& session) {
    const auto before = session.read({"z", "a"});
    core::Context context;
    context.now = 200 * second;
    const auto steps = core::apply(*before, core::Reprioritize{before->priority + 1}, context);
    if (session.replace(*before, std::get<core::Steps>(steps).front()) != Replaced::done) throw store::Conflict();
  };
  const auto work = [&] {
    for (int i = 0; i < each; ++i) refused += commit(*kit.store, raise).has_value() ? 1 : 0;
  };
  std::thread other(work);
  work();
  other.join();
  BOOST_TEST(refused == 0);
  BOOST_TEST(kit.read("z", "a").priority == 2 * each);
  BOOST_TEST(kit.read("z", "a").revision == 1 + 2 * each);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_claim_takes_the_highest_priority_then_the_oldest_and_zones_in_turn, Kind, Stores) {
  Kit<Kind> kit;
  kit.add("b", "old");
  kit.add("b", "high", [](core::Row& row) { row.priority = 1; });
  kit.add("a", "first");
  kit.add("c", "late", [](core::Row& row) { row.not_before = 200 * second; });
  BOOST_TEST(kit.candidates({}, 1) == "a/first");
  BOOST_TEST(kit.candidates({}, 2) == "a/first b/high");
  BOOST_TEST(kit.candidates({}, 1, {"a"}) == "b/high");
  BOOST_TEST(kit.candidates({}, 1, {"b"}) == "a/first");
  BOOST_TEST(kit.candidates({{"b", "c"}, {}}, 1) == "b/high");
  BOOST_TEST(kit.candidates({{}, {"delete"}}, 1) == "");
  BOOST_TEST(kit.candidates({{"c"}, {"create"}}, 1) == "");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_claim_passes_over_zones_at_their_limit_and_what_is_paused, Kind, Stores) {
  Kit<Kind> kit;
  for (const char* id : {"a", "b", "c"}) kit.add("z", id);
  kit.add("y", "d", [](core::Row& row) { row.task.operation = "reindex"; });
  kit.hold("a", second);
  BOOST_TEST(kit.candidates({{"z"}, {}}, 1, {}, 1) == "");
  BOOST_TEST(kit.candidates({{"z"}, {}}, 1, {}, 2) == "z/b");
  using What = store::Pause::What;
  const auto pause = [&](What what, const std::string& name, bool paused) {
    bool changed = false;
    must(*kit.store, [&](store::Session& session) {
      changed = session.set_paused({what, name, second, "op"}, paused);
    });
    return changed;
  };
  BOOST_TEST(pause(What::zone, "z", true));
  BOOST_TEST(!pause(What::zone, "z", true));
  BOOST_TEST(pause(What::operation, "reindex", true));
  BOOST_TEST(kit.candidates({}, 1) == "");
  const auto pauses = kit.store->stats("", in()).pauses;
  BOOST_REQUIRE(pauses.size() == 2U);
  BOOST_TEST(pauses[0].name == "z");
  BOOST_TEST(pauses[0].since == second);
  BOOST_TEST(pause(What::zone, "z", false));
  BOOST_TEST(!pause(What::zone, "z", false));
  BOOST_TEST(kit.candidates({}, 1) == "z/b");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_epoch_is_never_given_twice, Kind, Stores) {
  Kit<Kind> kit;
  kit.add("z", "a");
  kit.hold("a", second);
  const core::Row held = kit.read("z", "a");
  BOOST_TEST(held.epoch == held.last_event);
  BOOST_TEST((held.lease_clock == "host:kit"));
  BOOST_TEST(held.lease_until.value() == kit.time.now->load() + second);
  must(*kit.store, [&](store::Session& session) { BOOST_TEST(session.lease(second).epoch > held.epoch); });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_due_is_told_once_with_its_reason, Kind, Stores) {
  Kit<Kind> kit;
  kit.add("z", "both", [](core::Row& row) { row.start_by = 110 * second, row.not_before = 105 * second; });
  kit.add("z", "ripe", [](core::Row& row) { row.not_before = 120 * second; });
  kit.add("z", "held");
  kit.hold("held", 30 * second);
  BOOST_TEST(kit.due({9, true, {}}) == "next in 5000000");
  *kit.time.now = 115 * second;
  BOOST_TEST(kit.due({9, true, {}}) == "both late, next in 5000000");
  *kit.time.now = 140 * second;
  BOOST_TEST(kit.due({9, true, {}}) == "both late, held ended, ripe ripe, ");
  BOOST_TEST(kit.due({0, true, {}}) == "");
  BOOST_TEST(kit.due({1, false, {}}).starts_with("both late, held ended, "));
  kit.look([](store::View& view) { BOOST_TEST(view.is_comparable("host:kit")); });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(keys_and_tombstones_are_kept_until_they_are_dropped, Kind, Stores) {
  Kit<Kind> kit;
  kit.add("z", "a");
  must(*kit.store, [](store::Session& session) {
    keep_replay(session, "z", "k", {2, std::string(16, 'f'), "a", 50});
    session.entomb({"z", "gone"}, 1, 60);
    BOOST_TEST(session.replay("z", "k")->task_id == "a");
    BOOST_TEST(!session.replay("y", "k"));
  });
  kit.look([](store::View& view) { BOOST_TEST(view.tombstone({"z", "gone"}).value() == 60); });
  const store::Found found = kit.store->answer({"z", "gone"}, {}, in());
  BOOST_TEST(!found.row);
  BOOST_TEST(found.tombstone.value() == 60);
  BOOST_TEST(found.expiry == kit.time.now->load());
  BOOST_TEST(kit.due({0, false, store::Expiry{49, 0}}) == "");
  BOOST_TEST(kit.due({0, false, store::Expiry{50, 0}}) == "expired");
  must(*kit.store, [](store::Session& session) {
    BOOST_TEST(session.drop_expired({50, 0}, 9) == 1U);
    BOOST_TEST(!session.replay("z", "k"));
    BOOST_TEST(session.drop_expired({60, 0}, 9) == 1U);
    BOOST_TEST(!session.tombstone({"z", "gone"}));
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(tasks_that_have_ended_are_found_in_order_and_removed_whole, Kind, Stores) {
  Kit<Kind> kit;
  for (const char* id : {"a", "b", "c", "d"}) kit.add("z", id);
  for (const char* id : {"b", "a", "c"}) kit.end(id);
  must(*kit.store, [](store::Session& session) {
    keep_replay(session, "z", "k", {2, std::string(16, 'f'), "a", 900 * second});
  });
  store::EndedQuery query{"z", 900 * second, 500 * second, 1};
  const auto next = [&] {
    std::vector<core::Key> keys;
    kit.look([&](store::View& view) {
      store::EndedQuery asked = query;
      keys = view.ended(asked);
      query = asked;
    });
    return keys.empty() ? std::string("-") : keys.front().id;
  };
  BOOST_TEST(next() == "b");
  BOOST_TEST(next() == "c");  // a key still speaks for "a"
  BOOST_TEST(next() == "-");
  const store::EndedQuery all{"z", 900 * second, 500 * second, 9};
  must(*kit.store, [&](store::Session& session) {
    BOOST_TEST(!remove_ended(session, {"z", "a"}, all));
    BOOST_TEST(!remove(session, {"z", "d"}, 900 * second));  // it has not ended
    BOOST_TEST(remove_ended(session, {"z", "b"}, all));
    BOOST_TEST(remove(session, {"z", "a"}, 900 * second));
    BOOST_TEST(!remove(session, {"z", "a"}, 900 * second));
    BOOST_TEST(!session.replay("z", "k"));
  });
  BOOST_TEST(!kit.store->read({"z", "a"}, in()));
  BOOST_TEST(!kit.store->payload({"z", "a"}, in()));
  BOOST_TEST(kit.store->history({"z", "a"}, {}, 9, in()).empty());
  const store::Feed feed = kit.store->feed({"z", 0, 99}, in());
  BOOST_TEST(feed.events.back().kind == "purged");
  BOOST_TEST(feed.events.back().key.id == "a");
  BOOST_TEST(feed.purged_through > 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(results_are_kept_beside_their_task, Kind, Stores) {
  Kit<Kind> kit;
  kit.add("z", "a");
  kit.apply("a", core::Start{});
  core::Complete intent;
  intent.additions.install_id = "ins_1";
  intent.result = core::StoredResult{"bytes", "text/plain"};
  kit.apply("a", intent);
  must(*kit.store, [](store::Session& session) { session.keep_result({"z", "a"}, "bytes", 77); });
  kit.look([](store::View& view) {
    const auto kept = view.stored({"z", "a"}, store::Part::result);
    BOOST_TEST(kept.value().bytes == "bytes");
    BOOST_TEST(kept.value().until.value() == 77);
    BOOST_TEST(!view.stored({"z", "b"}, store::Part::result));
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_page_goes_both_ways_through_one_zone_or_all, Kind, Stores) {
  Kit<Kind> kit;
  for (const char* id : {"a", "b", "c", "d"}) {
    kit.add("z", id, [](core::Row& row) { row.ref = "r"; });
    *kit.time.now += second;
  }
  kit.add("y", "e");
  store::PageQuery query = all_of("z");
  query.limit = 2;
  query.with_total = true;
  store::Page page = kit.store->page(query, in());
  BOOST_TEST(ids(page.rows) == "d c");
  BOOST_TEST(page.total == 4);
  query.from = store::Place{{page.rows.back().task.created_at, "c"}, page.rows.back().number};
  BOOST_TEST(ids(kit.store->page(query, in()).rows) == "b a");
  query.newer = true;
  BOOST_TEST(ids(kit.store->page(query, in()).rows) == "d");
  store::PageQuery everywhere;
  everywhere.limit = 2;
  page = kit.store->page(everywhere, in());
  BOOST_TEST(ids(page.rows) == "e d");
  everywhere.from = store::Place{{}, page.rows.back().number};
  BOOST_TEST(ids(kit.store->page(everywhere, in()).rows) == "c b");
  everywhere.from.reset();
  everywhere.ref = "r";
  BOOST_TEST(ids(kit.store->page(everywhere, in()).rows) == "d c");
  kit.apply("a", core::Start{});
  query = all_of("z");
  query.statuses = {core::Status::running};
  BOOST_TEST(ids(kit.store->page(query, in()).rows) == "a");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(each_revision_is_an_event_of_the_history_and_of_the_feed, Kind, Stores) {
  Kit<Kind> kit;
  kit.add("z", "a");
  kit.add("y", "other");
  kit.end("a");
  const auto events = kit.store->history({"z", "a"}, {}, 9, in());
  BOOST_REQUIRE(events.size() == 3U);
  BOOST_TEST(events[0].revision == 3);
  BOOST_TEST((events[0].to == core::Status::completed));
  BOOST_TEST((events[0].from.value() == core::Status::running));
  BOOST_TEST(events[2].kind == "created");
  BOOST_TEST(kit.store->history({"z", "a"}, events[1].sequence, 9, in()).front().sequence == events[2].sequence);
  const store::Feed feed = kit.store->feed({"z", events[2].sequence, 1}, in());
  BOOST_REQUIRE(feed.events.size() == 1U);
  BOOST_TEST(feed.events[0].sequence == events[1].sequence);
  BOOST_TEST(feed.read_through == events[1].sequence);
  BOOST_TEST(feed.latest == events[0].sequence);
  BOOST_TEST(feed.generation == kit.store->content().generation);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(news_say_what_moved_and_whether_that_is_all, Kind, Stores) {
  Kit<Kind> kit;
  kit.add("z", "a");
  const std::int64_t before = kit.store->news({}, 0, in()).latest;
  kit.end("a");
  store::News news = kit.store->news(before, 9, in());
  BOOST_TEST(news.is_complete());
  BOOST_REQUIRE(news.moved.size() == 2U);
  BOOST_TEST(!news.moved[0].ended);
  BOOST_TEST(news.moved[1].ended);
  BOOST_TEST(news.moved[1].revision == 3);
  news = kit.store->news(before, 1, in());
  BOOST_TEST(news.more);
  BOOST_TEST(news.moved.size() == 1U);
  BOOST_TEST(kit.store->news({}, 9, in()).gap);
  BOOST_TEST(kit.store->news(before + 999, 9, in()).gap);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_stamp_names_a_state, Kind, Stores) {
  Kit<Kind> kit;
  kit.add("z", "a");
  if (kit.store->traits().proof == store::Proof::none) return;
  const auto stamp = kit.store->stamp();
  BOOST_REQUIRE(stamp.has_value());
  BOOST_TEST(kit.store->answer({"z", "a"}, stamp, in()).proven);
  BOOST_TEST((kit.store->stamp() == stamp));
  kit.add("z", "b");
  BOOST_TEST((kit.store->stamp() != stamp));
  BOOST_TEST(!kit.store->answer({"z", "a"}, stamp, in()).proven);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(answers_are_given_for_many_keys_at_once, Kind, Stores) {
  Kit<Kind> kit;
  const core::Row row = kit.add("z", "a");
  const std::vector<core::Key> keys{{"z", "a"}, {"z", "none"}};
  std::vector<store::Found> found(2);
  kit.store->answers(keys, found, {}, in());
  BOOST_TEST(found[0].row.value().body == row.body);
  BOOST_TEST(found[0].row.value().created_at == row.task.created_at);
  BOOST_TEST(!found[1].row);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(tasks_are_counted_by_zone_operation_and_status, Kind, Stores) {
  Kit<Kind> kit;
  for (const char* id : {"a", "b"}) kit.add("z", id);
  kit.add("y", "c");
  kit.end("a");
  const store::Stats stats = kit.store->stats("z", in());
  BOOST_TEST(stats.totals[static_cast<std::size_t>(core::Status::pending)] == 2);
  BOOST_TEST(stats.totals[static_cast<std::size_t>(core::Status::completed)] == 1);
  BOOST_TEST(stats.counts.size() == 2U);
  BOOST_TEST(stats.last_sequence == kit.store->news({}, 0, in()).latest);
  must(*kit.store, [](store::Session& session) {
    BOOST_TEST(session.count("z", core::Status::pending) == 1);
    session.insert(new_row("z", "more"), std::nullopt);
    BOOST_TEST(session.count("z", core::Status::pending) == 2);
  });
}

// What a database finds when it commits: others came first.
BOOST_AUTO_TEST_CASE(a_change_that_met_with_others_is_run_again) {
  Kit<Optimistic> kit;
  auto& store = static_cast<test::MemoryStore&>(*kit.store);
  kit.add("z", "a");
  int runs = 0;
  must(store, [&](store::Session& session) {
    if (++runs == 1) kit.add("z", "between");
    if (runs == 2) throw store::Conflict();
    session.insert(new_row("z", "b"), std::nullopt);
    BOOST_TEST(session.read({"z", "between"}).has_value() == (runs == 3));
  });
  BOOST_TEST(runs == 3);
  BOOST_TEST(store.conflicts == 2);
  BOOST_TEST(kit.read("z", "b").number > kit.read("z", "between").number);
}

BOOST_AUTO_TEST_SUITE_END()

// The seam: what a store promises to the engine, on a file and in memory.
#include "unit/store/support.hpp"

#include "core/codec.hpp"
#include "store/sqlite/queries.hpp"

#include <atomic>
#include <thread>

using namespace store_test;
using core::Code;

BOOST_AUTO_TEST_SUITE(store_session)

namespace {

struct Places {
  TempDirectory directory;
  std::vector<std::string> all{directory.path(), ":memory:"};
};

constexpr const char* some_traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

core::Row full_birth() {
  core::Row row = new_row("z1", "full");
  core::Task& task = row.task;
  task.install_id = "ins_9";
  task.package_slug = "slug";
  task.package_version = 9007199254740991;
  task.links = {{"/a", "self", R"({"n":1.5,"z":-0})", {{{"en", "A"}, {"de", "B"}}}, "text/html"},
                {"/b", "result", {}, {}, {}}};
  task.warnings = {
      {"conflict", {{"not_found", "$.a", "gone"}}, "kept", "/x", "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e", 409, 5000}};
  row.max_attempts = 3;
  row.not_before = 10;
  row.start_by = 11;
  row.priority = -4;
  row.ref = "order 7";
  row.client_request_id = "req-1";
  row.traceparent = some_traceparent;
  row.body = core::render(task);
  return row;
}

/// What no row has at its birth.
core::Row full_change(core::Row row) {
  row.task.status = core::Status::running;
  row.task.updated_at += 10;
  row.revision = row.version = 2;
  row.epoch = row.last_event + 1;
  row.lease_until = 99;
  row.lease_clock = "boot:1";
  row.lease_duration = 30'000'000;
  row.worker = "w1";
  row.attempt = 2;
  row.started_at = row.task.updated_at;
  row.progress_at = row.task.updated_at;
  row.cancel_requested = true;
  row.outcome_digest = std::string("0123456789abcd\0f", 16);
  row.error_detail = "detail";
  row.note = {"started", "w1", "req-1", some_traceparent, "said", "more", 10};
  row.body = core::render(row.task);
  return row;
}

// All that a row holds but what the store gives it.
std::string told(const core::Row& row) {
  const auto text = [](const auto& value) -> std::string {
    if constexpr (requires { value.has_value(); }) {
      if (!value) return "none";
      if constexpr (requires { std::to_string(*value); }) return std::to_string(*value);
      else return *value;
    } else {
      return std::to_string(value);
    }
  };
  std::string out = core::render(row.task) + row.body;
  for (const auto& each :
       {row.lease_until, row.lease_duration, row.not_before, row.start_by, row.started_at, row.progress_at})
    out += "|" + text(each);
  for (const auto& each : {row.lease_clock, row.worker, row.ref, row.failure_reason, row.error_detail,
                           row.result_media_type, row.client_request_id, row.traceparent, row.outcome_digest})
    out += "|" + text(each);
  for (const std::int64_t each :
       {row.revision, row.version, row.epoch, row.attempt, row.max_attempts, row.priority,
        std::int64_t{row.cancel_requested}, row.failure_kind ? static_cast<std::int64_t>(*row.failure_kind) : -1})
    out += "|" + text(each);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_field_of_a_row_comes_back) {
  Places places;
  for (const std::string& place : places.all) {
    const auto store = open(place);
    const core::Row row = full_birth();
    must(*store, [&](store::Session& session) { BOOST_TEST(session.insert(row, std::string_view("a\0b", 3))); });
    const auto found = store->read(row.key(), in());
    BOOST_REQUIRE(found);
    BOOST_TEST(told(*found) == told(row));
    BOOST_TEST(found->number == 1);
    BOOST_TEST(found->last_event == 1);
    BOOST_TEST((store->payload(row.key(), in()) == std::string("a\0b", 3)));
    const auto answer = store->answer(row.key(), {}, in()).row;
    BOOST_REQUIRE(answer);
    BOOST_TEST(answer->body == row.body);
    BOOST_TEST((answer->install_id == "ins_9"));
    BOOST_TEST((answer->result_href == "/b"));
    BOOST_TEST(answer->revision == 1);
    BOOST_TEST(answer->created_at == row.task.created_at);
    const core::Row changed = full_change(*found);
    must(*store,
         [&](store::Session& session) { BOOST_TEST((session.replace(*found, changed) == store::Replaced::done)); });
    const auto again = store->read(row.key(), in());
    BOOST_TEST(told(*again) == told(changed));
    BOOST_TEST(again->number == 1);
    BOOST_TEST(again->last_event == 2);
  }
}

// What an INSERT leaves out is as the schema says by default.
BOOST_AUTO_TEST_CASE(a_row_that_is_all_zeros_comes_back_too) {
  const auto store = open(":memory:");
  create(*store, "z", "a", 0);
  BOOST_TEST(told(*store->read({"z", "a"}, in())) == told(new_row("z", "a", 0)));
}

BOOST_AUTO_TEST_CASE(every_field_of_an_event_comes_back) {
  Places places;
  for (const std::string& place : places.all) {
    const auto store = open(place);
    create(*store, "y", "other");
    create(*store, "z", "a");
    const core::Row before = *store->read({"z", "a"}, in());
    const core::Row next = full_change(before);
    must(*store,
         [&](store::Session& session) { BOOST_TEST((session.replace(before, next) == store::Replaced::done)); });
    const auto events = store->history({"z", "a"}, {}, 9, in());
    BOOST_REQUIRE(events.size() == 2U);
    const core::Event& event = events.front();
    BOOST_TEST(event.sequence == 3);
    BOOST_TEST((event.key == core::Key{"z", "a"}));
    BOOST_TEST(event.operation == "create");
    BOOST_TEST(event.previous == 2);
    BOOST_TEST(event.kind == "started");
    BOOST_TEST((event.from == core::Status::pending));
    BOOST_TEST((event.to == core::Status::running));
    BOOST_TEST(event.at == next.task.updated_at);
    BOOST_TEST(event.attempt == 2);
    BOOST_TEST(event.epoch == 3);
    BOOST_TEST((event.took == 10));
    BOOST_TEST((event.worker == "w1"));
    BOOST_TEST((event.request_id == "req-1"));
    BOOST_TEST((event.traceparent == some_traceparent));
    BOOST_TEST((event.message == "said"));
    BOOST_TEST((event.detail == "more"));
    BOOST_TEST(events.back().previous == 0);
    start(*store, {"y", "other"});
    fail(*store, {"y", "other"});
    BOOST_TEST((store->history({"y", "other"}, {}, 1, in()).front().failure_kind == core::FailureKind::failed));
  }
}

BOOST_AUTO_TEST_CASE(a_result_comes_with_its_completion_and_goes_when_its_time_is_over) {
  Places places;
  for (const std::string& place : places.all) {
    const auto store = open(place);
    create(*store, "z", "a");
    start(*store, {"z", "a"});
    must(*store, [](store::Session& session) {
      const core::Row before = *session.read({"z", "a"});
      core::Context context;
      context.now = 3'000'000;
      core::Complete intent;
      intent.additions.install_id = "i";
      core::Row next = std::get<core::Steps>(core::apply(before, intent, context)).front();
      next.result_media_type = "text/plain";
      BOOST_TEST((session.replace(before, next) == store::Replaced::done));
      session.keep_result({"z", "a"}, std::string_view("r\0", 2), 50);
    });
    const auto result = [&] {
      std::optional<store::Stored> found;
      store->view([&](store::View& view) { found = view.stored({"z", "a"}, store::Part::result); }, in());
      return found;
    };
    BOOST_REQUIRE(result().has_value());
    BOOST_TEST(result()->bytes == std::string("r\0", 2));
    BOOST_TEST((result()->until == 50));
    BOOST_TEST((store->read({"z", "a"}, in())->result_media_type == "text/plain"));
    BOOST_TEST(store->verify(in()).problems.empty());
    must(*store, [](store::Session& session) {
      BOOST_TEST(!has_expired(session, {49, 0}));
      BOOST_TEST(has_expired(session, {50, 0}));
      BOOST_TEST(session.drop_expired({50, 0}, 9) == 1U);
    });
    BOOST_TEST(!result().has_value());
    BOOST_TEST((store->read({"z", "a"}, in())->result_media_type == "text/plain"));
    BOOST_TEST(store->verify(in()).problems.empty());
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_an_answer) {
  Places places;
  for (const std::string& place : places.all) {
    const auto store = open(place);
    create(*store, "z1", "t1");
    BOOST_TEST(!store->read({"z2", "t1"}, in()));
    BOOST_TEST(!store->answer({"z1", "t2"}, {}, in()).row);
    BOOST_TEST(!store->payload({"z1", "t1"}, in()));
    BOOST_TEST(history(*store, {"z1", "t2"}).empty());
    must(*store, [&](store::Session& session) { BOOST_TEST(!session.read({"z1", "t2"})); });
  }
}

BOOST_AUTO_TEST_CASE(the_same_id_in_two_zones_is_two_tasks) {
  const auto store = open(":memory:");
  for (const char* zone : {"y", "z"})
    must(*store, [&](store::Session& session) {
      session.insert(new_row(zone, "a", zone[0] * 1'000'000), "payload of " + std::string(zone));
    });
  for (const char* zone : {"y", "z"}) {
    const core::Key key{zone, "a"};
    BOOST_TEST((store->payload(key, in()) == "payload of " + std::string(zone)));
    BOOST_TEST(store->answer(key, {}, in()).row.value().created_at == zone[0] * 1'000'000);
    BOOST_TEST(history(*store, key).front().at == zone[0] * 1'000'000);
  }
}

BOOST_AUTO_TEST_CASE(news_are_what_came_after) {
  const auto store = open(":memory:");
  create(*store, "z", "a");
  const std::int64_t before = store->latest_event(in());
  create(*store, "z", "b");
  const store::News news = store->news(before, 9, in());
  BOOST_TEST(news.is_complete());
  BOOST_REQUIRE(news.moved.size() == 1U);
  BOOST_TEST(news.moved[0].key.id == "b");
  BOOST_TEST(store->news(before - 1, 1, in()).more);
  BOOST_TEST(store->news(news.latest, 9, in()).moved.empty());
}

BOOST_AUTO_TEST_CASE(the_feed_of_one_zone_looks_at_so_many_events_at_a_time) {
  constexpr std::int64_t window = 20000;
  const auto store = open(":memory:");
  create(*store, "y", "first");
  must(*store, [](store::Session& session) {
    for (std::int64_t i = 0; i < window; ++i) session.insert(new_row("z", std::to_string(i)), std::nullopt);
  });
  create(*store, "y", "last");
  store::FeedQuery query;
  query.zone_id = "y";
  const store::Feed near = store->feed(query, in());
  BOOST_TEST(near.events.size() == 1U);
  BOOST_TEST(near.read_through == window);
  query.after = near.read_through;
  const store::Feed far = store->feed(query, in());
  BOOST_REQUIRE(far.events.size() == 1U);
  BOOST_TEST(far.events[0].key.id == "last");
}

BOOST_AUTO_TEST_CASE(an_empty_payload_is_not_an_absent_one) {
  const auto store = open(":memory:");
  must(*store, [&](store::Session& session) { BOOST_TEST(session.insert(new_row("z", "a"), std::string_view())); });
  BOOST_TEST((store->payload({"z", "a"}, in()) == ""));
}

BOOST_AUTO_TEST_CASE(a_key_is_taken_once) {
  Places places;
  for (const std::string& place : places.all) {
    const auto store = open(place);
    create(*store, "z1", "t1");
    must(*store, [&](store::Session& session) {
      BOOST_TEST(!session.insert(new_row("z1", "t1", 5), std::nullopt));
      BOOST_TEST(session.insert(new_row("z2", "t1", 5), std::nullopt));
    });
    BOOST_TEST(store->read({"z1", "t1"}, in())->task.created_at == 1'000'000);
  }
}

BOOST_AUTO_TEST_CASE(what_the_file_refuses_is_no_key_that_is_taken) {
  Places places;
  for (const std::string& place : places.all) {
    Options guarded = options(place);
    guarded.guards = true;
    const auto store = store::sqlite::open(guarded, in());
    create(*store, "z1", "t1");
    for (const core::Key& key : {core::Key{"z2", "t1"}, core::Key{"z1", "t2"}}) {
      core::Row row = new_row(key.zone_id, key.id);
      row.revision = 0;
      BOOST_TEST(commit(*store, [&](store::Session& session) { session.insert(row, std::nullopt); }).has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(replace_compares_the_version) {
  Places places;
  for (const std::string& place : places.all) {
    const auto store = open(place);
    create(*store, "z", "a");
    must(*store, [&](store::Session& session) {
      const core::Row before = *session.read({"z", "a"});
      core::Row next = before;
      next.task.status = core::Status::running;
      next.version = 2;
      next.revision = 2;
      next.note.kind = "started";
      core::Row other = before;
      other.version = 2;
      BOOST_TEST((session.replace(other, next) == store::Replaced::moved));
      BOOST_TEST((session.replace(before, next) == store::Replaced::done));
      BOOST_TEST((session.replace(before, next) == store::Replaced::moved));
      other.number = before.number + 1;
      BOOST_TEST((session.replace(other, next) == store::Replaced::moved));
    });
    BOOST_TEST(history(*store, {"z", "a"}).size() == 2);
  }
}

BOOST_AUTO_TEST_CASE(a_hidden_change_leaves_no_event) {
  const auto store = open(":memory:");
  create(*store, "z", "a");
  must(*store, [&](store::Session& session) {
    const core::Row before = *session.read({"z", "a"});
    core::Row next = before;
    next.version = 2;
    next.priority = 9;
    BOOST_TEST((session.replace(before, next) == store::Replaced::done));
  });
  BOOST_TEST(history(*store, {"z", "a"}).size() == 1);
  BOOST_TEST(store->read({"z", "a"}, in())->priority == 9);
  BOOST_TEST(store->read({"z", "a"}, in())->version == 2);
}

BOOST_AUTO_TEST_CASE(whatever_differs_is_written) {
  const std::vector<std::function<void(core::Row&)>> differences{
      [](core::Row& row) { row.task.updated_at += 5000; },
      [](core::Row& row) { row.task.install_id = "i"; },
      [](core::Row& row) {
        auto& link = row.task.links.emplace_back();
        link.href = link.rel = "/x";
      },
      [](core::Row& row) { row.task.package_slug = "s"; },
      [](core::Row& row) { row.task.package_version = 7; },
      [](core::Row& row) {
        row.task.warnings.push_back({"conflict", {}, "m", "/p", "r", 1, 2});
      },
      [](core::Row& row) { row.epoch = row.last_event + 1; },
      [](core::Row& row) { row.lease_until = 9, row.lease_clock = "c"; },
      [](core::Row& row) { row.lease_duration = 5000; },
      [](core::Row& row) { row.lease_until = 10; },
      [](core::Row& row) { row.lease_clock = "d"; },
      [](core::Row& row) { row.worker = "w"; },
      [](core::Row& row) { row.attempt = 1; },
      [](core::Row& row) { row.max_attempts = 5; },
      [](core::Row& row) { row.not_before = 11; },
      [](core::Row& row) { row.start_by = 12; },
      [](core::Row& row) { row.started_at = row.task.updated_at; },
      [](core::Row& row) { row.progress_at = row.task.updated_at; },
      [](core::Row& row) { row.priority = 13; },
      [](core::Row& row) { row.ref = "r"; },
      [](core::Row& row) { row.cancel_requested = true; },
      [](core::Row& row) { row.error_detail = "e"; },
      [](core::Row& row) { row.client_request_id = "q"; },
      [](core::Row& row) { row.traceparent = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"; },
      [](core::Row& row) { row.outcome_digest = std::string(16, 'd'); },
      [](core::Row& row) { row.task.status = core::Status::running; },
      [](core::Row& row) {
        row.task.status = core::Status::failed;
        row.task.error_message = "It broke.";
        row.failure_kind = core::FailureKind::cancelled;
        row.failure_reason = "quota";
        row.lease_until.reset();
        row.lease_clock.reset();
        row.lease_duration.reset();
      },
  };
  const auto store = open(":memory:");
  create(*store, "z", "a");
  for (const auto& differ : differences) {
    std::string expected;
    must(*store, [&](store::Session& session) {
      const core::Row before = *session.read({"z", "a"});
      core::Row next = before;
      differ(next);
      next.note.kind = "annotated";
      ++next.version;
      ++next.revision;
      next.body = core::render(next.task);
      BOOST_REQUIRE((session.replace(before, next) == store::Replaced::done));
      expected = told(next);
    });
    BOOST_TEST(told(*store->read({"z", "a"}, in())) == expected);
  }
}

BOOST_AUTO_TEST_CASE(the_history_tells_each_step) {
  Places places;
  for (const std::string& place : places.all) {
    const auto store = open(place);
    create(*store, "z", "a");
    start(*store, {"z", "a"});
    fail(*store, {"z", "a"});
    const auto events = history(*store, {"z", "a"});
    BOOST_REQUIRE(events.size() == 3);
    BOOST_TEST(events[0].kind == "created");
    BOOST_TEST(!events[0].from);
    BOOST_TEST((events[0].to == core::Status::pending));
    BOOST_TEST(events[1].kind == "started");
    BOOST_TEST((events[1].from == core::Status::pending));
    BOOST_TEST(events[2].kind == "failed");
    BOOST_TEST((events[2].from == core::Status::running));
    BOOST_TEST((events[2].to == core::Status::failed));
    BOOST_TEST((events[2].message == "It broke."));
    BOOST_TEST(events[2].revision == 3);
    BOOST_TEST(events[2].at == 2'000'000);
    BOOST_TEST(events[0].sequence < events[1].sequence);
    BOOST_TEST(store->verify(in()).problems.empty());
    BOOST_TEST(store->verify(in()).tasks == 1);
    BOOST_TEST(store->verify(in()).events == 3);
  }
}

BOOST_AUTO_TEST_CASE(a_failing_change_leaves_its_neighbours_alone) {
  Places places;
  for (const std::string& place : places.all) {
    const auto store = open(place);
    const store::Change good1{[](store::Session& s) { s.insert(new_row("z", "a"), std::nullopt); }};
    const store::Change bad{[](store::Session& s) {
      s.insert(new_row("z", "b"), std::nullopt);
      throw core::Failure(Code::limit_exceeded, "enough");
    }};
    const store::Change worse{[](store::Session& s) {
      s.insert(new_row("z", "c"), std::nullopt);
      throw std::runtime_error("secret");
    }};
    const store::Change good2{[](store::Session& s) { s.insert(new_row("z", "d"), std::nullopt); }};
    const store::Change* const changes[] = {&good1, &bad, &worse, &good2};
    const auto results = commit(*store, changes);
    BOOST_REQUIRE(results.size() == 4);
    BOOST_TEST(!results[0]);
    BOOST_TEST((results[1]->code == Code::limit_exceeded));
    BOOST_TEST((results[2]->code == Code::internal));
    BOOST_TEST(results[2]->message.find("secret") == std::string::npos);
    BOOST_TEST(!results[3]);
    BOOST_TEST(store->read({"z", "a"}, in()).has_value());
    BOOST_TEST(!store->read({"z", "b"}, in()));
    BOOST_TEST(!store->read({"z", "c"}, in()));
    BOOST_TEST(store->read({"z", "d"}, in()).has_value());
  }
}

BOOST_AUTO_TEST_CASE(each_error_in_each_position_leaves_the_others_alone) {
  const auto insert = [](store::Session& session, const std::string& id) {
    session.insert(new_row("z", id), std::nullopt);
  };
  const std::vector<std::pair<Code, Act>> errors{
      {Code::not_found, [](store::Session&) { throw core::Failure(Code::not_found, "before it wrote anything"); }},
      {Code::limit_exceeded,
       [&](store::Session& session) {
         insert(session, "bad");
         throw core::Failure(Code::limit_exceeded, "after it wrote");
       }},
      {Code::no_memory,
       [&](store::Session& session) {
         insert(session, "bad");
         throw std::bad_alloc();
       }},
      {Code::internal,
       [&](store::Session& session) {
         insert(session, "bad");
         throw std::runtime_error("unforeseen");
       }},
      {Code::corrupt,  // the file refuses it
       [&](store::Session& session) {
         insert(session, "bad");
         for (int i = 0; i < 2; ++i) keep_replay(session, "z", "k", {2, std::string(16, 'f'), "bad", 1});
       }},
  };
  constexpr std::size_t size = 5;
  Places places;
  for (const std::string& place : places.all) {
    const auto store = open(place);
    int round = 0;
    for (const auto& [code, act] : errors)
      for (std::size_t bad = 0; bad < size; ++bad, ++round) {
        std::vector<store::Change> changes;
        const auto id_of = [&](std::size_t i) { return "t" + std::to_string(round) + "-" + std::to_string(i); };
        for (std::size_t i = 0; i < size; ++i)
          changes.push_back({i == bad ? act : [&, i](store::Session& session) { insert(session, id_of(i)); }});
        std::vector<const store::Change*> group;
        for (const store::Change& change : changes) group.push_back(&change);
        const auto results = commit(*store, group);
        for (std::size_t i = 0; i < size; ++i) {
          BOOST_TEST(results[i].has_value() == (i == bad));
          BOOST_TEST(store->read({"z", id_of(i)}, in()).has_value() == (i != bad));
        }
        BOOST_TEST((results[bad]->code == code));
        BOOST_TEST((results[bad]->outcome == core::Outcome::not_done));
      }
    BOOST_TEST(!store->read({"z", "bad"}, in()));
    BOOST_TEST(!store->read({"z", "worse"}, in()));
    BOOST_TEST(store->verify(in()).problems.empty());
  }
}

BOOST_AUTO_TEST_CASE(many_threads_lose_nothing) {
  Places places;
  for (const std::string& place : places.all) {
    const auto store = open(place);
    create(*store, "z", "counter");
    constexpr int threads = 8, rounds = 50;
    std::atomic<int> failures = 0;
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t)
      all.emplace_back([&] {
        for (int i = 0; i < rounds; ++i) {
          const auto error = commit(
              *store,
              [](store::Session& session) {
                core::Row row = *session.read({"z", "counter"});
                const core::Row before = row;
                ++row.version;
                row.start_by = row.start_by.value_or(0) + 1;
                if (session.replace(before, row) != store::Replaced::done)
                  throw core::Failure(Code::internal, "moved on");
              },
              in(std::chrono::seconds(30)));
          if (error || !store->read({"z", "counter"}, in(std::chrono::seconds(30)))) ++failures;
        }
      });
    for (std::thread& thread : all) thread.join();
    BOOST_TEST(failures == 0);
    BOOST_TEST(store->read({"z", "counter"}, in())->start_by.value_or(0) == threads * rounds);
  }
}

BOOST_AUTO_TEST_CASE(a_statement_that_does_not_end_takes_none_of_its_neighbours_along) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  shell(directory.path(), "CREATE TABLE host (a)");
  const std::string endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) ";
  for (const std::string& sql : {endless + "SELECT max(i) FROM n", endless + "INSERT INTO host SELECT max(i) FROM n"}) {
    std::vector<store::Change> changes;
    for (const char* id : {"a", "b", "c"})
      changes.push_back({[id, &sql](store::Session& session) {
        session.insert(new_row("z", id), std::nullopt);
        const store::Statement quick{"INSERT INTO host VALUES (:taskstate_id)", {}, {}};
        session.run(quick, {"z", id}, 1);
        if (id == std::string("b")) session.run({sql, {}, {}}, {"z", id}, 1);
      }});
    for (store::Change& change : changes) change.has_statements = true;
    changes[1].patience = in(std::chrono::milliseconds(50));
    const store::Change* const all[] = {&changes[0], &changes[1], &changes[2]};
    const Results results = commit(*store, all);
    BOOST_TEST(!results[0]);
    BOOST_REQUIRE(results[1]);
    BOOST_TEST((results[1]->code == Code::busy));
    BOOST_TEST((results[1]->outcome == core::Outcome::not_done));
    BOOST_TEST(results[1]->details.at(0).field == "also");
    BOOST_TEST(!results[2]);
    BOOST_TEST(shell(directory.path(), "SELECT group_concat(a, '') FROM host") == "ac");
    BOOST_TEST(shell(directory.path(), "SELECT group_concat(id, '') FROM taskstate_tasks") == "ac");
    // Our own statements have all the time they need.
    must(*store, [](store::Session& session) {
      for (const char* id : {"a", "c"}) BOOST_TEST(session.read({"z", id}).has_value());
    });
    BOOST_TEST(shell(directory.path(),
                     "DELETE FROM host; UPDATE taskstate_tasks SET status = 'running'; UPDATE taskstate_tasks SET "
                     "status = 'failed', error_message = 'm'; DELETE FROM taskstate_tasks;") == "");
  }
}

// The host's own triggers and CHECKs run, in a file and in memory; those of a change without statements need not.
BOOST_AUTO_TEST_CASE(beside_statements_of_the_host_its_rules_are_at_work) {
  Places places;
  for (const std::string& place : places.all) {
    const auto store = open(place);
    if (place != ":memory:")
      shell(place,
            "CREATE TABLE host (a CHECK (a <> 'bad')); CREATE TABLE seen (a);"
            "CREATE TRIGGER saw AFTER INSERT ON host BEGIN INSERT INTO seen VALUES (NEW.a); END;");
    const auto write = [&](const std::string& id, const std::string& sql) {
      store::Change change{[&](store::Session& session) {
        session.insert(new_row("z", id), "payload");
        session.run({sql, {}, {}}, {"z", id}, 1);
      }};
      change.has_statements = true;
      const store::Change* const all[] = {&change};
      return commit(*store, all).front();
    };
    create(*store, "z", "before");
    if (place != ":memory:") {
      BOOST_TEST(!write("a", "INSERT INTO host VALUES (:taskstate_id)"));
      BOOST_TEST(write("bad", "INSERT INTO host VALUES (:taskstate_id)").has_value());
      BOOST_TEST(shell(place, "SELECT group_concat(a) FROM seen") == "a");
    } else {
      BOOST_TEST(!write("a", "SELECT 1"));
    }
    BOOST_TEST(write("a", "SELECT 1").has_value() == false);  // the key is taken: insert() says so
    create(*store, "z", "after");
    start(*store, {"z", "a"});
    complete(*store, {"z", "a"});
    must(*store, [](store::Session& session) { BOOST_TEST(remove(session, {"z", "a"}, 9'000'000)); });
    BOOST_TEST(store->verify(in()).tasks == 2);
    BOOST_TEST(store->verify(in()).problems == std::vector<std::string>(), boost::test_tools::per_element());
    if (store::sqlite::guards_by_default()) continue;
    const auto unsaid = commit(*store, [](store::Session& session) {
      session.run({"SELECT 1", {}, {}}, {"z", "a"}, 1);
    });
    BOOST_TEST((unsaid.value().code == Code::internal));
  }
}

BOOST_AUTO_TEST_CASE(a_read_ends_at_its_deadline) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  must(*store, [](store::Session& session) {
    for (int i = 0; i < 2000; ++i) session.insert(new_row("z", "t" + std::to_string(i)), std::nullopt);
  });
  store::PageQuery none;
  none.zone_id = "z";
  none.package_id = "other";
  const store::Deadline over = std::chrono::steady_clock::now();
  const core::Error late = error_of([&] { total(*store, none, over); });
  BOOST_TEST((late.code == Code::busy));
  BOOST_TEST(late.message == "the deadline passed before all of it was read");
  store::FeedQuery feed;
  feed.zone_id = "y";
  BOOST_TEST((code_of([&] { store->feed(feed, over); }) == Code::busy));
  BOOST_TEST((code_of([&] { store->page(none, {in(), [] { return true; }}); }) == Code::cancelled));
  // A look at one task is too short to be late.
  BOOST_TEST(store->read({"z", "t1"}, over).has_value());
  BOOST_TEST(store->page(none, in()).rows.empty());
}

BOOST_AUTO_TEST_CASE(a_list_that_is_late_comes_with_the_place_that_it_reached) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  must(*store, [](store::Session& session) {
    for (int i = 0; i < 3000; ++i) {
      core::Row row = new_row("z", "t" + std::to_string(i), 1'000'000 + i);
      if (i == 5) row.task.package_id = "wanted";
      session.insert(row, std::nullopt);
    }
  });
  for (const char* zone : {"z", ""}) {
    for (const bool newer : {false, true}) {
      store::PageQuery query;
      query.zone_id = zone;
      query.package_id = "wanted";
      query.newer = newer;
      std::size_t parts = 0;
      std::string found;
      do {
        const store::Page page = store->page(query, std::chrono::steady_clock::now());
        for (const core::Row& row : page.rows) found += row.task.id;
        query.from = page.reached;
        ++parts;
      } while (query.from);
      BOOST_TEST(found == "t5");
      BOOST_TEST(parts > 1U);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_history_is_read_in_parts_by_an_index) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  create(*store, "z", "a");
  start(*store, {"z", "a"});
  complete(*store, {"z", "a"});
  create(*store, "z", "b");
  start(*store, {"z", "b"});
  const auto events = store->history({"z", "a"}, {}, 9, in());
  const auto revisions = [&](std::optional<std::int64_t> before, std::size_t limit) {
    std::string out;
    for (const core::Event& event : store->history({"z", "a"}, before, limit, in()))
      out += std::to_string(event.revision);
    return out;
  };
  BOOST_TEST(revisions({}, 9) == "321");
  BOOST_TEST(revisions({}, 2) == "32");
  BOOST_TEST(revisions(events[1].sequence, 9) == "1");
  BOOST_TEST(revisions(events[0].sequence, 1) == "2");
  BOOST_TEST(revisions(events[2].sequence, 9) == "");
  // An event that is another task's, or none, has none of this task's before it.
  BOOST_TEST(revisions(store->history({"z", "b"}, {}, 1, in()).front().sequence, 9) == "");
  BOOST_TEST(revisions(99, 9) == "");
  store::sqlite::Connection connection(store::sqlite::file_uri(directory.path(), ""), SQLITE_OPEN_READWRITE);
  for (const bool from_newest : {true, false}) {
    store::sqlite::Query plan(connection, "EXPLAIN QUERY PLAN " + store::sqlite::history_sql(from_newest));
    std::string text;
    while (plan.step()) text += plan.text(3) + "\n";
    BOOST_TEST(text.find("SEARCH e USING INTEGER PRIMARY KEY (rowid=?)") != std::string::npos, text);
    BOOST_TEST(text.find("SCAN taskstate") == std::string::npos, text);
    BOOST_TEST(text.find("TEMP B-TREE") == std::string::npos, text);
  }
}

BOOST_AUTO_TEST_CASE(a_reopened_file_holds_everything) {
  const TempDirectory directory;
  std::string generation;
  {
    const auto store = open(directory.path());
    generation = store->content().generation;
    create(*store, "z", "a");
  }
  const auto store = open(directory.path(), Mode::read_write);
  BOOST_TEST(store->read({"z", "a"}, in()).has_value());
  BOOST_TEST(store->content().generation == generation);
  BOOST_TEST(generation.size() == 32);
  BOOST_TEST(open(":memory:")->content().generation != generation);
}

BOOST_AUTO_TEST_SUITE_END()

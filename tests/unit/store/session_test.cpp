// The seam: what a store promises to the engine, on a file and in memory.
#include "support.hpp"

#include "core/codec.hpp"

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

core::Row full_row() {
  core::Row row = new_row("z1", "full");
  core::Task& task = row.task;
  task.install_id = "ins_9";
  task.package_slug = "slug";
  task.package_version = 9007199254740991;
  task.links = {{"/a", "self", R"({"n":1.5,"z":-0})", {{{"en", "A"}, {"de", "B"}}}, "text/html"},
                {"/b", "result", {}, {}, {}}};
  task.warnings = {
      {"conflict", {{"not_found", "$.a", "gone"}}, "kept", "/x", "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e", 409, 5000}};
  row.epoch = 7;
  row.lease_until = 99;
  row.lease_clock = "boot:1";
  row.worker = "w1";
  row.attempt = 2;
  row.max_attempts = 3;
  row.not_before = 10;
  row.start_by = 11;
  row.priority = -4;
  row.cancel_requested = true;
  row.client_request_id = "req-1";
  row.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  row.outcome_digest = INT64_MIN;
  row.note = {"created", "w1", "req-1", "trace", "said", "more"};
  row.body = core::render(task);
  return row;
}

void require_same(const core::Row& a, const core::Row& b) {
  BOOST_TEST((a.task == b.task));
  BOOST_TEST(a.revision == b.revision);
  BOOST_TEST(a.version == b.version);
  BOOST_TEST(a.epoch == b.epoch);
  BOOST_TEST((a.lease_until == b.lease_until));
  BOOST_TEST((a.lease_clock == b.lease_clock));
  BOOST_TEST((a.worker == b.worker));
  BOOST_TEST(a.attempt == b.attempt);
  BOOST_TEST(a.max_attempts == b.max_attempts);
  BOOST_TEST((a.not_before == b.not_before));
  BOOST_TEST((a.start_by == b.start_by));
  BOOST_TEST(a.priority == b.priority);
  BOOST_TEST(a.cancel_requested == b.cancel_requested);
  BOOST_TEST((a.failure_kind == b.failure_kind));
  BOOST_TEST((a.error_detail == b.error_detail));
  BOOST_TEST((a.client_request_id == b.client_request_id));
  BOOST_TEST((a.traceparent == b.traceparent));
  BOOST_TEST((a.outcome_digest == b.outcome_digest));
  BOOST_TEST(a.note.kind == b.note.kind);
  BOOST_TEST((a.note.worker == b.note.worker));
  BOOST_TEST((a.note.request_id == b.note.request_id));
  BOOST_TEST((a.note.traceparent == b.note.traceparent));
  BOOST_TEST((a.note.message == b.note.message));
  BOOST_TEST((a.note.detail == b.note.detail));
  BOOST_TEST(a.body == b.body);
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_field_of_a_row_comes_back) {
  Places places;
  for (const std::string& place : places.all) {
    const auto store = open(place);
    const core::Row row = full_row();
    must(*store, [&](store::Session& session) { BOOST_TEST(session.insert(row, std::string_view("a\0b", 3))); });
    const auto found = store->read(row.key(), in());
    BOOST_REQUIRE(found);
    require_same(*found, row);
    BOOST_TEST((store->payload(row.key(), in()) == std::string("a\0b", 3)));
    const auto answer = store->answer(row.key(), {}, in()).row;
    BOOST_REQUIRE(answer);
    BOOST_TEST(answer->body == row.body);
    BOOST_TEST((answer->install_id == "ins_9"));
    BOOST_TEST((answer->result_href == "/b"));
    BOOST_TEST(answer->revision == 1);
    BOOST_TEST(answer->created_at == row.task.created_at);
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
    BOOST_TEST(store->history({"z1", "t2"}, in()).empty());
    must(*store, [&](store::Session& session) { BOOST_TEST(!session.read({"z1", "t2"})); });
  }
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

BOOST_AUTO_TEST_CASE(replace_compares_the_version) {
  Places places;
  for (const std::string& place : places.all) {
    const auto store = open(place);
    create(*store, "z", "a");
    must(*store, [&](store::Session& session) {
      core::Row next = *session.read({"z", "a"});
      next.task.status = core::Status::running;
      next.version = 2;
      next.revision = 2;
      next.note.kind = "started";
      BOOST_TEST(!session.replace(2, next));
      BOOST_TEST(session.replace(1, next));
      BOOST_TEST(!session.replace(1, next));
      next.task.id = "b";
      BOOST_TEST(!session.replace(2, next));
    });
    BOOST_TEST(store->history({"z", "a"}, in()).size() == 2);
  }
}

BOOST_AUTO_TEST_CASE(a_hidden_change_leaves_no_event) {
  const auto store = open(":memory:");
  create(*store, "z", "a");
  must(*store, [&](store::Session& session) {
    core::Row next = *session.read({"z", "a"});
    next.version = 2;
    next.priority = 9;
    BOOST_TEST(session.replace(1, next));
  });
  BOOST_TEST(store->history({"z", "a"}, in()).size() == 1);
  BOOST_TEST(store->read({"z", "a"}, in())->priority == 9);
  BOOST_TEST(store->read({"z", "a"}, in())->version == 2);
}

BOOST_AUTO_TEST_CASE(the_history_tells_each_step) {
  Places places;
  for (const std::string& place : places.all) {
    const auto store = open(place);
    create(*store, "z", "a");
    start(*store, {"z", "a"});
    fail(*store, {"z", "a"});
    const auto events = store->history({"z", "a"}, in());
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
    const auto results = store->commit(changes, in());
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
                const std::int64_t version = row.version++;
                ++row.priority;
                if (!session.replace(version, row)) throw core::Failure(Code::internal, "moved on");
              },
              in(std::chrono::seconds(30)));
          if (error || !store->read({"z", "counter"}, in(std::chrono::seconds(30)))) ++failures;
        }
      });
    for (std::thread& thread : all) thread.join();
    BOOST_TEST(failures == 0);
    BOOST_TEST(store->read({"z", "counter"}, in())->priority == threads * rounds);
  }
}

BOOST_AUTO_TEST_CASE(a_reopened_file_holds_everything) {
  const TempDirectory directory;
  std::string generation;
  {
    const auto store = open(directory.path());
    generation = store->generation();
    create(*store, "z", "a");
  }
  const auto store = open(directory.path(), Mode::read_write);
  BOOST_TEST(store->read({"z", "a"}, in()).has_value());
  BOOST_TEST(store->generation() == generation);
  BOOST_TEST(generation.size() == 32);
  BOOST_TEST(open(":memory:")->generation() != generation);
}

BOOST_AUTO_TEST_SUITE_END()

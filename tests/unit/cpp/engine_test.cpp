#include <taskstate/engine.hpp>

#include "unit/cpp/scratch_file.hpp"
#include "unit/cpp/throws.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace taskstate;
using taskstate_test::error_of;
using taskstate_test::ScratchFile;

namespace {

/// A running task z1/t1.
void run_task(Engine& tasks) {
  tasks.create({.zone_id = "z1", .id = "t1", .operation = "create"});
  tasks.start("z1", "t1");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(engine)

BOOST_AUTO_TEST_CASE(a_task_goes_from_pending_to_completed) {
  Engine tasks(":memory:");
  const Task created = tasks.create({.zone_id = "z1", .operation = "create", .package_id = "pkg_1"});
  const Task running = tasks.start("z1", created.id);
  BOOST_TEST((running.status == Status::running));
  BOOST_TEST(running.revision == 2);
  const Task noted = tasks.annotate("z1", created.id, {.package_slug = "slug", .package_version = 2});
  BOOST_TEST((noted.status == Status::running));
  BOOST_TEST(noted.package_slug.value() == "slug");
  BOOST_TEST(noted.package_version.value() == 2);
  const Task done =
      tasks.complete("z1", created.id, {.install_id = "ins_1", .links = {{.href = "/a", .rel = "b"}}, .warnings = {}});
  BOOST_TEST((done.status == Status::completed));
  BOOST_TEST(done.install_id.value() == "ins_1");
  BOOST_TEST((done.links == std::vector<Link>{{.href = "/a", .rel = "b"}}));
  BOOST_TEST((tasks.get("z1", created.id).value() == done));
  BOOST_TEST((done != noted));
}

BOOST_AUTO_TEST_CASE(a_task_can_fail_with_a_public_message_and_a_private_detail) {
  Engine tasks(":memory:");
  run_task(tasks);
  const Warning warning{.code = "conflict",
                        .message = "m",
                        .path = "/p",
                        .request_id = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e",
                        .status = 409};
  const Failure failure{.error_message = "The package is broken.",
                        .error_detail = "exit code 7",
                        .install_id = "ins_1",
                        .package_id = "pkg_1",
                        .package_slug = "slug",
                        .package_version = 1,
                        .links = {{.href = "/log", .rel = "about"}},
                        .warnings = {warning}};
  const Task failed = tasks.fail("z1", "t1", failure);
  BOOST_TEST((failed.status == Status::failed));
  BOOST_TEST(failed.error_message.value() == "The package is broken.");
  BOOST_TEST(failed.error_detail.value() == "exit code 7");
  BOOST_TEST(failed.failure_kind.value() == "failed");
  BOOST_TEST(failed.install_id.value() == "ins_1");
  BOOST_TEST(failed.package_id.value() == "pkg_1");
  BOOST_TEST(failed.package_slug.value() == "slug");
  BOOST_TEST(failed.package_version.value() == 1);
  BOOST_TEST((failed.links == failure.links));
  BOOST_TEST((failed.warnings == failure.warnings));
  BOOST_TEST(failed.json.find("exit code 7") == std::string::npos);
  BOOST_TEST(tasks.fail("z1", "t1", failure).revision == failed.revision);
}

BOOST_AUTO_TEST_CASE(refusals_have_their_codes) {
  Engine tasks(":memory:");
  run_task(tasks);
  const NewTask again{.zone_id = "z1", .id = "t1", .operation = "create"};
  BOOST_TEST((error_of([&] { tasks.create(again); }).code() == Errc::already_exists));
  BOOST_TEST((error_of([&] { tasks.start("z1", "t1"); }).code() == Errc::illegal_transition));
  BOOST_TEST((error_of([&] { tasks.start("z2", "t1"); }).code() == Errc::not_found));
  BOOST_TEST((error_of([&] { tasks.annotate("z1", "t2", {}); }).code() == Errc::not_found));
  BOOST_TEST((error_of([&] { tasks.complete("z1", "t1"); }).code() == Errc::invalid_argument));
  BOOST_TEST(error_of([&] { tasks.fail("z1", "t1", {}); }).field().value() == "error_message");
  BOOST_TEST(error_of([&] { tasks.start("", "t1"); }).message() != "");
}

BOOST_AUTO_TEST_CASE(nothing_there_is_a_value) {
  const Engine tasks(":memory:");
  BOOST_TEST(!tasks.get("z1", "t1"));
  BOOST_TEST(!tasks.get("not a zone", ""));
  BOOST_TEST(tasks.history("z1", "t1").events.empty());
  BOOST_TEST(tasks.list({.zone_id = "z1"}).tasks.empty());
}

BOOST_AUTO_TEST_CASE(the_history_tells_who_did_what) {
  Engine tasks(":memory:");
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const Task created = tasks.create({.zone_id = "z1", .id = "t1", .operation = "create"},
                                    {.timeout = 1s, .request_id = "req-1", .traceparent = trace, .actor = "api"});
  BOOST_TEST(created.client_request_id.value() == "req-1");
  BOOST_TEST(created.traceparent.value() == trace);
  tasks.start("z1", "t1", {.actor = "worker 7"});
  tasks.fail("z1", "t1", {.error_message = "Sorry.", .error_detail = "why"}, {.actor = "worker 7"});
  std::vector<Event> events = tasks.history("z1", "t1").events;
  std::reverse(events.begin(), events.end());
  BOOST_REQUIRE(events.size() == 3u);
  BOOST_TEST(events[0].kind == "created");
  BOOST_TEST(!events[0].from);
  BOOST_TEST((events[0].to == Status::pending));
  BOOST_TEST((events[0].at == created.created_at));
  BOOST_TEST(events[0].request_id.value() == "req-1");
  BOOST_TEST(events[0].traceparent.value() == trace);
  BOOST_TEST(events[0].worker.value() == "api");
  BOOST_TEST(events[1].kind == "started");
  BOOST_TEST((events[1].from == Status::pending && events[1].to == Status::running));
  BOOST_TEST(events[1].worker.value() == "worker 7");
  BOOST_TEST(events[1].revision == 2);
  BOOST_TEST(events[2].message.value() == "Sorry.");
  BOOST_TEST(events[2].detail.value() == "why");
  BOOST_TEST(events[2].epoch == 0);
  BOOST_TEST(events[1].sequence < events[2].sequence);
  BOOST_TEST((events[1] != events[2]));
}

BOOST_AUTO_TEST_CASE(a_call_is_checked) {
  Engine tasks(":memory:");
  run_task(tasks);
  const auto code_of = [&](const Call& call) {
    return error_of([&] { (void)tasks.get("z1", "t1", {}, call); }).code();
  };
  BOOST_TEST((code_of({.timeout = -1us}) == Errc::invalid_argument));
  BOOST_TEST((code_of({.request_id = ""}) == Errc::invalid_argument));
  BOOST_TEST((code_of({.traceparent = "x"}) == Errc::invalid_argument));
  BOOST_TEST((code_of({.actor = "a\nb"}) == Errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(verify_reports_on_the_file) {
  Engine tasks(":memory:");
  run_task(tasks);
  const Report report = tasks.verify();
  BOOST_TEST(report.ok);
  BOOST_TEST(report.problems.empty());
  BOOST_TEST(report.task_count == 1);
  BOOST_TEST(report.event_count == 2);
  BOOST_TEST(!report.text.empty());
}

BOOST_AUTO_TEST_CASE(a_file_keeps_its_tasks) {
  const ScratchFile file;
  {
    Engine tasks(file.path());
    run_task(tasks);
  }
  BOOST_TEST((Engine(file.path()).get("z1", "t1")->status == Status::running));
}

BOOST_AUTO_TEST_CASE(opening_fails_with_an_error) {
  const ScratchFile file;
  BOOST_TEST((error_of([&] { Engine(""); }).code() == Errc::invalid_argument));
  BOOST_TEST((error_of([&] { Engine(file.path("no/such/directory.db")); }).code() == Errc::unavailable));
}

BOOST_AUTO_TEST_CASE(a_closed_engine_says_so) {
  Engine tasks(":memory:");
  tasks.close();
  tasks.close();
  BOOST_TEST((error_of([&] { tasks.start("z1", "t1"); }).code() == Errc::closed));
  BOOST_TEST(tasks.decide("z1", "t1").status == 503);
}

BOOST_AUTO_TEST_CASE(an_engine_can_be_moved) {
  Engine first(":memory:");
  run_task(first);
  Engine second(std::move(first));
  BOOST_TEST(second.get("z1", "t1").has_value());
  BOOST_TEST(first.decide("z1", "t1").status == 503);
  BOOST_TEST((error_of([&] { (void)first.get("z1", "t1"); }).code() == Errc::invalid_argument));
  first = std::move(second);
  BOOST_TEST(first.get("z1", "t1").has_value());
}

BOOST_AUTO_TEST_CASE(threads_share_an_engine) {
  const ScratchFile file;
  Engine tasks(file.path());
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&tasks, &done, zone = "z" + std::to_string(thread)] {
      for (int round = 0; round < 20; ++round) {
        const Task task = tasks.create({.zone_id = zone, .operation = "create"});
        tasks.start(zone, task.id);
        if (tasks.complete(zone, task.id, {.install_id = "i"}).revision == 3) ++done;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(done == 80);
  BOOST_TEST(tasks.verify().task_count == 80);
}

BOOST_AUTO_TEST_SUITE_END()

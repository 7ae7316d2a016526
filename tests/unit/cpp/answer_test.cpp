#include <taskstate/engine.hpp>

#include "unit/cpp/scratch_file.hpp"
#include "unit/cpp/throws.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

using namespace taskstate;
using taskstate_test::error_of;

namespace {

struct OneTask {
  Engine tasks{":memory:"};
  Task task = tasks.create({.zone_id = "z1", .id = "t1", .operation = "create"});
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(answer, OneTask)

BOOST_AUTO_TEST_CASE(a_pending_task_is_shown) {
  const Answer answer = tasks.decide("z1", "t1");
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.body.value() == task.json);
  BOOST_TEST(answer.header("content-TYPE").value() == "application/json");
  BOOST_TEST(answer.header("Retry-After").value() == "1");
  BOOST_TEST(!answer.header("Location"));
  BOOST_TEST(!answer.header("Retry"));
}

BOOST_AUTO_TEST_CASE(a_completed_task_redirects) {
  tasks.start("z1", "t1");
  tasks.complete("z1", "t1", {.install_id = "ins 1"});
  const Answer answer = tasks.decide("z1", "t1");
  BOOST_TEST(answer.status == 303);
  BOOST_TEST(answer.header("Location").value() == "/zones/z1/installs/ins%201");
  BOOST_TEST(tasks.decide("z1", "t1", {.completed = Completed::ok}).status == 200);
}

BOOST_AUTO_TEST_CASE(the_request_shapes_the_answer) {
  const Answer full = tasks.decide("z1", "t1");
  const std::string etag(full.header("ETag").value());
  const Answer unchanged = tasks.decide("z1", "t1", {.if_none_match = etag});
  BOOST_TEST(unchanged.status == 304);
  BOOST_TEST(!unchanged.body);
  const Answer head = tasks.decide("z1", "t1", {.method = "HEAD"});
  BOOST_TEST(head.status == 200);
  BOOST_TEST(!head.body);
  BOOST_TEST(head.header("Content-Length").value() == std::to_string(task.json.size()));
  const Answer missing = tasks.decide("z1", "nobody", {.path = "/asked/for"});
  BOOST_TEST(missing.status == 404);
  BOOST_TEST(missing.body.value().find("/asked/for") != std::string::npos);
  const std::string id = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e";
  BOOST_TEST(tasks.decide("z1", "nobody", {.client_request_id = id}).body.value().find(id) != std::string::npos);
  BOOST_TEST(tasks.decide("z1", "t1", {.client_request_id = "x"}).status == 400);
  BOOST_TEST(tasks.decide("z1", "t1", {.client_request_id = std::string_view()}).status == 400);
}

BOOST_AUTO_TEST_CASE(a_bad_call_is_the_hosts_mistake) {
  const Error error = error_of([&] { (void)tasks.decide("z1", "t1", {}, {.actor = ""}); });
  BOOST_TEST((error.code() == Errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(a_created_task_is_accepted) {
  const Answer answer = tasks.accept(task, {.client_request_id = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"});
  BOOST_TEST(answer.status == 202);
  BOOST_TEST(answer.header("Location").value() == "/zones/z1/catalog_tasks/t1");
  BOOST_TEST(answer.header("X-Client-Request-ID").value() == "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e");
  BOOST_TEST(answer.body.value() == task.json);
}

BOOST_AUTO_TEST_CASE(a_task_is_accepted_as_the_value_it_is) {
  const Task listed = tasks.list({.zone_id = "z1"}).tasks.at(0);
  BOOST_TEST(tasks.accept(listed).body.value() == listed.json);
  const Task created = tasks.create({.zone_id = "z1", .operation = "create"});
  tasks.start("z1", created.id);
  BOOST_TEST(tasks.accept(created).body.value() == created.json);
}

BOOST_AUTO_TEST_CASE(what_is_no_task_cannot_be_accepted) {
  BOOST_TEST((error_of([&] { (void)tasks.accept(Task{}); }).code() == Errc::invalid_argument));
  Task without_zone = task;
  without_zone.zone_id.clear();
  const Error error = error_of([&] { (void)tasks.accept(without_zone); });
  BOOST_TEST((error.code() == Errc::invalid_argument));
  BOOST_TEST(error.field().value() == "zone_id");
}

BOOST_AUTO_TEST_CASE(a_refused_creation_is_answered) {
  const Error duplicate = error_of([&] { tasks.create({.zone_id = "z1", .id = "t1", .operation = "create"}); });
  const Answer conflict = tasks.accept(duplicate);
  BOOST_TEST(conflict.status == 409);
  BOOST_TEST(conflict.header("x-should-retry").value() == "false");
  const Error invalid = error_of([&] { tasks.create({.zone_id = "z1", .operation = "?"}); });
  const Answer refused = tasks.accept(invalid);
  BOOST_TEST(refused.status == 400);
  BOOST_TEST(refused.body.value().find("operation") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_hosts_own_error_cannot_be_answered) {
  const Error error = error_of([&] { (void)tasks.accept(Error(Errc::busy, "mine")); });
  BOOST_TEST((error.code() == Errc::invalid_argument));
}

BOOST_AUTO_TEST_SUITE_END()

// What create() makes of a host's words, and what it refuses. The plan of a task is in lease_test.cpp.
#include "core/apply.hpp"
#include "core/codec.hpp"
#include "core/validate.hpp"
#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <variant>
#include <vector>

using namespace tse::core;
using namespace tse::core::test;

BOOST_AUTO_TEST_SUITE(core_create)

namespace {

Error create_refusal(const NewTask& spec) {
  return std::get<Error>(create(spec, usual_operations(), status_url(), at_time(noon)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_new_task_is_pending_and_whole) {
  NewTask spec = usual_task();
  spec.links = {link_to("/a")};
  spec.warnings = {warning_saying("w")};
  spec.package_slug = "slug";
  spec.package_version = 0;
  Context context = at_time(noon);
  context.request_id = "req";
  context.traceparent = "trace";
  context.actor = "api";
  const Row row = std::get<Row>(create(spec, usual_operations(), status_url(), context));
  BOOST_TEST(row.task.status == Status::pending);
  BOOST_TEST(row.task.zone_id == "z1");
  BOOST_TEST(row.task.created_at == noon);
  BOOST_TEST(row.task.updated_at == noon);
  BOOST_TEST(row.revision == 1);
  BOOST_TEST(row.version == 1);
  BOOST_TEST(row.attempt == 0);
  BOOST_TEST(row.client_request_id.value() == "req");
  BOOST_TEST(row.traceparent.value() == "trace");
  BOOST_TEST(row.note.kind == "created");
  BOOST_TEST(row.note.worker.value() == "api");
  BOOST_TEST(row.note.request_id.value() == "req");
  BOOST_TEST(row.note.traceparent.value() == "trace");
  BOOST_TEST(row.body == render(row.task));
  BOOST_TEST(row.body.find(R"("links":[{"href":"/a","rel":"related"}],"package_id":"pkg_1","package_slug":"slug",)"
                           R"("package_version":0,"warnings":[{"code":"conflict")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(create_reports_every_broken_field) {
  NewTask spec;
  spec.id = "a b";
  spec.operation = "reindex";
  spec.install_id = "..";
  spec.package_id = "";
  spec.package_slug = "\n";
  spec.package_version = -1;
  spec.links = {link_to("x")};
  spec.warnings = {warning_saying("\xff")};
  spec.payload = std::string(max_payload_bytes + 1, 'x');
  const Error error = create_refusal(spec);
  BOOST_TEST(error.code == Code::invalid_argument);
  BOOST_TEST(fields(error.details) ==
             "zone_id operation id install_id links[0].href package_id package_slug package_version "
             "warnings[0].message payload");
}

BOOST_AUTO_TEST_CASE(create_keeps_to_the_allowed_operations) {
  NewTask spec = usual_task();
  spec.operation = "reindex";
  BOOST_TEST(create_refusal(spec).message == "operation: not allowed here; has 7 bytes");
  const std::vector<std::string> more{"create", "delete", "reindex"};
  BOOST_TEST(std::holds_alternative<Row>(create(spec, more, status_url(), at_time(noon))));
  spec.operation = "Reindex";
  BOOST_TEST(fields(create_refusal(spec).details) == "operation");
}

BOOST_AUTO_TEST_CASE(a_delete_needs_what_it_deletes) {
  NewTask spec = usual_task();
  spec.operation = "delete";
  BOOST_TEST(fields(create_refusal(spec).details) == "install_id");
  spec.install_id = "ins_1";
  BOOST_TEST(std::holds_alternative<Row>(create(spec, usual_operations(), status_url(), at_time(noon))));
}

BOOST_AUTO_TEST_CASE(a_priority_and_a_ref_stay_beside_the_task) {
  NewTask spec = usual_task();
  const auto created = [&] { return create(spec, usual_operations(), status_url(), at_time(noon)); };
  const Row plain = std::get<Row>(created());
  BOOST_TEST(plain.priority == 0);
  BOOST_TEST(!plain.ref);
  for (const std::int64_t priority : {-100, 100}) {
    spec.priority = priority;
    spec.ref = "Bestellung 7 ü";
    const Row row = std::get<Row>(created());
    BOOST_TEST(row.priority == priority);
    BOOST_TEST(row.ref.value() == "Bestellung 7 ü");
    BOOST_TEST(row.body == plain.body);
  }
  spec.ref = std::string(256, 'x');
  BOOST_TEST(std::get<Row>(created()).ref->size() == 256U);
}

BOOST_AUTO_TEST_CASE(a_priority_and_a_ref_have_their_bounds) {
  NewTask spec = usual_task();
  for (const std::int64_t priority : {-101, 101}) {
    spec.priority = priority;
    BOOST_TEST(create_refusal(spec).message == "priority: must be -100 to 100, is " + std::to_string(priority));
  }
  spec.priority = 0;
  for (const std::size_t size : {std::size_t{0}, std::size_t{257}}) {
    spec.ref = std::string(size, 'x');
    BOOST_TEST(create_refusal(spec).message == "ref: must be 1 to 256 bytes; has " + std::to_string(size) + " bytes");
  }
  spec.ref = "\xff";
  BOOST_TEST(create_refusal(spec).message == "ref: must be valid UTF-8 without NUL; has 1 bytes");
  spec.ref = std::string("a\0b", 3);
  BOOST_TEST(create_refusal(spec).message == "ref: must be valid UTF-8 without NUL; has 3 bytes");
}

BOOST_AUTO_TEST_CASE(payloads_of_the_greatest_size_are_taken) {
  NewTask spec = usual_task();
  spec.payload = std::string(max_payload_bytes, '\0');
  BOOST_TEST(std::holds_alternative<Row>(create(spec, usual_operations(), status_url(), at_time(noon))));
}

BOOST_AUTO_TEST_SUITE_END()

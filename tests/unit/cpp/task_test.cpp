#include <taskstate/engine.hpp>

#include "unit/cpp/throws.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using namespace taskstate;
using taskstate_test::error_of;

namespace {

constexpr std::string_view wire_example =
    R"({"id":"id","created_at":"2019-12-27T18:11:19.117Z","operation":"create","status":"pending",)"
    R"("updated_at":"2019-12-27T18:11:19.117Z","error_message":"error_message","install_id":"install_id",)"
    R"("links":[{"href":"href","rel":"rel","properties":{"foo":"bar"},"titles":{"foo":"string"},"type":"type"}],)"
    R"("package_id":"package_id","package_slug":"package_slug","package_version":0,)"
    R"("warnings":[{"code":"validation_error","details":[{"code":"validation_error","field":"field","message":"message"}],)"
    R"("message":"message","path":"path","request_id":"182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e","status":0,)"
    R"("timestamp":"2019-12-27T18:11:19.117Z"}]})";

const Time example_time(1577470279117ms);

Warning example_warning() {
  return {.code = "conflict",
          .details = {{.code = "conflict", .field = "inputs", .message = "m"}},
          .message = "kept",
          .path = "/p",
          .request_id = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e",
          .status = 409,
          .timestamp = example_time};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(task)

BOOST_AUTO_TEST_CASE(the_wire_form_is_read_into_a_value) {
  const Task task = parse_task(wire_example);
  BOOST_TEST(task.zone_id == "");
  BOOST_TEST(task.id == "id");
  BOOST_TEST((task.created_at == example_time && task.updated_at == example_time));
  BOOST_TEST(task.operation == "create");
  BOOST_TEST((task.status == Status::pending));
  BOOST_TEST(task.error_message.value() == "error_message");
  BOOST_TEST(task.install_id.value() == "install_id");
  BOOST_TEST((task.links == std::vector<Link>{{.href = "href",
                                               .rel = "rel",
                                               .properties = R"({"foo":"bar"})",
                                               .titles = {{"foo", "string"}},
                                               .type = "type"}}));
  BOOST_TEST(task.package_id.value() == "package_id");
  BOOST_TEST(task.package_slug.value() == "package_slug");
  BOOST_TEST(task.package_version.value() == 0);
  BOOST_REQUIRE(task.warnings.size() == 1u);
  BOOST_TEST(task.warnings[0].status == 0);
  BOOST_TEST(task.json == wire_example);
  BOOST_TEST(task.revision == 0);
  BOOST_TEST(!task.payload);
}

BOOST_AUTO_TEST_CASE(a_wire_form_at_fault_names_the_field) {
  const Error error = error_of([] { (void)parse_task(R"({"id":7})"); });
  BOOST_TEST((error.code() == Errc::invalid_argument));
  BOOST_TEST(error.field().value() == "id");
}

BOOST_AUTO_TEST_CASE(validate_judges_what_the_codec_lets_through) {
  const Error error = error_of([] { validate(parse_task(wire_example)); });
  BOOST_TEST((error.code() == Errc::invalid_argument));
  BOOST_TEST(!error.details().empty());
}

BOOST_AUTO_TEST_CASE(validate_accepts_what_an_engine_made) {
  Engine tasks(":memory:");
  BOOST_CHECK_NO_THROW(validate(tasks.create({.zone_id = "z1", .operation = "create"})));
  BOOST_CHECK_NO_THROW(validate(tasks.list({.zone_id = "z1"}).tasks.at(0)));
}

BOOST_AUTO_TEST_CASE(every_field_of_a_new_task_arrives) {
  Engine tasks(":memory:");
  const std::vector<Link> links{{.href = "/docs?a=\"b",
                                 .rel = "help",
                                 .properties = R"({"n":1.50})",
                                 .titles = {{"en", "T\u00e9\n"}},
                                 .type = "text/html"}};
  const NewTask bad_href{.zone_id = "z1", .operation = "create", .links = links};
  BOOST_TEST(error_of([&] { tasks.create(bad_href); }).field().value() == "links[0].href");

  std::vector<Link> good = links;
  good[0].href = "/docs?a=b";
  const std::string payload("\0\xff bytes", 8);
  const Task task = tasks.create({.zone_id = "z1",
                                  .id = "t1",
                                  .operation = "create",
                                  .install_id = "ins_1",
                                  .package_id = "pkg_1",
                                  .package_slug = "slug",
                                  .package_version = 3,
                                  .links = good,
                                  .warnings = {example_warning()},
                                  .payload = payload});
  BOOST_TEST(task.zone_id == "z1");
  BOOST_TEST(task.id == "t1");
  BOOST_TEST((task.status == Status::pending));
  BOOST_TEST(task.install_id.value() == "ins_1");
  BOOST_TEST(task.package_id.value() == "pkg_1");
  BOOST_TEST(task.package_slug.value() == "slug");
  BOOST_TEST(task.package_version.value() == 3);
  BOOST_TEST((task.links == good));
  BOOST_TEST((task.warnings == std::vector{example_warning()}));
  BOOST_TEST(task.revision == 1);
  BOOST_TEST((task.created_at == task.updated_at));
  BOOST_TEST((std::chrono::abs(std::chrono::system_clock::now() - task.created_at) < 1min));
  BOOST_TEST((tasks.get("z1", "t1").value() == task));
  BOOST_TEST(tasks.get("z1", "t1", Payload::read)->payload.value() == payload);
  BOOST_TEST(!tasks.get("z1", "t1")->payload);
}

BOOST_AUTO_TEST_CASE(an_empty_text_is_present_and_refused) {
  Engine tasks(":memory:");
  const Error error = error_of([&] { tasks.create({.zone_id = "z1", .id = "", .operation = "create"}); });
  BOOST_TEST(error.field().value() == "id");
  const Task task = tasks.create({.zone_id = "z1", .id = "e", .operation = "create", .payload = ""});
  BOOST_TEST(tasks.get("z1", "e", Payload::read)->payload.value() == "");
}

BOOST_AUTO_TEST_CASE(the_c_interfaces_word_for_absent_is_no_version) {
  Engine tasks(":memory:");
  const NewTask spec{
      .zone_id = "z1", .operation = "create", .package_version = std::numeric_limits<std::int64_t>::min()};
  BOOST_TEST(error_of([&] { tasks.create(spec); }).field().value() == "package_version");
}

BOOST_AUTO_TEST_CASE(properties_that_are_no_object_are_refused_by_name) {
  Engine tasks(":memory:");
  const Error error = error_of([&] {
    tasks.create({.zone_id = "z1",
                  .operation = "create",
                  .links = {{.href = "/a", .rel = "r", .properties = R"({}},{"href":"/evil","rel":"result")"}}});
  });
  BOOST_TEST((error.code() == Errc::invalid_argument));
  BOOST_TEST(error.field().value() == "links[0].properties");
}

BOOST_AUTO_TEST_CASE(a_warnings_time_beyond_rfc_3339_is_refused_by_name) {
  Engine tasks(":memory:");
  Warning warning = example_warning();
  warning.timestamp = Time(std::chrono::microseconds(std::numeric_limits<std::int64_t>::max()));
  const Error error = error_of([&] { tasks.create({.zone_id = "z1", .operation = "create", .warnings = {warning}}); });
  BOOST_TEST(error.field().value() == "warnings[0].timestamp");
}

BOOST_AUTO_TEST_SUITE_END()

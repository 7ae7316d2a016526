#include "core/validate.hpp"

#include "core/codec.hpp"
#include "core/time.hpp"
#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

using namespace tse::core;
using test::fields;
using test::lines;

BOOST_AUTO_TEST_SUITE(core_validate)

namespace {

/// The fields that `change` breaks in a task that was whole before.
template <typename Change>
std::string broken_by(Change change, Task task = test::pending_row().task) {
  BOOST_REQUIRE(validate(task).empty());
  change(task);
  return fields(validate(task));
}

template <typename Check>
std::string found_by(Check check) {
  std::vector<Detail> details;
  check(details);
  return details.empty() ? "" : lines(details).at(0);
}

std::string link_fault(const Link& link) {
  return found_by([&](auto& out) { check_links(out, {link}); });
}

std::string warning_fault(const Warning& warning) {
  return found_by([&](auto& out) { check_warnings(out, {warning}); });
}

std::string arrays(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

Link with_properties(std::string properties) {
  Link link = test::link_to("/a");
  link.properties = std::move(properties);
  return link;
}

Link with_titles(std::vector<std::pair<std::string, std::string>> titles) {
  Link link = test::link_to("/a");
  link.titles = std::move(titles);
  return link;
}

}  // namespace

BOOST_AUTO_TEST_CASE(tasks_of_every_status_are_whole) {
  for (const Status status : taskstate::all_statuses) BOOST_TEST(validate(test::row_in(status).task).empty());
}

BOOST_AUTO_TEST_CASE(ids_have_their_grammar_and_128_bytes) {
  BOOST_TEST(is_id("AZaz09-._~"));
  BOOST_TEST(is_id("..."));
  BOOST_TEST(is_id(std::string(128, 'x')));
  for (const std::string& text : {std::string(129, 'x'), std::string(), std::string("."), std::string(".."),
                                  std::string("a/b"), std::string("a%62"), std::string("\xc3\xa4")})
    BOOST_TEST(!is_id(text));
  for (const std::string& text : test::hostile_texts) BOOST_TEST(!is_id(text), text);
  BOOST_TEST(broken_by([](Task& task) { task.id = ".."; }) == "id");
  BOOST_TEST(broken_by([](Task& task) { task.id.clear(); }) == "id");
  BOOST_TEST(broken_by([](Task& task) { task.zone_id = "a b"; }) == "zone_id");
  BOOST_TEST(broken_by([](Task& task) { task.zone_id.clear(); }) == "");
  BOOST_TEST(found_by([](auto& out) { check_id(out, "zone_id", "secret!"); }) ==
             "zone_id: must be 1 to 128 of A-Z a-z 0-9 - . _ ~ and not \".\" or \"..\"; has 7 bytes");
}

BOOST_AUTO_TEST_CASE(operations_have_their_grammar_and_create_its_list) {
  BOOST_TEST(is_operation("a"));
  BOOST_TEST(is_operation("zip"));
  BOOST_TEST(is_operation("re_index2"));
  BOOST_TEST(is_operation("a" + std::string(31, '_')));
  for (const std::string& text :
       {std::string("a" + std::string(32, '_')), std::string(), std::string("A"), std::string("1a"), std::string("_a"),
        std::string("a-b"), std::string("aB"), std::string("{"), std::string("a{")})
    BOOST_TEST(!is_operation(text), text);
  BOOST_TEST(broken_by([](Task& task) { task.operation = "Create"; }) == "operation");
  BOOST_TEST(broken_by([](Task& task) { task.operation = "reindex"; }) == "");
  const std::vector<std::string> allowed{"create", "delete"};
  BOOST_TEST(found_by([&](auto& out) { check_operation(out, "delete", allowed); }) == "");
  BOOST_TEST(found_by([&](auto& out) { check_operation(out, "reindex", allowed); }) ==
             "operation: not allowed here; has 7 bytes");
  BOOST_TEST(found_by([&](auto& out) { check_operation(out, "Delete", allowed); }) ==
             "operation: must be a lower-case letter and up to 31 of a-z 0-9 _; has 6 bytes");
}

BOOST_AUTO_TEST_CASE(names_are_1_to_512_bytes_without_control_characters) {
  const auto fault = [](std::string_view value) {
    return found_by([&](auto& out) { check_name(out, "package_id", value); });
  };
  BOOST_TEST(fault("x") == "");
  BOOST_TEST(fault(std::string(512, 'x')) == "");
  BOOST_TEST(fault("\xc3\xa4 \xe2\x80\xa8 \xc2\xa0 .. /") == "");
  BOOST_TEST(fault("") == "package_id: must be 1 to 512 bytes; has 0 bytes");
  BOOST_TEST(fault(std::string(513, 'x')) == "package_id: must be 1 to 512 bytes; has 513 bytes");
  BOOST_TEST(fault("a\xff") == "package_id: must be valid UTF-8; has 2 bytes");
  for (const std::string& control : {std::string("\0", 1), std::string("\x1f"), std::string("\x7f"),
                                     std::string("\xc2\x80"), std::string("\xc2\x9f"), std::string("\r\n")})
    BOOST_TEST(fault("a" + control).starts_with("package_id: must not contain control characters"));
  BOOST_TEST(broken_by([](Task& task) { task.package_id = ""; }) == "package_id");
  BOOST_TEST(broken_by([](Task& task) { task.package_slug = "\n"; }) == "package_slug");
  BOOST_TEST(broken_by([](Task& task) { task.install_id = std::string(513, 'x'); }) == "install_id");
}

BOOST_AUTO_TEST_CASE(an_install_id_is_a_name_but_no_dot_segment) {
  const auto fault = [](std::string_view value) {
    return found_by([&](auto& out) { check_install_id(out, "install_id", value); });
  };
  BOOST_TEST(fault("a/b") == "");
  BOOST_TEST(fault("...") == "");
  BOOST_TEST(fault(".") == "install_id: must not be \".\" or \"..\"");
  BOOST_TEST(fault("..") == "install_id: must not be \".\" or \"..\"");
  BOOST_TEST(fault("\n").starts_with("install_id: must not contain control characters"));
}

BOOST_AUTO_TEST_CASE(messages_have_16384_bytes_without_nul) {
  const auto fault = [](std::string_view value, std::size_t least) {
    return found_by([&](auto& out) { check_message(out, "error_message", value, least); });
  };
  BOOST_TEST(fault(std::string(16384, 'x'), 1) == "");
  BOOST_TEST(fault("line\nline\x7f", 1) == "");
  BOOST_TEST(fault("", 0) == "");
  BOOST_TEST(fault("", 1) == "error_message: must be 1 to 16384 bytes; has 0 bytes");
  BOOST_TEST(fault(std::string(16385, 'x'), 0) == "error_message: must be 0 to 16384 bytes; has 16385 bytes");
  BOOST_TEST(fault(std::string("a\0", 2), 1) == "error_message: must be valid UTF-8 without NUL; has 2 bytes");
  BOOST_TEST(fault("\xed\xa0\x80", 1) == "error_message: must be valid UTF-8 without NUL; has 3 bytes");
}

BOOST_AUTO_TEST_CASE(versions_are_0_to_2_to_the_53rd_less_1) {
  const auto fault = [](std::int64_t value) {
    return found_by([&](auto& out) { check_version(out, "package_version", value); });
  };
  BOOST_TEST(fault(0) == "");
  BOOST_TEST(fault(9007199254740991) == "");
  BOOST_TEST(fault(-1) == "package_version: must be 0 to 2^53-1; is negative");
  BOOST_TEST(fault(9007199254740992) == "package_version: must be 0 to 2^53-1; is greater");
  BOOST_TEST(broken_by([](Task& task) { task.package_version = -1; }) == "package_version");
}

BOOST_AUTO_TEST_CASE(payloads_and_actors_have_their_size) {
  BOOST_TEST(found_by([](auto& out) { check_payload(out, 1048576); }) == "");
  BOOST_TEST(found_by([](auto& out) { check_payload(out, 1048577); }) ==
             "payload: must be at most 1048576 bytes; has 1048577 bytes");
  BOOST_TEST(found_by([](auto& out) { check_actor(out, std::string(256, 'x')); }) == "");
  BOOST_TEST(found_by([](auto& out) { check_actor(out, std::string(257, 'x')); }) ==
             "actor: must be 1 to 256 bytes; has 257 bytes");
  BOOST_TEST(found_by([](auto& out) { check_actor(out, ""); }) == "actor: must be 1 to 256 bytes; has 0 bytes");
  BOOST_TEST(found_by([](auto& out) { check_actor(out, "a\r"); }) ==
             "actor: must not contain control characters; has 2 bytes");
}

BOOST_AUTO_TEST_CASE(times_lie_in_range_and_in_order) {
  BOOST_TEST(broken_by([](Task& task) { task.created_at = task.updated_at = min_time; }) == "");
  BOOST_TEST(broken_by([](Task& task) { task.created_at = task.updated_at = max_time; }) == "");
  BOOST_TEST(broken_by([](Task& task) { task.created_at = min_time - 1; }) == "created_at");
  BOOST_TEST(broken_by([](Task& task) { task.updated_at = max_time + 1; }) == "updated_at");
  BOOST_TEST(broken_by([](Task& task) { --task.updated_at; }) == "updated_at");
}

BOOST_AUTO_TEST_CASE(status_result_and_message_belong_together) {
  using test::row_in;
  BOOST_TEST(broken_by([](Task& task) { task.error_message = "x"; }) == "error_message");
  BOOST_TEST(broken_by([](Task& task) { task.error_message = "x"; }, row_in(Status::running).task) == "error_message");
  BOOST_TEST(broken_by([](Task& task) { task.error_message = "x"; }, row_in(Status::completed).task) ==
             "error_message");
  BOOST_TEST(broken_by([](Task& task) { task.error_message.reset(); }, row_in(Status::failed).task) == "error_message");
  BOOST_TEST(broken_by([](Task& task) { task.error_message = ""; }, row_in(Status::failed).task) == "error_message");
  BOOST_TEST(broken_by([](Task& task) { task.install_id.reset(); }, row_in(Status::completed).task) == "install_id");
  BOOST_TEST(broken_by(
                 [](Task& task) {
                   task.install_id.reset();
                   task.links = {test::link_to("/results/1", "result")};
                 },
                 row_in(Status::completed).task) == "");
  BOOST_TEST(broken_by([](Task& task) { task.operation = "delete"; }) == "install_id");
  BOOST_TEST(broken_by([](Task& task) {
               task.operation = "delete";
               task.install_id = "ins_1";
             }) == "");
}

BOOST_AUTO_TEST_CASE(the_page_example_is_refused_for_its_message_and_its_href) {
  const Task task = parse_task(
      R"({"id":"id","created_at":"2019-12-27T18:11:19.117Z","operation":"create","status":"pending",)"
      R"("updated_at":"2019-12-27T18:11:19.117Z","error_message":"error_message","install_id":"install_id",)"
      R"("links":[{"href":"href","rel":"rel","properties":{"foo":"bar"},"titles":{"foo":"string"},"type":"type"}]})");
  BOOST_TEST(fields(validate(task)) == "links[0].href error_message");
}

BOOST_AUTO_TEST_CASE(all_broken_fields_are_reported) {
  BOOST_TEST(broken_by([](Task& task) {
               task.id = "";
               task.operation = "X";
               task.package_id = "";
               task.links = {test::link_to("x", "")};
               task.error_message = "";
             }) == "id operation error_message links[0].href links[0].rel package_id error_message");
}

BOOST_AUTO_TEST_CASE(lists_end_at_64_links_and_256_warnings) {
  const auto links = [](std::size_t count) { return std::vector<Link>(count, test::link_to("/a")); };
  const auto warnings = [](std::size_t count) { return std::vector<Warning>(count, test::warning_saying("w")); };
  BOOST_TEST(broken_by([&](Task& task) { task.links = links(64); }) == "");
  BOOST_TEST(broken_by([&](Task& task) { task.warnings = warnings(256); }) == "");
  BOOST_TEST(found_by([&](auto& out) { check_links(out, links(65)); }) == "links: must be at most 64; has 65");
  BOOST_TEST(found_by([&](auto& out) { check_warnings(out, warnings(257)); }) ==
             "warnings: must be at most 256; has 257");
}

BOOST_AUTO_TEST_CASE(a_task_has_one_mebibyte_of_json) {
  const auto grow_to = [](Task& task, std::size_t size) {
    task.warnings = {test::warning_saying("")};
    task.warnings.front().message = std::string(size - render(task).size(), 'x');
    BOOST_REQUIRE(render(task).size() == size);
  };
  BOOST_TEST(broken_by([&](Task& task) { grow_to(task, 1048576); }) == "");
  Task task = test::pending_row().task;
  grow_to(task, 1048577);
  BOOST_TEST(lines(validate(task)).at(0) == "task: must be at most 1048576 bytes of JSON; has 1048577 bytes");
}

BOOST_AUTO_TEST_CASE(links_lead_somewhere) {
  BOOST_TEST(link_fault(test::link_to("#name")) == "");
  BOOST_TEST(link_fault(test::link_to("https://example.org/")) == "");
  BOOST_TEST(link_fault(test::link_to("javascript:alert(1)")) ==
             "links[0].href: must be an absolute path, an http or https URL or a #fragment; has 19 bytes");
  for (const std::string& text : test::hostile_texts)
    BOOST_TEST(link_fault(test::link_to(text)).starts_with("links[0].href: "), text);
}

BOOST_AUTO_TEST_CASE(rel_is_text_on_one_line) {
  BOOST_TEST(link_fault(test::link_to("/a", "https://example.org/rel \xc3\xa4")) == "");
  for (const std::string& rel : {std::string(), std::string("a\r\nb"), std::string("a\0", 2), std::string("\x7f"),
                                 std::string("\xc2\x85"), std::string("\xff")})
    BOOST_TEST(link_fault(test::link_to("/a", rel)).starts_with("links[0].rel: must be UTF-8"), rel);
}

BOOST_AUTO_TEST_CASE(a_result_is_one_safe_path) {
  BOOST_TEST(link_fault(test::link_to("/results/1?x=y", "result")) == "");
  for (const char* href : {"https://example.org/a", "#a", "/a/../b", "/a/%2e%2e", "/a#b", "/a//b", "/"})
    BOOST_TEST(link_fault(test::link_to(href, "result"))
                   .starts_with("links[0].href: of a result must be an absolute path without empty or dot segments"),
               href);
  BOOST_TEST(found_by([](auto& out) {
               check_links(out, {test::link_to("/a", "result"), test::link_to("/b"), test::link_to("/c", "result")});
             }) == "links: must hold at most one with rel \"result\"; has 2");
}

BOOST_AUTO_TEST_CASE(properties_are_one_object_29_deep) {
  BOOST_TEST(link_fault(with_properties(R"({"a":1.5})")) == "");
  BOOST_TEST(link_fault(with_properties("{\"a\":" + arrays(28) + "}")) == "");
  BOOST_TEST(link_fault(with_properties("{\"a\":" + arrays(29) + "}")) ==
             "links[0].properties: must be nested at most 29 deep; has 30 levels");
  BOOST_TEST(link_fault(with_properties("{\"a\":{\"b\":[0," + arrays(27) + "]},\"c\":0}")) ==
             "links[0].properties: must be nested at most 29 deep; has 30 levels");
  BOOST_TEST(link_fault(with_properties("[]")) == "links[0].properties: must be a JSON object, not an array");
  BOOST_TEST(link_fault(with_properties("{")) == "links[0].properties: must be JSON (RFC 8259), fault at byte 1");
  BOOST_TEST(
      link_fault(with_properties(R"({"a":1,"a":2})")).starts_with("links[0].properties.a: must not repeat a key"));
}

BOOST_AUTO_TEST_CASE(the_deepest_properties_still_make_a_task_that_can_be_read) {
  Task task = test::pending_row().task;
  task.links = {with_properties("{\"a\":" + arrays(28) + "}")};
  Task read = parse_task(render(task));
  read.zone_id = task.zone_id;
  BOOST_TEST((read == task));
}

BOOST_AUTO_TEST_CASE(titles_are_keyed_by_distinct_language_tags) {
  BOOST_TEST(link_fault(with_titles({{"en", "E"}, {"de-CH", ""}, {"EN-gb", "line\nline"}})) == "");
  BOOST_TEST(link_fault(with_titles({{"english", "E"}, {"e", "E"}})) ==
             "links[0].titles.e: must have a language tag (BCP 47) as its key; has 1 bytes");
  BOOST_TEST(link_fault(with_titles({{"en\n", "E"}})) ==
             "links[0].titles[0]: must have a language tag (BCP 47) as its key; has 3 bytes");
  BOOST_TEST(link_fault(with_titles({{"en", std::string("\0", 1)}})) ==
             "links[0].titles.en: must be valid UTF-8 without NUL; has 1 bytes");
  BOOST_TEST(link_fault(with_titles({{"en", "E"}, {"de", "D"}, {"EN", "E"}})) ==
             "links[0].titles: must not repeat a language tag, in whatever case");
}

BOOST_AUTO_TEST_CASE(types_are_text) {
  Link link = test::link_to("/a");
  link.type = "text/html";
  BOOST_TEST(link_fault(link) == "");
  link.type = "\xff";
  BOOST_TEST(link_fault(link) == "links[0].type: must be valid UTF-8 without NUL; has 1 bytes");
}

BOOST_AUTO_TEST_CASE(each_member_of_a_warning_has_its_rule) {
  const auto fault = [](auto change) {
    Warning warning = test::warning_saying("w");
    warning.details = {{"conflict", "f", "m"}, {"conflict", "f", "m"}};
    BOOST_REQUIRE(warning_fault(warning) == "");
    change(warning);
    return warning_fault(warning);
  };
  const std::string nul("a\0", 2);
  const std::string text_rule = "must be valid UTF-8 without NUL; has 2 bytes";
  BOOST_TEST(fault([](Warning& it) { it.code = "teapot"; }) ==
             "warnings[0].code: must be one of the API's nine error codes; has 6 bytes");
  BOOST_TEST(fault([](Warning& it) { it.details[1].code = ""; }) ==
             "warnings[0].details[1].code: must be one of the API's nine error codes; has 0 bytes");
  BOOST_TEST(fault([&](Warning& it) { it.details[1].field = nul; }) == "warnings[0].details[1].field: " + text_rule);
  BOOST_TEST(fault([&](Warning& it) { it.details[0].message = nul; }) ==
             "warnings[0].details[0].message: " + text_rule);
  BOOST_TEST(fault([&](Warning& it) { it.message = nul; }) == "warnings[0].message: " + text_rule);
  BOOST_TEST(fault([&](Warning& it) { it.path = nul; }) == "warnings[0].path: " + text_rule);
  BOOST_TEST(fault([](Warning& it) { it.request_id = "x"; }) == "warnings[0].request_id: must be a UUID; has 1 bytes");
  BOOST_TEST(fault([](Warning& it) { it.status = 0; }) == "");
  BOOST_TEST(fault([](Warning& it) { it.status = 999; }) == "");
  BOOST_TEST(fault([](Warning& it) { it.status = -1; }) == "warnings[0].status: must be 0 to 999");
  BOOST_TEST(fault([](Warning& it) { it.status = 1000; }) == "warnings[0].status: must be 0 to 999");
  BOOST_TEST(fault([](Warning& it) { it.timestamp = std::numeric_limits<std::int64_t>::max(); }) ==
             "warnings[0].timestamp: must lie in the years 0000 to 9999");
}

BOOST_AUTO_TEST_CASE(a_claim_names_so_many_zones_and_operations) {
  const auto fault = [](std::size_t zones, std::size_t operations) {
    return found_by([=](auto& out) { check_claim_filter(out, zones, operations); });
  };
  BOOST_TEST(fault(0, 0) == "");
  BOOST_TEST(fault(1000, 10) == "");
  BOOST_TEST(fault(100, 100) == "");
  BOOST_TEST(fault(1001, 1) == "zones: at most 1000, are 1001: name fewer in each claim, or none for all");
  BOOST_TEST(fault(1, 101) == "operations: at most 100, are 101: name fewer in each claim, or none for all");
  BOOST_TEST(fault(1000, 11) ==
             "zones: times operations at most 10000, are 1000 times 11: name fewer in each claim, or none for all");
}

BOOST_AUTO_TEST_SUITE_END()

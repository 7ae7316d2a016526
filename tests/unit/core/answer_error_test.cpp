#include "core/answer.hpp"

#include "unit/core/answers.hpp"

#include <boost/test/unit_test.hpp>

using namespace tse::core;
using namespace tse::core::test;

BOOST_AUTO_TEST_SUITE(core_answer_error)

BOOST_AUTO_TEST_CASE(a_task_that_is_not_there_is_404) {
  const Answer answer = ask(Missing{});
  BOOST_TEST(head(answer) == "404\n" + json + cache);
  BOOST_TEST(answer.body.value() == not_found_body);
}

BOOST_AUTO_TEST_CASE(unknown_ids_and_ids_outside_the_grammar_look_alike) {
  Request request;
  request.path = "/the/path";
  const Answer unknown = ask(Missing{}, request);
  for (const std::string& text : hostile_texts) {
    const auto by_id = refused("z1", text, request);
    const auto by_zone = refused(text, "t1", request);
    BOOST_REQUIRE(by_id.has_value());
    BOOST_REQUIRE(by_zone.has_value());
    BOOST_TEST(head(*by_id) == head(unknown));
    BOOST_TEST(by_id->body.value() == unknown.body.value());
    BOOST_TEST(by_zone->body.value() == unknown.body.value());
    check_sound(*refused(text, text));
  }
  BOOST_TEST(refused("z1", std::string(129, 'x')).has_value());
  BOOST_TEST(refused("", "t1").has_value());
}

BOOST_AUTO_TEST_CASE(good_requests_are_let_pass) {
  BOOST_TEST(!refused("z1", "t1").has_value());
  BOOST_TEST(!refused(std::string(128, 'x'), "~").has_value());
  Request request;
  request.client_request_id = uuid;
  BOOST_TEST(!refused("z1", "t1", request).has_value());
}

BOOST_AUTO_TEST_CASE(a_purged_task_is_410) {
  const Answer answer = ask(Gone{});
  BOOST_TEST(head(answer) == "410\n" + json + cache);
  BOOST_TEST(answer.body.value() == error_body("not_found", 410, "The task is no longer kept."));
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_answer_now_is_503) {
  const std::string body = error_body("service_unavailable", 503, "The task's state cannot be reached right now.");
  for (const Code code : {Code::busy, Code::closed, Code::unavailable, Code::cancelled, Code::restored}) {
    BOOST_TEST(head(ask(Error{code, "secret"})) == "503\n" + json + cache + "Retry-After: 1\n");
    BOOST_TEST(ask(Error{code, "secret"}).body.value() == body);
    BOOST_TEST(accepted({code, "secret"}).status == 503);
    BOOST_TEST(header(accepted({code, "secret"}), "Retry-After") == "1");
  }
}

BOOST_AUTO_TEST_CASE(everything_else_is_500_and_tells_nothing) {
  const std::string body = error_body("internal_error", 500, "The task's state could not be told.");
  for (const Code code : {Code::io_error, Code::corrupt, Code::forked, Code::moved, Code::no_memory, Code::internal,
                          Code::read_only, Code::disk_full, Code::lease_lost, Code::schema_too_new}) {
    BOOST_TEST(head(ask(Error{code, "secret"})) == "500\n" + json + cache);
    BOOST_TEST(ask(Error{code, "secret"}).body.value() == body);
    BOOST_TEST(head(accepted({code, "secret"})) == "500\n" + json + cache);
    BOOST_TEST(accepted({code, "secret"}).body.value().find("secret") == std::string::npos);
  }
  BOOST_TEST(ask(Error{Code::invalid_argument, "secret"}).body.value() == body);
}

BOOST_AUTO_TEST_CASE(a_client_request_id_that_is_no_uuid_is_400) {
  Request request;
  for (const std::string& text : hostile_texts) {
    request.client_request_id = text;
    const auto answer = refused("z1", "t1", request);
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST(head(*answer) == "400\n" + json + cache);
    BOOST_TEST(answer->body.value() == error_body("validation_error", 400,
                                                  "The header X-Client-Request-ID must be a UUID.",
                                                  "/zones/z1/catalog_tasks/t1",
                                                  R"([{"code":"validation_error","field":"X-Client-Request-ID",)"
                                                  R"("message":"The header X-Client-Request-ID must be a UUID."}])"));
  }
  request.client_request_id = "";
  BOOST_TEST(refused("z1", "a b", request).value().status == 400);
}

BOOST_AUTO_TEST_CASE(a_bad_client_request_id_may_be_ignored) {
  Policy policy;
  policy.ignore_bad_request_id = true;
  Request request;
  request.client_request_id = "x\r\nSet-Cookie: a=b";
  BOOST_TEST(!refused("z1", "t1", request, policy).has_value());
  BOOST_TEST(refused("z1", "a b", request, policy).value().status == 404);
  const Answer answer = ask(Missing{}, request, policy);
  BOOST_TEST(head(answer) == "404\n" + json + cache);
  BOOST_TEST(answer.body.value() == not_found_body);
}

BOOST_AUTO_TEST_CASE(the_path_of_an_error_is_the_request_s_own_if_it_can_be_shown) {
  Request request;
  request.path = "/v1/zones/z1/catalog_tasks/t1?x=\"y\" z";
  BOOST_TEST(parse_warnings("[" + std::string(ask(Missing{}, request).body.value()) + "]").at(0).path == *request.path);
  for (const std::string& bad : {std::string(), std::string("/a\r\n"), std::string("/\0", 2), std::string("/\x7f"),
                                 std::string("/\xc3\xa4"), std::string("/\xff")}) {
    request.path = bad;
    BOOST_TEST(ask(Missing{}, request).body.value() == not_found_body);
    BOOST_TEST(parse_warnings("[" + std::string(accepted({Code::busy, ""}, request).body.value()) + "]").at(0).path ==
               "/");
  }
}

BOOST_AUTO_TEST_CASE(a_status_url_that_cannot_be_made_is_shown_as_the_root) {
  const auto answer = refused("..", "t1");
  BOOST_TEST(parse_warnings("[" + std::string(answer->body.value()) + "]").at(0).path == "/");
}

BOOST_AUTO_TEST_CASE(invalid_input_is_400_with_a_detail_for_each_field) {
  const Answer answer = accepted(invalid({{"package_id", "is wrong"}, {"links[0].href", "is worse"}}));
  BOOST_TEST(head(answer) == "400\n" + json + cache);
  BOOST_TEST(answer.body.value() ==
             error_body("validation_error", 400, "package_id: is wrong", "/",
                        R"([{"code":"validation_error","field":"$.package_id","message":"is wrong"},)"
                        R"({"code":"validation_error","field":"$.links[0].href","message":"is worse"}])"));
}

BOOST_AUTO_TEST_CASE(conflicts_are_409_and_not_to_be_retried) {
  const std::string expected = "409\n" + json + cache + "x-should-retry: false\n";
  const auto check = [&](Code code, std::string_view message) {
    BOOST_TEST(head(accepted({code, "secret"})) == expected);
    BOOST_TEST(accepted({code, "secret"}).body.value() == error_body("conflict", 409, message, "/"));
  };
  check(Code::already_exists, "A task with this id exists already.");
  check(Code::idempotency_mismatch, "The idempotency key was used for a different request.");
  check(Code::illegal_transition, "The task's state does not allow this.");
}

BOOST_AUTO_TEST_CASE(a_limit_is_429_and_a_missing_task_404) {
  const Answer limit = accepted({Code::limit_exceeded, "secret"});
  BOOST_TEST(head(limit) == "429\n" + json + cache + "Retry-After: 1\n");
  BOOST_TEST(limit.body.value() == error_body("rate_limit_exceeded", 429, "Too many tasks are under way.", "/"));
  Policy policy;
  policy.retry_after_min = 7;
  BOOST_TEST(header(accepted({Code::limit_exceeded, ""}, {}, policy), "Retry-After") == "7");
  BOOST_TEST(head(accepted({Code::not_found, "secret"})) == "404\n" + json + cache);
}

BOOST_AUTO_TEST_CASE(a_statement_of_the_hosts_own_is_no_fault_of_the_clients) {
  BOOST_TEST(head(accepted(invalid("also[0].sql", "is wrong"))) == "500\n" + json + cache);
  BOOST_TEST(head(accepted({Code::invalid_argument, "something is wrong"})) == "400\n" + json + cache);
}

BOOST_AUTO_TEST_SUITE_END()

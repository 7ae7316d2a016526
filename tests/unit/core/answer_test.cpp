#include "core/answer.hpp"

#include "unit/core/answers.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

using namespace tse::core;
using namespace tse::core::test;

BOOST_AUTO_TEST_SUITE(core_answer)

BOOST_AUTO_TEST_CASE(pending_and_running_answer_the_task_and_when_to_ask_again) {
  for (const Status status : {Status::pending, Status::running}) {
    const Row row = row_in(status);
    const Answer answer = ask(row);
    const std::string etag = header(answer, "ETag");
    BOOST_TEST(head(answer) == "200\n" + json + cache + "ETag: " + etag + "\nRetry-After: 1\n");
    BOOST_TEST(answer.body.value() == row.body);
  }
}

BOOST_AUTO_TEST_CASE(an_etag_is_the_revision_and_the_hash_of_the_body) {
  Answerable task;
  task.revision = 12;
  task.body = "foobar";
  BOOST_TEST(header(ask(task), "ETag") == "\"12-a2aa05ed9085aaf9\"");
  task.body = "363";  // its hash begins with zeros
  BOOST_TEST(header(ask(task), "ETag") == "\"12-005cff848095736d\"");
  task.body = "";
  BOOST_TEST(header(ask(task), "ETag") == "\"12-ef46db3751d8e999\"");
}

BOOST_AUTO_TEST_CASE(failed_answers_the_task_without_retry_after) {
  const Row row = failed_row();
  const Answer answer = ask(row);
  BOOST_TEST(head(answer) == "200\n" + json + cache + "ETag: " + header(answer, "ETag") + "\n");
  BOOST_TEST(answer.body.value() == row.body);
}

BOOST_AUTO_TEST_CASE(completed_answers_303_to_the_install_with_the_task_as_body) {
  const Row row = completed_row();
  const Answer answer = ask(row);
  BOOST_TEST(head(answer) == "303\n" + json + cache + "Location: /zones/z1/installs/ins_1\n");
  BOOST_TEST(answer.body.value() == row.body);
}

BOOST_AUTO_TEST_CASE(a_result_link_wins_over_the_install_id) {
  const Row row = completed_row();
  Answerable task = answerable(row);
  task.result_href = "/results/1?full=1";
  BOOST_TEST(header(ask(task), "Location") == "/results/1?full=1");
}

BOOST_AUTO_TEST_CASE(a_stored_result_is_below_the_status_url_where_there_is_no_other) {
  const Row row = completed_row();
  Answerable task = answerable(row);
  task.has_stored_result = true;
  BOOST_TEST(header(ask(task), "Location") == "/zones/z1/installs/ins_1");
  task.install_id.reset();
  BOOST_TEST(header(ask(task), "Location") == "/zones/z1/catalog_tasks/t1/result");
  task.result_href = "/results/1";
  BOOST_TEST(header(ask(task), "Location") == "/results/1");
}

BOOST_AUTO_TEST_CASE(completed_is_never_304) {
  Request request;
  request.if_none_match = "*";
  BOOST_TEST(ask(completed_row(), request).status == 303);
}

BOOST_AUTO_TEST_CASE(completed_may_answer_200_with_a_link) {
  const Row row = completed_row();
  Policy policy;
  policy.completed = Completed::ok;
  const Answer answer = ask(row, {}, policy);
  BOOST_TEST(head(answer) == "200\n" + json + cache + "ETag: " + header(answer, "ETag") +
                                 "\nLink: </zones/z1/installs/ins_1>; rel=\"related\"\n");
  BOOST_TEST(answer.body.value() == row.body);
  Request request;
  const std::string etag = header(answer, "ETag");
  request.if_none_match = etag;
  BOOST_TEST(head(ask(row, request, policy)) == "304\n" + cache + "ETag: " + header(answer, "ETag") + "\n");
}

BOOST_AUTO_TEST_CASE(a_request_may_choose_how_completed_is_answered) {
  Request request;
  request.completed = Completed::ok;
  BOOST_TEST(ask(completed_row(), request).status == 200);
  Policy policy;
  policy.completed = Completed::ok;
  request.completed = Completed::see_other;
  BOOST_TEST(ask(completed_row(), request, policy).status == 303);
}

BOOST_AUTO_TEST_CASE(completed_without_a_safe_location_is_an_internal_error) {
  const std::string body = error_body("internal_error", 500, "The task's state could not be told.");
  const Row row = completed_row();
  Answerable task = answerable(row);
  task.install_id.reset();
  for (const Completed completed : {Completed::see_other, Completed::ok}) {
    Request request;
    request.completed = completed;
    BOOST_TEST(head(ask(task, request)) == "500\n" + json + cache);
    BOOST_TEST(ask(task, request).body.value() == body);
  }
  task.install_id = "..";
  BOOST_TEST(ask(task).status == 500);
  task.install_id = "ins_1";
  for (const std::string& text : hostile_texts) {
    task.result_href = text;
    BOOST_TEST(ask(task).status == 500, text);
    const std::string path = "/a" + text;
    task.result_href = path;
    check_sound(ask(task));
  }
}

BOOST_AUTO_TEST_CASE(retry_after_is_a_tenth_of_the_age_within_bounds) {
  const auto after = [](std::int64_t age, const Policy& policy = {}) {
    return header(ask(pending_row(), {}, policy, noon + age), "Retry-After");
  };
  BOOST_TEST(after(0) == "1");
  BOOST_TEST(after(20 * second - 1) == "1");
  BOOST_TEST(after(20 * second) == "2");
  BOOST_TEST(after(299 * second) == "29");
  BOOST_TEST(after(300 * second) == "30");
  BOOST_TEST(after(86400 * second) == "30");
  BOOST_TEST(after(-86400 * second) == "1");
  BOOST_TEST(after(std::numeric_limits<std::int64_t>::max() - noon) == "30");
  Policy policy;
  policy.retry_after_min = 0;
  policy.retry_after_max = 86400;
  BOOST_TEST(after(9 * second, policy) == "0");
  BOOST_TEST(after(-9 * second, policy) == "0");
  BOOST_TEST(after(1000000 * second, policy) == "86400");
  policy.retry_after_min = policy.retry_after_max = 5;
  BOOST_TEST(after(0, policy) == "5");
  BOOST_TEST(after(86400 * second, policy) == "5");
}

BOOST_AUTO_TEST_CASE(what_the_client_has_is_not_sent_again) {
  for (const Status status : {Status::pending, Status::running, Status::failed}) {
    const Row row = row_in(status);
    const std::string etag = header(ask(row), "ETag");
    Request request;
    request.if_none_match = etag;
    const Answer answer = ask(row, request);
    const std::string retry = status == Status::failed ? "" : "Retry-After: 1\n";
    BOOST_TEST(head(answer) == "304\n" + cache + "ETag: " + etag + "\n" + retry);
    BOOST_TEST(!answer.body.has_value());
    request.if_none_match = "\"other\"";
    BOOST_TEST(ask(row, request).status == 200);
  }
}

BOOST_AUTO_TEST_CASE(if_none_match_is_a_list_compared_weakly) {
  const std::string etag = "\"3-2ff8f7bf1552ab54\"";
  const auto with = [&](std::string text) {
    for (std::size_t place; (place = text.find('@')) != std::string::npos;) text.replace(place, 1, etag);
    return if_none_match_matches(text, etag);
  };
  for (const char* field : {"@",
                            "W/@",
                            " @ ",
                            "\t@\t",
                            "*",
                            " * ",
                            "\"a\", @",
                            "@, \"a\"",
                            "\"a\",@",
                            "\"a\" , W/@ , \"b\"",
                            ", ,@",
                            "@,",
                            "W/\"x\", @, W/@",
                            "\"\", @",
                            "\"a,b\", @",
                            "\"a\\\", @",
                            "\"\xff\x80\", @",
                            "\"!#~\", @",
                            "@, oops",
                            "@,*"})
    BOOST_TEST(with(field), field);
  for (const char* field : {"",
                            " ",
                            ",",
                            "\"a\"",
                            "W/\"a\"",
                            "w/@",
                            "W/ @",
                            "3-2ff8f7bf1552ab54",
                            "\"3-2ff8f7bf1552ab54",
                            "3-2ff8f7bf1552ab54\"",
                            "oops, @",
                            "\"a\" @",
                            "\"a\"@",
                            "@x",
                            "@ \"a\"",
                            "*, @",
                            "@*",
                            "**",
                            "\"a b\", @",
                            "\"a\r\nb\", @",
                            "\"\x7f\", @",
                            "\"a",
                            "W/",
                            "W",
                            "W/*",
                            "\"a\", *",
                            "\"3-2FF8F7BF1552AB54\"",
                            ";@"})
    BOOST_TEST(!with(field), field);
  BOOST_TEST(!if_none_match_matches(std::string_view("\"a\0\", \"b\"", 9), "\"b\""));
}

BOOST_AUTO_TEST_CASE(a_tag_that_a_proxy_has_marked_matches_its_original) {
  const std::string etag = "\"3-2ff8f7bf1552ab54\"";
  const std::string open = etag.substr(0, etag.size() - 1);
  for (const std::string separator : {"-", "--", ";"})
    for (const std::string coding : {"gzip", "br", "zstd", "deflate"}) {
      const std::string marked = open + separator + coding + '"';
      for (const std::string& field : {marked, "W/" + marked, "\"a\", " + marked + " , \"b\""})
        BOOST_TEST(if_none_match_matches(field, etag), field);
    }
  for (const char* end : {"-\"", "-gzip", "gzip\"", "---gzip\"", "-GZIP\"", "-gzip-gzip\"", "-gzip \"", " -gzip\"",
                          "-x\"", ";\"", "-gzip\"x"})
    BOOST_TEST(!if_none_match_matches(open + end, etag), open + end);
  BOOST_TEST(!if_none_match_matches("\"2-2ff8f7bf1552ab54-gzip\"", etag));
  BOOST_TEST(!if_none_match_matches("\"3-2ff8f7bf1552ab5-gzip\"", etag));
  BOOST_TEST(!if_none_match_matches("\"-gzip\"", ""));
}

BOOST_AUTO_TEST_CASE(several_lines_arrive_as_one_list) {
  const Row row = pending_row();
  const std::string lines = "\"a\", W/\"b\", " + header(ask(row), "ETag");
  Request request;
  request.if_none_match = lines;
  BOOST_TEST(ask(row, request).status == 304);
}

BOOST_AUTO_TEST_CASE(a_good_client_request_id_comes_back_on_every_answer) {
  Request request;
  request.client_request_id = uuid;
  const std::string line = "X-Client-Request-ID: " + std::string(uuid) + "\n";
  const std::string etag = header(ask(pending_row()), "ETag");
  BOOST_TEST(head(ask(pending_row(), request)).ends_with("Retry-After: 1\n" + line));
  BOOST_TEST(head(ask(completed_row(), request)).ends_with("ins_1\n" + line));
  BOOST_TEST(head(accepted({Code::already_exists, ""}, request)).ends_with("x-should-retry: false\n" + line));
  BOOST_TEST(ask(Missing{}, request).body.value() ==
             error_body("not_found", 404, "There is no such task.", "/zones/z1/catalog_tasks/t1", "[]", uuid));
  BOOST_TEST(head(refused("z1", "a b", request).value()).ends_with(line));
  request.if_none_match = etag;
  BOOST_TEST(head(ask(pending_row(), request)).ends_with("Retry-After: 1\n" + line));
}

BOOST_AUTO_TEST_CASE(head_has_the_headers_of_get_and_its_length) {
  Request request;
  request.method = "HEAD";
  const auto check = [](const Answer& get, const Answer& without_body) {
    BOOST_TEST(head(without_body) == head(get) + "Content-Length: " + std::to_string(get.body.value().size()) + "\n");
    BOOST_TEST(!without_body.body.has_value());
  };
  for (const Status status : taskstate::all_statuses) check(ask(row_in(status)), ask(row_in(status), request));
  check(ask(Missing{}), ask(Missing{}, request));
  check(*refused("z1", "a b"), *refused("z1", "a b", request));
  for (const char* method : {"GET", "POST", "head", ""}) {
    request.method = method;
    BOOST_TEST(ask(pending_row(), request).body.has_value());
  }
}

BOOST_AUTO_TEST_CASE(head_of_what_the_client_has_is_304_like_get) {
  const std::string etag = header(ask(pending_row()), "ETag");
  Request get;
  get.if_none_match = etag;
  Request request = get;
  request.method = "HEAD";
  BOOST_TEST(head(ask(pending_row(), request)) == head(ask(pending_row(), get)));
}

BOOST_AUTO_TEST_CASE(a_new_task_is_accepted_with_its_status_url) {
  const Row row = pending_row();
  const Answer answer = accept(row.task, row.body, {}, {}, noon + 50 * second, make_id);
  BOOST_TEST(head(answer) == "202\n" + json + cache + "Retry-After: 5\nLocation: /zones/z1/catalog_tasks/t1\n");
  BOOST_TEST(answer.body.value() == row.body);
  Policy policy;
  policy.status_url = PathTemplate("/tasks/{task_id}?zone={zone_id}", "status_url");
  BOOST_TEST(header(accept(row.task, row.body, {}, policy, noon, make_id), "Location") == "/tasks/t1?zone=z1");
}

BOOST_AUTO_TEST_CASE(a_task_without_a_status_url_is_an_internal_error) {
  Row row = pending_row();
  row.task.id = "..";
  const Answer answer = accept(row.task, row.body, {}, {}, noon, make_id);
  BOOST_TEST(head(answer) == "500\n" + json + cache);
  BOOST_TEST(answer.body.value() == error_body("internal_error", 500, "The task's state could not be told.", "/"));
}

BOOST_AUTO_TEST_CASE(nothing_hostile_reaches_a_header) {
  for (const std::string& text : hostile_texts) {
    Request request;
    request.method = text;
    request.client_request_id = text;
    request.if_none_match = text;
    request.path = text;
    Row row = completed_row();
    row.task.install_id = text;
    row.task.id = text;
    for (const Completed completed : {Completed::see_other, Completed::ok}) {
      request.completed = completed;
      check_sound(decide(text, text, answerable(row), request, {}, noon, make_id));
    }
    check_sound(decide(text, text, Missing{}, request, {}, noon, make_id));
    check_sound(accept(row.task, row.body, request, {}, noon, make_id));
    check_sound(accepted({Code::internal, text}, request));
    check_sound(*refused(text, text, request));
  }
}

BOOST_AUTO_TEST_CASE(a_wait_is_granted_as_far_as_the_policy_goes) {
  Policy policy;
  Request request;
  BOOST_TEST((granted_wait(request, policy) == std::nullopt));
  request.prefer = "wait=20";
  BOOST_TEST((granted_wait(request, policy) == std::nullopt));
  policy.longest_wait = 30 * second;
  BOOST_TEST((granted_wait(request, policy) == 20 * second));
  BOOST_TEST(header(ask(pending_row(), request, policy), "Preference-Applied") == "wait=20");
  request.prefer = "wait=31";
  BOOST_TEST((granted_wait(request, policy) == 30 * second));
  request.prefer = "respond-async";
  BOOST_TEST((granted_wait(request, policy) == std::nullopt));
  BOOST_TEST(header(ask(pending_row(), request, policy), "Preference-Applied") == "none");
}

BOOST_AUTO_TEST_CASE(only_news_of_a_task_under_way_are_worth_waiting_for) {
  Request request;
  for (const Status over : {Status::completed, Status::failed}) BOOST_TEST(!is_worth_waiting(over, "\"a\"", request));
  BOOST_TEST(is_worth_waiting(Status::pending, "\"a\"", request));
  request.if_none_match = "\"a\"";
  BOOST_TEST(is_worth_waiting(Status::running, "\"a\"", request));
  BOOST_TEST(!is_worth_waiting(Status::running, "\"b\"", request));
}

BOOST_AUTO_TEST_CASE(a_marked_tag_is_no_news_to_who_waits) {
  Request request;
  request.if_none_match = "\"a-gzip\"";
  BOOST_TEST(is_worth_waiting(Status::running, "\"a\"", request));
  BOOST_TEST(!is_worth_waiting(Status::running, "\"b\"", request));
}

BOOST_AUTO_TEST_CASE(the_memory_for_texts_only_grows) {
  TextMemory memory;
  char* const begin = memory.begin(100);
  // As addresses: the check itself would read them as texts.
  BOOST_TEST(static_cast<void*>(memory.begin(10)) == begin);
  BOOST_TEST(static_cast<void*>(memory.begin(100)) == begin);
}

BOOST_AUTO_TEST_SUITE_END()

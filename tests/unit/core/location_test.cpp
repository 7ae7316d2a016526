#include "core/location.hpp"

#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

using namespace tse::core;

BOOST_AUTO_TEST_SUITE(core_location)

namespace {

std::string encoded(std::string_view text) {
  std::string out;
  append_percent_encoded(out, text);
  return out;
}

std::string template_failure(std::string_view text) {
  return test::failure_of([&] { return PathTemplate(text, "location"); });
}

}  // namespace

BOOST_AUTO_TEST_CASE(all_but_unreserved_characters_are_percent_encoded) {
  BOOST_TEST(encoded("AZaz09-._~") == "AZaz09-._~");
  BOOST_TEST(encoded("/\\?#%&+ \r\n") == "%2F%5C%3F%23%25%26%2B%20%0D%0A");
  BOOST_TEST(encoded(std::string("\0\x7f\xff\xc3\xa4", 5)) == "%00%7F%FF%C3%A4");
  BOOST_TEST(encoded("") == "");
}

BOOST_AUTO_TEST_CASE(safe_paths_are_accepted) {
  for (const char* path : {"/a", "/a/b/c", "/a-._~!$&'()*+,;=:@", "/a%20b", "/%2F", "/a?b=c", "/a?", "/a?x//..?/",
                           "/...", "/.a", "/a.", "/..a", "/%2ea", "/%252e", "/%C3%A4"})
    BOOST_TEST(is_safe_path(path), path);
}

BOOST_AUTO_TEST_CASE(paths_that_may_lead_elsewhere_are_refused) {
  for (const char* path : {"",
                           "/",
                           "a",
                           "a/b",
                           "//",
                           "//evil.org",
                           "///evil.org",
                           "/a//b",
                           "/a/",
                           "/\\evil.org",
                           "\\evil",
                           "/a\\b",
                           "/.",
                           "/..",
                           "/a/.",
                           "/a/..",
                           "/a/../b",
                           "/./a",
                           "/%2e",
                           "/%2E",
                           "/%2e%2E",
                           "/.%2e",
                           "/%2e./a",
                           "/a/%2e%2e?x",
                           "?a",
                           "/?a",
                           "#a",
                           "/a#b",
                           "/a?b#c",
                           "/a%",
                           "/a%2",
                           "/a%zz",
                           "/a?%",
                           "/a b",
                           "/a\tb",
                           "/a\r\nX: y",
                           "/a?b\nc",
                           "/\x7f",
                           "/\xc3\xa4",
                           "/\xe2\x80\xa8",
                           "/a\"",
                           "/<a>",
                           "/{a}",
                           "/a|b",
                           "/a^b",
                           "/[a]",
                           "/`",
                           "http://a/b",
                           "javascript:alert(1)"})
    BOOST_TEST(!is_safe_path(path), path);
  BOOST_TEST(!is_safe_path(std::string_view("/a\0b", 4)));
  BOOST_TEST(!is_safe_path(std::string_view("/a?\0", 4)));
}

BOOST_AUTO_TEST_CASE(hrefs_are_paths_urls_and_fragments) {
  for (const char* href :
       {"/", "/a", "/a/", "/a//b", "/a?b", "/a#b", "/a?b#c", "#name", "#a/b?c", "http://example.org", "https://a",
        "HTTP://a/b?c#d", "https://user@a:8080/", "https://[::1]:80/a", "http://a?b", "http://a#b", "/a%20b"})
    BOOST_TEST(is_href(href), href);
  for (const char* href : {"",
                           "href",
                           "a/b",
                           "?a",
                           "#",
                           "#a#b",
                           "//evil.org",
                           "/\\evil.org",
                           "\\a",
                           "http:",
                           "http:/a",
                           "http://",
                           "http:///a",
                           "http://:80",
                           "http://u@",
                           "http://@:1/",
                           "https://a b",
                           "ftp://a",
                           "mailto:a@b",
                           "javascript:alert(1)",
                           "data:,x",
                           "/a b",
                           "/a\tb",
                           "/a\nb",
                           "/\xc3\xa4",
                           "http://\xc3\xa4",
                           "/a%2",
                           "/a?%g0",
                           "/a#%",
                           "#a b",
                           "http://a\\b",
                           "http://a/<b>",
                           "/a#b#c",
                           " /a"})
    BOOST_TEST(!is_href(href), href);
  BOOST_TEST(!is_href(std::string_view("/a\0", 3)));
}

BOOST_AUTO_TEST_CASE(templates_are_filled_percent_encoded) {
  const PathTemplate location("/zones/{zone_id}/installs/{install_id}", "location");
  BOOST_TEST(location.fill({"z1", "t1", "ins_1"}).value() == "/zones/z1/installs/ins_1");
  BOOST_TEST(location.fill({"z1", "t1", "a/b ?#\r\n"}).value() == "/zones/z1/installs/a%2Fb%20%3F%23%0D%0A");
  const PathTemplate everywhere("/a-{task_id}.{zone_id}/b?x={install_id}&y={zone_id}", "location");
  BOOST_TEST(everywhere.fill({"z", "t", "i"}).value() == "/a-t.z/b?x=i&y=z");
  BOOST_TEST(PathTemplate("/fixed", "location").fill({"z", "t", std::nullopt}).value() == "/fixed");
}

BOOST_AUTO_TEST_CASE(a_result_is_one_segment_below_the_status_url) {
  const auto below = [](std::string_view status_url, std::string_view zone_id = "z") {
    return result_path(PathTemplate(status_url, "status_url"), zone_id, "t");
  };
  BOOST_TEST(below("/zones/{zone_id}/tasks/{task_id}").value() == "/zones/z/tasks/t/result");
  BOOST_TEST(below("/tasks?zone={zone_id}&id={task_id}").value() == "/tasks/result?zone=z&id=t");
  BOOST_TEST(!below("/zones/{zone_id}", "..").has_value());
}

BOOST_AUTO_TEST_CASE(an_absent_value_gives_no_path) {
  BOOST_TEST(!PathTemplate("/i/{install_id}", "location").fill({"z", "t", std::nullopt}).has_value());
}

BOOST_AUTO_TEST_CASE(a_filling_that_is_not_safe_gives_no_path) {
  const PathTemplate alone("/a/{install_id}", "location");
  BOOST_TEST(!alone.fill({"z", "t", "."}).has_value());
  BOOST_TEST(!alone.fill({"z", "t", ".."}).has_value());
  BOOST_TEST(!alone.fill({"z", "t", ""}).has_value());
  BOOST_TEST(!PathTemplate("/{zone_id}{task_id}", "location").fill({".", ".", std::nullopt}).has_value());
  BOOST_TEST(!PathTemplate("/.{zone_id}", "location").fill({".", "t", std::nullopt}).has_value());
}

BOOST_AUTO_TEST_CASE(no_hostile_value_comes_through_a_template) {
  const PathTemplate location("/a/{zone_id}/{task_id}/{install_id}?i={install_id}", "location");
  for (const std::string& text : test::hostile_texts)
    if (const auto path = location.fill({text, text, text})) {
      BOOST_TEST(is_safe_path(*path), text);
      BOOST_TEST(std::count(path->begin(), path->end(), '/') == 4, text);
    }
}

BOOST_AUTO_TEST_CASE(bad_templates_are_refused_at_once) {
  BOOST_TEST(template_failure("/a/{b}") == "location: may only have the holes {zone_id}, {task_id} and {install_id}");
  BOOST_CHECK_THROW(PathTemplate("/a/{install_id}", "status_url", PathTemplate::Install::refused), Failure);
  BOOST_TEST(template_failure("/a/{}") == "location: may only have the holes {zone_id}, {task_id} and {install_id}");
  BOOST_TEST(template_failure("/a/{zone_id") == "location: has an opening brace without a closing one");
  BOOST_TEST(template_failure("/a/{") == "location: has an opening brace without a closing one");
  for (const char* text : {"", "a/{zone_id}", "{zone_id}", "//a", "/a//{zone_id}", "/{zone_id}/", "/a/../{zone_id}",
                           "/a/%2e%2E/b", "/a/./b", "/a\\b", "/a\nb", "/a b", "/\xc3\xa4", "/a#{zone_id}", "/a}",
                           "/%{zone_id}", "/%2{zone_id}", "http://a/{zone_id}"})
    BOOST_TEST(template_failure(text).starts_with("location: must be an absolute path of RFC 3986 characters"), text);
}

BOOST_AUTO_TEST_SUITE_END()

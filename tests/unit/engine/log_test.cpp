#include "engine/log.hpp"

#include "core/error.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

using tse::engine::Log;
using tse::engine::LogLevel;
using tse::engine::LogSettings;

namespace {

struct Captured {
  std::vector<std::pair<LogLevel, std::string>> lines;
  LogSettings settings(LogLevel level = LogLevel::warn) {
    return {level, "", [this](LogLevel at, std::string_view line) { lines.emplace_back(at, line); }};
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(engine_log)

BOOST_AUTO_TEST_CASE(is_silent_below_warning_by_default) {
  Captured captured;
  const Log log(captured.settings());
  for (const LogLevel level : {LogLevel::trace, LogLevel::debug, LogLevel::info}) log.write(level, "quiet");
  BOOST_TEST(captured.lines.empty());
  log.write(LogLevel::warn, "loud");
  log.write(LogLevel::error, "louder");
  BOOST_REQUIRE(captured.lines.size() == 2U);
  BOOST_TEST((captured.lines[0] == std::pair(LogLevel::warn, std::string("loud"))));
  BOOST_TEST((captured.lines[1].first == LogLevel::error));
}

BOOST_AUTO_TEST_CASE(off_is_off) {
  Captured captured;
  const Log log(captured.settings(LogLevel::off));
  log.write(LogLevel::error, "nobody hears this");
  BOOST_TEST(captured.lines.empty());
}

BOOST_AUTO_TEST_CASE(input_cannot_split_a_line) {
  Captured captured;
  const Log log(captured.settings());
  log.write(LogLevel::warn, std::string("a\nb\r\x1b[31m\x7f\0z", 12));
  BOOST_REQUIRE(captured.lines.size() == 1U);
  BOOST_TEST(captured.lines[0].second == "a?b??[31m??z");
}

BOOST_AUTO_TEST_CASE(nothing_that_a_terminal_obeys_comes_through) {
  const std::pair<std::string, std::string> cases[] = {
      {"\r\n2020-01-01 forged", "??2020-01-01 forged"},
      {"\x1b]0;title\x07", "?]0;title?"},
      {"\xc2\x9b"
       "31m",
       "??31m"},                                         // CSI as one character of C1
      {"\xc2\x85\xe2\x80\xa8\xe2\x80\xa9", "????????"},  // NEL, and the separators of lines and paragraphs
      {"\x9b\xff\xc3", "???"},                           // no UTF-8
      {"\xed\xa0\x80", "???"},
      {"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82 \xc2\xa0", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82 \xc2\xa0"}};
  const std::string path = "log_test_" + std::to_string(::getpid()) + ".log";
  for (const auto& [text, expected] : cases) {
    Captured captured;
    Log(captured.settings()).write(LogLevel::warn, text);
    BOOST_REQUIRE(captured.lines.size() == 1U);
    BOOST_TEST(captured.lines[0].second == expected);
    Log(LogSettings{LogLevel::info, path, nullptr}).write(LogLevel::info, text);
    std::ifstream file(path);
    const std::string written{std::istreambuf_iterator<char>(file), {}};
    std::remove(path.c_str());
    BOOST_TEST(written.ends_with("Z taskstate info " + expected + "\n"));
  }
}

BOOST_AUTO_TEST_CASE(braces_in_input_are_not_a_format) {
  Captured captured;
  const Log log(captured.settings());
  log.write(LogLevel::warn, "{} {0} {nonsense");
  BOOST_REQUIRE(captured.lines.size() == 1U);
  BOOST_TEST(captured.lines[0].second == "{} {0} {nonsense");
}

BOOST_AUTO_TEST_CASE(a_file_gets_time_level_and_text) {
  const std::string path = "log_test_" + std::to_string(::getpid()) + ".log";
  {
    const Log log(LogSettings{LogLevel::info, path, nullptr});
    log.write(LogLevel::info, "opened");
  }
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::remove(path.c_str());
  BOOST_TEST(text.ends_with("Z taskstate info opened\n"));
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_opened_is_an_error_at_once) {
  BOOST_CHECK_EXCEPTION(Log(LogSettings{LogLevel::warn, "/proc/no/such/place.log", nullptr}), tse::core::Failure,
                        [](const auto& failure) { return failure.error().code == tse::core::Code::unavailable; });
}

BOOST_AUTO_TEST_CASE(a_failing_callback_fails_nothing_else) {
  LogSettings settings;
  settings.callback = [](LogLevel, std::string_view) { throw std::runtime_error("host bug"); };
  const Log log(settings);
  BOOST_CHECK_NO_THROW(log.write(LogLevel::error, "text"));
}

BOOST_AUTO_TEST_SUITE_END()

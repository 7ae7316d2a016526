#include "engine/log.hpp"

#include "core/error.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
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

namespace {

struct Directory {
  std::string root = (std::filesystem::temp_directory_path() / "taskstate-log-XXXXXX").string();
  Directory() { BOOST_REQUIRE(::mkdtemp(root.data()) != nullptr); }
  ~Directory() { std::filesystem::remove_all(root); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  [[nodiscard]] std::string path(const std::string& name) const { return root + "/" + name; }
};

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

tse::core::Error refusal(const std::string& path) {
  try {
    const Log log({LogLevel::warn, path, {}});
  } catch (const tse::core::Failure& failure) {
    return failure.error();
  }
  BOOST_ERROR("the log was opened");
  return {};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_new_file_is_the_owners_alone_whatever_the_umask) {
  const Directory directory;
  const mode_t before = ::umask(0);
  const Log log({LogLevel::warn, directory.path("log"), {}});
  ::umask(before);
  struct stat info {};
  BOOST_REQUIRE(::stat(directory.path("log").c_str(), &info) == 0);
  BOOST_TEST((info.st_mode & 07777) == 0600U);
}

BOOST_AUTO_TEST_CASE(a_fifo_or_a_directory_is_refused_at_once) {
  const Directory directory;
  BOOST_REQUIRE(::mkfifo(directory.path("fifo").c_str(), 0600) == 0);
  for (const std::string& path : {directory.path("fifo"), directory.root}) {
    const auto error = refusal(path);
    BOOST_TEST((error.code == tse::core::Code::invalid_argument));
    BOOST_REQUIRE(error.details.size() == 1U);
    BOOST_TEST(error.details[0].field == "log_file");
  }
}

BOOST_AUTO_TEST_CASE(a_character_device_and_a_symbolic_link_are_followed) {
  const Directory directory;
  const Log null({LogLevel::warn, "/dev/null", {}});
  null.write(LogLevel::error, "gone");
  BOOST_REQUIRE(::symlink("log", directory.path("link").c_str()) == 0);
  const Log log({LogLevel::warn, directory.path("link"), {}});
  log.write(LogLevel::error, "told");
  BOOST_TEST(content_of(directory.path("log")).find("told") != std::string::npos);
}

// As a daemon does that closes all and opens files of its own.
BOOST_AUTO_TEST_CASE(a_number_that_became_anothers_is_not_written_to) {
  const Directory directory;
  const Log log({LogLevel::warn, directory.path("log"), {}});
  log.write(LogLevel::error, "before");
  struct stat own {};
  BOOST_REQUIRE(::stat(directory.path("log").c_str(), &own) == 0);
  int number = 3;
  for (struct stat info{}; ::fstat(number, &info) != 0 || info.st_ino != own.st_ino; ++number) {
    BOOST_REQUIRE(number < 1000);
  }
  const int foreign = ::open(directory.path("foreign").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  BOOST_REQUIRE(::dup3(foreign, number, O_CLOEXEC) == number);
  log.write(LogLevel::error, "after");
  BOOST_TEST(content_of(directory.path("foreign")).empty());
  BOOST_TEST(content_of(directory.path("log")).find("after") != std::string::npos);
  ::close(number);
  ::close(foreign);
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

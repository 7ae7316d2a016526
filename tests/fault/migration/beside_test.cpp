// Two releases on one file, each a build of its own: a rolling upgrade, and the way back.
#include "fault/support.hpp"

#include <fcntl.h>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

using namespace tse::test;

BOOST_AUTO_TEST_SUITE(beside)

namespace {

using Pipe = std::array<int, 2>;

/// A process of one release.
class Worker {
 public:
  Worker(const char* program, const std::string& path, const std::string& name) {
    Pipe input{};
    Pipe output{};
    if (::pipe2(input.data(), O_CLOEXEC) != 0 || ::pipe2(output.data(), O_CLOEXEC) != 0)
      throw std::runtime_error("pipe");
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(input[0], 0);
      ::dup2(output[1], 1);
      ::execl(program, program, path.c_str(), name.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(output[1]);
    input_ = input[1];
    output_ = ::fdopen(output[0], "r");
  }
  ~Worker() {
    if (input_ >= 0) (void)end();
    std::fclose(output_);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// The next line, or nothing at its end.
  std::string line() {
    std::string text;
    for (int c = 0; (c = std::fgetc(output_)) != EOF && c != '\n';) text += static_cast<char>(c);
    return text;
  }
  /// Its exit code.
  int end() {
    ::close(std::exchange(input_, -1));
    return wait_for(process_);
  }

 private:
  pid_t process_ = 0;
  int input_ = -1;
  std::FILE* output_ = nullptr;
};

struct Load {
  std::size_t requests = 0;
  std::size_t workers = 0;
};

class Fleet {
 public:
  explicit Fleet(std::string path) : path_(std::move(path)) {}

  std::unique_ptr<Worker> start(const char* program) {
    auto worker = std::make_unique<Worker>(program, path_, "w" + std::to_string(++load_.workers));
    BOOST_REQUIRE(worker->line() == "ready");
    return worker;
  }
  void stop(std::unique_ptr<Worker>& worker) {
    BOOST_TEST(worker->end() == 0);
    std::istringstream report(worker->line());
    std::size_t requests = 0;
    std::size_t failed = 0;
    std::string first;
    report >> requests >> failed;
    std::getline(report, first);
    BOOST_TEST(requests > 0U);
    BOOST_TEST(failed == 0U, first);
    load_.requests += requests;
    worker.reset();
  }
  /// What a release finds wrong with the file.
  std::string verify(const char* program) const { return Worker(program, path_, "verify").line(); }
  [[nodiscard]] const Load& load() const { return load_; }

 private:
  const std::string path_;
  Load load_;
};

void under_load() { std::this_thread::sleep_for(std::chrono::milliseconds(setting("TSE_MILLISECONDS", 300))); }

}  // namespace

BOOST_AUTO_TEST_CASE(a_rolling_upgrade_and_the_way_back_fail_no_request) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  Fleet fleet(path);
  std::array<std::unique_ptr<Worker>, 2> workers{fleet.start(TSE_THIS_RELEASE), fleet.start(TSE_THIS_RELEASE)};
  for (auto& worker : workers) {  // the new one first: it migrates the file under the two old ones
    under_load();
    auto next = fleet.start(TSE_RELEASE_TO_COME);
    under_load();
    fleet.stop(worker);
    worker = std::move(next);
  }
  under_load();
  BOOST_TEST(fleet.verify(TSE_RELEASE_TO_COME) == "");
  for (auto& worker : workers) {
    auto next = fleet.start(TSE_THIS_RELEASE);
    under_load();
    fleet.stop(worker);
    worker = std::move(next);
  }
  BOOST_TEST(fleet.verify(TSE_THIS_RELEASE) == "");
  for (auto& worker : workers) fleet.stop(worker);
  BOOST_TEST(fleet.verify(TSE_RELEASE_TO_COME) == "");
  BOOST_TEST(std::filesystem::exists(path + ".schema2"));
  std::printf("measured: rolling upgrade and rollback: %zu requests by %zu processes, none failed\n",
              fleet.load().requests, fleet.load().workers);
}

BOOST_AUTO_TEST_SUITE_END()

#include "engine/watcher.hpp"

#include "core/error.hpp"
#include "store/sqlite/commit_notice.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

using tse::engine::NewsSource;
using tse::engine::Watch;
using tse::engine::Watcher;
using tse::engine::Watches;
using tse::store::sqlite::CommitNotice;

namespace {

bool becomes_readable(const Watch& watch) {
  pollfd ready{watch.descriptor(), POLLIN, 0};
  return ::poll(&ready, 1, 30000) == 1;
}

class ScratchFile {
 public:
  ScratchFile() : descriptor_(::mkstemp(path.data())) {}
  ~ScratchFile() {
    ::close(descriptor_);
    ::unlink(path.c_str());
  }
  void write() const { BOOST_REQUIRE(::write(descriptor_, "x", 1) == 1); }
  std::string path = "/tmp/taskstate-watcher-XXXXXX";

 private:
  int descriptor_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(watcher)

BOOST_AUTO_TEST_CASE(a_write_to_either_file_wakes_who_waits) {
  const ScratchFile announced;
  const ScratchFile written;
  const auto watches = std::make_shared<Watches>(NewsSource{});
  Watcher watcher(watches, std::make_unique<CommitNotice>(announced.path, written.path), [] {});
  watcher.start();
  watcher.start();  // again is nothing
  Watch watch(watches);
  watch.await_claim({});
  for (const ScratchFile* file : {&announced, &written, &announced, &written}) {
    BOOST_TEST(becomes_readable(watch));
    watch.reset();
    file->write();
  }
  BOOST_TEST(becomes_readable(watch));
}

// As where no watch of a file is left, or it cannot be read.
BOOST_AUTO_TEST_CASE(who_cannot_be_notified_looks_now_and_then) {
  const ScratchFile there;
  const std::string nowhere = there.path + "-none";
  for (const auto& [announced, written] :
       {std::pair(nowhere, there.path), std::pair(there.path, nowhere), std::pair(nowhere, nowhere)}) {
    const auto watches = std::make_shared<Watches>(NewsSource{});
    std::atomic<int> came{0};
    Watcher watcher(
        watches, std::make_unique<CommitNotice>(announced, written), [] {}, [&came] { ++came; });
    watcher.start();
    Watch watch(watches);
    watch.await_claim({});
    for (int look = 0; look < 4; ++look) {
      BOOST_TEST(becomes_readable(watch));
      watch.reset();
    }
    BOOST_TEST(came >= 2);
  }
}

BOOST_AUTO_TEST_CASE(nothing_of_it_is_a_standard_descriptor) {
  const ScratchFile file;
  BOOST_REQUIRE(::close(0) == 0);
  const tse::engine::Signal signal;
  BOOST_TEST(signal.descriptor() > 2);
  CommitNotice commits(file.path, file.path);
  BOOST_TEST(commits.look(true).descriptor > 2);
  BOOST_TEST(::open("/dev/null", O_RDONLY) == 0);
}

BOOST_AUTO_TEST_CASE(a_file_that_a_host_opened_under_the_same_number_is_left_alone) {
  const ScratchFile hosts;
  const auto watches = std::make_shared<Watches>(NewsSource{});
  auto watch = std::make_unique<Watch>(watches);
  const int number = watch->descriptor();
  const int file = ::open(hosts.path.c_str(), O_RDWR);
  BOOST_REQUIRE(::dup2(file, number) == number);
  watch->raise();
  watch->reset();
  BOOST_TEST(::lseek(file, 0, SEEK_END) == 0);
  BOOST_CHECK_THROW(watch->sleep_until(std::chrono::steady_clock::now()), tse::core::Failure);
  watch.reset();
  BOOST_TEST(::fcntl(number, F_GETFD) >= 0);
  ::close(number);
  ::close(file);
}

BOOST_AUTO_TEST_SUITE_END()

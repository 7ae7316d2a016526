#include "engine/watcher.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <string>

using tse::engine::NewsSource;
using tse::engine::Watch;
using tse::engine::Watcher;
using tse::engine::Watches;

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
  Watcher watcher(watches, {announced.path, written.path}, [] {});
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

BOOST_AUTO_TEST_SUITE_END()

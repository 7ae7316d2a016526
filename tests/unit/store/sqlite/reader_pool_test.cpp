#include "unit/store/support.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace store_test;

BOOST_AUTO_TEST_SUITE(store_reader_pool)

// Whoever asks while the store is closed is answered or told `closed`, whether its connection was there or was opened
// for it.
BOOST_AUTO_TEST_CASE(closing_takes_nothing_from_those_who_read) {
  const TempDirectory directory;
  create(*open(directory.path()), "z", "a");
  std::atomic<int> refused{0};
  std::mutex mutex;
  std::string others;
  for (int round = 0; round < 60; ++round) {
    const auto store = open(directory.path());
    std::atomic<int> begun{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 4; ++i)
      readers.emplace_back([&] {
        ++begun;
        try {
          for (;;) static_cast<void>(store->read({"z", "a"}, in()));
        } catch (const core::Failure& failure) {
          if (failure.error().code == core::Code::closed) {
            ++refused;
          } else {
            const std::lock_guard lock(mutex);
            others += failure.error().message + "; ";
          }
        }
      });
    while (begun < 4) std::this_thread::yield();
    store->close();
    for (std::thread& reader : readers) reader.join();
  }
  BOOST_TEST(others == "");
  BOOST_TEST(refused == 240);
}

BOOST_AUTO_TEST_SUITE_END()

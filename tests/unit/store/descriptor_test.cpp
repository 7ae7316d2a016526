#include "store/descriptor.hpp"

#include "unit/store/support.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <cerrno>

using namespace store_test;
using store::OwnDescriptor;

BOOST_AUTO_TEST_SUITE(store_descriptor)

namespace {

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

}  // namespace

BOOST_AUTO_TEST_CASE(none_is_a_standard_one_although_those_are_free) {
  const TempDirectory directory;
  BOOST_TEST(in_child([&] {
               for (const int standard : {0, 1, 2}) ::close(standard);
               const int opened = store::open_high(directory.path().c_str(), O_RDWR | O_CREAT, 0600);
               if (opened < 3) return 1;
               if ((::fcntl(opened, F_GETFD) & FD_CLOEXEC) == 0) return 2;
               // They stay taken, so that whatever writes there finds no file of ours.
               return is_open(0) && is_open(1) && is_open(2) ? 0 : 3;
             }) == 0);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_opened_says_why) {
  const TempDirectory directory;
  errno = 0;
  BOOST_TEST(store::open_high(directory.path("none").c_str(), O_RDONLY) == -1);
  BOOST_TEST(errno == ENOENT);
}

BOOST_AUTO_TEST_CASE(what_was_made_low_is_moved_and_the_low_one_closed) {
  BOOST_TEST(in_child([] {
               for (const int standard : {0, 1, 2}) ::close(standard);
               const int low = ::eventfd(0, EFD_CLOEXEC);
               if (low != 0) return 1;
               const int high = store::move_high(low);
               if (high < 3 || is_open(0)) return 2;
               return store::move_high(high) == high ? 0 : 3;
             }) == 0);
  BOOST_TEST(store::move_high(-1) == -1);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_moved_is_closed) {
  BOOST_TEST(in_child([] {
               ::close(0);
               const int low = ::eventfd(0, EFD_CLOEXEC);
               const struct rlimit none { 0, 0 };
               if (low != 0 || ::setrlimit(RLIMIT_NOFILE, &none) != 0) return 1;
               return store::move_high(low) == -1 && !is_open(0) ? 0 : 2;
             }) == 0);
}

BOOST_AUTO_TEST_CASE(stat_knows_the_open_file) {
  const TempDirectory directory;
  const OwnDescriptor own(store::open_high(directory.path().c_str(), O_RDWR | O_CREAT, 0600));
  struct stat by_path {};
  struct stat open {};
  BOOST_REQUIRE(::stat(directory.path().c_str(), &by_path) == 0);
  BOOST_REQUIRE(store::stat_open(own.get(), open) == 0);
  BOOST_TEST(open.st_ino == by_path.st_ino);
  BOOST_TEST(store::stat_open(-1, open) == -1);
}

BOOST_AUTO_TEST_CASE(it_closes_its_own_and_never_what_took_the_number) {
  const TempDirectory directory;
  int number = -1;
  {
    const OwnDescriptor own(store::open_high(directory.path("a").c_str(), O_RDWR | O_CREAT, 0600));
    number = own.get();
    BOOST_TEST(own.is_ours());
  }
  BOOST_TEST(!is_open(number));
  {
    const OwnDescriptor own(store::open_high(directory.path("a").c_str(), O_RDWR));
    number = own.get();
    const int other = ::open(directory.path("b").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    BOOST_REQUIRE(::dup2(other, number) == number);  // as a host that closes all and opens its own
    ::close(other);
    BOOST_TEST(!own.is_ours());
  }
  BOOST_TEST(is_open(number));
  ::close(number);
}

BOOST_AUTO_TEST_CASE(moving_it_leaves_nothing_behind) {
  const TempDirectory directory;
  OwnDescriptor first(store::open_high(directory.path("a").c_str(), O_RDWR | O_CREAT, 0600));
  OwnDescriptor second(store::open_high(directory.path("b").c_str(), O_RDWR | O_CREAT, 0600));
  const int a = first.get();
  const int b = second.get();
  second = std::move(first);
  BOOST_TEST(!is_open(b));
  BOOST_TEST(second.get() == a);
  const OwnDescriptor third(std::move(second));
  BOOST_TEST(third.is_ours());
  BOOST_TEST(is_open(a));
}

BOOST_AUTO_TEST_SUITE_END()

#include "store/size_signal.hpp"

#include "unit/store/support.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include <cerrno>

using namespace store_test;
using store::NoSizeSignal;

BOOST_AUTO_TEST_SUITE(store_size_signal)

namespace {

// In a child whose files may have 4 bytes: the signal is as the process has it, which would end it.
int with_a_limit(const TempDirectory& directory, const std::function<int(int file)>& body) {
  return in_child([&] {
    ::signal(SIGXFSZ, SIG_DFL);
    const int file = ::open(directory.path().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    struct rlimit small {};
    if (file < 0 || ::getrlimit(RLIMIT_FSIZE, &small) != 0) return 97;
    small.rlim_cur = 4;
    if (::setrlimit(RLIMIT_FSIZE, &small) != 0) return 97;
    return body(file);
  });
}

bool is_too_large(int file) { return ::pwrite(file, "x", 1, 4) < 0 && errno == EFBIG; }

bool is_blocked() {
  sigset_t set;
  return ::pthread_sigmask(SIG_BLOCK, nullptr, &set) != 0 || ::sigismember(&set, SIGXFSZ) == 1;
}

}  // namespace

BOOST_AUTO_TEST_CASE(without_it_the_process_ends) {
  const TempDirectory directory;
  BOOST_TEST(with_a_limit(directory, [](int file) { return is_too_large(file) ? 0 : 1; }) == 128 + SIGXFSZ);
}

BOOST_AUTO_TEST_CASE(a_write_past_the_limit_is_an_error_alone) {
  const TempDirectory directory;
  BOOST_TEST(with_a_limit(directory, [](int file) {
               {
                 const NoSizeSignal none;
                 if (!is_too_large(file)) return 1;
                 errno = EFBIG;
               }
               if (errno != EFBIG) return 2;  // what the write said is still there
               return is_blocked() ? 3 : 0;
             }) == 0);
}

BOOST_AUTO_TEST_CASE(whoever_blocks_it_keeps_it_blocked_and_pending) {
  const TempDirectory directory;
  BOOST_TEST(with_a_limit(directory, [](int file) {
               sigset_t set;
               ::sigemptyset(&set);
               ::sigaddset(&set, SIGXFSZ);
               ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
               if (!is_too_large(file)) return 1;  // the host's own write
               { const NoSizeSignal none; }
               sigset_t pending;
               if (!is_blocked() || ::sigpending(&pending) != 0) return 2;
               return ::sigismember(&pending, SIGXFSZ) == 1 ? 0 : 3;
             }) == 0);
}

BOOST_AUTO_TEST_CASE(without_a_limit_nothing_is_blocked) {
  BOOST_TEST(in_child([] {
               struct rlimit all {
                 RLIM_INFINITY, RLIM_INFINITY
               };
               if (::setrlimit(RLIMIT_FSIZE, &all) != 0 && ::getrlimit(RLIMIT_FSIZE, &all) != 0) return 97;
               const NoSizeSignal none;
               return is_blocked() == (all.rlim_cur != RLIM_INFINITY) ? 0 : 1;
             }) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

// A limit on the size of files (ulimit -f) and on the number of descriptors (ulimit -n).
#include "unit/store/support.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>

using namespace store_test;
using core::Code;
using core::Outcome;

BOOST_AUTO_TEST_SUITE(store_size_limit)

namespace {

bool limit(decltype(RLIMIT_FSIZE) what, rlim_t most) {
  struct rlimit now {};
  if (::getrlimit(what, &now) != 0) return false;
  now.rlim_cur = std::min(most, now.rlim_max);
  return ::setrlimit(what, &now) == 0;
}

std::optional<core::Error> insert(Store& store, const std::string& id, std::size_t payload) {
  return commit(store, [&](store::Session& session) { session.insert(new_row("z", id), std::string(payload, 'x')); });
}

bool is_full(const std::optional<core::Error>& error) {
  if (error) std::fprintf(stderr, "%s\n", error->message.c_str());
  return error && error->code == Code::disk_full && error->outcome == Outcome::not_done;
}

bool is_pending() {
  sigset_t set;
  return ::sigpending(&set) != 0 || ::sigismember(&set, SIGXFSZ) == 1;
}

}  // namespace

// The signal is as the process has it, which would end it.
BOOST_AUTO_TEST_CASE(a_file_that_may_not_grow_is_a_full_disk_and_no_signal) {
  for (const bool small_groups : {true, false}) {
    const TempDirectory directory;
    BOOST_TEST(in_child([&] {
                 ::signal(SIGXFSZ, SIG_DFL);
                 const auto store = open(directory.path());
                 create(*store, "z", "before");
                 if (!limit(RLIMIT_FSIZE, 1'000'000)) return 97;
                 std::optional<core::Error> error;
                 int stored = 0;
                 for (; !error && stored < 1000; ++stored)
                   error = insert(*store, "t" + std::to_string(stored), small_groups ? 5'000 : 300'000);
                 if (!is_full(error)) return 1;
                 if (!store->read({"z", "before"}, in())) return 2;
                 if (store->read({"z", "t" + std::to_string(stored - 1)}, in())) return 3;
                 if (!is_full(insert(*store, "again", 800'000))) return 4;
                 if (is_pending()) return 5;
                 if (!limit(RLIMIT_FSIZE, RLIM_INFINITY)) return 97;
                 if (insert(*store, "room", 300'000)) return 6;
                 return store->verify(in()).problems.empty() ? 0 : 7;
               }) == 0,
               "small groups " << small_groups);
    const auto store = open(directory.path());
    BOOST_TEST(store->read({"z", "before"}, in()).has_value());
    BOOST_TEST(store->read({"z", "room"}, in()).has_value());
  }
}

// Where the log may grow and the database may not: it does not become smaller than the log by closing.
BOOST_AUTO_TEST_CASE(a_database_that_may_not_grow_keeps_its_log) {
  const TempDirectory directory;
  const auto filled = [&] {
    const auto store = open(directory.path());
    for (int i = 0; i < 20; ++i) create(*store, "z", "t" + std::to_string(i));
    return std::filesystem::file_size(directory.path());
  }();
  BOOST_TEST(in_child([&] {
               ::signal(SIGXFSZ, SIG_DFL);
               if (!limit(RLIMIT_FSIZE, filled)) return 97;
               const auto store = open(directory.path());
               if (insert(*store, "a", 8'000)) return 1;
               store->close();
               return is_pending() ? 2 : 0;
             }) == 0);
  const auto store = open(directory.path());
  BOOST_TEST(store->read({"z", "a"}, in()).has_value());
  BOOST_TEST(store->verify(in()).problems.empty());
}

BOOST_AUTO_TEST_CASE(opening_and_backing_up_at_the_limit_leave_nothing_behind) {
  const TempDirectory directory;
  const TempDirectory other;
  const auto store = open(directory.path());
  for (int i = 0; i < 10; ++i) BOOST_TEST(!insert(*store, "t" + std::to_string(i), 10'000));
  BOOST_TEST(in_child([&] {
               ::signal(SIGXFSZ, SIG_DFL);
               const auto own = open(directory.path());
               if (!limit(RLIMIT_FSIZE, 20'000)) return 97;
               const auto backup = error_of([&] { own->backup(other.path("copy.db"), in()); });
               if (backup.code != Code::disk_full || !other.names().empty()) return 1;
               const auto opening = error_of([&] { (void)open(other.path("new.db")); });
               if (opening.code != Code::disk_full) return 2;
               if (!limit(RLIMIT_FSIZE, RLIM_INFINITY)) return 97;
               create(*open(other.path("new.db")), "z", "a");
               return is_pending() ? 3 : 0;
             }) == 0);
}

BOOST_AUTO_TEST_CASE(what_the_process_does_with_the_signal_stays) {
  const TempDirectory directory;
  BOOST_TEST(in_child([&] {
               sigset_t mask;
               ::sigemptyset(&mask);
               ::sigaddset(&mask, SIGXFSZ);
               ::pthread_sigmask(SIG_BLOCK, &mask, nullptr);
               ::raise(SIGXFSZ);  // of the host's own, which it will ask for
               const auto store = open(directory.path());
               if (!limit(RLIMIT_FSIZE, 300'000) || !is_full(insert(*store, "a", 400'000))) return 1;
               if (!is_pending()) return 2;
               sigset_t now;
               ::pthread_sigmask(SIG_BLOCK, nullptr, &now);
               struct sigaction action {};
               ::sigaction(SIGXFSZ, nullptr, &action);
               return ::sigismember(&now, SIGXFSZ) == 1 && action.sa_handler == SIG_DFL ? 0 : 3;
             }) == 0);
}

BOOST_AUTO_TEST_CASE(a_process_without_descriptors_is_told_so) {
  const TempDirectory directory;
  open(directory.path())->close();
  BOOST_TEST(in_child([&] {
               if (!limit(RLIMIT_NOFILE, 64)) return 97;
               std::vector<int> taken;
               while (taken.size() < 100) {
                 const int each = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
                 if (each < 0) break;
                 taken.push_back(each);
               }
               // From none left to enough, one more each time: whichever step it is that fails.
               for (int opened = 0; !taken.empty(); taken.pop_back()) {
                 ::close(taken.back());
                 try {
                   const auto store = open(directory.path());
                   create(*store, "z", "t" + std::to_string(taken.size()));
                   if (++opened == 5) return 0;
                 } catch (const core::Failure& failure) {
                   const core::Error& error = failure.error();
                   if (error.code != Code::unavailable || error.message.find("RLIMIT_NOFILE") == std::string::npos) {
                     std::fprintf(stderr, "%s\n", error.message.c_str());
                     return 1;
                   }
                 }
               }
               return 2;
             }) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

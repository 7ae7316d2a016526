// The -taskstate file in the hands of others: shortened, closed, made by somebody who may not give it away.
#include "unit/store/support.hpp"

#include "store/descriptor.hpp"
#include "store/sqlite/write_lock.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include <atomic>
#include <thread>

using namespace store_test;
using core::Code;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(store_sidecar)

namespace {

struct Fixture {
  TempDirectory directory;
  std::string path = directory.path();
  std::string sidecar = path + "-taskstate";
};

std::uint32_t word_at(const std::string& content, std::size_t offset) {
  std::uint32_t value = 0;
  content.copy(reinterpret_cast<char*>(&value), sizeof value, offset);
  return value;
}

/// Those of this process that stand for the file.
std::vector<int> numbers_of(const std::string& path) {
  struct stat wanted {};
  BOOST_REQUIRE(::stat(path.c_str(), &wanted) == 0);
  std::vector<int> found;
  for (int number = 0; number < 1024; ++number)
    if (struct stat info{}; ::fstat(number, &info) == 0 && info.st_ino == wanted.st_ino && info.st_dev == wanted.st_dev)
      found.push_back(number);
  return found;
}

bool give_up_chown() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  data[0].effective &= ~(1U << CAP_CHOWN);
  return ::syscall(SYS_capset, &header, data) == 0;
}

}  // namespace

// Touching the mapping of what is gone is SIGBUS.
BOOST_FIXTURE_TEST_CASE(one_that_was_shortened_is_mended_by_the_next_change, Fixture) {
  const auto store = open(path);
  const auto other = open(path);
  create(*store, "z", "a");
  int count = 0;
  for (const int size : {0, 3, 8, 15, 16, 30, 100}) {
    std::filesystem::resize_file(sidecar, static_cast<std::uintmax_t>(size));
    for (Store* each : {store.get(), other.get(), store.get()}) create(*each, "z", "t" + std::to_string(++count));
    const std::string content = read_file(sidecar);
    BOOST_TEST(content.size() == 4096U, size);
    BOOST_TEST(content.substr(0, 8) == std::string("TSKLOCK\0", 8), size);
    BOOST_TEST(word_at(content, 8) == 1U, size);
    BOOST_TEST(word_at(content, 12) == 1U, size);
    BOOST_TEST(word_at(content, 28) == (size < 32 ? 1U : 0U), size);
    (void)open(path);  // ends the doubt
    BOOST_TEST(word_at(read_file(sidecar), 28) == 0U);
  }
  BOOST_TEST(store->verify(in()).problems.empty());
}

BOOST_FIXTURE_TEST_CASE(one_that_was_shortened_is_mended_by_opening, Fixture) {
  open(path)->close();
  for (const int size : {0, 3, 8, 15, 16, 30, 100}) {
    std::filesystem::resize_file(sidecar, static_cast<std::uintmax_t>(size));
    const auto store = open(path);
    create(*store, "z", "t" + std::to_string(size));
    const std::string content = read_file(sidecar);
    BOOST_TEST((content.size() == 4096U && word_at(content, 8) == 1U && word_at(content, 12) == 1U), size);
  }
  write_file(sidecar, "TSX");
  BOOST_TEST((code_of([&] { (void)open(path); }) == Code::not_a_taskstate_file));
  BOOST_TEST(read_file(sidecar) == "TSX");
}

// While others are in line, too: what they wait for is gone from under them.
BOOST_FIXTURE_TEST_CASE(one_that_is_shortened_all_the_time_only_slows_those_who_wait, Fixture) {
  open(path)->close();
  std::atomic<bool> stop{false};
  std::thread shortener([&] {
    while (!stop) {
      [[maybe_unused]] const int code = ::truncate(sidecar.c_str(), 0);
      std::this_thread::sleep_for(200us);
    }
  });
  constexpr int processes = 3, changes = 60;
  std::vector<pid_t> children;
  for (int process = 0; process < processes; ++process)
    children.push_back(spawn([&, process] {
      store::sqlite::WriteLock lock;
      lock.open(sidecar, path, 0600);
      lock.lock(in(), [] {});
      lock.check_header();
      lock.unlock();
      for (int i = 0; i < changes; ++i) {
        lock.lock(in(), [] {});
        std::this_thread::sleep_for(100us);
        lock.announce({});
        lock.unlock();
      }
      return process < 0 ? 1 : 0;
    }));
  for (const pid_t child : children) BOOST_TEST(wait_for(child) == 0);
  stop = true;
  shortener.join();
}

BOOST_FIXTURE_TEST_CASE(what_is_no_regular_file_is_refused, Fixture) {
  BOOST_REQUIRE(::mkfifo(sidecar.c_str(), 0600) == 0);
  BOOST_TEST((code_of([&] { (void)open(path); }) == Code::not_a_taskstate_file));
}

// Descriptors 0, 1 and 2 are what a program's own output and whatever libraries print goes to.
BOOST_FIXTURE_TEST_CASE(no_file_of_ours_gets_a_standard_descriptor, Fixture) {
  for (unsigned closed = 1; closed < 8; ++closed)
    BOOST_TEST(in_child([&] {
                 for (unsigned each = 0; each < 3; ++each)
                   if ((closed & 1U << each) != 0) ::close(static_cast<int>(each));
                 const auto store = open(path);
                 create(*store, "z", "t" + std::to_string(closed));
                 store->backup(path + "-copy", in());
                 for (const int each : {0, 1, 2}) {
                   struct stat info {};
                   if (::fstat(each, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
                     for (const std::string& name : directory.names())
                       if (struct stat ours{};
                           ::stat(directory.path(name).c_str(), &ours) == 0 && ours.st_ino == info.st_ino)
                         return 50 + each;
                   }
                   [[maybe_unused]] const ssize_t written = ::write(each, "a warning of some library\n", 26);
                 }
                 create(*store, "z", "u" + std::to_string(closed));
                 return store->verify(in()).problems.empty() ? 0 : 60;
               }) == 0,
               "closed " << closed);
  const auto store = open(path);
  for (unsigned closed = 1; closed < 8; ++closed)
    BOOST_TEST(store->read({"z", "u" + std::to_string(closed)}, in()).has_value());
}

// A daemon that closes whatever is open and opens its own files, which get the numbers.
BOOST_FIXTURE_TEST_CASE(a_number_that_became_anothers_is_neither_locked_nor_written, Fixture) {
  const auto store = open(path);
  create(*store, "z", "a");
  const std::string foreign = directory.path("foreign");
  write_file(foreign, std::string(100, '.'));
  const int opened = ::open(foreign.c_str(), O_RDWR | O_CLOEXEC);
  const std::vector<int> numbers = numbers_of(sidecar);
  BOOST_TEST(numbers.size() == 2U);  // one shows which schema the engine knows
  for (const int number : numbers) BOOST_REQUIRE(::dup3(opened, number, O_CLOEXEC) == number);
  BOOST_REQUIRE(::flock(opened, LOCK_EX) == 0);
  const auto error = commit(*store, [](store::Session& session) { session.insert(new_row("z", "b"), std::nullopt); });
  BOOST_REQUIRE(error);
  BOOST_TEST((error->code == Code::unavailable));
  BOOST_TEST((error->outcome == core::Outcome::not_done));
  store->close();
  BOOST_TEST(read_file(foreign) == std::string(100, '.'));
  for (const int number : numbers) BOOST_TEST(::fcntl(number, F_GETFD) >= 0, "was closed, although it is another's");
  BOOST_TEST(in_child([&] {
               const int again = ::open(foreign.c_str(), O_RDWR | O_CLOEXEC);
               return ::flock(again, LOCK_EX | LOCK_NB) == 0 ? 1 : 0;
             }) == 0,
             "the host's own lock was let go");
  for (const int number : numbers) ::close(number);
  ::close(opened);
  const auto reopened = open(path);
  BOOST_TEST(reopened->read({"z", "a"}, in()).has_value());
  BOOST_TEST(!reopened->read({"z", "b"}, in()).has_value());
}

BOOST_FIXTURE_TEST_CASE(one_that_cannot_get_the_databases_owner_is_not_left_behind, Fixture,
                        *boost::unit_test::precondition([](auto) { return ::geteuid() == 0; })) {
  constexpr uid_t nobody = 65534;
  open(path)->close();
  std::filesystem::remove(sidecar);
  for (const std::string& name : directory.names())
    BOOST_REQUIRE(::chown(directory.path(name).c_str(), nobody, nobody) == 0);
  const auto names = directory.names();
  BOOST_TEST(in_child([&] {
               if (!give_up_chown()) return 98;
               try {
                 (void)open(path);
               } catch (const core::Failure& failure) {
                 return static_cast<int>(failure.error().code);
               }
               return 0;
             }) == static_cast<int>(Code::access_denied));
  BOOST_TEST(directory.names() == names, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(the_owner_needs_no_right_to_give_it_away, Fixture,
                        *boost::unit_test::precondition([](auto) { return ::geteuid() == 0; })) {
  open(path)->close();
  std::filesystem::remove(sidecar);
  BOOST_TEST(in_child([&] {
               if (!give_up_chown()) return 98;
               create(*open(path), "z", "a");
               return 0;
             }) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

// Where a backup may be put: only where nothing stands, or an earlier backup.
#include "unit/store/support.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

using namespace store_test;
using core::Code;

BOOST_AUTO_TEST_SUITE(store_backup)

namespace {

struct Fixture {
  TempDirectory directory;
  std::string path = directory.path();
  std::unique_ptr<Store> store = open(path);
  std::string target = directory.path("copy.db");
  Fixture() { create(*store, "z", "a"); }

  void back_up(const std::string& to) { store->backup(to, in()); }
  /// The backup is refused with the code, names the field, is not done, and leaves every name and file as they were.
  void refused(const std::string& to, Code code) {
    const auto names = directory.names();
    const auto error = error_of([&] { back_up(to); });
    BOOST_TEST((error.code == code), to << ": " << core::to_string(error.code) << ": " << error.message);
    BOOST_TEST((error.outcome == core::Outcome::not_done));
    BOOST_TEST(error.message.find("path") != std::string::npos, error.message);
    BOOST_TEST(directory.names() == names, boost::test_tools::per_element());
    create(*store, "z", "after" + std::to_string(++refusals_));
  }

 private:
  int refusals_ = 0;
};

ino_t inode_of(const std::string& path) {
  struct stat info {};
  BOOST_REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info.st_ino;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_free_name_and_an_earlier_backup_are_taken, Fixture) {
  back_up(target);
  create(*store, "z", "b");
  back_up(target);
  BOOST_TEST(open(target)->read({"z", "b"}, in()).has_value());
}

BOOST_FIXTURE_TEST_CASE(an_empty_file_is_taken, Fixture) {
  write_file(target, "");
  back_up(target);
  BOOST_TEST(open(target)->read({"z", "a"}, in()).has_value());
}

BOOST_FIXTURE_TEST_CASE(the_file_itself_and_its_companions_are_refused, Fixture) {
  refused(path, Code::invalid_argument);
  refused(directory.root() + "/./catalog.db", Code::invalid_argument);
  for (const char* suffix : {"-wal", "-shm", "-taskstate", "-journal"}) refused(path + suffix, Code::invalid_argument);
  store->close();
  store = open(path);
  BOOST_TEST(store->read({"z", "a"}, in()).has_value());
  BOOST_TEST(store->verify(in()).problems.empty());
}

BOOST_FIXTURE_TEST_CASE(another_name_of_a_companion_is_refused, Fixture) {
  const std::string hard = directory.path("hard");
  BOOST_REQUIRE(::link((path + "-shm").c_str(), hard.c_str()) == 0);
  BOOST_TEST((code_of([&] { back_up(hard); }) == Code::invalid_argument));
  std::filesystem::remove(hard);
  create(*store, "z", "b");
}

BOOST_FIXTURE_TEST_CASE(a_companion_of_another_file_is_refused, Fixture) {
  write_file(directory.path("other.db"), "whatever it is");
  for (const char* suffix : {"-wal", "-shm", "-taskstate", "-journal"})
    refused(directory.path("other.db") + suffix, Code::invalid_argument);
  back_up(directory.path("free-wal"));  // which is nobody's
}

BOOST_FIXTURE_TEST_CASE(what_is_no_regular_file_stays, Fixture) {
  BOOST_REQUIRE(::mkfifo(directory.path("fifo").c_str(), 0600) == 0);
  BOOST_REQUIRE(::mkdir(directory.path("directory").c_str(), 0700) == 0);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  directory.path("socket").copy(address.sun_path, sizeof address.sun_path - 1);
  BOOST_REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(listener);
  std::vector<std::string> names{"fifo", "directory", "socket"};
  if (::mknod(directory.path("null").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0) names.emplace_back("null");
  for (const std::string& name : names) {
    const ino_t before = inode_of(directory.path(name));
    refused(directory.path(name), Code::invalid_argument);
    BOOST_TEST(inode_of(directory.path(name)) == before, name);
  }
}

BOOST_FIXTURE_TEST_CASE(a_symbolic_link_is_not_followed, Fixture) {
  write_file(directory.path("precious"), "precious");
  BOOST_REQUIRE(::symlink(directory.path("precious").c_str(), directory.path("link").c_str()) == 0);
  BOOST_REQUIRE(::symlink(directory.path("nowhere").c_str(), directory.path("dangling").c_str()) == 0);
  BOOST_REQUIRE(::symlink("catalog.db", directory.path("loop").c_str()) == 0);
  for (const char* name : {"link", "dangling", "loop"}) {
    refused(directory.path(name), Code::invalid_argument);
    BOOST_TEST(std::filesystem::is_symlink(directory.path(name)));
  }
  BOOST_TEST(read_file(directory.path("precious")) == "precious");
}

BOOST_FIXTURE_TEST_CASE(a_directory_on_the_way_may_be_a_symbolic_link, Fixture) {
  BOOST_REQUIRE(::mkdir(directory.path("real").c_str(), 0700) == 0);
  BOOST_REQUIRE(::symlink("real", directory.path("way").c_str()) == 0);
  back_up(directory.path("way") + "/copy.db");
  BOOST_TEST(std::filesystem::exists(directory.path("real") + "/copy.db"));
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_no_backup_stays, Fixture) {
  write_file(target, "precious");
  refused(target, Code::already_exists);
  BOOST_TEST(read_file(target) == "precious");
  write_file(target, std::string(5000, 'x'));
  refused(target, Code::already_exists);
  std::filesystem::remove(target);
  BOOST_TEST(shell(target, "CREATE TABLE theirs (x)") == "");
  refused(target, Code::already_exists);
  BOOST_TEST(shell(target, "SELECT count(*) FROM theirs") == "0");
}

BOOST_FIXTURE_TEST_CASE(nothing_is_put_beside_the_log_of_another, Fixture) {
  for (const bool is_there : {false, true})
    for (const char* suffix : {"-wal", "-shm", "-journal"})
      for (const char* content : {"", "a log"}) {
        if (is_there) back_up(target);
        write_file(target + suffix, content);
        refused(target, Code::already_exists);
        std::filesystem::remove(target + suffix);
      }
}

// The second backup took the place of the first, and the log was then replayed into it.
BOOST_FIXTURE_TEST_CASE(what_a_killed_program_left_beside_an_earlier_backup_stays_its_own, Fixture) {
  back_up(target);
  const std::string copied = directory.path("killed.db");
  BOOST_TEST(shell(target,
                   "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE note (x);"
                   "INSERT INTO note VALUES (1);\n.shell cp " +
                       target + " " + copied + "; cp " + target + "-wal " + copied + "-wal") == "wal\n0");
  std::filesystem::rename(copied, target);
  std::filesystem::rename(copied + "-wal", target + "-wal");
  refused(target, Code::already_exists);
  BOOST_TEST(shell(target, "SELECT x FROM note") == "1");
}

BOOST_FIXTURE_TEST_CASE(a_database_that_is_in_use_stays, Fixture) {
  const auto used = open(directory.path("used.db"));
  create(*used, "z", "theirs");
  refused(directory.path("used.db"), Code::already_exists);
  BOOST_TEST(used->read({"z", "theirs"}, in()).has_value());
}

BOOST_FIXTURE_TEST_CASE(one_in_memory_is_held_to_the_same_rules, Fixture) {
  const auto memory = open(":memory:");
  create(*memory, "z", "m");
  BOOST_TEST((code_of([&] { memory->backup(path, in()); }) == Code::already_exists));
  BOOST_TEST((code_of([&] { memory->backup(path + "-wal", in()); }) == Code::invalid_argument));
  BOOST_REQUIRE(::mkfifo(directory.path("fifo").c_str(), 0600) == 0);
  BOOST_TEST((code_of([&] { memory->backup(directory.path("fifo"), in()); }) == Code::invalid_argument));
  memory->backup(target, in());
  BOOST_TEST(open(target)->read({"z", "m"}, in()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

// Files and directories that may not be read or written. Root may do anything, so a child gives its rights up.
#include "unit/store/support.hpp"

#include <sys/stat.h>

using namespace store_test;
using core::Code;

BOOST_AUTO_TEST_SUITE(store_rights)

namespace {

constexpr uid_t nobody = 65534;

struct Fixture {
  TempDirectory directory;
  std::string path = directory.path();
  Fixture() {
    create(*open(path), "z", "a");
    if (::geteuid() == 0) give(nobody);
    rights(directory.root(), 0700);
  }
  ~Fixture() { rights(directory.root(), 0700); }

  void give(uid_t user) {
    BOOST_REQUIRE(::chown(directory.root().c_str(), user, user) == 0);
    for (const std::string& name : directory.names())
      BOOST_REQUIRE(::chown(directory.path(name).c_str(), user, user) == 0);
  }
  static void rights(const std::string& path, mode_t mode) { BOOST_REQUIRE(::chmod(path.c_str(), mode) == 0); }

  /// The code that opening gives to an ordinary user; 0 for success, -1 for an odd end.
  int opened(
      Mode mode, const std::function<int(Store&)>& then = [](Store&) { return 0; }) {
    return in_child([&] {
      if (::geteuid() == 0 && (::setgid(nobody) != 0 || ::setuid(nobody) != 0)) return 98;
      try {
        return then(*open(path, mode));
      } catch (const core::Failure& failure) {
        return static_cast<int>(failure.error().code);
      }
    });
  }
};

int number(Code code) { return static_cast<int>(code); }

int look_up(Store& store) { return store.read({"z", "a"}, in()) ? 0 : 50; }

}  // namespace

BOOST_FIXTURE_TEST_CASE(an_ordinary_user_opens_what_is_his, Fixture) {
  BOOST_TEST(opened(Mode::create, look_up) == 0);
  BOOST_TEST(opened(Mode::read_only, look_up) == 0);
}

// Whatever the process's umask would allow, or take away.
BOOST_AUTO_TEST_CASE(the_umask_neither_opens_nor_spoils_new_files) {
  for (const mode_t mask : {mode_t{0}, mode_t{0022}, mode_t{0077}, mode_t{0177}}) {
    const TempDirectory directory;
    const mode_t before = ::umask(mask);
    const auto store = open(directory.path());
    create(*store, "z", "a");
    store->backup(directory.path("copy.db"), in());
    ::umask(before);
    for (const std::string& name : directory.names()) {
      struct stat info {};
      BOOST_REQUIRE(::stat(directory.path(name).c_str(), &info) == 0);
      BOOST_TEST((info.st_mode & 07777) == 0600U, name << " under umask " << mask);
    }
  }
}

// Root opens what is another user's: all beside it must stay his, or he could not open it any more.
BOOST_FIXTURE_TEST_CASE(what_root_makes_beside_a_file_is_its_owners, Fixture,
                        *boost::unit_test::precondition([](auto) { return ::geteuid() == 0; })) {
  for (const char* suffix : {"-wal", "-shm", "-taskstate"}) std::filesystem::remove(path + suffix);
  const auto store = open(path);
  create(*store, "z", "of-root");
  for (const std::string& name : directory.names()) {
    struct stat info {};
    BOOST_REQUIRE(::stat(directory.path(name).c_str(), &info) == 0);
    BOOST_TEST(info.st_uid == nobody, name);
  }
  BOOST_TEST(opened(Mode::create, look_up) == 0);
}

BOOST_FIXTURE_TEST_CASE(a_file_without_rights_is_denied, Fixture) {
  rights(path, 0000);
  for (const Mode mode : {Mode::create, Mode::read_write, Mode::read_only})
    BOOST_TEST(opened(mode) == number(Code::access_denied));
}

BOOST_FIXTURE_TEST_CASE(a_directory_without_rights_is_denied, Fixture) {
  rights(directory.root(), 0000);
  for (const Mode mode : {Mode::create, Mode::read_write, Mode::read_only})
    BOOST_TEST(opened(mode) == number(Code::access_denied));
}

BOOST_FIXTURE_TEST_CASE(a_sidecar_without_rights_is_denied, Fixture) {
  rights(path + "-taskstate", 0000);
  BOOST_TEST(opened(Mode::create) == number(Code::access_denied));
  BOOST_TEST(opened(Mode::read_only, look_up) == 0);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_can_only_be_read_opens_read_only, Fixture) {
  rights(path, 0400);
  BOOST_TEST(opened(Mode::create) == number(Code::read_only));
  BOOST_TEST(opened(Mode::read_only, look_up) == 0);
}

BOOST_FIXTURE_TEST_CASE(a_directory_that_cannot_be_written_opens_read_only, Fixture) {
  for (const mode_t file_mode : {mode_t{0600}, mode_t{0400}}) {
    for (const std::string& name : directory.names()) rights(directory.path(name), file_mode);
    rights(directory.root(), 0500);
    BOOST_TEST(opened(Mode::read_only, look_up) == 0, "files " << file_mode);
    rights(directory.root(), 0700);
  }
}

BOOST_FIXTURE_TEST_CASE(a_new_file_in_a_closed_directory_is_denied, Fixture) {
  for (const std::string& name : directory.names()) std::filesystem::remove(directory.path(name));
  rights(directory.root(), 0500);
  BOOST_TEST(opened(Mode::create) == number(Code::access_denied));
}

BOOST_FIXTURE_TEST_CASE(a_read_only_store_writes_nothing, Fixture) {
  std::filesystem::remove(path + "-taskstate");
  const std::string bytes = read_file(path);
  BOOST_TEST(opened(Mode::read_only, [](Store& store) {
               const auto error = commit(store, [](store::Session&) {});
               if (!error || error->code != Code::read_only || error->outcome != core::Outcome::not_done) return 51;
               if (!store.verify(in()).problems.empty()) return 52;
               return look_up(store);
             }) == 0);
  BOOST_TEST((read_file(path) == bytes));
  BOOST_TEST(!std::filesystem::exists(path + "-taskstate"));
}

BOOST_FIXTURE_TEST_CASE(a_read_only_store_follows_a_writer, Fixture) {
  const auto reader = open(path, Mode::read_only);
  const auto writer = open(path);
  create(*writer, "z", "b");
  BOOST_TEST(reader->read({"z", "b"}, in()).has_value());
  reader->close();
  create(*writer, "z", "c");
}

BOOST_AUTO_TEST_SUITE_END()

// Files that were copied to where nothing can be written.
#include "unit/store/support.hpp"

#include <limits.h>
#include <sched.h>
#include <sys/mount.h>

#include <thread>

using namespace store_test;
using core::Code;

BOOST_AUTO_TEST_SUITE(store_read_only_media)

namespace {

struct Fixture {
  TempDirectory directory;
  std::string ship = directory.path("ship");
  std::string path = directory.path("tasks.db");
  Fixture() { BOOST_REQUIRE(::mkdir(ship.c_str(), 0755) == 0); }

  void copy(const std::string& suffix, const std::string& name = "a.db") const {
    std::filesystem::copy_file(path + suffix, ship + "/" + name + suffix);
  }
  /// Runs it in a child to which the directory is mounted read-only; false if there is no right to that.
  bool mounted(const std::function<int()>& body) const {
    const int status = in_child([&] {
      if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
          ::mount(ship.c_str(), ship.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
          ::mount("none", ship.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0)
        return 77;
      return body();
    });
    BOOST_TEST((status == 0 || status == 77), "exit status " << status);
    if (status == 77) BOOST_TEST_MESSAGE("no mount namespace here");
    return status != 77;
  }
  int has(const std::string& name, const std::string& id) const {
    const auto store = open(ship + "/" + name, Mode::read_only);
    if (!store->verify(in()).problems.empty()) return 1;
    if (!store->answer({"z", id}, {}, in()).row) return 2;
    return store->read({"z", id}, in()) ? 0 : 3;
  }
  static core::Error refusal(const std::string& name, Mode mode = Mode::read_only) {
    return error_of([&] { (void)open(name, mode); });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(one_that_was_closed_is_whole_by_itself, Fixture) {
  create(*open(path), "z", "a");
  copy("");
  mounted([&] { return has("a.db", "a"); });
}

BOOST_FIXTURE_TEST_CASE(a_backup_is_readable, Fixture) {
  const auto store = open(path);
  create(*store, "z", "a");
  store->backup(ship + "/a.db", in());
  mounted([&] { return has("a.db", "a"); });
}

BOOST_FIXTURE_TEST_CASE(what_only_the_log_holds_is_not_missed, Fixture) {
  const auto store = open(path);
  create(*store, "z", "a");
  for (const char* suffix : {"", "-wal", "-shm"}) copy(suffix);
  for (const char* suffix : {"", "-wal"}) copy(suffix, "empty.db");
  write_file(ship + "/empty.db-shm", "");
  mounted([&] { return has("a.db", "a"); });
  mounted([&] { return has("empty.db", "a"); });
}

BOOST_FIXTURE_TEST_CASE(a_log_that_cannot_be_read_is_told_with_what_it_needs, Fixture) {
  const auto store = open(path);
  create(*store, "z", "a");
  for (const char* suffix : {"", "-wal"}) copy(suffix);
  mounted([&] {
    const auto error = refusal(ship + "/a.db");
    std::fprintf(stderr, "%s\n", error.message.c_str());
    if (error.code != Code::read_only || error.outcome != core::Outcome::not_done) return 1;
    return error.message.find("-shm") != std::string::npos ? 0 : 2;
  });
}

BOOST_FIXTURE_TEST_CASE(a_transaction_that_was_cut_short_is_told, Fixture) {
  create(*open(path), "z", "a");
  BOOST_TEST(shell(path, "PRAGMA journal_mode = DELETE") == "delete");
  BOOST_TEST(shell(path,
                   "PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN; CREATE TABLE note (x);"
                   "INSERT INTO note VALUES (zeroblob(2000000));\n.shell cp " +
                       path + " " + ship + "/a.db; cp " + path + "-journal " + ship + "/a.db-journal")
                 .empty());
  BOOST_REQUIRE(std::filesystem::file_size(ship + "/a.db-journal") > 0);
  mounted([&] {
    const auto error = refusal(ship + "/a.db");
    std::fprintf(stderr, "%s\n", error.message.c_str());
    return error.code == Code::read_only && error.message.find("-journal") != std::string::npos ? 0 : 1;
  });
}

BOOST_FIXTURE_TEST_CASE(others_who_write_by_way_of_another_mount_are_seen, Fixture) {
  const std::string shipped = ship + "/a.db";
  const auto writer = open(shipped);
  create(*writer, "z", "a");
  writer->close();  // the log is empty, and stays
  int told[2], seen[2];
  BOOST_REQUIRE(::pipe(told) == 0 && ::pipe(seen) == 0);
  std::thread other([&] {
    char byte = 0;
    // Without Boost.Test, which is for one thread; whether it was done is what the reader sees.
    const auto insert = [](store::Session& session) { session.insert(new_row("z", "b"), std::nullopt); };
    if (::read(seen[0], &byte, 1) == 1 && byte == 'r') (void)commit(*open(shipped), insert);
    [[maybe_unused]] const ssize_t size = ::write(told[1], "w", 1);
  });
  const bool could = mounted([&] {
    const auto reader = open(shipped, Mode::read_only);
    char byte = 0;
    if (::write(seen[1], "r", 1) != 1 || ::read(told[0], &byte, 1) != 1) return 1;
    return reader->read({"z", "b"}, in()) ? 0 : 2;
  });
  if (!could) [[maybe_unused]]
    const ssize_t size = ::write(seen[1], "x", 1);
  other.join();
  for (const int each : {told[0], told[1], seen[0], seen[1]}) ::close(each);
}

BOOST_FIXTURE_TEST_CASE(nothing_is_opened_for_writing, Fixture) {
  create(*open(path), "z", "a");
  copy("");
  mounted([&] {
    for (const Mode mode : {Mode::create, Mode::read_write})
      if (refusal(ship + "/a.db", mode).code != Code::read_only) return 1;
    return refusal(ship + "/new.db", Mode::create).code == Code::read_only ? 0 : 2;
  });
}

BOOST_FIXTURE_TEST_CASE(a_directory_without_rights_says_what_it_needs, Fixture,
                        *boost::unit_test::precondition([](auto) { return ::geteuid() == 0; })) {
  create(*open(path), "z", "a");
  copy("");
  BOOST_REQUIRE(::chmod(directory.root().c_str(), 0755) == 0 && ::chmod((ship + "/a.db").c_str(), 0644) == 0);
  const auto as_nobody = [&](const std::function<int()>& body) {
    return in_child([&] { return ::setgid(65534) != 0 || ::setuid(65534) != 0 ? 98 : body(); });
  };
  BOOST_TEST(as_nobody([&] {
               const auto error = refusal(ship + "/a.db");
               std::fprintf(stderr, "%s\n", error.message.c_str());
               return error.message.find("-wal and a -shm beside it") != std::string::npos ? 0 : 1;
             }) == 0);
  for (const char* suffix : {"-wal", "-shm"}) {
    write_file(ship + "/a.db" + suffix, "");
    BOOST_REQUIRE(::chmod((ship + "/a.db" + suffix).c_str(), 0644) == 0);
  }
  BOOST_TEST(as_nobody([&] { return has("a.db", "a"); }) == 0);
}

// SQLite takes 512 bytes with its suffixes, and says only that it cannot open the file.
BOOST_FIXTURE_TEST_CASE(a_path_that_is_too_long_for_sqlite_is_told_with_the_limit, Fixture) {
  constexpr std::size_t most = 504;
  std::string deep = directory.root();
  while (deep.size() < most - 120) {
    deep += "/" + std::string(60, 'd');  // room is left for a name, wherever the directory is
    BOOST_REQUIRE(::mkdir(deep.c_str(), 0700) == 0);
  }
  const auto of_size = [&](std::size_t size) { return deep + "/" + std::string(size - deep.size() - 1, 'n'); };
  create(*open(of_size(most)), "z", "a");
  BOOST_TEST(open(of_size(most), Mode::read_only)->read({"z", "a"}, in()).has_value());
  const auto store = open(path);
  for (const std::function<void()>& call : std::vector<std::function<void()>>{
           [&] { (void)open(of_size(most + 1)); }, [&] { (void)open(of_size(most + 1), Mode::read_only); },
           [&] { store->backup(of_size(most + 1), in()); }}) {
    const auto error = error_of(call);
    BOOST_TEST((error.code == Code::invalid_argument));
    BOOST_REQUIRE(error.details.size() == 1U);
    BOOST_TEST(error.details[0].field == "path");
    BOOST_TEST(error.message.find("504") != std::string::npos, error.message);
    BOOST_TEST(error.message.find("505") != std::string::npos, error.message);
  }
  BOOST_REQUIRE(::symlink(deep.c_str(), directory.path("short").c_str()) == 0);
  BOOST_TEST((code_of([&] { (void)open(directory.path("short") + of_size(most + 1).substr(deep.size())); }) ==
              Code::invalid_argument));
  std::filesystem::remove(of_size(most));
  store->backup(of_size(most - 40), in());
  BOOST_TEST((code_of([&] { store->backup(of_size(most - 10), in()); }) == Code::invalid_argument));
}

BOOST_AUTO_TEST_SUITE_END()

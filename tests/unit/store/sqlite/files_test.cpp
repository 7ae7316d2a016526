// The files under an open store are replaced, renamed or removed.
#include "unit/store/support.hpp"

#include <thread>

using namespace store_test;
using core::Code;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(store_files)

namespace {

using Deed = std::function<void(const TempDirectory&)>;

Deed remove(const std::string& name) {
  return [name](const TempDirectory& directory) { std::filesystem::remove(directory.path(name)); };
}
Deed replace(const std::string& name) {
  return [name](const TempDirectory& directory) {
    std::filesystem::copy_file(directory.path(name), directory.path("copy"));
    std::filesystem::rename(directory.path("copy"), directory.path(name));
  };
}
Deed link(const std::string& name) {
  return [name](const TempDirectory& directory) {
    std::filesystem::create_hard_link(directory.path(name), directory.path("link"));
  };
}

std::vector<std::pair<std::string, Deed>> deeds() {
  std::vector<std::pair<std::string, Deed>> all;
  for (const char* suffix : {"", "-wal", "-shm", "-taskstate"}) {
    const std::string name = std::string("catalog.db") + suffix;
    all.emplace_back("remove " + name, remove(name));
    all.emplace_back("replace " + name, replace(name));
    all.emplace_back("link " + name, link(name));
  }
  all.emplace_back("rename the directory", [](const TempDirectory& directory) {
    std::filesystem::rename(directory.root(), directory.root() + "-moved");
  });
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_change_after_it_is_refused_and_so_is_all_that_follows) {
  for (const auto& [label, deed] : deeds()) {
    const TempDirectory directory;
    const auto store = open(directory.path());
    create(*store, "z", "a");
    deed(directory);
    bool ran = false;
    const auto error = commit(*store, [&](store::Session&) { ran = true; });
    BOOST_REQUIRE_MESSAGE(error, label);
    BOOST_TEST((error->code == Code::moved), label);
    BOOST_TEST((error->outcome == core::Outcome::unknown), label);
    BOOST_TEST(!ran, label);
    BOOST_TEST((code_of([&] { store->read({"z", "a"}, in()); }) == Code::moved), label);
    std::filesystem::remove_all(directory.root() + "-moved");
  }
}

BOOST_AUTO_TEST_CASE(a_change_during_it_is_not_acknowledged) {
  for (const auto& [label, deed] : deeds()) {
    const TempDirectory directory;
    const auto store = open(directory.path());
    const auto error = commit(*store, [&, act = deed](store::Session& session) {
      session.insert(new_row("z", "a"), std::nullopt);
      act(directory);
    });
    BOOST_REQUIRE_MESSAGE(error, label);
    BOOST_TEST((error->code == Code::moved), label);
    BOOST_TEST((error->outcome == core::Outcome::unknown), label);
    std::filesystem::remove_all(directory.root() + "-moved");
  }
}

BOOST_AUTO_TEST_CASE(readers_notice_within_a_second) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  create(*store, "z", "a");
  std::filesystem::remove(directory.path());
  std::this_thread::sleep_for(1100ms);
  BOOST_TEST((code_of([&] { store->answer({"z", "a"}, {}, in()); }) == Code::moved));
}

BOOST_AUTO_TEST_CASE(closing_does_not_touch_what_took_its_place) {
  const TempDirectory directory;
  auto store = open(directory.path());
  create(*store, "z", "a");
  std::filesystem::rename(directory.path(), directory.path("away"));
  write_file(directory.path(), "mine");
  store.reset();
  BOOST_TEST(read_file(directory.path()) == "mine");
}

// Another SQLite library in the process takes itself for the last one to close, and removes the log: what is written
// after that must not be overwritten from the log that is no longer there.
BOOST_AUTO_TEST_CASE(closing_does_not_write_a_removed_log_into_the_file) {
  const TempDirectory directory;
  { create(*open(directory.path()), "z", "a"); }
  auto store = open(directory.path());
  create(*store, "z", "b");
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(directory.path() + suffix);
  shell(directory.path(),
        "INSERT INTO taskstate_tasks (zone_id, id, operation) VALUES ('z', 'c', 'create');"
        "PRAGMA wal_checkpoint(TRUNCATE);");
  store.reset();
  const auto again = open(directory.path());
  BOOST_TEST(again->read({"z", "c"}, in()).has_value());
  BOOST_TEST(again->verify(in()).problems.empty());
}

BOOST_AUTO_TEST_SUITE_END()

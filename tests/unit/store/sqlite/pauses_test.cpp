#include "store/sqlite/pauses.hpp"

#include "store/sqlite/queries.hpp"
#include "store/sqlite/runnable.hpp"
#include "unit/store/support.hpp"

#include <string>
#include <vector>

using namespace store_test;
using store::Pause;

namespace {

struct Fixture {
  TempDirectory directory;
  std::unique_ptr<Store> store = open(directory.path());
  store::sqlite::Connection connection{store::sqlite::file_uri(directory.path(), ""), SQLITE_OPEN_READWRITE};

  bool set(const Pause& pause, bool paused = true) {
    bool changed = false;
    must(*store, [&](store::Session& session) { changed = session.set_paused(pause, paused); });
    return changed;
  }
  std::string pauses() {
    std::string text;
    for (const Pause& each : store->stats("", in()).pauses)
      text += (each.what == Pause::What::zone ? "z:" : "o:") + each.name + "@" + std::to_string(each.since) + " ";
    return text;
  }
  std::size_t operations(const std::vector<std::string>& asked) {
    return store::sqlite::find_runnable_operations(connection, asked).size();
  }
  bool has_runnable(const std::string& zone) {
    const std::vector<std::string> creates{"create"};
    return store::sqlite::find_oldest_runnable(connection, zone, creates, false).has_value();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(store_pauses, Fixture)

BOOST_AUTO_TEST_CASE(a_pause_is_made_and_ended_once) {
  BOOST_TEST(set({Pause::What::operation, "create", 7, "w"}));
  BOOST_TEST(!set({Pause::What::operation, "create", 8, "x"}));
  BOOST_TEST(set({Pause::What::zone, "z", 9}));
  BOOST_TEST(set({Pause::What::zone, "create", 10}));
  BOOST_TEST(pauses() == "z:create@10 z:z@9 o:create@7 ");
  BOOST_TEST(store->stats("", in()).pauses.back().actor.value() == "w");
  BOOST_TEST(!store->stats("", in()).pauses.front().actor);
  BOOST_TEST(set({Pause::What::zone, "create"}, false));
  BOOST_TEST(!set({Pause::What::zone, "create"}, false));
  BOOST_TEST(pauses() == "z:z@9 o:create@7 ");
}

BOOST_AUTO_TEST_CASE(what_is_paused_is_not_runnable) {
  for (const char* zone : {"y", "z"})
    must(*store, [&](store::Session& session) { BOOST_REQUIRE(session.insert(new_row(zone, "1"), std::nullopt)); });
  set({Pause::What::zone, "z"});
  BOOST_TEST(!has_runnable("z"));
  BOOST_TEST(has_runnable("y"));
  BOOST_TEST(operations({}) == 1U);
  set({Pause::What::zone, "create"});
  BOOST_TEST(operations({"create"}) == 1U);
  set({Pause::What::operation, "create"});
  BOOST_TEST(operations({}) == 0U);
  BOOST_TEST(operations({"create", "delete"}) == 0U);
  set({Pause::What::operation, "create"}, false);
  set({Pause::What::zone, "z"}, false);
  BOOST_TEST(has_runnable("z"));
  BOOST_TEST(operations({"create"}) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

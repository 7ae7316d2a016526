// Settings that are stored in the file: at open, and in engines that have it open when they change.
#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

using namespace tse;
using core::FileSetting;

namespace {

struct Shared : test::Host {
  /// An engine on the file that is given this alone.
  engine::Engine::Ptr with(const std::function<void(engine::Settings&)>& give, const std::string& path = "") {
    engine::Settings other;
    other.clock = settings.clock;
    other.timeout = settings.timeout;
    give(other);
    return engine::Engine::open(path.empty() ? directory.path() : path, other);
  }
  static void pending_limit(engine::Settings& to, std::int64_t limit) {
    to.pending_limit = limit;
    to.given.add(FileSetting::pending_limit);
  }
  static void location(engine::Settings& to, const char* path) {
    to.policy.location = core::PathTemplate(path, "location");
    to.given.add(FileSetting::location);
  }
  static std::string refused(const std::function<void()>& open) {
    try {
      open();
      return "";
    } catch (const core::Failure& failure) {
      BOOST_TEST((failure.error().code == core::Code::invalid_argument));
      return failure.what();
    }
  }
  static std::string created(engine::Engine& engine, const std::string& id) {
    return test::code_name([&] { engine::create(engine, spec(id), {}); });
  }
  static std::string location_of(engine::Engine& engine, const std::string& id) {
    const test::Decided decided = test::decide(engine, {"z", id});
    for (const auto& [name, value] : decided.answer.headers)
      if (name == "Location") return std::string(value);
    return "none";
  }
  std::string stored(const std::string& name) {
    return shell("SELECT value FROM taskstate_settings WHERE name = '" + name + "'");
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(settings_in_the_file, Shared)

BOOST_AUTO_TEST_CASE(a_new_file_gets_what_is_given_and_the_defaults) {
  BOOST_TEST(stored("pending_limit") == "0");
  BOOST_TEST(stored("feed_retention") == "604800000000");
  BOOST_TEST(stored("operations") == "create delete");
  BOOST_TEST(shell("SELECT count(*) FROM taskstate_settings WHERE name <> 'stamp'") ==
             std::to_string(core::file_setting_count));
  const std::string path = directory.path() + "-2";
  const auto other = with([](auto& to) { pending_limit(to, 1); }, path);
  BOOST_TEST(created(*other, "a") == "ok");
  const auto third = with([](auto&) {}, path);  // knows nothing of a limit
  BOOST_TEST(created(*third, "b") == "limit_exceeded");
}

BOOST_AUTO_TEST_CASE(another_value_than_the_files_is_refused_by_name) {
  const std::string said = refused([&] { with([](auto& to) { pending_limit(to, 7); }); });
  BOOST_TEST(said ==
             "pending_limit: must be left out or what the file holds, 0, is 7; with reconfigure it is changed for all "
             "who use the file");
  BOOST_TEST(stored("pending_limit") == "0");
  BOOST_TEST(refused([&] { with([](auto& to) { pending_limit(to, 0); }); }) == "");
}

BOOST_AUTO_TEST_CASE(reconfigured_they_hold_for_engines_that_have_the_file_open) {
  create("a");
  BOOST_TEST(created(*tasks, "b") == "ok");
  const auto other = with([](auto& to) {
    pending_limit(to, 2);
    to.reconfigure = true;
  });
  BOOST_TEST(stored("pending_limit") == "2");
  engine::get(*tasks, {"z", "a"}, {});  // a look at the file
  BOOST_TEST(created(*tasks, "c") == "limit_exceeded");
}

BOOST_AUTO_TEST_CASE(an_answer_that_was_kept_is_given_by_the_new_ones) {
  completed("a");
  for (int i = 0; i < 3; ++i) BOOST_TEST(location_of(*tasks, "a") == "/zones/z/installs/ins_1");
  const auto other = with([](auto& to) {
    location(to, "/moved/{install_id}");
    to.reconfigure = true;
  });
  for (int i = 0; i < 3; ++i) BOOST_TEST(location_of(*tasks, "a") == "/moved/ins_1");
  BOOST_TEST(location_of(*other, "a") == "/moved/ins_1");
}

BOOST_AUTO_TEST_CASE(an_engine_without_kept_answers_and_one_that_only_reads_notice_it_too) {
  completed("a");
  const auto reader = with([](auto& to) { to.mode = engine::Mode::read_only; });
  const auto without = with([](auto& to) { to.answer_cache_bytes = 0; });
  for (const auto* each : {&reader, &without}) BOOST_TEST(location_of(**each, "a") == "/zones/z/installs/ins_1");
  const auto other = with([](auto& to) {
    location(to, "/moved/{install_id}");
    to.reconfigure = true;
  });
  for (const auto* each : {&reader, &without}) BOOST_TEST(location_of(**each, "a") == "/moved/ins_1");
}

BOOST_AUTO_TEST_CASE(nothing_is_purged_by_what_held_before) {
  settings.retention = std::chrono::seconds(1);
  open();
  completed("a");
  *now += 60 * test::host_second;
  const auto other = with([](auto& to) {
    to.retention = std::chrono::hours(24);
    to.given.add(FileSetting::retention);
    to.reconfigure = true;
  });
  engine::tick(*tasks, {});
  BOOST_TEST(engine::get(*tasks, {"z", "a"}, {}).has_value());
}

BOOST_AUTO_TEST_CASE(who_only_reads_is_told_the_same) {
  const auto reading = [](auto& to) { to.mode = engine::Mode::read_only; };
  with(reading);
  BOOST_TEST(refused([&] {
               with([&](auto& to) {
                 reading(to);
                 pending_limit(to, 7);
               });
             }).starts_with("pending_limit: must be left out or what the file holds, 0, is 7;"));
  BOOST_TEST(refused([&] {
               with([&](auto& to) {
                 reading(to);
                 to.reconfigure = true;
               });
             }) == "reconfigure: must not be set with mode read_only, which writes nothing");
}

BOOST_AUTO_TEST_CASE(a_copy_has_them_and_a_memory_its_own) {
  settings.pending_limit = 1;
  open();
  const std::string copy = directory.path() + "-copy";
  engine::backup(*tasks, copy, {});
  const auto restored = with([](auto&) {}, copy);
  BOOST_TEST(created(*restored, "a") == "ok");
  BOOST_TEST(created(*restored, "b") == "limit_exceeded");
  const auto memory = with([](auto& to) { pending_limit(to, 1); }, ":memory:");
  BOOST_TEST(created(*memory, "a") == "ok");
  BOOST_TEST(created(*memory, "b") == "limit_exceeded");
}

BOOST_AUTO_TEST_CASE(an_adopted_database_gets_them) {
  const std::string path = directory.path() + "-host";
  store_test::shell(path, "CREATE TABLE installs (a);");
  const auto adopting = with(
      [](auto& to) {
        to.adopt = true;
        pending_limit(to, 1);
      },
      path);
  BOOST_TEST(created(*with([](auto&) {}, path), "a") == "ok");
  BOOST_TEST(created(*with([](auto&) {}, path), "b") == "limit_exceeded");
}

BOOST_AUTO_TEST_CASE(what_a_foreign_client_wrote_is_corrupt_until_it_is_replaced) {
  tasks.reset();
  shell("UPDATE taskstate_settings SET value = 'soon' WHERE name = 'retention'");
  BOOST_TEST(test::code_name([&] { with([](auto&) {}); }) == "corrupt");
  const auto repaired = with([](auto& to) {
    to.retention = std::chrono::hours(1);
    to.given.add(FileSetting::retention);
    to.reconfigure = true;
  });
  BOOST_TEST(stored("retention") == "3600000000");
  with([](auto&) {});
  // Under an open engine those from before hold.
  BOOST_TEST(created(*repaired, "a") == "ok");
  shell(
      "UPDATE taskstate_settings SET value = 'soon' WHERE name = 'retention'; "
      "UPDATE taskstate_settings SET value = '7' WHERE name = 'stamp'");
  for (int i = 0; i < 2; ++i) BOOST_TEST(engine::get(*repaired, {"z", "a"}, {}).has_value());
  BOOST_TEST(created(*repaired, "b") == "ok");
  BOOST_TEST(engine::verify(*repaired, {}).problems.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_file_without_some_is_completed_at_open) {
  tasks.reset();
  shell("DELETE FROM taskstate_settings WHERE name IN ('tombstones', 'stamp')");
  with([](auto& to) { to.mode = engine::Mode::read_only; });
  BOOST_TEST(stored("tombstones") == "");
  with([](auto& to) { to.tombstones = std::chrono::seconds(9); });
  BOOST_TEST(stored("tombstones") == "9000000");
  BOOST_TEST(stored("stamp") != "");
}

BOOST_AUTO_TEST_CASE(content_that_is_put_back_brings_its_settings) {
  create("a");
  const std::string copy = directory.path() + "-copy";
  engine::backup(*tasks, copy, {});
  const auto other = with([](auto& to) {
    pending_limit(to, 1);
    to.reconfigure = true;
  });
  BOOST_TEST(created(*other, "b") == "limit_exceeded");
  shell(".restore '" + copy + "'");
  BOOST_TEST(created(*other, "b") == "restored");
  BOOST_TEST(created(*other, "b") == "ok");
}

BOOST_AUTO_TEST_SUITE_END()

// What an operation says of its arguments, and in which order: a closed engine first, then all that core finds broken,
// the call's before the operation's own.
#include "core/lease.hpp"
#include "unit/core/support.hpp"
#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

using namespace tse;
using namespace std::chrono_literals;
using engine::Call;
using engine::Engine;

namespace {

/// The fields that the call is refused for, else the error's code.
std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const core::Failure& failure) {
    const core::Error& error = failure.error();
    BOOST_TEST((error.outcome == core::Outcome::not_done));
    if (error.code == core::Code::invalid_argument) return core::test::fields(error.details);
    return std::string(to_string(error.code));
  }
  return "done";
}

struct Operation {
  std::string name;
  std::string own;  ///< the fields that are refused where the call is good
  std::function<void(Engine&, const Call&)> run;
};

/// Each with arguments of its own that break a rule, as far as it has such.
std::vector<Operation> operations() {
  const core::Key key{"z", "t"};
  engine::ClaimSpec claim;
  claim.limit = 0;
  engine::ListQuery list;
  list.zone_id = "";
  list.limit = 0;
  engine::ChangesQuery changes;
  changes.limit = 0;
  engine::HistoryQuery history;
  history.limit = 0;
  const std::string token = core::format_lease({std::string(32, 'a'), key, 1, 1000000});
  return {
      {"create", "zone_id operation",
       [](Engine& on, const Call& call) { (void)engine::create(on, core::NewTask{}, call); }},
      {"change", "not_found",
       [](Engine& on, const Call& call) {
         (void)engine::change(on, {"", ""}, core::Start{}, call);
       }},
      {"change_leased", "lease",
       [](Engine& on, const Call& call) { (void)engine::change_leased(on, "x", core::Complete{}, call); }},
      {"heartbeat", "lease", [=](Engine& on, const Call& call) { (void)engine::heartbeat(on, token, 0us, {}, call); }},
      {"release", "delay", [](Engine& on, const Call& call) { (void)engine::release(on, "x", -1us, call); }},
      {"claim", "limit", [=](Engine& on, const Call& call) { (void)engine::claim(on, claim, call); }},
      {"start_leased", "lease",
       [=](Engine& on, const Call& call) {
         (void)engine::start_leased(on, {"", ""}, {{}, 0us}, call);
       }},
      {"list", "zone_id limit", [=](Engine& on, const Call& call) { (void)engine::list(on, list, call); }},
      {"changes", "limit", [=](Engine& on, const Call& call) { (void)engine::changes(on, changes, call); }},
      {"history", "limit", [=](Engine& on, const Call& call) { (void)engine::history(on, key, history, call); }},
      {"purge", "older_than", [](Engine& on, const Call& call) { (void)engine::purge(on, {}, call); }},
      {"stats", "zone_id", [](Engine& on, const Call& call) { (void)engine::stats(on, "", call); }},
      {"wait", "wait", [=](Engine& on, const Call& call) { (void)engine::wait(on, key, {}, -1us, call); }},
      {"get", "done",
       [](Engine& on, const Call& call) {
         (void)engine::get(on, {"", ""}, call);
       }},
      {"payload", "done",
       [](Engine& on, const Call& call) {
         (void)engine::payload(on, {"", ""}, call);
       }},
      {"erase", "done",
       [](Engine& on, const Call& call) {
         (void)engine::erase(on, {"", ""}, call);
       }},
      {"run", "done", [](Engine& on, const Call& call) { (void)engine::run(on, {}, call); }},
      {"tick", "done", [](Engine& on, const Call& call) { (void)engine::tick(on, call); }},
      {"clock_ok", "done", [](Engine& on, const Call& call) { engine::clock_ok(on, call); }},
      {"verify", "done", [](Engine& on, const Call& call) { (void)engine::verify(on, call); }},
  };
}

Call broken_call() {
  Call call;
  call.timeout = -1us;
  call.actor = "";
  return call;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(arguments, test::Host)

BOOST_AUTO_TEST_CASE(an_operation_names_what_is_broken) {
  for (const Operation& each : operations()) BOOST_TEST(refusal([&] { each.run(*tasks, {}); }) == each.own, each.name);
}

BOOST_AUTO_TEST_CASE(the_call_is_judged_before_the_operations_own_arguments) {
  for (const Operation& each : operations())
    BOOST_TEST(refusal([&] { each.run(*tasks, broken_call()); }).starts_with("timeout actor"), each.name);
}

BOOST_AUTO_TEST_CASE(a_closed_engine_says_closed_whatever_else_is_wrong) {
  tasks->close();
  for (const Operation& each : operations()) {
    BOOST_TEST(refusal([&] { each.run(*tasks, {}); }) == "closed", each.name);
    BOOST_TEST(refusal([&] { each.run(*tasks, broken_call()); }) == "closed", each.name);
  }
}

BOOST_AUTO_TEST_CASE(settings_are_judged_before_anything_is_opened) {
  engine::Settings bad = settings;
  bad.timeout = -1us;
  bad.max_bytes = 1;
  const std::string path = directory.path("never");
  BOOST_TEST(refusal([&] { (void)Engine::open(path, bad); }) == "timeout max_bytes");
  BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_SUITE_END()

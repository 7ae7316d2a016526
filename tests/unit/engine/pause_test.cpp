#include "engine/pause.hpp"

#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace tse;
using test::code_name;
using test::host_second;

namespace {

const engine::PauseTarget zone_z{"z", {}};
const engine::PauseTarget creates{{}, "create"};

struct Fixture : test::Host {
  bool pause(const engine::PauseTarget& what, const engine::Call& call = {}) {
    return engine::pause(*tasks, what, call);
  }
  bool unpause(const engine::PauseTarget& what) { return engine::unpause(*tasks, what, {}); }
  std::string claim(const engine::ClaimSpec& spec = {}) {
    const auto leases = engine::claim(*tasks, spec, {});
    return leases.empty() ? "-" : leases.front().row.task.id;
  }
  std::string pauses() {
    std::string text;
    for (const store::Pause& each : engine::stats(*tasks, {}, {}).store.pauses)
      text += (each.what == store::Pause::What::zone ? "zone " : "operation ") + each.name + " since " +
              std::to_string((each.since - test::host_birth) / host_second) + " by " + each.actor.value_or("-") + "; ";
    return text;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pausing, Fixture)

BOOST_AUTO_TEST_CASE(claims_pass_over_a_paused_zone) {
  create("a", "y");
  create("b");
  create("c");
  BOOST_TEST(pause(zone_z));
  BOOST_TEST(claim() == "a");
  BOOST_TEST(claim() == "-");
  BOOST_TEST(claim({{{"y", "z"}, {}}}) == "-");
  BOOST_TEST(unpause(zone_z));
  BOOST_TEST(claim() == "b");
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(claims_pass_over_a_paused_operation) {
  create("a");
  core::NewTask other = spec("b");
  other.operation = "delete";
  other.install_id = "ins_1";
  engine::create(*tasks, other, {});
  BOOST_TEST(pause(creates));
  BOOST_TEST(claim() == "b");
  BOOST_TEST(claim() == "-");
  BOOST_TEST(claim({{{}, {"create", "delete"}}}) == "-");
  BOOST_TEST(unpause(creates));
  BOOST_TEST(claim({{{}, {"create"}}}) == "a");
}

BOOST_AUTO_TEST_CASE(what_is_requeued_waits_too) {
  core::NewTask made = spec("a");
  made.max_attempts = 2;
  engine::create(*tasks, made, {});
  const std::string token = engine::claim(*tasks, {}, {}).front().token;
  pause(zone_z);
  engine::release(*tasks, token, 0us, {});
  BOOST_TEST(claim() == "-");
  unpause(zone_z);
  BOOST_TEST(claim() == "a");
}

BOOST_AUTO_TEST_CASE(a_task_that_is_named_is_started_all_the_same) {
  pause(zone_z);
  pause(creates);
  create("a");
  create("b");
  BOOST_TEST(start("a").task.status == core::Status::running);
  BOOST_TEST(engine::start_leased(*tasks, {"z", "b"}, {}, {}).row.task.status == core::Status::running);
  BOOST_TEST(complete("a").task.status == core::Status::completed);
}

BOOST_AUTO_TEST_CASE(a_pause_is_kept_in_the_file_and_told) {
  BOOST_TEST(pauses() == "");
  engine::Call call;
  call.actor = "operator";
  BOOST_TEST(pause(creates, call));
  *now += 10 * host_second;
  BOOST_TEST(pause(zone_z));
  BOOST_TEST(pause({"y", {}}));
  *now += host_second;
  BOOST_TEST(!pause(creates));
  open();
  BOOST_TEST(pauses() == "zone y since 10 by -; zone z since 10 by -; operation create since 0 by operator; ");
  BOOST_TEST(unpause(creates));
  BOOST_TEST(!unpause(creates));
  BOOST_TEST(!unpause({"x", {}}));
  BOOST_TEST(pauses() == "zone y since 10 by -; zone z since 10 by -; ");
  BOOST_TEST(verified() == "");
}

BOOST_AUTO_TEST_CASE(a_zone_or_an_operation_is_named_and_not_both) {
  const auto fields = [&](const engine::PauseTarget& what) {
    for (auto* const change : {&engine::pause, &engine::unpause}) {
      const auto error = store_test::error_of([&] { (*change)(*tasks, what, {}); });
      BOOST_TEST(error.code == core::Code::invalid_argument);
      return error.message;
    }
    return std::string();
  };
  BOOST_TEST(fields({}) == "zone_id: is required, or an operation instead");
  BOOST_TEST(fields({"z", "create"}).starts_with("operation: must not be given together with a zone"));
  BOOST_TEST(fields({"a/b", {}}).starts_with("zone_id: must be 1 to 128"));
  BOOST_TEST(fields({{}, "A"}).starts_with("operation: must be a lower-case letter"));
}

BOOST_AUTO_TEST_CASE(no_statement_goes_with_it) {
  engine::Call call;
  call.also = {{"SELECT 1", {}, {}}};
  const auto error = store_test::error_of([&] { pause(zone_z, call); });
  BOOST_TEST(error.message == "also[0]: goes with the change of a task, and this call changes none");
  BOOST_TEST(pauses() == "");
}

BOOST_AUTO_TEST_CASE(a_waiting_claim_is_woken_when_a_pause_ends) {
  for (const bool elsewhere : {false, true}) {
    const std::string id = elsewhere ? "b" : "a";
    pause(zone_z);
    create(id);
    engine::ClaimSpec wanted;
    wanted.wait = 10min;
    std::string claimed;
    std::jthread waiting([&] { claimed = claim(wanted); });
    while (engine::stats(*tasks, {}, {}).waiters == 0) std::this_thread::yield();
    const auto other = another();
    engine::unpause(elsewhere ? *other : *tasks, zone_z, {});
    waiting.join();
    BOOST_TEST(claimed == id);
  }
}

BOOST_AUTO_TEST_CASE(any_number_of_paused_zones_is_passed_over_in_some_looks) {
  std::vector<core::NewTask> specs;
  for (int i = 0; i < 1200; ++i) specs.push_back(spec("t" + std::to_string(i), "p" + std::to_string(10000 + i)));
  specs.push_back(spec("last", "q"));
  std::vector<engine::Item> items;
  for (const core::NewTask& each : specs) items.push_back({each});
  for (const engine::ItemResult& made : engine::run(*tasks, items, {})) BOOST_TEST(!made.error);
  // As the engine writes it, a thousand times at once.
  shell(
      "INSERT INTO taskstate_pauses SELECT DISTINCT 'zone', zone_id, 0, NULL FROM taskstate_tasks WHERE zone_id <> "
      "'q'");
  BOOST_TEST(claim() == "-");
  BOOST_TEST(claim() == "last");
}

BOOST_AUTO_TEST_SUITE_END()

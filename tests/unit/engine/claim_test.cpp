// Claims and leases on an engine in memory, whose time stands still until it is told otherwise.
#include "core/lease.hpp"
#include "unit/engine/operations.hpp"

#include "unit/store/support.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <set>

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace tse;
using core::Code;
using engine::ClaimSpec;
using engine::Engine;
using engine::Lease;

namespace {

constexpr std::int64_t birth = 1577470279117000;  // 2019-12-27T18:11:19.117Z
constexpr std::int64_t second = 1000000;

struct Clocks {
  std::atomic<std::int64_t> wall = birth;
  std::atomic<std::int64_t> lease = 1000 * second;
};

struct Fixture {
  std::shared_ptr<Clocks> clocks = std::make_shared<Clocks>();
  engine::Settings settings;
  Engine::Ptr tasks;

  Fixture() {
    settings.clock = [clocks = clocks] { return clocks->wall.load(); };
    settings.lease_clock = {core::boot_clock_name("b1", "1"), [clocks = clocks] { return clocks->lease.load(); }};
    open();
  }
  void open() { tasks = Engine::open(":memory:", settings); }

  void pass(std::int64_t us) {
    clocks->wall += us;
    clocks->lease += us;
  }
  core::Row create(const std::string& id, const std::string& zone = "z", std::int64_t max_attempts = 1,
                   const std::string& operation = "create") {
    core::NewTask spec;
    spec.zone_id = zone;
    spec.id = id;
    spec.operation = operation;
    if (operation == "delete") spec.install_id = "ins_0";
    spec.payload = "payload of " + id;
    spec.max_attempts = max_attempts;
    return engine::create(*tasks, spec, {}).row;
  }
  std::optional<Lease> claim(const ClaimSpec& spec = {}) {
    std::vector<Lease> leases = engine::claim(*tasks, spec, {});
    if (leases.empty()) return std::nullopt;
    return std::move(leases.front());
  }
  // The ids of what is claimed, one after the other, until there is nothing.
  std::string claim_all(ClaimSpec spec = {}) {
    std::string ids;
    while (const auto lease = claim(spec)) ids += (ids.empty() ? "" : " ") + lease->row.task.id;
    return ids;
  }
  core::Row get(const std::string& id, const std::string& zone = "z") {
    return engine::get(*tasks, {zone, id}, {}).value();
  }
  std::string kinds(const std::string& id, const std::string& zone = "z") {
    std::string text;
    for (const core::Event& event : test::history_of(*tasks, {zone, id}, {}))
      text += (text.empty() ? "" : " ") + event.kind;
    return text;
  }
  core::Row complete(const std::string& token, const std::string& install = "ins_1") {
    core::Complete outcome;
    outcome.additions.install_id = install;
    return engine::change_leased(*tasks, token, outcome, {});
  }
};

std::optional<Code> code_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const core::Failure& failure) {
    return failure.error().code;
  }
  return std::nullopt;
}

ClaimSpec of(std::vector<std::string> zones, std::vector<std::string> operations = {}) {
  ClaimSpec spec;
  spec.filter = {std::move(zones), std::move(operations)};
  return spec;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(claim, Fixture)

BOOST_AUTO_TEST_CASE(nothing_to_do_is_no_lease) { BOOST_TEST(!claim().has_value()); }

BOOST_AUTO_TEST_CASE(a_lease_has_the_task_its_payload_and_its_terms) {
  create("t");
  ClaimSpec spec;
  spec.worker = "w1";
  spec.lease = 10s;
  const Lease lease = claim(spec).value();
  BOOST_TEST((lease.row.task.status == core::Status::running));
  BOOST_TEST(lease.payload.value() == "payload of t");
  BOOST_TEST(lease.row.attempt == 1);
  BOOST_TEST(lease.row.epoch > 0);
  BOOST_TEST(lease.row.worker.value() == "w1");
  BOOST_TEST(lease.row.lease_until.value() == clocks->lease + 10 * second);
  BOOST_TEST(lease.duration == 10 * second);
  BOOST_TEST(lease.expires_at == birth + 10 * second);
  BOOST_TEST(!claim().has_value());
  const auto events = test::history_of(*tasks, {"z", "t"}, {});
  BOOST_TEST(events.back().worker.value() == "w1");
  BOOST_TEST(events.back().epoch == lease.row.epoch);
}

BOOST_AUTO_TEST_CASE(oldest_first_within_a_zone_whatever_the_clock_says) {
  create("t1");
  clocks->wall -= 3600 * second;
  create("t2");
  create("t3", "z", 1, "delete");
  BOOST_TEST(claim_all() == "t1 t2 t3");
}

BOOST_AUTO_TEST_CASE(the_highest_priority_first_within_a_zone_and_zones_in_turn) {
  const auto prior = [&](const std::string& id, const std::string& zone, std::int64_t priority) {
    core::NewTask spec;
    spec.zone_id = zone;
    spec.id = id;
    spec.operation = "create";
    spec.priority = priority;
    spec.max_attempts = 3;
    engine::create(*tasks, spec, {});
  };
  prior("low", "a", -1);
  prior("usual", "a", 0);
  prior("high", "a", 50);
  prior("high_too", "a", 50);
  prior("other", "b", 0);
  const Lease first = claim({{{"a"}, {}}}).value();
  BOOST_TEST(first.row.task.id == "high");
  engine::release(*tasks, first.token, 0us, {});
  prior("late", "a", 50);
  // Requeued or not makes no difference.
  BOOST_TEST(claim_all({{{"a"}, {}}}) == "high high_too late usual low");
  BOOST_TEST(claim_all() == "other");
}

BOOST_AUTO_TEST_CASE(a_new_priority_counts_with_the_next_claim) {
  create("first");
  create("second", "z", 2);
  const auto reprioritize = [&](const std::string& id, std::int64_t priority) {
    return engine::change(*tasks, {"z", id}, core::Reprioritize{priority}, {}).revision;
  };
  BOOST_TEST(reprioritize("second", 50) == 2);
  BOOST_TEST(reprioritize("second", 50) == 2);
  BOOST_TEST(test::history_of(*tasks, {"z", "second"}).back().detail.value() == "0 \u2192 50");
  const Lease lease = claim().value();
  BOOST_TEST(lease.row.task.id == "second");
  BOOST_TEST(code_of([&] { reprioritize("second", 0); }) == Code::illegal_transition);
  engine::release(*tasks, lease.token, 0us, {});
  reprioritize("second", -50);
  BOOST_TEST(claim_all() == "first second");
}

BOOST_AUTO_TEST_CASE(zones_take_turns) {
  for (const char* id : {"a1", "a2", "a3"}) create(id, "a");
  for (const char* id : {"b1", "b2"}) create(id, "b");
  create("c1", "c");
  BOOST_TEST(claim_all() == "a1 b1 c1 a2 b2 a3");
}

BOOST_AUTO_TEST_CASE(a_batch_takes_turns_too) {
  for (const char* id : {"a1", "a2"}) create(id, "a");
  for (const char* id : {"b1", "b2"}) create(id, "b");
  ClaimSpec spec;
  spec.limit = 3;
  std::string ids;
  for (const Lease& lease : engine::claim(*tasks, spec, {})) ids += lease.row.task.id + " ";
  BOOST_TEST(ids == "a1 b1 a2 ");
  BOOST_TEST(claim_all() == "b2");
}

BOOST_AUTO_TEST_CASE(only_what_was_asked_for_is_claimed) {
  create("a1", "a");
  create("b1", "b");
  create("b2", "b", 1, "delete");
  create("c1", "c", 1, "delete");
  BOOST_TEST(claim_all(of({"x"})) == "");
  BOOST_TEST(claim_all(of({"b", "c"}, {"delete"})) == "b2 c1");
  BOOST_TEST(claim_all(of({}, {"delete"})) == "");
  BOOST_TEST(claim_all(of({"b"})) == "b1");
  BOOST_TEST(claim_all() == "a1");
}

BOOST_AUTO_TEST_CASE(what_is_held_back_is_claimed_when_its_time_has_come) {
  core::NewTask spec;
  spec.zone_id = "z";
  spec.id = "later";
  spec.operation = "create";
  spec.not_before = birth + 60 * second;
  engine::create(*tasks, spec, {});
  BOOST_TEST(!claim().has_value());
  pass(60 * second - 1);
  BOOST_TEST(!claim().has_value());
  pass(1);
  BOOST_TEST(claim_all() == "later");
  BOOST_TEST(kinds("later") == "created started");
}

BOOST_AUTO_TEST_CASE(a_zone_at_its_running_limit_is_passed_over) {
  settings.running_limit = 2;
  open();
  for (const char* id : {"a1", "a2", "a3", "a4"}) create(id, "a", 2);
  create("b1", "b");
  std::vector<Lease> leases;
  while (auto lease = claim()) leases.push_back(std::move(*lease));
  BOOST_TEST(leases.size() == 3U);
  BOOST_TEST(!claim(of({"a"})).has_value());
  complete(leases[0].token);
  BOOST_TEST(claim()->row.task.id == "a3");
  BOOST_TEST(!claim().has_value());
  // What is offered again counts already.
  pass(31 * second);
  BOOST_TEST(claim(of({"a"}))->row.task.id == "a2");
  BOOST_TEST(claim(of({"a"}))->row.task.id == "a3");
  BOOST_TEST(!claim(of({"a"})).has_value());
}

BOOST_AUTO_TEST_CASE(a_filter_names_so_many_zones_and_operations_at_most) {
  const auto refusal = [this](std::size_t zones, std::size_t operations) {
    ClaimSpec spec;
    for (std::size_t i = 0; i < zones; ++i) spec.filter.zones.push_back("z" + std::to_string(i));
    for (std::size_t i = 0; i < operations; ++i) spec.filter.operations.push_back("o" + std::to_string(i));
    try {
      engine::claim(*tasks, spec, {});
    } catch (const core::Failure& failure) {
      BOOST_TEST((failure.error().code == Code::invalid_argument));
      return failure.error().message;
    }
    return std::string();
  };
  BOOST_TEST(refusal(1000, 10) == "");
  BOOST_TEST(refusal(100, 100) == "");
  BOOST_TEST(refusal(0, 100) == "");
  BOOST_TEST(refusal(1001, 0) == "zones: at most 1000, are 1001: name fewer in each claim, or none for all");
  BOOST_TEST(refusal(0, 101) == "operations: at most 100, are 101: name fewer in each claim, or none for all");
  BOOST_TEST(refusal(1000, 11) ==
             "zones: times operations at most 10000, are 1000 times 11: name fewer in each claim, or none for all");
}

/// So many zones with a task that runs and one that is pending, so that none may start another.
struct FullZones : Fixture {
  void fill(int zones) {
    settings.running_limit = 1;
    open();
    for (int i = 0; i < zones; ++i) {
      const std::string zone = "a" + std::to_string(10000 + i);
      create("t1", zone);
      engine::change(*tasks, {zone, "t1"}, core::Start{}, {});
      create("t2", zone);
    }
  }
};

BOOST_FIXTURE_TEST_CASE(a_look_passes_over_so_many_full_zones_and_the_next_goes_on_there, FullZones) {
  fill(1500);
  create("free", "z");
  BOOST_TEST(!claim().has_value());
  const Lease free = claim().value();
  BOOST_TEST(free.row.task.id == "free");
  create("late", "z");  // all are full now
  BOOST_TEST(!claim().has_value());
  BOOST_TEST(!claim().has_value());
  complete(free.token);
  auto late = claim();
  if (!late) late = claim();
  BOOST_TEST(late->row.task.id == "late");
}

BOOST_FIXTURE_TEST_CASE(who_waits_looks_behind_the_full_zones_too, FullZones) {
  fill(1500);
  create("free", "z");
  ClaimSpec spec;
  spec.wait = 60s;
  BOOST_TEST(claim(spec)->row.task.id == "free");
}

BOOST_FIXTURE_TEST_CASE(a_watch_is_told_until_all_zones_were_seen, FullZones) {
  fill(1500);
  const auto watch = engine::watch(*tasks);
  watch->await_claim({});
  const auto is_told = [&] {
    pollfd entry{watch->descriptor(), POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
  };
  watch->reset();
  BOOST_TEST(!claim().has_value());
  BOOST_TEST(is_told());
  watch->reset();
  BOOST_TEST(!claim().has_value());
  BOOST_TEST(!is_told());
}

BOOST_FIXTURE_TEST_CASE(a_claim_looks_at_the_time_between_zones, FullZones) {
  fill(100);
  create("held", "z");
  BOOST_TEST(claim().has_value());
  pass(31 * second);  // so that it is no look alone
  engine::Call call;
  call.timeout = 0us;
  BOOST_TEST((code_of([&] { engine::claim(*tasks, {}, call); }) == Code::busy));
}

BOOST_AUTO_TEST_CASE(epochs_never_repeat) {
  std::int64_t last = 0;
  for (int i = 0; i < 5; ++i) create("t" + std::to_string(i), "z", 3);
  for (int round = 0; round < 3; ++round) {
    while (const auto lease = claim()) {
      BOOST_TEST(lease->row.epoch > last);
      last = lease->row.epoch;
    }
    pass(31 * second);
  }
  BOOST_TEST(engine::verify(*tasks, {}).problems.empty());
}

BOOST_AUTO_TEST_CASE(bad_terms_are_refused_by_name) {
  ClaimSpec spec = of({"a b"}, {"Create"});
  spec.worker = "";
  spec.lease = 999us;
  spec.limit = 65;
  spec.wait = -1us;
  try {
    engine::claim(*tasks, spec, {});
    BOOST_FAIL("accepted");
  } catch (const core::Failure& failure) {
    std::string fields;
    for (const core::Detail& detail : failure.error().details) fields += detail.field + " ";
    BOOST_TEST(fields == "zones operations worker lease limit wait ");
  }
  spec = {};
  spec.limit = 0;
  BOOST_TEST((code_of([&] { engine::claim(*tasks, spec, {}); }) == Code::invalid_argument));
  spec = {};
  spec.lease = 24h * 30 + 1us;
  BOOST_TEST((code_of([&] { engine::claim(*tasks, spec, {}); }) == Code::invalid_argument));
}

// ---- Under a lease

BOOST_AUTO_TEST_CASE(a_holder_completes_and_repeats) {
  create("t");
  const Lease lease = claim().value();
  BOOST_TEST((complete(lease.token).task.status == core::Status::completed));
  BOOST_TEST(complete(lease.token).revision == 3);
  BOOST_TEST((code_of([&] { complete(lease.token, "ins_2"); }) == Code::illegal_transition));
  BOOST_TEST((code_of([&] { engine::heartbeat(*tasks, lease.token, {}, {}, {}); }) == Code::lease_lost));
}

BOOST_AUTO_TEST_CASE(heartbeats_keep_the_lease) {
  create("t");
  const Lease lease = claim().value();
  for (int i = 0; i < 5; ++i) {
    pass(20 * second);
    const engine::Heartbeat beat = engine::heartbeat(*tasks, lease.token, {}, {}, {});
    BOOST_TEST(beat.expires_at == clocks->wall + 30 * second);
    BOOST_TEST(!beat.cancel_requested);
    BOOST_TEST(engine::tick(*tasks, {}) == 0);
  }
  engine::heartbeat(*tasks, lease.token, 5s, {}, {});
  pass(5 * second);
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
  BOOST_TEST(kinds("t") == "created started lost");
}

BOOST_AUTO_TEST_CASE(a_late_heartbeat_wins_if_nobody_ended_the_lease) {
  create("t");
  const Lease lease = claim().value();
  pass(31 * second);
  BOOST_TEST(!code_of([&] { engine::heartbeat(*tasks, lease.token, {}, {}, {}); }).has_value());
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  BOOST_TEST((complete(lease.token).task.status == core::Status::completed));
}

BOOST_AUTO_TEST_CASE(progress_is_shown_to_the_client) {
  create("t");
  const Lease lease = claim().value();
  core::Link progress;
  progress.href = "#progress";
  progress.rel = "progress";
  progress.properties = R"({"percent":40})";
  engine::heartbeat(*tasks, lease.token, {}, progress, {});
  BOOST_TEST(get("t").body.find(R"("percent":40)") != std::string::npos);
  BOOST_TEST(kinds("t") == "created started progress");
}

BOOST_AUTO_TEST_CASE(an_ended_lease_changes_nothing_any_more) {
  create("t", "z", 2);
  const Lease first = claim().value();
  pass(30 * second);
  const Lease second_one = claim().value();
  BOOST_TEST(second_one.row.attempt == 2);
  BOOST_TEST((code_of([&] { complete(first.token); }) == Code::lease_lost));
  BOOST_TEST((code_of([&] { engine::heartbeat(*tasks, first.token, {}, {}, {}); }) == Code::lease_lost));
  BOOST_TEST((code_of([&] { engine::release(*tasks, first.token, {}, {}); }) == Code::lease_lost));
  BOOST_TEST((complete(second_one.token, "ins_2").task.install_id == "ins_2"));
  BOOST_TEST((code_of([&] { complete(first.token); }) == Code::lease_lost));
  BOOST_TEST(kinds("t") == "created started lost started completed");
}

BOOST_AUTO_TEST_CASE(a_lease_of_another_file_is_lost_here) {
  create("t");
  const Lease elsewhere = claim().value();
  open();
  create("t");
  const Lease here = claim().value();
  BOOST_TEST(here.row.epoch == elsewhere.row.epoch);
  BOOST_TEST((code_of([&] { complete(elsewhere.token); }) == Code::lease_lost));
  BOOST_TEST((code_of([&] { engine::heartbeat(*tasks, elsewhere.token, {}, {}, {}); }) == Code::lease_lost));
  BOOST_TEST((code_of([&] { engine::release(*tasks, elsewhere.token, {}, {}); }) == Code::lease_lost));
  BOOST_TEST((complete(here.token).task.status == core::Status::completed));
}

BOOST_AUTO_TEST_CASE(a_released_task_is_offered_again_after_its_delay) {
  create("t", "z", 3);
  engine::release(*tasks, claim().value().token, 0us, {});
  engine::release(*tasks, claim().value().token, 10s, {});
  BOOST_TEST(!claim().has_value());
  BOOST_TEST((get("t").task.status == core::Status::running));
  pass(10 * second);
  const core::Row last = engine::release(*tasks, claim().value().token, 0us, {});
  BOOST_TEST((last.failure_kind == core::FailureKind::lost));
  BOOST_TEST(kinds("t") == "created started released started released started released");
  BOOST_TEST((code_of([&] { engine::release(*tasks, "x", -1us, {}); }) == Code::invalid_argument));
}

BOOST_AUTO_TEST_CASE(a_token_of_another_file_is_lost_and_of_none_invalid) {
  create("t");
  const std::string token = claim().value().token;
  open();
  create("t");
  BOOST_TEST((code_of([&] { complete(token); }) == Code::lease_lost));
  for (const std::string& text : {std::string(), std::string("x"), token + ":"})
    BOOST_TEST((code_of([&] { complete(text); }) == Code::invalid_argument));
}

BOOST_AUTO_TEST_CASE(a_lease_of_a_task_that_is_gone_is_lost) {
  create("t");
  std::string token = claim().value().token;
  token.back() = 'u';
  BOOST_TEST((code_of([&] { complete(token); }) == Code::lease_lost));
}

BOOST_AUTO_TEST_CASE(a_named_task_is_started_under_a_lease) {
  create("t1", "z", 2);
  create("t2");
  const Lease lease = engine::start_leased(*tasks, {"z", "t2"}, {"w", 5s}, {});
  BOOST_TEST(lease.row.task.id == "t2");
  BOOST_TEST(lease.payload.value() == "payload of t2");
  BOOST_TEST((code_of([&] { engine::start_leased(*tasks, {"z", "t2"}, {{}, 5s}, {}); }) == Code::illegal_transition));
  BOOST_TEST((code_of([&] { engine::start_leased(*tasks, {"z", "t9"}, {{}, 5s}, {}); }) == Code::not_found));
  BOOST_TEST((code_of([&] { engine::start_leased(*tasks, {"z", "/"}, {{}, 5s}, {}); }) == Code::not_found));
  BOOST_TEST((code_of([&] { engine::start_leased(*tasks, {"z", "t1"}, {{}, 0s}, {}); }) == Code::invalid_argument));
  engine::release(*tasks, engine::start_leased(*tasks, {"z", "t1"}, {{}, 5s}, {}).token, 0us, {});
  BOOST_TEST(engine::start_leased(*tasks, {"z", "t1"}, {{}, 5s}, {}).row.attempt == 2);
}

BOOST_AUTO_TEST_CASE(a_holder_hears_that_it_shall_stop) {
  create("t", "z", 5);
  const Lease lease = claim().value();
  engine::change(*tasks, {"z", "t"}, core::Cancel{}, {});
  BOOST_TEST(engine::heartbeat(*tasks, lease.token, {}, {}, {}).cancel_requested);
  engine::change(*tasks, {"z", "t"}, core::Cancel{true, {}}, {});
  BOOST_TEST((code_of([&] { engine::heartbeat(*tasks, lease.token, {}, {}, {}); }) == Code::lease_lost));
  BOOST_TEST(kinds("t") == "created started cancel_requested cancelled");
}

BOOST_AUTO_TEST_CASE(a_pending_task_is_cancelled_in_two_events) {
  create("t");
  const core::Row row = engine::change(*tasks, {"z", "t"}, core::Cancel{}, {});
  BOOST_TEST((row.failure_kind == core::FailureKind::cancelled));
  const auto events = test::history_of(*tasks, {"z", "t"}, {});
  BOOST_REQUIRE(events.size() == 3U);
  BOOST_TEST((events[1].to == core::Status::running));
  BOOST_TEST((events[2].to == core::Status::failed));
  BOOST_TEST(engine::verify(*tasks, {}).problems.empty());
}

// ---- Housekeeping

BOOST_AUTO_TEST_CASE(a_lease_that_ran_out_ends_at_the_next_tick) {
  create("t");
  claim();
  pass(30 * second - 1);
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  pass(1);
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
  BOOST_TEST(get("t").task.error_message.value() == "The worker stopped before the task was finished.");
}

BOOST_AUTO_TEST_CASE(any_number_that_is_due_is_done) {
  for (int i = 0; i < 200; ++i) create("t" + std::to_string(i), "z", 2);
  ClaimSpec spec;
  spec.limit = 64;
  while (!engine::claim(*tasks, spec, {}).empty()) {
  }
  pass(30 * second);
  BOOST_TEST(engine::tick(*tasks, {}) == 200);
  std::size_t claimed = 0;
  for (auto leases = engine::claim(*tasks, spec, {}); !leases.empty(); leases = engine::claim(*tasks, spec, {}))
    claimed += leases.size();
  BOOST_TEST(claimed == 200U);
  pass(30 * second);
  // What is due comes before the claim looks.
  create("new");
  BOOST_TEST(claim()->row.task.id == "new");
  BOOST_TEST(engine::tick(*tasks, {}) == 0);
}

BOOST_AUTO_TEST_CASE(a_task_nobody_started_in_time_fails) {
  core::NewTask spec;
  spec.zone_id = "z";
  spec.id = "t";
  spec.operation = "create";
  spec.start_within = 10 * second;
  engine::create(*tasks, spec, {});
  pass(10 * second);
  BOOST_TEST(!claim().has_value());
  BOOST_TEST((get("t").failure_kind == core::FailureKind::expired));
  BOOST_TEST(kinds("t") == "created expired expired");
}

BOOST_AUTO_TEST_CASE(no_jump_of_the_wall_clock_touches_a_lease) {
  constexpr std::int64_t year = 366 * 24 * 3600 * second;
  create("t");
  const Lease lease = claim().value();
  for (const std::int64_t jump : {-year, 3 * year, -year}) {
    clocks->wall += jump;
    BOOST_TEST(engine::tick(*tasks, {}) == 0);
    BOOST_TEST(!claim().has_value());
    BOOST_TEST(!code_of([&] { engine::heartbeat(*tasks, lease.token, {}, {}, {}); }).has_value());
  }
  BOOST_TEST((complete(lease.token).task.status == core::Status::completed));
}

BOOST_AUTO_TEST_CASE(a_wall_clock_lease_ends_by_the_wall_clock) {
  settings.lease_clock = {std::string(core::wall_clock_name), settings.clock};
  open();
  create("t");
  claim();
  clocks->wall += 30 * second;
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
}

BOOST_AUTO_TEST_CASE(an_injected_clock_holds_leases_and_rests_the_housekeeper) {
  settings.lease_clock = {};
  open();
  create("t");
  BOOST_TEST(claim()->row.lease_clock.value() == "host:");
  clocks->wall += 30 * second;
  BOOST_TEST(engine::tick(*tasks, {}) == 1);
}

// ---- Waiting

BOOST_AUTO_TEST_CASE(a_waiting_claim_is_woken_by_a_create) {
  ClaimSpec spec;
  spec.wait = 60s;
  std::vector<Lease> leases;
  std::thread worker([&] { leases = engine::claim(*tasks, spec, {}); });
  create("t");
  worker.join();
  BOOST_REQUIRE(leases.size() == 1U);
  BOOST_TEST(leases[0].row.task.id == "t");
}

BOOST_AUTO_TEST_CASE(a_waiting_claim_is_woken_by_a_release_a_tick_and_a_free_place) {
  settings.running_limit = 1;
  open();
  create("t1", "z", 3);
  const Lease first = claim().value();
  ClaimSpec spec;
  spec.wait = 60s;
  std::vector<Lease> leases;
  std::thread after_release([&] { leases = engine::claim(*tasks, spec, {}); });
  engine::release(*tasks, first.token, 0us, {});
  after_release.join();
  BOOST_REQUIRE(leases.size() == 1U);
  std::thread after_tick([&] { leases = engine::claim(*tasks, spec, {}); });
  pass(31 * second);
  engine::tick(*tasks, {});
  after_tick.join();
  BOOST_REQUIRE(leases.size() == 1U);
  BOOST_TEST(leases[0].row.attempt == 3);
  create("t2");
  const std::string token = leases[0].token;
  std::thread after_end([&] { leases = engine::claim(*tasks, spec, {}); });
  complete(token);
  after_end.join();
  BOOST_REQUIRE(leases.size() == 1U);
  BOOST_TEST(leases[0].row.task.id == "t2");
}

BOOST_AUTO_TEST_CASE(many_waiting_claims_get_a_task_each) {
  constexpr int count = 16;
  ClaimSpec spec;
  spec.wait = 60s;
  std::vector<std::vector<Lease>> leases(count);
  std::vector<std::thread> workers;
  for (int i = 0; i < count; ++i)
    workers.emplace_back([&, i] { leases[static_cast<std::size_t>(i)] = engine::claim(*tasks, spec, {}); });
  for (int i = 0; i < count; ++i) create("t" + std::to_string(i));
  for (std::thread& worker : workers) worker.join();
  for (const auto& got : leases) BOOST_TEST(got.size() == 1U);
  BOOST_TEST(!claim().has_value());
}

BOOST_AUTO_TEST_CASE(a_wait_ends_with_its_time) {
  ClaimSpec spec;
  spec.wait = 5ms;
  BOOST_TEST(!claim(spec).has_value());
}

BOOST_AUTO_TEST_CASE(a_wait_ends_when_it_is_cancelled_or_the_engine_closed) {
  ClaimSpec spec;
  spec.wait = 60s;
  std::stop_source stop;
  engine::Call call;
  call.stop = stop.get_token();
  std::optional<Code> code;
  std::thread cancelled([&] { code = code_of([&] { engine::claim(*tasks, spec, call); }); });
  stop.request_stop();
  cancelled.join();
  BOOST_TEST((code == Code::cancelled));
  BOOST_TEST((code_of([&] { engine::claim(*tasks, spec, call); }) == Code::cancelled));
  std::thread closed([&] { code = code_of([&] { engine::claim(*tasks, spec, {}); }); });
  tasks->close();
  closed.join();
  BOOST_TEST((code == Code::closed));
}

BOOST_AUTO_TEST_CASE(a_claim_that_did_not_get_its_turn_hands_its_call_on) {
  // The write lock is held by a change that waits inside its clock.
  std::atomic<bool> begun{false};
  std::atomic<bool> held{false};
  std::atomic<bool> let_go{false};
  const auto now = settings.clock;
  std::thread::id holder;
  settings.clock = [&, now] {
    if (begun.load() && std::this_thread::get_id() == holder) {
      held = true;
      while (!let_go) std::this_thread::yield();
    }
    return now();
  };
  open();
  create("t");
  const auto waiting = engine::watch(*tasks);
  waiting->await_claim({});
  waiting->reset();
  std::thread writer([&] {
    holder = std::this_thread::get_id();
    begun = true;
    engine::change(*tasks, {"z", "t"}, core::Annotate{}, {});
  });
  while (!held) std::this_thread::yield();
  engine::Call call;
  call.timeout = 20ms;
  BOOST_TEST((code_of([&] { engine::claim(*tasks, {}, call); }) == Code::busy));
  pollfd ready{waiting->descriptor(), POLLIN, 0};
  BOOST_TEST(::poll(&ready, 1, 0) == 1);
  let_go = true;
  writer.join();
}

BOOST_AUTO_TEST_CASE(a_watch_outlives_its_engine) {
  const auto watch = engine::watch(*tasks);
  watch->await_claim({});
  watch->reset();
  tasks.reset();
  pollfd ready{watch->descriptor(), POLLIN, 0};
  BOOST_TEST(::poll(&ready, 1, 0) == 1);
}

// Workers that live for one claim would otherwise all serve the first zone.
BOOST_AUTO_TEST_CASE(an_engine_begins_at_a_random_zone) {
  const store_test::TempDirectory directory;
  settings = {};
  settings.timeout = std::chrono::minutes(1);
  settings.housekeeping = std::chrono::microseconds(0);
  const Engine::Ptr first = Engine::open(directory.path(), settings);
  for (int i = 10; i < 50; ++i) {
    core::NewTask spec;
    spec.zone_id = "zone-" + std::to_string(i);
    spec.operation = "create";
    engine::create(*first, spec, {});
  }
  std::set<std::string> zones;
  for (int i = 0; i < 20; ++i)
    zones.insert(engine::claim(*Engine::open(directory.path(), settings), {}, {}).at(0).row.task.zone_id);
  BOOST_TEST(zones.size() == 20U);
  BOOST_TEST(*zones.rbegin() > "zone-29");  // else it was one after the other
}

BOOST_AUTO_TEST_SUITE_END()

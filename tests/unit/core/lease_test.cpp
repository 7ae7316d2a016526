#include "core/lease.hpp"

#include "core/apply.hpp"
#include "core/codec.hpp"
#include "core/time.hpp"
#include "core/validate.hpp"
#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace tse::core;
using namespace tse::core::test;

BOOST_AUTO_TEST_SUITE(core_lease)

namespace {

constexpr std::int64_t lease_end = 30 * second;
const std::string boot = "boot:b1:4026531834";

Grant granted(std::int64_t epoch) { return {epoch, lease_end, boot, "worker-7"}; }

Context under(std::int64_t epoch, std::int64_t now = noon) {
  Context context = at_time(now);
  context.epoch = epoch;
  return context;
}

Row pending_with(std::int64_t max_attempts) {
  NewTask spec = usual_task();
  spec.max_attempts = max_attempts;
  return std::get<Row>(create(spec, usual_operations(), status_url(), at_time(noon)));
}

Row after(const Row& row, const Intent& intent, std::int64_t now = noon) { return next(row, intent, now); }

Row held(std::int64_t max_attempts = 1, std::int64_t epoch = 5) {
  return after(pending_with(max_attempts), Start{granted(epoch)});
}

Annotate annotating_link() {
  Additions additions;
  additions.links = {link_to("/added")};
  return Annotate{std::move(additions)};
}

Row step_under(const Row& row, const Intent& intent, std::int64_t epoch, std::int64_t now = noon) {
  return std::get<Steps>(apply(row, intent, under(epoch, now))).back();
}

Error refusal_under(const Row& row, const Intent& intent, std::int64_t epoch) {
  return std::get<Error>(apply(row, intent, under(epoch)));
}

Row offered_again() { return after(held(2), EndLease{boot, lease_end}); }

Link progress_at(std::string percent) {
  Link link = link_to("#progress", "progress");
  link.properties = R"({"percent":)" + std::move(percent) + "}";
  return link;
}

Heartbeat beat(std::optional<Link> progress = std::nullopt) { return {90 * second, boot, std::move(progress)}; }

bool is_lease_lost(const std::variant<Steps, Unchanged, Error>& result) {
  const auto* error = std::get_if<Error>(&result);
  return error != nullptr && error->code == Code::lease_lost && error->outcome == Outcome::not_done;
}

void check_without_lease(const Row& row) {
  BOOST_TEST(!row.lease_until.has_value());
  BOOST_TEST(!row.lease_clock.has_value());
  BOOST_TEST(!row.worker.has_value());
}

}  // namespace

// ---- Tokens and clocks

BOOST_AUTO_TEST_CASE(a_lease_is_kept_with_the_duration_that_it_was_granted_for) {
  Grant grant = granted(5);
  grant.duration = 30 * second;
  BOOST_TEST(after(pending_with(1), Start{grant}).lease_duration.value_or(0) == 30 * second);
  BOOST_TEST(!held().lease_duration.has_value());  // it was not told
}

BOOST_AUTO_TEST_CASE(a_token_reads_as_it_was_written) {
  const LeaseToken token{std::string(32, 'a'), {"z.1~_-", "t.1"}, 12345678901, 30000000};
  const std::string text = format_lease(token);
  BOOST_TEST(text == "1:" + std::string(32, 'a') + ":12345678901:30000000:z.1~_-:t.1");
  BOOST_TEST((parse_lease(text) == token));
  const LeaseToken longest{std::string(32, 'f'),
                           {std::string(128, 'z'), std::string(128, 'i')},
                           std::numeric_limits<std::int64_t>::max(),
                           std::numeric_limits<std::int64_t>::max()};
  BOOST_TEST(format_lease(longest).size() <= 512U);
  BOOST_TEST((parse_lease(format_lease(longest)) == longest));
  const LeaseToken least{std::string(32, '0'), {"z", "t"}, 0, 0};
  BOOST_TEST((parse_lease(format_lease(least)) == least));
}

BOOST_AUTO_TEST_CASE(what_is_no_token_is_none) {
  const std::string generation(32, 'a');
  for (const std::string& text :
       {std::string(), std::string("1"), "2:" + generation + ":1:1:z:t", "1:" + std::string(31, 'a') + ":1:1:z:t",
        "1:" + std::string(32, 'A') + ":1:1:z:t", "1:" + generation + ":01:1:z:t", "1:" + generation + ":-1:1:z:t",
        "1:" + generation + ":1:x:z:t", "1:" + generation + ":1::z:t", "1:" + generation + ":1:1:z",
        "1:" + generation + ":1:1:z:t:u", "1:" + generation + ":1:1:z/y:t", "1:" + generation + ":1:1::t",
        "1:" + generation + ":99999999999999999999:1:z:t", "1:" + generation + ":1:1:z:t "})
    BOOST_TEST(!parse_lease(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(clocks_are_compared_by_boot_and_namespace) {
  const std::string ours = boot_clock_name("b1", "1");
  BOOST_TEST((compare_clocks(ours, boot_clock_name("b1", "1")) == Comparable::same));
  BOOST_TEST((compare_clocks(ours, boot_clock_name("b1", "2")) == Comparable::unknown));
  BOOST_TEST((compare_clocks(ours, boot_clock_name("b2", "1")) == Comparable::another_boot));
  BOOST_TEST((compare_clocks(ours, boot_clock_name("b11", "1")) == Comparable::another_boot));
  BOOST_TEST((compare_clocks(ours, wall_clock_name) == Comparable::wall));
  BOOST_TEST((compare_clocks(wall_clock_name, wall_clock_name) == Comparable::same));
  BOOST_TEST((compare_clocks(wall_clock_name, ours) == Comparable::unknown));
  BOOST_TEST((compare_clocks("host:a", "host:b") == Comparable::another_boot));
  BOOST_TEST((compare_clocks("host:", "host:") == Comparable::same));
  BOOST_TEST((compare_clocks("host:a", ours) == Comparable::unknown));
  BOOST_TEST((compare_clocks(ours, "host:a") == Comparable::unknown));
  BOOST_TEST((compare_clocks(ours, "whatever") == Comparable::unknown));
}

BOOST_AUTO_TEST_CASE(a_masked_boot_id_tells_nothing_of_boots) {
  const std::string ours = boot_clock_name("b1", "1");
  const std::string masked = masked_boot_clock_name("b2", "1");
  BOOST_TEST((compare_clocks(ours, masked) == Comparable::unknown));
  BOOST_TEST((compare_clocks(masked, ours) == Comparable::unknown));
  BOOST_TEST((compare_clocks(masked, masked_boot_clock_name("b3", "1")) == Comparable::unknown));
  BOOST_TEST((compare_clocks(masked, masked_boot_clock_name("b2", "1")) == Comparable::same));
  BOOST_TEST((compare_clocks(masked, wall_clock_name) == Comparable::wall));
  BOOST_TEST(tells_boot(ours));
  BOOST_TEST(tells_boot("host:"));
  BOOST_TEST(!tells_boot(masked));
  BOOST_TEST(!tells_boot(wall_clock_name));
}

// ---- Plans at creation

BOOST_AUTO_TEST_CASE(a_plan_is_kept_beside_the_task) {
  NewTask spec = usual_task();
  spec.not_before = noon + 60 * second;
  spec.start_within = 10 * second;
  spec.max_attempts = 3;
  const Row row = std::get<Row>(create(spec, usual_operations(), status_url(), at_time(noon)));
  BOOST_TEST(row.not_before.value() == noon + 60 * second);
  BOOST_TEST(row.start_by.value() == noon + 70 * second);
  BOOST_TEST(row.max_attempts == 3);
  spec.not_before = noon - 60 * second;
  BOOST_TEST(std::get<Row>(create(spec, usual_operations(), status_url(), at_time(noon))).start_by.value() ==
             noon + 10 * second);
  BOOST_TEST(row.body.find("not_before") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_plan_may_go_to_the_limits) {
  constexpr std::int64_t ten_years = 3660 * 86400 * second;
  for (const std::int64_t not_before : {min_time, max_time})
    for (const std::int64_t start_within : {std::int64_t{1000}, ten_years})
      for (const std::int64_t max_attempts : {1, 1000}) {
        NewTask spec = usual_task();
        spec.not_before = not_before;
        spec.start_within = start_within;
        spec.max_attempts = max_attempts;
        const auto made = create(spec, usual_operations(), status_url(), at_time(noon));
        BOOST_REQUIRE(std::holds_alternative<Row>(made));
        BOOST_TEST(std::get<Row>(made).not_before.value() == not_before);
      }
}

BOOST_AUTO_TEST_CASE(a_plan_outside_its_rules_is_refused) {
  NewTask spec = usual_task();
  spec.not_before = std::numeric_limits<std::int64_t>::min();
  BOOST_TEST(fields(std::get<Error>(create(spec, usual_operations(), status_url(), at_time(noon))).details) ==
             "not_before");
  spec.not_before = std::numeric_limits<std::int64_t>::max();
  spec.start_within = 999;
  spec.max_attempts = 0;
  const Error error = std::get<Error>(create(spec, usual_operations(), status_url(), at_time(noon)));
  BOOST_TEST(lines(error.details) == (std::vector<std::string>{"not_before: must be a time of the years 0 to 9999",
                                                               "start_within: must be 1 ms to 10 years, is 999 us",
                                                               "max_attempts: must be 1 to 1000, is 0"}),
             boost::test_tools::per_element());
  spec = usual_task();
  spec.max_attempts = 1001;
  spec.start_within = std::numeric_limits<std::int64_t>::max();
  BOOST_TEST(fields(std::get<Error>(create(spec, usual_operations(), status_url(), at_time(noon))).details) ==
             "start_within max_attempts");
}

BOOST_AUTO_TEST_CASE(a_task_leaves_room_for_the_engine_to_fail_it) {
  NewTask spec = usual_task();
  spec.warnings.assign(64, warning_saying(std::string(16000, 'x')));
  spec.warnings.back().message = "x";
  const std::size_t base = std::get<Row>(create(spec, usual_operations(), status_url(), at_time(noon))).body.size();
  const std::size_t most = max_task_bytes - room_to_fail;
  BOOST_REQUIRE(base < most);
  spec.warnings.back().message.assign(most - base + 1, 'x');
  const Row row = std::get<Row>(create(spec, usual_operations(), status_url(), at_time(noon)));
  BOOST_TEST(row.body.size() == most);
  for (const Intent& end : {Intent(Cancel{}), Intent(ExpireStart{})}) {
    Row overdue = row;
    overdue.start_by = noon;
    BOOST_TEST(after(overdue, end).task.status == Status::failed);
  }
  const Row lost = after(after(row, Start{granted(1)}), EndLease{boot, lease_end});
  BOOST_TEST(lost.task.status == Status::failed);
  spec.warnings.back().message += 'x';
  BOOST_TEST(fields(std::get<Error>(create(spec, usual_operations(), status_url(), at_time(noon))).details) == "task");
}

// ---- Being held

BOOST_AUTO_TEST_CASE(a_grant_makes_the_task_run_under_it) {
  const Row row = held();
  BOOST_TEST(row.task.status == Status::running);
  BOOST_TEST(row.epoch == 5);
  BOOST_TEST(row.lease_until.value() == lease_end);
  BOOST_TEST(row.lease_clock.value() == boot);
  BOOST_TEST(row.worker.value() == "worker-7");
  BOOST_TEST(row.attempt == 1);
  BOOST_TEST(row.revision == 2);
  BOOST_TEST(row.note.kind == "started");
  BOOST_TEST(row.note.worker.value() == "worker-7");
  BOOST_TEST(row.body.find("worker-7") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_held_task_is_not_started_again) {
  BOOST_TEST(std::get<Error>(apply(held(9), Start{granted(6)}, at_time(noon))).code == Code::illegal_transition);
  BOOST_TEST(std::get<Error>(apply(held(9), Start{}, at_time(noon))).code == Code::illegal_transition);
}

BOOST_AUTO_TEST_CASE(not_before_does_not_outlive_the_start) {
  Row row = pending_with(1);
  row.not_before = noon + second;
  BOOST_TEST(!after(row, Start{granted(1)}).not_before.has_value());
  BOOST_TEST(!after(row, Start{}).not_before.has_value());
}

BOOST_AUTO_TEST_CASE(an_outdated_epoch_is_lease_lost_whatever_the_state) {
  const std::vector<Intent> intents{annotating_link(), completing("ins_1"), failing(), beat(), Release{}};
  const Row ended_by_holder = step_under(held(), completing("ins_1"), 5);
  const std::vector<Row> rows{pending_with(2), held(2),       offered_again(), after(held(), EndLease{boot, lease_end}),
                              ended_by_holder, running_row(), completed_row()};
  for (const Row& row : rows)
    for (const Intent& intent : intents)
      for (const std::int64_t epoch : {4, 6, 0})
        BOOST_TEST(is_lease_lost(apply(row, intent, under(epoch))),
                   to_string(row.task.status) << " epoch " << epoch << " intent " << intent.index());
  // The number alone does not make it current, once somebody else ended the lease.
  for (const Row& row : {offered_again(), after(held(), EndLease{boot, lease_end}), after(held(), Cancel{true, {}}),
                         step_under(held(2), Release{}, 5)})
    for (const Intent& intent : intents) BOOST_TEST(is_lease_lost(apply(row, intent, under(5))));
}

BOOST_AUTO_TEST_CASE(only_the_holder_ends_a_held_task) {
  for (const Row& row : {held(2), offered_again()}) {
    BOOST_TEST(is_lease_lost(apply(row, completing("ins_1"), at_time(noon))));
    BOOST_TEST(is_lease_lost(apply(row, failing(), at_time(noon))));
    BOOST_TEST(std::holds_alternative<Steps>(apply(row, annotating_link(), at_time(noon))));
  }
  const Row done = step_under(held(), completing("ins_1"), 5);
  BOOST_TEST(done.task.status == Status::completed);
  BOOST_TEST(done.epoch == 5);
  BOOST_TEST(done.note.worker.value() == "worker-7");
  check_without_lease(done);
  const Row failed = step_under(held(3), failing("No."), 5);
  BOOST_TEST(failed.failure_kind == FailureKind::failed);
  check_without_lease(failed);
}

BOOST_AUTO_TEST_CASE(a_holder_repeats_its_outcome_and_no_other) {
  const Row done = step_under(held(), completing("ins_1"), 5);
  BOOST_TEST(std::holds_alternative<Unchanged>(apply(done, completing("ins_1"), under(5))));
  BOOST_TEST(refusal_under(done, completing("ins_2"), 5).code == Code::illegal_transition);
  BOOST_TEST(refusal_under(done, failing(), 5).code == Code::illegal_transition);
  BOOST_TEST(refusal_under(done, annotating_link(), 5).code == Code::illegal_transition);
  BOOST_TEST(is_lease_lost(apply(done, beat(), under(5))));
  BOOST_TEST(is_lease_lost(apply(done, Release{}, under(5))));
}

BOOST_AUTO_TEST_CASE(nobody_without_a_lease_beats_or_releases) {
  BOOST_TEST(is_lease_lost(apply(held(), beat(), at_time(noon))));
  BOOST_TEST(is_lease_lost(apply(held(), Release{}, at_time(noon))));
}

// ---- Heartbeats

BOOST_AUTO_TEST_CASE(a_heartbeat_moves_the_end_and_nothing_else) {
  const Row row = held();
  const Row next = step_under(row, beat(), 5, noon + 9 * second);
  BOOST_TEST(next.lease_until.value() == 90 * second);
  BOOST_TEST(next.version == row.version + 1);
  BOOST_TEST(next.revision == row.revision);
  BOOST_TEST(next.task.updated_at == row.task.updated_at);
  BOOST_TEST(next.body == row.body);
  BOOST_TEST(next.note.kind == "started");
}

BOOST_AUTO_TEST_CASE(progress_replaces_one_link_and_is_an_event) {
  Row row = step_under(held(), annotating_link(), 5);
  row = step_under(row, beat(progress_at("10")), 5, noon + second);
  BOOST_TEST(row.note.kind == "progress");
  BOOST_TEST(row.revision == 4);
  BOOST_TEST(row.task.links.size() == 2U);
  row = step_under(row, beat(progress_at("20")), 5, noon + 2 * second);
  BOOST_TEST(row.task.links.size() == 2U);
  BOOST_TEST(row.task.links[1].properties.value() == R"({"percent":20})");
  BOOST_TEST(row.body == render(row.task));
  BOOST_TEST(row.lease_until.value() == 90 * second);
}

BOOST_AUTO_TEST_CASE(progress_is_shown_once_a_second) {
  const Row first = step_under(held(), beat(progress_at("10")), 5, noon);
  BOOST_TEST(step_under(first, beat(progress_at("20")), 5, noon).revision == first.revision);
  const Row soon = step_under(first, beat(progress_at("20")), 5, noon + second - 1);
  BOOST_TEST(soon.revision == first.revision);
  BOOST_TEST(soon.version == first.version + 1);
  BOOST_TEST(soon.task.links[0].properties.value() == R"({"percent":10})");
  // A heartbeat without progress in between does not make it forget.
  const Row later = step_under(step_under(soon, beat(), 5), beat(progress_at("20")), 5, noon + second - 1);
  BOOST_TEST(later.revision == first.revision);
  BOOST_TEST(step_under(later, beat(progress_at("20")), 5, noon + second).revision == first.revision + 1);
  BOOST_TEST(step_under(first, beat(progress_at("20")), 5, noon - 3600 * second).revision == first.revision + 1);
  BOOST_TEST(step_under(first, beat(progress_at("10")), 5, noon + 5 * second).revision == first.revision);
}

BOOST_AUTO_TEST_CASE(progress_is_a_valid_link_of_its_rel) {
  const Error error = refusal_under(held(), beat(link_to("no href", "status")), 5);
  BOOST_TEST(error.code == Code::invalid_argument);
  BOOST_TEST(fields(error.details) == "progress.href progress.rel");
}

// ---- Losing the holder

BOOST_AUTO_TEST_CASE(the_last_attempt_ends_as_lost) {
  for (const Row& row : {after(held(), EndLease{boot, lease_end}), step_under(held(), Release{}, 5)}) {
    BOOST_TEST(row.task.status == Status::failed);
    BOOST_TEST(row.failure_kind == FailureKind::lost);
    BOOST_TEST(row.task.error_message.value() == "The worker stopped before the task was finished.");
    BOOST_TEST(row.error_detail.value() == "attempt 1 of 1, epoch 5, worker worker-7");
    BOOST_TEST(row.body.find("worker-7") == std::string::npos);
    BOOST_TEST(!row.outcome_digest.has_value());
    check_without_lease(row);
  }
  BOOST_TEST(after(held(), EndLease{boot, lease_end}).note.kind == "lost");
  BOOST_TEST(step_under(held(), Release{}, 5).note.kind == "released");
}

BOOST_AUTO_TEST_CASE(with_attempts_left_it_stays_running_and_is_offered_again) {
  const Row row = offered_again();
  BOOST_TEST(row.task.status == Status::running);
  BOOST_TEST(is_offered_again(row));
  BOOST_TEST(row.note.kind == "lost");
  BOOST_TEST(row.note.worker.value() == "worker-7");
  BOOST_TEST(row.epoch == 5);
  BOOST_TEST(row.revision == 3);
  check_without_lease(row);
  const Row again = after(row, Start{granted(6)});
  BOOST_TEST(again.attempt == 2);
  BOOST_TEST(again.epoch == 6);
  BOOST_TEST(!is_offered_again(again));
  BOOST_TEST(after(again, EndLease{boot, lease_end}).failure_kind == FailureKind::lost);
  BOOST_TEST(std::get<Error>(apply(row, Start{}, at_time(noon))).code == Code::illegal_transition);
}

BOOST_AUTO_TEST_CASE(without_a_lease_or_an_attempt_left_it_is_not_offered_again) {
  Row spent = offered_again();
  spent.attempt = spent.max_attempts;
  BOOST_TEST(!is_offered_again(spent));
  const Row never_leased = after(pending_with(2), Start{});
  BOOST_TEST(never_leased.attempt < never_leased.max_attempts);
  BOOST_TEST(!is_offered_again(never_leased));
}

BOOST_AUTO_TEST_CASE(a_release_may_hold_the_task_back) {
  const Row row = step_under(held(2), Release{noon + 5 * second}, 5);
  BOOST_TEST(row.not_before.value() == noon + 5 * second);
  BOOST_TEST(std::holds_alternative<Unchanged>(apply(row, Ripen{}, at_time(noon + 5 * second - 1))));
  const Row ripe = after(row, Ripen{}, noon + 5 * second);
  BOOST_TEST(!ripe.not_before.has_value());
  BOOST_TEST(ripe.revision == row.revision);
  BOOST_TEST(ripe.version == row.version + 1);
}

BOOST_AUTO_TEST_CASE(a_lease_ends_on_its_own_clock_and_not_before) {
  BOOST_TEST(std::holds_alternative<Unchanged>(apply(held(), EndLease{boot, lease_end - 1}, at_time(noon))));
  BOOST_TEST(std::holds_alternative<Unchanged>(apply(held(), EndLease{"wall", lease_end}, at_time(noon))));
  for (const Row& row : {pending_row(), running_row(), completed_row(), failed_row(), offered_again()})
    BOOST_TEST(std::holds_alternative<Unchanged>(
        apply(row, EndLease{boot, std::numeric_limits<std::int64_t>::max()}, at_time(noon))));
}

// ---- Cancelling

BOOST_AUTO_TEST_CASE(a_pending_task_is_cancelled_through_running) {
  const Steps steps = std::get<Steps>(apply(pending_with(1), Cancel{}, at_time(noon + second)));
  BOOST_REQUIRE(steps.size() == 2U);
  BOOST_TEST(steps[0].task.status == Status::running);
  BOOST_TEST(steps[0].body == render(steps[0].task));
  BOOST_TEST(steps[1].task.status == Status::failed);
  BOOST_TEST(steps[1].failure_kind == FailureKind::cancelled);
  BOOST_TEST(steps[1].task.error_message.value() == "The task was cancelled.");
  BOOST_TEST(steps[1].attempt == 0);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    BOOST_TEST(steps[i].note.kind == "cancelled");
    BOOST_TEST(steps[i].revision == static_cast<std::int64_t>(i) + 2);
    BOOST_TEST(steps[i].version == static_cast<std::int64_t>(i) + 2);
  }
  BOOST_TEST(after(pending_with(1), Cancel{false, "Not wanted any more."}).task.error_message.value() ==
             "Not wanted any more.");
}

BOOST_AUTO_TEST_CASE(a_pending_task_too_large_for_the_reason_stays_as_it_is) {
  NewTask spec = usual_task();
  for (int i = 0; i < 16; ++i) spec.links.push_back({"/" + std::string(65000, 'x'), "related", {}, {}, {}});
  const Row row = std::get<Row>(create(spec, usual_operations(), status_url(), at_time(noon)));
  const auto refused = apply(row, Cancel{false, std::string(16000, 'y')}, at_time(noon));
  BOOST_TEST(std::get<Error>(refused).message.find("1048576") != std::string::npos, std::get<Error>(refused).message);
}

BOOST_AUTO_TEST_CASE(the_event_of_a_start_names_the_actor_before_the_worker) {
  Context context = at_time(noon);
  const auto worker_of = [&] {
    return std::get<Steps>(apply(pending_with(1), Start{granted(1)}, context)).front().note.worker.value();
  };
  BOOST_TEST(worker_of() == "worker-7");
  context.actor = "api";
  BOOST_TEST(worker_of() == "api");
}

BOOST_AUTO_TEST_CASE(a_held_task_is_marked_and_its_outcome_stands) {
  const Row row = after(held(3), Cancel{false, "why"});
  BOOST_TEST(row.task.status == Status::running);
  BOOST_TEST(row.cancel_requested);
  BOOST_TEST(row.note.kind == "cancel_requested");
  BOOST_TEST(row.note.message.value() == "why");
  BOOST_TEST(row.lease_until.has_value());
  BOOST_TEST(std::holds_alternative<Unchanged>(apply(row, Cancel{}, at_time(noon))));
  BOOST_TEST(step_under(row, completing("ins_1"), 5).task.status == Status::completed);
  const Row failed = step_under(row, failing("Stopped."), 5);
  BOOST_TEST(failed.failure_kind == FailureKind::cancelled);
  BOOST_TEST(failed.task.error_message.value() == "Stopped.");
  // Nobody offers it again.
  for (const Row& gone : {step_under(row, Release{}, 5), after(row, EndLease{boot, lease_end})}) {
    BOOST_TEST(gone.task.status == Status::failed);
    BOOST_TEST(gone.failure_kind == FailureKind::cancelled);
    BOOST_TEST(gone.task.error_message.value() == "The task was cancelled.");
  }
  const Row unleased = after(running_row(), Cancel{});
  BOOST_TEST(unleased.cancel_requested);
  BOOST_TEST(unleased.task.status == Status::running);
}

BOOST_AUTO_TEST_CASE(force_and_a_missing_holder_cancel_at_once) {
  for (const Row& row : {after(held(3), Cancel{true, {}}), after(offered_again(), Cancel{}),
                         after(running_row(), Cancel{true, {}}), after(after(held(3), Cancel{}), Cancel{true, {}})}) {
    BOOST_TEST(row.task.status == Status::failed);
    BOOST_TEST(row.failure_kind == FailureKind::cancelled);
    check_without_lease(row);
    BOOST_TEST(std::holds_alternative<Unchanged>(apply(row, Cancel{}, at_time(noon))));
  }
}

BOOST_AUTO_TEST_CASE(what_has_ended_is_not_cancelled) {
  for (const Row& row : {completed_row(), failed_row()})
    BOOST_TEST(std::get<Error>(apply(row, Cancel{true, {}}, at_time(noon))).code == Code::illegal_transition);
  BOOST_TEST(std::get<Error>(apply(completed_row(), Cancel{}, at_time(noon)))
                 .message.starts_with("a completed task cannot be cancelled; completed since "));
  BOOST_TEST(fields(std::get<Error>(apply(pending_row(), Cancel{false, ""}, at_time(noon))).details) == "reason");
}

// ---- Deadlines

BOOST_AUTO_TEST_CASE(a_task_that_nobody_started_in_time_expires) {
  Row row = pending_with(1);
  row.start_by = noon + second;
  BOOST_TEST(std::holds_alternative<Unchanged>(apply(row, ExpireStart{}, at_time(noon + second - 1))));
  const Steps steps = std::get<Steps>(apply(row, ExpireStart{}, at_time(noon + second)));
  BOOST_REQUIRE(steps.size() == 2U);
  BOOST_TEST(steps[1].failure_kind == FailureKind::expired);
  BOOST_TEST(steps[1].task.error_message.value() == "The task was not started in time.");
  BOOST_TEST(steps[0].note.kind == "expired");
  BOOST_TEST(steps[1].note.kind == "expired");
  for (Row other : {running_row(), completed_row(), pending_row()}) {
    if (other.task.status != Status::pending) other.start_by = noon;
    BOOST_TEST(std::holds_alternative<Unchanged>(apply(other, ExpireStart{}, at_time(noon + 9 * second))));
  }
}

BOOST_AUTO_TEST_CASE(ripening_leaves_what_is_not_waiting) {
  for (const Row& row : {pending_row(), running_row(), completed_row()})
    BOOST_TEST(std::holds_alternative<Unchanged>(apply(row, Ripen{}, at_time(noon))));
}

// ---- Priorities

BOOST_AUTO_TEST_CASE(a_priority_changes_while_nobody_holds_the_task) {
  for (const Row& row : {pending_with(1), offered_again()}) {
    Context context = at_time(noon + second);
    context.actor = "operator";
    const Row urgent = std::get<Steps>(apply(row, Reprioritize{50}, context)).back();
    BOOST_TEST(urgent.priority == 50);
    BOOST_TEST(urgent.task.status == row.task.status);
    BOOST_TEST(urgent.revision == row.revision + 1);
    BOOST_TEST(urgent.task.updated_at == noon + second);
    BOOST_TEST(urgent.body == render(urgent.task));
    BOOST_TEST(urgent.note.kind == "reprioritized");
    BOOST_TEST(urgent.note.detail.value() == "0 \u2192 50");
    BOOST_TEST(urgent.note.worker.value() == "operator");
    BOOST_TEST(std::holds_alternative<Unchanged>(apply(urgent, Reprioritize{50}, context)));
    BOOST_TEST(after(urgent, Reprioritize{-100}).note.detail.value() == "50 \u2192 -100");
  }
}

BOOST_AUTO_TEST_CASE(a_task_that_somebody_holds_keeps_its_priority) {
  for (const Row& row : {held(), held(2), running_row(), after(held(), Cancel{})}) {
    const Error refused = std::get<Error>(apply(row, Reprioritize{50}, at_time(noon)));
    BOOST_TEST(refused.code == Code::illegal_transition);
    BOOST_TEST(refused.message.starts_with(
        "a task that somebody holds cannot be reprioritized: release or cancel it first; running, last changed at "));
  }
}

BOOST_AUTO_TEST_CASE(a_task_that_has_ended_keeps_its_priority) {
  const Error refused = std::get<Error>(apply(after(pending_with(1), Cancel{}), Reprioritize{0}, at_time(noon)));
  BOOST_TEST(refused.code == Code::illegal_transition);
  BOOST_TEST(refused.message == "a failed task cannot be reprioritized; failed since " + format_time(noon));
}

BOOST_AUTO_TEST_CASE(a_priority_out_of_bounds_is_refused_whatever_the_task_is) {
  for (const std::int64_t priority : {-101, 101})
    for (const Row& row : {pending_with(1), held()})
      BOOST_TEST(std::get<Error>(apply(row, Reprioritize{priority}, at_time(noon))).message ==
                 "priority: must be -100 to 100, is " + std::to_string(priority));
}

BOOST_AUTO_TEST_SUITE_END()

#include "core/apply.hpp"

#include "core/codec.hpp"
#include "core/time.hpp"
#include "core/validate.hpp"
#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

using namespace tse::core;
using namespace tse::core::test;

BOOST_AUTO_TEST_SUITE(core_apply)

namespace {

Error refusal(const Row& row, const Intent& intent) { return std::get<Error>(apply(row, intent, at_time(noon))); }

bool is_unchanged(const Row& row, const Intent& intent) {
  return std::holds_alternative<Unchanged>(apply(row, intent, at_time(noon + 60 * second)));
}

Annotate annotating(Additions additions) { return Annotate{std::move(additions)}; }

Additions with_package_id(std::string value) {
  Additions additions;
  additions.package_id = std::move(value);
  return additions;
}

Additions with_link(Link link) {
  Additions additions;
  additions.links = {std::move(link)};
  return additions;
}

}  // namespace

BOOST_AUTO_TEST_CASE(all_sixteen_pairs_follow_the_table) {
  for (const Status from : taskstate::all_statuses) {
    const Row row = row_in(from);
    const std::vector<std::pair<Status, Intent>> intents{{Status::running, Start{}},
                                                         {Status::completed, completing("ins_other")},
                                                         {Status::failed, failing("Something else.")}};
    for (const auto& [to, intent] : intents) {
      const auto result = apply(row, intent, at_time(noon + 9 * second));
      const std::string pair = std::string(to_string(from)) + " -> " + std::string(to_string(to));
      if (taskstate::can_transition(from, to)) {
        BOOST_REQUIRE_MESSAGE(std::holds_alternative<Steps>(result), pair);
        BOOST_TEST((std::get<Steps>(result).back().task.status == to), pair);
        continue;
      }
      BOOST_REQUIRE_MESSAGE(std::holds_alternative<Error>(result), pair);
      const Error& error = std::get<Error>(result);
      BOOST_TEST(error.code == Code::illegal_transition, pair);
      BOOST_TEST(error.outcome == Outcome::not_done, pair);
      BOOST_TEST(error.message.starts_with(pair + " is not a legal transition; " + std::string(to_string(from))), pair);
    }
    // No intent leads to pending; annotating is the one that stays.
    const auto result = apply(row, annotating(with_link(link_to("/new"))), at_time(noon + 9 * second));
    BOOST_TEST(std::holds_alternative<Steps>(result) == !taskstate::is_terminal(from), to_string(from));
  }
}

BOOST_AUTO_TEST_CASE(an_illegal_move_says_since_when) {
  BOOST_TEST(refusal(completed_row(), failing()).message ==
             "completed -> failed is not a legal transition; completed since 2019-12-27T12:00:02.000Z");
  BOOST_TEST(refusal(failed_row(), Start{}).message ==
             "failed -> running is not a legal transition; failed since 2019-12-27T12:00:02.000Z");
  const Row annotated = next(pending_row(), annotating(with_link(link_to("/a"))), noon + 5 * second);
  BOOST_TEST(refusal(annotated, completing()).message ==
             "pending -> completed is not a legal transition; pending since 2019-12-27T12:00:00.000Z");
  BOOST_TEST(refusal(running_row(), Start{}).message ==
             "running -> running is not a legal transition; running, last changed at 2019-12-27T12:00:01.000Z");
  BOOST_TEST(refusal(failed_row(), annotating({})).message ==
             "a failed task cannot be annotated; failed since 2019-12-27T12:00:02.000Z");
}

BOOST_AUTO_TEST_CASE(starting_begins_the_first_attempt) {
  Context context = at_time(noon + second);
  context.actor = "w1";
  context.request_id = "req";
  context.traceparent = "trace";
  const Row row = std::get<Steps>(apply(pending_row(), Start{}, context)).back();
  BOOST_TEST(row.task.status == Status::running);
  BOOST_TEST(row.attempt == 1);
  BOOST_TEST(row.revision == 2);
  BOOST_TEST(row.version == 2);
  BOOST_TEST(row.task.created_at == noon);
  BOOST_TEST(row.task.updated_at == noon + second);
  BOOST_TEST(row.note.kind == "started");
  BOOST_TEST(row.note.worker.value() == "w1");
  BOOST_TEST(row.note.request_id.value() == "req");
  BOOST_TEST(row.note.traceparent.value() == "trace");
  BOOST_TEST(row.body == render(row.task));
  BOOST_TEST(!row.outcome_digest.has_value());
  BOOST_TEST(!row.client_request_id.has_value());
}

BOOST_AUTO_TEST_CASE(completing_adds_all_at_once) {
  Complete intent = completing();
  intent.additions.package_slug = "slug";
  intent.additions.package_version = 3;
  intent.additions.links = {link_to("/a")};
  intent.additions.warnings = {warning_saying("kept")};
  const Row row = next(running_row(), intent, noon + 2 * second);
  BOOST_TEST(row.task.status == Status::completed);
  BOOST_TEST(row.task.install_id.value() == "ins_1");
  BOOST_TEST(row.task.package_slug.value() == "slug");
  BOOST_TEST(row.task.package_version.value() == 3);
  BOOST_TEST(row.task.links.size() == 1U);
  BOOST_TEST(row.task.warnings.size() == 1U);
  BOOST_TEST(row.note.kind == "completed");
  BOOST_TEST(row.revision == 3);
  BOOST_TEST(!row.failure_kind.has_value());
  BOOST_TEST(!row.note.message.has_value());
  BOOST_TEST(row.body == render(row.task));
  BOOST_TEST(validate(row.task).empty());
}

BOOST_AUTO_TEST_CASE(completing_needs_a_result) {
  BOOST_TEST(fields(refusal(running_row(), Complete{}).details) == "install_id");
  const Row row = next(running_row(), Complete{with_link(link_to("/results/1", "result"))});
  BOOST_TEST(result_href(row.task).value() == "/results/1");
  const Row known = next(running_row(), annotating(completing().additions));
  BOOST_TEST(next(known, Complete{}).task.status == Status::completed);
}

BOOST_AUTO_TEST_CASE(failing_tells_the_client_one_thing_and_the_history_more) {
  Fail intent = failing();
  intent.error_detail = "exception text";
  intent.additions.warnings = {warning_saying("w")};
  const Row row = next(running_row(), intent);
  BOOST_TEST(row.task.status == Status::failed);
  BOOST_TEST(row.task.error_message.value() == "It did not fit.");
  BOOST_TEST(row.error_detail.value() == "exception text");
  BOOST_TEST(row.failure_kind == FailureKind::failed);
  BOOST_TEST(row.note.kind == "failed");
  BOOST_TEST(row.note.message.value() == "It did not fit.");
  BOOST_TEST(row.note.detail.value() == "exception text");
  BOOST_TEST(row.task.warnings.size() == 1U);
  BOOST_TEST(row.body.find("exception text") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(failing_needs_a_message) {
  BOOST_TEST(fields(refusal(running_row(), failing("")).details) == "error_message");
  Fail intent = failing(std::string(16385, 'x'));
  intent.error_detail = std::string(16385, 'x');
  BOOST_TEST(fields(refusal(running_row(), intent).details) == "error_message error_detail");
  intent = failing(std::string(16384, 'x'));
  intent.error_detail = std::string(16384, 'x');
  BOOST_TEST(next(running_row(), intent).task.status == Status::failed);
  intent.error_detail = "";
  BOOST_TEST(next(running_row(), intent).task.status == Status::failed);
}

BOOST_AUTO_TEST_CASE(repeating_the_very_outcome_changes_nothing) {
  BOOST_TEST(is_unchanged(completed_row(), completing()));
  BOOST_TEST(is_unchanged(failed_row(), failing()));
  Fail full = failing();
  full.error_detail = "d";
  full.additions = with_link(link_to("/a"));
  full.additions.warnings = {warning_saying("w")};
  full.additions.package_version = 7;
  BOOST_TEST(is_unchanged(next(running_row(), full), full));
}

BOOST_AUTO_TEST_CASE(any_other_outcome_is_illegal) {
  const Row done = completed_row();
  const auto is_illegal = [](const Row& row, const Intent& intent) {
    return refusal(row, intent).code == Code::illegal_transition;
  };
  BOOST_TEST(is_illegal(done, completing("ins_2")));
  BOOST_TEST(is_illegal(done, Complete{}));
  const std::vector<Additions> others = [] {
    std::vector<Additions> list(5, completing().additions);
    list[0].package_id = "pkg_1";
    list[1].package_slug = "s";
    list[2].package_version = 0;
    list[3].links = {link_to("/a")};
    list[4].warnings = {warning_saying("w")};
    return list;
  }();
  for (const Additions& additions : others) BOOST_TEST(is_illegal(done, Complete{additions}));
  Fail detailed = failing();
  detailed.error_detail = "";
  BOOST_TEST(is_illegal(failed_row(), detailed));
  BOOST_TEST(is_illegal(failed_row(), failing("Another.")));
}

BOOST_AUTO_TEST_CASE(values_cannot_slide_from_one_field_to_the_next) {
  Complete one = completing();
  one.additions.package_slug = "pkg_1";
  Complete other = completing();
  other.additions.package_id = "pkg_1";
  BOOST_TEST(refusal(next(running_row(), one), other).code == Code::illegal_transition);
  // Texts that imitate what might separate one value from the next.
  Fail left = failing("x:some:y");
  left.error_detail = "z";
  Fail right = failing("x");
  right.error_detail = "y:some:z";
  BOOST_TEST(refusal(next(running_row(), left), right).code == Code::illegal_transition);
}

BOOST_AUTO_TEST_CASE(a_row_that_ended_without_a_digest_knows_no_repetition) {
  Row row = completed_row();
  row.outcome_digest.reset();
  BOOST_TEST(refusal(row, completing()).code == Code::illegal_transition);
}

BOOST_AUTO_TEST_CASE(annotating_appends_what_is_new) {
  Additions additions = with_link(link_to("/a"));
  additions.links.push_back(link_to("/a"));
  additions.links.push_back(link_to("/b"));
  additions.warnings = {warning_saying("w"), warning_saying("w")};
  const Row row = next(running_row(), annotating(additions));
  BOOST_TEST(row.task.links.size() == 2U);
  BOOST_TEST(row.task.warnings.size() == 1U);
  BOOST_TEST(row.revision == 3);
  BOOST_TEST(row.version == 3);
  BOOST_TEST(row.attempt == 1);
  BOOST_TEST(row.note.kind == "annotated");
  BOOST_TEST(row.task.status == Status::running);
  BOOST_TEST(row.body == render(row.task));
  additions.links.push_back(link_to("/c"));
  BOOST_TEST(next(row, annotating(additions)).task.links.size() == 3U);
}

BOOST_AUTO_TEST_CASE(annotating_with_what_is_there_changes_nothing) {
  Additions additions = with_link(link_to("/a"));
  additions.warnings = {warning_saying("w")};
  additions.install_id = "ins_1";
  additions.package_id = "pkg_1";
  additions.package_slug = "s";
  additions.package_version = 1;
  const Row row = next(pending_row(), annotating(additions));
  BOOST_TEST(is_unchanged(row, annotating(additions)));
  BOOST_TEST(is_unchanged(row, annotating({})));
  additions.package_version = 2;
  BOOST_TEST(next(row, annotating(additions)).task.package_version.value() == 2);
}

BOOST_AUTO_TEST_CASE(ids_are_write_once) {
  Additions additions = completing().additions;
  additions.package_id = "pkg_1";
  additions.package_slug = "s";
  const Row row = next(running_row(), annotating(additions));
  Additions other = completing("ins_2").additions;
  other.package_id = "pkg_2";
  other.package_slug = "t";
  const std::vector<std::string> expected{"install_id: write-once, already set", "package_id: write-once, already set",
                                          "package_slug: write-once, already set"};
  const std::vector<Intent> intents{Annotate{other}, Complete{other}, Fail{"x", {}, other}};
  for (const Intent& intent : intents) BOOST_TEST(lines(refusal(row, intent).details) == expected);
  BOOST_TEST(next(row, Complete{additions}).task.status == Status::completed);
}

BOOST_AUTO_TEST_CASE(input_is_judged_by_its_own_indexes_and_all_at_once) {
  const Row row = next(running_row(), annotating(with_link(link_to("/a"))));
  Additions additions = with_package_id("pkg_2");
  additions.links = {link_to("x")};
  additions.install_id = "";
  additions.package_slug = "";
  additions.package_version = -1;
  additions.warnings = {warning_saying("ok"), warning_saying("\xff")};
  BOOST_TEST(fields(refusal(row, annotating(additions)).details) ==
             "install_id links[0].href package_slug package_version warnings[1].message package_id");
}

BOOST_AUTO_TEST_CASE(bad_input_is_bad_input_in_every_state) {
  for (const Status status : taskstate::all_statuses)
    BOOST_TEST(refusal(row_in(status), annotating(with_package_id(""))).code == Code::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_merged_task_keeps_the_rules) {
  Additions many;
  for (int index = 0; index < 64; ++index) many.links.push_back(link_to("/" + std::to_string(index)));
  const Row row = next(running_row(), annotating(many));
  BOOST_TEST(refusal(row, annotating(with_link(link_to("/more")))).message == "links: must be at most 64; has 65");
  const Row result = next(running_row(), annotating(with_link(link_to("/r", "result"))));
  BOOST_TEST(refusal(result, annotating(with_link(link_to("/s", "result")))).message ==
             "links: must hold at most one with rel \"result\"; has 2");
  Additions large;
  large.warnings = {warning_saying(std::string(600000, 'a'))};
  const Row half = next(running_row(), annotating(large));
  large.warnings = {warning_saying(std::string(600000, 'b'))};
  BOOST_TEST(fields(refusal(half, annotating(large)).details) == "task");
}

BOOST_AUTO_TEST_CASE(what_was_stored_wrongly_is_not_held_against_the_caller) {
  Row row = running_row();
  row.task.created_at = noon + 1000 * second;
  const Error error = refusal(row, annotating(with_link(link_to("/more"))));
  BOOST_TEST(error.code == Code::corrupt);
  BOOST_TEST(error.message == "the stored task breaks a rule: updated_at must not lie before created_at");
  BOOST_TEST(error.details.empty());
  BOOST_TEST(refusal(running_row(), annotating(with_package_id(""))).code == Code::invalid_argument);
}

BOOST_AUTO_TEST_CASE(times_never_go_back) {
  const Row started = next(pending_row(), Start{}, noon - 3600 * second);
  BOOST_TEST(started.task.updated_at == noon);
  const Row done = next(started, completing(), noon - 7200 * second);
  BOOST_TEST(done.task.updated_at == noon);
  BOOST_TEST(done.task.created_at == noon);
  BOOST_TEST(done.revision == 3);
}

BOOST_AUTO_TEST_CASE(a_clock_beyond_the_calendar_is_held_at_its_end) {
  const auto born = [](std::int64_t now) {
    return std::get<Row>(create(usual_task(), usual_operations(), status_url(), at_time(now))).task.created_at;
  };
  BOOST_TEST(born(std::numeric_limits<std::int64_t>::min()) == min_time);
  BOOST_TEST(born(std::numeric_limits<std::int64_t>::max()) == max_time);
  BOOST_TEST(next(pending_row(), Start{}, std::numeric_limits<std::int64_t>::max()).task.updated_at == max_time);
}

BOOST_AUTO_TEST_CASE(a_note_belongs_to_one_change) {
  Context context = at_time(noon);
  context.actor = "api";
  const Row born = std::get<Row>(create(usual_task(), usual_operations(), status_url(), context));
  BOOST_TEST(!next(born, Start{}).note.worker.has_value());
}

BOOST_AUTO_TEST_CASE(who_asks_under_a_lease_has_lost_it_where_the_task_is_gone) {
  Context context = at_time(noon);
  BOOST_TEST((missing_task(context).code == Code::not_found));
  context.epoch = 1;
  BOOST_TEST((missing_task(context).code == Code::lease_lost));
}

BOOST_AUTO_TEST_SUITE_END()

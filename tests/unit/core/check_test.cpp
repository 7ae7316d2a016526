#include "core/check.hpp"
#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace tse::core {

using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

/// What check() finds, as "field: message" lines.
template <class... Arguments>
Lines found(const Arguments&... arguments) {
  const auto error = check(arguments...);
  if (!error) return {};
  BOOST_TEST((error->code == Code::invalid_argument && error->outcome == Outcome::not_done));
  return test::lines(error->details);
}

template <class... Arguments>
std::string fields(const Arguments&... arguments) {
  const auto error = check(arguments...);
  return error ? test::fields(error->details) : "";
}

/// What check() finds of a value that is the default but for what `change` does.
template <class Value, class Change>
std::string fault(Change change) {
  Value value{};
  if constexpr (requires { value.zone_id = std::string("z"); }) value.zone_id = "z";
  if constexpr (requires { value.older_than; }) value.older_than = 0us;
  change(value);
  const Lines all = found(value);
  BOOST_TEST(all.size() <= 1);
  return all.empty() ? "" : all.front();
}

CallInfo all_broken_call() {
  CallInfo call;
  call.timeout = -1us;
  call.request_id = "a b";
  call.traceparent = "00-0";
  call.actor = "";
  call.also = {{"", {std::string("\xff")}, {{"", {}}}}};
  return call;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(check_arguments)

BOOST_AUTO_TEST_CASE(the_defaults_break_no_rule) {
  ListQuery list;
  list.zone_id = "z";
  PurgeQuery purge;
  purge.older_than = 0us;
  const auto error = check(CallInfo{}, LeaseTerms{}, ClaimSpec{}, HeartbeatTerms{}, ReleaseTerms{}, WaitTerms{},
                           ZoneFilter{}, list, HistoryQuery{}, ChangesQuery{}, purge, Settings{});
  BOOST_TEST(!error.has_value());
}

BOOST_AUTO_TEST_CASE(all_that_is_broken_is_told_in_the_order_of_the_arguments_and_of_their_members) {
  ClaimSpec claim;
  claim.filter = {{"a/b"}, {"Create"}};
  claim.worker = "";
  claim.lease = 0us;
  claim.limit = 0;
  claim.wait = -1us;
  BOOST_TEST(fields(all_broken_call(), claim) ==
             "timeout request_id traceparent actor also[0] also[0] also[0] zones operations worker lease limit wait");
  BOOST_TEST(fields(claim, all_broken_call()) ==
             "zones operations worker lease limit wait timeout request_id traceparent actor also[0] also[0] also[0]");

  ListQuery list;
  list.zone_id = "";
  list.statuses = {static_cast<Status>(4)};
  list.operation = "";
  list.install_id = "..";
  list.package_id = "";
  list.failure_kind = "gone";
  list.worker = "";
  list.ref = "";
  list.client_request_id = "a b";
  list.limit = 0;
  list.after = list.before = "x";
  BOOST_TEST(fields(list) ==
             "zone_id statuses operation install_id package_id failure_kind worker ref client_request_id limit before");

  HistoryQuery history;
  history.limit = 1001;
  BOOST_TEST(fields(history) == "limit");

  ChangesQuery changes;
  changes.zone_id = "";
  changes.after = "x";
  changes.latest = true;
  changes.limit = 0;
  changes.wait = -1us;
  BOOST_TEST(fields(changes) == "zone_id after limit wait");

  BOOST_TEST(fields(PurgeQuery{"a b", std::nullopt, -1}) == "zone_id older_than limit");
  BOOST_TEST(fields(LeaseTerms{"\n", 31 * 24h}) == "worker lease");
}

BOOST_AUTO_TEST_CASE(a_message_names_the_first_field) {
  const auto error = check(WaitTerms{-1us}, ReleaseTerms{-1us});
  BOOST_TEST(error->message == "wait: must be 0 and up, is -1 us");
}

BOOST_AUTO_TEST_CASE(a_call) {
  const auto of = [](auto change) { return fault<CallInfo>(change); };
  BOOST_TEST(of([](auto& it) { it.timeout = 0us; }) == "");
  BOOST_TEST(of([](auto& it) { it.timeout = -1us; }) == "timeout: must be 0 and up, is -1 us");
  BOOST_TEST(of([](auto& it) { it.request_id = std::string(128, 'x'); }) == "");
  BOOST_TEST(of([](auto& it) { it.request_id = ""; }) ==
             "request_id: must be 1 to 128 bytes of visible ASCII, has 0 bytes");
  BOOST_TEST(of([](auto& it) { it.traceparent = "00-" + std::string(32, '1') + "-" + std::string(16, '1') + "-00"; }) ==
             "");
  BOOST_TEST(of([](auto& it) { it.traceparent = "x"; }) ==
             "traceparent: must be a W3C traceparent of version 00, has 1 bytes");
  BOOST_TEST(of([](auto& it) { it.actor = std::string(256, 'x'); }) == "");
  BOOST_TEST(of([](auto& it) { it.actor = std::string(257, 'x'); }) == "actor: must be 1 to 256 bytes; has 257 bytes");
}

BOOST_AUTO_TEST_CASE(statements_of_the_host) {
  const auto of = [](Statement statement) {
    return fault<CallInfo>([&](auto& it) { it.also.push_back(std::move(statement)); });
  };
  BOOST_TEST(of({"SELECT 1", {std::int64_t{1}, 1.5, Blob{"\xff"}, std::string("a\0b", 3), {}}, {{":n", {}}}}) == "");
  BOOST_TEST(of({std::string(65536, ' '), {}, {}}) == "");
  BOOST_TEST(of({"", {}, {}}) == "also[0]: must be 1 to 65536 bytes, is 0 bytes");
  BOOST_TEST(of({std::string(65537, ' '), {}, {}}) == "also[0]: must be 1 to 65536 bytes, is 65537 bytes");
  BOOST_TEST(of({"\xff", {}, {}}) == "also[0]: must be UTF-8, has 1 bytes");
  BOOST_TEST(of({"x", {std::string("\xff")}, {}}) == "also[0]: a value that is text must be UTF-8, has 1 bytes");
  BOOST_TEST(of({"x", {}, {{"", {}}}}) == "also[0]: the name of a parameter must not be empty");
  BOOST_TEST(of({"x", {}, {{std::string(":\0", 2), {}}}}) == "also[0]: the name of a parameter must not contain NUL");
  BOOST_TEST(of({"x", {}, {{"\xff", {}}}}) == "also[0]: the name of a parameter must be UTF-8, has 1 bytes");

  CallInfo call;
  call.also.assign(64, {"SELECT 1", {}, {}});
  BOOST_TEST(found(call).empty());
  call.also.push_back({"", {}, {}});
  BOOST_TEST(found(call) == (Lines{"also: must be at most 64, is 65"}));
  BOOST_TEST(found(StatementText{63, "x"}).empty());
  BOOST_TEST(found(StatementText{64, "x"}) == (Lines{"also[64]: a call must carry at most 64 statements"}));
}

BOOST_AUTO_TEST_CASE(a_claim) {
  const auto of = [](auto change) { return fault<ClaimSpec>(change); };
  BOOST_TEST(of([](auto& it) { it.filter = {{"a", "b"}, {"create"}}; }) == "");
  BOOST_TEST(of([](auto& it) { it.filter.zones = {"a", ".."}; }).starts_with("zones: must be 1 to 128 of"));
  BOOST_TEST(of([](auto& it) { it.filter.operations = {"X"}; }) ==
             "operations: must be a lower-case letter and up to 31 of a-z 0-9 _; has 1 bytes");
  // Who names too many is not told what each is like.
  BOOST_TEST(of([](auto& it) { it.filter.zones.resize(1001); }) ==
             "zones: at most 1000, are 1001: name fewer in each claim, or none for all");
  BOOST_TEST(of([](auto& it) { it.worker = "a\nb"; }) == "worker: must not contain control characters; has 3 bytes");
  BOOST_TEST(of([](auto& it) { it.lease = 1ms; }) == "");
  BOOST_TEST(of([](auto& it) { it.lease = 999us; }) == "lease: must be 1 ms to 30 days, is 999 us");
  BOOST_TEST(of([](auto& it) { it.lease = 30 * 24h; }) == "");
  BOOST_TEST(of([](auto& it) { it.lease = 30 * 24h + 1us; }) == "lease: must be 1 ms to 30 days, is 2592000000001 us");
  BOOST_TEST(of([](auto& it) { it.limit = 64; }) == "");
  BOOST_TEST(of([](auto& it) { it.limit = 65; }) == "limit: must be 1 to 64, is 65");
  BOOST_TEST(of([](auto& it) { it.wait = -1us; }) == "wait: must be 0 and up, is -1 us");
}

BOOST_AUTO_TEST_CASE(what_is_done_under_a_lease) {
  const std::string lease = "lease: must be 1 ms to 30 days, is 0 us";
  BOOST_TEST(fault<LeaseTerms>([](auto& it) { it.worker = "w"; }) == "");
  BOOST_TEST(fault<LeaseTerms>([](auto& it) { it.lease = 0us; }) == lease);
  BOOST_TEST(fault<HeartbeatTerms>([](auto& it) { it.lease = 1s; }) == "");
  BOOST_TEST(fault<HeartbeatTerms>([](auto& it) { it.lease = 0us; }) == lease);
  BOOST_TEST(fault<ReleaseTerms>([](auto& it) { it.delay = 30 * 24h; }) == "");
  BOOST_TEST(fault<ReleaseTerms>([](auto& it) { it.delay = -1us; }) == "delay: must be 0 to 30 days, is -1 us");
}

BOOST_AUTO_TEST_CASE(a_pause_is_of_a_zone_or_an_operation) {
  const auto of = [](Text zone_id, Text operation) {
    return fields(PauseTarget{std::move(zone_id), std::move(operation)});
  };
  BOOST_TEST(of("z", {}) == "");
  BOOST_TEST(of({}, "create") == "");
  BOOST_TEST(of({}, {}) == "zone_id");
  BOOST_TEST(of("z", "create") == "operation");
  BOOST_TEST(of("", {}) == "zone_id");
  BOOST_TEST(of({}, "") == "operation");
}

BOOST_AUTO_TEST_CASE(statements_go_with_the_change_of_a_task_alone) {
  CallInfo call;
  BOOST_TEST(!refuse_statements(call));
  call.also = {{"SELECT 1", {}, {}}};
  BOOST_TEST(refuse_statements(call)->message == "also[0]: goes with the change of a task, and this call changes none");
}

BOOST_AUTO_TEST_CASE(a_list) {
  const auto of = [](auto change) { return fault<ListQuery>(change); };
  BOOST_TEST(of([](auto& it) {
               it.statuses.assign(taskstate::all_statuses.begin(), taskstate::all_statuses.end());
               it.operation = "create";
               it.install_id = "i";
               it.package_id = "p";
               it.limit = 1000;
               it.after = "x";
             }) == "");
  BOOST_TEST(of([](auto& it) { it.before = "x"; }) == "");
  BOOST_TEST(of([](auto& it) {
               it.statuses = {Status::pending, static_cast<Status>(-1), static_cast<Status>(9)};
             }) == "statuses: must be known statuses, one is the number -1");
  BOOST_TEST(of([](auto& it) { it.limit = 1001; }) == "limit: must be 1 to 1000, is 1001");
}

BOOST_AUTO_TEST_CASE(what_operators_list_by) {
  BOOST_TEST(fault<ListQuery>([](auto& it) { it.zone_id.reset(); }) == "");
  for (const char* kind : {"failed", "cancelled", "expired", "lost"})
    BOOST_TEST(fault<ListQuery>([&](auto& it) { it.failure_kind = kind; }) == "");
  BOOST_TEST(fault<ListQuery>([](auto& it) { it.failure_kind = "Lost"; }) ==
             "failure_kind: must be one of failed, cancelled, expired, lost, has 4 bytes");
  BOOST_TEST(fault<ListQuery>([](auto& it) { it.worker = "w"; }) == "");
  BOOST_TEST(fault<ListQuery>([](auto& it) { it.ref = std::string(256, 'r'); }) == "");
  for (const std::string& ref : {std::string(257, 'r'), std::string("\xff"), std::string("a\0b", 3)})
    BOOST_TEST(fault<ListQuery>([&](auto& it) { it.ref = ref; }) ==
               "ref: must be 1 to 256 bytes of UTF-8 without NUL, has " + std::to_string(ref.size()) + " bytes");
  BOOST_TEST(fault<ListQuery>([](auto& it) { it.client_request_id = "r"; }) == "");
  BOOST_TEST(fault<ListQuery>([](auto& it) { it.client_request_id = ""; }) ==
             "client_request_id: must be 1 to 128 bytes of visible ASCII, has 0 bytes");
}

BOOST_AUTO_TEST_CASE(a_page_of_a_history) {}

BOOST_AUTO_TEST_CASE(a_part_of_the_feed) {
  const auto of = [](auto change) { return fault<ChangesQuery>(change); };
  BOOST_TEST(of([](auto& it) { it.zone_id = std::nullopt; }) == "");
  BOOST_TEST(of([](auto& it) { it.latest = true; }) == "");
  BOOST_TEST(of([](auto& it) { it.after = "x"; }) == "");
  BOOST_TEST(of([](auto& it) { it.wait = -1us; }) == "wait: must be 0 and up, is -1 us");
}

BOOST_AUTO_TEST_CASE(a_purge) {
  const auto of = [](auto change) { return fault<PurgeQuery>(change); };
  const auto century = 24h * 366 * 100;
  BOOST_TEST(of([&](auto& it) { it.older_than = century; }) == "");
  BOOST_TEST(
      of([&](auto& it) { it.older_than = century + 1us; }).starts_with("older_than: must be 0 to 100 years, is"));
  BOOST_TEST(of([](auto& it) { it.older_than = -1us; }) == "older_than: must be 0 to 100 years, is -1 us");
  BOOST_TEST(of([](auto& it) { it.older_than.reset(); }) == "older_than: is required");
  BOOST_TEST(of([](auto& it) { it.limit = -1; }).starts_with("limit: must be 0, or 1 and up, is -1"));
}

BOOST_AUTO_TEST_CASE(a_zone_to_look_at) {
  BOOST_TEST(fault<ZoneFilter>([](auto& it) { it.zone_id = "z"; }) == "");
  BOOST_TEST(fault<ZoneFilter>([](auto& it) { it.zone_id = ""; }).starts_with("zone_id: must be 1 to 128 of"));
}

BOOST_AUTO_TEST_CASE(a_task) {
  BOOST_TEST(found(test::pending_row()).empty());
  BOOST_TEST(fields(Row{}) == "id operation");
}

BOOST_AUTO_TEST_CASE(a_batch_holds_so_many_changes) {
  BOOST_TEST(!check_batch_room(9999).has_value());
  const auto error = check_batch_room(10000);
  BOOST_TEST((error->code == Code::limit_exceeded));
  BOOST_TEST(error->message == "batch: must hold at most 10000 changes: run it, then go on in another");
}

BOOST_AUTO_TEST_CASE(a_key_outside_the_grammar_names_no_task) {
  BOOST_TEST(is_possible({"z", "t"}));
  BOOST_TEST(!is_possible({"", "t"}));
  BOOST_TEST(!is_possible({"z", "a/b"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tse::core

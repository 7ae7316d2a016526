#include "core/opaque.hpp"

#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>
#include <variant>
#include <vector>

using namespace tse::core;

namespace {

const std::string ours(32, 'a');
const std::string theirs(32, 'b');

template <class Result>
std::string message(const Result& result) {
  const auto* const refused = std::get_if<Error>(&result);
  if (refused == nullptr) return "";
  BOOST_TEST((refused->code == Code::invalid_argument));
  return refused->message;
}

std::string code(const std::optional<Error>& error) { return error ? std::string(to_string(error->code)) : ""; }

ListQuery usual_list() {
  ListQuery query;
  query.zone_id = "z";
  return query;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_opaque)

BOOST_AUTO_TEST_CASE(a_lease_is_read_and_belongs_to_one_content) {
  const LeaseToken token{ours, {"z", "t"}, 7, 1000};
  const auto read = read_lease(format_lease(token));
  BOOST_TEST((std::get<LeaseToken>(read) == token));
  BOOST_TEST(message(read_lease("x")) == "lease: must be the token of a lease, has 1 bytes");
  BOOST_TEST(code(check_origin(token.generation, ours)) == "");
  BOOST_TEST(code(check_origin(token.generation, theirs)) == "lease_lost");
}

BOOST_AUTO_TEST_CASE(a_cursor_is_of_one_file_and_one_filter) {
  const ListQuery query = usual_list();
  const Position position{5, "t"};
  const std::string cursor = encode_cursor(position, binding_of(query, ours));
  BOOST_TEST((std::get<Position>(read_cursor(cursor, "after", binding_of(query, ours))) == position));
  BOOST_TEST(message(read_cursor(cursor, "before", binding_of(query, theirs)))
                 .starts_with("before: must be a cursor of this file and this filter, has "));
  const std::vector<std::function<void(ListQuery&)>> changes{
      [](ListQuery& it) { it.zone_id = "y"; },         [](ListQuery& it) { it.statuses = {Status::pending}; },
      [](ListQuery& it) { it.operation = "create"; },  [](ListQuery& it) { it.install_id = "create"; },
      [](ListQuery& it) { it.package_id = "create"; }, [](ListQuery& it) { it.created_from = 1; },
      [](ListQuery& it) { it.created_until = 1; },     [](ListQuery& it) { it.zone_id.reset(); },
      [](ListQuery& it) { it.failure_kind = "lost"; }, [](ListQuery& it) { it.worker = "lost"; },
      [](ListQuery& it) { it.ref = "lost"; },          [](ListQuery& it) { it.client_request_id = "lost"; },
  };
  std::vector<std::uint64_t> bindings{binding_of(query, ours)};
  for (const auto& change : changes) {
    ListQuery other = query;
    change(other);
    bindings.push_back(binding_of(other, ours));
  }
  std::sort(bindings.begin(), bindings.end());
  BOOST_TEST((std::adjacent_find(bindings.begin(), bindings.end()) == bindings.end()));
}

BOOST_AUTO_TEST_CASE(a_cursor_over_all_zones_is_a_number) {
  ListQuery query;
  const std::uint64_t binding = binding_of(query, ours);
  BOOST_TEST(std::get<std::int64_t>(read_number_cursor(encode_cursor(7, binding), "after", binding)) == 7);
  query.zone_id = "z";
  BOOST_TEST(message(read_number_cursor(encode_cursor(7, binding), "before", binding_of(query, ours)))
                 .starts_with("before: must be a cursor of this file and this filter, has "));
}

BOOST_AUTO_TEST_CASE(what_does_not_decide_which_rows_there_are_leaves_a_cursor_alone) {
  ListQuery query = usual_list();
  query.statuses = {Status::failed, Status::pending};
  const std::uint64_t binding = binding_of(query, ours);
  query.statuses = {Status::pending, Status::failed};
  query.limit = 1;
  query.after = "x";
  query.with_total = true;
  BOOST_TEST(binding_of(query, ours) == binding);
}

BOOST_AUTO_TEST_CASE(a_cursor_of_a_history_is_of_one_file_and_one_task) {
  const std::string cursor = encode_cursor(5, binding_of_history({"z", "t"}, ours));
  const auto read = [&](const Key& key, const std::string& generation) {
    return read_history_cursor(cursor, binding_of_history(key, generation));
  };
  BOOST_TEST(std::get<std::int64_t>(read({"z", "t"}, ours)) == 5);
  for (const auto& other : {read({"z", "u"}, ours), read({"y", "t"}, ours), read({"z", "t"}, theirs)})
    BOOST_TEST(message(other).starts_with("after: must be a cursor of this file and this task's history, has "));
}

BOOST_AUTO_TEST_CASE(a_position_is_read) {
  const FeedPosition position{ours, 5};
  BOOST_TEST((std::get<FeedPosition>(read_position(format_position(position))) == position));
  BOOST_TEST(message(read_position("")) == "after: must be a position in the feed, has 0 bytes");
}

BOOST_AUTO_TEST_CASE(the_feed_goes_on_after_a_position_of_its_own_that_has_not_expired) {
  const FeedState feed{ours, 10, 4};
  BOOST_TEST(code(check_position({ours, 10}, feed, false)) == "");
  BOOST_TEST(code(check_position({ours, 4}, feed, false)) == "");
  BOOST_TEST(code(check_position({ours, 3}, feed, false)) == "behind");
  BOOST_TEST(code(check_position({ours, 3}, feed, true)) == "");
  BOOST_TEST(code(check_position({ours, 11}, feed, true)) == "invalid_argument");
  BOOST_TEST(code(check_position({theirs, 11}, feed, true)) == "restored");
}

BOOST_AUTO_TEST_SUITE_END()

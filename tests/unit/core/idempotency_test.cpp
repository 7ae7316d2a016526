#include "core/idempotency.hpp"

#include "unit/core/support.hpp"

#include "core/feed.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

using namespace tse::core;
using namespace tse::core::test;

BOOST_AUTO_TEST_SUITE(core_idempotency)

BOOST_AUTO_TEST_CASE(each_field_of_the_content_makes_another_fingerprint) {
  const std::string usual = fingerprint(usual_task());
  const std::vector<std::function<void(NewTask&)>> changes{
      [](NewTask& task) { task.operation = "delete"; }, [](NewTask& task) { task.install_id = "pkg_1"; },
      [](NewTask& task) { task.package_id.reset(); },   [](NewTask& task) { task.package_slug = "slug"; },
      [](NewTask& task) { task.package_version = 0; },  [](NewTask& task) { task.payload = ""; },
      [](NewTask& task) { task.retry_of = "t0"; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    NewTask other = usual_task();
    changes[i](other);
    BOOST_TEST(fingerprint(other) != usual, "change " << i);
  }
}

// It is compared with those that stand in files: whoever changes it must raise fingerprint_version.
BOOST_AUTO_TEST_CASE(a_fingerprint_stays_what_it_is) {
  BOOST_TEST(fingerprint_version == 2);
  std::string hex;
  for (const char byte : fingerprint(usual_task())) {
    hex += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
    hex += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15];
  }
  BOOST_TEST(hex == "76bbea6149eeee3e502d3bbb5bddec21");
}

BOOST_AUTO_TEST_CASE(what_a_repetition_or_a_new_version_of_the_host_makes_anew_does_not_count) {
  NewTask again = usual_task();
  again.links.push_back({"/a", "a", {}, {}, {}});
  again.warnings.emplace_back();
  again.start_within = 1000000;
  again.max_attempts = 2;
  again.id = "t2";
  again.not_before = 5;
  again.idempotency_key = "k";
  BOOST_TEST(fingerprint(again) == fingerprint(usual_task()));
}

BOOST_AUTO_TEST_CASE(only_the_same_request_is_a_repetition) {
  const Replay first{fingerprint_version, fingerprint(usual_task()), "t1", 0};
  BOOST_TEST(!check_same(first, usual_task()).has_value());
  NewTask other = usual_task();
  other.package_id = "pkg_2";
  BOOST_TEST((check_same(first, other)->code == Code::idempotency_mismatch));
  Replay foreign = first;
  foreign.version = 99;
  BOOST_TEST((check_same(foreign, usual_task())->code == Code::idempotency_mismatch));
}

BOOST_AUTO_TEST_CASE(who_tries_again_gets_a_link_to_what_failed) {
  NewTask spec = usual_task();
  spec.retry_of = "t0";
  const Row row = std::get<Row>(create(spec, usual_operations(), status_url(), at_time(noon)));
  BOOST_REQUIRE(row.task.links.size() == 1u);
  BOOST_TEST(row.task.links[0].rel == "predecessor");
  BOOST_TEST(row.task.links[0].href == "/zones/z1/catalog_tasks/t0");
  spec.retry_of = "a/b";
  BOOST_TEST(std::get<Error>(create(spec, usual_operations(), status_url(), at_time(noon))).details[0].field ==
             "retry_of");
  spec.retry_of = "t0";
  spec.zone_id = "a/b";
  BOOST_TEST(std::get<Error>(create(spec, usual_operations(), status_url(), at_time(noon))).details[0].field ==
             "zone_id");
}

BOOST_AUTO_TEST_CASE(only_what_failed_is_tried_again) {
  const auto code = [](const std::optional<Row>& row) {
    const auto refused = check_predecessor(row);
    return refused ? std::string(to_string(refused->code)) : "ok";
  };
  BOOST_TEST(code(std::nullopt) == "not_found");
  BOOST_TEST(code(pending_row()) == "illegal_transition");
  BOOST_TEST(code(running_row()) == "illegal_transition");
  BOOST_TEST(code(next(running_row(), Fail{"no", {}, {}})) == "ok");
}

BOOST_AUTO_TEST_CASE(a_key_has_the_rules_of_a_name) {
  for (const char* key : {"", "a\nb"}) {
    NewTask spec = usual_task();
    spec.idempotency_key = key;
    const auto made = create(spec, usual_operations(), status_url(), at_time(noon));
    BOOST_REQUIRE(std::holds_alternative<Error>(made));
    BOOST_TEST(std::get<Error>(made).details[0].field == "idempotency_key");
  }
}

BOOST_AUTO_TEST_CASE(a_feed_position_is_read_as_it_was_written_and_nothing_else_is) {
  const FeedPosition position{"0123456789abcdef0123456789abcdef", 42};
  const std::string text = format_position(position);
  BOOST_TEST((parse_position(text) == position));
  const std::vector<std::string> others{"",
                                        "1:2",
                                        "2" + text.substr(1),
                                        text + "x",
                                        text + ":1",
                                        "1:0123456789ABCDEF0123456789abcdef:42",
                                        text.substr(0, 35) + "007"};
  for (const std::string& other : others) BOOST_TEST(!parse_position(other), other);
}

BOOST_AUTO_TEST_SUITE_END()

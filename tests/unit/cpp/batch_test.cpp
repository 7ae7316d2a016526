#include <taskstate/taskstate.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace taskstate;

BOOST_AUTO_TEST_SUITE(batch)

BOOST_AUTO_TEST_CASE(each_change_has_its_own_result) {
  Engine tasks(":memory:");
  Batch batch;
  batch.create({.zone_id = "z", .id = "a", .operation = "create", .package_id = "pkg_1"})
      .create({.zone_id = "z", .id = "a", .operation = "create"})
      .create({.zone_id = "z", .id = "b", .operation = "create"})
      .start("z", "a")
      .start("z", "b")
      .annotate("z", "a", {.package_slug = "slug"})
      .complete("z", "a", {.install_id = "ins_1"})
      .fail("z", "b", {.error_message = "It broke."});
  BOOST_TEST(batch.size() == 8U);
  const std::vector<Result> results = tasks.run(batch);
  BOOST_REQUIRE(results.size() == 8U);
  BOOST_TEST(results[0].value().id == "a");
  BOOST_TEST(!results[1]);
  BOOST_TEST((results[1].error->code() == Errc::already_exists));
  BOOST_CHECK_THROW((void)results[1].value(), Error);
  BOOST_TEST(results[6].value().install_id.value() == "ins_1");
  BOOST_TEST((results[6].value().status == Status::completed));
  BOOST_TEST(results[7].value().error_message.value() == "It broke.");
  BOOST_TEST(tasks.get("z", "a")->json == results[6].value().json);
  batch.clear();
  BOOST_TEST(batch.size() == 0U);
  BOOST_TEST(tasks.run(batch).empty());
}

BOOST_AUTO_TEST_CASE(many_are_created_and_completed_over_many_zones) {
  Engine tasks(":memory:");
  std::vector<NewTask> specs;
  std::vector<Completion> completions;
  Batch starts;
  for (int i = 0; i < 1000; ++i) {
    const std::string zone = "z" + std::to_string(i % 100);
    const std::string id = "t" + std::to_string(i);
    specs.push_back({.zone_id = zone, .id = id, .operation = "create"});
    starts.start(zone, id);
    completions.push_back({zone, id, {.install_id = "ins_" + id}});
  }
  for (const Result& result : tasks.create_many(specs)) BOOST_TEST(result.value().revision == 1);
  for (const Result& result : tasks.run(starts)) BOOST_TEST((result.value().status == Status::running));
  const auto completed = tasks.complete_many(completions);
  for (std::size_t i = 0; i < completed.size(); ++i)
    BOOST_TEST(completed[i].value().install_id.value() == "ins_t" + std::to_string(i));
  BOOST_TEST(tasks.verify().problems.empty());
}

BOOST_AUTO_TEST_CASE(leases_end_in_a_batch) {
  Engine tasks(":memory:");
  for (const char* id : {"a", "b"}) tasks.create({.zone_id = "z", .id = id, .operation = "create"});
  auto leases = tasks.claim_many(2, {.worker = "w"});
  BOOST_REQUIRE(leases.size() == 2U);
  Batch batch;
  batch.complete_leased(leases[0].token(), {.install_id = "ins_1"});
  batch.fail_leased(leases[1].token(), {.error_message = "It broke."});
  const auto results = tasks.run(batch);
  BOOST_TEST((results[0].value().status == Status::completed));
  BOOST_TEST((results[1].value().status == Status::failed));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_not_added) {
  Batch batch;
  BOOST_CHECK_THROW(batch.create({.zone_id = "z", .operation = "create", .links = {{.href = "\xff", .rel = "x"}}}),
                    Error);
  BOOST_TEST(batch.size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

#include "unit/engine/host.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace tse;

BOOST_FIXTURE_TEST_SUITE(stats, test::Host)

BOOST_AUTO_TEST_CASE(counts_follow_every_change) {
  create("a");
  create("b");
  completed("c");
  create("d", "y");
  start("a");
  const auto all = engine::stats(*tasks, {}, {});
  BOOST_TEST(all.store.totals[0] == 2);
  BOOST_TEST(all.store.totals[1] == 1);
  BOOST_TEST(all.store.totals[2] == 1);
  BOOST_TEST(all.store.totals[3] == 0);
  const auto one = engine::stats(*tasks, "y", {});
  BOOST_REQUIRE(one.store.counts.size() == 1u);
  BOOST_TEST(one.store.counts[0].count == 1);
  BOOST_TEST(one.store.totals[0] == 2);
  engine::erase(*tasks, {"z", "c"}, {});
  BOOST_TEST(engine::stats(*tasks, {}, {}).store.totals[2] == 0);
}

BOOST_AUTO_TEST_CASE(sizes_and_deeds) {
  create("a");
  const auto stats = engine::stats(*tasks, {}, {});
  BOOST_TEST(stats.store.file_bytes == static_cast<std::int64_t>(std::filesystem::file_size(directory.path())));
  BOOST_TEST(stats.store.wal_bytes == static_cast<std::int64_t>(std::filesystem::file_size(directory.path() + "-wal")));
  BOOST_TEST(stats.store.last_sequence == 1);
  BOOST_TEST(stats.store.commits == 1);
  BOOST_TEST(stats.store.changes == 1);
  BOOST_TEST(stats.store.largest_group == 1);
  BOOST_TEST(stats.store.lease_clock == "host");
  BOOST_TEST((stats.durability == store::Durability::full));
  BOOST_TEST(stats.store.engine.starts_with("3."));
}

BOOST_AUTO_TEST_CASE(a_change_empties_the_wal_from_the_size_on_that_was_set) {
  settings.checkpoint_bytes = 64 << 10;
  open();
  for (int i = 0; i < 30; ++i) create(std::to_string(i));
  const auto stats = engine::stats(*tasks, {}, {});
  BOOST_TEST(stats.store.checkpoints > 0);
  BOOST_TEST(stats.store.wal_bytes < 256 << 10);
}

BOOST_AUTO_TEST_CASE(the_scrapers_text_says_the_same) {
  create("a");
  settings.durability = store::Durability::relaxed;
  open();
  create("b");
  const std::string text = engine::to_open_metrics(engine::stats(*tasks, {}, {}));
  BOOST_TEST(text.find("taskstate_tasks{zone=\"z\",operation=\"create\",status=\"pending\"} 2\n") != std::string::npos);
  BOOST_TEST(text.find("taskstate_commits_total 1\n") != std::string::npos);
  BOOST_TEST(text.find("taskstate_lock_wait_seconds_total 0.000000\n") != std::string::npos);
  BOOST_TEST(text.find("durability=\"relaxed\"") != std::string::npos);
  BOOST_TEST(text.ends_with("\n# EOF\n"));
}

BOOST_AUTO_TEST_CASE(what_all_processes_did_is_counted_in_the_file) {
  create("a");
  *now += 2 * test::host_second;
  {
    const auto other = another();
    engine::change(*other, {"z", "a"}, core::Start{}, {});
    *now += 90 * test::host_second;
    engine::change(*other, {"z", "a"}, core::Fail{"It broke.", {}, {}}, {});
  }
  create("b");
  engine::change(*tasks, {"z", "b"}, core::Cancel{}, {});
  const store::FileMetrics metrics = engine::stats(*tasks, {}, {}).store.metrics;
  BOOST_TEST(metrics.failures[0] == 1);
  BOOST_TEST(metrics.failures[1] == 1);
  BOOST_TEST(metrics.waiting.counts[5] == 1);  // 1 to 5 s
  BOOST_TEST(metrics.running.counts[9] == 1);  // 1 to 5 min
  BOOST_TEST(metrics.running.sum == 90 * test::host_second);
}

BOOST_AUTO_TEST_CASE(the_scrapers_text_has_histograms) {
  engine::Stats stats;
  store::FileMetrics& metrics = stats.store.metrics;
  metrics.leases_lost = 4;
  metrics.failures = {5, 6, 7, 8};
  metrics.waiting.counts[0] = 1;
  metrics.waiting.counts[1] = 2;
  metrics.waiting.counts.back() = 3;
  metrics.waiting.sum = 1500000;
  const std::string text = engine::to_open_metrics(stats);
  const auto has = [&](const std::string& line) { return text.find('\n' + line + '\n') != std::string::npos; };
  BOOST_TEST(has("taskstate_leases_lost_total 4"));
  BOOST_TEST(has("taskstate_failures_total{kind=\"failed\"} 5"));
  BOOST_TEST(has("taskstate_failures_total{kind=\"lost\"} 8"));
  BOOST_TEST(has("# TYPE taskstate_waiting_seconds histogram"));
  BOOST_TEST(has("taskstate_waiting_seconds_bucket{le=\"0.01\"} 1"));
  BOOST_TEST(has("taskstate_waiting_seconds_bucket{le=\"0.05\"} 3"));
  BOOST_TEST(has("taskstate_waiting_seconds_bucket{le=\"1.0\"} 3"));
  BOOST_TEST(has("taskstate_waiting_seconds_bucket{le=\"604800.0\"} 3"));
  BOOST_TEST(has("taskstate_waiting_seconds_bucket{le=\"+Inf\"} 6"));
  BOOST_TEST(has("taskstate_waiting_seconds_count 6"));
  BOOST_TEST(has("taskstate_waiting_seconds_sum 1.500000"));
  BOOST_TEST(has("taskstate_running_seconds_bucket{le=\"+Inf\"} 0"));
}

BOOST_AUTO_TEST_CASE(no_label_gets_out_of_its_quotes) {
  engine::Stats stats;
  stats.store.lease_clock = "b\"} 1\n# EOF";
  stats.store.engine = "3\\";
  stats.store.counts = {{"z\"\\\n\x7f\xc3\xa4\xff\xc3", std::string("o\0p", 3), core::Status::running, 7}};
  const std::string text = engine::to_open_metrics(stats);
  BOOST_TEST(text.find("taskstate_tasks{zone=\"z\\\"\\\\\\n?\xc3\xa4??\",operation=\"o?p\",status=\"running\"} 7\n") !=
             std::string::npos);
  BOOST_TEST(text.find("lease_clock=\"b\\\"} 1\\n# EOF\",") != std::string::npos);
  BOOST_TEST(text.find("sqlite=\"3\\\\\",locks=\"\"} 1\n# EOF\n") != std::string::npos);
  BOOST_TEST(text.find("# EOF\n") == text.size() - 6);
}

BOOST_AUTO_TEST_CASE(what_a_foreign_client_writes_into_the_counters_stays_in_its_quotes) {
  create("a");
  shell(
      ".dbconfig enable_trigger off\nINSERT INTO taskstate_counters (zone_id, operation, failed) "
      "VALUES ('x\"} 9' || char(10), 'o', 1)");
  const std::string text = engine::to_open_metrics(engine::stats(*tasks, {}, {}));
  BOOST_TEST(text.find("{zone=\"x\\\"} 9\\n\",operation=\"o\",status=\"failed\"} 1\n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

#include "core/check.hpp"
#include "unit/core/support.hpp"

#include <taskstate/contract/choices.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tse::core {

using namespace std::chrono_literals;

namespace {

/// Whether an enumeration counts as the contract does, to its end.
template <class Choice>
bool counts_as(std::span<const contract::Choice> choices, Choice last) {
  std::int32_t next = 0;
  for (const contract::Choice& choice : choices)
    if (choice.number != next++) return false;
  return static_cast<std::int32_t>(last) == next - 1;
}

template <class Change>
std::string fault(Change change) {
  Settings settings;
  change(settings);
  const auto error = check(settings);
  if (!error) return "";
  BOOST_TEST(error->details.size() == 1U);
  return error->message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(check_settings)

BOOST_AUTO_TEST_CASE(who_only_reads_reconfigures_nothing) {
  BOOST_TEST(fault([](Settings& it) {
               it.mode = Mode::read_only;
               it.reconfigure = true;
             }) == "reconfigure: must not be set with mode read_only, which writes nothing");
  BOOST_TEST(fault([](Settings& it) { it.reconfigure = true; }) == "");
  BOOST_TEST(fault([](Settings& it) { it.mode = Mode::read_only; }) == "");
}

BOOST_AUTO_TEST_CASE(all_that_is_broken_is_told_in_one_order) {
  Settings settings;
  settings.log_file = "";
  settings.log_level = static_cast<LogLevel>(6);
  settings.boot_id = "";
  settings.answer_cache_bytes = -1;
  settings.migrate = static_cast<Migrate>(3);
  settings.file_mode = 0;
  settings.checkpoint_bytes = 0;
  settings.max_bytes = 1;
  settings.durability = static_cast<Durability>(2);
  settings.feed_retention = 0s;
  settings.tombstones = 1us;
  settings.result_retention = 1us;
  settings.retention = 1us;
  settings.idempotency_retention = 0s;
  settings.pending_limit = -1;
  settings.running_limit = -1;
  settings.housekeeping = 1us;
  settings.policy.longest_wait = -1;
  settings.policy.retry_after_min = -1;
  settings.policy.completed = static_cast<Completed>(2);
  settings.operations = {"X"};
  settings.timeout = -1us;
  settings.mode = static_cast<Mode>(3);
  BOOST_TEST(test::fields(check(settings)->details) ==
             "mode timeout operation completed retry_after longest_wait housekeeping running_limit pending_limit "
             "idempotency_retention retention result_retention tombstones feed_retention durability max_bytes "
             "checkpoint_bytes file_mode migrate answer_cache_bytes boot_id log_level log_file");
}

BOOST_AUTO_TEST_CASE(choices) {
  BOOST_TEST(counts_as(contract::modes, Mode::read_only));
  BOOST_TEST(counts_as(contract::completed_policies, Completed::ok));
  BOOST_TEST(counts_as(contract::durabilities, Durability::relaxed));
  BOOST_TEST(counts_as(contract::migrations, Migrate::refuse));
  BOOST_TEST(counts_as(contract::log_levels, LogLevel::off));
  BOOST_TEST(fault([](auto& it) { it.mode = Mode::read_only; }) == "");
  BOOST_TEST(fault([](auto& it) { it.mode = static_cast<Mode>(-1); }) ==
             "mode: must be one of 0 (create), 1 (read_write), 2 (read_only), is -1");
  BOOST_TEST(fault([](auto& it) { it.durability = Durability::relaxed; }) == "");
  BOOST_TEST(fault([](auto& it) { it.migrate = Migrate::refuse; }) == "");
  BOOST_TEST(fault([](auto& it) { it.log_level = LogLevel::off; }) == "");
  BOOST_TEST(fault([](auto& it) { it.policy.completed = Completed::ok; }) == "");
}

BOOST_AUTO_TEST_CASE(a_request_chooses_how_a_completed_task_is_answered) {
  Request request;
  BOOST_TEST(!check(request).has_value());
  request.completed = Completed::ok;
  BOOST_TEST(!check(request).has_value());
  request.completed = static_cast<Completed>(2);
  BOOST_TEST(check(request)->message == "completed: must be one of 0 (see_other), 1 (ok), is 2");
}

BOOST_AUTO_TEST_CASE(durations) {
  BOOST_TEST(fault([](auto& it) { it.housekeeping = 0s; }) == "");
  BOOST_TEST(fault([](auto& it) { it.housekeeping = 10ms; }) == "");
  BOOST_TEST(fault([](auto& it) { it.housekeeping = 1h + 1us; }) ==
             "housekeeping: must be 0, or 10 ms to 1 h, is 3600000001 us");
  BOOST_TEST(fault([](auto& it) {
               it.idempotency_retention = 10 * 366 * 24h + 1us;
             }).starts_with("idempotency_retention: must be 1 s to 10 years, is "));
  BOOST_TEST(fault([](auto& it) { it.retention = 0s; }) == "");
  BOOST_TEST(fault([](auto& it) { it.retention = 1s; }) == "");
  BOOST_TEST(fault([](auto& it) { it.result_retention = 0s; }) == "");
  BOOST_TEST(fault([](auto& it) { it.result_retention = 999ms; }) ==
             "result_retention: must be 0, or 1 s to 100 years, is 999000 us");
  BOOST_TEST(fault([](auto& it) { it.tombstones = 100 * 366 * 24h; }) == "");
  BOOST_TEST(fault([](auto& it) { it.policy.longest_wait = 3600000001; }) ==
             "longest_wait: must be 0 to 1 h, is 3600000001 us");
}

BOOST_AUTO_TEST_CASE(retry_after) {
  const auto of = [](std::int64_t min, std::int64_t max) {
    Settings settings;
    settings.policy.retry_after_min = min;
    settings.policy.retry_after_max = max;
    const auto error = check(settings);
    return error ? test::lines(error->details) : std::vector<std::string>{};
  };
  using Lines = std::vector<std::string>;
  BOOST_TEST(of(0, 0) == Lines{});
  BOOST_TEST(of(86400, 86400) == Lines{});
  BOOST_TEST(of(2, 1) == (Lines{"retry_after: must be no more at least than at most, is 2 to 1 s"}));
  BOOST_TEST(of(-1, 1) == (Lines{"retry_after: must be 0 to 86400 s, is -1 s"}));
  BOOST_TEST(of(1, 86401) == (Lines{"retry_after: must be 0 to 86400 s, is 86401 s"}));
}

BOOST_AUTO_TEST_CASE(sizes) {
  BOOST_TEST(fault([](auto& it) { it.max_bytes = 65535; }) == "max_bytes: must be 0, or 64 KiB and up, is 65535 bytes");
  BOOST_TEST(fault([](auto& it) { it.checkpoint_bytes = (1 << 30) + 1; }) ==
             "checkpoint_bytes: must be 64 KiB to 1 GiB, is 1073741825 bytes");
  BOOST_TEST(fault([](auto& it) { it.answer_cache_bytes = 0; }) == "");
}

BOOST_AUTO_TEST_CASE(a_file_mode_lets_its_owner_read_and_write_and_nobody_execute) {
  for (const std::uint32_t good : {0600U, 0640U, 0660U, 0644U, 0666U})
    BOOST_TEST(fault([&](auto& it) { it.file_mode = good; }) == "");
  for (const std::uint32_t bad : {0U, 0400U, 0200U, 0700U, 01600U, 0611U})
    BOOST_TEST(fault([&](auto& it) { it.file_mode = bad; }).starts_with("file_mode: must be 0600 with any of 0066"));
}

BOOST_AUTO_TEST_CASE(names) {
  BOOST_TEST(fault([](auto& it) { it.operations.emplace_back("archive"); }) == "");
  BOOST_TEST(fault([](auto& it) { it.operations.emplace_back(""); }) ==
             "operation: must be a lower-case letter and up to 31 of a-z 0-9 _; has 0 bytes");
  BOOST_TEST(fault([](auto& it) { it.boot_id = std::string(64, 'b'); }) == "");
  for (const std::string& bad : {std::string(65, 'b'), std::string("a:b"), std::string()})
    BOOST_TEST(fault([&](auto& it) { it.boot_id = bad; }).starts_with("boot_id: must be 1 to 64 bytes of A-Z"));
  BOOST_TEST(fault([](auto& it) { it.log_file = "a.log"; }) == "");
  BOOST_TEST(fault([](auto& it) { it.log_file = std::string("a\0b", 3); }) == "log_file: must be a path, has 3 bytes");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tse::core

// What a failing test shows of the core's values.
#include "unit/printing.hpp"

#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <string>

using namespace tse::core;
using namespace tse::core::test;

BOOST_AUTO_TEST_SUITE(core_printing)

namespace {

// As Boost.Test writes it.
template <typename Value>
std::string shown(const Value& value) {
  std::ostringstream out;
  out << boost::test_tools::tt_detail::print_helper(value);
  return out.str();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_CASE(enumerators_have_their_names) {
  BOOST_TEST(shown(Status::failed) == "failed");
  BOOST_TEST(shown(Code::lease_lost) == "lease_lost");
  BOOST_TEST(shown(Outcome::not_done) == "not_done");
  BOOST_TEST(shown(Outcome::unknown) == "unknown");
  BOOST_TEST(shown(FailureKind::expired) == "expired");
  BOOST_TEST(shown(std::optional(FailureKind::lost)) == "lost");
  BOOST_TEST(shown(std::optional<FailureKind>()) == "(none)");
  BOOST_TEST(shown(std::optional<Status>()) == "(none)");
}

BOOST_AUTO_TEST_CASE(an_error_shows_its_code_words_fields_and_outcome) {
  Error error = invalid({{"id", "is empty"}, {"zone_id", "is long"}});
  error.outcome = Outcome::unknown;
  BOOST_TEST(shown(error) == "invalid_argument: " + error.message + "; id: is empty; zone_id: is long; unknown");
}

BOOST_AUTO_TEST_CASE(a_task_shows_what_it_has) {
  Task task = completed_row().task;
  task.links = {link_to("/a")};
  task.warnings = {warning_saying("w")};
  const std::string text = shown(task);
  for (const char* part : {"z1/t1 ", "status=completed", "operation=create", "install_id=ins_1", "package_id=pkg_1",
                           "[related -> /a]", "(conflict: w)"})
    BOOST_TEST(has(text, part), part << " in " << text);
  BOOST_TEST(!has(text, "error_message"));
}

BOOST_AUTO_TEST_CASE(a_row_shows_what_is_kept_beside_the_task) {
  Row row = failed_row();
  row.lease_until = 77;
  row.worker = "w1";
  row.cancel_requested = true;
  const std::string text = shown(row);
  for (const char* part : {"status=failed", "error_message=It did not fit.", "revision=3", "attempt=1",
                           "lease_until=77", "worker=w1", " cancel_requested", "failure_kind=failed", "note=failed"})
    BOOST_TEST(has(text, part), part << " in " << text);
  BOOST_TEST(!has(text, "not_before"));
}

BOOST_AUTO_TEST_CASE(an_event_shows_its_move) {
  Event event;
  event.sequence = 9;
  event.key = {"z1", "t1"};
  event.kind = "started";
  event.from = Status::pending;
  event.to = Status::running;
  event.worker = "w1";
  const std::string text = shown(event);
  for (const char* part : {"#9 z1/t1 started", "from=pending", "to=running", "worker=w1"})
    BOOST_TEST(has(text, part), part << " in " << text);
}

BOOST_AUTO_TEST_SUITE_END()

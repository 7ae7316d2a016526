#include "core/verify.hpp"

#include "core/codec.hpp"
#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>
#include <vector>

using namespace tse::core;
using namespace tse::core::test;

namespace {

/// What the store makes of the notes that the rows carry.
std::vector<Event> history_of(const std::vector<Row>& rows) {
  std::vector<Event> events;
  for (const Row& row : rows) {
    Event event;
    event.kind = row.note.kind;
    if (!events.empty()) event.from = events.back().to;
    event.to = row.task.status;
    event.at = row.task.updated_at;
    event.revision = row.revision;
    event.attempt = row.attempt;
    event.epoch = row.epoch;
    events.push_back(std::move(event));
  }
  return events;
}

struct Sample {
  Row row;
  std::vector<Event> events;
};

Sample completed_sample() {
  const Row pending = pending_row();
  const Row running = next(pending, Start{Grant{7, noon + 30 * second, "wall", "w"}});
  Context holder = at_time(noon + 2 * second);
  holder.epoch = 7;
  const Row completed = std::get<Steps>(apply(running, completing(), holder)).back();
  return {completed, history_of({pending, running, completed})};
}

Sample running_sample() {
  const Row pending = pending_row();
  const Row running = next(pending, Start{Grant{7, noon + 30 * second, "wall", "w"}});
  return {running, history_of({pending, running})};
}

using Change = std::function<void(Sample&)>;

std::string found(Sample sample, const Change& change) {
  change(sample);
  std::string all;
  for (const std::string& each : verify(sample.row, sample.events)) all += (all.empty() ? "" : "; ") + each;
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_verify)

BOOST_AUTO_TEST_CASE(what_the_engine_writes_is_sound) {
  for (const Status status : taskstate::all_statuses) {
    const Row row = row_in(status);
    std::vector<Row> rows{pending_row()};
    if (status != Status::pending) rows.push_back(running_row());
    if (taskstate::is_terminal(status)) rows.push_back(row);
    BOOST_TEST(verify(row, history_of(rows)).empty());
  }
  BOOST_TEST(found(completed_sample(), [](Sample&) {}) == "");
  BOOST_TEST(found(running_sample(), [](Sample&) {}) == "");
}

BOOST_AUTO_TEST_CASE(a_task_that_breaks_a_rule_is_found) {
  const auto of = [](const Change& change) { return found(running_sample(), change); };
  BOOST_TEST(of([](Sample& it) {
               it.row.task.package_id = "";
               it.row.body = render(it.row.task);
             }) == "package_id must be 1 to 512 bytes; has 0 bytes");
  BOOST_TEST(of([](Sample& it) { it.row.body += ' '; }) == "its stored body is not what the task looks like");
  BOOST_TEST(of([](Sample& it) { it.row.version = 1; }) == "its version is less than its revision");
  BOOST_TEST(of([](Sample& it) { it.row.lease_clock.reset(); }) == "its lease has an end or a clock alone");
  BOOST_TEST(of([](Sample& it) {
               it.row.epoch = 0;
               it.events.back().epoch = 0;
             }) == "its lease has no epoch");
  BOOST_TEST(of([](Sample& it) { it.row.attempt = 2; }) == "it was started more often than it may be");
  BOOST_TEST(of([](Sample& it) { it.row.failure_kind = FailureKind::lost; }) ==
             "it has not failed and has a kind of failure");
}

BOOST_AUTO_TEST_CASE(a_lease_of_a_task_that_does_not_run_is_found) {
  const auto of = [](const Change& change) { return found(completed_sample(), change); };
  const std::string held = "it does not run and has a lease";
  BOOST_TEST(of([](Sample& it) { it.row.worker = "w"; }) == held);
  BOOST_TEST(of([](Sample& it) { it.row.lease_clock = "wall"; }) == held + "; its lease has an end or a clock alone");
  BOOST_TEST(of([](Sample& it) {
               it.row.lease_clock = "wall";
               it.row.lease_until = 1;
             }) == held);
}

BOOST_AUTO_TEST_CASE(a_history_that_does_not_hang_together_is_found) {
  const auto of = [](const Change& change) { return found(completed_sample(), change); };
  const std::string first = "event 1 of its history is not its creation";
  BOOST_TEST(of([](Sample& it) { it.events[0].kind = "started"; }) == first);
  BOOST_TEST(of([](Sample& it) { it.events[0].from = Status::pending; }) == first);
  BOOST_TEST(of([](Sample& it) { it.events[0].to = Status::running; }) ==
             first + "; event 2 of its history does not begin where the one before ended");
  BOOST_TEST(of([](Sample& it) { it.events[1].revision = 3; }) == "event 2 of its history has revision 3");
  BOOST_TEST(of([](Sample& it) { it.events[1].from.reset(); }) ==
             "event 2 of its history does not begin where the one before ended");
  BOOST_TEST(of([](Sample& it) {
               it.events[1].to = Status::pending;
               it.events[2].from = Status::pending;
             }) == "event 3 of its history is an illegal move");
  BOOST_TEST(of([](Sample& it) { it.events[0].at = it.events[1].at + 1; }) ==
             "event 2 of its history goes back in time");
  const std::string back = "event 3 of its history goes back in epoch or attempt";
  BOOST_TEST(of([](Sample& it) { it.events[2].epoch = 0; }) == back);
  BOOST_TEST(of([](Sample& it) { it.events[2].attempt = 0; }) == back);
}

BOOST_AUTO_TEST_CASE(a_history_that_does_not_end_in_the_task_is_found) {
  const auto of = [](const Change& change) { return found(completed_sample(), change); };
  BOOST_TEST(of([](Sample& it) { it.events.clear(); }) == "it has revision 3 and 0 events");
  BOOST_TEST(of([](Sample& it) { it.events[2].epoch = 8; }) == "its epoch or attempt lies behind its history");
  BOOST_TEST(of([](Sample& it) { it.events[2].attempt = 2; }) == "its epoch or attempt lies behind its history");
  BOOST_TEST(of([](Sample& it) { it.events[2].to = Status::failed; }) == "its history does not end in its status");
  BOOST_TEST(of([](Sample& it) { ++it.events[2].at; }) == "its history does not end at updated_at");
}

BOOST_AUTO_TEST_SUITE_END()

// Which clocks of leases live, as others on the file can see it. Each object here is an open file description of its
// own, as another process's would be.
#include "store/sqlite/clock_slots.hpp"

#include "unit/store/support.hpp"

#include <fcntl.h>
#include <signal.h>

#include <memory>
#include <string>

using namespace store_test;
using store::sqlite::ClockPresence;
using store::sqlite::ClockSlots;
using store::sqlite::WallNote;

namespace {

struct Fixture {
  TempDirectory directory;
  std::string file = directory.path("sidecar");

  Fixture() { std::ofstream(file) << std::string(4096, '\0'); }
  [[nodiscard]] std::unique_ptr<ClockSlots> join(const std::string& clock) const {
    auto made = std::make_unique<ClockSlots>();
    BOOST_REQUIRE(made->join(file, clock));
    return made;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(clock_slots, Fixture)

BOOST_AUTO_TEST_CASE(a_clock_lives_as_long_as_one_that_uses_it) {
  const auto observer = join("ours");
  BOOST_TEST(!observer->presence("theirs", 0).living);
  auto one = join("theirs");
  auto other = join("theirs");
  BOOST_TEST(observer->presence("theirs", 0).living);
  one.reset();
  BOOST_TEST(observer->presence("theirs", 0).living);
  other.reset();
  BOOST_TEST(!observer->presence("theirs", 0).living);
}

BOOST_AUTO_TEST_CASE(a_process_that_is_killed_lives_no_longer) {
  const auto observer = join("ours");
  int ready[2];
  BOOST_REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ClockSlots theirs;
    const char joined = theirs.join(file, "theirs") ? 1 : 0;
    [[maybe_unused]] const ssize_t said = ::write(ready[1], &joined, 1);
    for (;;) ::pause();
  }
  char joined = 0;
  BOOST_REQUIRE((::read(ready[0], &joined, 1) == 1 && joined == 1));
  BOOST_TEST(observer->presence("theirs", 0).living);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  BOOST_TEST(!observer->presence("theirs", 0).living);
  ::close(ready[0]);
  ::close(ready[1]);
}

BOOST_AUTO_TEST_CASE(absence_is_measured_from_the_first_look_and_anew_when_somebody_was_there) {
  const auto observer = join("ours");
  join("theirs").reset();
  BOOST_TEST(observer->presence("theirs", 100).absent_for == 0);
  BOOST_TEST(observer->presence("theirs", 130).absent_for == 30);
  join("theirs").reset();  // nobody has looked meanwhile
  BOOST_TEST(observer->presence("theirs", 150).absent_for == 0);
  BOOST_TEST(observer->presence("theirs", 160).absent_for == 10);
  BOOST_TEST(observer->presence("theirs", 5).absent_for == 0);  // a clock that was set back measures anew
  BOOST_TEST(observer->presence("theirs", 6).absent_for == 1);
}

BOOST_AUTO_TEST_CASE(those_who_look_with_one_clock_share_what_they_measure) {
  join("theirs").reset();
  BOOST_TEST(join("ours")->presence("theirs", 100).absent_for == 0);
  BOOST_TEST(join("ours")->presence("theirs", 107).absent_for == 7);
  BOOST_TEST(join("another")->presence("theirs", 107).absent_for == 0);
}

BOOST_AUTO_TEST_CASE(more_absent_clocks_than_there_is_room_for_are_measured_in_turn) {
  const auto observer = join("ours");
  for (int i = 0; i < 9; ++i) BOOST_TEST(observer->presence("c" + std::to_string(i), 100 + i).absent_for == 0);
  BOOST_TEST(observer->presence("c8", 120).absent_for == 12);
  BOOST_TEST(observer->presence("c1", 120).absent_for == 19);
  BOOST_TEST(observer->presence("c0", 120).absent_for == 0);  // it had to make room
}

BOOST_AUTO_TEST_CASE(the_longest_lease_is_remembered_by_the_clock) {
  auto theirs = join("theirs");
  const auto observer = join("ours");
  BOOST_TEST(observer->presence("theirs", 0).longest_lease == 0);
  theirs->note_lease(30);
  theirs->note_lease(20);
  BOOST_TEST(observer->presence("theirs", 0).longest_lease == 30);
  theirs = join("theirs");
  theirs->note_lease(25);
  BOOST_TEST(observer->presence("theirs", 0).longest_lease == 30);
}

BOOST_AUTO_TEST_CASE(a_full_table_takes_the_row_that_was_used_longest_ago_and_none_that_lives) {
  const auto first = join("living");
  for (int i = 0; i < 63; ++i) join("c" + std::to_string(i))->note_lease(7);
  const auto observer = join("newer");  // in the place of c0
  BOOST_TEST(observer->presence("c0", 0).longest_lease == 0);
  BOOST_TEST(observer->presence("c1", 0).longest_lease == 7);
  BOOST_TEST(observer->presence("living", 0).living);
  std::vector<std::unique_ptr<ClockSlots>> living;
  for (int i = 0; i < 62; ++i) living.push_back(join("l" + std::to_string(i)));
  ClockSlots last;
  BOOST_TEST(!last.join(file, "too many"));
  BOOST_TEST(last.presence("living", 0).living);
  BOOST_TEST(last.presence("c0", 0).living);  // who has no row can tell nothing
}

BOOST_AUTO_TEST_CASE(a_look_that_fails_finds_nobody_gone) {
  const auto observer = join("ours");
  join("theirs").reset();
  BOOST_TEST(!observer->presence("theirs", 0).living);
  const int copy = ::open("/dev/null", O_RDONLY);
  for (int each = 3; each < copy; ++each) {
    struct stat of_each {};
    struct stat of_file {};
    if (::fstat(each, &of_each) == 0 && ::stat(file.c_str(), &of_file) == 0 && of_each.st_ino == of_file.st_ino)
      ::dup2(copy, each);  // as a host that closes all descriptors and opens others
  }
  ::close(copy);
  BOOST_TEST(observer->presence("theirs", 100).living);
  BOOST_TEST(!observer->wall_notes());
}

BOOST_AUTO_TEST_CASE(notes_of_the_wall_clock_belong_to_a_clock) {
  const auto ours = join("ours");
  BOOST_TEST(ours->wall_notes().value()[0] == store::sqlite::no_note);
  ours->set_wall_note(WallNote::lowest, -5);
  ours->set_wall_note(WallNote::leap_from, 9);
  const auto notes = join("ours")->wall_notes().value();
  BOOST_TEST(notes[static_cast<std::size_t>(WallNote::lowest)] == -5);
  BOOST_TEST(notes[static_cast<std::size_t>(WallNote::accepted)] == store::sqlite::no_note);
  BOOST_TEST(notes[static_cast<std::size_t>(WallNote::leap_from)] == 9);
  BOOST_TEST(join("theirs")->wall_notes().value()[0] == store::sqlite::no_note);
}

BOOST_AUTO_TEST_SUITE_END()

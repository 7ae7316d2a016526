// The power fails at each step of a migration: what is found is the old file whole or the new one whole, with the copy
// beside the new one, and it can be gone on with.
//   TSE_CUTS_A_STEP=100 TSE_SEED=1 build/release/tests/migration --run_test=migration_power_cut
#include "fault/disk.hpp"
#include "fault/fixtures.hpp"
#include "fault/place.hpp"
#include "fault/sql.hpp"
#include "releases.hpp"

#include "engine/migrate.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

using namespace tse;
using namespace tse::test;

BOOST_AUTO_TEST_SUITE(migration_power_cut)

namespace {

constexpr const char* database = "tasks.db";
constexpr const char* copy_name = "tasks.db.schema2";

/// A migration as it was recorded.
struct Recorded {
  Left left;
  Files before;
  std::vector<Step> steps;
  std::string copy;
};

Recorded record(bool hot) {
  Recorded all{left_by(2, hot), {}, {}, {}};
  const Place place;
  all.left.put(place.path(), 0);
  all.before[database] = all.left.database;
  if (hot) all.before[std::string(database) + "-wal"] = all.left.wal;
  Recording recording(place.directory(), all.before);
  engine::migrate(place.path(), settings(), {});
  all.steps = std::move(recording.steps);
  all.copy = read_file(place.path(copy_name));
  return all;
}

class Checker {
 public:
  Checker(const Recorded& recorded, Random& random) : recorded_(recorded), random_(random) {}

  std::size_t old = 0;
  std::size_t migrated = 0;

  /// What is wrong with the files after a cut, or nothing.
  std::optional<std::string> problem_of(const Files& files) {
    place_.fill(files);
    const auto copy = files.find(copy_name);
    const bool has_copy = copy != files.end();
    if (has_copy && copy->second != recorded_.copy) return "the copy is not whole";
    try {
      engine::Settings as_it_is = settings();
      as_it_is.migrate = core::Migrate::refuse;
      const engine::Engine::Ptr tasks = engine::Engine::open(place_.path(), as_it_is);
      ++migrated;
      if (!has_copy) return "it is migrated, and there is no copy";
      return wrong_of(*tasks);
    } catch (const core::Failure& failure) {
      if (failure.error().code != core::Code::schema_too_old) return "it cannot be opened: " + failure.error().message;
    }
    ++old;
    try {
      if (auto wrong = as_before()) return wrong;
      engine::migrate(place_.path(), settings(), {});
      return wrong_of(*engine::Engine::open(place_.path(), settings()));
    } catch (const core::Failure& failure) {
      return "a call fails: " + failure.error().message;
    }
  }

 private:
  std::optional<std::string> as_before() {
    const As current(Release::current);
    const engine::Engine::Ptr tasks = engine::Engine::open(place_.path(), settings());
    if (describe(*tasks) != recorded_.left.content) return "the old file has other content";
    return std::nullopt;
  }
  std::optional<std::string> wrong_of(engine::Engine& tasks) {
    if (describe(tasks) != recorded_.left.content) return "the new file has other content";
    if (run_sql(place_.path(), "SELECT count(*) FROM taskstate_tasks WHERE flavour IS NOT 'flavour of ' || id") != 0)
      return "a row was not migrated";
    if (below(random_, 4) == 0) return go_on(tasks, recorded_.left.token);
    const auto problems = problems_of(tasks);
    return problems.empty() ? std::nullopt : std::optional(problems.front());
  }

  const Recorded& recorded_;
  Random& random_;
  const Place place_;
};

/// Cuts the power after each step; what was wrong first, or nothing.
std::optional<std::string> cut_at_each_step(const Recorded& recorded, std::size_t cuts, Random& random) {
  Checker checker(recorded, random);
  Disk disk(recorded.before);
  std::optional<std::string> first;
  for (std::size_t step = 0; step <= recorded.steps.size() && !first; ++step) {
    if (step > 0) disk.take(recorded.steps[step - 1]);
    for (std::size_t i = 0; i < cuts && !first; ++i) first = checker.problem_of(disk.after_a_cut(random));
    if (first) *first = "step " + std::to_string(step) + " of " + std::to_string(recorded.steps.size()) + ": " + *first;
  }
  if (!first) {
    BOOST_TEST(checker.old > 10U);
    BOOST_TEST(checker.migrated > 10U);
    std::printf("campaign: migration-power-cut: %zu steps, %zu states old, %zu migrated\n", recorded.steps.size(),
                checker.old, checker.migrated);
  }
  return first;
}

bool is_found_out(Step::Kind left_out) {
  Random random(setting("TSE_SEED", 1));
  Recorded recorded = record(false);
  std::erase_if(recorded.steps, [&](const Step& step) { return step.kind == left_out; });
  return cut_at_each_step(recorded, 4, random).has_value();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_cut_leaves_the_old_file_or_the_new_one) {
  for (const bool hot : {false, true}) {
    Random random(setting("TSE_SEED", 1));
    const auto wrong = cut_at_each_step(record(hot), setting("TSE_CUTS_A_STEP", 1), random);
    BOOST_TEST(!wrong, wrong.value_or("") << (hot ? " (hot)" : " (clean)"));
  }
}

BOOST_AUTO_TEST_CASE(a_disk_that_does_not_flush_is_found_out) { BOOST_TEST(is_found_out(Step::sync)); }
BOOST_AUTO_TEST_CASE(a_directory_that_is_not_flushed_is_found_out) { BOOST_TEST(is_found_out(Step::sync_directory)); }

BOOST_AUTO_TEST_SUITE_END()

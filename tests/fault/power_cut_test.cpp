// Power cuts at every instant: all that a host has done to a file is recorded, and at each step of it the power fails.
// What was not flushed is lost, kept, kept in part, torn or garbled; names may be missing or be back. The file is
// opened, and every acknowledged change must be there, whole, and at most the one under way besides. While it is opened
// and worked on the power fails again.
//   TSE_POWER_CUTS=1000000 TSE_SEED=1 TSE_JOBS=2 build/release/tests/fault
//   --run_test=power_cut/nothing_acknowledged_is_lost TSE_POWER_CUT_STATE=4711 TSE_SEED=1 build/release/tests/fault
//   --run_test=power_cut/nothing_acknowledged_is_lost
#include "disk.hpp"
#include "host.hpp"
#include "place.hpp"
#include "support.hpp"
#include "unit/store/support.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace tse;
using namespace tse::test;
using store_test::read_file;
using store_test::write_file;

/// SQLite counts what it allocates under a lock, for nobody here: a tenth of the time.
struct Uncounted {
  Uncounted() { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
};
BOOST_TEST_GLOBAL_FIXTURE(Uncounted);

BOOST_AUTO_TEST_SUITE(power_cut)

namespace {

using std::chrono::steady_clock;

constexpr const char* database = "tasks.db";
constexpr std::size_t states_of_a_pass = 100;

/// Where the power is cut, and how far a story is told for it.
struct Cuts {
  std::size_t acts_of_a_story;
  std::size_t states_of_a_story;
  std::size_t first_steps;  // no cut is later
  std::size_t again_one_in;
};
constexpr Cuts anywhere{150, 2000, std::numeric_limits<std::size_t>::max(), 4};
// A file in the making, and one that is made again after a cut: of all files the most fragile.
constexpr Cuts while_it_is_made{5, states_of_a_pass, 100, 1};

std::size_t some_step(Random& random, const Cuts& cuts, const std::vector<Step>& steps) {
  return below(random, std::min(steps.size(), cuts.first_steps) + 1);
}

/// What may be found after a cut, as the story had it until then.
struct Expected {
  const Story* story = nullptr;
  std::size_t least = 0;              // the last commit that must be there
  std::size_t most = 0;               // the last that may be
  const Story::Told* told = nullptr;  // none: nobody knows yet that there is a file

  void take(const Step& step) {
    if (step.kind == Step::commit) most = step.file;
    if (step.kind != Step::acknowledged) return;
    told = &story->told[step.file];
    least = told->durable;
  }
};

std::string difference(const std::string& expected, const std::string& found) {
  const auto line = [](const std::string& text, std::size_t at) {
    const std::size_t begin = text.rfind('\n', at) + 1;
    return text.substr(begin, std::min<std::size_t>(text.find('\n', begin) - begin, 400));
  };
  const auto at = static_cast<std::size_t>(
      std::mismatch(expected.begin(), expected.end(), found.begin(), found.end()).first - expected.begin());
  return "expected: " + line(expected, at > 0 ? at - 1 : 0) + "\n  found: " + line(found, at > 0 ? at - 1 : 0);
}

/// From the creation of the file on, or from its adoption.
Story a_story(Random& random, std::size_t acts, store::Durability durability) {
  const Place place;
  Story story;
  if (below(random, 2) == 0) {
    run_sql(place.path(),
            "CREATE TABLE notes (n INTEGER PRIMARY KEY, id TEXT, at INTEGER); "
            "INSERT INTO notes (id, at) VALUES ('of the host', 1)");
    story.before[database] = read_file(place.path());
  }
  place.fill(story.before);
  Recording recording(place.directory(), story.before);
  Host host(place.path(), {}, random, durability);
  host.tell(story, recording);
  host.make_table();
  for (std::size_t i = 0; i < acts; ++i) host.act();
  host.end();
  return story;
}

class Checker {
 public:
  Checker(Random& random, const Cuts& where) : random_(random), where_(where) {}
  std::size_t states = 0;

  /// What is wrong with the files after a cut, or nothing.
  std::optional<std::string> problem_of(const Files& files, const Expected& expected, int cuts = 1) {
    ++states;
    try {
      place_.fill(files);
      if (below(random_, 4) == 0) write_file(place_.path(std::string(database) + "-shm"), std::string(32768, 'x'));
      const bool again = cuts == 1 && below(random_, where_.again_one_in) == 0;
      Story story{files, {}, {}, {}, {}};
      std::optional<Recording> recording;
      if (again) recording.emplace(place_.directory(), files);
      if (auto wrong = wrong_of(files, expected, story, recording)) return wrong;
      if (!again) return std::nullopt;
      recording.reset();
      return cut_again(expected, story, cuts);
    } catch (const core::Failure& failure) {
      return "a call fails: " + failure.error().message;
    } catch (const std::runtime_error& error) {
      return std::string("a call fails: ") + error.what();
    }
  }

 private:
  // Opens the file and uses it.
  std::optional<std::string> wrong_of(const Files& files, const Expected& expected, Story& story,
                                      std::optional<Recording>& recording) {
    const Promises promises = expected.told != nullptr ? expected.told->promises : Promises();
    Host host(place_.path(), promises, random_, store::Durability::full);
    if (recording) host.tell(story, *recording);
    if (auto wrong = unexpected(expected)) return wrong;
    const auto report = engine::verify(host.tasks(), patient());
    if (!report.problems.empty()) return "verify: " + report.problems.front();
    if (auto wrong = broken_promise(host, promises)) return wrong;
    if (auto wrong = broken_backup(files, expected)) return wrong;
    if (auto wrong = host.work()) return wrong;
    if (auto wrong = revived_lease(host)) return wrong;
    if (!recording) return std::nullopt;
    host.make_table();
    for (int i = 0; i < 3; ++i) host.act();
    host.end();
    return std::nullopt;
  }

  std::optional<std::string> cut_again(const Expected& before, const Story& story, int cuts) {
    Expected expected = before;
    Disk disk(story.before);
    const std::size_t until = some_step(random_, where_, story.steps);
    for (std::size_t i = 0; i < until; ++i) {
      const Step& step = story.steps[i];
      disk.take(step);
      // What was seen once is not in doubt any more.
      if (step.kind == Step::acknowledged && expected.story != &story) expected = {&story, 0, 0, nullptr};
      if (expected.story == &story) expected.take(step);
    }
    auto wrong = problem_of(disk.after_a_cut(random_), expected, cuts + 1);
    if (wrong) *wrong = "cut again at step " + std::to_string(until) + ": " + *wrong;
    return wrong;
  }

  std::optional<std::string> unexpected(const Expected& expected) const {
    Reader reader(place_.path());
    const std::string found = reader.content();
    const Story& story = *expected.story;
    if (expected.told != nullptr && reader.generation() != story.generation) return "it is another file";
    for (std::size_t i = expected.least; i <= expected.most; ++i)
      if (*story.commits[i] == found) return std::nullopt;
    return "it is none of commits " + std::to_string(expected.least) + " to " + std::to_string(expected.most) +
           ":\n  " + difference(*story.commits[expected.least], found);
  }

  std::optional<std::string> broken_promise(Host& host, const Promises& promises) {
    if (!promises.keys.empty()) {
      const auto& kept = promises.keys[below(random_, promises.keys.size())];
      if (promises.now < kept.until) {
        const engine::Created again = engine::create(host.tasks(), kept.spec, patient());
        if (!again.replayed || again.row.task.id != kept.id) return "an idempotency key made " + kept.id + " anew";
      }
    }
    if (promises.erased.empty()) return std::nullopt;
    const auto& erased = promises.erased[below(random_, promises.erased.size())];
    if (engine::get(host.tasks(), erased.key, patient())) return erased.key.id + " was erased and is back";
    for (const char* suffix : {"", "-wal"})
      if (read_file(place_.path() + suffix).find(erased.secret) != std::string::npos)
        return "the payload of " + erased.key.id + " was erased and can be read";
    return std::nullopt;
  }

  std::optional<std::string> revived_lease(Host& host) {
    const auto& spent = host.promises().spent;
    try {
      engine::change_leased(host.tasks(), spent[below(random_, spent.size())],
                            core::Fail{"A dead worker's word.", {}, {}}, patient());
    } catch (const core::Failure& failure) {
      const core::Code code = failure.error().code;
      if (code == core::Code::lease_lost || code == core::Code::illegal_transition) return std::nullopt;
      throw;
    }
    return "a lease that had ended changed its task";
  }

  // A backup has its name once it is whole.
  std::optional<std::string> broken_backup(const Files& files, const Expected& expected) {
    if (expected.told == nullptr) return std::nullopt;
    const auto& promised = expected.told->promises.backups;
    for (const auto& [name, content] : files) {
      const bool is_backup =
          name.starts_with("backup-") && name.find_first_not_of("0123456789", 7) == std::string::npos;
      if (!is_backup || (promised.contains(name) && below(random_, 16) != 0)) continue;
      engine::Settings at_rest = patient_settings();
      at_rest.housekeeping = std::chrono::seconds(0);  // on a slow machine it would change the copy before it is read
      const engine::Engine::Ptr copy = engine::Engine::open(place_.path(name), at_rest);
      if (!engine::verify(*copy, patient()).problems.empty()) return name + " is damaged";
      const auto found = promised.find(name);
      if (found != promised.end() && Reader(place_.path(name)).content() != *expected.story->commits[found->second])
        return name + " is not what was there";
    }
    for (const auto& [name, commit] : promised)
      if (!files.contains(name)) return name + " is missing";
    return std::nullopt;
  }

  Random& random_;
  const Cuts where_;
  const Place place_;
};

/// Cuts the power in stories that follow from a seed, each state from its number.
class Campaign {
 public:
  using Change = std::function<void(Story&)>;
  explicit Campaign(std::uint64_t seed, const Cuts& where = anywhere,
                    store::Durability durability = store::Durability::full, Change change = {})
      : seed_(seed), where_(where), durability_(durability), change_(std::move(change)) {}

  /// Some states in a row, while `go_on`. Tells of each that is wrong.
  void run(std::uint64_t from, std::size_t count, const std::function<bool(const Checker&)>& go_on,
           const std::function<void(const std::string&)>& tell) {
    const Story& story = story_of(from / where_.states_of_a_story);
    struct State {
      std::uint64_t number;
      Random random;
      std::size_t step;
    };
    std::vector<State> states;
    for (std::uint64_t number = from; number < from + count; ++number) {
      Random random(seed_ * 1'000'003 + number);
      const std::size_t step = some_step(random, where_, story.steps);
      states.push_back({number, random, step});
    }
    std::sort(states.begin(), states.end(), [](const State& a, const State& b) { return a.step < b.step; });
    Disk disk(story.before);
    Expected expected{&story, 0, 0, nullptr};
    std::size_t taken = 0;
    for (State& state : states) {
      for (; taken < state.step; ++taken) {
        disk.take(story.steps[taken]);
        expected.take(story.steps[taken]);
      }
      random_ = state.random;
      const auto wrong = checker_.problem_of(disk.after_a_cut(random_), expected);
      if (wrong)
        tell("step " + std::to_string(state.step) + " of " + std::to_string(story.steps.size()) + ": " + *wrong +
             "\n  again: TSE_SEED=" + std::to_string(seed_) + " TSE_POWER_CUT_STATE=" + std::to_string(state.number) +
             " build/release/tests/fault --run_test=" + boost::unit_test::framework::current_test_case().full_name());
      if (!go_on(checker_)) return;
    }
  }
  [[nodiscard]] std::size_t states() const { return checker_.states; }

 private:
  const Story& story_of(std::uint64_t number) {
    if (number == told_) return story_;
    // So that SQLite's own random numbers are the same each time, too.
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed_ + number) | 1, nullptr);
    Random random(seed_ * 7919 + number);
    story_ = a_story(random, where_.acts_of_a_story, durability_);
    if (change_) change_(story_);
    told_ = number;
    return story_;
  }

  const std::uint64_t seed_;
  const Cuts where_;
  const store::Durability durability_;
  const Change change_;
  std::uint64_t told_ = std::numeric_limits<std::uint64_t>::max();
  Story story_;
  Random random_;
  Checker checker_{random_, where_};
};

/// Whether what is wrong with the disk is found out within so many states.
bool is_found_out(store::Durability durability, const Campaign::Change& change = {}) {
  bool found = false;
  Campaign campaign(setting("TSE_SEED", 1), anywhere, durability, change);
  for (std::uint64_t pass = 0; pass < 10 && !found; ++pass)
    campaign.run(
        pass * states_of_a_pass, states_of_a_pass, [&](const Checker&) { return !found; },
        [&](const std::string&) { found = true; });
  return found;
}

Campaign::Change without(Step::Kind kind) {
  return [kind](Story& story) { std::erase_if(story.steps, [kind](const Step& step) { return step.kind == kind; }); };
}

/// As many states as the environment says; one name of a campaign for all.
void require_nothing_lost(const Cuts& where) {
  const std::uint64_t seed = setting("TSE_SEED", 1);
  const std::size_t count = setting("TSE_POWER_CUTS", 2000);
  const std::size_t seconds = setting("TSE_SECONDS", 0);
  const std::size_t only = setting("TSE_POWER_CUT_STATE", std::numeric_limits<std::size_t>::max());
  const auto until = steady_clock::now() + std::chrono::seconds(seconds);
  struct Count {
    std::atomic<std::size_t> passes, states, violations;
  };
  Shared<Count> counted;
  const auto ends = [&] {
    if (counted->violations >= 10) return true;
    return seconds > 0 ? steady_clock::now() >= until : counted->states >= count;
  };
  const auto job = [&] {
    Campaign campaign(seed, where);
    const auto tell = [&](const std::string& wrong) {
      ++counted->violations;
      std::printf("%s\n", wrong.c_str());
      std::fflush(stdout);
    };
    std::size_t told = 0;
    const auto go_on = [&](const Checker& checker) {
      counted->states += checker.states - told;
      told = checker.states;
      return !ends();
    };
    if (only != std::numeric_limits<std::size_t>::max()) {
      campaign.run(only, 1, go_on, tell);
    } else {
      while (!ends()) campaign.run(counted->passes++ * states_of_a_pass, states_of_a_pass, go_on, tell);
    }
    return 0;
  };
  std::vector<pid_t> others;
  for (std::size_t i = 1; i < setting("TSE_JOBS", 1); ++i) others.push_back(spawn(job));
  job();
  for (const pid_t other : others) BOOST_TEST(wait_for(other) == 0);
  std::printf("campaign: power-cut: %zu states, %zu violations, seed %llu\n", counted->states.load(),
              counted->violations.load(), static_cast<unsigned long long>(seed));
  BOOST_TEST(counted->violations == 0U);
}

/// What is done until the files have been opened.
std::vector<Step> steps_of_opening(const Files& files) {
  const Place place;
  place.fill(files);
  Recording recording(place.directory(), files);
  (void)open(place.path());
  return std::move(recording.steps);
}

}  // namespace

BOOST_AUTO_TEST_CASE(nothing_acknowledged_is_lost) { require_nothing_lost(anywhere); }

BOOST_AUTO_TEST_CASE(nothing_is_lost_of_a_file_in_the_making) { require_nothing_lost(while_it_is_made); }

// A journal that came back would roll back the file under its log.
BOOST_AUTO_TEST_CASE(the_journal_of_the_making_is_gone_from_the_disk_before_there_is_a_log) {
  const std::vector<Step> steps = steps_of_opening({{database, ""}, {std::string(database) + "-wal", ""}});
  const auto gone = std::find_if(steps.rbegin(), steps.rend(), [](const Step& step) {
    return step.kind == Step::unlink && step.bytes.ends_with("-journal");
  });
  BOOST_REQUIRE((gone != steps.rend()));
  const auto next = [&](Step::Kind kind, std::size_t file) {
    return std::find_if(gone.base(), steps.end(),
                        [&](const Step& step) { return step.kind == kind && step.file == file; }) -
           gone.base();
  };
  constexpr std::size_t log = 1;
  BOOST_TEST(next(Step::sync_directory, 0) < next(Step::write, log));
}

// Another program's journal may have been rolled back and removed just before.
BOOST_AUTO_TEST_CASE(the_first_flush_of_a_log_takes_the_directory_along) {
  Random random(setting("TSE_SEED", 1));
  const Story story = a_story(random, 0, store::Durability::full);
  Disk disk(story.before);
  for (const Step& step : story.steps) disk.take(step);
  const std::vector<Step> steps = steps_of_opening(disk.as_it_is());
  BOOST_TEST(std::count_if(steps.begin(), steps.end(),
                           [](const Step& step) { return step.kind == Step::sync_directory; }) > 0);
}

// If these were not found out, nor would a mistake be by the test above.
BOOST_AUTO_TEST_CASE(a_disk_that_does_not_flush_is_found_out) {
  BOOST_TEST(is_found_out(store::Durability::full, without(Step::sync)));
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_not_flushed_is_found_out) {
  BOOST_TEST(is_found_out(store::Durability::full, without(Step::sync_directory)));
}

BOOST_AUTO_TEST_CASE(changes_acknowledged_before_the_flush_are_found_out) {
  BOOST_TEST(is_found_out(store::Durability::relaxed));
}

BOOST_AUTO_TEST_SUITE_END()

// Power cuts at every instant: all that was done to the files is recorded, and at each step of it the power fails. What
// was not flushed is lost, kept, kept in part, torn or garbled; the file is opened, and every acknowledged change must
// be there, whole, and at most the one under way besides. While it is opened the power fails again.
//   TSE_POWER_CUTS=1000000 TSE_SEED=1 build/release/tests/fault --run_test=power_cut
#include "fault_vfs.hpp"
#include "support.hpp"
#include "unit/store/support.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace tse;
using namespace tse::test;
using store_test::read_file;
using store_test::write_file;

BOOST_AUTO_TEST_SUITE(power_cut)

namespace {

using Random = std::mt19937_64;
using Content = std::array<std::string, 2>;             // of the database and the -wal
using Revisions = std::map<std::string, std::int64_t>;  // of tasks by id; 0: none

std::size_t below(Random& random, std::size_t bound) { return random() % bound; }

struct Step {
  enum Kind { write, truncate, sync, acknowledged } kind;
  std::size_t file = 0;
  std::int64_t at = 0;  // a write's offset, a truncated file's size
  std::string bytes{};
  Revisions done{};  // what is acknowledged
};

void put(std::string& content, const Step& step) {
  if (step.kind == Step::truncate) return content.resize(static_cast<std::size_t>(step.at));
  const auto at = static_cast<std::size_t>(step.at);
  if (content.size() < at + step.bytes.size()) content.resize(at + step.bytes.size());
  content.replace(at, step.bytes.size(), step.bytes);
}

/// All that is done to the files while it lives.
class Recording final : public fault::Observer {
 public:
  Recording() { fault::observe(this); }
  ~Recording() override { fault::observe(nullptr); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  void acknowledge(const Revisions& done) { steps.push_back({Step::acknowledged, 0, 0, {}, done}); }
  std::vector<Step> steps;

 private:
  void wrote(int kind, std::int64_t offset, std::string_view bytes) override {
    steps.push_back({Step::write, file(kind), offset, std::string(bytes)});
  }
  void truncated(int kind, std::int64_t size) override { steps.push_back({Step::truncate, file(kind), size}); }
  void synced(int kind) override { steps.push_back({Step::sync, file(kind)}); }
  static std::size_t file(int kind) { return static_cast<std::size_t>(kind - 1); }
};

/// The files while steps are taken: what is on the disk for certain, and what may be there besides.
class Disk {
 public:
  explicit Disk(Content content) : certain_(std::move(content)) {}

  void take(const Step& step) {
    auto& pending = pending_.at(step.file);
    if (step.kind == Step::write || step.kind == Step::truncate) pending.push_back(&step);
    if (step.kind != Step::sync) return;
    for (const Step* each : pending) put(certain_.at(step.file), *each);
    pending.clear();
  }
  [[nodiscard]] Content after_a_cut(Random& random) const {
    enum Fate { lost, kept, in_part, torn, garbled, fates };
    constexpr std::size_t sector = 512;
    Content content = certain_;
    const std::size_t fate = below(random, fates);
    for (std::size_t file = 0; file < content.size(); ++file) {
      const auto& pending = pending_.at(file);
      const std::size_t victim = pending.empty() ? 0 : below(random, pending.size());
      for (std::size_t i = 0; i < pending.size(); ++i) {
        if (fate == lost || (fate >= in_part && i != victim && below(random, 2) == 0)) continue;
        Step step = *pending[i];
        if (i == victim && !step.bytes.empty()) {
          const std::size_t from = below(random, step.bytes.size() / sector + 1) * sector;
          if (fate == torn) step.bytes.resize(from);
          if (fate == garbled)
            for (std::size_t at = from; at < std::min(from + sector, step.bytes.size()); ++at)
              step.bytes[at] = static_cast<char>(random());
        }
        put(content.at(file), step);
      }
    }
    return content;
  }

 private:
  Content certain_;
  std::array<std::vector<const Step*>, 2> pending_;
};

engine::Settings settings() {
  engine::Settings made = patient_settings();
  made.housekeeping = std::chrono::seconds(0);
  made.checkpoint_bytes = 64 * 1024;  // often
  return made;
}

/// A file that was closed properly, and all that happens to it after.
struct Story {
  Content before;
  std::vector<Step> steps;
};

Story a_story(std::size_t calls, store::Durability durability = store::Durability::full) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  engine::Engine::open(path, settings())->create(new_task("z", "first"), {});
  Story story{{read_file(path), read_file(path + "-wal")}, {}};
  Recording recording;
  recording.acknowledge({{"first", 1}});
  engine::Settings chosen = settings();
  chosen.durability = durability;
  const engine::Engine::Ptr tasks = engine::Engine::open(path, chosen);
  Revisions done{{"first", 1}};
  for (std::size_t i = 0; i < calls; ++i) {
    const std::string id = "t" + std::to_string(i / 4);
    switch (i % 4) {
      case 0: {
        core::NewTask spec = new_task("z", id);
        spec.payload = std::string(i % 3 * 3000, 'p');
        done[id] = tasks->create(spec, {}).row.revision;
        break;
      }
      case 1: done[id] = tasks->change({"z", id}, core::Start{}, {}).revision; break;
      case 2: done[id] = tasks->change({"z", id}, complete_with("ins_1"), {}).revision; break;
      default: {
        const std::vector<engine::Item> items{{new_task("z", id + "-a")}, {new_task("z", id + "-b")}};
        for (const engine::ItemResult& result : tasks->run(items, {})) done[result.row.task.id] = result.row.revision;
      }
    }
    recording.acknowledge(done);
  }
  story.steps = std::move(recording.steps);
  return story;
}

class Checker {
 public:
  explicit Checker(Random& random) : random_(random) {}

  /// What is wrong with the files after a cut, or nothing. Revisions must be between the two.
  std::optional<std::string> problem_of(const Content& content, const Revisions& least, const Revisions& most,
                                        int cuts = 1) {
    ++states;
    const std::string path = directory_.file("tasks.db");
    write_file(path, content[0]);
    write_file(path + "-wal", content[1]);
    std::filesystem::remove(path + "-shm");
    leave_sidecar(path + "-taskstate");
    try {
      const Recording recording;
      {
        const engine::Engine::Ptr tasks = engine::Engine::open(path, settings());
        if (const auto wrong = differs(*tasks, least, most)) return wrong;
      }
      if (cuts == 2 || below(random_, 4) != 0) return std::nullopt;
      Disk disk(content);
      const std::size_t until = below(random_, recording.steps.size() + 1);
      for (std::size_t i = 0; i < until; ++i) disk.take(recording.steps[i]);
      return problem_of(disk.after_a_cut(random_), least, most, 2);
    } catch (const core::Failure& failure) {
      return "it does not open: " + failure.error().message;
    }
  }
  std::size_t states = 0;

 private:
  void leave_sidecar(const std::string& path) {
    const std::size_t choice = below(random_, 3);
    if (choice == 0) std::filesystem::remove(path);
    if (choice == 1) write_file(path, std::string(4096, '\0'));
  }
  static std::optional<std::string> differs(engine::Engine& tasks, const Revisions& least, const Revisions& most) {
    for (const auto& [id, highest] : most) {
      const auto row = tasks.get({"z", id}, {});
      const std::int64_t revision = row ? row->revision : 0;
      const auto lowest = least.find(id);
      if (revision > highest || revision < (lowest == least.end() ? 0 : lowest->second))
        return id + " has revision " + std::to_string(revision);
    }
    const auto report = tasks.verify({});
    return report.problems.empty() ? std::nullopt : std::optional("verify: " + report.problems.front());
  }

  // Where flushes take no time, if there is such a place.
  static std::filesystem::path quick_place() {
    return std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
  }

  Random& random_;
  TemporaryDirectory directory_{quick_place()};
};

/// Cuts the power at random steps, so many times. The first fault, if any.
std::optional<std::string> cut(const Story& story, std::size_t states, Checker& checker, Random& random) {
  while (checker.states < states) {
    // Each round goes through the story once and looks at one of `every` steps.
    const std::size_t every = std::max<std::size_t>(1, story.steps.size() / (states - checker.states));
    Disk disk(story.before);
    Revisions least;
    std::size_t next = 0;  // the acknowledgement that comes next
    for (std::size_t i = 0; i < story.steps.size(); ++i) {
      const Step& step = story.steps[i];
      disk.take(step);
      if (step.kind == Step::acknowledged) {
        least = step.done;
        next = i + 1;
      }
      if (below(random, every) != 0) continue;
      while (next < story.steps.size() && story.steps[next].kind != Step::acknowledged) ++next;
      const Revisions& most = next < story.steps.size() ? story.steps[next].done : least;
      if (auto wrong = checker.problem_of(disk.after_a_cut(random), least, most))
        return "step " + std::to_string(i) + " of " + std::to_string(story.steps.size()) + ": " + *wrong;
    }
  }
  return std::nullopt;
}

std::uint64_t seed() {
  static const std::uint64_t chosen = setting("TSE_SEED", std::random_device()());
  return chosen;
}

}  // namespace

BOOST_AUTO_TEST_CASE(nothing_acknowledged_is_lost) {
  const fault::Installed vfs;
  Random random(seed());
  Checker checker(random);
  const auto wrong = cut(a_story(200), setting("TSE_POWER_CUTS", 2000), checker, random);
  BOOST_TEST(!wrong, wrong.value_or("") << " (seed " << seed() << ")");
  std::printf("campaign: power-cut: %zu states, %d violations, seed %llu\n", checker.states, wrong ? 1 : 0,
              static_cast<unsigned long long>(seed()));
}

// If these were not found out, nor would a mistake be by the test above.
BOOST_AUTO_TEST_CASE(a_disk_that_does_not_flush_is_found_out) {
  const fault::Installed vfs;
  Random random(seed());
  Checker checker(random);
  Story story = a_story(100);
  std::erase_if(story.steps, [](const Step& step) { return step.kind == Step::sync; });
  BOOST_TEST(cut(story, 1000, checker, random).has_value());
}

BOOST_AUTO_TEST_CASE(changes_acknowledged_before_the_flush_are_found_out) {
  const fault::Installed vfs;
  Random random(seed());
  Checker checker(random);
  BOOST_TEST(cut(a_story(100, store::Durability::relaxed), 1000, checker, random).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

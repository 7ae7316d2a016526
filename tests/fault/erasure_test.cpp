// Tasks of many sizes grow, end and are erased, and no byte of them but their keys is left: not in the database, nor in
// its log. Every text that goes in names its task.
//   TSE_ERASURES=100000 TSE_SEED=1 build/release/tests/fault --run_test=erasure    one round
//   TSE_SECONDS=3600 TSE_SEED=7 build/release/tests/fault --run_test=erasure       rounds of consecutive seeds
#include "fault/support.hpp"

#include "core/error.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdio>
#include <iterator>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace tse;
using tse::test::setting;

BOOST_AUTO_TEST_SUITE(erasure)

namespace {

constexpr std::size_t digits = 8;

/// A file that is looked at from beginning to end, again and again. Never closed, which would drop SQLite's locks.
class Looked {
 public:
  explicit Looked(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    BOOST_REQUIRE(descriptor_ >= 0);
  }
  [[nodiscard]] std::string content() const {
    struct stat info {};
    BOOST_REQUIRE(::fstat(descriptor_, &info) == 0);
    std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
    BOOST_REQUIRE(::pread(descriptor_, bytes.data(), bytes.size(), 0) == info.st_size);
    return bytes;
  }

 private:
  int descriptor_;
};

class Campaign {
 public:
  /// Each engine has a writer, and pages in its memory, of its own; one that is alone keeps them.
  Campaign(std::uint64_t seed, std::size_t engines) : random_(seed), engines_(engines) {
    settings_.timeout = std::chrono::minutes(5);
    settings_.housekeeping = std::chrono::microseconds(0);
    settings_.durability = store::Durability::relaxed;
    for (auto& engine : engines_) engine = engine::Engine::open(path_, settings_);
    database_.emplace(path_);
    log_.emplace(path_ + "-wal");
  }

  void step() {
    create();
    for (int i = 0; i < 2; ++i) grow(any());
    in_log_ += of_erased(log_->content(), "the log");  // into which nothing may come back from anybody's memory
    if (living_.size() > most_living) erase(any());
  }
  [[nodiscard]] std::size_t erased() const { return erased_.size(); }
  /// How many texts of erased tasks are in the files.
  std::size_t left_over() { return of_erased(database_->content(), "the database") + std::exchange(in_log_, 0); }
  bool is_sound() { return engine::verify(one(), {}).problems.empty(); }

 private:
  static constexpr std::size_t most_living = 300;

  std::size_t below(std::size_t limit) { return random_() % limit; }
  engine::Engine& one() { return *engines_.at(below(engines_.size())); }
  std::size_t any() { return *std::next(living_.begin(), static_cast<std::ptrdiff_t>(below(living_.size()))); }
  static core::Key key(std::size_t task) { return {"z" + std::to_string(task % 5), "t" + std::to_string(task)}; }

  /// Names the task, and is of any size.
  std::string text(std::size_t task, char field, std::size_t most) {
    std::string number = std::to_string(task);
    number.insert(0, digits - number.size(), '0');
    std::string made = "Zq" + number + field + "qZ";
    for (std::size_t size = below(most); made.size() < size;) made += static_cast<char>('a' + below(26));
    return made;
  }
  std::size_t payload_size() {
    const std::size_t kind = below(20);
    return kind == 0 ? 60'000 : kind < 4 ? 9'000 : 300;
  }
  engine::Call call(std::size_t task) {
    engine::Call made;
    made.actor = text(task, 'a', 20);
    made.request_id = text(task, 'r', 20);
    return made;
  }

  void create() {
    const std::size_t task = next_++;
    core::NewTask spec;
    spec.zone_id = key(task).zone_id;
    spec.id = key(task).id;
    spec.operation = "create";
    spec.package_id = text(task, 'i', 100);
    spec.package_slug = text(task, 's', 100);
    spec.payload = text(task, 'p', payload_size());
    spec.links = {{"/" + text(task, 'l', 60), "related", {}, {}, {}}};
    spec.idempotency_key = std::to_string(below(1'000'000)) + text(task, 'k', 80);  // in the order of an index
    engine::create(one(), spec, call(task));
    living_.insert(task);
  }
  void attempt(std::size_t task, const core::Intent& intent) {
    try {
      engine::change(one(), key(task), intent, call(task));
    } catch (const core::Failure& failure) {
      if (failure.error().code != core::Code::illegal_transition) throw;
    }
  }
  void grow(std::size_t task) {
    switch (below(6)) {
      case 0:
      case 1: {
        core::Annotate more;
        more.additions.links = {{"/" + text(task, 'L', 600), "related", {}, {}, {}}};
        return attempt(task, more);
      }
      case 2: return attempt(task, core::Start{});
      case 3: return attempt(task, core::Fail{text(task, 'm', 800), text(task, 'd', 900), {}});
      case 4: {
        core::Complete outcome;
        outcome.additions.install_id = text(task, 'c', 400);
        return attempt(task, outcome);
      }
      default: return;
    }
  }
  void erase(std::size_t task) {
    attempt(task, core::Start{});
    attempt(task, core::Fail{text(task, 'm', 800), text(task, 'd', 900), {}});
    BOOST_REQUIRE(engine::erase(one(), key(task), {}));
    living_.erase(task);
    erased_.insert(task);
  }

  std::size_t of_erased(const std::string& bytes, const char* where) {
    std::size_t found = 0;
    for (std::size_t at = bytes.find("Zq"); at != std::string::npos; at = bytes.find("Zq", at + 1)) {
      const std::string number = bytes.substr(at + 2, digits);
      if (number.size() != digits || number.find_first_not_of("0123456789") != std::string::npos) continue;
      const std::size_t task = std::stoul(number);
      if (!erased_.contains(task)) continue;
      if (++found == 1)
        std::printf("violation: text '%c' of task %zu is in %s, page %zu, byte %zu\n", bytes[at + 2 + digits], task,
                    where, at / 4096 + 1, at % 4096);
    }
    return found;
  }

  std::mt19937_64 random_;
  test::TemporaryDirectory directory_{std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp"};
  std::string path_ = directory_.file("catalog.db");
  engine::Settings settings_;
  std::vector<engine::Engine::Ptr> engines_;
  std::optional<Looked> database_, log_;
  std::set<std::size_t> living_, erased_;
  std::size_t next_ = 0, in_log_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(no_byte_of_an_erased_task_is_left) {
  const std::size_t most = setting("TSE_ERASURES", 400);
  const std::uint64_t seed = setting("TSE_SEED", 1);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(setting("TSE_SECONDS", 0));
  std::size_t violations = 0, erased = 0;
  std::uint64_t round = 0;
  do {
    for (const std::size_t engines : {std::size_t{1}, std::size_t{2}}) {
      Campaign campaign(seed + round, engines);
      for (std::size_t scans = 1; campaign.erased() < most / 2;) {
        campaign.step();
        if (campaign.erased() < most / 2 * scans / 20) continue;
        ++scans;
        violations += campaign.left_over();
      }
      BOOST_TEST(campaign.is_sound(), "round " << round << " of seed " << seed);
      erased += campaign.erased();
    }
    ++round;
  } while (std::chrono::steady_clock::now() < end);
  BOOST_TEST(violations == 0U);
  std::printf("campaign: erasure: %zu erasures, %zu violations, seed %llu\n", erased, violations,
              static_cast<unsigned long long>(seed));
}

BOOST_AUTO_TEST_SUITE_END()

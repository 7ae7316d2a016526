// Clocks that jump: back, forward, to the ends of what a number or a date can say, or that stand still, while tasks go
// through everything. No time in the record goes back, no lease ends early that is held in a clock of its own, nothing
// is purged that is not old enough by the clock, and every answer is well-formed.
//   TSE_JUMPS=1000000 TSE_SEED=1 build/release/tests/fault --run_test=clock_jumps
#include "support.hpp"

#include "core/lease.hpp"
#include "core/time.hpp"
#include "unit/engine/history_of.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using namespace tse;
using namespace tse::test;

BOOST_AUTO_TEST_SUITE(clock_jumps)

namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) { return random() % bound; }

constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t usual = 1577470279117000;  // 2019-12-27T18:11:19.117Z
constexpr std::int64_t hour = 3'600'000'000;
constexpr std::chrono::microseconds retention = 24h;

/// Both clocks of an engine: the wall clock jumps, the leases' own runs evenly.
struct Clocks {
  std::int64_t wall = usual;
  std::int64_t lease = hour;

  void jump(Random& random) {
    constexpr std::array edges{earliest,
                               earliest + 1,
                               latest,
                               latest - 1,
                               core::min_time,
                               core::min_time - 1,
                               core::max_time + 1,
                               usual,
                               0L,
                               core::max_time,
                               core::max_time - 1,
                               -1L,
                               2 * hour};
    const auto step = static_cast<std::int64_t>(below(random, 400 * 24)) * hour;
    switch (below(random, 6)) {
      case 0: wall = edges.at(below(random, edges.size())); break;
      case 1: wall = static_cast<std::int64_t>(random()); break;
      case 2: wall = usual + step; break;
      case 3: wall = usual - step; break;
      case 4: wall = std::clamp(wall, core::min_time, core::max_time) + 1; break;
      default: break;  // it stands still
    }
    lease += static_cast<std::int64_t>(below(random, 20)) * 1'000'000;
  }
  /// As the record can say it.
  [[nodiscard]] std::int64_t told() const { return std::clamp(wall, core::min_time, core::max_time); }
};

/// One engine in memory, tasks in every state, and what was last seen of each.
class Walk {
 public:
  /// `apart`: leases have a clock of their own, as on the system's clocks.
  Walk(Random& random, bool apart) : random_(random), apart_(apart) {
    engine::Settings settings = patient_settings();
    settings.clock = [this] { return clocks_.wall; };
    if (apart) settings.lease_clock = {core::boot_clock_name("b", "1"), [this] { return clocks_.lease; }};
    settings.retention = retention;
    settings.tombstones = 1h;
    tasks_ = engine::Engine::open(":memory:", settings);
  }

  /// A jump, and one thing of everything. What is wrong, or nothing.
  std::optional<std::string> step() {
    clocks_.jump(random_);
    wrong_.reset();
    try {
      act();
      look();
    } catch (const core::Failure& failure) {
      constexpr std::array expected{core::Code::lease_lost, core::Code::illegal_transition, core::Code::already_exists,
                                    core::Code::idempotency_mismatch, core::Code::not_found};
      if (std::find(expected.begin(), expected.end(), failure.error().code) == expected.end())
        wrong_ = std::string(core::to_string(failure.error().code)) + ": " + failure.error().message;
    }
    if (wrong_) *wrong_ += ", with the wall clock at " + std::to_string(clocks_.wall);
    return wrong_;
  }
  [[nodiscard]] std::optional<std::string> verify() {
    const auto report = engine::verify(*tasks_, patient());
    return report.problems.empty() ? std::nullopt : std::optional("verify: " + report.problems.front());
  }

 private:
  struct Seen {
    std::int64_t created_at = 0;
    std::int64_t updated_at = 0;
    std::optional<std::int64_t> held_until;  // on the leases' clock
    bool ended = false;
  };

  void expect(bool holds, const std::string& what) {
    if (!holds && !wrong_) wrong_ = what;
  }

  void act() {
    switch (below(random_, 10)) {
      case 0:
      case 1: return create();
      case 2: return claim();
      case 3:
        if (!token_.empty()) check_end(engine::heartbeat(*tasks_, token_, {}, {}, patient()).expires_at);
        return;
      case 4:
        if (!token_.empty()) engine::change_leased(*tasks_, token_, complete_with("ins_1"), patient());
        return;
      case 5:
        if (!token_.empty()) engine::release(*tasks_, token_, below(random_, 2) * 720h, patient());
        return;
      case 6: engine::tick(*tasks_, patient()); return;
      case 7: engine::purge(*tasks_, {{}, std::chrono::hours(below(random_, 876000)), 2}, patient()); return;
      case 8: engine::change(*tasks_, {"z", id()}, core::Cancel{true, {}}, patient()); return;
      default: engine::erase(*tasks_, {"z", id()}, patient()); return erased(id_);
    }
  }

  std::string id() { return id_ = "t" + std::to_string(below(random_, 12)); }

  void create() {
    core::NewTask spec = new_task("z", id());
    spec.max_attempts = 3;
    if (below(random_, 2) == 0) spec.idempotency_key = "k" + std::to_string(below(random_, 12));
    if (below(random_, 3) == 0) spec.start_within = 366 * 24 * hour;
    if (below(random_, 3) == 0)
      spec.not_before = std::array{core::min_time, core::max_time, usual}.at(below(random_, 3));
    if (spec.idempotency_key) spec.id = id_ = "i" + spec.idempotency_key->substr(1);
    const engine::Created made = engine::create(*tasks_, spec, patient());
    if (!made.replayed) seen_.erase(id_);
    const core::Answer answer = engine::accept(*tasks_, made.row, {});
    expect(answer.status == 202, "accept gives " + std::to_string(answer.status));
    check_answer(answer);
  }

  void claim() {
    engine::ClaimSpec spec;
    spec.lease = below(random_, 2) == 0 ? 30s : std::chrono::microseconds(720h);
    for (const engine::Lease& lease : engine::claim(*tasks_, spec, patient())) {
      token_ = lease.token;
      check_end(lease.expires_at);
    }
  }

  void check_end(std::int64_t expires_at) { expect(expires_at >= clocks_.told(), "a lease ends before it begins"); }

  void erased(const std::string& id) {
    if (const auto found = seen_.find(id); found != seen_.end() && found->second.ended) seen_.erase(found);
  }

  /// Every task is as it was, or later; what is gone was old enough.
  void look() {
    std::map<std::string, Seen> now;
    engine::ListQuery all;
    all.zone_id = "z";
    all.limit = 100;
    for (const core::Row& row : engine::list(*tasks_, all, patient()).rows) {
      const core::Task& task = row.task;
      now[task.id] = {task.created_at, task.updated_at, row.lease_until, taskstate::is_terminal(task.status)};
      expect(task.created_at <= task.updated_at, task.id + " was updated before it was created");
      if (const auto before = seen_.find(task.id); before != seen_.end()) compare(row, before->second);
      check_history(task);
      core::Answer answer;
      engine::decide(*tasks_, answer, {"z", task.id}, {}, engine::Waiting::elsewhere, patient());
      check_answer(answer);
    }
    for (const auto& [id, task] : seen_) {
      if (now.contains(id)) continue;
      expect(task.ended && task.updated_at <= clocks_.told(), id + " was purged before its time");
    }
    seen_ = std::move(now);
  }

  void compare(const core::Row& row, const Seen& before) {
    const core::Task& task = row.task;
    expect(task.created_at == before.created_at, task.id + " was created at another time");
    expect(task.updated_at >= before.updated_at, task.id + " was updated earlier than before");
    const bool lost = before.held_until && !row.lease_until && last_kind(task) == "lost";
    expect(!apart_ || !lost || *before.held_until <= clocks_.lease, task.id + " lost its lease early");
  }

  std::string last_kind(const core::Task& task) {
    return engine::history(*tasks_, {"z", task.id}, {{}, 1}, patient()).events.front().kind;
  }

  void check_history(const core::Task& task) {
    std::int64_t last = core::min_time;
    for (const core::Event& event : test::history_of(*tasks_, {"z", task.id}, patient())) {
      expect(event.at >= last, task.id + " has a history that goes back");
      last = event.at;
    }
    expect(last == task.updated_at, task.id + " was updated at another time than its history says");
  }

  /// Times have four digits for the year, and a client is asked back within half a minute.
  void check_answer(const core::Answer& answer) {
    expect(answer.status == 200 || answer.status == 202 || answer.status == 303,
           "an answer has status " + std::to_string(answer.status));
    for (const auto& [name, value] : answer.headers) {
      if (name != "Retry-After") continue;
      const int seconds = std::stoi(std::string(value));
      expect(seconds >= 1 && seconds <= 30, "Retry-After: " + std::string(value));
    }
    for (const std::string_view field : {"\"created_at\":\"", "\"updated_at\":\""}) {
      const std::size_t at = answer.body->find(field);
      const bool found = at != std::string_view::npos;
      const auto text = found ? answer.body->substr(at + field.size(), 24) : std::string_view();
      expect(core::parse_time(text).has_value(), "a time is rendered as " + std::string(text));
    }
  }

  Random& random_;
  const bool apart_;
  Clocks clocks_;
  engine::Engine::Ptr tasks_;
  std::map<std::string, Seen> seen_;
  std::string token_;
  std::string id_;
  std::optional<std::string> wrong_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(no_jump_disturbs_the_record) {
  const std::size_t seed = setting("TSE_SEED", 1);
  const std::size_t seconds = setting("TSE_SECONDS", 0);
  const std::size_t count = setting("TSE_JUMPS", 4000);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  constexpr std::size_t jumps_per_walk = 500;
  Random random(seed);
  std::size_t jumps = 0;
  std::size_t violations = 0;
  for (bool apart = true; seconds > 0 ? std::chrono::steady_clock::now() < until : jumps < count; apart = !apart) {
    Walk walk(random, apart);
    std::optional<std::string> wrong;
    for (std::size_t i = 0; i < jumps_per_walk && !wrong; ++i, ++jumps) wrong = walk.step();
    if (!wrong) wrong = walk.verify();
    if (!wrong) continue;
    ++violations;
    BOOST_TEST(!wrong, *wrong << " (TSE_SEED=" << seed << ", jump " << jumps << ")");
  }
  std::printf("campaign: clock: %zu jumps, %zu violations, seed %zu\n", jumps, violations, seed);
}

BOOST_AUTO_TEST_SUITE_END()

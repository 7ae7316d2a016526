// Claiming: what is due is ended first, then zones in turn give their oldest task.
#include "core/validate.hpp"
#include "engine/change.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"
#include "engine/housekeeping.hpp"

#include <algorithm>
#include <utility>

namespace tse::engine {
namespace {

using std::chrono::steady_clock;

/// Zones at their limit that one look passes over. The next begins where it ended.
constexpr std::size_t most_passed = 1000;
/// The zones to look at, beginning with the one after `turn`, round and round.
class ZonesInTurn {
 public:
  ZonesInTurn(store::View& view, const ClaimFilter& filter, std::vector<std::string> operations, std::string turn)
      : view_(view), filter_(filter), operations_(std::move(operations)), turn_(std::move(turn)) {}

  std::optional<std::string> next() {
    std::optional<std::string> zone = filter_.zones.empty() ? next_of_all() : next_of_filter();
    if (zone) turn_ = *zone;
    return zone;
  }

 private:
  std::optional<std::string> next_of_all() const {
    auto zone = view_.next_runnable_zone(turn_, operations_);
    return zone || turn_.empty() ? zone : view_.next_runnable_zone("", operations_);
  }
  std::optional<std::string> next_of_filter() const {
    const auto after = std::upper_bound(filter_.zones.begin(), filter_.zones.end(), turn_);
    return after == filter_.zones.end() ? filter_.zones.front() : *after;
  }

  store::View& view_;
  const ClaimFilter& filter_;
  const std::vector<std::string> operations_;
  std::string turn_;
};

/// Takes one task after the other. A zone that has nothing to give is passed over; when all are, that is the end.
class Picker {
 public:
  Picker(store::View& view, const ClaimFilter& filter, std::int64_t running_limit, const ClaimTurn& turn,
         const store::Patience& patience)
      : view_(view),
        operations_(view.runnable_operations(filter.operations)),
        running_limit_(running_limit),
        patience_(patience),
        round_(turn),
        zones_(view, filter, operations_, turn.stopped_at.value_or(turn.served)) {}

  std::optional<core::Key> next() {
    std::optional<std::string> first_passed;
    while (const auto zone = operations_.empty() ? std::nullopt : zones_.next()) {
      look_at_the_time();
      if (has_seen(*zone)) break;
      const bool full = is_full(*zone);
      if (auto key = view_.oldest_runnable(*zone, operations_, full)) return key;
      if (first_passed == zone) break;
      if (full && ++passed_ > most_passed) {
        round_.stopped_at = zone;
        return std::nullopt;
      }
      if (!first_passed) first_passed = zone;
    }
    round_ = {round_.served};
    return std::nullopt;
  }
  /// Where the next look begins, after one that found nothing.
  [[nodiscard]] const ClaimTurn& turn() const noexcept { return round_; }

 private:
  // A task that is offered again counts as running already.
  [[nodiscard]] bool is_full(std::string_view zone) const {
    return running_limit_ > 0 && view_.count(zone, core::Status::running) >= running_limit_;
  }
  /// Whether a round that several looks make is at its end.
  bool has_seen(const std::string& zone) {
    if (round_.round_began.empty()) {
      round_.round_began = zone;
    } else if (zone <= last_) {
      round_.wrapped = true;
    }
    last_ = zone;
    return round_.stopped_at && round_.wrapped && zone >= round_.round_began;
  }
  void look_at_the_time() {
    constexpr std::size_t zones_between_looks = 64;
    if (++looked_ % zones_between_looks == 0) patience_.require("the deadline passed before all zones were looked at");
  }

  store::View& view_;
  const std::vector<std::string> operations_;
  const std::int64_t running_limit_;
  const store::Patience& patience_;
  ClaimTurn round_;
  std::string last_ = round_.stopped_at.value_or("");
  ZonesInTurn zones_;
  std::size_t looked_ = 0;
  std::size_t passed_ = 0;
};

}  // namespace

void check(const ClaimSpec& spec) {
  std::vector<core::Detail> broken;
  core::check_claim_filter(broken, spec.filter.zones.size(), spec.filter.operations.size());
  if (!broken.empty()) throw core::Failure(core::invalid(std::move(broken)));
  for (const std::string& zone : spec.filter.zones) core::check_id(broken, "zones", zone);
  for (const std::string& operation : spec.filter.operations)
    if (!core::is_operation(operation))
      broken.push_back(
          {"operations", "each must match [a-z][a-z0-9_]{0,31}, has " + std::to_string(operation.size()) + " bytes"});
  check_lease_terms(broken, spec.worker, spec.lease);
  if (spec.limit < 1 || spec.limit > core::max_leases)
    broken.push_back({"limit", "must be 1-64, is " + std::to_string(spec.limit)});
  if (spec.wait.count() < 0)
    broken.push_back({"wait", "must not be negative, is " + std::to_string(spec.wait.count()) + " us"});
  if (!broken.empty()) throw core::Failure(core::invalid(std::move(broken)));
}

Lease Engine::grant(store::Session& session, const core::Key& key, const core::Text& worker,
                    std::chrono::microseconds duration, const Call& call) {
  core::Context context = this->context(call);
  const std::int64_t now = settings_.lease_clock.now();
  if (!context.actor) context.actor = worker;
  const core::Grant terms{session.next_epoch(), now + duration.count(), settings_.lease_clock.name, worker,
                          duration.count()};
  store_->note_lease(duration.count());
  Lease lease;
  lease.row = carry_out(session, key, core::Start{terms}, context).row;
  run_also(session, call.also, key, lease.row.task.updated_at);
  lease.payload = session.payload(key);
  lease.token = core::format_lease({session.generation(), key, terms.epoch, duration.count()});
  lease.duration = duration.count();
  lease.expires_at = context.now + duration.count();
  return lease;
}

/// Whether a claim is worth its write transaction. Moves the turn to where it stopped to look.
bool Engine::is_worth_claiming(const ClaimSpec& spec, ClaimTurn& turn, const store::Patience& until) {
  bool worth = false;
  store_->view(
      [&](store::View& view) {
        worth = is_house_due(view, moment(), judge_);
        if (worth) return;
        Picker picker(view, spec.filter, settings_.running_limit, turn, until);
        worth = picker.next().has_value();
        if (!worth) turn = picker.turn();
      },
      until);
  return worth;
}

// Who was woken and did not get its turn, or has not seen all zones, hands its call on.
std::vector<Lease> Engine::claim_now(const ClaimSpec& spec, const Call& call) {
  try {
    ClaimTurn turn = claim_turn_.get();
    std::vector<Lease> leases = take(spec, turn, call);
    const bool is_unfinished = turn.stopped_at.has_value();
    claim_turn_.set(std::move(turn));
    if (is_unfinished) watches_->signal_next(spec.filter);
    return leases;
  } catch (const core::Failure& failure) {
    const core::Code code = failure.error().code;
    if (code == core::Code::busy || code == core::Code::cancelled) watches_->signal_next(spec.filter);
    throw;
  }
}

std::vector<Lease> Engine::take(const ClaimSpec& spec, ClaimTurn& turn, const Call& call) {
  enter();
  const store::Patience until = patience(call);
  if (!is_worth_claiming(spec, turn, until)) {
    if (store_->tell_restored())
      throw core::Failure(core::Code::restored, "the content of the file was replaced; nothing was claimed");
    return {};
  }
  std::vector<Lease> leases;
  Kept kept;
  ClaimTurn next;
  do {
    const auto take_some = [&](store::Session& session) {
      leases.clear();
      kept = keep_house(session, moment(), judge_, {settings_.clock(), {}, {}, {}, {}}, round_size);
      if (kept.changed == round_size) return;  // there may be more, and that comes before
      Picker picker(session, spec.filter, settings_.running_limit, turn, until);
      while (leases.size() < static_cast<std::size_t>(spec.limit)) {
        const auto key = picker.next();
        if (!key) break;
        try {
          leases.push_back(grant(session, *key, spec.worker, spec.lease, call));
        } catch (const core::Failure& failure) {
          const core::Code code = failure.error().code;
          if (code != core::Code::not_found && code != core::Code::illegal_transition) throw;
          // Found and taken in one transaction, so what was found is wrong.
          throw core::Failure(core::Code::corrupt, "a task is offered that cannot be taken: verify the file");
        }
      }
      next = leases.empty() ? picker.turn() : ClaimTurn{leases.back().row.task.zone_id};
    };
    commit({take_some}, call, until);
    tell_kept(kept);
  } while (kept.changed == round_size);
  turn = std::move(next);
  if (!leases.empty()) {
    watches_->signal_next(spec.filter);
    if (settings_.real_time) housekeeper_.wake_in(spec.lease);
  }
  return leases;
}

std::vector<Lease> Engine::claim(const ClaimSpec& spec, const Call& call) {
  enter();
  check_call(call);
  check(spec);
  std::vector<Lease> leases = claim_now(spec, call);
  if (!leases.empty() || spec.wait.count() == 0) return leases;

  const auto until = steady_clock::now() + capped(spec.wait);
  const std::shared_ptr<Watch> watch = this->watch();
  watch->await_claim(spec.filter);
  const std::stop_callback wake(call.stop, [&watch] { watch->raise(); });
  for (;;) {
    watch->reset();
    leases = claim_now(spec, call);
    if (!leases.empty() || steady_clock::now() >= until) return leases;
    if (call.stop.stop_requested())
      throw core::Failure(core::Code::cancelled, "the caller cancelled before there was a task to claim");
    watch->sleep_until(until);
  }
}

/// Whether the task is free is not known: its lease may be over.
void Engine::refuse_incomparable(store::Session& session, const core::Key& key) const {
  const auto row = session.read(key);
  if (!row || !row->lease_until || !row->lease_clock) return;
  const Moment now = moment();
  if (judge_.over_until(*row->lease_clock, now.wall, now.lease)) return;
  throw core::Failure(core::Code::unsupported,
                      "the task is held under a lease on a clock that cannot be compared with this process's: another "
                      "time namespace, or a boot id that is hidden or mounted over; cancel it with force to end it");
}

Lease Engine::start_leased(const core::Key& key, const core::Text& worker, std::chrono::microseconds duration,
                           const Call& call) {
  enter();
  check_call(call);
  std::vector<core::Detail> broken;
  check_lease_terms(broken, worker, duration);
  if (!broken.empty()) throw core::Failure(core::invalid(std::move(broken)));
  require_possible(key);
  Lease lease;
  const auto start = [&](store::Session& session) {
    try {
      lease = grant(session, key, worker, duration, call);
    } catch (const core::Failure& failure) {
      if (failure.error().code == core::Code::illegal_transition) refuse_incomparable(session, key);
      throw;
    }
  };
  commit({start}, call);
  if (settings_.real_time) housekeeper_.wake_in(duration);
  return lease;
}

}  // namespace tse::engine

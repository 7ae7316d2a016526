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

constexpr std::int64_t most_leases = 64;

/// The zones to look at, beginning with the one after that which was served last, round and round.
class ZonesInTurn {
 public:
  ZonesInTurn(store::View& view, const ClaimFilter& filter) : view_(view), filter_(filter), turn_(view.zone_turn()) {}

  std::optional<std::string> next() {
    std::optional<std::string> zone = filter_.zones.empty() ? next_of_all() : next_of_filter();
    if (zone) turn_ = *zone;
    return zone;
  }

 private:
  std::optional<std::string> next_of_all() const {
    auto zone = view_.next_runnable_zone(turn_, filter_.operations);
    return zone || turn_.empty() ? zone : view_.next_runnable_zone("", filter_.operations);
  }
  std::optional<std::string> next_of_filter() const {
    const auto after = std::upper_bound(filter_.zones.begin(), filter_.zones.end(), turn_);
    return after == filter_.zones.end() ? filter_.zones.front() : *after;
  }

  store::View& view_;
  const ClaimFilter& filter_;
  std::string turn_;
};

/// Takes one task after the other. A zone that has nothing to give is passed over; when all are, that is the end.
class Picker {
 public:
  Picker(store::View& view, const ClaimFilter& filter, std::int64_t running_limit)
      : view_(view), filter_(filter), running_limit_(running_limit), zones_(view, filter) {}

  std::optional<core::Key> next() {
    std::optional<std::string> first_passed;
    while (const auto zone = zones_.next()) {
      if (auto key = view_.oldest_runnable(*zone, filter_.operations, is_full(*zone))) return key;
      if (first_passed == zone) break;
      if (!first_passed) first_passed = zone;
    }
    return std::nullopt;
  }

 private:
  // A task that is offered again counts as running already.
  [[nodiscard]] bool is_full(std::string_view zone) const {
    return running_limit_ > 0 && view_.count(zone, core::Status::running) >= running_limit_;
  }

  store::View& view_;
  const ClaimFilter& filter_;
  const std::int64_t running_limit_;
  ZonesInTurn zones_;
};

}  // namespace

void check(const ClaimSpec& spec) {
  std::vector<core::Detail> broken;
  for (const std::string& zone : spec.filter.zones) core::check_id(broken, "zones", zone);
  for (const std::string& operation : spec.filter.operations)
    if (!core::is_operation(operation))
      broken.push_back(
          {"operations", "each must match [a-z][a-z0-9_]{0,31}, has " + std::to_string(operation.size()) + " bytes"});
  check_lease_terms(broken, spec.worker, spec.lease);
  if (spec.limit < 1 || spec.limit > most_leases)
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
  const core::Grant terms{session.next_epoch(), now + duration.count(), settings_.lease_clock.name, worker};
  store_->note_lease(duration.count());
  Lease lease;
  lease.row = carry_out(session, key, core::Start{terms}, context).row;
  run_also(session, call.also, key, lease.row.task.updated_at);
  lease.payload = session.payload(key);
  lease.token = core::format_lease({store_->generation(), key, terms.epoch, duration.count()});
  lease.duration = duration.count();
  lease.expires_at = context.now + duration.count();
  return lease;
}

/// Whether a claim is worth its write transaction.
bool Engine::is_worth_claiming(const ClaimSpec& spec, const Call& call) {
  bool worth = false;
  store_->view(
      [&](store::View& view) {
        worth = is_house_due(view, moment(), judge_) ||
                Picker(view, spec.filter, settings_.running_limit).next().has_value();
      },
      patience(call));
  return worth;
}

// Who was woken and did not get its turn hands its call on.
std::vector<Lease> Engine::claim_now(const ClaimSpec& spec, const Call& call) {
  try {
    return take(spec, call);
  } catch (const core::Failure& failure) {
    const core::Code code = failure.error().code;
    if (code == core::Code::busy || code == core::Code::cancelled) watches_->signal_next(spec.filter);
    throw;
  }
}

std::vector<Lease> Engine::take(const ClaimSpec& spec, const Call& call) {
  enter();
  if (!is_worth_claiming(spec, call)) return {};
  std::vector<Lease> leases;
  Kept kept;
  do {
    const auto take_some = [&](store::Session& session) {
      leases.clear();
      kept = keep_house(session, moment(), judge_, {settings_.clock(), {}, {}, {}, {}}, round_size);
      if (kept.changed == round_size) return;  // there may be more, and that comes before
      Picker picker(session, spec.filter, settings_.running_limit);
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
      if (!leases.empty()) session.set_zone_turn(leases.back().row.task.zone_id);
    };
    commit({take_some}, call);
    tell_kept(kept);
  } while (kept.changed == round_size);
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

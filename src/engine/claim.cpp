// What is due is ended first, then zones in turn give their oldest task.
#include "engine/claim.hpp"

#include "core/apply.hpp"
#include "core/lease.hpp"
#include "engine/carry_out.hpp"
#include "engine/change.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"
#include "engine/housekeeping.hpp"
#include "engine/tick.hpp"

#include <cstring>
#include <utility>

namespace tse::engine {
namespace {

using std::chrono::steady_clock;

Lease grant(Context& at, store::Session& session, const core::Key& key, const LeaseTerms& terms, const Call& call) {
  core::Context occasion = at.occasion(session, call);
  if (!occasion.actor) occasion.actor = terms.worker;
  const std::int64_t duration = terms.lease.count();
  store::LeaseStart begun = session.lease(duration);
  const core::Grant granted{begun.epoch, begun.until, std::move(begun.clock), terms.worker, duration};
  Lease lease;
  lease.row = carry_out(session, key, core::Start{granted}, occasion).row;
  run_also(session, call.also, key, lease.row.task.updated_at);
  lease.payload = session.payload(key);
  lease.token = core::format_lease({session.generation(), key, granted.epoch, duration});
  lease.duration = duration;
  lease.expires_at = occasion.now + duration;
  return lease;
}

/// Grants what is found, at most as many as the claim asks for.
void grant_some(Context& at, store::Session& session, const store::Candidates& candidates, const ClaimSpec& spec,
                const Call& call, std::vector<Lease>& leases) {
  while (leases.size() < static_cast<std::size_t>(spec.limit)) {
    const auto key = candidates();
    if (!key) break;
    try {
      leases.push_back(grant(at, session, *key, {spec.worker, spec.lease}, call));
    } catch (const core::Failure& failure) {
      const core::Code code = failure.error().code;
      if (code != core::Code::not_found && code != core::Code::illegal_transition) throw;
      // Found and taken in one transaction, so what was found is wrong.
      throw core::Failure(core::Code::corrupt, "a task is offered that cannot be taken: verify the file");
    }
  }
}

std::uint64_t random_number() {
  const core::UuidBytes bytes = system_ids(system_now)(IdKind::request);
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), 6);  // the rest of a UUID is not all random
  return number << 1;
}

/// Where the host's clock makes all else repeatable, an engine that has served nobody yet begins at the first zone.
store::ClaimQuery query_of(const Context& at, const ClaimSpec& spec, ClaimTurn&& turn) {
  const bool is_fresh = turn.served.empty() && !turn.stopped_at;
  store::ClaimQuery query{spec.filter, at.rules.now().running_limit, std::move(turn)};
  if (is_fresh && at.settings.real_time) query.random = random_number();
  return query;
}

/// Whether a claim is worth its write transaction. Moves the turn to where it stopped to look.
bool is_worth_claiming(Context& at, store::ClaimQuery& query, const store::Patience& until) {
  bool worth = false;
  store::ClaimQuery next = query;
  const auto look = [&](store::View& view) {
    worth = is_house_due(view);
    if (worth) return;
    next.turn = query.turn;
    worth = view.claimable(next, until)().has_value();
  };
  at.store->view(look, until);
  if (!worth) query.turn = std::move(next.turn);
  return worth;
}

std::vector<Lease> take(Context& at, const ClaimSpec& spec, store::ClaimQuery& query, const Call& call) {
  at.lifetime.require();
  const store::Patience until = at.patience(call);
  if (!is_worth_claiming(at, query, until)) {
    if (at.store->tell_restored())
      throw core::Failure(core::Code::restored, "the content of the file was replaced; nothing was claimed");
    return {};
  }
  std::vector<Lease> leases;
  Kept kept;
  store::ClaimQuery taken = query;
  do {
    const auto take_some = [&](store::Session& session) {
      leases.clear();
      kept = keep_house(session, round_size);
      if (kept.more) return;  // that comes before
      taken.turn = query.turn;
      grant_some(at, session, session.claimable(taken, until), spec, call, leases);
      if (!leases.empty()) taken.turn = {leases.back().row.task.zone_id};
    };
    store::Change change{take_some};
    change.needs.claim = &query;
    change.needs.due = true;
    at.commit(std::move(change), call, until);
    tell_kept(at, kept);
  } while (kept.more);
  query.turn = std::move(taken.turn);
  if (!leases.empty()) {
    at.watches->signal_next(spec.filter);
    if (at.settings.real_time) at.housekeeper.wake_in(spec.lease);
  }
  return leases;
}

// Who was woken and did not get its turn, or has not seen all zones, hands its call on.
std::vector<Lease> claim_now(Context& at, const ClaimSpec& spec, const Call& call) {
  try {
    store::ClaimQuery query = query_of(at, spec, at.claim_turn.get());
    std::vector<Lease> leases = take(at, spec, query, call);
    const bool is_unfinished = query.turn.stopped_at.has_value();
    at.claim_turn.set(std::move(query.turn));
    if (is_unfinished) at.watches->signal_next(spec.filter);
    return leases;
  } catch (const core::Failure& failure) {
    const core::Code code = failure.error().code;
    if (code == core::Code::busy || code == core::Code::cancelled) at.watches->signal_next(spec.filter);
    throw;
  }
}

/// Whether the task is free is not known: its lease may be over.
void refuse_incomparable(store::Session& session, const core::Key& key) {
  const auto row = session.read(key);
  if (!row || !row->lease_until || !row->lease_clock) return;
  if (session.is_comparable(*row->lease_clock)) return;
  throw core::Failure(core::Code::unsupported,
                      "the task is held under a lease on a clock that cannot be compared with this process's: another "
                      "time namespace, or a boot id that is hidden or mounted over; cancel it with force to end it");
}

}  // namespace

std::vector<Lease> claim(Engine& engine, const ClaimSpec& spec, const Call& call) {
  Context& at = engine.enter(call, spec);
  std::vector<Lease> leases = claim_now(at, spec, call);
  if (!leases.empty() || spec.wait.count() == 0) return leases;

  const auto until = steady_clock::now() + capped(spec.wait);
  const std::shared_ptr<Watch> watch = at.watch();
  watch->await_claim(spec.filter);
  const std::stop_callback wake(call.stop, [&watch] { watch->raise(); });
  for (;;) {
    watch->reset();
    leases = claim_now(at, spec, call);
    if (!leases.empty() || steady_clock::now() >= until) return leases;
    if (call.stop.stop_requested())
      throw core::Failure(core::Code::cancelled, "the caller cancelled before there was a task to claim");
    watch->sleep_until(until);
  }
}

Lease start_leased(Engine& engine, const core::Key& key, const LeaseTerms& terms, const Call& call) {
  Context& at = engine.enter(call, terms);
  require_possible(key);
  Lease lease;
  const auto start = [&](store::Session& session) {
    try {
      lease = grant(at, session, key, terms, call);
    } catch (const core::Failure& failure) {
      if (failure.error().code == core::Code::illegal_transition) refuse_incomparable(session, key);
      throw;
    }
  };
  at.commit(change_of(start, key), call);
  if (at.settings.real_time) at.housekeeper.wake_in(terms.lease);
  return lease;
}

}  // namespace tse::engine

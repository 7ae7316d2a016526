#include "engine/purge.hpp"

#include "core/removal.hpp"
#include "engine/carry_out.hpp"
#include "engine/change.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"
#include "engine/tick.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <taskstate/contract/limits.hpp>
#include <utility>

namespace tse::engine {
namespace {

// Short enough that a neighbour in the queue hardly notices.
constexpr std::size_t tasks_per_commit = 8;
constexpr std::int64_t tasks_per_round = taskstate::contract::pace::purged_tasks;

/// What removed tasks have left, and nothing that is over only in time.
constexpr store::Expiry nothing_else{std::numeric_limits<std::int64_t>::min(),
                                     std::numeric_limits<std::int64_t>::min()};

bool has_given_up(const core::Failure& failure) {
  return failure.error().code == core::Code::busy || failure.error().code == core::Code::cancelled;
}

bool has_expired(store::View& view, const store::Expiry& expiry) {
  store::DueQuery query;
  query.expiry = expiry;
  return view.due(query).expired;
}

void bury(const Context& at, store::Session& session, const core::Key& key, std::int64_t now) {
  const std::chrono::microseconds kept = at.rules.now().tombstones;
  if (kept.count() > 0) session.entomb(key, now, now + kept.count());
}

std::int64_t purge_ended(Context& at, store::EndedQuery query, std::int64_t limit, const Call& call) {
  std::int64_t removed = 0;
  try {
    while (limit == 0 || removed < limit) {
      const auto left = limit == 0 ? tasks_per_commit : static_cast<std::size_t>(limit - removed);
      query.limit = std::min(tasks_per_commit, left);
      std::vector<core::Key> keys;
      at.store->view([&](store::View& view) { keys = view.ended(query); }, at.patience(call));
      if (keys.empty()) break;
      std::int64_t count = 0;
      const auto remove = [&](store::Session& session) {
        count = 0;
        for (const core::Key& key : keys) {
          if (!session.remove({key, query.now, &query})) continue;
          bury(at, session, key, query.now);
          run_also(session, call.also, key, query.now);
          ++count;
        }
      };
      store::Change change{remove};
      change.needs.rows = keys;
      at.commit(std::move(change), call);
      removed += count;
      if (call.stop.stop_requested()) break;
    }
  } catch (const core::Failure& failure) {
    if (removed == 0) throw;
    if (!has_given_up(failure)) {
      core::Error error = core::copy_of(failure.error());
      error.outcome = core::Outcome::unknown;  // of all that it should do: some of it is done
      throw core::Failure(std::move(error));
    }
  } catch (const std::bad_alloc&) {
    if (removed == 0) throw;
  }
  return removed;
}

// The task is gone by now; that its history is not, is nothing that others could not do.
void drop_left_over(Context& at, const Call& call) {
  constexpr std::size_t events_per_commit = 256;
  try {
    for (std::size_t dropped = 1; dropped > 0;)
      at.commit({[&](store::Session& session) { dropped = session.drop_expired(nothing_else, events_per_commit); },
                 store::Durability::relaxed, false},
                call);
  } catch (const core::Failure& failure) {
    core::Error error = core::copy_of(failure.error());
    if (has_given_up(failure)) error.code = core::Code::unavailable;
    error.outcome = core::Outcome::unknown;
    throw core::Failure(std::move(error));
  }
}

}  // namespace

std::int64_t purge(Engine& engine, const PurgeQuery& query, const Call& call) {
  Context& at = engine.enter(call, query);
  store::Now now;
  at.store->view([&](store::View& view) { now = view.now(); }, at.patience(call));
  store::EndedQuery ended{query.zone_id.value_or(""), now.wall - query.older_than->count(), now.wall};
  ended.expired_until = now.expiry;
  return purge_ended(at, std::move(ended), query.limit, call);
}

void clean(Context& at, const Call& call, std::int64_t& changed) {
  store::Now clocks;
  at.store->view([&](store::View& view) { clocks = view.now(); }, at.patience(call));
  if (clocks.is_paused()) return;
  const std::int64_t now = clocks.wall;
  const core::FileSettings& rules = at.rules.now();  // one version: a retention that is switched off meanwhile is not 0
  if (rules.retention.count() > 0)
    changed += purge_ended(at, {"", now - rules.retention.count(), now}, tasks_per_round, call);
  const store::Expiry expiry{now, now - rules.feed_retention.count()};
  bool due = false;
  bool erasing = false;
  const auto look = [&](store::View& view) {
    due = has_expired(view, expiry);
    erasing = due && has_expired(view, nothing_else);
  };
  at.store->view(look, at.patience(call));
  for (std::size_t dropped = round_size; due && dropped >= round_size;)
    at.commit({[&](store::Session& session) { dropped = session.drop_expired(expiry, round_size); },
               store::Durability::relaxed, false},
              call);
  if (!erasing) return;
  try {  // of an erasure that its process did not end
    at.store->flush_removed(at.patience(call));
  } catch (const core::Failure& failure) {
    if (failure.error().code != core::Code::unavailable) throw;
  }
}

bool erase(Engine& engine, const core::Key& key, const Call& call) {
  Context& at = engine.enter(call);
  bool erased = false;
  bool is_left = false;
  if (is_possible(key)) {
    const auto remove = [&](store::Session& session) {
      erased = false;
      const auto row = session.read(key);
      is_left = has_expired(session, nothing_else);
      if (!row) return;
      require(core::check_erasure(row->task));
      const std::int64_t now = session.now().wall;
      erased = session.remove({key, now});
      is_left = has_expired(session, nothing_else);
      bury(at, session, key, now);
      run_also(session, call.also, key, now);
    };
    at.commit(change_of(remove, key), call);
  }
  try {
    if (is_left) drop_left_over(at, call);
    at.store->flush_removed(at.patience(call));
  } catch (const std::bad_alloc&) {
    throw core::Failure(core::Code::no_memory, "out of memory", core::Outcome::unknown);
  }
  return erased;
}

}  // namespace tse::engine

// A second store, tiny, which keeps the seam honest: each change works on a copy of everything, and is run again if
// somebody else has committed meanwhile, as with a database that compares when it commits.
#pragma once

#include "core/admit.hpp"
#include "core/lease.hpp"
#include "core/removal.hpp"
#include "store/clocks.hpp"
#include "store/store.hpp"

#include <taskstate/state_machine.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace tse::test {

namespace memory {

using Name = std::pair<std::string, std::string>;  // zone, and id or idempotency key

struct Entry {
  core::Row row;
  std::optional<store::Stored> payload{};
  std::optional<store::Stored> result{};
  std::vector<core::Event> history{};  // oldest first
};

/// All that the store holds.
struct Holding {
  std::map<Name, Entry> tasks;
  std::map<Name, core::Replay> replays;
  std::map<Name, std::int64_t> tombstones;
  std::vector<store::Pause> pauses;
  std::vector<core::Event> feed;  // oldest first
  std::int64_t newest = 0;        // the last event's number
  std::int64_t purged_through = 0;

  [[nodiscard]] const Entry* find(const core::Key& key) const {
    const auto found = tasks.find({key.zone_id, key.id});
    return found == tasks.end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::int64_t count(std::string_view zone_id, core::Status status) const {
    return std::count_if(tasks.begin(), tasks.end(), [&](const auto& each) {
      return each.first.first == zone_id && each.second.row.task.status == status;
    });
  }
  [[nodiscard]] bool is_paused(store::Pause::What what, std::string_view name) const {
    return std::any_of(pauses.begin(), pauses.end(),
                       [&](const store::Pause& each) { return each.what == what && each.name == name; });
  }
  [[nodiscard]] bool is_kept_by_a_key(const core::Key& key, std::int64_t expired_until) const {
    return std::any_of(replays.begin(), replays.end(), [&](const auto& each) {
      return each.first.first == key.zone_id && each.second.task_id == key.id &&
             core::is_in_force(each.second.expires_at, expired_until);
    });
  }
};

[[nodiscard]] inline bool is_runnable(const core::Row& row) {
  if (row.not_before) return false;
  return row.task.status == core::Status::pending || core::is_offered_again(row);
}

/// Whether an ended task is one that the query asks for; of those of one zone or of all.
[[nodiscard]] inline bool is_asked_for(const Holding& holding, const core::Row& row, const store::EndedQuery& query) {
  const core::Task& task = row.task;
  const std::int64_t expired = query.expired_until.value_or(query.now);
  if (!taskstate::is_terminal(task.status) || task.updated_at > query.ended_until) return false;
  if (!query.zone_id.empty() && task.zone_id != query.zone_id) return false;
  return !holding.is_kept_by_a_key(row.key(), expired);
}

class Session final : public store::Session {
 public:
  /// What is read beyond what a change has said to need is counted in `unannounced`.
  Session(Holding& holding, const store::Clocks& clocks, std::string_view generation, const store::Needs* needs,
          std::atomic<int>& unannounced)
      : holding_(holding), clocks_(clocks), generation_(generation), needs_(needs), unannounced_(unannounced) {}

  std::optional<core::Row> read(const core::Key& key) override {
    announced([&](const store::Needs& needs) {
      return needs.claim != nullptr || needs.due ||
             std::find(needs.rows.begin(), needs.rows.end(), key) != needs.rows.end();
    });
    const Entry* const entry = holding_.find(key);
    return entry != nullptr ? std::optional(entry->row) : std::nullopt;
  }
  std::optional<store::Stored> stored(const core::Key& key, store::Part part) override {
    const Entry* const entry = holding_.find(key);
    if (entry == nullptr) return std::nullopt;
    return part == store::Part::payload ? entry->payload : entry->result;
  }
  store::Now now() override { return {clocks_.wall(), clocks_.wall()}; }
  std::string generation() override { return std::string(generation_); }
  core::StoredSettings settings() override { return {}; }

  store::Candidates claimable(store::ClaimQuery& query, const store::Patience& patience) override {
    announced([](const store::Needs& needs) { return needs.claim != nullptr; });
    return [this, &query, &patience, last = query.turn.served]() mutable -> std::optional<core::Key> {
      if (patience.cancelled && patience.cancelled()) patience.require("the look was cancelled");
      const core::Row* best = nullptr;
      const auto place = [&](const core::Row& row) {
        return std::tuple(row.task.zone_id <= last, row.task.zone_id, -row.priority, row.number);
      };
      for (const auto& [name, entry] : holding_.tasks)
        if (may_claim(entry.row, query) && (best == nullptr || place(entry.row) < place(*best))) best = &entry.row;
      if (best == nullptr) return std::nullopt;
      last = best->task.zone_id;
      return best->key();
    };
  }
  std::int64_t count(std::string_view zone_id, core::Status status) override {
    announced([&](const store::Needs& needs) { return needs.counted == zone_id; });
    return holding_.count(zone_id, status);
  }

  store::Due due(const store::DueQuery& query) override {
    announced([&](const store::Needs& needs) { return needs.due || query.expiry; });
    store::Due due;
    std::array<std::size_t, 3> found{};
    const auto later = [&due](std::int64_t at, std::int64_t now) {
      if (at > now) due.next_in = std::min(due.next_in.value_or(at - now), at - now);
    };
    for (const auto& [name, entry] : holding_.tasks) {
      const core::Row& row = entry.row;
      const auto why = reason(row);
      if (why && found.at(static_cast<std::size_t>(*why))++ < query.limit)
        due.tasks.push_back({row.key(), *why, row.lease_clock.value_or(""), clocks_.lease.now()});
      if (!query.next || taskstate::is_terminal(row.task.status)) continue;
      if (row.not_before) later(*row.not_before, clocks_.wall());
      if (row.start_by && row.task.status == core::Status::pending) later(*row.start_by, clocks_.wall());
      if (row.lease_until) later(*row.lease_until, clocks_.lease.now());
    }
    due.expired = query.expiry && drop(*query.expiry, 1, false) > 0;
    return due;
  }
  bool is_comparable(std::string_view clock) override { return clock == clocks_.lease.name; }

  std::optional<core::Replay> replay(std::string_view zone_id, std::string_view key) override {
    announced([&](const store::Needs& needs) { return needs.replay_zone_id == zone_id && needs.replay_key == key; });
    const auto found = holding_.replays.find({std::string(zone_id), std::string(key)});
    return found == holding_.replays.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<std::int64_t> tombstone(const core::Key& key) override {
    announced([&](const store::Needs& needs) {
      return std::find(needs.tombstones.begin(), needs.tombstones.end(), key) != needs.tombstones.end();
    });
    const auto found = holding_.tombstones.find({key.zone_id, key.id});
    return found == holding_.tombstones.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<core::Key> ended(store::EndedQuery& query) override {
    std::vector<const core::Row*> rows;
    const auto place = [](const core::Row& row) { return std::tuple(row.task.updated_at, row.task.id, row.number); };
    for (const auto& [name, entry] : holding_.tasks)
      if (is_asked_for(holding_, entry.row, query) &&
          (!query.at || place(entry.row) > std::tuple(*query.at, query.id, query.seq)))
        rows.push_back(&entry.row);
    std::sort(rows.begin(), rows.end(),
              [&](const auto* one, const auto* other) { return place(*one) < place(*other); });
    if (rows.size() > query.limit) rows.resize(query.limit);
    std::vector<core::Key> keys;
    for (const core::Row* row : rows) keys.push_back(row->key());
    if (!rows.empty()) std::tie(query.at, query.id, query.seq) = place(*rows.back());
    return keys;
  }

  bool insert(const core::Row& row, std::optional<std::string_view> payload) override {
    if (holding_.find(row.key()) != nullptr) return false;
    Entry entry{row};
    entry.row.number = holding_.newest + 1;
    if (payload) entry.payload = store::Stored{std::string(*payload), {}};
    note(entry, std::nullopt);
    holding_.tasks.emplace(Name{row.task.zone_id, row.task.id}, std::move(entry));
    return true;
  }
  store::Replaced replace(const core::Row& before, const core::Row& next) override {
    const auto found = holding_.tasks.find({before.task.zone_id, before.task.id});
    if (found == holding_.tasks.end() || found->second.row.version != before.version) return store::Replaced::moved;
    Entry& entry = found->second;
    const core::Row was = std::exchange(entry.row, next);
    entry.row.number = was.number;
    entry.row.last_event = was.last_event;
    if (next.revision != was.revision) note(entry, was.task.status);
    entry.row.note = {};
    return store::Replaced::done;
  }
  store::LeaseStart lease(std::int64_t duration) override {
    return {holding_.newest + 1, clocks_.lease.name, clocks_.lease.now() + duration};
  }
  void keep_result(const core::Key& key, std::string_view result, std::optional<std::int64_t> until) override {
    holding_.tasks.at({key.zone_id, key.id}).result = store::Stored{std::string(result), until};
  }
  bool set_paused(const store::Pause& pause, bool paused) override {
    if (holding_.is_paused(pause.what, pause.name) == paused) return false;
    if (paused) {
      holding_.pauses.push_back(pause);
    } else {
      std::erase_if(holding_.pauses,
                    [&](const store::Pause& each) { return each.what == pause.what && each.name == pause.name; });
    }
    return true;
  }
  void set_replay(std::string_view zone_id, std::string_view key, const core::Replay* replay) override {
    const Name name{std::string(zone_id), std::string(key)};
    holding_.replays.erase(name);
    if (replay != nullptr) holding_.replays.emplace(name, *replay);
  }
  bool remove(const store::Removal& removal) override {
    const auto found = holding_.tasks.find({removal.key.zone_id, removal.key.id});
    if (found == holding_.tasks.end() || !taskstate::is_terminal(found->second.row.task.status)) return false;
    const core::Row row = found->second.row;
    if (removal.of != nullptr && !is_asked_for(holding_, row, *removal.of)) return false;
    std::erase_if(holding_.feed, [&](const core::Event& event) { return event.key == removal.key; });
    std::erase_if(holding_.replays, [&](const auto& each) {
      return each.first.first == removal.key.zone_id && each.second.task_id == removal.key.id;
    });
    holding_.purged_through = std::max(holding_.purged_through, row.last_event);
    core::Event event;
    event.sequence = ++holding_.newest;
    event.key = row.key();
    event.kind = "purged";
    event.from = event.to = row.task.status;
    event.at = std::max(removal.now, row.task.updated_at);
    event.revision = row.revision + 1;
    event.operation = row.task.operation;
    holding_.feed.push_back(std::move(event));
    holding_.tasks.erase(found);
    return true;
  }
  void entomb(const core::Key& key, std::int64_t /*now*/, std::int64_t until) override {
    holding_.tombstones[{key.zone_id, key.id}] = until;
  }
  std::size_t drop_expired(const store::Expiry& expiry, std::size_t limit) override {
    return drop(expiry, limit, true);
  }
  void run(const store::Statement&, const core::Key&, std::int64_t) override {
    throw core::Failure(core::Code::unsupported, "there is no SQL here");
  }

 private:
  using Why = store::DueTask::Why;

  template <class Told>
  void announced(Told told) {
    if (needs_ != nullptr && !told(*needs_)) ++unannounced_;
  }
  [[nodiscard]] bool may_claim(const core::Row& row, const store::ClaimQuery& query) const {
    const core::Task& task = row.task;
    if (!is_runnable(row) || !query.filter.matches(task.zone_id, task.operation)) return false;
    if (holding_.is_paused(store::Pause::What::zone, task.zone_id) ||
        holding_.is_paused(store::Pause::What::operation, task.operation))
      return false;
    const bool is_running = task.status == core::Status::running;
    return is_running || query.running_limit == 0 ||
           holding_.count(task.zone_id, core::Status::running) < query.running_limit;
  }
  [[nodiscard]] std::optional<Why> reason(const core::Row& row) const {
    if (taskstate::is_terminal(row.task.status)) return std::nullopt;
    const bool is_pending = row.task.status == core::Status::pending;
    if (is_pending && row.start_by && *row.start_by <= clocks_.wall()) return Why::start_by;
    if (row.not_before && *row.not_before <= clocks_.wall()) return Why::not_before;
    if (row.lease_until && *row.lease_until <= clocks_.lease.now()) return Why::lease;
    return std::nullopt;
  }
  void note(Entry& entry, std::optional<core::Status> from) {
    core::Row& row = entry.row;
    core::Event event;
    event.sequence = ++holding_.newest;
    event.previous = std::exchange(row.last_event, event.sequence);
    event.key = row.key();
    event.kind = row.note.kind;
    event.from = from;
    event.to = row.task.status;
    event.at = row.task.updated_at;
    event.revision = row.revision;
    event.attempt = row.attempt;
    event.worker = row.note.worker;
    event.epoch = row.epoch;
    event.request_id = row.note.request_id;
    event.traceparent = row.note.traceparent;
    event.message = row.note.message;
    event.detail = row.note.detail;
    event.operation = row.task.operation;
    row.note = {};
    entry.history.push_back(event);
    holding_.feed.push_back(std::move(event));
  }
  std::size_t drop(const store::Expiry& expiry, std::size_t limit, bool really) {
    std::size_t dropped = 0;
    const auto drop_from = [&](auto& from, auto until_of) {
      for (auto each = from.begin(); each != from.end() && dropped < limit;) {
        const bool is_over = until_of(each->second) <= expiry.now;
        dropped += is_over ? 1 : 0;
        each = is_over && really ? from.erase(each) : std::next(each);
      }
    };
    drop_from(holding_.replays, [](const core::Replay& replay) { return replay.expires_at; });
    drop_from(holding_.tombstones, [](std::int64_t until) { return until; });
    return dropped;
  }

  Holding& holding_;
  const store::Clocks& clocks_;
  const std::string_view generation_;
  const store::Needs* const needs_;
  std::atomic<int>& unannounced_;
};

}  // namespace memory

/// Any number of threads.
class MemoryStore final : public store::Store {
 public:
  explicit MemoryStore(store::Clocks clocks) : Store({store::Proof::own_commits}), clocks_(std::move(clocks)) {}

  /// How often a change has read what it had not said that it would.
  std::atomic<int> unannounced{0};
  /// How often a change was run again.
  std::atomic<int> conflicts{0};

  void commit(std::span<const store::Change> changes, std::span<std::optional<core::Error>> errors,
              store::Deadline deadline, const std::stop_token& stop) override {
    require_open();
    for (std::size_t i = 0; i < changes.size(); ++i) {
      try {
        if (stop.stop_requested()) throw core::Failure(core::Code::cancelled, "the caller cancelled");
        if (std::chrono::steady_clock::now() >= deadline) throw core::Failure(core::Code::busy, "the deadline passed");
        while (!try_commit(changes[i])) ++conflicts;
      } catch (const core::Failure& failure) {
        errors[i] = core::copy_of(failure.error());
      }
    }
  }
  void view(const std::function<void(store::View&)>& ask, const store::Patience& patience) override {
    if (patience.cancelled && patience.cancelled()) throw core::Failure(core::Code::cancelled, "the caller cancelled");
    memory::Holding copy = *held();
    memory::Session session(copy, clocks_, generation_, nullptr, unannounced);
    ask(session);
  }
  void answers(std::span<const core::Key> keys, std::span<store::Found> found,
               const std::optional<store::Stamp>& proven, const store::Patience&) override {
    const auto state = held();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      found[i] = {};
      if (const memory::Entry* const entry = state->find(keys[i])) {
        const core::Row& row = entry->row;
        const auto href = core::result_href(row.task);
        found[i].row = store::AnswerRow{row.task.status,
                                        row.task.created_at,
                                        row.revision,
                                        row.body,
                                        row.task.install_id,
                                        href ? core::Text(*href) : std::nullopt,
                                        row.result_media_type.has_value()};
      } else if (const auto tomb = state->tombstones.find({keys[i].zone_id, keys[i].id});
                 tomb != state->tombstones.end()) {
        found[i].tombstone = tomb->second;
        found[i].expiry = clocks_.wall();
      }
      found[i].proven = proven && stamp() == proven;
    }
  }
  store::News news(std::optional<std::int64_t> after, std::size_t limit, const store::Patience&) override {
    const auto state = held();
    store::News news;
    news.latest = state->newest;
    if (!after || *after > state->newest) return news;
    news.gap = false;
    for (const core::Event& event : state->feed) {
      if (event.sequence <= *after) continue;
      news.more = news.moved.size() == limit;
      if (news.more) break;
      news.moved.push_back({event.sequence, event.key, event.revision, taskstate::is_terminal(event.to)});
    }
    return news;
  }
  [[nodiscard]] std::optional<store::Stamp> stamp() const noexcept override { return store::Stamp{{commits_.load()}}; }

  store::Page page(const store::PageQuery& query, const store::Patience& patience) override {
    if (patience.cancelled && patience.cancelled()) throw core::Failure(core::Code::cancelled, "the caller cancelled");
    const auto state = held();
    std::vector<const core::Row*> rows;
    const auto place = [&](const core::Row& row) {
      return query.zone_id.empty() ? std::tuple(row.number, std::string())
                                   : std::tuple(row.task.created_at, row.task.id);
    };
    for (const auto& [name, entry] : state->tasks)
      if (passes(entry.row, query)) rows.push_back(&entry.row);
    store::Page page;
    page.total = static_cast<std::int64_t>(rows.size());
    std::sort(rows.begin(), rows.end(), [&](const core::Row* one, const core::Row* other) {
      return query.newer ? place(*one) < place(*other) : place(*one) > place(*other);
    });
    for (const core::Row* row : rows) {
      if (page.rows.size() == query.limit) break;
      if (query.from) {
        const auto from = query.zone_id.empty() ? std::tuple(query.from->number, std::string())
                                                : std::tuple(query.from->position.created_at, query.from->position.id);
        if (query.newer ? place(*row) <= from : place(*row) >= from) continue;
      }
      page.rows.push_back(*row);
    }
    return page;
  }
  std::vector<core::Event> history(const core::Key& key, std::optional<std::int64_t> before, std::size_t limit,
                                   const store::Patience&) override {
    std::vector<core::Event> events;
    const auto state = held();
    const memory::Entry* const entry = state->find(key);
    if (entry == nullptr) return events;
    for (auto each = entry->history.rbegin(); each != entry->history.rend() && events.size() < limit; ++each)
      if (!before || each->sequence < *before) events.push_back(*each);
    return events;
  }
  store::VerifyReport verify(const store::Patience&) override {
    const auto state = held();
    return {{}, static_cast<std::int64_t>(state->tasks.size()), static_cast<std::int64_t>(state->feed.size())};
  }
  store::Feed feed(const store::FeedQuery& query, const store::Patience&) override {
    const auto state = held();
    store::Feed feed{{}, state->newest, state->newest, state->purged_through, 0, generation_};
    for (const core::Event& event : state->feed) {
      if (event.sequence <= query.after || (!query.zone_id.empty() && event.key.zone_id != query.zone_id)) continue;
      feed.events.push_back(event);
      if (feed.events.size() < query.limit) continue;
      feed.read_through = event.sequence;
      break;
    }
    return feed;
  }
  store::Stats stats(std::string_view zone_id, const store::Patience&) override {
    const auto state = held();
    std::map<std::tuple<std::string, std::string, core::Status>, std::int64_t> counts;
    store::Stats stats;
    for (const auto& [name, entry] : state->tasks) {
      const core::Task& task = entry.row.task;
      ++stats.totals.at(static_cast<std::size_t>(task.status));
      if (zone_id.empty() || task.zone_id == zone_id) ++counts[{task.zone_id, task.operation, task.status}];
    }
    for (const auto& [what, count] : counts)
      stats.counts.push_back({std::get<0>(what), std::get<1>(what), std::get<2>(what), count});
    stats.pauses = state->pauses;
    stats.last_sequence = state->newest;
    stats.lease_clock = "host";
    stats.locks = "none";
    return stats;
  }
  void backup(const std::string&, const store::Patience&) override {
    throw core::Failure(core::Code::unsupported, "there is no file to copy it to");
  }
  void flush_removed(const store::Patience&) override {}
  void accept_clock() noexcept override {}
  [[nodiscard]] std::unique_ptr<store::Notices> notices() override { return nullptr; }
  [[nodiscard]] store::Content content() const override { return {generation_, 0, false}; }
  [[nodiscard]] std::int64_t settings_stamp() const noexcept override { return 0; }
  [[nodiscard]] bool tell_restored() override { return false; }
  void close() noexcept override { closed_ = true; }
  void at_fork(store::Fork) noexcept override {}

 private:
  void require_open() const {
    if (closed_) throw core::Failure(core::Code::closed, "the engine is closed");
  }
  [[nodiscard]] std::shared_ptr<const memory::Holding> held() const {
    require_open();
    const std::lock_guard lock(mutex_);
    return holding_;
  }
  /// False: somebody else has committed meanwhile.
  bool try_commit(const store::Change& change) {
    const auto before = held();
    const auto next = std::make_shared<memory::Holding>(*before);
    memory::Session session(*next, clocks_, generation_, &change.needs, unannounced);
    try {
      change.run(session);
    } catch (const store::Conflict&) {
      return false;
    }
    const std::lock_guard lock(mutex_);
    if (holding_ != before) return false;
    holding_ = next;
    ++commits_;
    return true;
  }
  static bool passes(const core::Row& row, const store::PageQuery& query) {
    const core::Task& task = row.task;
    const auto is = [](const core::Text& wanted, const core::Text& value) { return !wanted || wanted == value; };
    if (!query.zone_id.empty() && task.zone_id != query.zone_id) return false;
    if (!query.statuses.empty() &&
        std::find(query.statuses.begin(), query.statuses.end(), task.status) == query.statuses.end())
      return false;
    if (query.created_from && task.created_at < *query.created_from) return false;
    if (query.created_until && task.created_at >= *query.created_until) return false;
    return is(query.operation, task.operation) && is(query.install_id, task.install_id) &&
           is(query.package_id, task.package_id) && is(query.worker, row.worker) && is(query.ref, row.ref) &&
           is(query.client_request_id, row.client_request_id) &&
           (!query.failure_kind || (row.failure_kind && to_string(*row.failure_kind) == *query.failure_kind));
  }

  const store::Clocks clocks_;
  const std::string generation_ = std::string(32, '0');
  mutable std::mutex mutex_;
  std::shared_ptr<const memory::Holding> holding_ = std::make_shared<memory::Holding>();
  std::atomic<std::uint64_t> commits_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace tse::test

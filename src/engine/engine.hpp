// The engine: every operation on one open file. It reads a row, lets core judge, has the store replace it.
#pragma once

#include "core/answer.hpp"
#include "core/apply.hpp"
#include "core/error.hpp"
#include "core/lease.hpp"
#include "core/task.hpp"
#include "core/validate.hpp"
#include "engine/answer_cache.hpp"
#include "engine/batch.hpp"
#include "engine/clock.hpp"
#include "engine/commit_group.hpp"
#include "engine/fork_guard.hpp"
#include "engine/housekeeper.hpp"
#include "engine/housekeeping.hpp"
#include "engine/lease_clock.hpp"
#include "engine/lease_judge.hpp"
#include "engine/log.hpp"
#include "engine/wall_guard.hpp"
#include "engine/watch.hpp"
#include "engine/watcher.hpp"
#include "store/store.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tse::engine {

enum class Mode : std::int32_t { create = 0, read_write = 1, read_only = 2 };

/// What the host decided at open. Times that are 0: none.
struct Settings {
  Mode mode = Mode::create;
  bool adopt = false;
  bool any_filesystem = false;
  std::chrono::microseconds timeout = std::chrono::seconds(5);
  std::vector<std::string> operations{"create", "delete"};
  core::Policy policy;
  LogSettings log;
  Clock clock;          ///< empty: the system's
  Clock rough_clock{};  ///< for what whole seconds are made of; chosen with the clock
  Clock boot_clock{};   ///< runs evenly, whatever the clock does; empty: the injected clock, else the boot clock
  IdSource ids;         ///< empty: UUIDv7 and UUIDv4
  /// How often the housekeeper looks; 0: never. None: every second, or never with an injected clock.
  std::optional<std::chrono::microseconds> housekeeping;
  std::int64_t running_limit = 0;  ///< tasks of a zone that may run at once; 0: no limit
  std::int64_t pending_limit = 0;  ///< tasks of a zone that may be pending at once; 0: no limit
  std::chrono::microseconds idempotency_retention = std::chrono::hours(24);
  bool adopt_request_id = false;  ///< as the idempotency key
  std::chrono::microseconds retention{0};
  std::chrono::microseconds tombstones{0};
  std::chrono::microseconds feed_retention = std::chrono::hours(24 * 7);
  store::Durability durability = store::Durability::full;
  std::int64_t max_bytes = 0;  ///< of the file; 0: no limit
  std::int64_t checkpoint_bytes = std::int64_t{4} << 20;
  std::uint32_t file_mode = 0600;
  bool refuse_migration = false;
  std::int64_t answer_cache_bytes = std::int64_t{64} << 20;  ///< 0: none
  std::string boot_id;                                       ///< empty: the kernel's
  LeaseClock lease_clock;                                    ///< empty: the injected clocks, else the boot clock
  bool real_time = true;                                     ///< the clocks are the system's; chosen with the clock
};

/// What one call carries besides its arguments.
struct Call {
  std::optional<std::chrono::microseconds> timeout{};
  core::Text request_id{};
  core::Text traceparent{};
  core::Text actor{};
  std::stop_token stop{};
  std::vector<store::Statement> also{};  ///< the host's own, run with each change
  bool is_our_own = false;               ///< no host waits for it
};

/// A task as create() made it, or found it by its idempotency key.
struct Created {
  core::Row row;
  bool replayed = false;
};

inline constexpr std::chrono::microseconds usual_lease = std::chrono::seconds(30);

/// Which tasks claim() takes, and on which terms.
struct ClaimSpec {
  ClaimFilter filter;
  core::Text worker;
  std::chrono::microseconds lease = usual_lease;
  std::int64_t limit = 1;
  std::chrono::microseconds wait{0};
};

/// Throws Failure(invalid_argument).
void check(const ClaimSpec& spec);

/// Where the next claim begins: behind the zone that was served last, as the file says, or where the look before it
/// gave up among zones at their limit, for as long as that round of looks has not seen all zones.
struct ClaimTurn {
  std::string served{};  ///< the zone that was served last; empty at first
  std::optional<std::string> stopped_at{};
  std::string round_began{};  ///< the first zone of the round
  bool wrapped = false;       ///< the round has come to the last zone and begun at the first
};

/// The turn of an engine's claims. Any thread.
class SharedClaimTurn {
 public:
  [[nodiscard]] ClaimTurn get() const {
    const std::lock_guard lock(mutex_);
    return turn_;
  }
  void set(ClaimTurn&& turn) noexcept {
    const std::lock_guard lock(mutex_);
    turn_ = std::move(turn);
  }

 private:
  mutable std::mutex mutex_;
  ClaimTurn turn_;
};

/// A lease as it was granted.
struct Lease {
  core::Row row;
  core::Text payload;
  std::string token;
  std::int64_t duration = 0;    ///< us
  std::int64_t expires_at = 0;  ///< us UTC, by the wall clock of the grant
};

/// What a heartbeat tells the worker.
struct Heartbeat {
  bool cancel_requested = false;
  std::int64_t duration = 0;    ///< us, from now on
  std::int64_t expires_at = 0;  ///< us UTC, by the wall clock of the moment
};

struct ListQuery {
  std::string zone_id;
  std::vector<core::Status> statuses;  ///< empty: all
  core::Text operation;
  core::Text install_id;
  core::Text package_id;
  std::optional<std::int64_t> created_from;   ///< inclusive
  std::optional<std::int64_t> created_until;  ///< exclusive
  std::int64_t limit = 50;
  core::Text after;
  core::Text before;
  bool with_total = false;
};

struct Page {
  std::vector<core::Row> rows;  ///< newest first
  core::Text after_cursor;
  core::Text before_cursor;
  std::optional<std::int64_t> total_count;
};

/// A part of a task's history.
struct HistoryQuery {
  std::optional<std::int64_t> before_revision{};  ///< exclusive; none: up to the newest event
  std::int64_t limit = core::max_page;
};

struct ChangesQuery {
  std::string zone_id;  ///< empty: all
  core::Text after;     ///< a position; none: from the beginning
  bool latest = false;  ///< from here and now
  bool allow_gap = false;
  std::int64_t limit = 100;
  std::chrono::microseconds wait{0};
};

struct Changes {
  std::vector<core::Event> events;
  std::string position;
  std::int64_t purged_through = 0;
};

struct PurgeQuery {
  std::string zone_id;  ///< empty: all
  std::chrono::microseconds older_than{0};
  std::int64_t limit = 0;  ///< 0: all
};

struct Stats {
  store::Stats store;
  std::int64_t waiters = 0;
  AnswerCache::Figures cache;
  store::Proof proof = store::Proof::none;
  store::Durability durability = store::Durability::full;
  std::string lease_clock;  ///< "boot", "wall", "host"
  Incomparable incomparable{};
  bool expiry_paused = false;  ///< the wall clock has leapt
};

/// "wal_index" and so on.
[[nodiscard]] std::string_view to_string(store::Proof proof) noexcept;
/// As OpenMetrics text 1.0.0.
[[nodiscard]] std::string to_open_metrics(const Stats& stats);

/// Whether decide() waits itself for what the request's Prefer asks, or tells for how long to.
enum class Waiting { here, elsewhere };

/// Any number of threads. Every operation throws core::Failure, unless it says otherwise.
class Engine : private fork_guard::Participant {
 public:
  /// Lets an engine go. One that a fork() brought here is left in memory: its locks may be held by
  /// threads that do not exist in this process.
  struct Retire {
    void operator()(Engine* engine) const noexcept;
  };
  using Ptr = std::unique_ptr<Engine, Retire>;

  [[nodiscard]] static Ptr open(const std::string& path, Settings settings);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// An empty id: one is made.
  Created create(core::NewTask spec, const Call& call);
  /// Applies one intent to one task; durable on return.
  core::Row change(const core::Key& key, const core::Intent& intent, const Call& call);
  /// Carries out each item in order and for itself; durable on return. `call.also` runs with each that changes its
  /// task. results[i] tells of items[i]. Throws only what keeps all of it from beginning.
  std::vector<ItemResult> run(std::span<const Item> items, const Call& call);

  /// None: nothing to do, also after `spec.wait`.
  std::vector<Lease> claim(const ClaimSpec& spec, const Call& call);
  Lease start_leased(const core::Key& key, const core::Text& worker, std::chrono::microseconds duration,
                     const Call& call);
  /// `text` is a lease's token. `lease`: none for the duration that was granted.
  Heartbeat heartbeat(std::string_view text, std::optional<std::chrono::microseconds> lease,
                      std::optional<core::Link> progress, const Call& call);
  /// Applies one intent to the task that the lease holds.
  core::Row change_leased(std::string_view text, const core::Intent& intent, const Call& call);
  core::Row release(std::string_view text, std::chrono::microseconds delay, const Call& call);
  /// One round of housekeeping; how many tasks changed.
  std::int64_t tick(const Call& call);
  /// A watch of nothing yet. It may outlive the engine.
  std::shared_ptr<Watch> watch();

  std::optional<core::Row> get(const core::Key& key, const Call& call);
  std::optional<std::string> payload(const core::Key& key, const Call& call);
  Page list(const ListQuery& query, const Call& call);
  std::vector<core::Event> history(const core::Key& key, const Call& call, const HistoryQuery& query = {});
  /// Until the task has moved past the revision or has ended; without a revision, until it has ended.
  std::optional<core::Row> wait(const core::Key& key, std::optional<std::int64_t> revision,
                                std::chrono::microseconds wait, const Call& call);
  Changes changes(const ChangesQuery& query, const Call& call);
  /// How many were removed.
  std::int64_t purge(const PurgeQuery& query, const Call& call);
  /// False: there was none.
  bool erase(const core::Key& key, const Call& call);
  Stats stats(std::string_view zone_id, const Call& call);
  /// The wall clock is right, however far it has leapt.
  void clock_ok(const Call& call);

  // These two read all there is: they have no deadline unless the call names one.
  store::VerifyReport verify(const Call& call);
  void backup(const std::string& path, const Call& call);

  /// Every failure is an answer; throws std::bad_alloc at most. Tells how long to wait elsewhere, in us.
  std::int64_t decide(core::Answer& out, core::KeyView key, const core::Request& request, Waiting waiting,
                      const Call& call);
  /// The same, if the answer is kept and current. Never blocks.
  bool decide_kept(core::Answer& out, core::KeyView key, const core::Request& request) {
    return answer_kept(out, key, request) == AnswerCache::Result::hit;
  }
  core::Answer accept(const core::Row& created, const core::Request& request);
  core::Answer accept(const core::Error& failure, const core::Request& request);

  /// Acts at once: whoever waits and whoever comes later gets `closed`; a commit under way ends first.
  void close() noexcept;

 private:
  Engine(Settings settings, std::unique_ptr<Log> log, std::unique_ptr<store::Store> store);
  ~Engine() override;

  [[nodiscard]] bool is_inherited() const noexcept;
  void enter() const;
  [[nodiscard]] store::Deadline deadline(const Call& call) const;
  [[nodiscard]] store::Patience patience(const Call& call) const;
  [[nodiscard]] core::Context context(const Call& call) const;
  [[nodiscard]] Moment moment() const;
  [[nodiscard]] store::Patience long_patience(const Call& call) const;
  void commit(store::Change change, const Call& call) { commit(std::move(change), call, patience(call)); }
  void commit(store::Change change, const Call& call, const store::Patience& until);
  void commit(std::span<store::Change> changes, std::span<std::optional<core::Error>> errors, const Call& call,
              const store::Patience& until);
  /// A task that is to be made.
  struct Creation {
    core::NewTask spec;
    core::Row fresh;
    Created made;
  };
  /// An intent for a task, and the task after it.
  struct Edit {
    core::Key key;
    const core::Intent* intent;
    std::optional<std::int64_t> epoch;
    core::Text generation;  ///< the lease's
    core::Row row;
  };
  [[nodiscard]] Creation prepare_create(core::NewTask spec, const Call& call);
  [[nodiscard]] static Edit prepare_leased(std::string_view text, const core::Intent& intent);
  [[nodiscard]] std::variant<Creation, Edit> prepare(const Item& item, const Call& call);
  /// Refers to both.
  [[nodiscard]] store::Change change_of(Creation& creation, const Call& call);
  [[nodiscard]] store::Change change_of(Edit& edit, const Call& call);
  core::Row edit(Edit what, const Call& call);
  /// Wakes who waits for what a change has made possible.
  void tell(const Created& made);
  void tell(const core::Row& row);
  void create_in(store::Session& session, const core::NewTask& spec, const Call& call, Created& created);
  void tell_moves() noexcept;
  [[nodiscard]] NewsSource news_source();
  void bury(store::Session& session, const core::Key& key, std::int64_t now);
  void drop_left_over(const Call& call);
  std::int64_t purge_ended(store::EndedQuery query, std::int64_t limit, const Call& call);
  /// Adds to `changed` how many tasks it has purged for good.
  void clean(const Call& call, std::int64_t& changed);

  [[nodiscard]] static core::LeaseToken lease_in(std::string_view text);
  Page list_in(const std::string& generation, const ListQuery& query, const Call& call);
  Lease grant(store::Session& session, const core::Key& key, const core::Text& worker,
              std::chrono::microseconds duration, const Call& call);
  [[nodiscard]] bool is_worth_claiming(const ClaimSpec& spec, ClaimTurn& turn, const store::Patience& until);
  std::vector<Lease> claim_now(const ClaimSpec& spec, const Call& call);
  std::vector<Lease> take(const ClaimSpec& spec, ClaimTurn& turn, const Call& call);
  void refuse_incomparable(store::Session& session, const core::Key& key) const;

  static constexpr std::size_t round_size = 64;
  bool housekeeping_round(std::stop_token stop);
  [[nodiscard]] std::chrono::microseconds plan_round(bool after_round, std::stop_token stop);
  void wake_housekeeper(const core::Row& row) noexcept;
  void tell_kept(const Kept& kept);

  void before_fork() noexcept override;
  void after_fork_parent() noexcept override;
  void after_fork_child() noexcept override;
  [[nodiscard]] AnswerCache::Result answer_kept(core::Answer& out, core::KeyView key, const core::Request& request);
  struct Sought;
  [[nodiscard]] Sought seek(const core::Key& key, const Call& call);
  std::int64_t decide_by_reading(core::Answer& out, const core::Key& key, const core::Request& request, Waiting waiting,
                                 const Call& call);
  void await_move(const core::Key& key, std::optional<std::int64_t> revision,
                  std::chrono::steady_clock::time_point until, const std::stop_token& stop);
  [[nodiscard]] core::MakeRequestId fresh_request_id() const;

  const Settings settings_;
  const std::unique_ptr<Log> log_;
  const std::unique_ptr<store::Store> store_;
  AnswerCache answers_;
  CommitGroup group_;
  const LeaseJudge judge_;
  mutable WallGuard wall_;
  const std::shared_ptr<Watches> watches_;
  SharedClaimTurn claim_turn_;
  Watcher watcher_;
  Housekeeper housekeeper_;
  std::string last_complaint_;      // the housekeeper's; its thread alone
  std::uint64_t told_content_ = 0;  // the watcher's; its thread alone
  const std::uint64_t generation_;
  std::atomic<bool> closed_{false};
};

/// The answer where there is no usable engine: 503.
[[nodiscard]] core::Answer answer_without_engine(core::KeyView key, const core::Request& request);

}  // namespace tse::engine

// The seam between the engine and a database. Keys, rows and the hidden version cross it, nothing of
// SQL, files or connections. A store never judges: it compares and replaces.
#pragma once

#include "core/cursor.hpp"
#include "core/error.hpp"
#include "core/file_settings.hpp"
#include "core/idempotency.hpp"
#include "core/query.hpp"
#include "core/settings.hpp"
#include "core/statement.hpp"
#include "core/task.hpp"
#include "core/time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tse::store {

using Deadline = std::chrono::steady_clock::time_point;

/// How long a call waits for its turn: until a time, or until somebody cancels it. Copied freely.
struct Patience {
  // NOLINTNEXTLINE(google-explicit-constructor): a time alone is a patience
  Patience(Deadline time = {}, std::function<bool()> asked = {}) : until(time), cancelled(std::move(asked)) {}
  Deadline until;
  std::function<bool()> cancelled;  ///< asked while waiting; empty: never. Must not block or throw

  /// Throws Failure: cancelled, or busy with `why` once the time is over.
  void require(const char* why) const;
  /// Until when to sleep before asking again: `until`, or soon if somebody may cancel.
  [[nodiscard]] Deadline next_look() const;
};

/// Which tasks that have ended are asked for, and from where on: the place of the last that was seen.
struct EndedQuery {
  std::string zone_id;               ///< empty: all zones
  std::int64_t ended_until = 0;      ///< us UTC, inclusive
  std::int64_t now = 0;              ///< an idempotency key that is kept beyond it keeps its task, see core/removal.hpp
  std::size_t limit = 0;             ///< how many are given
  std::optional<std::int64_t> at{};  ///< with `id` and `seq`: exclusive
  std::string id{};
  std::int64_t seq = 0;
  std::optional<std::int64_t> expired_until{};  ///< up to when keys have expired; none: up to `now`
};

/// Whose time is over.
struct Expiry {
  std::int64_t now = 0;           ///< of idempotency keys and tombstones
  std::int64_t purged_until = 0;  ///< when it happened, of purges that the feed tells
};

/// The time, as the store's clocks tell it.
struct Now {
  std::int64_t wall = 0;    ///< us UTC
  std::int64_t expiry = 0;  ///< us UTC: what expires by the wall clock has, up to here; `wall`, unless that has leapt
  /// Whether nothing expires by the wall clock.
  [[nodiscard]] bool is_paused() const noexcept { return expiry < core::min_time; }
};

/// A lease that begins now.
struct LeaseStart {
  std::int64_t epoch = 0;  ///< never given before by this content; given by the change that stores it
  std::string clock;       ///< that it is held in
  std::int64_t until = 0;  ///< us on that clock
};

/// Where the next claim begins: behind the zone that was served last, or where the look before it gave up among zones
/// at their limit, for as long as that round of looks has not seen all zones.
struct ClaimTurn {
  std::string served{};  ///< the zone that was served last; empty at first
  std::optional<std::string> stopped_at{};
  std::string round_began{};  ///< the first zone of the round
  bool wrapped = false;       ///< the round has come to the last zone and begun at the first
};

/// Which tasks are looked for to be claimed. It, what it refers to, and the patience outlive the look.
struct ClaimQuery {
  const core::ClaimFilter& filter;
  std::int64_t running_limit = 0;         ///< tasks of a zone that may run at once; 0: no limit
  ClaimTurn turn{};                       ///< where to begin; after a look that found nothing: where the next begins
  std::optional<std::uint64_t> random{};  ///< chooses where to begin if nobody was served yet; none: at the first zone
};

/// Gives one candidate after the other, each as the store is by then: that of the highest priority in its zone, and of
/// those the oldest; zones in turn. Candidates, not promises. Nothing: that was all, or too much to look at. Throws
/// Failure when the patience ends.
using Candidates = std::function<std::optional<core::Key>()>;

/// What is looked for among what falls due.
struct DueQuery {
  std::size_t limit = 0;           ///< how many tasks, for each reason
  bool next = false;               ///< also when the next will be
  std::optional<Expiry> expiry{};  ///< also whether Session::drop_expired() would find anything
};
struct DueTask {
  enum class Why {
    start_by,    ///< pending, and its start_by has passed
    not_before,  ///< its not_before has come
    lease,       ///< its lease has ended
  };
  core::Key key;
  Why why = Why::lease;
  std::string clock{};     ///< of the lease
  std::int64_t until = 0;  ///< a lease that ends then or before has ended
};
struct Due {
  std::vector<DueTask> tasks;             ///< no task twice
  std::optional<std::int64_t> next_in{};  ///< us until something falls due that is not yet
  bool expired = false;
};

/// Bytes that are kept beside a task.
enum class Part : std::uint8_t {
  payload,  ///< what its worker needs
  result,   ///< what it has produced, once it is completed
};
struct Stored {
  std::string bytes;
  std::optional<std::int64_t> until{};  ///< us UTC
};

/// What claims pass over.
struct Pause {
  enum class What : std::uint8_t { zone, operation };
  What what = What::zone;
  std::string name;
  std::int64_t since = 0;  ///< us UTC
  core::Text actor{};      ///< who paused it
};

/// What can be asked of one snapshot of the store.
class View {
 public:
  virtual ~View() = default;
  virtual std::optional<core::Row> read(const core::Key& key) = 0;
  /// Also when its time is over, until it is dropped.
  virtual std::optional<Stored> stored(const core::Key& key, Part part) = 0;
  std::optional<std::string> payload(const core::Key& key) {
    std::optional<Stored> found = stored(key, Part::payload);
    return found ? std::optional(std::move(found->bytes)) : std::nullopt;
  }

  virtual Now now() = 0;
  /// What tells this content from any other: leases of another generation are none here.
  virtual std::string generation() = 0;

  /// Nothing of a zone or an operation that is paused. Also what the change that asks has claimed by then counts.
  virtual Candidates claimable(ClaimQuery& query, const Patience& patience) = 0;
  /// How many tasks of a zone have a status; from the counters.
  virtual std::int64_t count(std::string_view zone_id, core::Status status) = 0;

  virtual Due due(const DueQuery& query) = 0;
  /// Whether it can be told from here when leases on that clock have ended.
  virtual bool is_comparable(std::string_view clock) = 0;

  /// What is kept under an idempotency key, also when its time is over.
  virtual std::optional<core::Replay> replay(std::string_view zone_id, std::string_view key) = 0;
  /// Until when the tombstone of a purged task stands, also when that is over.
  virtual std::optional<std::int64_t> tombstone(const core::Key& key) = 0;
  /// Completed and failed tasks; moves the query's place along.
  virtual std::vector<core::Key> ended(EndedQuery& query) = 0;

  /// What is stored of the settings, with their stamp.
  virtual core::StoredSettings settings() = 0;
};

using core::Blob;
using core::Statement;
using core::Value;

/// What became of a row that was to be replaced.
enum class Replaced : std::uint8_t {
  done,
  moved,     ///< it is not as it was, or is gone: read it again
  conflict,  ///< others have committed since this change began: it is to throw Conflict
};

/// Thrown by a change that met with others. The store runs it again, from the start.
struct Conflict {};

/// Which task is removed, and when.
struct Removal {
  const core::Key& key;
  std::int64_t now = 0;
  const EndedQuery* of = nullptr;  ///< only if it is one that the query asks for
};

/// Where a change reads and writes. What it reads is current until the change ends; what it writes is
/// durable only when Store::commit() says so.
class Session : public View {
 public:
  /// Stores a new task with its first event. False: the key is taken.
  virtual bool insert(const core::Row& row, std::optional<std::string_view> payload) = 0;
  /// Replaces a row that is still as it was, which its version tells, and appends its event if the revision grew. What
  /// differs between the two is what is written. A store that compares when it commits says `done` beforehand, and runs
  /// the change again if that turns out wrong.
  [[nodiscard]] virtual Replaced replace(const core::Row& before, const core::Row& next) = 0;
  /// A lease of that duration, in us, that begins now, or goes on from now.
  virtual LeaseStart lease(std::int64_t duration) = 0;

  /// Stores what a task that was completed just now has produced; its row names the media type.
  virtual void keep_result(const core::Key& key, std::string_view result, std::optional<std::int64_t> until) = 0;
  /// Pauses, or ends a pause; claims then pass over it, or no longer do. False: it was so already.
  virtual bool set_paused(const Pause& pause, bool paused) = 0;
  /// Keeps it under the idempotency key; none: forgets the key.
  virtual void set_replay(std::string_view zone_id, std::string_view key, const core::Replay* replay) = 0;
  /// Removes a completed or failed task and all that is kept of it, with one event "purged". False: there is none.
  virtual bool remove(const Removal& removal) = 0;
  virtual void entomb(const core::Key& key, std::int64_t now, std::int64_t until) = 0;
  /// Forgets what is over, and what removed tasks have left, at most `limit` of each kind. How many that was.
  virtual std::size_t drop_expired(const Expiry& expiry, std::size_t limit) = 0;

  /// Runs a statement of the host's own; :taskstate_zone_id, :taskstate_id and :taskstate_now are those given. It may
  /// do what taskstate.h says. Throws Failure: invalid_argument; busy or cancelled, with a detail, when the change's
  /// patience ended meanwhile.
  virtual void run(const Statement& statement, const core::Key& key, std::int64_t now) = 0;
};

using core::Durability;

/// What a change will read, as far as that can be told beforehand: a store whose commits cost a round trip fetches it
/// for a whole group at once. Reading more is allowed, and slower. What it refers to outlives the change.
struct Needs {
  std::span<const core::Key> rows{};
  std::span<const core::Key> tombstones{};
  std::string_view replay_zone_id{};
  std::string_view replay_key{};  ///< an idempotency key; empty: none
  std::string_view counted{};     ///< a zone whose counters decide; empty: none
  const ClaimQuery* claim = nullptr;
  bool due = false;
};

/// One change. May be run more than once, each time from the start: only the last run counts. Throws
/// Failure to refuse; then nothing of it is kept.
struct Change {
  std::function<void(Session&)> run;
  Durability durability = Durability::full;
  bool seen = true;                    ///< whether others may wait for it
  bool tells = true;                   ///< whether somebody waits who can be told that the content was replaced
  Patience patience{Deadline::max()};  ///< of the statements of the host's own that it runs
  bool has_statements = false;         ///< whether it may run any
  Needs needs{};
};

/// What an answer needs, and no more.
struct AnswerRow {
  core::Status status = core::Status::pending;
  std::int64_t created_at = 0;
  std::int64_t revision = 0;
  std::string body;
  core::Text install_id;
  core::Text result_href;
  bool has_stored_result = false;
};

/// Names a committed state. As long as the stamp is the same, so is all that can be read.
struct Stamp {
  std::array<std::uint64_t, 4> words{};
  bool operator==(const Stamp&) const = default;
};

/// How a store tells its state.
enum class Proof : std::int32_t {
  none,         ///< it cannot: every answer must be read
  wal_index,    ///< by what all processes share of SQLite's
  own_commits,  ///< by counting: there is no other writer
};

/// What stands where an answer was looked for: a task, or the tombstone of one until a time.
struct Found {
  std::optional<AnswerRow> row{};
  std::optional<std::int64_t> tombstone{};
  std::int64_t expiry = 0;  ///< beside a tombstone: as in Now
  bool proven = false;      ///< it is so in the state that the stamp names
};

/// That a task has moved, as its event says it.
struct Move {
  std::int64_t sequence = 0;
  core::Key key;
  std::int64_t revision = 0;
  bool ended = false;  ///< completed, failed or purged
};

/// What has moved since an event, for whoever waits or keeps copies.
struct News {
  std::int64_t latest = 0;    ///< the newest event
  bool gap = true;            ///< anything may have moved: events since then are missing, or the content is another
  bool more = false;          ///< these are the first of more
  std::vector<Move> moved{};  ///< oldest first
  std::int64_t settings = 0;  ///< the stamp of the settings that hold then
  std::uint64_t content = 0;  ///< of which this is told, as Content::number; news of another content say nothing
  [[nodiscard]] bool is_complete() const noexcept { return !gap && !more; }
};

/// Where a row stands among those of its zone, and among all.
struct Place {
  core::Position position{};
  std::int64_t number = 0;
};

struct PageQuery {
  std::string zone_id;                 ///< empty: all zones, by the rows' numbers instead of their positions
  std::vector<core::Status> statuses;  ///< empty: all
  core::Text operation;
  core::Text install_id;
  core::Text package_id;
  core::Text failure_kind;
  core::Text worker;
  core::Text ref;
  core::Text client_request_id;
  std::optional<std::int64_t> created_from;   ///< inclusive
  std::optional<std::int64_t> created_until;  ///< exclusive
  std::size_t limit = 50;
  std::optional<Place> from;  ///< exclusive
  bool newer = false;         ///< the direction from `from`: towards newer rows
  bool with_total = false;
};

struct Page {
  std::vector<core::Row> rows;   ///< in the order of travel: newest first, or oldest first when `newer`
  std::optional<Place> reached;  ///< the deadline passed: the row that was looked at last
  std::int64_t total = 0;        ///< of all that the filter lets through, if that was asked for
};

/// Tells of commits of other processes. For one thread.
class Notices {
 public:
  virtual ~Notices() = default;
  struct Seen {
    bool announced = false;  ///< there is a commit to see
    bool written = false;    ///< there is one, now or soon
    bool began = false;      ///< to notice: what was before went unnoticed
    bool complete = false;   ///< every commit is noticed; otherwise look now and then
    int descriptor = -1;     ///< readable once there is more to see; -1: none
  };
  /// What was noticed since the last look. Begins to notice when that is wanted, else stops.
  virtual Seen look(bool wanted) noexcept = 0;
};

/// A part of the feed: events in the order of their commits.
struct FeedQuery {
  std::string zone_id;  ///< empty: all
  std::int64_t after = 0;
  std::size_t limit = 100;
};
struct Feed {
  std::vector<core::Event> events;
  std::int64_t read_through = 0;  ///< the sequence number up to which there is nothing more for the query
  std::int64_t latest = 0;        ///< of all zones
  std::int64_t purged_through = 0;
  std::int64_t floor = 0;  ///< purges up to it are no longer told
  std::string generation;  ///< of which the events are
};

/// How many tasks of a zone and operation have a status.
struct Count {
  std::string zone_id;
  std::string operation;
  core::Status status = core::Status::pending;
  std::int64_t count = 0;
};

/// How often something took how long.
struct Histogram {
  /// Inclusive upper bounds, in us; behind them is one more bucket without.
  static constexpr std::array<std::int64_t, 15> bounds{
      10'000,     50'000,      100'000,     500'000,       1'000'000,      5'000'000,      10'000'000,     30'000'000,
      60'000'000, 300'000'000, 900'000'000, 3'600'000'000, 21'600'000'000, 86'400'000'000, 604'800'000'000};
  std::array<std::int64_t, bounds.size() + 1> counts{};
  std::int64_t sum = 0;  ///< us
};

/// Of all that ever happened in the file, by whatever process.
struct FileMetrics {
  std::int64_t leases_lost = 0;
  std::array<std::int64_t, 4> failures{};  ///< by FailureKind
  Histogram waiting;                       ///< from creation, or not_before, to the start
  Histogram running;                       ///< from the start of the latest attempt to the end
};

struct Stats {
  std::vector<Count> counts;
  std::vector<Pause> pauses{};
  std::array<std::int64_t, 4> totals{};  ///< by status
  FileMetrics metrics;
  std::int64_t file_bytes = 0;
  std::int64_t free_bytes = 0;
  std::int64_t wal_bytes = 0;
  std::int64_t last_sequence = 0;
  std::int64_t commits = 0;
  std::int64_t changes = 0;
  std::int64_t largest_group = 0;
  std::int64_t checkpoints = 0;
  std::int64_t lock_waits = 0;
  std::int64_t lock_wait_us = 0;
  std::int64_t clocks_incomparable = 0;  ///< clocks whose leases' end cannot be told from here
  std::int64_t leases_incomparable = 0;
  bool expiry_paused = false;  ///< the wall clock has leapt
  std::string lease_clock;     ///< what kind it is: "boot", "wall", "host"
  std::string engine;          ///< the version of SQLite
  std::string locks;           ///< what keeps others out of the file: "ofd", "posix", or "none" in memory
};

struct VerifyReport {
  std::vector<std::string> problems;
  std::int64_t tasks = 0;
  std::int64_t events = 0;
};

/// What a store is, as long as it is open.
struct Traits {
  Proof proof = Proof::none;
};

/// Which content the store holds.
struct Content {
  std::string generation;    ///< of no copy of it; 16 bytes as hex. Another one once it was noticed to be replaced
  std::uint64_t number = 0;  ///< how often it was found replaced
  bool unsettled = false;    ///< it was replaced, so that the next commit() may have to give it a new generation
};

/// When a process forks.
enum class Fork : std::uint8_t {
  before,  ///< lets our own transaction finish, and keeps others from beginning
  parent,  ///< resumes
  child,   ///< marks the store, and closes what the parent had open: every call gives `forked`
};

/// One open database. Any number of threads. Everything throws core::Failure.
class Store {
 public:
  explicit Store(const Traits& traits) : traits_(traits) {}
  virtual ~Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  [[nodiscard]] const Traits& traits() const noexcept { return traits_; }
  /// The stamp of the settings, as the last transaction has found it: another one once they were changed.
  [[nodiscard]] virtual std::int64_t settings_stamp() const noexcept = 0;

  /// Carries out changes in order, each on its own, and together with those of other callers: errors[i] tells why
  /// changes[i] was not done. What is done is durable on return; or, of relaxed ones, visible. What has not begun when
  /// the deadline passes is `busy`, when it is asked to stop `cancelled`; what has begun runs to its end. Throws
  /// Failure(closed) if it was closed before.
  virtual void commit(std::span<const Change> changes, std::span<std::optional<core::Error>> errors, Deadline deadline,
                      const std::stop_token& stop) = 0;

  /// Asks several things of one snapshot; more than once, if need be, each time from the start.
  virtual void view(const std::function<void(View&)>& ask, const Patience& patience) = 0;
  std::optional<core::Row> read(const core::Key& key, const Patience& patience);
  std::optional<std::string> payload(const core::Key& key, const Patience& patience);
  /// One for each key. `proven`: a state in which news() was read, which spares looking whether the store can still be
  /// understood.
  virtual void answers(std::span<const core::Key> keys, std::span<Found> found, const std::optional<Stamp>& proven,
                       const Patience& patience) = 0;
  Found answer(const core::Key& key, const std::optional<Stamp>& proven, const Patience& patience) {
    Found found;
    answers({&key, 1}, {&found, 1}, proven, patience);
    return found;
  }
  /// At most `limit` moves; without `after` none, only which event is the newest.
  virtual News news(std::optional<std::int64_t> after, std::size_t limit, const Patience& patience) = 0;

  /// Names the state that is current now; nothing where that cannot be told, or the store wants a call that can throw.
  /// Takes nanoseconds. Not during or after close().
  [[nodiscard]] virtual std::optional<Stamp> stamp() const noexcept = 0;
  /// What was found until the deadline, if at least one row was looked at by then.
  virtual Page page(const PageQuery& query, const Patience& patience) = 0;
  /// A task's events, newest first, at most `limit`; of those before an event of it.
  virtual std::vector<core::Event> history(const core::Key& key, std::optional<std::int64_t> before, std::size_t limit,
                                           const Patience& patience) = 0;
  virtual VerifyReport verify(const Patience& patience) = 0;
  virtual Feed feed(const FeedQuery& query, const Patience& patience) = 0;
  /// The newest event's sequence number.
  [[nodiscard]] std::int64_t latest_event(const Patience& patience) { return news({}, 0, patience).latest; }
  /// Counts of one zone; empty: of all.
  virtual Stats stats(std::string_view zone_id, const Patience& patience) = 0;
  /// Copies all of it to a file of its own.
  virtual void backup(const std::string& path, const Patience& patience) = 0;
  /// Returns when nothing that was removed is left beside the database either. Throws Failure(unavailable, unknown).
  virtual void flush_removed(const Patience& patience) = 0;

  /// The wall clock is right, however far it has leapt.
  virtual void accept_clock() noexcept = 0;

  /// Of whatever other process; none if there can be no other. Throws Failure. Must not outlive the store.
  [[nodiscard]] virtual std::unique_ptr<Notices> notices() = 0;

  [[nodiscard]] virtual Content content() const = 0;
  /// True once after the content was replaced: then whoever calls is to be told. A commit() asks this itself, and
  /// refuses one change with `restored`.
  [[nodiscard]] virtual bool tell_restored() = 0;

  /// Refuses everything from now on with `closed`, waits for a commit under way, lets go of the database.
  virtual void close() noexcept = 0;

  virtual void at_fork(Fork moment) noexcept = 0;

 private:
  const Traits traits_;
};

}  // namespace tse::store

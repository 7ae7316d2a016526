// A host that does all that can be done to a file, by chance, and remembers what it was told.
#pragma once

#include "core/lease.hpp"
#include "disk.hpp"
#include "sql.hpp"
#include "support.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace tse::test {

/// All that is in a database: every row of every table, as text, but for what each opening and each copy makes anew.
class Reader {
 public:
  explicit Reader(const std::string& path) {
    if (sqlite3_open_v2(path.c_str(), &database_, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
      throw std::runtime_error("sqlite3_open_v2");
    sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    int persist = 1;
    sqlite3_file_control(database_, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
  }
  ~Reader() { sqlite3_close_v2(database_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  std::string content() {
    std::string all;
    for (const char* sql :
         {"SELECT schema, feed_floor, purged_through, counted_through FROM taskstate_meta",
          "SELECT * FROM taskstate_tasks ORDER BY seq", "SELECT * FROM taskstate_events ORDER BY seq",
          "SELECT * FROM taskstate_payloads ORDER BY 1", "SELECT * FROM taskstate_results ORDER BY 1",
          "SELECT * FROM taskstate_erasures ORDER BY 1", "SELECT * FROM taskstate_metrics ORDER BY 1, 2",
          "SELECT * FROM taskstate_settings WHERE name <> 'stamp' ORDER BY 1",
          "SELECT * FROM taskstate_pauses ORDER BY 1, 2", "SELECT * FROM taskstate_idempotency ORDER BY 1, 2",
          "SELECT * FROM taskstate_tombstones ORDER BY 1, 2", "SELECT * FROM taskstate_counters ORDER BY 1, 2",
          "SELECT * FROM notes ORDER BY 1"})
      append(all, sql);
    return all;
  }
  std::string generation() {
    std::string all;
    append(all, "SELECT generation FROM taskstate_meta");
    return all;
  }

 private:
  void append(std::string& to, const char* sql) {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(database_, sql, -1, &made, nullptr) != SQLITE_OK) return void(to += "no table\n");
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(made, &sqlite3_finalize);
    const int columns = sqlite3_column_count(made);
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(made)) == SQLITE_ROW) {
      for (int i = 0; i < columns; ++i) {
        const void* const value = sqlite3_column_blob(made, i);
        to.append(static_cast<const char*>(value), static_cast<std::size_t>(sqlite3_column_bytes(made, i)));
        to += '|';
      }
      to += '\n';
    }
    if (code != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(database_));
    to += '\n';
  }
  sqlite3* database_ = nullptr;
};

/// What callers have been told, and may rely on.
struct Promises {
  struct Key {
    core::NewTask spec;
    std::string id;
    std::int64_t until;
  };
  struct Erased {
    core::Key key;
    std::string secret;  // of its payload
  };
  struct Held {
    std::string token;
    core::Key key;
    std::int64_t until;
  };
  std::vector<Key> keys;  // idempotent creations
  std::vector<Erased> erased;
  std::vector<Held> held;          // leases that may be current
  std::vector<Held> orphaned;      // leases of an earlier boot, whose tasks are given up with the next claim
  std::vector<std::string> spent;  // leases that ended
  std::map<std::string, std::size_t> backups;  // their names, and after which commit each was made
  std::int64_t epoch = 0;                      // the highest that was given out
  std::int64_t now = 1'700'000'000'000'000;
  std::size_t made = 0;  // ids, not to be used again
  int boots = 0;
};

/// A recording with what it means: the content after each commit, and what was told when.
struct Story {
  using Content = std::shared_ptr<const std::string>;
  struct Told {
    std::size_t durable;  // this commit and all before it
    Promises promises;
  };
  Files before;
  std::vector<Step> steps;
  std::vector<Content> commits;  // the first: as it was opened
  std::vector<Told> told;        // the first: that it is open
  std::string generation;
};

class Host {
 public:
  /// Opens the file.
  Host(std::string path, Promises promises, Random& random, store::Durability durability)
      : path_(std::move(path)), promises_(std::move(promises)), random_(random), durability_(durability) {
    ++promises_.boots;
    promises_.made += 100;  // what was under way may have used some
    promises_.orphaned.insert(promises_.orphaned.end(), promises_.held.begin(), promises_.held.end());
    promises_.held.clear();
    engines_[0] = open();
  }

  engine::Engine& tasks() { return *engines_[engines_[1] ? below(random_, 2) : 0]; }
  Promises& promises() { return promises_; }

  /// From now on what happens is a part of the story.
  void tell(Story& story, Recording& recording) {
    story_ = &story;
    recording_ = &recording;
    reader_ = std::make_unique<Reader>(path_);
    commits_ = 1;
    promises_.backups.clear();  // they are named by another story's commits
    story.commits.push_back(std::make_shared<const std::string>(reader_->content()));
    story.generation = reader_->generation();
    recording.on_commit = [this] { recording_->note(Step::commit, commits_++); };
    recording.on_transaction = [this] { capture(); };
    acknowledge(0);
  }
  void end() {
    capture();
    reader_.reset();
    engines_[1].reset();
    engines_[0].reset();
    recording_->on_commit = recording_->on_transaction = {};
    story_->steps = std::move(recording_->steps);
    story_ = nullptr;
  }

  void act();
  void make_table() { foreign("CREATE TABLE IF NOT EXISTS notes (n INTEGER PRIMARY KEY, id TEXT, at INTEGER)"); }

  /// What is needed to be of use: a task comes, is worked on and ends. What is wrong with that, if anything.
  std::optional<std::string> work();

 private:
  engine::Engine::Ptr open() {
    engine::Settings made = patient_settings();
    made.adopt = true;
    made.housekeeping = std::chrono::seconds(0);
    made.checkpoint_bytes = 200 * 1024;  // often
    made.clock = [this] { return promises_.now; };
    made.lease_clock = {core::boot_clock_name("boot" + std::to_string(promises_.boots), "1"), made.clock};
    made.ids = [this](engine::IdKind) {
      core::UuidBytes bytes{};
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_());
      return core::uuid_v4(bytes);
    };
    made.answer_cache_bytes = 0;
    made.durability = durability_;
    made.idempotency_retention = std::chrono::minutes(5);
    made.tombstones = std::chrono::hours(24);
    made.feed_retention = std::chrono::minutes(2);
    return engine::Engine::open(path_, made);
  }

  // What is committed is taken down before the next transaction: some calls make several.
  void capture() {
    if (!story_ || story_->commits.size() == commits_) return;
    story_->commits.resize(commits_, std::make_shared<const std::string>(reader_->content()));
  }
  // A call that commits nothing says nothing of what was committed before.
  void acknowledge() { acknowledge(commits_ > acknowledged_ ? commits_ - 1 : 0); }
  void acknowledge(std::size_t durable) {
    if (!story_) return;
    capture();
    if (!story_->told.empty()) durable = std::max(durable, story_->told.back().durable);
    recording_->note(Step::acknowledged, story_->told.size());
    story_->told.push_back({durable, promises_});
    acknowledged_ = commits_;
  }
  // What may end before the call returns is promised no longer.
  void withdraw() { acknowledge(0); }

  void advance(std::int64_t time) {
    promises_.now += time;
    withdraw();
  }

  std::string new_id() { return "t" + std::to_string(++promises_.made); }
  core::NewTask some_task() {
    core::NewTask spec = new_task(zone(), new_id());
    spec.package_id = "pkg_1";
    if (below(random_, 2) == 0) spec.payload = "secret of " + *spec.id + std::string(below(random_, 4) * 2500, 'p');
    spec.max_attempts = static_cast<std::int64_t>(1 + below(random_, 3));
    return spec;
  }
  std::string zone() { return below(random_, 2) == 0 ? "z1" : "z2"; }
  engine::Call call() {
    engine::Call made = patient();
    if (below(random_, 4) == 0)
      made.also.push_back({"INSERT INTO notes (id, at) VALUES (:taskstate_id, :taskstate_now)", {}, {}});
    return made;
  }
  /// The key of some task that has one of these statuses; throws if there is none, as a call on none would.
  core::Key some(std::vector<core::Status> statuses) {
    engine::ListQuery query;
    query.zone_id = zone();
    query.statuses = std::move(statuses);
    const engine::Page page = engine::list(tasks(), query, patient());
    if (page.rows.empty()) throw core::Failure(core::Code::not_found, "there is no such task");
    return page.rows[below(random_, page.rows.size())].key();
  }
  Promises::Held& some_held() {
    if (promises_.held.empty()) throw core::Failure(core::Code::not_found, "no lease is held");
    return promises_.held[below(random_, promises_.held.size())];
  }
  void spend(const std::string& token) {
    promises_.spent.push_back(token);
    std::erase_if(promises_.held, [&](const Promises::Held& held) { return held.token == token; });
  }
  void hold(const engine::Lease& lease) {
    promises_.epoch = std::max(promises_.epoch, lease.row.epoch);
    promises_.held.push_back({lease.token, lease.row.key(), promises_.now + lease.duration});
  }
  void foreign(const std::string& sql) {
    run_sql(path_, "PRAGMA wal_autocheckpoint = 0; " + sql);
    acknowledge();
  }

  void create() { engine::create(tasks(), some_task(), call()), acknowledge(); }
  void create_with_a_key() {
    core::NewTask spec = some_task();
    spec.idempotency_key = "key of " + *spec.id;
    engine::create(tasks(), spec, call());
    promises_.keys.push_back({spec, *spec.id, promises_.now + 5 * 60'000'000LL});
    acknowledge();
  }
  void create_for_later() {
    core::NewTask spec = some_task();
    spec.not_before = promises_.now + 10'000'000;
    engine::create(tasks(), spec, call()), acknowledge();
  }
  void create_for_soon() {
    core::NewTask spec = some_task();
    spec.start_within = 10'000'000;
    engine::create(tasks(), spec, call()), acknowledge();
  }
  void retry() {
    const core::Key failed = some({core::Status::failed});
    core::NewTask spec = some_task();
    spec.zone_id = failed.zone_id;
    spec.retry_of = failed.id;
    engine::create(tasks(), spec, call()), acknowledge();
  }
  void start() { engine::change(tasks(), some({core::Status::pending}), core::Start{}, call()), acknowledge(); }
  void start_leased() {
    hold(engine::start_leased(tasks(), some({core::Status::pending}), {"w", core::usual_lease}, call()));
    acknowledge();
  }
  void claim() {
    engine::ClaimSpec spec;
    spec.worker = "w";
    spec.limit = static_cast<std::int64_t>(1 + below(random_, 4));
    spec.filter.zones = {"z1", "z2"};
    for (const engine::Lease& lease : engine::claim(tasks(), spec, call())) hold(lease);
    acknowledge();
  }
  void heartbeat() {
    Promises::Held& held = some_held();
    engine::heartbeat(tasks(), held.token, {}, {}, patient());
    held.until = promises_.now + std::chrono::microseconds(core::usual_lease).count();
    withdraw();  // may be lost
  }
  void heartbeat_with_progress() {
    advance(1'000'000);
    Promises::Held& held = some_held();
    core::Link progress;
    progress.href = "/progress/" + std::to_string(++promises_.made);
    progress.rel = "progress";
    engine::heartbeat(tasks(), held.token, {}, progress, call());
    held.until = promises_.now + std::chrono::microseconds(core::usual_lease).count();
    acknowledge();
  }
  void release() {
    const std::string token = some_held().token;
    engine::release(tasks(), token, std::chrono::seconds(below(random_, 2) * 5), call());
    spend(token), acknowledge();
  }
  void complete_leased() {
    const std::string token = some_held().token;
    engine::change_leased(tasks(), token, complete_with("ins_2"), call());
    spend(token), acknowledge();
  }
  void fail_leased() {
    const std::string token = some_held().token;
    engine::change_leased(tasks(), token, core::Fail{"It broke.", "in the test", {}}, call());
    spend(token), acknowledge();
  }
  void complete() {
    engine::change(tasks(), some({core::Status::running}), complete_with("ins_1"), call()), acknowledge();
  }
  void fail() {
    engine::change(tasks(), some({core::Status::running}), core::Fail{"It broke.", {}, {}}, call()), acknowledge();
  }
  void annotate() {
    core::Annotate intent;
    core::Link link;
    link.href = "/note/" + std::to_string(++promises_.made);
    link.rel = "related";
    intent.additions.links.push_back(link);
    engine::change(tasks(), some({core::Status::pending, core::Status::running}), intent, call()), acknowledge();
  }
  void cancel() {
    engine::change(tasks(), some({core::Status::pending, core::Status::running}), core::Cancel{}, call()),
        acknowledge();
  }
  void cancel_by_force() {
    const core::Key key = some({core::Status::running});
    engine::change(tasks(), key, core::Cancel{true, "No longer wanted."}, call());
    const auto held = promises_.held;
    for (const Promises::Held& each : held)
      if (each.key == key) spend(each.token);
    acknowledge();
  }
  void batch() {
    std::vector<engine::Item> items;
    for (std::size_t i = 2 + below(random_, 12); i > 0; --i) items.push_back({some_task()});
    std::string token;
    if (!promises_.held.empty()) {
      token = some_held().token;
      items.push_back({engine::Item::OfLease{token, complete_with("ins_3")}});
    }
    const auto results = engine::run(tasks(), items, call());
    if (!token.empty() && !results.back().error) spend(token);
    acknowledge();
  }
  // The first commit of a round is durable if any is; that the house was cleaned may be lost.
  void expire() {
    advance(31'000'000);
    const std::size_t first = commits_;
    if (engine::tick(tasks(), patient()) == 0) return withdraw();
    const auto held = promises_.held;
    for (const Promises::Held& each : held)
      if (each.until <= promises_.now) spend(each.token);
    acknowledge(first);
  }
  void clean() {
    advance(150'000'000);
    expire();
  }
  void purge() {
    engine::PurgeQuery query;
    query.older_than = std::chrono::seconds(10);
    query.limit = static_cast<std::int64_t>(10 + below(random_, 20));
    engine::purge(tasks(), query, patient());
    acknowledge();
  }
  void erase() {
    const core::Key key = some({core::Status::completed, core::Status::failed});
    std::erase_if(promises_.keys, [&](const Promises::Key& each) { return each.id == key.id; });
    withdraw();
    engine::erase(tasks(), key, patient());
    promises_.erased.push_back({key, "secret of " + key.id + 'p'});
    acknowledge();
  }
  void back_up() {
    const std::string name = "backup-" + std::to_string(++promises_.made);
    const std::string directory = path_.substr(0, path_.rfind('/') + 1);
    const auto old = std::exchange(promises_.backups, {});
    withdraw();
    for (const auto& [each, commit] : old) std::remove((directory + each).c_str());
    engine::backup(tasks(), directory + name, patient());
    promises_.backups[name] = commits_ - 1;
    acknowledge();
  }
  void foreign_change() {
    const core::Key key = some({core::Status::pending, core::Status::running});
    foreign("UPDATE taskstate_tasks SET package_version = coalesce(package_version, 0) + 1 WHERE id = '" + key.id +
            "'");
  }
  void vacuum() { foreign("VACUUM"); }
  void open_or_close_another() {
    if (engines_[1]) {
      engines_[1].reset();
    } else {
      engines_[1] = open();
    }
    acknowledge();
  }
  void open_anew() {
    engines_[1].reset();
    engines_[0].reset();
    engines_[0] = open();
    acknowledge();
  }

  const std::string path_;
  Promises promises_;
  Random& random_;
  const store::Durability durability_;
  std::array<engine::Engine::Ptr, 2> engines_;
  std::unique_ptr<Reader> reader_;
  Story* story_ = nullptr;
  Recording* recording_ = nullptr;
  std::size_t commits_ = 0;  // that were begun
  std::size_t acknowledged_ = 0;
};

// What is refused was not done.
inline void Host::act() {
  using Act = void (Host::*)();
  // What makes tasks and moves them comes more often than what is done once in a while.
  static constexpr std::array<Act, 40> acts{&Host::create,
                                            &Host::create,
                                            &Host::create_with_a_key,
                                            &Host::create_with_a_key,
                                            &Host::create_for_later,
                                            &Host::create_for_soon,
                                            &Host::retry,
                                            &Host::start,
                                            &Host::start_leased,
                                            &Host::claim,
                                            &Host::claim,
                                            &Host::claim,
                                            &Host::claim,
                                            &Host::heartbeat,
                                            &Host::heartbeat,
                                            &Host::heartbeat_with_progress,
                                            &Host::heartbeat_with_progress,
                                            &Host::release,
                                            &Host::release,
                                            &Host::complete_leased,
                                            &Host::complete_leased,
                                            &Host::complete_leased,
                                            &Host::fail_leased,
                                            &Host::fail_leased,
                                            &Host::complete,
                                            &Host::fail,
                                            &Host::annotate,
                                            &Host::annotate,
                                            &Host::cancel,
                                            &Host::cancel_by_force,
                                            &Host::batch,
                                            &Host::expire,
                                            &Host::expire,
                                            &Host::clean,
                                            &Host::purge,
                                            &Host::erase,
                                            &Host::erase,
                                            &Host::back_up,
                                            &Host::foreign_change,
                                            &Host::open_or_close_another};
  advance(static_cast<std::int64_t>(1000 + below(random_, 500'000)));
  const std::size_t choice = below(random_, acts.size() + 2);
  const Act chosen = choice < acts.size() ? acts[choice] : choice == acts.size() ? &Host::vacuum : &Host::open_anew;
  try {
    (this->*chosen)();
  } catch (const core::Failure& failure) {
    using core::Code;
    const Code code = failure.error().code;
    if (code != Code::not_found && code != Code::illegal_transition && code != Code::lease_lost) throw;
  }
}

inline std::optional<std::string> Host::work() {
  engine::ChangesQuery query;
  query.latest = true;
  const engine::Changes before = engine::changes(tasks(), query, patient());
  core::NewTask spec = new_task("z3", "");
  spec.payload = "work";
  engine::create(tasks(), spec, patient()), acknowledge();
  engine::ClaimSpec what;
  what.worker = "w";
  what.filter.zones = {"z3"};
  const auto leases = engine::claim(tasks(), what, patient());
  if (leases.empty()) return "nothing can be claimed";
  if (leases[0].row.epoch <= promises_.epoch)
    return "epoch " + std::to_string(leases[0].row.epoch) + " was given out again";
  hold(leases[0]);
  for (const Promises::Held& lost : std::exchange(promises_.orphaned, {})) promises_.spent.push_back(lost.token);
  acknowledge();
  if (leases[0].payload != "work") return "a payload is not what was given";
  engine::change_leased(tasks(), leases[0].token, complete_with("ins_9"), patient());
  spend(leases[0].token), acknowledge();
  query.latest = false;
  query.after = before.position;
  query.limit = 1000;
  const engine::Changes after = engine::changes(tasks(), query, patient());
  if (after.events.size() < 3) return "the feed does not tell what was done";
  for (std::size_t i = 1; i < after.events.size(); ++i)
    if (after.events[i].sequence != after.events[i - 1].sequence + 1) return "the feed has a gap";
  return std::nullopt;
}

}  // namespace tse::test

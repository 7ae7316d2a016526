#include "store/sqlite/writer.hpp"

#include "core/no_destructor.hpp"
#include "store/lock_order.hpp"
#include "store/size_signal.hpp"
#include "store/sqlite/checkpoint.hpp"
#include "store/sqlite/doubt.hpp"
#include "store/sqlite/failure.hpp"
#include "store/sqlite/metrics.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/session.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <thread>

namespace tse::store::sqlite {

using core::Code;
using core::Error;
using core::Failure;
using core::Outcome;

namespace {

constexpr core::FixedError unforeseen{Code::internal, "a change failed in an unforeseen way"};

// The one place where what a change may throw becomes its result.
Error current_error() noexcept {
  try {
    throw;
  } catch (const Failure& failure) {
    return core::copy_of(failure.error());
  } catch (const std::bad_alloc&) {
    return {Code::no_memory, "out of memory", {}, Outcome::not_done};
  } catch (...) {
    return core::copy_of(unforeseen);
  }
}

constexpr core::FixedError replaced{
    Code::restored,
    "the content of the file was replaced (.restore, a copy of pages): leases, cursors and positions "
    "in the feed from before are void. Nothing was done; call again"};

const Sql& commit_sql() {
  static const core::NoDestructor<Sql> sql("COMMIT");
  return *sql;
}

}  // namespace

struct Writer::Group {
  std::span<const Change* const> changes;
  Results results;                // set: refused, for good
  std::vector<std::size_t> kept;  // in the transaction under way
  std::size_t next = 0;           // the first that is neither durable nor refused
  int frames = 0;
  std::optional<Generation> renews{};  // what a group of our own gives the file

  // The transaction under way, and the content that it began with.
  Connection* writer = nullptr;
  Ledger ledger{};
  std::optional<Stamp> begun{};
  Lineage::Known before{};
  Mark mark{};

  /// Whether statements of the host's own may run.
  [[nodiscard]] bool has_statements() const {
    return std::any_of(changes.begin() + static_cast<std::ptrdiff_t>(next), changes.end(),
                       [](const Change* change) { return change->has_statements; });
  }
  /// Whether nothing but the one change can be in the transaction: then giving up the one gives up the other.
  [[nodiscard]] bool is_lone() const { return changes.size() - next == 1; }
  /// Whether none of those that are left must reach the disk at once.
  [[nodiscard]] bool is_relaxed() const {
    return std::all_of(changes.begin() + static_cast<std::ptrdiff_t>(next), changes.end(),
                       [](const Change* change) { return change->durability == Durability::relaxed; });
  }
  /// Whether there is anything in the transaction that somebody may wait for.
  [[nodiscard]] bool is_seen() const {
    return std::any_of(kept.begin(), kept.end(), [this](std::size_t index) { return changes[index]->seen; });
  }
};

namespace {

using Locked = std::unique_ptr<WriteLock, void (*)(WriteLock*)>;

}  // namespace

void Writer::lock(const Patience& patience) {
  if (const auto waited = database_.lock.lock(patience, [this] { database_.gate.require(); }); waited.count() > 0) {
    ++lock_waits_;
    lock_wait_us_ += waited.count();
  }
}

class Writer::Held final : public WriteTurn {
 public:
  Held(Writer& writer, const Patience& patience) : writer_(writer) {
    if (writer.database_.memory) return;
    writer.lock(patience);
    locked_.reset(&writer.database_.lock);
  }
  Results commit(std::span<const Change* const> changes, const Patience& patience) override {
    return writer_.commit(changes, patience);
  }

 private:
  const NoSizeSignal no_signal_;
  const Ordered ordered_{Rank::write_lock};
  Writer& writer_;
  Locked locked_{nullptr, [](WriteLock* lock) { lock->unlock(); }};
};

std::unique_ptr<WriteTurn> Writer::turn(const Patience& patience) {
  try {
    database_.gate.require();
    if (database_.read_only()) throw Failure(Code::read_only, "the file was opened read-only");
    return std::make_unique<Held>(*this, patience);
  } catch (const Failure& failure) {
    note(failure.error());
    throw;
  }
}

Writer::Results Writer::commit(std::span<const Change* const> changes, const Patience& patience) {
  Group group{changes, Results(changes.size()), {}, 0, 0, {}, nullptr, {}, {}, {}, {}};
  try {
    commit_all(group, patience);
  } catch (...) {
    const Error error = current_error();
    note(error);
    for (std::size_t i = group.next; i < group.results.size(); ++i)
      if (!group.results[i]) group.results[i] = error;
  }
  return std::move(group.results);
}

void Writer::commit_all(Group& group, const Patience& patience) {
  while (group.next < group.changes.size()) {
    run_transaction(group, patience);
    if (!database_.memory) checkpoint_if_due();
  }
}

// One transaction with as many of the changes as fit. A change that makes SQLite roll everything back is refused,
// and the transaction is run anew without it.
void Writer::run_transaction(Group& group, const Patience& patience) {
  constexpr int frames_in_any_case = 8;
  group.kept.clear();
  group.frames = frames_in_any_case;
  std::unique_lock<TransactionLock> held = begin(group, patience);
  std::size_t index = group.next;
  try {
    if (const auto lacking = recognise(group)) {
      group.writer->rollback();
      held.unlock();
      return renew(*lacking, patience);
    }
    for (; index < group.changes.size(); ++index) {
      if (group.results[index]) continue;
      if (group.changes[index]->tells && database_.lineage.tell()) {
        group.results[index] = core::copy_of(replaced);
        continue;
      }
      const Ran ran = run_change(group, index);
      if (ran == Ran::rolled_back) return database_.gate.require();
      if (ran == Ran::over_budget) break;
    }
    finish(group);
  } catch (...) {
    group.writer->rollback();
    throw;
  }
  group.next = index;
}

// A generation that must be written before anything else: the content was replaced. What is known is taken within the
// transaction, which has all that others have seen.
std::optional<Generation> Writer::recognise(Group& group) {
  Connection& writer = *group.writer;
  if (database_.wal_index) group.begun = database_.wal_index->stamp();
  const Origin origin = origin_of(group);
  group.ledger.begin(origin.newest);
  if (database_.memory) return std::nullopt;
  for (std::optional<Generation> own; !own;) {
    const Lineage::Known known = database_.lineage.known();
    own = database_.observe(known, origin, has_landmark(writer, origin, known.newest));
  }
  group.before = database_.lineage.known();
  group.mark = database_.lock.mark();
  if (group.renews) {
    group.mark = {*group.renews, {}};
    return std::nullopt;
  }
  const bool settled = is_settled(writer, origin, group.mark);
  if (settled) group.mark.generation = origin.generation;
  return database_.lineage.to_renew(settled);
}

// As long as nobody else has committed since this engine did, all is as it left it: that spares reading it.
const Origin& Writer::origin_of(const Group& group) {
  if (!left_ || !group.begun || left_state_ != group.begun) left_ = read_origin(*group.writer, Intent::write);
  return *left_;
}

// What the commit has left, if it is sure that none came between, neither before it nor behind it: SQLite counts them.
void Writer::note_left(const Group& group) {
  left_state_.reset();
  if (!group.begun || group.renews || group.ledger.has_removed()) return;
  const Stamp now = database_.wal_index->stamp();
  const auto commits = [](const Stamp& stamp) {
    std::uint32_t count = 0;
    std::memcpy(&count, stamp.words.data(), sizeof count);
    return count;
  };
  if (commits(now) != commits(*group.begun) + 1) return;
  left_->newest = group.ledger.newest();
  left_state_ = now;
}

// A transaction of its own: what is refused in that of the changes must not take it back.
void Writer::renew(const Generation& generation, const Patience& patience) {
  const Change write{[&](Session&) { set_generation(*database_.writer, generation); }, Durability::full, true, false};
  const Change* const only = &write;
  Group group{{&only, 1}, Results(1), {}, 0, 0, generation, nullptr, {}, {}, {}, {}};
  run_transaction(group, patience);
  if (group.results[0]) {
    group.results[0]->outcome = Outcome::not_done;  // none of the changes was begun
    throw Failure(std::move(*group.results[0]));
  }
  database_.lineage.renewed(generation);
}

Writer::Ran Writer::run_change(Group& group, std::size_t index) {
  static const core::NoDestructor<Sql> save("SAVEPOINT change");
  static const core::NoDestructor<Sql> release("RELEASE change");
  Connection& writer = *group.writer;
  const Change& change = *group.changes[index];
  const bool is_saved = !group.is_lone();
  const Ledger::Place place = group.ledger.place();
  if (is_saved) Query(writer, *save).run();
  SqliteSession session(writer, database_.time, group.ledger, change.patience);
  try {
    change.run(session);
  } catch (...) {
    group.results[index] = current_error();
    note(*group.results[index]);
    if (!is_saved) {
      writer.rollback();
      return Ran::refused;
    }
    if (!writer.in_transaction()) return Ran::rolled_back;
    give_up(group, place);
    return Ran::refused;
  }
  if (!group.kept.empty() && group.frames + session.frames() > max_group_frames) return give_up(group, place);
  if (is_saved) Query(writer, *release).run();
  group.frames += session.frames();
  group.kept.push_back(index);
  return Ran::kept;
}

/// Takes back what the last change wrote.
Writer::Ran Writer::give_up(Group& group, const Ledger::Place& place) {
  static const core::NoDestructor<Sql> undo("ROLLBACK TO change");
  static const core::NoDestructor<Sql> release("RELEASE change");
  Query(*group.writer, *undo).run();
  Query(*group.writer, *release).run();
  group.ledger.go_back(place);
  return Ran::over_budget;
}

void Writer::fold_if_due(Group& group) {
  const std::int64_t newest = group.ledger.newest().sequence;
  if (newest < folded_through_) folded_through_ = 0;  // the content was replaced
  if (newest - folded_through_ < metrics_fold) return;
  folded_through_ = read_counted_through(*group.writer);
  if (newest - folded_through_ < metrics_fold) return;
  fold_metrics(*group.writer, newest);
  folded_through_ = newest;
}

void Writer::finish(Group& group) {
  Connection& writer = *group.writer;
  if (group.kept.empty()) return writer.rollback();
  const auto fail = [&](const Error& error) {
    for (const std::size_t index : group.kept) group.results[index] = core::copy_of(error);
  };
  group.ledger.settle(writer);
  fold_if_due(group);
  const Landmark newest = database_.memory ? Landmark() : group.ledger.newest();
  try {
    Query(writer, commit_sql()).run();
  } catch (...) {  // there may be no memory to say what SQLite said
    Error error = current_error();
    const int extended = sqlite3_extended_errcode(writer.handle());
    writer.rollback();
    if (!is_undone(extended, error)) {
      error.outcome = Outcome::unknown;
      poison(error);
    }
    return fail(error);
  }
  const auto size = static_cast<std::int64_t>(group.kept.size());
  if (&writer != database_.writer.get()) database_.writer->note_wal_frames(writer.wal_frames());
  ++commits_;
  changes_ += size;
  largest_group_ = std::max(largest_group_.load(), size);
  if (database_.memory) {
    ++database_.commits;
    return;
  }
  note_left(group);
  database_.lineage.committed(group.before, newest);
  if (!group.is_relaxed()) group.mark.newest = newest;  // what a power cut may take back marks nothing
  if (group.is_seen()) database_.lock.announce(group.mark);
  try {
    database_.require_identity();
  } catch (...) {
    Error error = current_error();
    error.outcome = Outcome::unknown;
    fail(error);
  }
}

// Whether it is certain that a COMMIT which ended with this code is not done, nor will be after a crash. A full disk,
// or a file that may not grow, and a lock come before the frame that makes a commit is written whole, so that it cannot
// be there; after any other error who knows. Want of memory says nothing of the disk: a commit of our own takes the
// place of what may have been written.
bool Writer::is_undone(int extended, const Error& error) {
  const int code = extended & 0xff;
  if (code == SQLITE_FULL || code == SQLITE_BUSY) return true;
  if (extended == SQLITE_IOERR_WRITE && error.code == Code::disk_full) return true;
  if (code != SQLITE_NOMEM) return false;
  if (database_.memory) return true;
  try {
    database_.writer->flush_commits(true);
    end_doubt(*database_.writer, database_.lock);
    return true;
  } catch (...) {
    return false;
  }
}

// A foreign writer is waited for between attempts, not within one, so that a fork() need not wait along.
std::unique_lock<TransactionLock> Writer::begin(Group& group, const Patience& patience) {
  static const core::NoDestructor<Sql> sql("BEGIN IMMEDIATE");
  auto pause = std::chrono::microseconds(50);
  for (;;) {
    std::unique_lock<TransactionLock> held(database_.transaction);
    if (!database_.memory) database_.require_identity();
    group.writer = group.has_statements() ? &database_.guarded_writer() : &database_.plain_writer();
    Connection& writer = *group.writer;
    writer.rollback();                   // of a change that ended without the memory to
    (void)writer.prepare(commit_sql());  // now, so that its failure is one of the commit itself
    writer.flush_commits(!group.is_relaxed());
    if (const int code = writer.attempt(*sql); code == SQLITE_OK) {
      return held;
    } else if ((code & 0xff) != SQLITE_BUSY) {
      raise(writer.handle(), code, "begin a transaction");
    }
    held.unlock();
    patience.require("another program was writing to the file until the deadline");
    std::this_thread::sleep_until(std::min<Deadline>(patience.until, std::chrono::steady_clock::now() + pause));
    pause = std::min(pause * 2, std::chrono::microseconds(1000));
    database_.gate.require();
  }
}

// What was committed is durable whatever becomes of the checkpoint.
void Writer::checkpoint_if_due() {
  const int frames = database_.writer->wal_frames();
  const int due = database_.checkpoint_frames();
  if (frames < due) next_checkpoint_ = due;
  if (frames < next_checkpoint_ || !database_.gate.sound()) return;
  const std::lock_guard held(database_.transaction);
  try {
    if (checkpoint(*database_.writer, Checkpoint::restart)) {
      ++checkpoints_;
      next_checkpoint_ = due;
      database_.writer->forget_wal_frames();
    } else {
      next_checkpoint_ = frames + due;
      database_.log(LogLevel::info,
                    "the checkpoint waits for readers; the -wal has " + std::to_string(frames) + " frames");
    }
  } catch (const Failure& failure) {
    note(failure.error());
  }
}

// The log still holds the pages as they were before. A reader that sees them keeps it from being emptied.
bool Writer::empty_log(const Patience& patience) {
  const NoSizeSignal no_signal;
  try {
    database_.gate.require();
    lock(patience);
    const Locked held(&database_.lock, [](WriteLock* l) { l->unlock(); });
    const std::lock_guard transaction(database_.transaction);
    database_.require_identity();
    if (!checkpoint(*database_.writer, Checkpoint::truncate)) return false;
    ++checkpoints_;
    // What its pages in memory have left over would go into the log again with the next change. All others see that
    // the log was emptied, and read anew.
    for (const auto* each : {&database_.writer, &database_.host_writer})
      if (*each) sqlite3_db_release_memory((*each)->handle());
    database_.writer->forget_wal_frames();
    return true;
  } catch (const Failure& failure) {
    note(failure.error());
    throw;
  }
}

void Writer::count(Stats& stats) const noexcept {
  stats.commits = commits_;
  stats.changes = changes_;
  stats.largest_group = largest_group_;
  stats.checkpoints = checkpoints_;
  stats.lock_waits = lock_waits_;
  stats.lock_wait_us = lock_wait_us_;
}

void Writer::note(const Error& error) {
  if (error.code == Code::io_error && database_.gate.sound()) poison(error);
}

void Writer::poison(const Error& error) {
  database_.gate.poison();
  database_.log(LogLevel::error, error.message);
  if (database_.memory) return;
  try {
    database_.lock.set_in_doubt(true);
  } catch (const Failure& failure) {
    database_.log(LogLevel::error, failure.error().message);
  } catch (const std::bad_alloc&) {  // nor is there any to say so
  }
}

}  // namespace tse::store::sqlite

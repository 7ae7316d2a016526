#include "store/sqlite/sqlite_store.hpp"

#include "store/sqlite/backup.hpp"
#include "store/sqlite/checkpoint.hpp"
#include "store/sqlite/clock_slots.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/feed.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/reader_pool.hpp"
#include "store/sqlite/stats.hpp"
#include "store/sqlite/verify.hpp"
#include "store/sqlite/view.hpp"
#include "store/sqlite/writer.hpp"

#include <new>
#include <utility>

namespace tse::store::sqlite {

using core::Failure;

namespace {

template <typename Question>
auto ask(ReaderPool& readers, const Patience& patience, Question question) {
  const ReaderPool::Lease lease(readers, patience);
  const Snapshot snapshot(lease.connection());
  check_schema(lease.connection(), Intent::read);
  return question(lease.connection());
}

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  ~SqliteStore() override { close(); }

  [[nodiscard]] std::unique_ptr<WriteTurn> turn(const Patience& patience) override { return writer_.turn(patience); }
  [[nodiscard]] std::size_t max_group() const noexcept override { return 256; }

  void view(const std::function<void(View&)>& question, const Patience& patience) override {
    ask(readers_, patience, [&](Connection& connection) {
      SqliteView snapshot(connection);
      question(snapshot);
    });
  }
  std::optional<core::Row> read(const core::Key& key, const Patience& patience) override {
    return ask(readers_, patience, [&](Connection& connection) { return find_row(connection, key); });
  }
  std::optional<std::string> payload(const core::Key& key, const Patience& patience) override {
    return ask(readers_, patience, [&](Connection& connection) { return find_payload(connection, key); });
  }
  Found answer(const core::Key& key, const std::optional<Stamp>& proven, const Patience& patience) override {
    const ReaderPool::Lease lease(readers_, patience);
    if (proven) {
      Found found = find_answer_unchecked(lease.connection(), key);
      found.proven = database_->stamp() == proven;  // then it is all of one state, the one that was checked
      if (found.proven) return found;
    }
    return find_answer(lease.connection(), key);
  }
  News news(std::optional<std::int64_t> after, std::size_t limit, const Patience& patience) override {
    const ReaderPool::Lease lease(readers_, patience);
    return find_news(lease.connection(), after, limit, database_->generation);
  }
  [[nodiscard]] Proof proof() const noexcept override { return database_->proof(); }
  [[nodiscard]] std::optional<Stamp> stamp() const noexcept override { return database_->stamp(); }
  std::vector<core::Row> page(const PageQuery& query, const Patience& patience) override {
    return ask(readers_, patience, [&](Connection& connection) { return find_page(connection, query); });
  }
  std::int64_t count(const PageQuery& query, const Patience& patience) override {
    return ask(readers_, patience, [&](Connection& connection) { return count_rows(connection, query); });
  }
  std::vector<core::Event> history(const core::Key& key, const Patience& patience) override {
    return ask(readers_, patience, [&](Connection& connection) { return find_history(connection, key); });
  }
  VerifyReport verify(const Patience& patience) override {
    return ask(readers_, patience, [&](Connection& connection) { return verify_all(connection, patience); });
  }

  Feed feed(const FeedQuery& query, const Patience& patience) override {
    return ask(readers_, patience, [&](Connection& connection) { return find_feed(connection, query); });
  }
  std::int64_t latest_event(const Patience& patience) override {
    return ask(readers_, patience, [&](Connection& connection) { return find_latest_event(connection); });
  }
  std::vector<Move> moves(std::int64_t after, std::size_t limit, const Patience& patience) override {
    return ask(readers_, patience, [&](Connection& connection) { return find_moves(connection, after, limit); });
  }
  Stats stats(std::string_view zone_id, const Patience& patience) override {
    Stats stats =
        ask(readers_, patience, [&](Connection& connection) { return read_stats(connection, *database_, zone_id); });
    writer_.count(stats);
    return stats;
  }
  void backup(const std::string& path, const Patience& patience) override {
    ask(readers_, patience, [&](Connection& connection) { back_up(connection, *database_, path, patience); });
  }
  void flush_removed(const Patience& patience) override { writer_.flush_removed(patience); }

  void use_clock(const std::string& clock, const Patience& patience) override;
  void note_lease(std::int64_t duration) override { clock_slots_.note_lease(duration); }
  [[nodiscard]] ClockPresence presence(std::string_view clock, std::int64_t now) noexcept override {
    return clock_slots_.presence(clock, now);
  }
  [[nodiscard]] std::optional<WallNotes> wall_notes() noexcept override { return clock_slots_.wall_notes(); }
  void set_wall_note(WallNote which, std::int64_t value) noexcept override { clock_slots_.set_wall_note(which, value); }

  [[nodiscard]] CommitFiles commit_files() const override {
    if (database_->memory) return {};
    return {database_->paths.sidecar, database_->paths.wal};
  }
  [[nodiscard]] const std::string& generation() const noexcept override { return database_->generation; }

  void close() noexcept override;
  void before_fork() noexcept override;
  void after_fork_parent() noexcept override;
  void after_fork_child() noexcept override;
  void abandon() noexcept override;

 private:
  void last_checkpoint();

  std::unique_ptr<Database> database_;
  Writer writer_{*database_};
  ReaderPool readers_{*database_};
  ClockSlots clock_slots_;
};

// Without it this engine works on; others may take it for gone.
void SqliteStore::use_clock(const std::string& clock, const Patience& patience) {
  if (database_->memory || database_->read_only()) return;
  const auto turn = writer_.turn(patience);
  try {
    if (clock_slots_.join(database_->paths.sidecar, clock)) return;
    database_->log(LogLevel::warn, "the -taskstate file has no room for another clock of leases");
  } catch (const Failure& failure) {
    database_->log(LogLevel::warn, failure.error().message);
  }
}

void SqliteStore::close() noexcept {
  if (database_->gate.forked() || !database_->gate.close()) return;
  database_->turn.wake();
  database_->turn.end();
  readers_.close();
  const std::lock_guard held(database_->transaction);
  try {
    last_checkpoint();
  } catch (const Failure& failure) {
    database_->log(LogLevel::warn, failure.error().message);
  } catch (const std::bad_alloc&) {
    // as if others were at it: the next to open the file reads its -wal
  }
  database_->observer.reset();
  database_->writer.reset();
  clock_slots_.close();
  database_->lock.close();
}

// So that the file is whole by itself; when others are at it, theirs will be the last.
void SqliteStore::last_checkpoint() {
  if (database_->memory || database_->read_only() || !database_->gate.sound()) return;
  if (!database_->identity.holds() || !database_->lock.try_lock()) return;
  checkpoint(*database_->writer, Checkpoint::truncate);
}

void SqliteStore::before_fork() noexcept {
  database_->transaction.lock();
  readers_.hold();
}

void SqliteStore::after_fork_parent() noexcept {
  readers_.resume();
  database_->transaction.unlock();
}

void SqliteStore::after_fork_child() noexcept {
  readers_.resume();
  database_->transaction.unlock();
  database_->gate.fork();
  database_->lock.close();
  clock_slots_.close_in_child();
}

void SqliteStore::abandon() noexcept {
  readers_.abandon();
  database_->observer.reset();
  database_->writer.reset();
}

}  // namespace

std::unique_ptr<Store> open(Options options, const Patience& patience) {
  return std::make_unique<SqliteStore>(open_database(std::move(options), patience));
}

}  // namespace tse::store::sqlite
